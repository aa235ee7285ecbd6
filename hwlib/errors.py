"""A user's mistake: a key and its values; the words come in the reader's language."""

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

DEFAULT_LANGUAGE = "en"  # of the command line and of tracebacks

# What to do about an error of the system, `errors.ways.*`; of others nothing is known.
WAYS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "space"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "rights"),
    **dict.fromkeys((errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY), "place"),
    **dict.fromkeys((errno.ENAMETOOLONG, errno.EILSEQ), "place"),
    **dict.fromkeys((errno.ENOENT, errno.ESTALE), "gone"),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "files"),
}
OF_THE_USER = ("rights", "place")  # another place is to be named: his mistake


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


def explain(error: Worded | OSError) -> Worded:
    """Return the line for an error: its own, or what went wrong at which path and the way out.

    A place that cannot be used is the user's mistake, a UserError; a full disk is none.
    """
    if isinstance(error, Worded):
        return error
    from hwlib.io import cache_root

    way, is_cache = WAYS.get(error.errno, "other") if error.errno else "", False
    path = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    with suppress(UserError):  # there is no cache, as there is no home
        is_cache = Path(path).is_relative_to(root := cache_root()) or root.is_relative_to(path)
    about = {"path": path, "why": error.strerror or str(error), "way": way, "is_cache": is_cache}
    if way in OF_THE_USER:
        return UserError("system_error", **about)
    return Worded("system_error", **about)


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a misspelt one comes nearest to, if any does."""
    spelt = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), spelt, n=1)
    return spelt[near[0]] if near else None
