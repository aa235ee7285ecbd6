"""Adversarial losses do not tell when G is best: snapshots are scored, and the best one is kept.

A snapshot's score is its KID. An ACGAN's G may paint well and not listen, and from one snapshot to
the next it listens now more, now less; so there KID is divided by a power of the correlation of the
labels asked for and the labels shown.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hwlib.conditioning import label_correlation
from hwlib.config import Config
from hwlib.data import Data
from hwlib.thresholds import COLLAPSED_D_LOSS, COLLAPSED_DIVERSITY
from hwlib.training.adversarial import (
    attribute_columns,
    conditions,
    generate,
    growth_frame,
    settle_statistics,
    snapshot_samples,
)
from hwlib.training.checkpoint import model_tensors, put_tensors
from hwlib.training.oracle import read_and_features
from hwlib.training.quality import Tools, snapshot_scorer
from hwlib.training.steps import State, draw_z

SNAPSHOT_IMAGES = 500
SETTLING_IMAGES = 500
LAST_TENTH = 0.9
LEAST_CORRELATION = 0.1  # a G that listens less than this counts as listening this much
# The power. By the square, a G of half the KID that did as it was asked in 85 % of its drawn faces
# was kept before one that did in 99 % (one seed, 38 snapshots).
LISTENING = 4


class Snapshots:
    """Scores the networks of a run against a fixed set of real training pictures."""

    def __init__(self, data: Data, config: Config, tools: Tools):
        """Take the real pictures' features; the test set plays no part in the choice."""
        self.config = config
        self.labels = attribute_columns(data.train.labels, data, config)
        self.scorer = snapshot_scorer(data, tools.oracle, num=SNAPSHOT_IMAGES)
        self.floor = self.scorer.floor()

    def take(self, state: State) -> dict[str, float]:
        """Score G as it is now, keep the networks if they are the best so far.

        Returns:
            `snapshot_kid`; `snapshot_diversity`, the samples' over the real pictures'; of an ACGAN
            `snapshot_correlation`, of the labels asked for and those that the oracle sees, and
            `snapshot_score`.
        """
        started = time.monotonic()
        device = next(state.models["G"].parameters()).device
        if "G_ema" in state.models:
            self._settle(state.models["G_ema"])
        samples, asked = snapshot_samples(
            state.models, self.config, SNAPSHOT_IMAGES, device, labels=self.labels
        )
        shown, features = read_and_features(self.scorer.oracle, samples)
        kid, diversity = self.scorer.score(features)
        told = {"snapshot_kid": kid, "snapshot_diversity": diversity}
        score = kid
        if self.labels is not None:
            listens = self._listens(shown, asked)
            score = max(kid, self.floor) / max(listens, LEAST_CORRELATION) ** LISTENING
            told |= {"snapshot_correlation": listens, "snapshot_score": score}
        if score < state.best_score:
            given = model_tensors(as_given(state.models))
            state.best = {name: tensor.clone() for name, tensor in given.items()}
            state.best_step, state.best_score = state.step, score
        state.frames.append(torch.from_numpy(growth_frame(state.models, self.config)))
        state.snapshot_s += time.monotonic() - started
        return told

    def _listens(self, shown: np.ndarray, asked: Tensor) -> float:
        """Return the correlation of labels asked for and shown, averaged over the attributes."""
        known = self.scorer.oracle.attributes
        columns = [known.index(name) for name in self.config.attributes]
        return float(label_correlation(shown[:, columns], asked.numpy()).mean())

    def _settle(self, G: nn.Module) -> None:
        """Give an average generator the batch norm statistics of its own pictures."""
        z = draw_z(self.config, "settle", num=SETTLING_IMAGES, z_dim=G.z_dim)
        c = conditions(G, self.config, "settle", num=SETTLING_IMAGES, labels=self.labels)
        settle_statistics(G, read=lambda: generate(G, z, c))


def as_given(models: dict[str, nn.Module]) -> dict[str, nn.Module]:
    """Return the networks as a finished run gives them: the average of G, where there is one."""
    given = {name: model for name, model in models.items() if name != "G_ema"}
    return given | {"G": models.get("G_ema", models["G"])}


def kept_models(state: State, config: Config) -> dict[str, nn.Module]:
    """Return the networks that the run gives: the best snapshot's, or the last."""
    models = as_given(state.models)
    if config.keep == "best":
        put_tensors(models, state.best)
    return models


def summary(
    state: State, records: Sequence[dict[str, Any]], config: Config
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return what the training itself tells: its part of results.json and of samples.npz."""
    late = [r for r in records if r["step"] > LAST_TENTH * config.num_steps] or records[-1:]
    snapshots = [record for record in records if "snapshot_kid" in record]
    best = min(snapshots, key=lambda record: record["snapshot_kid"])
    results: dict[str, Any] = {
        name: float(np.mean([record[name] for record in late]))
        for name in ("d_accuracy_real", "d_accuracy_fake")
    }
    results |= {
        "best_step": best["step"],
        "best_kid": best["snapshot_kid"],
        "last_kid": snapshots[-1]["snapshot_kid"],
        "kept_step": state.best_step if config.keep == "best" else config.num_steps,
        "final_diversity": snapshots[-1]["snapshot_diversity"],
        "snapshot_share": state.snapshot_s / (state.snapshot_s + state.time_s),
        "collapse": collapse_signs(records, config.num_steps),
    }
    pictures = {
        "growth": torch.stack(state.frames).numpy(),
        "growth_steps": np.array([record["step"] for record in snapshots]),
    }
    return results, pictures


def collapse_signs(records: Sequence[dict[str, Any]], num_steps: int) -> list[dict[str, Any]]:
    """Return when training was first seen to break, and how; empty where it was not.

    `d_loss_zero`: between two snapshots D's mean loss was below 0.05 nats. `diversity_gone`: in the
    second half of the training the samples varied less than 0.3 times as much as real pictures.

    Args:
        records: of metrics.jsonl, in their order.
        num_steps: of the whole run.
    """
    signs: dict[str, int] = {}
    losses: list[float] = []
    for record in records:
        losses.append(record["d_loss"])
        if "snapshot_kid" not in record:
            continue
        if np.mean(losses) < COLLAPSED_D_LOSS:
            signs.setdefault("d_loss_zero", record["step"])
        if record["step"] > num_steps / 2 and record["snapshot_diversity"] < COLLAPSED_DIVERSITY:
            signs.setdefault("diversity_gone", record["step"])
        losses = []
    return [{"sign": sign, "step": step} for sign, step in signs.items()]
