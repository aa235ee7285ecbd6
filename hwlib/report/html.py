"""The HTML site of one language: pages that need no network and no other file."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial
from io import BytesIO
from itertools import count
from typing import Any

from fontTools import subset
from markupsafe import Markup
from pandocfilters import Header, Link, RawInline
from PIL import Image
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from hwlib.images import data_address, decode, encode
from hwlib.report.book import APPENDIX, COMPARISON, PROBLEM, Book, Part
from hwlib.report.document import ITEM, Document, Node, change, plain, unbroken, write
from hwlib.report.embed import FULL, Detail, addresses
from hwlib.report.markup import FONTS, TEMPLATES, set_item, template, words_of
from hwlib.report.runs import short_name, subtitle
from hwlib.report.strips import cover
from hwlib.text import LANGUAGES, legible, word

THUMBNAIL_PX = (640, 360)  # twice a card's size on the page
COVER_BYTES = 600_000  # of cards and faces on the title page
INDEX, COMPARE, APPENDICES = "index.html", "compare.html", "appendix.html"
ANNOTATION = re.compile(
    r"<semantics>(.*?)<annotation encoding=\"application/x-tex\">.*?</annotation></semantics>",
    re.DOTALL,
)
# 'log p' has a thin space that 'log(' has not; MathML leaves both without.
FUNCTION = re.compile(
    r"(?<!<msub>)(?<!<msup>)(?<!<munder>)"
    r"(<mi[^>]*>(?:log|ln|exp|sin|cos|tan|arg|det|max|min)</mi>"
    r"(?:<mo>(?:&#8289;|\u2061)</mo></mrow>)?)"
    r"(?=\s*<m(?!o))"
)
# 'min max' with what each runs over below it.
LIMITED = re.compile(
    r"(<(munder|msub)><mi[^>]*>(?:min|max)</mi>(?:(?!</?m(?:under|sub)>).)*</\2>)(?=\s*<m(?!o|space))"
)
THIN_SPACE = r'\1<mspace width="0.167em"></mspace>'
EMPTY_HEAD = re.compile(r"<th((?: [^>]*)?)></th>")  # names nothing, so it is no header
SCRIPTS = ("page.js", "slider.js", "decoder.js")
FONT_PLACE = "/* fonts of this page's Chinese */"  # in base.html.jinja
FAMILY = "HW Lab TC"  # as style.css names it, after the fonts that a Chinese system has
CHINESE = re.compile("[\u2e80-\uffef]")  # ideographs, their punctuation, full-width forms


def file_of(part: Part | None) -> str:
    """Return the file in which a part stands; what is no part stands on the title page."""
    if part is not None and part.kind == PROBLEM:
        return f"{part.name}.html"
    return {COMPARISON: COMPARE, APPENDIX: APPENDICES}.get(part and part.kind, INDEX)


def files_of(book: Book) -> list[str]:
    """Return the book's HTML files, the title page first."""
    return list(dict.fromkeys([INDEX, *map(file_of, book.parts)]))


def render(book: Book, file: str, *, languages: Sequence[str], detail: Detail = FULL) -> str:
    """Return one of the book's pages, a file of `files_of(book)`.

    The reader can switch to `languages`; of its images the page keeps as much as `detail` says.
    """
    own = [part for part in book.parts if file_of(part) == file]
    page = own[0].page if own else None
    room = detail.max_bytes - (COVER_BYTES if file == INDEX else 0)
    if page and page.decoder:
        room = min(room, FULL.max_bytes - len(page.decoder.get("weights", "")))
    share = room // max(1, sum(part.document is not None for part in own))

    def address(anchor: str) -> str:
        place = file_of(book.place(anchor))
        return f"#{anchor}" if place == file else f"{place}#{anchor}"

    def body(document: Document | None, prefix: str = "", shift: int = 0) -> Markup:
        if document is None:
            return Markup()
        options = {"max_bytes": share, "address": address, "prefix": prefix, "shift": shift}
        return Markup(to_html(document, **options))

    text = template(f"{'page.html' if page else file}.jinja").render(
        words_of(book.language),
        book=book,
        file=file,
        parts=own,
        page=page,
        language=LANGUAGES[book.language],
        languages=[(LANGUAGES[code], code) for code in languages],
        counts=Counter(part.page.facts.job.problem for part in book.problems),
        script=script,
        scripts=" ".join(f"'{digest_of(name)}'" for name in SCRIPTS),
        short_name=short_name,
        subtitle=subtitle,
        body=body,
        card_image=partial(_card_image, language=book.language),
        file_of=file_of,
        data_address=data_address,
        # many machines have no font for formulas
        math_font=data_address((FONTS / "HWLabMath.subset.woff").read_bytes(), "font/woff"),
    )
    text = unbroken(legible(text))  # before the fonts, in which it has nothing to look for
    return text.replace(FONT_PLACE, font_faces(text), 1)


