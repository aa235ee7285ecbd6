"""The KL study: a panel with a slider over the weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import ipywidgets as widgets
import numpy as np

from hwlib import plots
from hwlib.explore.base import GAP_PX, Panel, in_all_languages, strip, to_strip, words
from hwlib.plots.style import plain
from hwlib.run import Run
from hwlib.show.sliders import Track
from hwlib.text import in_languages

NUM_SHOWN = 8  # samples in the panel
NUM_IN_ROW = 4  # images in each row of a sheet

Studies = Sequence[Mapping[str, Any]]  # the study's rows
# Its samples, uint8, in the order of the rows: `originals` (N, H, W, C), `reconstructions`
# (S, N, H, W, C) and `samples` (S, M, H, W, C).
Images = Mapping[str, np.ndarray]


def by_weight(studies: Studies) -> list[int]:
    """Return the places of the rows in the order of their weights."""
    return sorted(range(len(studies)), key=lambda i: studies[i]["kl_weight"])


def weight_sheets(images: Images, places: Sequence[int]) -> np.ndarray:
    """Return a sheet for each of some rows: test images, reconstructions, samples."""
    count = min(NUM_IN_ROW, len(images["originals"]))  # so that each band is one row
    sheets = []
    for i in places:
        bands = (images["originals"], images["reconstructions"][i], images["samples"][i])
        rows = np.concatenate([band[:count] for band in bands])
        sheets.append(plots.compose(rows, count, factor=1, gap=GAP_PX))
    return np.stack(sheets)


class KLPanel(Panel):
    """A slider over a study's KL weight that swaps reconstructions, and samples of the same z.

    The value of `weight` is the place among the study's rows.
    """

    def __init__(self, run: Run, lang: str | None = None):
        super().__init__(lang, run.config.profile)
        self.studies, self.images = run.results["studies"], run.samples
        self.images_of = partial(weight_sheets, self.images)
        order = by_weight(self.studies)
        about = {"options": [(plain(self.studies[i]["kl_weight"]), i) for i in order]}
        about |= {"value": 0}  # the first of the rows: the first weight that the report discusses
        about |= {"style": {"description_width": "initial"}, "stem": "kl-weights"}
        self.weight = self.control(widgets.SelectionSlider, "kl_weight", 420, **about)
        self.strips = {name: strip() for name in ("originals", "reconstructions", "samples")}
        self.strips["originals"].value = to_strip(self.images["originals"])
        lines = [widgets.HBox([self.weight, self.status])]
        for name, place in self.strips.items():
            lines += (widgets.Label(self.words(f"kl_{name}")), place)
        self.lay_out(*lines, usage="help_kl")

    def point(self, kl_weight: int) -> np.ndarray:
        """Return the place of the weight's row."""
        return np.array(kl_weight)

    def render(self) -> None:
        """Show the chosen weight's images and numbers."""
        chosen = self.weight.value
        self.strips["reconstructions"].value = to_strip(self.images["reconstructions"][chosen])
        self.strips["samples"].value = to_strip(self.images["samples"][chosen][:NUM_SHOWN])
        self.status.value = self.words("kl_told", **self.studies[chosen])


def weight_track(studies: Studies, images: Images) -> Track:
    """Return a slider over the KL weight: test images, their reconstructions, and samples.

    It starts at the first weight of `studies`, which is the first that the report discusses.
    """
    order = by_weight(studies)

    def label(row: Mapping[str, Any], lang: str) -> str:
        name, told = plots.weight_name(row["kl_weight"]), words("kl_told", lang, **row)
        return words("kl_frame", lang, weight=name, told=told)

    labels = in_languages(lambda lang: [label(studies[i], lang) for i in order])
    sheets, title = weight_sheets(images, order), in_all_languages("kl_weight")
    return Track(sheets, title, labels, order.index(0))
