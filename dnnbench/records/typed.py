"""Checks that plain data is of an annotated type; each is built once, because stores are large."""

import types
import typing
from collections.abc import Callable
from enum import Enum
from typing import Any, Literal

# From a value to the same value in the annotated type; raises ValueError if it does not fit.
Check = Callable[[Any], Any]


def check_for(hint: Any) -> Check:
    """The check for an annotation: Any, scalars, enums, Literal, unions, list[...], dict[str, ...].

    An integer may stand for a float where only a float fits; a boolean is never a number.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return lambda value: value
    if origin in (types.UnionType, typing.Union):
        return _check_union(arguments)
    if origin is Literal:
        return _check_literal(arguments)
    if origin is list:
        return _check_list(check_for(arguments[0]))
    if origin is dict:
        return _check_dict(check_for(arguments[1]))
    if issubclass(hint, Enum):
        return hint
    return _check_scalar(hint)


def _check_scalar(kind: type) -> Check:
    def check(value: Any) -> Any:
        if type(value) is kind:
            return value
        if kind is float and type(value) is int:
            try:
                return float(value)
            except OverflowError:
                raise ValueError("the integer is too large for a float") from None
        raise _unfit(kind.__name__, value)

    return check


def _check_union(options: tuple[Any, ...]) -> Check:
    exact = frozenset(option for option in options if typing.get_origin(option) is None)
    checks = [check_for(option) for option in options if option is not types.NoneType]
    names = " or ".join(
        "null" if o is types.NoneType else getattr(o, "__name__", str(o)) for o in options
    )

    def check(value: Any) -> Any:
        if type(value) in exact:
            return value
        for option in checks:
            try:
                return option(value)
            except ValueError:
                continue
        raise _unfit(names, value)

    return check


def _check_literal(options: tuple[Any, ...]) -> Check:
    def check(value: Any) -> Any:
        if value in options:
            return value
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, options))}")

    return check


def _check_list(item: Check) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not list:
            raise _unfit("list", value)
        return [item(one) for one in value]

    return check


def _check_dict(item: Check) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not dict:
            raise _unfit("dict", value)
        return {key: item(one) for key, one in value.items()}

    return check


def _unfit(expected: str, value: Any) -> ValueError:
    return ValueError(f"expected {expected}, got {type(value).__name__}")
