"""A method's result over a grid of two of its settings, solved as one compiled stack.

The settings are traced, so the whole grid is one program: K trials with their own values, sharing
instance, seed and random numbers. Every start is made once. Nothing is polished unless asked for:
what is shown is what the method's own energy leads to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from dnnbench.config import catalog
from dnnbench.config.compose import compose
from dnnbench.errors import UserError
from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.runner.once import keep, prepare
from dnnbench.runner.pool import Pool
from dnnbench.runner.spec import TrialSpec
from dnnbench.runner.stack import run_stack, stacked
from dnnbench.runner.supervise import Watch
from dnnbench.sweep.expand import key_of, values_by_key

__all__ = ["Axis", "Landscape", "landscape"]

_MOST = 4096


@dataclass(frozen=True)
class Axis:
    """One axis of the grid.

    Attributes:
        name: the method's setting.
        values: in increasing order.
    """

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Landscape:
    """A solved grid.

    Attributes:
        x, y: its axes.
        records: one a point, x running fastest.
        store: where they are.
        solved: how many were solved now; the others were on record.
    """

    x: Axis
    y: Axis
    records: tuple[Record, ...]
    store: Store
    solved: int


def landscape(
    words: Sequence[str],
    *,
    data_dir: Path | None,
    cache_dir: Path,
    watch: Watch | None = None,
    again: bool = False,
) -> Landscape:
    """Solve the grid, or read it if all of it is on record.

    Args:
        words: overrides of one trial, with `x=method.NAME` and `y=method.NAME`; several values of
            those settings are the grid's, otherwise the method's file has some.
        data_dir: folder with public instances, or None.
        cache_dir: where downloads are.
        watch: what people are shown.
        again: whether to solve it although it is on record.

    Raises:
        UserError: a word is wrong, a setting cannot vary within a program, an axis has no values.
    """
    x, y, rest = _axes(words)
    ends = [f"method.{axis.name}={axis.values[0]:.17g}" for axis in (x, y)]
    polish = [] if any(key_of(w) == "problem.polish" for w in rest) else ["problem.polish=none"]
    config = compose([*rest, *polish, *ends])
    prepared = prepare(config, data_dir=data_dir, cache_dir=cache_dir)
    points = [{x.name: a, y.name: b} for b, a in product(y.values, x.values)]
    trials = stacked(_once_a_lane(prepared.spec, config["budget"]), points)
    store = prepared.store
    done = not again and all(store.has(t.trial_id) for t in trials)
    if not done:
        prepared.check_writable()
        _solve(trials, store, watch)
    records = tuple(store.get(t.trial_id) for t in trials)
    return Landscape(x, y, records, store, 0 if done else len(trials))


def _once_a_lane(spec: TrialSpec, asked: Mapping[str, Any]) -> TrialSpec:
    """The trial with every start made once, to its end, unless the user has limits of their own."""
    assert spec.plan is not None
    budget = spec.budget
    if budget.restarts is None:
        budget = replace(budget, restarts=spec.plan.lanes)
    if all(asked[k] is None for k in ("seconds", "steps", "restarts")):
        budget = replace(budget, seconds=None)
    return replace(spec, budget=budget)


def _solve(trials: Sequence[TrialSpec], store: Store, watch: Watch | None) -> None:
    with Pool() as pool:
        for result in run_stack(trials, pool, watch):
            keep(store, result, replace_record=True)


def _axes(words: Sequence[str]) -> tuple[Axis, Axis, list[str]]:
    """The two axes, and the words that are about every trial."""
    named = {key_of(w): w.partition("=")[2] for w in words if key_of(w) in ("x", "y")}
    for letter in ("x", "y"):
        if not named.get(letter):
            raise UserError(f"a landscape has two axes: give {letter}=method.NAME")
        if not named[letter].startswith("method."):
            raise UserError(f"{letter}={named[letter]}: an axis is a setting of the method")
    if named["x"] == named["y"]:
        raise UserError(f"both axes are {named['x']}")
    rest = [w for w in words if key_of(w) not in ("x", "y", *named.values())]
    lists = values_by_key([w for w in words if key_of(w) in named.values()])
    defaults = _defaults(rest)
    axes = []
    for letter in ("x", "y"):
        key = named[letter]
        name = key.removeprefix("method.")
        values: Sequence[Any] = lists.get(key) or defaults.get(name, ())
        try:
            numbers = tuple(sorted({float(v) for v in values}))
        except (TypeError, ValueError):
            raise UserError(f"{key} takes numbers, not {','.join(map(str, values))}") from None
        if not numbers:
            raise UserError(f"{letter}={key} has no values: give some, as in {key}=0.5,1,2,5")
        axes.append(Axis(name, numbers))
    if len(axes[0].values) * len(axes[1].values) > _MOST:
        raise UserError(f"a grid has at most {_MOST} points")
    return axes[0], axes[1], rest


def _defaults(words: Sequence[str]) -> Mapping[str, Sequence[float]]:
    """The values that the method's file proposes for its settings."""
    chosen = next((w.partition("=")[2] for w in words if key_of(w) == "method"), None)
    if chosen is None:
        raise UserError("a landscape is a method's: give method=NAME")
    known = catalog.entries("method")
    if chosen not in known:
        return {}  # composing says so
    found: Mapping[str, Sequence[float]] = known[chosen].node.get("_landscape", {})
    return found
