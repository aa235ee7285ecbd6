"""The KL study: a panel with a slider over the weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np

from hwlib.explore.base import Animation, Panel, panel_language, strip, to_strip, words
from hwlib.plots import compose
from hwlib.plots.style import plain
from hwlib.run import Run

NUM_SHOWN = 8  # samples in the panel
NUM_IN_ROW = 4  # images in each row of a sheet
GAP_PX = 2  # white between the images of a sheet

Studies = Sequence[Mapping[str, Any]]  # the study's rows
# Its samples, uint8, in the order of the rows: `originals` (N, H, W, C), `reconstructions`
# (S, N, H, W, C) and `samples` (S, M, H, W, C).
Images = Mapping[str, np.ndarray]


def by_weight(studies: Studies) -> list[int]:
    """Return the places of the rows in the order of their weights."""
    return sorted(range(len(studies)), key=lambda i: studies[i]["kl_weight"])


def weight_sheets(studies: Studies, images: Images) -> np.ndarray:
    """Return a sheet for each weight, small ones first: images, reconstructions, samples."""
    count = min(NUM_IN_ROW, len(images["originals"]))  # so that each band is one row
    sheets = []
    for i in by_weight(studies):
        bands = (images["originals"], images["reconstructions"][i], images["samples"][i])
        rows = np.concatenate([band[:count] for band in bands])
        sheets.append(compose(rows, count, factor=1, gap=GAP_PX))
    return np.stack(sheets)


def summarise(row: Mapping[str, Any], lang: str) -> str:
    """Say a study's row in numbers: error, KL, active latents."""
    kl = row["kl_nats"]
    written = {
        "mse": f"{row['test_mse_01']:.5f}",
        "kl": f"{kl:,.0f}" if kl >= 100 else f"{kl:.2f}",
        "active": row["active_units"],
    }
    return words("kl_told", lang, **written)


class KLPanel(Panel):
    """A slider over the KL weight that swaps reconstructions and samples.

    Attributes:
        weight: the slider; its value is the place among the weights.
        originals: test images; they stay.
        reconstructions, samples: of the chosen weight's VAE, the latter of the same z for each.
        studies, images: what it was given.
    """

    def __init__(self, studies: Studies, images: Images, *, lang: str = "en"):
        super().__init__(lang)
        self.studies, self.images = studies, images
        self.weight = widgets.SelectionSlider(
            options=[(plain(studies[i]["kl_weight"]), i) for i in by_weight(studies)],
            value=0,  # the first of `studies`: the first weight that the report discusses
            description=self.words("kl_weight"),
            layout={"width": "420px"},
            style={"description_width": "initial"},
        )
        self.originals, self.reconstructions, self.samples = strip(), strip(), strip()
        self.originals.value = to_strip(images["originals"])
        self.children = [widgets.HBox([self.weight, self.status])]
        for name in ("originals", "reconstructions", "samples"):
            self.children += (widgets.Label(self.words(f"kl_{name}")), getattr(self, name))
        self.children += (self.help_line("help_kl"),)
        self.on_change(self._on_weight, self.weight)
        self._on_weight()

    def animations(self) -> list[Animation]:
        """A sheet for each KL weight, small weights first."""
        sheets = weight_sheets(self.studies, self.images)
        return [Animation("kl-weights", self.words("kl_weight"), lambda _num: sheets)]

    def _on_weight(self) -> None:
        """Show the chosen weight's images and numbers."""
        chosen = self.weight.value
        self.reconstructions.value = to_strip(self.images["reconstructions"][chosen])
        self.samples.value = to_strip(self.images["samples"][chosen][:NUM_SHOWN])
        self.status.value = summarise(self.studies[chosen], self.lang)


def kl_panel(run: Run, lang: str | None = None) -> KLPanel:
    """Return the panel for a finished run of problem `kl`."""
    return KLPanel(run.results["studies"], run.samples, lang=panel_language(lang)).for_run(run)
