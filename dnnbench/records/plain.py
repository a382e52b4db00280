"""Plain data: what records and trial ids are made of, and how it becomes strict JSON.

Plain data is None, booleans, integers, floats, strings, lists and dictionaries with string keys.
Strict JSON knows no NaN and no infinity, and a string such as "nan" could be a setting's value;
so a float that is not finite is written as the object ``{"$float": "nan"}`` (or ``"inf"``,
``"-inf"``). The key ``$float`` is therefore reserved.
"""

import json
import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, NoReturn

import numpy as np

_FLOAT = "$float"
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def encode(value: Any) -> Any:
    """The strict-JSON form of `value`: NumPy scalars, tuples and enums become plain data.

    Raises:
        ValueError: something in `value` is not plain data, a key is not a string, or the
            reserved key is used.
    """
    kind = type(value)
    if kind in _AS_THEY_ARE or (kind is float and math.isfinite(value)):
        return value  # nearly all there is; the kinds below hold for what derives from them too
    if kind is list:
        return [encode(item) for item in value]
    if isinstance(value, Enum):
        return encode(value.value)
    if isinstance(value, np.generic):
        return encode(value.item())
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {_FLOAT: str(float(value))}
    if isinstance(value, Mapping):
        return {_key(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    raise ValueError(f"not plain data: a value of type {type(value).__name__}")


def decode(value: Any) -> Any:
    """What `encode` was given, from what it returned (tuples come back as lists).

    Raises:
        ValueError: the reserved key holds something other than nan, inf or -inf.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        return _decode_object({key: decode(item) for key, item in value.items()})
    return value


def dumps(encoded: Any, *, sort_keys: bool = False) -> str:
    """Compact ASCII JSON of encoded data; floats in Python's shortest round-trip form."""
    return json.dumps(encoded, sort_keys=sort_keys, separators=(",", ":"), allow_nan=False)


def loads(text: str | bytes) -> Any:
    """What `encode` was given, from strict JSON.

    Raises:
        ValueError: it is not strict JSON, an object has a key twice (readers would differ in which
            they take), an integer has thousands of digits, or it is nested too deeply to be a
            record.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> Any:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice in an object")
    return _decode_object(value) if _FLOAT in value else value


def _decode_object(value: dict[str, Any]) -> Any:
    """The float that the object stands for, else the object."""
    if _FLOAT not in value:
        return value
    word = value[_FLOAT]
    if len(value) != 1 or not isinstance(word, str) or word not in _NOT_FINITE:
        raise ValueError(f"'{_FLOAT}' stands for nan, inf or -inf alone, not {value!r}")
    return _NOT_FINITE[word]


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise ValueError(f"not plain data: the key {key!r} is not a string")
    if key == _FLOAT:
        raise ValueError(f"the key '{_FLOAT}' is reserved")
    return str(key)


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not strict JSON")