@cache
def script(name: str) -> Markup:
    """Return one of our scripts as a page has it."""
    return Markup(unbroken((TEMPLATES / name).read_text(encoding="utf-8")))


def digest_of(name: str) -> str:
    """Return what a page's policy calls one of our scripts: no other one runs."""
    digest = hashlib.sha256(script(name).encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def to_html(
    document: Document,
    *,
    max_bytes: int = FULL.max_bytes,
    address: Callable[[str], str] = "#{}".format,
    prefix: str = "",
    shift: int = 0,
) -> str:
    """Return a document as HTML, its images of at most `max_bytes` together.

    Its headings go `shift` levels down, with a `prefix` before their anchors; `address` returns
    where an anchor outside of the document is.
    """
    images = [image for figure in document.figures for image in figure.images]
    places, own = count(), {anchor for _, anchor, _ in document.headings}
    macros = template("parts.html.jinja").make_module(
        {
            **words_of(document.language),
            "embedded": addresses(images, max_bytes=max_bytes),
            "python": lambda source: Markup(
                highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
            ),
        }
    )

    def finish(kind: str, content: Any, *_: Any) -> list[Node] | Node | None:
        """Set items; give headings their anchors and links to themselves; lead links home."""
        if kind == ITEM:
            item, number, caption, tables = content
            text = macros.item(item, number, plain(caption), tables, f"{prefix}{next(places)}")
            return set_item("html", str(text), caption, tables)
        if kind == "Header":
            level, (anchor, *attributes), inlines = content
            if anchor:
                link = macros.permalink(prefix + anchor, plain(inlines))
                inlines, anchor = [*inlines, RawInline("html", str(link))], prefix + anchor
            return Header(level + shift, [anchor, *attributes], inlines)
        if kind == "Link" and content[2][0].startswith("#"):
            attributes, inlines, (target, title) = content
            anchor = target[1:]
            target = f"#{prefix}{anchor}" if anchor in own else address(anchor)
            return Link(attributes, inlines, [target, title])
        return None

    text = write(change(document.ast, finish), "html5", "--mathml")
    text = ANNOTATION.sub(r"\1", EMPTY_HEAD.sub(r"<td\1></td>", text))
    text = text.replace('<mo accent="true">', '<mo accent="true" stretchy="false">')
    return FUNCTION.sub(THIN_SPACE, LIMITED.sub(THIN_SPACE, text))


# ---------------------------------------------------------------------- images, fonts


def _card_image(part: Part, language: str) -> tuple[str, str] | None:
    """Return a job's image as a data address, and its words: its run's own, else a figure."""
    if (image := cover(part.page.facts)) is not None:
        words = word("page.cover", language, problem=part.title)
        return data_address(image, "image/jpeg"), words
    for figure in part.document.figures[:1] if part.document else ():
        small = decode(figure.png).convert("RGB")
        small.thumbnail(THUMBNAIL_PX, Image.Resampling.LANCZOS)
        jpeg = encode(small, "JPEG", quality=85, optimize=True)
        return data_address(jpeg, "image/jpeg"), figure.alt
    return None


def font_faces(text: str) -> str:
    """Return CSS with fonts, regular and bold, of all Chinese in `text`; "" where it has none.

    Many machines, servers above all, have no Chinese font. A character that the package's own fonts
    do not have stays the reader's system's.
    """
    characters = "".join(sorted(set(CHINESE.findall(text))))
    weights = {"Regular": 400, "Bold": 700}.items() if characters else ()
    return "".join(
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weight};'
        f' src: url("{_subset(name, characters)}") format("woff"); }}\n'
        for name, weight in weights
    )


@cache
def _subset(weight: str, characters: str) -> str:
    """Return the data address of a font with these characters alone."""
    options = subset.Options(layout_features=[], flavor="woff", name_IDs=[1, 2])
    options.drop_tables = ["vhea", "vmtx"]
    subsetter, file = subset.Subsetter(options), BytesIO()
    subsetter.populate(text=characters)
    # which keeps the font's date: the same page, the same bytes
    with subset.load_font(FONTS / f"NotoSansCJKtc-{weight}.subset.otf", options) as font:
        subsetter.subset(font)
        subset.save_font(font, file, options)
    return data_address(file.getvalue(), "font/woff")
