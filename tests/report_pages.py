"""What tests read of a report: pages and PDFs as text, where it stands, how long the body is."""

import re
import unicodedata
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject

MARGIN = 26 * 72 / 25.4  # points
HANGING = 6  # points by which punctuation may stand out of the column


def soup(path: Path) -> BeautifulSoup:
    """Parse a page; the space that keeps a number with its unit counts as any other."""
    return BeautifulSoup(path.read_text(encoding="utf-8").replace("\u00a0", " "), "html.parser")


parse = cache(soup)  # of who only reads


def flat(text: str) -> str:
    """Return `text` without spaces, and with one sign for those that share a glyph."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("•", "·")


def pdf_text(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def tags(node):
    """Yield every structure element below a PDF's `/K`, in reading order."""
    node = node.get_object() if isinstance(node, IndirectObject) else node
    for part in node if isinstance(node, list) else ():
        yield from tags(part)
    if isinstance(node, DictionaryObject):
        if "/S" in node:
            yield node
        yield from tags(node.get("/K"))


@contextmanager
def opened_in(browser):
    """Yield a function that opens a file in a browser; no request and no error may come of it."""
    contexts, requests, errors = [], [], []

    def open_page(path, width=1280, height=844, **more):
        size = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=size, offline=True, **more))
        page = contexts[-1].new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


def widths(font):
    """Return each glyph's width in thousandths of its size, and that of all others."""
    inner = font["/DescendantFonts"][0].get_object()
    found, parts = {}, list(inner.get("/W", ()))
    while parts:
        first, second = parts.pop(0), parts.pop(0)
        if isinstance(second, list):
            found |= {int(first) + i: float(width) for i, width in enumerate(second)}
        else:
            found |= dict.fromkeys(range(int(first), int(second) + 1), float(parts.pop(0)))
    return found, float(inner.get("/DW", 1000))


def extents(page):
    """Return (start, end) of each piece of text, in points from the page's left edge."""
    fonts = {n: widths(f.get_object()) for n, f in page["/Resources"].get("/Font", {}).items()}
    pieces, chosen = [], []

    def see(operator, operands, ctm, tm):
        if operator == b"Tf":
            chosen[:] = (*fonts[operands[0]], float(operands[1]))
        elif operator in (b"Tj", b"TJ"):
            (known, other, size), length = chosen, 0.0
            for part in operands[0] if operator == b"TJ" else operands:
                if isinstance(part, int | float):
                    length -= float(part)
                    continue
                raw = part if isinstance(part, bytes) else part.original_bytes
                glyphs = (int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2))
                length += sum(known.get(glyph, other) for glyph in glyphs)
            start = tm[4] * ctm[0] + tm[5] * ctm[2] + ctm[4]
            pieces.append((start, start + length / 1000 * size * tm[0] * ctm[0]))

    page.extract_text(visitor_operand_before=see)
    return pieces


def assert_within(page):
    """Assert that all text of a page stands between its margins."""
    starts, ends = zip(*extents(page), strict=True)
    assert min(starts) > MARGIN - HANGING
    assert max(ends) < float(page.mediabox.width) - MARGIN + HANGING
