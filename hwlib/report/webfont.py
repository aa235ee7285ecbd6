"""The Chinese of a page as fonts inside it: many machines, servers above all, have none."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from hwlib.images import data_address

FONTS = Path(__file__).resolve().parents[1] / "fonts"
FAMILY = "HW Lab TC"  # as style.css names it, after the fonts that a Chinese system has
WEIGHTS = {"Regular": 400, "Bold": 700}
CHINESE = re.compile("[\u2e80-\uffef]")  # ideographs, their punctuation, full-width forms


def font_faces(text: str) -> str:
    """Return CSS with fonts, regular and bold, of all Chinese in `text`; "" where it has none.

    A character that the package's own fonts do not have stays the reader's system's.
    """
    characters = "".join(sorted(set(CHINESE.findall(text))))
    return "".join(_face(name, characters) for name in WEIGHTS) if characters else ""


@cache
def _face(name: str, characters: str) -> str:
    options = subset.Options(
        layout_features=[],
        hinting=False,
        flavor="woff",
        name_IDs=[1, 2],
        drop_tables=["vhea", "vmtx"],
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    file, path = BytesIO(), FONTS / f"NotoSansCJKtc-{name}.subset.otf"
    with TTFont(path, lazy=True, recalcTimestamp=False) as font:  # the same page, the same bytes
        subsetter.subset(font)
        subset.save_font(font, file, options)
    address = data_address(file.getvalue(), "font/woff")
    return (
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: {WEIGHTS[name]};'
        f' src: url("{address}") format("woff"); }}\n'
    )
