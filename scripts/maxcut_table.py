"""Every solver on five G-set graphs, three seeds, ten seconds each: the table of docs/maxcut.md.

Trials that have a record are skipped, so the script can be stopped and started again:

    python scripts/maxcut_table.py results/maxcut_table
    dnnbench table results/maxcut_table --format markdown
"""

import argparse
import sys
import time
from pathlib import Path

from dnnbench.config import catalog
from dnnbench.config.compose import compose
from dnnbench.instances.load import default_cache_dir
from dnnbench.runner.once import prepare
from dnnbench.runner.pool import Pool
from dnnbench.runner.supervise import Watch
from dnnbench.runner.trial import run_trial

INSTANCES = ("G14", "G22", "G43", "G55", "G70")


def main() -> int:
    """Run what has no record yet; one line a trial."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--instances", nargs="*", default=INSTANCES)
    parser.add_argument("--solvers", nargs="*", default=None)
    options = parser.parse_args()
    solvers = [(g, n) for g in ("method", "baseline") for n in catalog.entries(g)]
    chosen = [s for s in solvers if options.solvers is None or s[1] in options.solvers]
    trials = [
        (role, name, instance, seed)
        for seed in range(options.seeds)
        for instance in options.instances
        for role, name in chosen
    ]
    with Pool() as pool:
        for i, (role, name, instance, seed) in enumerate(trials):
            words = [
                f"{role}={name}",
                f"instance=gset/{instance}",
                f"seed={seed}",
                f"budget.seconds={options.seconds}",
                f"results={options.results}",
            ]
            prepared = prepare(compose(words), data_dir=None, cache_dir=default_cache_dir())
            if prepared.stored() is not None:
                continue
            begin = time.perf_counter()
            result = run_trial(prepared.spec, pool, Watch())
            prepared.store.put(result.record, result.solution)
            record = result.record
            print(
                f"{i + 1}/{len(trials)} {name} {instance} seed {seed}: {record.value} "
                f"(before polish {record.raw_value}), {time.perf_counter() - begin:.1f} s",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
