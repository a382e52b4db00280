"""Which trials of A belong to which trials of B: same question, instance, solver and seed.

Nothing without a counterpart is dropped without a word: it is in `Matched.alone`, and single seeds
in `Row.only_a` and `Row.only_b`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from dnnbench.errors import UserError
from dnnbench.records.schema import Record
from dnnbench.report.aggregate import budget_text, natural
from dnnbench.report.differences.variants import (
    BUDGET,
    Key,
    Sorted,
    Subject,
    Variant,
    Variants,
    changed,
    counterparts,
    question_names,
    solver_names,
    sort_in,
)

Side = Literal["A", "B"]


@dataclass(frozen=True)
class Row:
    """A solver's trials on one instance, in A and in B.

    Attributes:
        problem: its name, with the settings that tell it from others of that name.
        role: `method` or `baseline`.
        solver: its name, with what tells this variant from the solver's others.
        instance: its name.
        changes: what differs between A and B: `learning_rate 0.1 -> 0.2`.
        pairs: the trials of one seed, by seed.
        only_a, only_b: trials whose seed the other side does not have.
    """

    problem: str
    role: str
    solver: str
    instance: str
    changes: tuple[str, ...]
    pairs: tuple[tuple[Record, Record], ...]
    only_a: int
    only_b: int


@dataclass(frozen=True)
class Alone:
    """Trials of one variant on one instance that have no counterpart.

    Attributes:
        side: where they are.
        problem, solver, instance: names.
        trials: how many.
        why: what the other side lacks, in words.
    """

    side: Side
    problem: str
    solver: str
    instance: str
    trials: int
    why: str


@dataclass(frozen=True)
class Matched:
    """What belongs together, and what is left over.

    Attributes:
        rows: by problem, instance (natural order), methods before baselines, solver.
        alone: what has no counterpart.
        repeats: older repeats of a seed, left out.
    """

    rows: tuple[Row, ...]
    alone: tuple[Alone, ...]
    repeats: int


def match(a: Iterable[Record], b: Iterable[Record], *, any_budget: bool = False) -> Matched:
    """What A and B have in common.

    Args:
        a: records of one side.
        b: records of the other.
        any_budget: whether variants may correspond that had different budgets.

    Raises:
        UserError: budgets differ and `any_budget` is off, or a problem has two metrics.
    """
    in_a, in_b = sort_in(a), sort_in(b)
    questions = question_names({**in_a.questions, **in_b.questions})
    solvers = solver_names(in_a.variants, in_b.variants)
    rows, alone = [], []
    for subject in dict.fromkeys([*in_a.variants, *in_b.variants]):
        of_a, of_b = in_a.variants.get(subject, {}), in_b.variants.get(subject, {})
        found = counterparts(of_a, of_b)
        problem = questions[subject.who.question]
        for key_a, key_b in found:
            solver = solvers[subject.who, key_a]
            row = _row(problem, subject, solver, of_a[key_a], of_b[key_b])
            _check(row, any_budget)
            rows.append(row)
        left: list[tuple[Side, Variants, Sorted, set[Key]]] = [
            ("A", of_a, in_b, {key for key, _ in found}),
            ("B", of_b, in_a, {key for _, key in found}),
        ]
        for side, own, other, taken in left:
            for key in own.keys() - taken:
                one, solver = own[key], solvers[subject.who, key]
                why = _why(subject, one.instance, other.variants)
                alone.append(Alone(side, problem, solver, one.instance, len(one.trials), why))
    rows.sort(key=lambda r: (r.problem, natural(r.instance), r.role == "baseline", r.solver))
    alone.sort(key=lambda x: (x.side, x.problem, x.solver, natural(x.instance)))
    return Matched(tuple(rows), tuple(alone), in_a.repeats + in_b.repeats)


def _row(problem: str, subject: Subject, solver: str, a: Variant, b: Variant) -> Row:
    seeds = sorted(a.trials.keys() & b.trials.keys())
    return Row(
        problem=problem,
        role=subject.who.role,
        solver=solver,
        instance=b.instance,
        changes=changed(a.texts, b.texts),
        pairs=tuple((a.trials[seed], b.trials[seed]) for seed in seeds),
        only_a=len(a.trials) - len(seeds),
        only_b=len(b.trials) - len(seeds),
    )


def _check(row: Row, any_budget: bool) -> None:
    if not row.pairs:
        return
    a, b = row.pairs[0]
    if (a.metric, a.sense) != (b.metric, b.sense):
        raise UserError(
            f"{row.problem} is measured by {a.metric} ({a.sense}) in A and by {b.metric} "
            f"({b.sense}) in B: they cannot be compared"
        )
    if not any_budget and any(change.startswith(BUDGET) for change in row.changes):
        raise UserError(
            f"budgets differ: {row.solver} on {row.instance} had {budget_text(a.budget)} in A and "
            f"{budget_text(b.budget)} in B; choose with --where, or compare with --any-budget"
        )


def _why(subject: Subject, instance: str, other: Mapping[Subject, Variants]) -> str:
    """What the other side lacks."""
    if subject in other:
        return "which variant there corresponds is not clear"
    of_solver = {s: found for s, found in other.items() if s.who == subject.who}
    if any(one.instance == instance for found in of_solver.values() for one in found.values()):
        return "the instance of this name has another content there"
    if of_solver:
        return "the instance is not there"
    if any(s.who.question == subject.who.question for s in other):
        return "the solver is not there"
    if any(s.who.question.problem == subject.who.question.problem for s in other):
        return "the problem has other settings there"
    return "the problem is not there"
