"""From a name to an instance: the registry, generators, or a file of the user's.

| name | what it is |
| --- | --- |
| `gset/G14` | a name of the registry: data folder, then cache, then generator |
| `dimacs/keller5` | the same; constructions of DIMACS need no file either |
| `dimacs/C125.9@complement` | another form of a graph (`graph_view`), also of `gen/...` |
| `satlib/uf250-01` | a formula |
| `gset/G14@mis_lp` | a linear program made of a graph |
| `gen/random_regular-n1000-d3-s1` | a generator call (`generators.spec` has the table) |
| `skimage/camera` | a name of the registry: a picture inside the installed scikit-image |
| anything else | a path; write `./gset/G14` for a path that looks like a name |
| `skimage/camera@crop96-gray` | a part of a picture, or its gray form (`view` has the table) |
| `photo.png@crop64-at0x32` | the same of a user's file |
| `model.mps@relaxed` | a program whose integer variables are taken for continuous |
| `equation/burgers_1d` | a partial differential equation; its problem has the rest |

What a file of the user's holds (graph, QUBO, Ising model, formula, program, picture) follows from
its name; see `formats.families`. A picture is the sealed half of its instance: problems make from
it what solvers see. Its sha256 is that of its pixels; files of the registry are checked by their
own (`copies`). A graph of the registry has the sha256 of its file whichever copy it comes from.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import platformdirs

from dnnbench.errors import UserError
from dnnbench.instances import equation
from dnnbench.instances.copies import READ, Verified, content, picture_of, public_of, stored, verify
from dnnbench.instances.digest import in_memory, public_sha256
from dnnbench.instances.embedded import SOURCE, embedded_path, is_recorded
from dnnbench.instances.formats import dimacs, ising, mps_write, qubo, rudy
from dnnbench.instances.formats.detect import is_binary
from dnnbench.instances.formats.families import is_picture, parse_public, split_part, write_formula
from dnnbench.instances.formats.open_text import check_text, read_bytes
from dnnbench.instances.generators.spec import PREFIX, parse_spec
from dnnbench.instances.graph_view import GraphView, of_view
from dnnbench.instances.image import Image
from dnnbench.instances.instance import Instance
from dnnbench.instances.registry import entry, is_registry_prefix, registry, unknown_instance
from dnnbench.instances.view import View, split_view
from dnnbench.instances.views import RELAXED, graph_view, picture_view

__all__ = [
    "Verified",
    "default_cache_dir",
    "export",
    "load_instance",
    "locate",
    "raw_bytes",
    "verify",
]


_WRITERS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "graph": rudy.write,
        "qubo": qubo.write,
        "ising": ising.write,
        "cnf": write_formula,
        "program": mps_write.write,
    }
)
"""The formats in which generated instances and programs are exported, by their family."""


def default_cache_dir() -> Path:
    """Where downloads are kept if nobody says otherwise."""
    return Path(platformdirs.user_cache_dir("dnnbench"))


def load_instance(
    name: str, *, data_dir: Path | None = None, cache_dir: Path, download: bool = False
) -> Instance:
    """Load an instance.

    Args:
        name: see the table above.
        data_dir: a folder with the layout of the registry's paths, or None.
        cache_dir: where downloads are kept.
        download: whether to fetch what is neither here nor can be generated.

    Raises:
        UserError: unknown, missing, damaged, or of a family that is not supported yet.
    """
    if name.startswith(PREFIX):
        return _generated(name)
    if name.startswith(equation.PREFIX):
        named = equation.Equation(name.removeprefix(equation.PREFIX))
        return replace(in_memory(name, "pde", named), source="built in")
    base, changes = _resolve(name)
    if base not in registry():
        return _of_the_user(name, base, changes)
    known = entry(base)
    if known.family == "image":
        crop = None if changes is None else picture_view(changes, name, base)
        found = content(known, data_dir, cache_dir, download)
        return _picture(base, crop, picture_of(known, found.as_bytes()), found.source)
    view = None if changes is None else graph_view(known.family, changes, name, base)
    if known.family not in READ:
        raise UserError(
            f"{name}: the data of the family '{known.family}' is not supported yet by this version"
        )
    found = content(known, data_dir, cache_dir, download)
    public = public_of(known, found)
    instance = Instance(base, known.family, public, None, known.raw_sha256, found.source)
    return _viewed(instance, view)


def raw_bytes(
    name: str, *, data_dir: Path | None = None, cache_dir: Path, download: bool = False
) -> bytes:
    """The content of an instance in its native format; arguments as for `load_instance`.

    Generated graphs come in rudy format, those of the registry's `dimacs` and complements in
    DIMACS format, QUBOs in qbsolv's, Ising models as coordinates, formulas as CNF, programs as
    MPS, parts of pictures as PNG.
    """
    generated = name.startswith(PREFIX)
    changes = split_view(name)[1] if generated else _resolve(name)[1]
    if changes is not None or generated:
        asked = load_instance(name, data_dir=data_dir, cache_dir=cache_dir, download=download)
        if asked.family == "image":
            from dnnbench.instances.formats.pictures import write_picture  # Pillow: when needed

            return write_picture(asked.sealed)
        is_view = changes is not None and asked.family == "graph"
        write = dimacs.write if is_view else _WRITERS[asked.family]
        return write(asked.public).encode()
    if name not in registry():
        return read_bytes(_user_part(name)[0])
    return content(entry(name), data_dir, cache_dir, download).as_bytes()


def export(
    name: str, *, data_dir: Path | None = None, cache_dir: Path, download: bool = False
) -> str:
    """Like `raw_bytes`, as text.

    Raises:
        UserError: also for images and other binary data.
    """
    base, changes = (name, None) if name.startswith(PREFIX) else _resolve(name)
    file = entry(base).raw_path if base in registry() else base
    if changes is not None and is_picture(file):
        raise UserError(f"{name} is a picture; `dnnbench data export -o FILE` writes it as PNG")
    binary = is_picture(file) or file.endswith(".mat") or is_binary(file)
    if binary and changes is None:
        raise UserError(f"{name} is binary; `dnnbench data path {name}` says where its file is")
    data = raw_bytes(name, data_dir=data_dir, cache_dir=cache_dir, download=download)
    return check_text(data, name).decode("utf-8")


def locate(name: str, *, data_dir: Path | None = None, cache_dir: Path) -> Path | None:
    """The file of an instance in the data folder, the cache or scikit-image, or None.

    The content is not checked.

    Raises:
        UserError: no such instance.
    """
    known = entry(name)
    return stored(known, data_dir, cache_dir) or embedded_path(known)


def _generated(name: str) -> Instance:
    """The instance of a generator's call, or a view of it."""
    base, changes = split_view(name)
    spec = parse_spec(base)
    view = None if changes is None else graph_view(spec.family, changes, name, base)
    made = spec.generate()
    digest = public_sha256(spec.family, made)
    return _viewed(Instance(spec.name, spec.family, made, None, digest, "generated"), view)


