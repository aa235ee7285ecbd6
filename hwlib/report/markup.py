"""What HTML and Typst share: templates, and items as a template's text among pandoc's blocks."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from pandocfilters import Plain, RawBlock, RawInline

from hwlib.report.document import Node
from hwlib.text import legible, section, word

TEMPLATES = Path(__file__).parent / "templates"
FONTS = Path(__file__).resolve().parents[1] / "fonts"
CAPTION, BODY = "\ue000", "\ue001"  # stand for them in the text of an item


def set_item(target: str, text: str, caption: Sequence[Node], body: Sequence[Node]) -> list[Node]:
    """Return an item as nodes: its text in a format, with its caption and its table in it.

    The text has `CAPTION` and `BODY` in their places, the caption before the table.
    """
    start, _, end = text.partition(BODY)
    first, *rest = start.split(CAPTION)
    inlines = [RawInline(target, first)]
    for piece in rest:
        inlines += [*caption, RawInline(target, piece)]
    return [Plain(inlines), *body, *([RawBlock(target, end)] if body else [])]


def words_of(language: str) -> dict[str, Any]:
    """Return what every template needs to write a language's words."""
    words = {
        "w": section("page", language),
        "word": lambda key, **values: word(key, language, **values),
    }
    return words | {"caption_place": CAPTION, "body_place": BODY}


@cache
def template(name: str) -> jinja2.Template:
    """Return one of our templates; only those of HTML escape what they are given."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html.jinja"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["q"] = literal
    # No space after a comma, where `unbroken` would put one that JSON does not know.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    return environment.get_template(name)


def literal(value: Any) -> str:
    """Return a value as Typst writes it: a string, a number, true, none, or an array of them."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"({''.join(f'{literal(part)}, ' for part in value)})"
    if isinstance(value, str):
        value = legible(value)
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
