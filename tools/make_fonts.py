"""Make the subset fonts from Debian's `fonts-noto-cjk` and `fonts-stix`.

Run `python tools/make_fonts.py [FOLDER_OF_OPENTYPE_FONTS]` and commit what it writes.
The Chinese subset holds Big5 level 1 (the 5,401 everyday characters of Taiwan), every character
that this repository's own texts use, and Latin, Greek, punctuation, full-width forms, mathematical
symbols, arrows and boxes. Reports and figures use these files, so they look the same on every
machine. The font for formulas goes into web pages, because many machines have none; its licence
wants a changed font to bear another name.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

ROOT = Path(__file__).resolve().parents[1]
FONTS = ROOT / "hwlib" / "fonts"
SOURCE = Path("/usr/share/fonts/opentype")
WEIGHTS = ("Regular", "Bold")
FAMILY = "Noto Sans CJK TC"
TEXTS = ("*.py", "*.ipynb", "*.md", "*.typ", "*.html", "*.jinja", "*.json", "*.toml", "*.j2")
RANGES = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x017F),  # Latin-1, Latin Extended-A
    (0x02B0, 0x02FF),  # modifier letters
    (0x0300, 0x036F),  # combining marks
    (0x0370, 0x03FF),  # Greek
    (0x2000, 0x206F),  # general punctuation
    (0x2070, 0x209F),  # superscripts and subscripts
    (0x20A0, 0x20BF),  # currency
    (0x2100, 0x218F),  # letterlike, number forms
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematical operators
    (0x2460, 0x24FF),  # enclosed alphanumerics
    (0x2500, 0x25FF),  # box drawing, blocks, geometric shapes
    (0x2600, 0x26FF),  # stars, check boxes
    (0x3000, 0x303F),  # CJK punctuation
    (0x3105, 0x312F),  # bopomofo
    (0xFE30, 0xFE4F),  # CJK compatibility forms
    (0xFF01, 0xFFE6),  # full-width and half-width forms
)
# Horizontal text in one language: kerning, composition, the tight punctuation that Typst asks for.
# `locl` would double the size with Japanese, Korean and mainland forms.
FEATURES = ("ccmp", "halt", "kern", "liga", "mark", "palt")


MATH_NAME = "HW Lab Math"
MATH_RANGES = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x00FF),  # Latin-1
    (0x0300, 0x0338),  # accents
    (0x0391, 0x03F6),  # Greek
    (0x2010, 0x2026),  # dashes, dots
    (0x2032, 0x2034),  # primes
    (0x2061, 0x2064),  # invisible operators
    (0x20D0, 0x20EF),  # combining marks
    (0x2100, 0x2138),  # letterlike
    (0x2190, 0x21D5),  # arrows
    (0x2200, 0x22FF),  # operators
    (0x2308, 0x230B),  # floor, ceiling
    (0x23DC, 0x23E1),  # braces over and under
    (0x27E6, 0x27EB),  # brackets
    (0x2A00, 0x2A06),  # large operators
    (0x2A7D, 0x2A7E),  # slanted inequalities
    (0x1D400, 0x1D4CF),  # bold, italic, script letters
    (0x1D538, 0x1D56B),  # double-struck letters
    (0x1D6A8, 0x1D755),  # bold and italic Greek
)


def big5_level_1() -> set[str]:
    """Return the 5,401 characters of Big5's first plane (0xA440 to 0xC67E)."""
    pairs = (
        bytes((high, low))
        for high in range(0xA4, 0xC7)
        for low in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
        if (high, low) <= (0xC6, 0x7E)
    )
    return {pair.decode("big5") for pair in pairs}


def own_texts() -> set[str]:
    """Return every character in the repository's own texts."""
    folders = [ROOT / name for name in ("hwlib", "notebooks", "report")]
    files = [path for folder in folders for glob in TEXTS for path in folder.rglob(glob)]
    files = [path for path in files if "build" not in path.parts] + list(ROOT.glob("*.md"))
    return set().union(*(path.read_text(encoding="utf-8") for path in files))


def characters() -> set[int]:
    """Return the code points that the subset asks for."""
    wanted = {ord(char) for char in big5_level_1() | own_texts()}
    for first, last in RANGES:
        wanted.update(range(first, last + 1))
    return {code for code in wanted if code >= 0x20}


def make(weight: str, source: Path) -> Path:
    """Write the subset of one weight and return its path."""
    options = subset.Options(
        layout_features=list(FEATURES),
        hinting=False,
        desubroutinize=False,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17],
        name_languages=[0x409],
        notdef_outline=True,
        drop_tables=["vhea", "vmtx", "VORG", "BASE"],
        recalc_timestamp=False,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters())
    path = FONTS / f"NotoSansCJKtc-{weight}.subset.otf"
    with TTCollection(source / "noto" / f"NotoSansCJK-{weight}.ttc", lazy=True) as collection:
        font = next(f for f in collection.fonts if f["name"].getDebugName(1) == FAMILY)
        subsetter.subset(font)
        subset.save_font(font, path, options)
    return path


def make_math(source: Path) -> Path:
    """Write the subset of STIX Math, under its own name, as a web font; return its path."""
    options = subset.Options(
        layout_features=["*"],
        hinting=False,
        flavor="woff",
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],
        drop_tables=["FFTM"],
        recalc_timestamp=False,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[c for a, b in MATH_RANGES for c in range(a, b + 1)])
    path = FONTS / "HWLabMath.subset.woff"
    with TTFont(source / "stix-word" / "STIXMath-Regular.otf") as font:
        for record in font["name"].names:
            if record.nameID in (1, 3, 4, 6, 16):
                record.string = MATH_NAME.replace(" ", "") if record.nameID == 6 else MATH_NAME
        font["CFF "].cff.fontNames = [MATH_NAME.replace(" ", "")]
        font["CFF "].cff.topDictIndex[0].FullName = MATH_NAME
        font["CFF "].cff.topDictIndex[0].FamilyName = MATH_NAME
        subsetter.subset(font)
        subset.save_font(font, path, options)
    return path


def main() -> None:
    """Make both weights, and the font for formulas."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    for path in (*(make(weight, source) for weight in WEIGHTS), make_math(source)):
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
