"""The words of `report/text` as dictionaries, for modules that do not ask `hwlib.text` yet."""

from __future__ import annotations

from hwlib.text import LANGUAGES, section

__all__ = ["FACTS", "LANGUAGES", "METRICS", "PROBLEMS", "WORDS"]

WORDS = {
    code: section("compare", code)
    | section("page", code)
    | {"compare_note": section("compare", code)["note"]}
    for code in LANGUAGES
}
PROBLEMS = {code: section("page", code)["problems"] for code in LANGUAGES}
FACTS = {code: section("facts", code) for code in LANGUAGES}
METRICS = {
    code: {name: metric["label"] for name, metric in section("metrics", code).items()}
    for code in LANGUAGES
}
