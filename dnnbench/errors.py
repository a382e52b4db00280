"""The one exception class for mistakes a user can mend."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Wrong use or bad input; the command line prints it in one or two lines and exits with 2.

    Raise it with a message that names the file and line, the option, or the nearest valid name.
    """


class MissingDataError(UserError):
    """A public instance that is known but not on this machine."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming the closest valid names: ``" (did you mean 'pi_gnn'?)"``, or ``""``."""
    options = sorted(set(known))
    lowered = {option.lower(): option for option in options}
    close = difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.5)
    if close:
        return " (did you mean " + " or ".join(f"'{lowered[c]}'" for c in close) + "?)"
    return ""


def unknown(what: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist, naming the nearest ones or all if they are few."""
    options = sorted(set(known))
    hint = nearest(name, options)
    if not hint and options:
        shown = ", ".join(options[:12]) + (", ..." if len(options) > 12 else "")
        hint = f"; known: {shown}"
    return UserError(f"unknown {what} '{name}'{hint}")
