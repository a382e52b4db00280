"""From command-line overrides to one validated configuration, through Hydra's compose API."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from dnnbench.config import catalog
from dnnbench.config.hydra_base import composed, interpolated
from dnnbench.config.validate import checked
from dnnbench.errors import UserError, nearest, unknown

# Values of these keys are names and paths. They never pass through Hydra, so that a path may hold
# characters that mean something in its grammar.
_LITERAL = ("instance", "results")

# Groups of which nothing need be chosen.
_OPTIONAL = ("method", "baseline")


def compose(overrides: Sequence[str]) -> dict[str, Any]:
    """The composed, validated configuration as plain dictionaries.

    Args:
        overrides: in Hydra's override grammar: `method=pi_gnn`, `budget.seconds=5`.

    Raises:
        UserError: an override cannot be read, names something unknown, or has a bad value.
    """
    literal = dict(pair for o in overrides if (pair := _literal(o)))
    parsed = parse([o for o in overrides if _literal(o) is None])
    for override in parsed:
        _check_form(override)
    groups = [o for o in parsed if o.key_or_group in (*catalog.GROUPS, *catalog.SWEEP_GROUPS)]
    chosen: dict[str, str | None] = {}
    for override in groups:
        _check_group(override.key_or_group, override.value())
        chosen[override.key_or_group] = override.value()
    values = {o.key_or_group: o.value() for o in parsed if o not in groups}
    config = compose_values(chosen, values | literal)
    for override in parsed:
        if override.is_add() or override.is_force_add():
            raise UserError(f"'{override.input_line}': that is there already; leave out the '+'")
    return config


def compose_values(chosen: Mapping[str, str | None], values: Mapping[str, Any]) -> dict[str, Any]:
    """The composed, validated configuration from choices and values that need no parsing.

    Args:
        chosen: option by group, such as `method: pi_gnn`; None chooses nothing.
        values: by dotted key, such as `budget.seconds: 5.0`.

    Raises:
        UserError: a key is unknown or a value is bad.
    """
    config = composed(tuple(f"{k}={v}" for k, v in sorted(chosen.items()) if v is not None))
    _apply_own_defaults(config, values)
    known = _flatten(config)
    for key in values:
        _check_key(key, known)
    if any("${" in v for v in values.values() if isinstance(v, str)):
        free = {k: v for k, v in values.items() if k not in _LITERAL}
        config = interpolated(config, free)
        values = {k: v for k, v in values.items() if k in _LITERAL}
    for key, value in values.items():
        *path, last = key.split(".")
        node = config
        for part in path:
            node = node[part]
        node[last] = value
    return checked(config)


def _apply_own_defaults(config: dict[str, Any], values: Mapping[str, Any]) -> None:
    """What a solver's file says of single problems, and of the budget if nobody sets one.

    `_per_problem` has settings by problem (a paper's settings for each task), `_budget` the budget
    at which the solver's own schedule ends (one restart of a network that trains for an hour).
    """
    node = config.get("method") or config.get("baseline") or {}
    _apply_own_of_problem(config, node)
    if not any(key.startswith("budget.") and key != "budget.cores" for key in values):
        config["budget"].update(node.get("_budget", {}))


def _apply_own_of_problem(config: dict[str, Any], node: dict[str, Any]) -> None:
    """The solver's settings on this problem; a key `problem.NAME` is a setting of the problem.

    Raises:
        UserError: there is no such setting.
    """
    problem = config["problem"]
    for key, value in node.get("_per_problem", {}).get(problem["name"], {}).items():
        group, _, name = key.rpartition(".")
        where = {"": node, "problem": problem}.get(group, {})
        known = [k for k in where if not k.startswith("_") and k != "name"]
        if name not in known:
            what = f"setting of {group or node['name']} (_per_problem of {node['name']})"
            raise unknown(what, name, known)
        where[name] = value


def _literal(override: str) -> tuple[str, str | None] | None:
    """(key, value) of an override whose value is taken as it stands, quotes around it removed."""
    key, sign, value = override.partition("=")
    if key not in _LITERAL or not sign:
        return None
    if value == "null":
        return key, None
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return key, str(parse([override])[0].value())
    return key, value


def _check_form(override: Any) -> None:
    if override.is_sweep_override():
        raise UserError(
            f"'{override.input_line}' names several values; a run takes one"
            " (`dnnbench sweep` takes many)"
        )
    if override.is_delete():
        raise UserError(f"'{override.input_line}': nothing can be taken out of the configuration")
    if override.package is not None:
        raise UserError(f"'{override.input_line}': groups have one place each (leave out the '@')")


def _check_key(key: str, known: Mapping[str, bool]) -> None:
    """Whether `key` is an option that may be set (`known`: whether a key is an option)."""
    group, _, option = key.partition(".")
    if "._" in f".{key}" or (group in catalog.GROUPS and option == "name"):
        raise UserError(f"'{key}' is metadata and cannot be set")
    if key not in known:
        raise _unknown_key(key, known)
    if not known[key]:
        inside = next((k for k in known if k.startswith(f"{key}.")), f"{key}.OPTION")
        raise UserError(f"'{key}' holds several options; set them one by one, as in {inside}=...")


def parse(overrides: Sequence[str]) -> list[Any]:
    """Hydra's reading of each override.

    Raises:
        UserError: one cannot be read.
    """
    from hydra.errors import HydraException

    result = []
    for text in overrides:
        if "=" not in text and not text.startswith("~"):
            hint = ""
            for group in ("method", "baseline", "problem"):
                if text in catalog.entries(group):
                    hint = f" (did you mean '{group}={text}'?)"
            raise UserError(f"cannot read '{text}': overrides look like key=value{hint}")
        try:
            result.append(_parsed(text))
        except HydraException as error:
            first = str(error).splitlines()[0]
            raise UserError(f"cannot read '{text}': {first}") from None
    return result


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Any:
    """Hydra's reading of one override, which takes milliseconds; sweeps and loops repeat most."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return OverridesParser.create().parse_override(text)


def _check_group(group: str, value: Any) -> None:
    if group in catalog.SWEEP_GROUPS:
        what = "an experiment is" if group == "experiment" else f"a {group} is for"
        raise UserError(f"{what} many trials: start them with `dnnbench sweep {group}={value} ...`")
    if value is None:
        if group not in _OPTIONAL:
            raise UserError(
                f"{group} must not be null: one of " + ", ".join(catalog.entries(group))
            )
        return
    if not isinstance(value, str):
        raise unknown(group, str(value), catalog.entries(group))
    if value in catalog.entries(group):
        return
    other = {"method": "baseline", "baseline": "method"}.get(group)
    if other and value in catalog.entries(other):
        raise UserError(f"'{value}' is a {other}: write {other}={value}")
    raise unknown(group, value, catalog.entries(group))


def _flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, bool]:
    """The keys of all nodes that can be set, and whether each is an option (not a group)."""
    keys: dict[str, bool] = {}
    for key, value in config.items():
        if str(key).startswith("_") or (prefix and key == "name"):
            continue
        name = f"{prefix}{key}"
        keys[name] = not isinstance(value, Mapping)
        if isinstance(value, Mapping):
            keys |= _flatten(value, f"{name}.")
    return keys


def _unknown_key(key: str, known: Mapping[str, bool]) -> UserError:
    group, _, option = key.partition(".")
    if option and (group in known or group in catalog.GROUPS):
        inside = sorted(k.partition(".")[2] for k in known if k.startswith(f"{group}."))
        hint = nearest(option, inside)
        if not inside:
            return UserError(f"unknown option '{key}': no {group} is chosen (give {group}=NAME)")
        where = hint or "; it has: " + ", ".join(inside)
        return UserError(f"{group} has no option '{option}'{where}")
    top = {k for k in known if "." not in k} | {*catalog.GROUPS}
    hint = nearest(key, {*known, *top}) or "; known: " + ", ".join(sorted(top))
    return UserError(f"unknown option '{key}'{hint}")
