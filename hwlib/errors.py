"""The one exception for a user's mistake."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake that the user can mend: one line that says what, where, and what to do.

    The command line prints the line and exits with 2; a notebook shows it without a traceback, and
    in Chinese too where `hwlib.mistakes` has the words.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return what to put after a name that is not known: the nearest known one, or nothing."""
    spelt = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), spelt, n=1)
    return f" (did you mean {spelt[near[0]]}?)" if near else ""
