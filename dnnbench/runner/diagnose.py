"""Failure signatures: what a trial's diagnostics say, in sentences for people."""

from collections.abc import Mapping

from dnnbench.problems.base import Exact, Verdict
from dnnbench.runner.messages import Final

# Relative difference above which a claim and its verification are said to disagree.
_CLAIM_TOLERANCE = 1e-4

# Mean distance of a relaxed point to {0, 1} above which its rounding is arbitrary; at most 0.5.
_FAR_FROM_BINARY = 0.1

# Relative residual of a program above which it is worth a sentence.
_FAR_FROM_OPTIMAL = 1e-3


def notes(final: Final, raw: Verdict | None, problem: Exact) -> list[str]:
    """What is seen and what it suggests; empty when nothing is conspicuous."""
    said = []
    spread = final.diagnostics.get("restart_cost")
    diverged = final.diagnostics.get("restarts_diverged", 0)
    if diverged:
        said.append(
            f"{diverged} of {final.restarts} restarts diverged (non-finite values); "
            "the others went on: try a smaller step size"
        )
    solved = raw is not None and raw.feasible and raw.objective == getattr(problem, "goal", None)
    # Restarts for a convex program are meant to end at one value, as those that solve theirs do.
    alike = solved or problem.family == "program"
    if spread and spread["count"] >= 4 and spread["min"] == spread["max"] and not alike:
        said.append(
            f"all {spread['count']} restarts ended at the same value: "
            "a poor local minimum, or the optimum"
        )
    if raw is not None and problem.family == "program":
        said += _of_program(raw.metrics)
    elif raw is not None and not raw.feasible:
        said.append(
            f"infeasible after rounding (violation {raw.violation:g}): "
            "the relaxation is too loose or the penalty too weak"
        )
    if raw is not None and raw.feasible and final.claim is not None:
        scale = max(abs(float(raw.objective)), 1.0)
        if abs(final.claim - float(raw.objective)) > _CLAIM_TOLERANCE * scale:
            said.append(f"the solver claimed {final.claim:g}, verification found {raw.objective:g}")
    distance = final.diagnostics.get("integrality")
    # A lane that was refilled is read in the middle of a restart, which says nothing.
    unfinished = not final.diagnostics.get("restarts_finished")
    if distance and unfinished and distance["last"] > _FAR_FROM_BINARY and not solved:
        said.append(
            f"the relaxed point is {distance['last']:.2f} from binary on average: "
            "rounding decides, not the optimisation (run longer, or sharpen it)"
        )
    if final.diagnostics.get("answer") == "last streamed":
        said.append(
            "the solver was ended from outside: this is its output with the least loss, not that "
            "of the stopping rule"
        )
    refused = final.diagnostics.get("certificate_refused")
    if refused:
        said.append(f"the solver says {refused}, but its certificate does not show it")
    memory = final.diagnostics.get("out_of_memory")
    if memory:
        said.append(
            f"memory ran out: micro-batch {memory['micro_batch_before']} "
            f"became {memory['micro_batch_after']}"
        )
    return said


def _of_program(residuals: Mapping[str, float]) -> list[str]:
    """What keeps an answer from being optimal, the worst alone; its rows in any case."""
    primal, dual, gap = (residuals[f"relative_{part}"] for part in ("primal", "dual", "gap"))
    said = []
    if primal > _FAR_FROM_OPTIMAL:
        said.append(
            f"the rows are violated by {residuals['primal_residual']:.2g} (relative {primal:.2g}): "
            "the penalty in force is too weak, or the program is infeasible: "
            "baseline=highs_simplex can prove it"
        )
    worst = max(dual, gap)
    if worst <= max(primal, _FAR_FROM_OPTIMAL):
        return said
    if dual == worst:
        said.append(
            f"the multipliers are furthest from optimal (relative dual residual {dual:.2g}): "
            "the step is too large for them to settle, or the steps are too few"
        )
    else:
        said.append(
            f"the primal and the dual objective are furthest apart (relative gap {gap:.2g}): "
            "run longer"
        )
    return said
