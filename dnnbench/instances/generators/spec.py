"""Generated instances by their names, `gen/<kind>-<parameter><value>-...-s<seed>`.

| kind | parameters | meaning |
| --- | --- | --- |
| `random_regular` | n d | d-regular on n vertices |
| `gnp` | n p | Erdos-Renyi, edge chance p |
| `gnm` | n m | Erdos-Renyi, m edges |
| `barabasi_albert` | n m | preferential attachment, m edges a vertex |
| `toroidal_2d` | r c | torus of r rows and c columns |
| `toroidal_3d` | l | cubic torus of side l |
| `sk` | n | complete graph |
| `ising_sk` | n | Ising model on the complete graph, no fields |
| `qubo` | n p | QUBO of Beasley's kind: integers in -100..100, density p |
| `ksat` | n k r | random k-SAT, round(r n) clauses |
| `satisfiable_ksat` | n k r | the first satisfiable one of such formulas |
| `planted_ksat` | n k r | random clauses that a hidden assignment satisfies |
| `nae_ksat` | n k r | round(r n) constraints NOT_ALL_EQUAL |
| `parity` | n m k | m parities of k variables, satisfiable |
| `cardinality` | n m k | m constraints AT_LEAST of k literals, satisfiable |
| `transport` | m n | ship from m sources to n sinks (LP) |
| `assignment` | n | n workers to n tasks (LP) |
| `portfolio` | n k | n assets, k factors of risk (QP) |
| `svm` | n k | support vector machine, n points in k dimensions (QP) |
| `dense_lp` | n m | n variables, m rows, dense |
| `degenerate_lp` | n m | the same with many ties |
| `infeasible_lp` | n m | rows that contradict each other |
| `unbounded_lp` | n m | a direction of endless descent |
| `hamming` | n d | words of n bits, joined at distance d or more |
| `johnson` | n w d | the same of words with w ones |
| `keller` | d | Keller graph of d digits, around one vertex |
| `c_fat` | n c | ring of classes, each joined to itself and the next |
| `mann` | v | Steiner triple system of v points as a clique problem |

The last five are the constructions of the DIMACS cliques (`generators.dimacs`). They take nothing
else. The others take the seed `s` and the graphs, if wanted, the weights `w`: `wone` (1), `wpm`
(+1 or -1) or `wgauss` (standard normal); the default is `wpm` for the tori, `sk` and `ising_sk`,
`wone` for the rest. Examples: `gen/random_regular-n1000-d3-s1`, `gen/gnp-n200-p0.15-s7`,
`gen/toroidal_2d-r50-c50-wgauss-s2`, `gen/ksat-n250-k3-r4.26-s1`, `gen/hamming-n8-d4`.
The names hold no character that the grammar of Hydra's overrides treats specially.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from dnnbench.errors import UserError, unknown
from dnnbench.instances.formula import Formula
from dnnbench.instances.generators import dimacs, formulas, programs, quadratic
from dnnbench.instances.generators import random_graphs as made
from dnnbench.instances.graph import Graph
from dnnbench.instances.program import Program
from dnnbench.instances.quadratic import QuadraticModel

PREFIX = "gen/"
_INTEGER = re.compile(r"\d{1,15}", re.ASCII)
_DECIMAL = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)
_WEIGHTS = ("one", "pm", "gauss")


Public = Graph | QuadraticModel | Formula | Program
"""What generators make."""


@dataclass(frozen=True)
class Kind:
    """One row of the table above.

    Attributes:
        make: called with the parameters in their order, the seed and the weights, if it has any.
        parameters: one-letter names in the order of the canonical name.
        weights: the default weights; empty where there is no choice.
        family: kind of data.
        seeded: whether it is random.
        decimals: which of the parameters may have a fraction.
    """

    make: Callable[..., Public]
    parameters: str
    weights: str = "one"
    family: str = "graph"
    seeded: bool = True
    decimals: str = ""


def _formulas(make: Callable[..., Formula], parameters: str) -> Kind:
    """A kind of formulas; r is the number of constraints by that of variables."""
    return Kind(make, parameters, "", "cnf", decimals="r")


def _programs(make: Callable[..., Program], parameters: str) -> Kind:
    """A kind of linear or quadratic programs."""
    return Kind(make, parameters, "", "program")


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "random_regular": Kind(made.random_regular, "nd"),
        "gnp": Kind(made.gnp, "np", decimals="p"),
        "gnm": Kind(made.gnm, "nm"),
        "barabasi_albert": Kind(made.barabasi_albert, "nm"),
        "toroidal_2d": Kind(made.toroidal_2d, "rc", "pm"),
        "toroidal_3d": Kind(made.toroidal_3d, "l", "pm"),
        "sk": Kind(made.sk, "n", "pm"),
        "ising_sk": Kind(quadratic.ising_sk, "n", "pm", "ising"),
        "qubo": Kind(quadratic.qubo, "np", "", "qubo", decimals="p"),
        "ksat": _formulas(formulas.ksat, "nkr"),
        "satisfiable_ksat": _formulas(formulas.satisfiable_ksat, "nkr"),
        "planted_ksat": _formulas(formulas.planted_ksat, "nkr"),
        "nae_ksat": _formulas(formulas.nae_ksat, "nkr"),
        "parity": _formulas(formulas.parity, "nmk"),
        "cardinality": _formulas(formulas.cardinality, "nmk"),
        "transport": _programs(programs.transport, "mn"),
        "assignment": _programs(programs.assignment, "n"),
        "portfolio": _programs(programs.portfolio, "nk"),
        "svm": _programs(programs.svm, "nk"),
        "dense_lp": _programs(programs.dense_lp, "nm"),
        "degenerate_lp": _programs(programs.degenerate_lp, "nm"),
        "infeasible_lp": _programs(programs.infeasible_lp, "nm"),
        "unbounded_lp": _programs(programs.unbounded_lp, "nm"),
        "hamming": Kind(dimacs.hamming, "nd", "", seeded=False),
        "johnson": Kind(dimacs.johnson, "nwd", "", seeded=False),
        "keller": Kind(dimacs.keller, "d", "", seeded=False),
        "c_fat": Kind(dimacs.c_fat, "nc", "", seeded=False),
        "mann": Kind(dimacs.mann, "v", "", seeded=False),
    }
)


@dataclass(frozen=True)
class Spec:
    """A generator call read from a name.

    Attributes:
        kind: a key of `KINDS`.
        values: value of each of the kind's parameters, in their order.
        weights: `one`, `pm` or `gauss`; empty where the kind has no choice.
        seed: non-negative; None where nothing is random.
    """

    kind: str
    values: tuple[int | float, ...]
    weights: str
    seed: int | None

    @property
    def name(self) -> str:
        """The canonical name: parameters in the table's order, default weights left out."""
        kind = KINDS[self.kind]
        parts = [self.kind]
        parts += [f"{p}{_text(v)}" for p, v in zip(kind.parameters, self.values, strict=True)]
        if self.weights != kind.weights:
            parts.append(f"w{self.weights}")
        return PREFIX + "-".join(parts if self.seed is None else [*parts, f"s{self.seed}"])

    @property
    def family(self) -> str:
        """Kind of data."""
        return KINDS[self.kind].family

    def generate(self) -> Public:
        """Make the instance's public half."""
        chosen: dict[str, int | str] = {"weights": self.weights} if self.weights else {}
        if self.seed is not None:
            chosen["seed"] = self.seed
        return KINDS[self.kind].make(*self.values, **chosen)


