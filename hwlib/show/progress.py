"""How long work goes on, in one place of the page instead of a line and a bar for each part."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TextIO

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import clear_output, display

from hwlib.show.page import is_batch


class _Newest:
    """A stream whose every line takes the place of what was shown before it, bars included."""

    def __init__(self, stream: TextIO):
        self.write_on, self.flush = stream.write, stream.flush

    def write(self, text: str) -> int:
        if text.strip():
            clear_output(wait=True)  # when the line is there, so that nothing jumps
        return self.write_on(text)


@contextlib.contextmanager
def progress() -> Iterator[None]:
    """Show the newest line that is told on the way, and the bars after it; in batch all, as ever.

    The lines go to standard error, which a notebook paints red though nothing is wrong.
    """
    if is_batch() or get_ipython() is None:
        yield
        return
    place = widgets.Output()
    display(place)
    place.__enter__()
    newest = _Newest(sys.stdout)
    try:
        with contextlib.redirect_stdout(newest), contextlib.redirect_stderr(newest):
            yield
    finally:  # told of an error, the place would show its traceback and let the cell go on
        place.__exit__(None, None, None)
