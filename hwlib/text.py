"""Everything that a person reads, from `report/text/<language>/`: the one loader.

A language is a folder. Its `language.toml` says what it is called and how it joins words; every
other TOML file is a section of words (`labels.toml` holds `labels.step`); every Jinja file holds
sentences, a macro each (`gan.j2` holds `gan.snapshots`). Words may have `{{ values }}` as well.
Python decides what is the case and hands over names, numbers and flags, never words.

Sentences are Markdown, words are plain text; captions are words with marks, `{fig:fig1_2}` say, in
them. What comes from outside, a name in a table of labels or that of a folder, is `Outside` where
it enters Markdown or a caption: there it stands for itself, whatever signs it has.
"""

import html
import os
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial, reduce
from operator import getitem
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

ROOT = Path(os.environ.get("HWLIB_TEXT") or Path(__file__).parents[1] / "report" / "text")
ABOUT = "language"  # the file that makes a folder a language

# Between two Latin letters or digits a line's end is a space, beside Chinese it is nothing.
_LATIN_BREAK = re.compile(r"(?<=[\w%$)*`.,;:!?])[ \t]*\n[ \t]*(?=[\w$(*`\[])", re.ASCII)
_BREAK = re.compile(r"[ \t]*\n[ \t]*")
# Lines for a terminal, not Markdown: the sentences of these files.
LINES = frozenset({"notes"})
# What acts in Markdown, or is one of our marks, where it stands; the last sign of each match.
_ACTIVE = re.compile(
    r"[*`$|\\{@]|<(?=[A-Za-z/!?])|&(?=[#A-Za-z])|\[(?=\^)|\](?=[(\[:{]|$)|~(?=~)|(?<=~)~"
    r"|(?<![^\W_])_|_(?![^\W_])|:(?=//|[\w+-]+:)|(?<=[wW]{3})\.|^(?:[-+](?=[\s-]|$)|[>=#]|\d+[.)](?=\s|$))"
)
_COMMANDS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # to a terminal: colours, for one
# Signs that are none: controls, halves of one (a file's name may have such bytes), and those that
# turn around what stands after them.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_OWN_LINE = re.compile(r"\n[ \t]*(?=- |\$\$|\|)")  # a list's item, a formula, a table's row


@dataclass(frozen=True)
class Language:
    """What a language's folder says of it."""

    order: int  # languages are offered from the lowest on
    tag: str  # for HTML's lang
    code: str  # for Typst's lang
    region: str  # for Typst's region
    name: str  # what its own readers call it
    spaced: bool  # whether a space stands between words, and between sentences
    comma: str  # between the items of a list
    last: str  # before the last of them


@dataclass(frozen=True)
class Finding:
    """What is the case: a sentence `<file>.<macro>`, and the numbers and flags it is made from."""

    key: str
    values: Mapping[str, Any]

    def say(self, language: str) -> str:
        """Return the sentence as Markdown."""
        return sentence(self.key, language, **self.values)