def _of_the_user(name: str, base: str, changes: str | None) -> Instance:
    """The instance in a file of the user's, or a view of it."""
    path, part = _user_part(base)
    data = read_bytes(path)
    relaxed = changes == RELAXED
    family, public = parse_public(data, str(path) if part else base, part, relaxed)
    if isinstance(public, Image):
        crop = None if changes is None else picture_view(changes, name, base)
        return _picture(base, crop, public, "file")
    view = None if changes is None or relaxed else graph_view(family, changes, name, base)
    digest = hashlib.sha256(data + (b"" if part is None else b"#%d" % part)).hexdigest()
    if relaxed:
        return Instance(name, family, public, None, of_view(digest, RELAXED), "file")
    return _viewed(Instance(base, family, public, None, digest, "file"), view)


def _viewed(instance: Instance, view: GraphView | None) -> Instance:
    """The instance of a graph, or of what its name asks for."""
    if view is None:
        return instance
    name = f"{instance.name}@{view.name}"
    return replace(
        instance,
        name=name,
        family=view.family,
        public=view.of(instance.public, name),
        sha256=of_view(instance.sha256, view.name),
    )


def _picture(base: str, view: View | None, image: Image, source: str) -> Instance:
    """The instance of a picture, or of what its name asks for."""
    if source == SOURCE and not is_recorded(base, public_sha256("image", image)):
        source += ", not the recorded picture"
    name = base
    if view is not None:
        name = f"{base}@{view.name}"
        try:
            image = view.of(image)
        except UserError as error:
            raise UserError(f"{name}: {error}") from None
    return Instance(name, "image", None, image, public_sha256("image", image), source)


def _resolve(name: str) -> tuple[str, str | None]:
    """The instance or file that a name is about, and what it asks for beside, after an `@`."""
    if name in registry() or _is_there(name):
        return name, None
    base, changes = split_view(name)
    if changes is None or not (base in registry() or _is_there(base)):
        return base, None
    return base, changes


def _is_there(path: str) -> bool:
    try:
        return bool(path) and Path(path).exists()
    except (OSError, ValueError):
        return False


def _user_part(name: str) -> tuple[Path, int | None]:
    """The path a user gave, and which problem of that file, if the name ends in `#3` or so."""
    file, part = split_part(name)
    if part is not None and not _is_there(name):
        return _user_file(file), part
    return _user_file(name), None


def _user_file(name: str) -> Path:
    """The path a user gave, or the error that says what the name may have meant."""
    path = Path(name)
    if _is_there(name):
        return path
    if is_registry_prefix(name) or not (path.suffix or "/" in name):
        raise unknown_instance(name)
    raise UserError(f"no such file, and no instance of this name: {name}")
