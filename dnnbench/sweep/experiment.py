"""Experiments: named blocks of override words, with profiles such as `quick` and `full`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dnnbench.config import catalog
from dnnbench.errors import UserError, nearest
from dnnbench.sweep.expand import overlay


def read_experiment(name: str, profile: str | None) -> list[list[str]]:
    """The blocks of override words of an experiment.

    Args:
        name: one of `configs/experiment`, of a plug-in, or a YAML file.
        profile: one of its profiles: words that replace those of every block, or blocks of its
            own; None for none.

    Raises:
        UserError: there is no such experiment or profile, or the file is wrong.
    """
    node = _experiment_node(name)
    blocks = _blocks(name, node)
    if profile is None:
        return blocks
    profiles = node.get("profiles") or {}
    if profile not in profiles:
        hint = nearest(profile, profiles) or f"; it has: {', '.join(profiles) or 'none'}"
        raise UserError(f"experiment '{name}' has no profile '{profile}'{hint}")
    chosen = profiles[profile]
    if isinstance(chosen, Mapping):
        return _blocks(name, chosen)
    return overlay(blocks, [str(word) for word in chosen])


def _blocks(name: str, node: Mapping[str, Any]) -> list[list[str]]:
    blocks = node.get("blocks")
    if blocks is None:
        blocks = [node.get("overrides")]
    good = isinstance(blocks, list) and all(isinstance(block, list) and block for block in blocks)
    if not good or not blocks:
        raise UserError(f"experiment '{name}' needs `overrides`, a list of words, or `blocks`")
    return [[str(word) for word in block] for block in blocks]


def _experiment_node(name: str) -> Mapping[str, Any]:
    if not name.endswith((".yaml", ".yml")):
        return catalog.entry("experiment", name).node
    import yaml

    try:
        node = yaml.safe_load(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"experiment={name}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"experiment={name}: {' '.join(str(error).split())}") from None
    if not isinstance(node, dict):
        raise UserError(f"experiment={name}: not a mapping")
    return node
