"""Which kind of data a user's file holds: a graph, a QUBO, an Ising model or a picture.

| suffix (`.gz` put aside) | kind |
| --- | --- |
| `.qubo` `.sparse` `.bqp` | QUBO |
| `.ising` | Ising model |
| `.png` `.jpg` `.jpeg` `.tif` `.tiff` `.bmp` `.webp` `.gif` | picture |
| all others | graph, but an OR-Library QUBO where the first line is a single number |

`detect` has the formats of graphs. The name decides and not the problem that is asked, so that an
instance means one thing throughout a sweep. `FILE#3` is the third problem of an OR-Library file.
"""

import re
from pathlib import PurePath

from dnnbench.errors import UserError
from dnnbench.instances.formats import ising, qubo
from dnnbench.instances.formats.detect import is_binary, parse_graph
from dnnbench.instances.formats.open_text import check_text
from dnnbench.instances.graph import Graph
from dnnbench.instances.image import Image
from dnnbench.instances.quadratic import QuadraticModel

_QUBO = frozenset({".qubo", ".sparse", ".bqp"})
_ISING = frozenset({".ising"})
_PICTURE = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif"})
_ONE_NUMBER = re.compile(rb"(?:[ \t]*\r?\n)*[ \t]*\d+[ \t]*\r?\n")
_PART = re.compile(r"(.+)#(\d{1,9})", re.DOTALL | re.ASCII)


def split_part(name: str) -> tuple[str, int | None]:
    """`FILE#3` as the file's name and the part; None where no part is named."""
    found = _PART.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, None)


def is_picture(name: str) -> bool:
    """Whether a file of this name holds a picture."""
    return PurePath(name.removesuffix(".gz")).suffix.lower() in _PICTURE


def parse_public(
    data: bytes, name: str, part: int | None = None
) -> tuple[str, Graph | QuadraticModel | Image]:
    """(family, what the instance is) from the bytes of a file.

    Args:
        data: the file's content, unpacked.
        name: the file's name: its suffix chooses the kind, and error messages name it.
        part: which problem of a file with several.

    Raises:
        UserError: not well-formed; the message names file and line.
    """
    suffix = PurePath(name.removesuffix(".gz")).suffix.lower()
    textual = suffix not in _ISING and not is_picture(name) and not is_binary(name)
    if suffix in _QUBO or (textual and _ONE_NUMBER.match(data)):
        return "qubo", qubo.parse(check_text(data, name), name, part=part)
    if part is not None:
        raise UserError(f"{name}: holds one instance, so there is no part {part}")
    if is_picture(name):
        from dnnbench.instances.formats.pictures import parse_picture  # Pillow: only when needed

        return "image", parse_picture(data, name)
    if suffix in _ISING:
        return "ising", ising.parse(check_text(data, name), name)
    return "graph", parse_graph(data, name)