class Outside(str):
    """A text from outside; written into Markdown or a caption it is read as it stands."""

    __slots__ = ()

    def __str__(self) -> str:
        line = " ".join(legible(str.__str__(self)).split())
        return _ACTIVE.sub(lambda found: f"{found[0][:-1]}&#{ord(found[0][-1])};", line)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def outside(value: Any) -> Any:
    """Return a value with all texts in it as such from outside; they still equal themselves."""
    if isinstance(value, str):
        return Outside(value)
    if isinstance(value, dict):
        return {outside(key): outside(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(outside, value))
    return value


def legible(text: str) -> str:
    """Return a text with `\ufffd` for signs that no page, PDF or terminal is to get."""
    return _UNSEEN.sub("\ufffd", _COMMANDS.sub("", text))


def plain(markdown: str) -> str:
    """Return a sentence or a caption as plain text, without its marks of emphasis."""
    return html.unescape(markdown.replace("**", ""))


def finding(key: str, /, **values: Any) -> Finding:
    """Return what is the case; see `Finding`."""
    return Finding(key, values)


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


_FOLDERS = sorted((_read(path)["order"], path) for path in ROOT.glob(f"*/{ABOUT}.toml"))
LANGUAGES = {path.parent.name: Language(**_read(path)) for _, path in _FOLDERS}


# ------------------------------------------------------------------------------------- numbers


def _with_minus(written: str) -> str:
    """Give a written number the minus sign that tables have in place of a hyphen."""
    return written.replace("-", "−")


def number(value: float, digits: int = 3) -> str:
    """Write a number to `digits` significant digits, thousands separated, without exponent."""
    if value == 0 or not np.isfinite(value):
        return _with_minus(f"{value:g}")
    if abs(value) >= 10 ** (digits - 1):
        return _with_minus(f"{value:,.0f}")
    written = np.format_float_positional(value, precision=digits, fractional=False, trim="-")
    return _with_minus(f"{Decimal(written):,f}")


def fixed(value: float, decimals: int) -> str:
    """Write a number to so many decimals, thousands separated."""
    return _with_minus(f"{value:,.{decimals}f}")


def signed(value: float, decimals: int = 0) -> str:
    """Write a change to so many decimals, with its sign; 0 has none."""
    return _with_minus(f"{value:+,.{decimals}f}") if value else fixed(0, decimals)


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage."""
    if 0 < abs(share) < 0.5 * 10 ** -(digits + 2):
        return f"<{10.0**-digits:g} %"
    return f"{fixed(100 * share, digits)} %"


def share(value: float) -> str:
    """Write a share as a whole percentage, one below 10 % to a tenth."""
    return percent(value, 0 if value >= 0.1 else 1)


def points(change: float, digits: int = 0) -> str:
    """Write a change of a share in percentage points, with its sign and without the unit."""
    return _with_minus(f"{100 * change:+.{digits}f}")


def rmse_grey(mse_01: float) -> float:
    """Return the root of an MSE of pixels in [0, 1], in grey levels of 255."""
    return 255 * mse_01**0.5


def thousands(value: int) -> str:
    """Write a whole number, thousands separated."""
    return fixed(value, 0)


def plural(count: int | str, one: str, many: str = "") -> str:
    """Write a count with its noun: '1 epoch', '1,200 epochs'; a text stands as it is."""
    written = count if isinstance(count, str) else thousands(count)
    return f"{written} {one if written == '1' else many or one + 's'}"


def duration(minutes: float, *, language: str) -> str:
    """Write a time: '40 s', '7 min', '1 h 20 min'."""
    if (seconds := round(60 * minutes)) < 60:
        return word("units.seconds", language, seconds=seconds)
    hours, rest = divmod(round(minutes), 60)
    return word(f"units.{'hours' if hours else 'minutes'}", language, hours=hours, minutes=rest)


def join(items: Iterable[Any], *, language: str) -> str:
    """Join names as the language does: 'a, b and c'."""
    *first, last = map(str, items)
    known = LANGUAGES[language]
    return f"{known.comma.join(first)}{known.last}{last}" if first else last


def join_choices(items: str | Iterable[Any], *, language: str) -> str:
    """Join names by the language's comma alone, as a list of choices; a text stands as it is."""
    return items if isinstance(items, str) else LANGUAGES[language].comma.join(map(str, items))


def name_of(name: str, *, language: str) -> str:
    """Return what an attribute or a factor is called; the data's own name where it has no other."""
    return section("names", language).get(name, name)


def say_all(findings: Finding | Iterable[Finding], *, language: str) -> str:
    """Return findings as running text without Markdown's marks of emphasis."""
    found = [findings] if isinstance(findings, Finding) else findings
    gap = " " if LANGUAGES[language].spaced else ""
    return plain(gap.join(one.say(language) for one in found))


# --------------------------------------------------------------------------------------- lines

# An interval such as [0, 1] and λ = 1 are one piece, a Latin word too, a Chinese character each.
PIECE = re.compile(r"\[[^\]]*\][^\s\u2e80-\uffff]*|λ = [\d.]+|[^\s\u2e80-\uffff]+|[\u2e80-\uffff]")
NEVER_FIRST = "，。；：、）」"  # no line begins with these


def width(text: str) -> int:
    """Return how many Latin letters a text is wide: a Chinese character counts two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrap(text: str, room: int, piece: re.Pattern[str] = PIECE) -> list[str]:
    """Break a text without line ends into lines of `width` `room` where its pieces allow it."""
    lines = [""]
    for part in piece.finditer(text):
        gap = " " if text[: part.start()].endswith(" ") and lines[-1] else ""
        is_within = width(lines[-1] + gap + part[0]) <= room
        if not lines[-1] or part[0] in NEVER_FIRST or is_within:
            lines[-1] += gap + part[0]
        else:
            lines.append(part[0])
    return lines


# --------------------------------------------------------------------------------------- texts


@cache
def _environment(language: str) -> jinja2.Environment:
    """Return where a language's sentences are; a value that is missing is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / language),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        finalize=lambda value: legible(value) if type(value) is str else value,
    )
    environment.filters |= {
        "num": number,
        "percent": percent,
        "share": share,
        "points": points,
        "grey": rmse_grey,
        "thousands": thousands,
        "plural": plural,
        "duration": partial(duration, language=language),
        "listed": partial(join, language=language),
        "comma": partial(join_choices, language=language),
        "name": partial(name_of, language=language),
        "said": partial(say_all, language=language),
        "word": lambda key, **values: word(key, language, **values),
    }
    return environment


