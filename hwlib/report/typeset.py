"""One pass of Typst: `python typeset.py heights|pdf|glyphs`, its task as JSON on standard input.

`main` is the text, `root` the folder beyond which it reads nothing, `fonts` a folder, `heights`
those that the last pass gave, `seconds` the PDF's date since 1970. On standard output come the
heights that figures and tables want where they now stand, or the PDF, or those of `characters` that
no font has. What Typst cannot set goes to standard error, with exit code 3. Each pass is a process,
because Typst keeps what it has laid out until its process ends: 2 GB of a report of 15 pages. It
imports nothing of this package: it begins at once.
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any

import typst

# a-2u: a missing glyph is an error, not a box. ua-1: tagged, with alternative text on everything.
STANDARDS = ["a-2u", "ua-1"]


def typeset(goal: str, task: dict[str, Any]) -> bytes:
    """Return the heights as JSON, or the PDF."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[task["fonts"]])
    if goal == "glyphs":
        return json.dumps(without_glyph(task["characters"], fonts)).encode()
    # its own folder is all that the text can read; of packages there are none, on disk or online
    nothing = f"{task['root']}/none"
    options = {"root": task["root"], "package_path": nothing, "package_cache_path": nothing}
    options |= {"font_paths": fonts, "sys_inputs": {"heights": json.dumps(task["heights"])}}
    if goal == "heights":
        return typst.query(task["main"], "<hw-height>", field="value", **options).encode()
    date = datetime.fromtimestamp(task["seconds"], UTC)
    return typst.compile(task["main"], pdf_standards=STANDARDS, timestamp=date, **options)


def without_glyph(characters: str, fonts: typst.Fonts) -> list[str]:
    """Return those of the characters that no font has, by halves."""
    text = "\n".join(f'#"\\u{{{ord(character):x}}}"' for character in characters)
    try:
        main = f'#set document(title: "-")\n{text}'.encode()
        typst.compile(main, font_paths=fonts, pdf_standards=STANDARDS)
    except typst.TypstError:
        half = len(characters) // 2
        if not half:
            return [characters]
        return [*without_glyph(characters[:half], fonts), *without_glyph(characters[half:], fonts)]
    return []


if __name__ == "__main__":
    try:
        made = typeset(sys.argv[1], json.load(sys.stdin))
    except RuntimeError as error:  # of a query the plain one, else TypstError, which has hints
        hints = "; ".join(getattr(error, "hints", ()))
        message = str(error).removeprefix("failed to compile document: ")
        print(message, f"({hints})" if hints else "", file=sys.stderr)
        sys.exit(3)
    sys.stdout.buffer.write(made)
