"""Which views (`NAME@...`) an instance has, by its kind of data."""

from dnnbench.errors import UserError
from dnnbench.instances.graph_view import FORM, GraphView, is_graph_change, parse_graph_view
from dnnbench.instances.view import View, is_picture_change, parse_view

RELAXED = "relaxed"
"""The change that takes a program's integer variables for continuous ones."""


def picture_view(changes: str, name: str, base: str) -> View:
    """The view of a picture; arguments as for `graph_view`.

    Raises:
        UserError: no such view, or one of graphs.
    """
    if any(map(is_graph_change, changes.split("-"))):
        raise UserError(f"'{name}': {base} is a picture, so it has no complement and no weights")
    return parse_view(changes, name)


def graph_view(family: str, changes: str, name: str, base: str) -> GraphView:
    """The view of an instance that is no picture.

    Args:
        family: kind of data of the base.
        changes: what follows the `@`.
        name: the whole name, for error messages.
        base: what comes before the `@`.

    Raises:
        UserError: no such view, one of pictures, or another kind of data than a graph.
    """
    parts = changes.split("-")
    if family == "program":
        raise UserError(
            f"'{name}': {base} is a program, of which there is only '{RELAXED}', and only of files"
        )
    if family != "graph" and any(map(is_graph_change, parts)):
        raise UserError(f"'{name}': {base} is no graph, so it has no complement and no weights")
    if family != "graph" or any(map(is_picture_change, parts)):
        form = f"; a graph has {FORM}" if family == "graph" else ""
        raise UserError(
            f"'{name}': {base} is no picture, so it has no crop and no other form{form}"
        )
    return parse_graph_view(changes, name)
