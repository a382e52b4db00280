"""Checks settings against the documentation that stands beside them under `_options`."""

import math
from collections.abc import Mapping
from typing import Any

from dnnbench.errors import UserError


def checked(settings: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Settings of a node and its children, with integers widened to floats where floats are meant.

    Keys that begin with an underscore are metadata and pass unchanged.

    Raises:
        UserError: a value has the wrong type or lies outside its range.
    """
    options = settings.get("_options", {})
    result: dict[str, Any] = {}
    for key, value in settings.items():
        where = f"{path}.{key}" if path else key
        if key.startswith("_"):
            result[key] = value
        elif key in options:
            result[key] = _value(where, value, options[key])
        elif isinstance(value, Mapping):
            result[key] = checked(value, where)
        else:
            result[key] = value
    return result


def _value(where: str, value: Any, option: Mapping[str, Any]) -> Any:
    if value is None:
        if option.get("optional"):
            return None
        raise UserError(f"{where} must not be null: {expected(option)}")
    kind = option["type"]
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    types = {"int": int, "float": float, "str": str, "bool": bool}
    if kind == "str" and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    good = isinstance(value, types[kind]) and not (kind == "int" and isinstance(value, bool))
    if good and kind == "float":
        good = math.isfinite(value)
    if good and "choices" in option:
        good = value in option["choices"]
    if good and kind in ("int", "float"):
        good = (
            value >= option.get("min", -math.inf)
            and value <= option.get("max", math.inf)
            and value > option.get("above", -math.inf)
            and value < option.get("below", math.inf)
        )
    if not good:
        raise UserError(f"{where} must be {expected(option)}, not {value!r}")
    return value


def expected(option: Mapping[str, Any]) -> str:
    """What an option accepts, in words: `a float > 0`."""
    if "choices" in option:
        words = "one of " + ", ".join(str(c) for c in option["choices"])
    else:
        names = {"int": "an integer", "float": "a number", "str": "text", "bool": "true or false"}
        words = names[option["type"]]
    bounds = [
        f"{sign} {option[key]}"
        for key, sign in (("min", ">="), ("above", ">"), ("max", "<="), ("below", "<"))
        if key in option
    ]
    if bounds:
        words += " " + " and ".join(bounds)
    return words + (" or null" if option.get("optional") else "")
