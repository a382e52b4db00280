"""A trial's id: a hash of exactly what determines its result.

Two trials have the same id if and only if their parts are the same plain data:

- the order of keys does not matter, the order of lists does; a tuple is a list;
- **types count**: the integer ``1`` and the float ``1.0`` differ, as do ``1`` and ``True``. A
  configuration gives each field one type, so whoever builds the parts takes them from the typed
  configuration (where `lr: float` has turned a user's ``1`` into ``1.0``) and never from its text;
- floats are hashed in Python's shortest round-trip form, which no platform or version changes;
  ``-0.0`` is ``0.0``; NumPy scalars count as the Python number of the same value.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from dnnbench.errors import UserError
from dnnbench.records import plain

DIGITS = 20
_ID = re.compile(rf"[0-9a-f]{{{DIGITS}}}")


def trial_id(parts: Mapping[str, Any]) -> str:
    """The first 20 hex digits of the SHA-256 of the canonical JSON of `parts`.

    Raises:
        ValueError: `parts` holds something that is not plain data.

    Examples:
        >>> trial_id({"seed": 0, "lr": 0.1}) == trial_id({"lr": 0.1, "seed": 0})
        True
        >>> trial_id({"lr": 1}) == trial_id({"lr": 1.0})
        False
    """
    text = plain.dumps(_without_negative_zero(plain.encode(parts)), sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:DIGITS]


def is_trial_id(text: str) -> bool:
    """Whether `text` has the form of an id; nothing else may become a file's name."""
    return _ID.fullmatch(text) is not None


def check_trial_id(text: str) -> str:
    """`text` itself.

    Raises:
        UserError: it does not have the form of an id.
    """
    if not is_trial_id(text):
        raise UserError(f"{text!r} is not a trial id ({DIGITS} digits of 0-9 and a-f)")
    return text


def _without_negative_zero(value: Any) -> Any:
    if isinstance(value, float):
        return value + 0.0  # -0.0 + 0.0 is 0.0; every other float is unchanged
    if isinstance(value, list):
        return [_without_negative_zero(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_negative_zero(item) for key, item in value.items()}
    return value
