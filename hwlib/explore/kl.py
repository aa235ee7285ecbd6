"""Looking into the KL study: the ways between two pictures, and a slider over the weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np

from hwlib.explore.parts import help_line, strip, to_strip, told_of_trials
from hwlib.explore.words import panel_language, words
from hwlib.plots.kl import plain
from hwlib.run import Run

NUM_SHOWN = 8  # samples in the panel
DIGITS = 3


class KLPanel(widgets.VBox):
    """A slider over the KL weight that swaps reconstructions and samples.

    Attributes:
        weight: the slider; its value is the place among the weights.
        originals: test pictures, PNG; they stay.
        reconstructions: of the chosen weight's VAE, PNG.
        samples: of the same z for every weight, PNG.
        told: the chosen VAE's numbers in words.
        studies, pictures: what it was given.
    """

    def __init__(
        self,
        studies: Sequence[Mapping[str, Any]],
        pictures: Mapping[str, np.ndarray],
        *,
        lang: str = "en",
    ):
        """Build the panel.

        Args:
            studies: the study's rows.
            pictures: its samples: `originals` (N, H, W, C), `reconstructions` (S, N, H, W, C),
                `samples` (S, M, H, W, C), in the order of `studies`.
            lang: language of the words.
        """
        super().__init__()
        self.lang, self.pictures = lang, pictures
        order = sorted(range(len(studies)), key=lambda i: studies[i]["kl_weight"])
        self.studies = studies
        names = [(plain(studies[i]["kl_weight"]), i) for i in order]
        self.weight = widgets.SelectionSlider(
            options=names,
            value=0,  # the first of `studies`: the first weight that the report tells of
            description=words("kl_weight", self.lang),
            layout={"width": "420px"},
            style={"description_width": "initial"},
        )
        self.told = widgets.Label()
        self.originals, self.reconstructions, self.samples = strip(), strip(), strip()
        self.originals.value = to_strip(pictures["originals"])
        self.children = [
            widgets.HBox([self.weight, self.told]),
            *self._named("kl_originals", self.originals),
            *self._named("kl_reconstructions", self.reconstructions),
            *self._named("kl_samples", self.samples),
            help_line(lang, "help_kl"),
        ]
        self.weight.observe(self._on_weight, "value")
        self._on_weight(None)

    def _named(self, name: str, picture: widgets.Image) -> tuple[widgets.Label, widgets.Image]:
        """Set a label above a strip of pictures."""
        return widgets.Label(words(name, self.lang)), picture

    def _on_weight(self, _change: Any) -> None:
        """Show the chosen weight's pictures and numbers."""
        chosen = self.weight.value
        self.reconstructions.value = to_strip(self.pictures["reconstructions"][chosen])
        self.samples.value = to_strip(self.pictures["samples"][chosen][:NUM_SHOWN])
        self.told.value = kl_told(self.studies[chosen], self.lang)


def kl_told(row: Mapping[str, Any], lang: str) -> str:
    """Say a study's row in numbers: error, KL, active latents."""
    kl = row["kl_nats"]
    written = {
        "mse": f"{row['test_mse_01']:.{DIGITS + 2}f}",
        "kl": f"{kl:,.0f}" if kl >= 100 else f"{kl:.2f}",
        "active": row["active_units"],
    }
    return words("kl_told", lang, **written)


def kl_panel(run: Run, lang: str | None = None) -> KLPanel:
    """Return the panel for a finished study.

    Args:
        run: a finished run of problem `kl`.
        lang: language of the words; the first that the notebook asks for where it is None.
    """
    lang = panel_language(lang)
    panel = KLPanel(run.results["studies"], run.samples, lang=lang)
    return told_of_trials(panel, run, lang)
