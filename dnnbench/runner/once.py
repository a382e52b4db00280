"""The path that the command line and `dnnbench.solve` share: config to stored record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from dnnbench.errors import UserError
from dnnbench.instances.formats.pictures import write_picture
from dnnbench.instances.instance import Instance
from dnnbench.instances.load import load_instance
from dnnbench.problems.base import Exact
from dnnbench.records.status import Status
from dnnbench.records.store import Store
from dnnbench.runner.pool import Pool
from dnnbench.runner.preview import Preview
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
        """The trial's record and solution, if it has been run to its end."""
        if not self.store.has(self.spec.trial_id):
            return None
        record = self.store.get(self.spec.trial_id)
        if record.status is Status.INTERRUPTED:
            return None
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
        name = default_instance(config)
        instance = load_for(config, name, data_dir=data_dir, cache_dir=cache_dir)
    check_family(config, instance)
    load = partial(load_instance, data_dir=data_dir, cache_dir=cache_dir, download=False)
    spec = make_spec(config, instance, load)
    return Prepared(spec, Store(Path(config["results"])), exact_side(spec.problem_about))


def load_for(
    config: Mapping[str, Any], name: str, *, data_dir: Path | None, cache_dir: Path
) -> Instance:
    """The instance of this name, for the config's problem.

    Raises:
        UserError: there is none, it is damaged, or the problem is not about its kind of data.
    """
    instance = load_instance(name, data_dir=data_dir, cache_dir=cache_dir, download=False)
    check_family(config, instance)
    return instance


def check_family(config: Mapping[str, Any], instance: Instance) -> None:
    """Raise `UserError` if the config's problem is not about the instance's kind of data."""
    family = config["problem"]["_about"]["family"]
    if instance.family != family:
        raise UserError(
            f"{config['problem']['name']} needs a {family}; {instance.name} is a {instance.family}"
        )


def run_once(prepared: Prepared, watch: Watch, replace_record: bool = False) -> Result:
    """Run the trial on workers of its own and store its record.

    A record of the same trial that was interrupted gives way, and so does any other if
    `replace_record` says so; a trial that was interrupted goes on from its checkpoint.
    """
    store, trial = prepared.store, prepared.spec.trial_id
    if replace_record:
        store.drop_checkpoint(trial)
    if prepared.spec.makes_pictures:
        watch = replace(watch, answer=Preview(store, trial))
    with Pool() as pool:
        result = run_trial(prepared.spec, pool, watch, checkpoint=store.checkpoint_path(trial))
    keep(store, result, replace_record)
    return replace(result, record=store.get(trial))


def keep(store: Store, result: Result, replace_record: bool = False) -> bool:
    """Store a trial; its checkpoint goes, unless it was interrupted.

    Returns:
        False if another process had stored it first.
    """
    trial = result.record.trial_id
    replace_record = replace_record or store.status(trial) is Status.INTERRUPTED
    for name, picture in result.pictures.items():
        store.put_picture(trial, name, write_picture(picture))
    if result.pictures:
        Preview(store, trial).remove()
    added = store.put(result.record, result.solution, replace=replace_record)
    if result.record.status is not Status.INTERRUPTED:
        store.drop_checkpoint(trial)
    return added
