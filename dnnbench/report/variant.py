"""What tells the rows of one solver apart, so that two settings are never averaged together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from dnnbench.records import plain
from dnnbench.records.schema import Record

# Chosen by the machine's memory, without effect on results.
_PLAN_LEFT_OUT = frozenset({"micro_batch", "devices"})
_HARDWARE = ("platform", "device_kind", "devices", "threads", "precision")
_MACHINE = ("cpu_model", "cores_logical", "machine")

# Variants that differ only here get a label from it; else these keys are left out of labels.
_SECONDARY = ("hardware.", "plan.")


def variant(record: Record) -> dict[str, str]:
    """Everything but instance, seed and outcome that a fair average must hold fixed.

    Returns:
        Readable values under dotted keys: settings under their own names, the rest under
        `solver.`, `problem.`, `budget.`, `hardware.` and `plan.`; in this order.
    """
    return dict(_described(_Parts.of(record))[0])


def variant_text(record: Record) -> str:
    """The variant as one word: two records have the same if they may be averaged together."""
    return _described(_Parts.of(record))[1]


@dataclass(frozen=True)
class _Parts:
    """What a variant is made from; all equal ones have the same text, which is all that is hashed.

    Plain data has the same representation if and only if it is the same, order of keys included.
    """

    text: str
    settings: Mapping[str, Any] = field(compare=False)
    version: int = field(compare=False)
    problem: Mapping[str, Any] = field(compare=False)
    budget: Mapping[str, Any] = field(compare=False)
    hardware: Mapping[str, Any] = field(compare=False)
    plan: Mapping[str, Any] = field(compare=False)

    @staticmethod
    def of(record: Record) -> "_Parts":
        hardware = {key: record.hardware.get(key) for key in _HARDWARE}
        hardware |= {key: record.environment.get(key) for key in _MACHINE}
        parts = (
            record.settings,
            record.solver_version,
            record.problem_settings,
            record.budget,
            hardware,
            record.plan,
        )
        return _Parts(repr(parts), *parts)


@lru_cache(maxsize=4096)  # a store of 100,000 records has few: they differ in seed and instance
def _described(parts: _Parts) -> tuple[Mapping[str, str], str]:
    """The variant, and its text."""
    plan = {key: value for key, value in parts.plan.items() if key not in _PLAN_LEFT_OUT}
    found = {
        **_flat("", parts.settings),
        "solver.version": _shown(parts.version),
        **_flat("problem.", parts.problem),
        **_flat("budget.", parts.budget),
        **_flat("hardware.", parts.hardware),
        **_flat("plan.", plan),
    }
    return found, plain.dumps(found, sort_keys=True)


def labels(variants: Sequence[Mapping[str, str]]) -> list[str]:
    """For each of several different variants of one solver, what is its own: `lr=0.1, steps=50`.

    A key that all share is left out; so a lone variant's label is empty. Hardware and plan come
    in only as far as they are needed to tell two variants apart.
    """
    keys = list(dict.fromkeys(key for one in variants for key in one))
    differing = [key for key in keys if len({one.get(key) for one in variants}) > 1]
    chosen = [key for key in differing if not key.startswith(_SECONDARY)]
    for key in differing:
        if key not in chosen and _parts(variants, [*chosen, key]) > _parts(variants, chosen):
            chosen.append(key)
    return [", ".join(f"{key}={one.get(key, '-')}" for key in chosen) for one in variants]


def _parts(variants: Sequence[Mapping[str, str]], keys: Sequence[str]) -> int:
    """Into how many classes the keys divide the variants."""
    return len({tuple(one.get(key) for key in keys) for one in variants})


def _flat(prefix: str, values: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(f"{prefix}{key}.", value)
        else:
            flat[f"{prefix}{key}"] = _shown(value)
    return flat


def _shown(value: Any) -> str:
    """The value in words; different values, also of different types, never look the same."""
    if isinstance(value, str):
        plain_word = value.isidentifier() and value not in _WORDS_OF_OTHERS
        return value if plain_word else plain.dumps(value)
    if isinstance(value, float):
        return repr(float(value))
    return "none" if value is None else plain.dumps(plain.encode(value))


_WORDS_OF_OTHERS = frozenset({"none", "true", "false", "null", "nan", "inf"})
