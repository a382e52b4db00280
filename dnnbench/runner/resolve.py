"""From names in configs to classes: of this package, or of a plug-in that the user named."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

from dnnbench.errors import UserError

_BUILTIN = "builtin:"


def implementation(package: str, about: Mapping[str, Any], key: str = "implementation") -> type:
    """The class that `about[key]` names: `module.Class` under `dnnbench.<package>`.

    A plug-in's class stands in the plug-in's own module, or is `builtin:module.Class` of this
    package; configs of users cannot name code.

    Raises:
        UserError: the plug-in cannot be imported or has no such class.
    """
    dotted = about[key]
    plugin = about.get("plugin")
    if plugin is not None and not dotted.startswith(_BUILTIN):
        return _of_plugin(plugin, dotted)
    dotted = dotted.removeprefix(_BUILTIN)
    module, _, name = dotted.rpartition(".")
    found = getattr(importlib.import_module(f"dnnbench.{package}.{module}"), name)
    assert isinstance(found, type)
    return found


def _of_plugin(plugin: Mapping[str, str], name: str) -> type:
    where = plugin.get("path") or plugin["module"]
    try:
        module = _module(plugin)
    except Exception as error:
        raise UserError(f"plug-in {where}: {type(error).__name__}: {error}") from error
    found = getattr(module, name, None)
    if not isinstance(found, type):
        raise UserError(f"plug-in {where} has no class '{name}'")
    return found


def _module(plugin: Mapping[str, str]) -> ModuleType:
    if "module" in plugin:
        return importlib.import_module(plugin["module"])
    name = f"dnnbench_plugin_{plugin['sha256'][:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, Path(plugin["path"]))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while they are made
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def exact_side(about: Mapping[str, Any]) -> Any:
    """The exact side of a problem from its config's metadata."""
    return implementation("problems", about, "exact")()


def knowable(exact: Any) -> bool:
    """Whether a solver can know the objective of its answers, see `problems.base.Exact`."""
    return bool(getattr(exact, "knowable", True))


def shown(exact: Any, public: Any) -> Any:
    """What solvers are shown of an instance: its public half, unless the problem has a form of it.

    The answers stay those of the problem, see `shown` in `problems.independent_set.exact`.
    """
    return exact.shown(public) if hasattr(exact, "shown") else public


def solution_file(exact: Any, z: Any, public: Any) -> str | bytes:
    """The content of a solution file: an answer, or the part of it that was asked for."""
    part = exact.stated(z, public) if hasattr(exact, "stated") else z
    content: str | bytes = exact.write_solution(part)
    return content


def build(cls: type, settings: Mapping[str, Any], **given: Any) -> Any:
    """An instance of the frozen dataclass `cls`: `given` and those settings that are its fields."""
    names = {f.name for f in fields(cls)}
    return cls(**given, **{k: v for k, v in settings.items() if k in names and k not in given})
