"""Learning curves that move while `fit` runs."""

import io
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import ipywidgets as widgets
import matplotlib.pyplot as plt
import pandas as pd
from IPython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure

from hwlib import plots
from hwlib.registry import PROBLEMS, resolve
from hwlib.show.page import asked_languages

MAX_SHARE = 0.05  # of the time that training has: what drawing may take of it


def curves_of(metrics: pd.DataFrame) -> Callable[[pd.DataFrame, str], Figure]:
    """Return the plot function of the problem whose learning curves `metrics` holds."""
    # the last ones have columns of their own, which those before them have not
    problem = next(p for p in reversed(PROBLEMS.values()) if p.curve_column in metrics)
    return resolve(problem.curves)


class LiveCurve:
    """The learning curves so far, redrawn in place while `fit` runs; nothing in batch.

    It draws now and then, so that drawing costs little; the last curve it draws on leaving, also
    where training was stopped:

    >>> with LiveCurve() as live:
    ...     run = hwlib.fit(config, watch=live)
    """

    def __init__(self, lang: str | None = None, *, is_shown: bool | None = None):
        """Prepare the widget, which appears with the first curve where a person looks."""
        self.lang = lang or asked_languages()[0]
        is_watched = get_ipython() is not None and not os.environ.get("HWLIB_BATCH")
        self.is_shown = is_watched if is_shown is None else is_shown
        self.image = widgets.Image(format="png", layout={"max_width": "760px"})
        self._next_draw = 0.0
        self._records: Sequence[Mapping[str, Any]] = ()

    def __enter__(self) -> Self:
        """Return the curves, to be passed as `watch`."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Draw the records to the last one: `fit` goes on to append to those it has shown."""
        self._next_draw = 0.0
        self(self._records)

    def __call__(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Show the curves of `records`, the rows of metrics.jsonl so far."""
        self._records, start = records, time.monotonic()
        if not self.is_shown or len(records) < 2 or start < self._next_draw:
            return
        if not self.image.value:
            display(self.image)
        metrics, buffer = pd.DataFrame(list(records)), io.BytesIO()
        fig = curves_of(metrics)(metrics, self.lang)
        with plots.rc_context():
            fig.savefig(buffer, format="png", dpi=120)
        plt.close(fig)
        self.image.value = buffer.getvalue()
        self._next_draw = start + (time.monotonic() - start) / MAX_SHARE
