"""The list of references: `report/references.toml`, an entry a work."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MAX_AUTHORS = 3  # listed by name
FILE = Path(__file__).parents[2] / "report" / "references.toml"


@dataclass(frozen=True)
class Reference:
    """A work that is cited."""

    authors: str
    year: int
    title: str
    where: str  # journal or conference, and what finds it there
    url: str

    @property
    def short_authors(self) -> str:
        """The authors; of many the first alone."""
        names = self.authors.split(", ")
        return self.authors if len(names) <= MAX_AUTHORS else f"{names[0]} et al."


@cache
def references() -> Mapping[str, Reference]:
    """Return all works by their keys: the first author's surname and the year."""
    known = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {key: Reference(**entry) for key, entry in known.items()}
