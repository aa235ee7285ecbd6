"""Learning curves that move while `fit` runs."""

from __future__ import annotations

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
from hwlib.explore.base import panel_language
from hwlib.registry import PROBLEMS, resolve

MAX_SHARE = 0.05  # of the time that training has: what drawing may take of it


def curves_of(metrics: pd.DataFrame) -> Callable[[pd.DataFrame, str], Figure]:
    """Return the plot function of the problem whose learning curves `metrics` holds."""
    # the last ones have columns of their own, which those before them have not
    problem = next(p for p in reversed(PROBLEMS.values()) if p.curve_column in metrics)
    return resolve(problem.curves)


def _is_watched() -> bool:
    """Whether a person looks at a notebook: a kernel, and not a runner's."""
    return get_ipython() is not None and not os.environ.get("HWLIB_BATCH")


class LiveCurve:
    """The learning curves so far, redrawn in place while `fit` runs; nothing in batch.

    It draws now and then, so that drawing costs little; the last curve it draws on leaving, also
    where training was stopped:

    >>> with LiveCurve() as live:
    ...     run = hwlib.fit(config, watch=live)
    """

    def __init__(self, lang: str | None = None, *, is_shown: bool | None = None):
        """Prepare the widget; it appears with the first curve.

        Args:
            lang: language of the words; the first that the notebook asks for where it is None.
            is_shown: whether to draw; None finds out whether a person looks.
        """
        self.lang = panel_language(lang)
        self.is_shown = _is_watched() if is_shown is None else is_shown
        self.image = widgets.Image(format="png", layout={"max_width": "760px"})
        self._next_draw = 0.0
        self._records: Sequence[Mapping[str, Any]] = ()
        self._num_drawn = 0

    def __enter__(self) -> Self:
        """Return the curves, to be passed as `watch`."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Draw the records to the last one: `fit` goes on to append to those it has shown."""
        if len(self._records) != self._num_drawn:
            self._next_draw = 0.0
            self(self._records)

    def __call__(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Show the curves of `records`, the rows of metrics.jsonl so far."""
        if records is not self._records:  # of another network of a study
            self._records, self._num_drawn = records, 0
        start = time.monotonic()
        if not self.is_shown or len(records) < 2 or start < self._next_draw:
            return
        is_first = not self.image.value
        self.image.value = self._draw(pd.DataFrame(list(records)))
        self._num_drawn = len(records)
        if is_first:
            display(self.image)
        self._next_draw = start + (time.monotonic() - start) / MAX_SHARE

    def _draw(self, metrics: pd.DataFrame) -> bytes:
        """Draw the curves as a small PNG."""
        fig = curves_of(metrics)(metrics, self.lang)
        buffer = io.BytesIO()
        try:
            with plots.rc_context():
                fig.savefig(buffer, format="png", dpi=120)
        finally:
            plt.close(fig)
        return buffer.getvalue()
