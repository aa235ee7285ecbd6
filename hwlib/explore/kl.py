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
    """A slider over the KL weight that swaps reconstructions, and samples of the same z for each.

    The value of `weight` is the place among the study's rows.
    """

    def __init__(
        self, studies: Studies, images: Images, *, lang: str | None = None, profile: str = ""
    ):
        super().__init__(lang, profile)
        self.studies, self.images = studies, images
        self.images_of = partial(weight_sheets, images)
        about = {
            "options": [(plain(studies[i]["kl_weight"]), i) for i in by_weight(studies)],
            "value": 0,  # the first of `studies`: the first weight that the report discusses
            "style": {"description_width": "initial"},
        }
        self.weight = self.control(
            widgets.SelectionSlider, "kl_weight", 420, stem="kl-weights", **about
        )
        self.originals, self.reconstructions, self.samples = strip(), strip(), strip()
        self.originals.value = to_strip(images["originals"])
        lines = [widgets.HBox([self.weight, self.status])]
        for name in ("originals", "reconstructions", "samples"):
            lines += (widgets.Label(self.words(f"kl_{name}")), getattr(self, name))
        self.lay_out(*lines, usage="help_kl")

    def point(self, kl_weight: int) -> np.ndarray:
        """Return the place of the weight's row."""
        return np.array(kl_weight)

    def render(self) -> None:
        """Show the chosen weight's images and numbers."""
        chosen = self.weight.value
        self.reconstructions.value = to_strip(self.images["reconstructions"][chosen])
        self.samples.value = to_strip(self.images["samples"][chosen][:NUM_SHOWN])
        self.status.value = self.words("kl_told", **self.studies[chosen])


def kl_panel(run: Run, lang: str | None = None) -> KLPanel:
    """Return the panel for a finished run of problem `kl`."""
    studies, profile = run.results["studies"], run.config.profile
    return KLPanel(studies, run.samples, lang=lang, profile=profile)


def weight_track(studies: Studies, images: Images) -> Track:
    """Return a slider over the KL weight: test images, their reconstructions, and samples.

    It starts at the first weight of `studies`, which is the first that the report discusses. Both
    are as `KLPanel` takes them.
    """
    order = by_weight(studies)

    def label(row: Mapping[str, Any], lang: str) -> str:
        name, told = plots.weight_name(row["kl_weight"]), words("kl_told", lang, **row)
        return words("kl_frame", lang, weight=name, told=told)

    labels = in_languages(lambda lang: [label(studies[i], lang) for i in order])
    sheets, title = weight_sheets(images, order), in_all_languages("kl_weight")
    return Track(sheets, title, labels, order.index(0))
