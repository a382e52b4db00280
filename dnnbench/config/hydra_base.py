"""Hydra's part: composes the shipped groups and those of plug-ins; once for each choice."""

import copy
from functools import lru_cache
from typing import Any

from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.paths import shared_folder


def composed(chosen: tuple[str, ...]) -> dict[str, Any]:
    """The configuration under these group choices, as plain dictionaries of the caller's own.

    Args:
        chosen: overrides of groups only, such as `method=pi_gnn`.

    Raises:
        UserError: Hydra cannot compose it.
    """
    # The checksum tells two states of one file apart, in a process that loads both.
    brought = tuple(
        (group, name, entry.about["plugin"].get("sha256", ""))
        for group in catalog.GROUPS
        for name, entry in catalog.entries(group).items()
        if "plugin" in entry.about
    )
    return copy.deepcopy(_composed(chosen, brought))


@lru_cache(maxsize=256)
def _composed(chosen: tuple[str, ...], brought: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    from hydra import compose, initialize_config_dir
    from hydra.core.config_store import ConfigStore
    from hydra.core.global_hydra import GlobalHydra
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    for group, name, _ in brought:
        node = catalog.entry(group, name).node
        ConfigStore.instance().store(name=name, group=group, node=node, provider="plug-in")
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(shared_folder("configs")), version_base="1.3"):
            config = compose("config", overrides=list(chosen))
        plain = OmegaConf.to_container(config, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(" ".join(str(error).splitlines()[:2])) from None
    assert isinstance(plain, dict)
    return {str(k): v for k, v in plain.items()}


def interpolated(config: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The configuration with `values` (by dotted key) in it and every `${...}` resolved.

    Raises:
        UserError: an interpolation names nothing.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    node = OmegaConf.create(config)
    try:
        for key, value in values.items():
            OmegaConf.update(node, key, value)
        plain = OmegaConf.to_container(node, resolve=True)
    except OmegaConfBaseException as error:
        raise UserError(str(error).splitlines()[0]) from None
    assert isinstance(plain, dict)
    return {str(k): v for k, v in plain.items()}