@cache
def section(name: str, language: str) -> Mapping[str, Any]:
    """Return a section of words as it stands in its file; a KeyError where there is none."""
    path = ROOT / language / f"{name}.toml"
    if name == ABOUT or not path.exists():
        raise KeyError(f"no section of words '{name}' in {path.parent}")
    return _read(path)


def has_word(key: str, language: str) -> bool:
    """Whether there are such words."""
    try:
        return bool(_template(key, language))
    except (KeyError, TypeError):
        return False


@cache
def _template(key: str, language: str) -> Callable[..., str]:
    name, *parts = key.split(".")
    found = reduce(getitem, parts, section(name, language))
    return _environment(language).from_string(found).render


def word(key: str, language: str, /, **values: Any) -> str:
    """Return the words that `key` names, `<file>.<name>`, with their values set in.

    Raises:
        KeyError: there are none.
        jinja2.UndefinedError: a value is missing.
    """
    return _template(key, language)(**values)


def caption(key: str, language: str, /, **values: Any) -> str:
    """Return the words that `key` names as a caption: marks in its values are none."""
    return word(key, language, **outside(values))


def sentence(key: str, language: str, /, **values: Any) -> str:
    """Return the sentence that `key` names, `<file>.<macro>`, as Markdown.

    Raises:
        KeyError, jinja2.TemplateNotFound: there is none.
        TypeError: a value that the macro does not take.
        jinja2.UndefinedError: a value is missing.
    """
    file, _, name = key.partition(".")
    macro = getattr(_module(file, language), name, None)
    if macro is None:
        raise KeyError(f"no sentence '{key}' in {ROOT / language}")
    if file not in LINES:
        values = outside(values)
    paragraphs = (_flowing(part, language) for part in re.split(r"\n\s*\n", macro(**values)))
    return "\n\n".join(part for part in paragraphs if part)


@cache
def _module(name: str, language: str) -> Any:
    return _environment(language).get_template(f"{name}.j2").module


def _flowing(paragraph: str, language: str) -> str:
    """Join the lines of a paragraph as the language does, but for those that begin anew."""
    is_spaced, text = LANGUAGES[language].spaced, paragraph.strip()
    text = _OWN_LINE.sub("\0", text if is_spaced else _LATIN_BREAK.sub(" ", text))
    text = _BREAK.sub(" " if is_spaced else "", text)
    return re.sub(r"[ \t]{2,}", " ", text).replace("\0", "\n")


def in_languages(
    write: Callable[[str], str], languages: Sequence[str] | None = None
) -> dict[str, str]:
    """Return what `write` gives for each language."""
    return {language: write(language) for language in languages or LANGUAGES}
