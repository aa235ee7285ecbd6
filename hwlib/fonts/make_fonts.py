"""Make the two subset fonts from Debian's `fonts-noto-cjk`.

Run `python hwlib/fonts/make_fonts.py [FOLDER_OF_THE_TTC_FILES]` and commit what it writes.
The subset holds Big5 level 1 (the 5,401 everyday characters of Taiwan), every character that this
repository's own texts use, and Latin, Greek, punctuation, full-width forms, mathematical symbols,
arrows and boxes. Reports and figures use these files, so they look the same on every machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOURCE = Path("/usr/share/fonts/opentype/noto")
WEIGHTS = ("Regular", "Bold")
FAMILY = "Noto Sans CJK TC"
TEXTS = ("*.py", "*.ipynb", "*.md", "*.typ", "*.html", "*.jinja", "*.json")
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
    folders = [ROOT / name for name in ("hwlib", "notebooks", "report", "tests")]
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
    path = HERE / f"NotoSansCJKtc-{weight}.subset.otf"
    with TTCollection(source / f"NotoSansCJK-{weight}.ttc", lazy=True) as collection:
        font = next(f for f in collection.fonts if f["name"].getDebugName(1) == FAMILY)
        subsetter.subset(font)
        subset.save_font(font, path, options)
    return path


def main() -> None:
    """Make both weights."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    for weight in WEIGHTS:
        path = make(weight, source)
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
