"""Sets one PDF by Typst: `python typeset.py MAIN FONTS SECONDS`, the PDF on standard output.

MAIN is the text, FONTS the folder of its fonts, SECONDS the PDF's date since 1970. What Typst
cannot set is told as JSON on standard error, `message` and `hints`, with exit code 1.

It is a process of its own because Typst keeps whatever it has laid out until its process ends,
hundreds of MB a page of the report; and it imports nothing of this package, so it begins at once.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import typst

# a-2u: a missing glyph is an error, not a box. ua-1: tagged, with alternative text on everything.
STANDARDS = ["a-2u", "ua-1"]
PASSES = 40  # each one settles at least the next figure or table of every chapter


def typeset(main: Path, fonts: Path, date: datetime) -> bytes:
    """Set the text, again until figures and tables are as they want to be where they then stand."""
    found = typst.Fonts(include_system_fonts=False, font_paths=[fonts])
    options = {"root": main.parent, "font_paths": found}
    heights: dict[str, float] = {}
    for _ in range(PASSES):
        options["sys_inputs"] = {"heights": json.dumps(heights)}
        wanted = dict(json.loads(typst.query(main, "<hw-height>", field="value", **options)))
        if wanted == heights:
            break
        heights = wanted
    return typst.compile(main, pdf_standards=STANDARDS, timestamp=date, **options)


if __name__ == "__main__":
    text, fonts, seconds = sys.argv[1:]
    try:
        pdf = typeset(Path(text), Path(fonts), datetime.fromtimestamp(int(seconds), UTC))
    except RuntimeError as error:  # of a query the plain one, else TypstError, which has hints
        message = str(error).removeprefix("failed to compile document: ")
        sys.exit(json.dumps({"message": message, "hints": getattr(error, "hints", [])}))
    sys.stdout.buffer.write(pdf)
