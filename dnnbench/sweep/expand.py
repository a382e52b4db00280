"""From override words with several values to the trials they mean.

`method=a,b baseline=c seed=range(0,3)` is nine trials: methods and baselines are one axis, the
solver; every other axis multiplies. What belongs to one role (`method.x=`, `plan.x=`,
`baseline.x=`) multiplies the trials of that role only.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnnbench.config import catalog
from dnnbench.config.compose import parse
from dnnbench.errors import UserError, unknown
from dnnbench.instances import registry

_SOLVERS = ("method", "baseline")
_INSTANCES = ("instance", "suite")
_ROLE_OF = {"method": "method", "plan": "method", "baseline": "baseline"}


@dataclass(frozen=True)
class Point:
    """A solver with all its settings: a trial without its instance and seed.

    Attributes:
        words: overrides that compose it.
        instances: names of its instances; empty means the problem's own default.
        seeds: its seeds.
    """

    words: tuple[str, ...]
    instances: tuple[str, ...]
    seeds: tuple[int, ...]


def expand(words: Sequence[str]) -> list[Point]:
    """The points of one block of overrides.

    Raises:
        UserError: a word cannot be read, or no solver is named.
    """
    axes = values_by_key(words)
    results = axes.pop("results", ())
    instances = tuple(_instances(axes.pop("instance", ()), axes.pop("suite", ())))
    seeds = tuple(_seed(text) for text in axes.pop("seed", ("0",)))
    solvers = [(role, name) for role in _SOLVERS for name in axes.pop(role, ())]
    if not solvers:
        raise UserError(
            "no solver is named: give method=NAME,NAME, baseline=NAME or experiment=NAME"
        )
    _check_roles(axes, {role for role, _ in solvers})
    points = []
    for role, name in solvers:
        mine = {k: v for k, v in axes.items() if _ROLE_OF.get(k.partition(".")[0], role) == role}
        for values in itertools.product(*mine.values()):
            settings = [f"{k}={v}" for k, v in zip(mine, values, strict=True)]
            fixed = [f"results={r}" for r in results[-1:]]
            points.append(Point((f"{role}={name}", *settings, *fixed), instances, seeds))
    return points


def overlay(blocks: Sequence[Sequence[str]], changes: Sequence[str]) -> list[list[str]]:
    """The blocks of an experiment with what the user says instead.

    A key replaces the same key; naming a solver replaces all solvers of a block, naming an
    instance or a suite all its instances. What belongs to methods leaves blocks of baselines alone
    and the other way round.

    Raises:
        UserError: a word belongs to a role that no block has.
    """
    said = {key_of(word) for word in changes}
    for group in (_SOLVERS, _INSTANCES):
        if said & set(group):
            said |= set(group)
    kept = [[word for word in block if key_of(word) not in said] for block in blocks]
    changed, used = [], set()
    for block in kept:
        roles = {key_of(word) for word in (*block, *changes)} & set(_SOLVERS)
        fitting = [word for word in changes if _role(word) in (None, *roles)]
        used.update(fitting)
        changed.append(block + fitting)
    for word in changes:
        if word not in used:
            raise UserError(f"'{key_of(word)}' is given, but no {_role(word)} is named")
    return changed


def _role(word: str) -> str | None:
    """The role whose trials alone a word is about: that of `method.x=` and `plan.x=`."""
    group, dot, _ = key_of(word).partition(".")
    return _ROLE_OF.get(group) if dot else None


def key_of(word: str) -> str:
    """The key of an override, without Hydra's signs."""
    return word.partition("=")[0].lstrip("+~")


def values_by_key(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The values of each key, in Hydra's grammar; of two words with one key the last counts."""
    axes: dict[str, tuple[str, ...]] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if sign and key in (*_INSTANCES, "results"):
            single = key == "results" or Path(_unquoted(value)).exists()
            found = (value,) if single else tuple(_split(value))
            axes[key] = tuple(_unquoted(v) for v in found)
            continue
        (override,) = parse([word])
        if override.is_delete():
            raise UserError(f"'{word}': nothing can be taken out of the configuration")
        axes[override.key_or_group] = tuple(_values(override, word))
    return axes


def _values(override: Any, word: str) -> Iterator[str]:
    if not override.is_sweep_override():
        value = override.value()
        if value is None and override.key_or_group in _SOLVERS:
            return
        yield override.get_value_element_as_str()
        return
    from hydra.core.override_parser.types import Glob

    known = catalog.entries(override.key_or_group) if _is_group(override.key_or_group) else {}
    if isinstance(override.value(), Glob):
        yield from (str(name) for name in override.value().filter(list(known)))
        return
    if override.is_interval_sweep():
        raise UserError(f"'{word}': an interval has no end of values; give a list or a range")
    yield from override.sweep_string_iterator()


def _is_group(key: str) -> bool:
    return key in (*catalog.GROUPS, *catalog.SWEEP_GROUPS)


def _check_roles(axes: Mapping[str, Any], roles: set[str]) -> None:
    for key in axes:
        role = _ROLE_OF.get(key.partition(".")[0])
        if role is not None and role not in roles:
            raise UserError(f"'{key}' is given, but no {role} is named")


def _instances(names: Sequence[str], suites: Sequence[str]) -> Iterator[str]:
    yield from names
    for suite in suites:
        yield from suite_members(suite)


def suite_members(suite: str) -> tuple[str, ...]:
    """The instances of a suite: of `configs/suite`, a plug-in, or the registry.

    Raises:
        UserError: there is no such suite.
    """
    known = catalog.entries("suite")
    if suite in known:
        return tuple(str(name) for name in known[suite].node["instances"])
    if suite not in registry.suites():
        raise unknown("suite", suite, [*known, *registry.suites()])
    return registry.suite(suite)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise UserError(f"seed must be an integer >= 0, not {text!r}")
    return int(text)


def _split(value: str) -> Iterator[str]:
    """At commas outside quotes."""
    quote, start = "", 0
    for i, char in enumerate(value):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == ",":
            yield value[start:i].strip()
            start = i + 1
    yield value[start:].strip()


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
