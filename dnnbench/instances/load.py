"""From a name to an instance: the registry, generators, or a file of the user's.

| name | what it is |
| --- | --- |
| `gset/G14` | a name of the registry: data folder, then cache, then generator |
| `gen/random_regular-n1000-d3-s1` | a generator call (`generators.spec` has the table) |
| `skimage/camera` | a name of the registry: a picture inside the installed scikit-image |
| anything else | a path; write `./gset/G14` for a path that looks like a name |
| `skimage/camera@crop96-gray` | a part of a picture, or its gray form (`view` has the table) |
| `photo.png@crop64-at0x32` | the same of a user's file |
| `equation/burgers_1d` | a partial differential equation; its problem has the rest |

What a file of the user's holds (graph, QUBO, Ising model, picture) follows from its name; see
`formats.families`. A picture is the sealed half of its instance: problems make from it what
solvers see. Its sha256 is that of its pixels; files of the registry are checked by their own.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import platformdirs

from dnnbench.errors import UserError
from dnnbench.instances import equation
from dnnbench.instances.digest import in_memory, public_sha256
from dnnbench.instances.download import fetch
from dnnbench.instances.embedded import SOURCE, embedded_bytes, embedded_path, is_recorded
from dnnbench.instances.formats import ising, parse_graph, qubo, rudy
from dnnbench.instances.formats.families import is_picture, parse_public, split_part
from dnnbench.instances.formats.open_text import check_text, read_bytes
from dnnbench.instances.generators.gset import gset
from dnnbench.instances.generators.spec import PREFIX, parse_spec
from dnnbench.instances.graph import Graph
from dnnbench.instances.image import Image
from dnnbench.instances.instance import Instance
from dnnbench.instances.registry import (
    Entry,
    entry,
    is_registry_prefix,
    registry,
    unknown_instance,
)
from dnnbench.instances.view import View, parse_view, split_view


class Content(NamedTuple):
    """The raw bytes of an instance of the registry, and where they came from."""

    data: bytes
    source: str


class Verified(NamedTuple):
    """The outcome of checking one instance.

    Attributes:
        name: the instance's name.
        ok: whether a copy was found and every copy has the registry's sha256.
        how: the sources checked, or what is wrong.
    """

    name: str
    ok: bool
    how: str


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
        spec = parse_spec(name)
        made = spec.generate()
        digest = public_sha256(spec.family, made)
        return Instance(spec.name, spec.family, made, None, digest, "generated")
    if name.startswith(equation.PREFIX):
        named = equation.Equation(name.removeprefix(equation.PREFIX))
        return replace(in_memory(name, "pde", named), source="built in")
    base, view = _resolve(name)
    if base not in registry():
        path, part = _user_part(base)
        data = read_bytes(path)
        family, public = parse_public(data, str(path) if part else base, part)
        if isinstance(public, Image):
            return _picture(base, view, public, "file")
        if view is not None:
            raise _no_picture(name, base)
        digest = hashlib.sha256(data + (b"" if part is None else b"#%d" % part)).hexdigest()
        return Instance(name, family, public, None, digest, "file")
    known = entry(base)
    if view is not None and known.family != "image":
        raise _no_picture(name, base)
    if known.family == "image":
        content = _content(known, data_dir, cache_dir, download)
        return _picture(base, view, _parse_known(known, content.data), content.source)
    if known.family != "graph":
        raise UserError(
            f"{name}: the data of the family '{known.family}' is not supported yet by this version"
        )
    content = _content(known, data_dir, cache_dir, download)
    graph = parse_graph(content.data, known.raw_path)
    return Instance(name, "graph", graph, None, known.raw_sha256, content.source)


def raw_bytes(
    name: str, *, data_dir: Path | None = None, cache_dir: Path, download: bool = False
) -> bytes:
    """The content of an instance in its native format; arguments as for `load_instance`.

    Generated graphs come in rudy format, QUBOs in qbsolv's, Ising models as coordinates, parts of
    pictures as PNG.
    """
    if name.startswith(PREFIX):
        made = parse_spec(name).generate()
        if isinstance(made, Graph):
            return rudy.write(made).encode()
        return (qubo.write(made) if made.domain == "bits" else ising.write(made)).encode()
    if _resolve(name)[1] is not None:
        from dnnbench.instances.formats.pictures import write_picture  # Pillow: only when needed

        asked = load_instance(name, data_dir=data_dir, cache_dir=cache_dir, download=download)
        return write_picture(asked.sealed)
    if name not in registry():
        return read_bytes(_user_part(name)[0])
    return _content(entry(name), data_dir, cache_dir, download).data


def export(
    name: str, *, data_dir: Path | None = None, cache_dir: Path, download: bool = False
) -> str:
    """Like `raw_bytes`, as text.

    Raises:
        UserError: also for images and other binary data.
    """
    base, view = (name, None) if name.startswith(PREFIX) else _resolve(name)
    stored = entry(base).raw_path if base in registry() else base
    if view is not None:
        raise UserError(f"{name} is a picture; `dnnbench data export -o FILE` writes it as PNG")
    if is_picture(stored) or stored.endswith(".mat"):
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
    return _stored(known, data_dir, cache_dir) or embedded_path(known)


def _stored(known: Entry, data_dir: Path | None, cache_dir: Path) -> Path | None:
    """The file in the data folder or the cache, or None."""
    places = ((data_dir, (known.path, known.raw_path)), (cache_dir, (known.raw_path,)))
    for folder, paths in places:
        for path in paths:
            if folder is not None and (folder / path).is_file():
                return folder / path
    return None


def verify(
    names: Iterable[str], *, data_dir: Path | None = None, cache_dir: Path
) -> Iterator[Verified]:
    """Check every copy at hand (data folder, cache, generator) against the registry's sha256.

    Raises:
        UserError: no such instance.
    """
    for known in [entry(name) for name in names]:
        checked: list[str] = []
        try:
            for data, source in _copies(known, data_dir, cache_dir):
                _check(known, data, source)
                checked.append(source)
        except UserError as error:
            yield Verified(known.name, False, str(error))
            continue
        how = ", ".join(checked) or "not here: no data folder or cache holds it"
        yield Verified(known.name, bool(checked), how)


def _copies(known: Entry, data_dir: Path | None, cache_dir: Path) -> Iterator[Content]:
    """Every copy at hand, in the order in which they are used; contents are not checked."""
    if data_dir is not None:
        path = _stored(known, data_dir, data_dir)
        if path is not None:
            yield Content(read_bytes(path), "data folder")
    cached = cache_dir / known.raw_path
    if cached.is_file():
        yield Content(read_bytes(cached), "cache")
    if known.suite == "gset":
        yield Content(rudy.write(gset(known.name.split("/", 1)[1])).encode(), "generated")
    inside = embedded_bytes(known)
    if inside is not None:
        yield Content(inside, SOURCE)


def _content(known: Entry, data_dir: Path | None, cache_dir: Path, download: bool) -> Content:
    """The first copy at hand, checked; fetched if allowed and needed."""
    for found in _copies(known, data_dir, cache_dir):
        if found.source == "cache" and download:
            break  # fetch replaces a damaged copy
        if found.source != SOURCE:  # another picture is another instance, by its digest
            _check(known, found.data, found.source)
        return found
    if download:
        return Content(read_bytes(fetch(known, cache_dir)), "cache")
    if known.direct:
        remedy = f"run `dnnbench data fetch {known.name}`, or"
    else:
        remedy = f"it has no direct download (original: {known.url});"
    raise UserError(f"{known.name} is not here: {remedy} set DNNBENCH_DATA to a data folder")


def _parse_known(known: Entry, data: bytes) -> Image:
    """The picture of a name in the registry."""
    from dnnbench.instances.formats.pictures import parse_picture  # Pillow: only when needed

    return parse_picture(data, known.name)


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


def _resolve(name: str) -> tuple[str, View | None]:
    """The instance or file that a name is about, and the view if it asks for one."""
    if name in registry() or _is_there(name):
        return name, None
    base, changes = split_view(name)
    if changes is None or not (base in registry() or _is_there(base)):
        return base, None
    return base, parse_view(changes, name)


def _is_there(path: str) -> bool:
    try:
        return bool(path) and Path(path).exists()
    except (OSError, ValueError):
        return False


def _no_picture(name: str, base: str) -> UserError:
    return UserError(f"'{name}': {base} is no picture, so it has no crop and no other form")


def _check(known: Entry, data: bytes, source: str) -> None:
    if source == SOURCE:  # the pixels count, not how they are packed
        if not is_recorded(known.name, public_sha256("image", _parse_known(known, data))):
            raise UserError(f"{known.name}: the installed scikit-image has another picture there")
    elif hashlib.sha256(data).hexdigest() != known.raw_sha256:
        raise UserError(f"{known.name}: the copy in the {source} is damaged (sha256 differs)")


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
