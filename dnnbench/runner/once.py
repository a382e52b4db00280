"""The path that the command line and `dnnbench.solve` share: config to stored record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dnnbench.errors import UserError
from dnnbench.instances.instance import Instance
from dnnbench.instances.load import load_instance
from dnnbench.problems.base import Exact
from dnnbench.records.store import Store
from dnnbench.runner.pool import Pool
from dnnbench.runner.resolve import exact_side
from dnnbench.runner.spec import TrialSpec, default_instance, make_spec, solver_node
from dnnbench.runner.supervise import Watch
from dnnbench.runner.trial import Result, run_trial


@dataclass(frozen=True)
class Prepared:
    """A trial that is ready to run, and the store it belongs to.

    Attributes:
        spec: the trial.
        store: where its record goes.
        problem: exact side of its problem.
    """

    spec: TrialSpec
    store: Store
    problem: Exact

    def stored(self) -> Result | None:
        """The trial's record and solution, if it has been run."""
        if not self.store.has(self.spec.trial_id):
            return None
        record = self.store.get(self.spec.trial_id)
        return Result(record, self.store.solution(record.trial_id))

    def check_writable(self) -> None:
        """Raise `UserError` now rather than after the solve if the store cannot be written."""
        self.store.check_writable()


def prepare(
    config: Mapping[str, Any],
    *,
    data_dir: Path | None,
    cache_dir: Path,
    instance: Instance | None = None,
) -> Prepared:
    """Resolve a composed config; loads the instance unless one is given.

    Raises:
        UserError: something named in the config does not exist or does not fit.
    """
    solver_node(config)  # cheap errors come before a large instance is read
    if instance is None:
        instance = load_instance(
            default_instance(config), data_dir=data_dir, cache_dir=cache_dir, download=False
        )
    family = config["problem"]["_about"]["family"]
    if instance.family != family:
        raise UserError(
            f"{config['problem']['name']} needs a {family}; {instance.name} is a {instance.family}"
        )
    spec = make_spec(config, instance)
    return Prepared(spec, Store(Path(config["results"])), exact_side(spec.problem_about))


def run_once(prepared: Prepared, watch: Watch, replace_record: bool = False) -> Result:
    """Run the trial on workers of its own and store its record."""
    with Pool() as pool:
        result = run_trial(prepared.spec, pool, watch)
    prepared.store.put(result.record, result.solution, replace=replace_record)
    stored = prepared.store.get(result.record.trial_id)
    return replace(result, record=stored)
