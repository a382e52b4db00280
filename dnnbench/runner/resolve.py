"""From names in the shipped configs to classes of this package; user configs cannot name code."""

import importlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any


def implementation(package: str, dotted: str) -> type:
    """The class `module.Class` under `dnnbench.<package>`."""
    module, _, name = dotted.rpartition(".")
    found = getattr(importlib.import_module(f"dnnbench.{package}.{module}"), name)
    assert isinstance(found, type)
    return found


def exact_side(about: Mapping[str, Any]) -> Any:
    """The exact side of a problem from its config's metadata."""
    return implementation("problems", about["exact"])()


def build(cls: type, settings: Mapping[str, Any], **given: Any) -> Any:
    """An instance of the frozen dataclass `cls`: `given` and those settings that are its fields."""
    names = {f.name for f in fields(cls)}
    return cls(**given, **{k: v for k, v in settings.items() if k in names and k not in given})
