"""What tests read of a report: pages and PDFs as text, where it stands, how long the body is."""

import hashlib
import re
import unicodedata
from pathlib import Path

import numpy as np
from bs4 import BeautifulSoup
from pypdf import PdfReader

from hwlib.text import LANGUAGES, word

FOOT = re.compile(r"\d+ / \d+")  # a page's number
WORDS = re.compile(r"[^\W_][\w'’.,/%-]*")

MARGIN = 26 * 72 / 25.4  # points
HANGING = 6  # points by which punctuation may stand out of the column


def soup(path: Path) -> BeautifulSoup:
    """Parse a page; the space that keeps a number with its unit counts as any other."""
    return BeautifulSoup(path.read_text(encoding="utf-8").replace("\u00a0", " "), "html.parser")


def flat(text: str) -> str:
    """Return `text` without spaces, and with one sign for those that share a glyph."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("•", "·")


def pdf_text(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def hashes(folder: Path) -> dict[str, str]:
    """Return a hash of each page, PDF and executed notebook below a folder."""
    files = [p for p in sorted(folder.rglob("*")) if p.suffix in (".html", ".pdf", ".ipynb")]
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }


def matrix(a=1, b=0, c=0, d=1, e=0, f=0):
    """Return a matrix of a PDF; a product applies its left factor first."""
    return np.array([[a, b, 0], [c, d, 0], [e, f, 1]], float)


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
    """Yield (start, end) of each piece of text, in points from the page's left edge."""
    fonts = {n: widths(f.get_object()) for n, f in page["/Resources"].get("/Font", {}).items()}
    kept, ctm, tm, known, size = [], matrix(), matrix(), ({}, 0.0), 0.0
    for operands, operator in page.get_contents().operations:
        if operator == b"q":
            kept.append(ctm)
        elif operator == b"Q":
            ctm = kept.pop()
        elif operator == b"cm":
            ctm = matrix(*operands) @ ctm
        elif operator == b"BT":
            tm = matrix()
        elif operator == b"Tm":
            tm = matrix(*operands)
        elif operator == b"Td":
            tm = matrix(1, 0, 0, 1, *operands) @ tm
        elif operator == b"Tf":
            known, size = fonts[operands[0]], float(operands[1])
        elif operator in (b"Tj", b"TJ"):
            length = 0.0
            for part in operands[0] if operator == b"TJ" else operands:
                if isinstance(part, int | float):
                    length -= float(part) * size / 1000
                    continue
                raw = part if isinstance(part, bytes) else part.original_bytes
                for i in range(0, len(raw), 2):
                    glyph = int.from_bytes(raw[i : i + 2], "big")
                    length += known[0].get(glyph, known[1]) * size / 1000
            after = matrix(e=length) @ tm
            yield (tm @ ctm)[2, 0], (after @ ctm)[2, 0]
            tm = after


def assert_within(page):
    """Assert that all text of a page stands between its margins."""
    starts, ends = zip(*extents(page), strict=True)
    assert min(starts) > MARGIN - HANGING
    assert max(ends) < float(page.mediabox.width) - MARGIN + HANGING


def count_body(reader):
    """Return how many pages and words of a report's PDF stand before its appendices.

    The outline says where they begin. Words are counted as a reader would: of letters or digits,
    without running heads and feet.
    """
    outline = [entry for entry in reader.outline if not isinstance(entry, list)]
    titles = [word("book.appendix", language, letter="\0", title="") for language in LANGUAGES]
    firsts = tuple(title.split("\0")[0].strip() for title in titles)
    ends = [reader.get_destination_page_number(e) for e in outline if e.title.startswith(firsts)]
    pages = min(ends, default=len(reader.pages))  # the first of them begins a page
    running = {entry.title for entry in outline} | {word("page.lab", each) for each in LANGUAGES}
    lines = [
        line
        for page in reader.pages[:pages]
        for line in page.extract_text().split("\n")
        if line.strip() not in running and not FOOT.fullmatch(line.strip())
    ]
    return pages, len(WORDS.findall("\n".join(lines)))
