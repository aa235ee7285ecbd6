"""Lines on how work goes, and the one place that knows where they are written."""

import os
import sys
from contextlib import suppress
from functools import cache
from typing import Any

from hwlib.errors import DEFAULT_LANGUAGE

PROGRESS = "hwlib-progress "  # before the JSON by which a child says how far its training is


def info(line: str) -> None:
    """Write a line to standard error, so that standard output keeps to what was asked for.

    A notebook that somebody reads gets it on standard output, as it shows the other in red.
    """
    is_read = is_notebook() and not os.environ.get("HWLIB_BATCH")
    stream = sys.stdout if is_read else sys.stderr
    with suppress(OSError):  # the terminal may be gone, and what works in it is to be saved
        stream.write(f"{line}\n")  # in one piece: other threads write there too
        stream.flush()


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    return kernel is not None and kernel.IPKernelApp.initialized()


def event(key: str, /, **values: Any) -> None:
    """Write a line of `report/text/<language>/log.toml`, in the command line's language."""
    info(line(key, **values))


def line(key: str, /, **values: Any) -> str:
    """Return that line."""
    from hwlib.text import word  # loads Jinja

    return word(f"log.{key}", DEFAULT_LANGUAGE, **values)


@cache
def info_once(line: str) -> None:
    """Write a line as `info` does, but only the first time."""
    info(line)
