"""Many instances of one shape solved by a method in one compiled run, each with its own record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dnnbench.config.compose import compose
from dnnbench.errors import UserError
from dnnbench.instances.generators.spec import PREFIX, parse_spec
from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.runner.once import keep, load_for, prepare
from dnnbench.runner.pool import Pool
from dnnbench.runner.stack import of_instances, run_stack
from dnnbench.runner.supervise import Watch
from dnnbench.sweep.expand import key_of, values_by_key

__all__ = ["Stacked", "names", "stack"]

_MOST = 10_000


@dataclass(frozen=True)
class Stacked:
    """A solved stack.

    Attributes:
        records: one an instance, in their order.
        store: where they are.
        solved: how many were solved now; the others were on record.
    """

    records: tuple[Record, ...]
    store: Store
    solved: int


def stack(
    words: Sequence[str],
    *,
    data_dir: Path | None,
    cache_dir: Path,
    watch: Watch | None = None,
    again: bool = False,
) -> Stacked:
    """Solve all instances, or read them if all are on record.

    Args:
        words: overrides of one trial; `instance` names several of them, or one of a generator
            which `count` repeats with as many seeds.
        data_dir: folder with public instances, or None.
        cache_dir: where downloads are.
        watch: what people are shown.
        again: whether to solve them although they are on record.

    Raises:
        UserError: a word is wrong, or the instances differ in shape.
    """
    every = names(words)
    rest = [w for w in words if key_of(w) not in ("instance", "count")]
    polish = [] if any(key_of(w) == "problem.polish" for w in rest) else ["problem.polish=none"]
    config = compose([*rest, *polish, f"instance={every[0]}"])
    if config.get("baseline"):
        raise UserError("a stack is a method's: give method=NAME")
    if config["problem"].get("polish", "none") != "none":
        raise UserError("nothing is polished in a stack: problem.polish=none")
    instances = [load_for(config, n, data_dir=data_dir, cache_dir=cache_dir) for n in every]
    prepared = prepare(config, data_dir=data_dir, cache_dir=cache_dir, instance=instances[0])
    for instance in instances[1:]:
        prepared.problem.check(instance.public)
    trials = of_instances(prepared.spec, instances)
    store = prepared.store
    done = not again and all(store.has(t.trial_id) for t in trials)
    if not done:
        prepared.check_writable()
        with Pool() as pool:
            for result in run_stack(trials, pool, watch):
                keep(store, result, replace_record=True)
    records = tuple(store.get(t.trial_id) for t in trials)
    return Stacked(records, store, 0 if done else len(trials))


def names(words: Sequence[str]) -> tuple[str, ...]:
    """The instances that the words name, in order, none of them twice.

    Raises:
        UserError: fewer than two, or `count` does not fit.
    """
    given = values_by_key([w for w in words if key_of(w) == "instance"]).get("instance", ())
    count = next((w.partition("=")[2] for w in words if key_of(w) == "count"), None)
    if count is not None:
        given = _counted(given, count)
    found = tuple(dict.fromkeys(given))
    if not 2 <= len(found) <= _MOST:
        raise UserError(
            f"a stack has 2 to {_MOST} instances: give several, or count=1000 and the first one of "
            "a generator, as in instance=gen/dense_lp-n50-m30-s1"
        )
    return found


def _counted(given: Sequence[str], count: str) -> tuple[str, ...]:
    """One generated instance, and those of the seeds after its own."""
    if not count.isascii() or not count.isdigit() or not 2 <= int(count) <= _MOST:
        raise UserError(f"count={count} is no whole number from 2 to {_MOST}")
    if len(given) != 1 or not given[0].startswith(PREFIX):
        raise UserError("count repeats one generator with other seeds: instance=gen/KIND-...-s1")
    spec = parse_spec(given[0])
    if spec.seed is None:
        raise UserError(f"{given[0]} has no seed, so there is one of its kind")
    return tuple(replace(spec, seed=spec.seed + k).name for k in range(int(count)))
