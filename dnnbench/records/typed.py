"""Checks that plain data is of an annotated type; each is built once, because stores are large."""

import types
import typing
from collections.abc import Callable
from enum import Enum
from itertools import chain
from typing import Any, Literal

# From a value to the same value in the annotated type; raises ValueError if it does not fit.
Check = Callable[[Any], Any]

_DEEPEST = 64
"""Far below Python's limit of recursion, so that what was read can be walked through."""

_NESTED = frozenset({list, dict})


def check_for(hint: Any) -> Check:
    """The check for an annotation: Any, scalars, enums, Literal, unions, list[...], dict[str, ...].

    An integer may stand for a float where only a float fits; a boolean is never a number. Integers
    are exact, but none may be beyond the range of floats, as no report could calculate with it.
    `Any` is plain data that is nested no deeper than a program can walk through.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return _check_any
    if origin in (types.UnionType, typing.Union):
        return _check_union(arguments)
    if origin is Literal:
        return _check_literal(arguments)
    if origin is list:
        kinds = _kinds_of_rows(arguments[0])
        check = _check_list(check_for(arguments[0]))
        return check if kinds is None else _check_rows(kinds, check)
    if origin is dict:
        return _check_dict(check_for(arguments[1]))
    if issubclass(hint, Enum):
        return _check_enum(hint)
    return _check_scalar(hint)


def _check_any(value: Any) -> Any:
    _refuse_depth(value, _DEEPEST)
    return value


def _refuse_depth(value: Any, left: int) -> None:
    """Raise ValueError if lists and objects are within each other more than `left` times."""
    if type(value) not in _NESTED:
        return
    if left == 0:
        raise ValueError(f"nested more than {_DEEPEST} times")
    inner = value.values() if type(value) is dict else value
    if not _NESTED.isdisjoint(map(type, inner)):
        for one in inner:
            _refuse_depth(one, left - 1)


def _check_scalar(kind: type) -> Check:
    def check(value: Any) -> Any:
        if type(value) is kind:
            if kind is int:
                _refuse_beyond_floats(value)
            return value
        if kind is float and type(value) is int:
            _refuse_beyond_floats(value)
            return float(value)
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
            if type(value) is int:
                _refuse_beyond_floats(value)
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
        if type(value) not in {type(option) for option in options}:
            raise _unfit(" or ".join(map(repr, options)), value)
        if value in options:
            return value
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, options))}")

    return check


def _check_enum(hint: type[Enum]) -> Check:
    def check(value: Any) -> Any:
        if isinstance(value, str):
            return hint(value)
        raise _unfit(hint.__name__, value)

    return check


def _check_list(item: Check) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not list:
            raise _unfit("list", value)
        return [item(one) for one in value]

    return check


def _check_rows(kinds: frozenset[type], slow: Check) -> Check:
    """The check of rows of numbers, all at once: traces are most of what a store is to read.

    Args:
        kinds: the types of the cells.
        slow: the check of one after another, which finds the words for what is wrong.
    """

    def check(value: Any) -> Any:
        if type(value) is list and set(map(type, value)) <= {list}:
            cells = list(chain.from_iterable(value))
            found = set(map(type, cells))
            if found <= kinds:
                try:  # adding to a float converts each, and fails for an integer beyond the floats
                    sum(filter(None, cells) if types.NoneType in found else cells, 0.0)
                except OverflowError:
                    return slow(value)
                return value
        return slow(value)

    return check


def _kinds_of_rows(item: Any) -> frozenset[type] | None:
    """The types of the cells of `list[int | float | ...]`; None for every other annotation."""
    if typing.get_origin(item) is not list:
        return None
    (cell,) = typing.get_args(item)
    kinds = frozenset(typing.get_args(cell))
    numbers = {int, float}
    return kinds if numbers <= kinds <= numbers | {types.NoneType} else None


def _check_dict(item: Check) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not dict:
            raise _unfit("dict", value)
        return {key: item(one) for key, one in value.items()}

    return check


def _refuse_beyond_floats(value: Any) -> None:
    """Raise ValueError for an integer that no float can stand for."""
    try:
        float(value)
    except OverflowError:
        raise ValueError("the integer is too large for a float") from None


def _unfit(expected: str, value: Any) -> ValueError:
    return ValueError(f"expected {expected}, got {type(value).__name__}")
