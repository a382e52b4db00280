"""What tells the rows of one solver apart, so that two settings are never averaged together."""

from collections.abc import Mapping, Sequence
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
    hardware = {key: record.hardware.get(key) for key in _HARDWARE}
    hardware |= {key: record.environment.get(key) for key in _MACHINE}
    plan = {key: value for key, value in record.plan.items() if key not in _PLAN_LEFT_OUT}
    return {
        **_flat("", record.settings),
        "solver.version": _shown(record.solver_version),
        **_flat("problem.", record.problem_settings),
        **_flat("budget.", record.budget),
        **_flat("hardware.", hardware),
        **_flat("plan.", plan),
    }


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
