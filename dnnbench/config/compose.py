"""From command-line overrides to one validated configuration, through Hydra's compose API."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dnnbench.config import catalog
from dnnbench.config.validate import checked
from dnnbench.errors import UserError, nearest, unknown
from dnnbench.paths import shared_folder

# Values of these keys are names and paths; they are taken literally, so that a path may hold
# characters that mean something in Hydra's grammar.
_LITERAL = ("instance", "results")


def compose(overrides: Sequence[str]) -> dict[str, Any]:
    """The composed, validated configuration as plain dictionaries.

    Args:
        overrides: in Hydra's override grammar: `method=pi_gnn`, `budget.seconds=5`.

    Raises:
        UserError: an override cannot be read, names something unknown, or has a bad value.
    """
    prepared = [_literal(o) for o in overrides]
    parsed = _parse(prepared)
    for override in parsed:
        if override.is_sweep_override():
            raise UserError(
                f"'{override.input_line}' names several values; a run takes one"
                " (`dnnbench sweep` takes many)"
            )
    groups = [o for o in parsed if o.key_or_group in (*catalog.GROUPS, "experiment")]
    for override in groups:
        _check_group(override.key_or_group, override.value())
    base = _hydra([o.input_line for o in groups])
    known = _flatten(base)
    for override in parsed:
        key = override.key_or_group
        if override not in groups and key not in known:
            raise _unknown_key(key, known)
        if "._" in f".{key}":
            raise UserError(f"'{key}' is metadata and cannot be set")
    return checked(_hydra(prepared))


def _literal(override: str) -> str:
    key, sign, value = override.partition("=")
    if key in _LITERAL and sign and value and not re.match(r"""^['"\[]|^null$""", value):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"{key}='{escaped}'"
    return override


def _parse(overrides: Sequence[str]) -> list[Any]:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    parser = OverridesParser.create()
    result = []
    for text in overrides:
        if "=" not in text and not text.startswith("~"):
            hint = ""
            for group in ("method", "baseline", "problem"):
                if text in catalog.entries(group):
                    hint = f" (did you mean '{group}={text}'?)"
            raise UserError(f"cannot read '{text}': overrides look like key=value{hint}")
        try:
            result.append(parser.parse_override(text))
        except HydraException as error:
            first = str(error).splitlines()[0]
            raise UserError(f"cannot read '{text}': {first}") from None
    return result


def _check_group(group: str, value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise unknown(group, str(value), catalog.entries(group))
    if group == "experiment":
        raise UserError(
            f"an experiment is many trials: start it with `dnnbench sweep experiment={value}`"
        )
    if value in catalog.entries(group):
        return
    other = {"method": "baseline", "baseline": "method"}.get(group)
    if other and value in catalog.entries(other):
        raise UserError(f"'{value}' is a {other}: write {other}={value}")
    raise unknown(group, value, catalog.entries(group))


def _flatten(config: Mapping[str, Any], prefix: str = "") -> set[str]:
    keys: set[str] = set()
    for key, value in config.items():
        if str(key).startswith("_"):
            continue
        name = f"{prefix}{key}"
        keys.add(name)
        if isinstance(value, Mapping):
            keys |= _flatten(value, f"{name}.")
    return keys


def _unknown_key(key: str, known: set[str]) -> UserError:
    group, _, option = key.partition(".")
    if option and (group in known or group in catalog.GROUPS):
        inside = sorted(k.partition(".")[2] for k in known if k.startswith(f"{group}."))
        hint = nearest(option, inside)
        if not inside:
            return UserError(f"unknown option '{key}': no {group} is chosen (give {group}=NAME)")
        where = hint or "; it has: " + ", ".join(inside)
        return UserError(f"{group} has no option '{option}'{where}")
    return unknown("option", key, known)


def _hydra(overrides: Sequence[str]) -> dict[str, Any]:
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(shared_folder("configs")), version_base="1.3"):
            config = hydra_compose("config", overrides=list(overrides))
        plain = OmegaConf.to_container(config, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(" ".join(str(error).splitlines()[:2])) from None
    assert isinstance(plain, dict)
    return {str(k): v for k, v in plain.items()}
