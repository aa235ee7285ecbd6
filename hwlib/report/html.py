"""The HTML site of one language: pages that need no network and no other file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from PIL import Image

from hwlib.report.compare import comparison, glossary, overview, tables_of
from hwlib.report.document import Document, to_html, unbroken
from hwlib.report.embed import FULL, Detail
from hwlib.report.entries import Entry, entries_of, shared, warnings
from hwlib.report.facts import Facts, subtitle, trust
from hwlib.report.webfont import FONTS, font_faces
from hwlib.report.words import LANGUAGES, PROBLEMS, WORDS

TEMPLATES = Path(__file__).parent / "templates"
FONT_PLACE = "/* fonts of this page's Chinese */"  # in base.html.jinja
THUMBNAIL = (640, 360)  # pixels: twice a card's size on the page
# The figure that shows a problem best: the pictures that the model made.
COVERS = ("fig1_4", "fig2_3", "fig3_3", "infogan_code1", "kl_rows", "fig1_3")
COMPARE = "compare"  # stem of the comparison's file


@dataclass(frozen=True, eq=False)  # a page is a key of its own text
class Page:
    """One job in one language, ready to be set.

    Attributes:
        name: stem of its file.
        title: from the notebook, else the problem's name.
        document: None where the job failed before it had one.
        reason: why it failed; empty where it did not.
        trace: last lines of the error.
        notebook: file name of the executed notebook in `notebooks/`, empty where there is none.
        label: what tells it from pages of the same title: recipe, data, seed.
        decoder: what `hwlib.explore.page_decoder` says, None where the page has no decoder.
    """

    name: str
    title: str
    facts: Facts
    document: Document | None
    reason: str = ""
    trace: str = ""
    notebook: str = ""
    label: str = ""
    decoder: Mapping[str, Any] | None = None

    @property
    def full_title(self) -> str:
        """Title and label."""
        return f"{self.title} · {self.label}" if self.label else self.title


def page_title(document: Document | None, facts: Facts, language: str) -> str:
    """Return the notebook's own title, else the problem's name."""
    known = PROBLEMS[language].get(facts.job.problem, WORDS[language]["no_title"])
    return document.title if document and document.title else known


def render_page(
    page: Page,
    pages: Sequence[Page],
    language: str,
    *,
    languages: Sequence[str],
    command: str,
    detail: Detail = FULL,
) -> str:
    """Return one job's page.

    Raises:
        RenderError: a formula that cannot be set.
    """
    room = min(detail.most, FULL.most - len((page.decoder or {}).get("weights", "")))
    body = to_html(page.document, most=room) if page.document else ""
    place = [p.name for p in pages].index(page.name)
    text = _template("page.html.jinja").render(
        **_shared(language, languages, f"{page.name}.html"),
        page=page,
        has_comparison=has_comparison(pages),
        body=Markup(body),
        math_font=_math_font() if "<math" in body else "",
        slider_script=_script("slider.js") if 'class="track' in body else "",
        decoder=page.decoder,
        decoder_script=_script("decoder.js"),
        headings=page.document.headings if page.document else [],
        facts=subtitle(page.facts, language),
        trust=trust(page.facts, language, command=command, notebook=page.notebook),
        trust_number=len(page.document.tables) + 1 if page.document else 1,
        previous=pages[place - 1] if place else None,
        next=pages[place + 1] if place + 1 < len(pages) else None,
    )
    return _finished(text)


def render_index(
    pages: Sequence[Page], language: str, *, languages: Sequence[str], title: str, command: str
) -> str:
    """Return the page that lists all jobs with their key numbers."""
    entries = runs_of(pages)
    groups = dict.fromkeys(page.facts.job.problem for page in pages)
    if len(groups) in (1, len(pages)):  # headings over single cards say nothing
        cards = [("", pages)]
    else:
        own = {name: [p for p in pages if p.facts.job.problem == name] for name in groups}
        cards = [(PROBLEMS[language][name], some) for name, some in own.items()]
    text = _template("index.html.jinja").render(
        **_shared(language, languages, "index.html"),
        title=title,
        groups=cards,
        thumbnails={page: _thumbnail(page) for page in pages},
        subtitles={page: _card_facts(page, entries, language) for page in pages},
        has_comparison=has_comparison(pages),
        facts=shared(entries, language),
        warnings=warnings(entries, language),
        tables=overview(entries, language),
        math_font="",
        command=command,
    )
    return _finished(text)


def _card_facts(page: Page, entries: Sequence[Entry], language: str) -> list[tuple[str, str]]:
    """Return what a card says beside its title: what all jobs share stands above."""
    known = {label for label, _ in shared(entries, language)}
    return [(label, text) for label, text in subtitle(page.facts, language) if label not in known]


def render_comparison(
    pages: Sequence[Page], language: str, *, languages: Sequence[str], command: str
) -> str:
    """Return the page that sets all models side by side."""
    entries = runs_of(pages)
    sections = comparison(entries, language)
    text = _template("compare.html.jinja").render(
        **_shared(language, languages, f"{COMPARE}.html"),
        facts=shared(entries, language),
        warnings=warnings(entries, language),
        sections=sections,
        glossary=glossary(tables_of(sections), language),
        data_address=_data_address,
        math_font="",
        command=command,
    )
    return _finished(text)


def has_comparison(jobs: Sequence[object]) -> bool:
    """Whether there is anything to compare: more than one job."""
    return len(jobs) > 1


def runs_of(pages: Sequence[Page]) -> list[Entry]:
    """Return the runs of all jobs."""
    figures = {page.name: page.document.figure_numbers for page in pages if page.document}
    return entries_of([(page.name, page.facts, bool(page.reason)) for page in pages], figures)


def _shared(language: str, languages: Sequence[str], file: str) -> dict[str, object]:
    """Return what every page needs: words, style, the switch to the other languages."""
    switch = [(LANGUAGES[code], f"../{code}/{file}", code == language) for code in languages]
    return {
        "language": LANGUAGES[language],
        "w": WORDS[language],
        "style": Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        "switch": switch if len(languages) > 1 else [],
    }


def _finished(text: str) -> str:
    """Return a page as it is written: with its line breaks kept in order, and its Chinese fonts."""
    text = unbroken(text)
    return text.replace(FONT_PLACE, font_faces(text), 1)


def _script(name: str) -> Markup:
    """Return one of our own scripts, which a page holds whole."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def _thumbnail(page: Page) -> tuple[str, str] | None:
    """Return the picture of a job's card as a data address, and its words."""
    figures = page.document.figures if page.document else []
    order = [f for name in COVERS for f in figures if f.name == name] or figures
    if not order:
        return None
    with Image.open(BytesIO(order[0].png)) as picture:
        small = picture.convert("RGB")
    small.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
    file = BytesIO()
    small.save(file, "JPEG", quality=85, optimize=True)
    return _data_address(file.getvalue(), "jpeg"), order[0].alt


def _data_address(picture: bytes, form: str = "png") -> str:
    return f"data:image/{form};base64,{base64.b64encode(picture).decode()}"


@cache
def _math_font() -> str:
    """Return the font for formulas as a data address: many machines have none of their own."""
    return base64.b64encode((FONTS / "HWLabMath.subset.woff").read_bytes()).decode()


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # No space after a comma, where `unbroken` would put one that JSON does not know.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    return environment.get_template(name)
