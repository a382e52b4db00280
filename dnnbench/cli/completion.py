"""Shell completion of overrides: groups, their options, settings, instance names."""

from dnnbench.config import catalog


def complete_sweep(incomplete: str) -> list[str]:
    """What may follow the word being typed after `sweep` or `compare`; values after a comma too."""
    key, sign, value = incomplete.partition("=")
    if not sign:
        words = [f"{g}=" for g in catalog.SWEEP_GROUPS] + ["profile="]
        return [*complete_override(incomplete), *(w for w in words if w.startswith(key))]
    done, comma, last = value.rpartition(",")
    if key in catalog.SWEEP_GROUPS:
        options = list(catalog.entries(key))
        if key == "suite":
            from dnnbench.instances.registry import suites

            options += list(suites())
        return [f"{key}={done}{comma}{o}" for o in options if o.startswith(last)]
    words = complete_override(f"{key}={last}")
    return [f"{key}={done}{comma}{w.partition('=')[2]}" for w in words]


def complete_override(incomplete: str) -> list[str]:
    """What may follow the word being typed, in Hydra's grammar."""
    key, sign, value = incomplete.partition("=")
    if not sign:
        words = [f"{g}=" for g in catalog.GROUPS] + ["instance=", "seed=", "results="]
        words += [f"budget.{k}=" for k in catalog.entry("budget", "default").defaults]
        words += [f"hardware.{k}=" for k in catalog.entry("hardware", "auto").defaults]
        if key.startswith(("method.", "baseline.")):
            group = key.partition(".")[0]
            settings = {k for e in catalog.entries(group).values() for k in e.defaults}
            words += [f"{group}.{k}=" for k in sorted(settings)]
        return [w for w in words if w.startswith(key)]
    options: list[str] = []
    if key in catalog.GROUPS:
        options = list(catalog.entries(key))
    elif key == "instance":
        from dnnbench.instances.registry import registry

        options = list(registry())
    return [f"{key}={o}" for o in options if o.startswith(value)]