def parse_spec(name: str) -> Spec:
    """Read a name `gen/...`; parameters may come in any order.

    Raises:
        UserError: an unknown kind or parameter (the nearest is named), one given twice, one that
            is missing, or a value that is not a number.
    """
    word, *parts = name.removeprefix(PREFIX).split("-")
    if word not in KINDS:
        raise unknown("generator", word, KINDS)
    kind = KINDS[word]
    needed = kind.parameters + ("s" if kind.seeded else "")
    allowed = needed + ("w" if kind.weights else "")
    given: dict[str, str] = {}
    for part in parts:
        letter, value = part[:1], part[1:]
        if not letter or letter not in allowed:
            form = "-".join(f"{p}<{'seed' if p == 's' else p}>" for p in needed)
            choice = f", with -w{'|'.join(_WEIGHTS)} if wanted" if kind.weights else ""
            raise UserError(
                f"'{name}': unknown parameter '{part}'; the form is gen/{word}-{form}" + choice
            )
        if letter in given:
            raise UserError(f"'{name}': parameter '{letter}' is given twice")
        given[letter] = value
    missing = [p for p in needed if p not in given]
    if missing:
        raise UserError(f"'{name}': parameter '{missing[0]}' is missing")
    weights = given.get("w", kind.weights) if kind.weights else ""
    if kind.weights and weights not in _WEIGHTS:
        raise unknown(f"weights in '{name}':", weights, _WEIGHTS)
    values = tuple(_number(p, given[p], name, p in kind.decimals) for p in kind.parameters)
    seed = int(_number("s", given["s"], name, False)) if kind.seeded else None
    return Spec(word, values, weights, seed)


def _text(value: int | float) -> str:
    """The shortest decimal form without an exponent, whose minus would end the parameter."""
    return str(value) if isinstance(value, int) else np.format_float_positional(value, trim="0")


def _number(parameter: str, text: str, name: str, decimal: bool) -> int | float:
    if decimal and _DECIMAL.fullmatch(text):
        return float(text)
    if not decimal and _INTEGER.fullmatch(text):
        return int(text)
    kind = "a decimal number" if decimal else "a whole number"
    raise UserError(f"'{name}': '{parameter}{text}' needs {kind}")
