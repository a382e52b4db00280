"""Which kind of data a user's file holds: a graph, a QUBO, a formula, a program, a picture, ...

| suffix (`.gz`, `.xz`, `.bz2` put aside) | kind |
| --- | --- |
| `.qubo` `.sparse` `.bqp` | QUBO |
| `.ising` | Ising model |
| `.cnf` `.wcnf` | formula |
| `.mps` `.qps` | linear or quadratic program |
| `.png` `.jpg` `.jpeg` `.tif` `.tiff` `.bmp` `.webp` `.gif` | picture |
| all others | graph; but see below |

Where the name does not tell, a text whose first line is a single number is an OR-Library QUBO, and
one that begins with `p cnf` or `p wcnf`, comments aside, a formula. `detect` has the formats of
graphs. The name decides and not the problem that is asked, so that an instance means one thing
throughout a sweep. `FILE#3` is the third problem of an OR-Library file.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, NamedTuple

from dnnbench.errors import UserError
from dnnbench.instances.formats import cnf, ising, mps, qubo, wcnf
from dnnbench.instances.formats.detect import is_binary, parse_graph
from dnnbench.instances.formats.open_text import check_text, unpacked_name
from dnnbench.instances.formats.tokens import problem_line
from dnnbench.instances.formula import Formula
from dnnbench.instances.image import Image
from dnnbench.instances.program import Program
from dnnbench.instances.quadratic import QuadraticModel

_ONE_NUMBER = re.compile(rb"(?:[ \t]*\r?\n)*[ \t]*\d+[ \t]*\r?\n")
_WEIGHTED = re.compile(rb"p[ \t]+wcnf(?!\S)")
_FORMULA = re.compile(rb"p[ \t]+w?cnf(?!\S)")
_PART = re.compile(r"(.+)#(\d{1,9})", re.DOTALL | re.ASCII)


class Reader(NamedTuple):
    """How files of one kind are read.

    Attributes:
        family: kind of data.
        parse: from a file's content and name to the instance; a third argument is the part, where
            files may have several, or whether to relax, where they may be relaxed.
        has_parts, relaxes: whether they may.
    """

    family: str
    parse: Callable[..., Any]
    has_parts: bool = False
    relaxes: bool = False


def split_part(name: str) -> tuple[str, int | None]:
    """`FILE#3` as the file's name and the part; None where no part is named."""
    found = _PART.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, None)


def is_picture(name: str) -> bool:
    """Whether a file of this name holds a picture."""
    return READERS.get(_suffix(name)) is _PICTURE


def parse_public(
    data: bytes, name: str, part: int | None = None, relaxed: bool = False
) -> tuple[str, Any]:
    """(family, what the instance is) from the bytes of a file.

    Args:
        data: the file's content, unpacked.
        name: the file's name: its suffix chooses the kind, and error messages name it.
        part: which problem of a file with several.
        relaxed: whether a program's integer variables are taken for continuous ones.

    Raises:
        UserError: not well-formed; the message names file and line.
    """
    reader = READERS.get(_suffix(name)) or _by_content(data, name)
    if reader.has_parts and not relaxed:
        return reader.family, reader.parse(data, name, part)
    if part is not None:
        raise UserError(f"{name}: holds one instance, so there is no part {part}")
    if reader.relaxes:
        return reader.family, reader.parse(data, name, relaxed)
    if relaxed:
        raise UserError(f"{name}: has no integer variables to relax, being no program")
    return reader.family, reader.parse(data, name)


def parse_formula(data: bytes, name: str) -> Formula:
    """Read a formula; arguments and errors as for `parse_public`."""
    data = check_text(data, name)
    weighted = _suffix(name) == ".wcnf" or _WEIGHTED.match(problem_line(data))
    parse = wcnf.parse if weighted else cnf.parse
    return parse(data, name)


def write_formula(formula: Formula) -> str:
    """The formula as CNF, or as WCNF if it has weights or hard constraints."""
    plain = formula.weights is None and formula.hard is None
    return cnf.write(formula) if plain else wcnf.write(formula)


def _qubo(data: bytes, name: str, part: int | None) -> QuadraticModel:
    return qubo.parse(check_text(data, name), name, part=part)


def _ising(data: bytes, name: str) -> QuadraticModel:
    return ising.parse(check_text(data, name), name)


def _program(data: bytes, name: str, relaxed: bool) -> Program:
    return mps.parse(check_text(data, name), name, relaxed)


def _cplex(data: bytes, name: str) -> Program:
    del data
    raise UserError(f"{name}: CPLEX's LP format is not read; save the program as MPS (.mps)")


def _picture(data: bytes, name: str) -> Image:
    from dnnbench.instances.formats.pictures import parse_picture  # Pillow: only when needed

    return parse_picture(data, name)


_GRAPH = Reader("graph", parse_graph)
_QUBO = Reader("qubo", _qubo, has_parts=True)
_ISING = Reader("ising", _ising)
_FORMULAS = Reader("cnf", parse_formula)
_PROGRAM = Reader("program", _program, relaxes=True)
_PICTURE = Reader("image", _picture)
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif")

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        ".qubo": _QUBO,
        ".sparse": _QUBO,
        ".bqp": _QUBO,
        ".ising": _ISING,
        ".cnf": _FORMULAS,
        ".wcnf": _FORMULAS,
        ".mps": _PROGRAM,
        ".qps": _PROGRAM,
        ".lp": Reader("program", _cplex),
        **dict.fromkeys(_PICTURES, _PICTURE),
    }
)
"""Readers by the suffix of a file's name; those of other files follow from their content."""


def _by_content(data: bytes, name: str) -> Reader:
    """The reader of a file whose name does not tell."""
    if is_binary(name):
        return _GRAPH
    if _ONE_NUMBER.match(data):
        return _QUBO
    return _FORMULAS if _FORMULA.match(problem_line(data)) else _GRAPH


def _suffix(name: str) -> str:
    return PurePath(unpacked_name(name)).suffix.lower()
