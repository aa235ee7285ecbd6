"""The words of the panels, from `report/text/<language>/panels.toml`."""

from __future__ import annotations

from typing import Any

from hwlib.show.page import asked_languages
from hwlib.text import word

# In the order of the notebooks, but the study, which is about VAEs, comes after them.
PROBLEMS = ("vae", "kl", "gan", "acgan", "infogan")

# What `hwlib.data.decode` says of a file that it cannot use, and the name of our words for it.
UNREADABLE = {
    r"is empty.*": "empty",
    r"is (?P<found>\d+x\d+): at least (?P<least>\d+x\d+) pixels are needed": "small",
    r"is no picture.*": "unknown",
    r"is too large.*": "large",
    r"has '?(?P<found>.+?)'? pixels.*": "mode",
    r"is cut off.*": "cut_off",
    r"is damaged.*": "damaged",
}


def words(key: str, lang: str, /, **values: Any) -> str:
    """Return the words `panels.<key>`."""
    return word(f"panels.{key}", lang, **values)


def panel_language(lang: str | None) -> str:
    """Return the language itself, or the first that the notebook asks for where it is None."""
    return lang or asked_languages()[0]
