"""A user's mistake: a key and its values; the words come in the reader's language."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

DEFAULT_LANGUAGE = "en"  # of the command line and of tracebacks


class Worded(BaseException):
    """An exception whose line `key` stands in `report/text/<language>/errors.toml`."""

    def __init__(self, key: str, /, **values: Any):
        super().__init__(key)
        self.key, self.values = key, values

    def say(self, language: str) -> str:
        """Return the line: what, where, and what to do."""
        from hwlib.text import word

        return word(f"errors.{self.key}", language, **self.values)

    def __str__(self) -> str:
        return self.say(DEFAULT_LANGUAGE)


class UserError(Worded, Exception):
    """A mistake that the user can mend.

    The command line prints its line and exits with 2; a notebook shows it without a traceback, in
    the notebook's language.
    """


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a misspelt one comes nearest to, if any does."""
    spelt = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), spelt, n=1)
    return spelt[near[0]] if near else None
