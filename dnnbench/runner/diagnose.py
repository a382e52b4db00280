"""Failure signatures: what a trial's diagnostics say, in sentences for people."""

from dnnbench.problems.base import Exact, Verdict
from dnnbench.runner.messages import Final

# Relative difference above which a claim and its verification are said to disagree.
_CLAIM_TOLERANCE = 1e-4

# Mean distance of a relaxed point to {0, 1} above which its rounding is arbitrary; at most 0.5.
_FAR_FROM_BINARY = 0.1


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
    if spread and spread["count"] >= 4 and spread["min"] == spread["max"]:
        said.append(
            f"all {spread['count']} restarts ended at the same value: "
            "a poor local minimum, or the optimum"
        )
    if raw is not None and not raw.feasible:
        said.append(
            f"infeasible after rounding (violation {raw.violation:g}): "
            "the relaxation is too loose or the penalty too weak"
        )
    if raw is not None and final.claim is not None:
        scale = max(abs(float(raw.objective)), 1.0)
        if abs(final.claim - float(raw.objective)) > _CLAIM_TOLERANCE * scale:
            said.append(f"the solver claimed {final.claim:g}, verification found {raw.objective:g}")
    distance = final.diagnostics.get("integrality")
    # A lane that was refilled is read in the middle of a restart, which says nothing.
    unfinished = not final.diagnostics.get("restarts_finished")
    if distance and unfinished and distance["last"] > _FAR_FROM_BINARY:
        said.append(
            f"the relaxed point is {distance['last']:.2f} from binary on average: "
            "rounding decides, not the optimisation (run longer, or sharpen it)"
        )
    if final.diagnostics.get("answer") == "last streamed":
        said.append(
            "the solver was ended from outside: this is its output with the least loss, not that "
            "of the stopping rule"
        )
    memory = final.diagnostics.get("out_of_memory")
    if memory:
        said.append(
            f"memory ran out: micro-batch {memory['micro_batch_before']} "
            f"became {memory['micro_batch_after']}"
        )
    return said
