"""What is measured of a GAN: snapshots while it trains, of which the best is kept, and the end.

Adversarial losses do not show when G is best. A snapshot's score is its KID.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hwlib.config import Config
from hwlib.data import Data
from hwlib.metrics import diversity, kernel_distance
from hwlib.models.weights import model_tensors, put_tensors
from hwlib.thresholds import COLLAPSED_D_LOSS, COLLAPSED_DIVERSITY
from hwlib.training.attribute_classifier import image_features, read_images
from hwlib.training.batches import evenly_spaced_rows
from hwlib.training.generate import Arrays, Inputs, Models, Results, draw_inputs, generate
from hwlib.training.quality import make_feature_networks, num_quality_images, sample_quality
from hwlib.training.steps import State

SNAPSHOT_IMAGES = 500  # generated, and real training images, behind a snapshot's score
NUM_PROGRESS = 8  # images that are watched while they grow
NUM_BATCH_NORM = 1_000  # images that batch norm's statistics of a trained D are taken from
MAX_TEST_IMAGES = 10_000  # test images that a trained D, or Q, reads
LATE = 0.9  # share of the steps after which D's accuracy counts


class GanMonitor:
    """Scores snapshots against a fixed set of real training images, and measures the finished GAN.

    The test images play no part in the choice of a snapshot. `labels` and `test_labels` (N, A) 0/1
    are what an ACGAN learns of the training images, and the same of the test images.
    """

    labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None

    def __init__(self, data: Data, config: Config, device: torch.device):
        """Take the real images' features."""
        self.data, self.config = data, config
        self.networks = make_feature_networks(config, data, device)
        rows = evenly_spaced_rows(len(data.train), SNAPSHOT_IMAGES)
        self.real = image_features(self.networks.classifier, data.train.images[rows])
        self.real_diversity = diversity(self.real)

    def after_step(self, state: State) -> None:
        """Do nothing: all that is kept of a GAN is its snapshots."""

    def evaluate(self, state: State) -> dict[str, float]:
        """Score G, or its average, as it is now; keep the networks if they are the best so far.

        Returns `snapshot_kid`, `snapshot_diversity` (over the real images') and what `score` adds.
        """
        started = time.monotonic()
        G = output_models(state)["G"]
        draws = {"num": SNAPSHOT_IMAGES, "labels": self.labels}
        if "G_ema" in state.models:
            own = draw_inputs(G, self.config, "settle", **draws)
            update_batch_norm(G, run=lambda: generate(G, *own))
        was_training = G.training
        G.eval()
        z, c = draw_inputs(G, self.config, "snapshot", **draws)
        readings, features = read_images(self.networks.classifier, generate(G, z, c))
        state.frames.append(torch.from_numpy(generate(G, *self.progress_inputs(G))))
        G.train(was_training)
        kid = kernel_distance(self.real, features)
        variety = diversity(features) / self.real_diversity
        score, more = self.score(kid, readings, c)
        if score < state.best_score:
            tensors = model_tensors(output_models(state))
            state.best = {name: tensor.clone() for name, tensor in tensors.items()}
            state.best_step, state.best_score = state.step, score
        state.snapshot_s += time.monotonic() - started
        return {"snapshot_kid": kid, "snapshot_diversity": variety, **more}

    def score(
        self, kid: float, readings: np.ndarray, c: Tensor | None
    ) -> tuple[float, dict[str, float]]:
        """Return a snapshot's score, lower is better, and what else its record says.

        `readings` (N, A) bool are the attributes that the samples show, `c` is what G was given.
        """
        return kid, {}

    def progress_inputs(self, G: nn.Module, num: int = NUM_PROGRESS) -> Inputs:
        """Return the noise, and what goes with it, of the images that are watched over training."""
        return draw_inputs(G, self.config, "growth", num=num)

    def finish(
        self, state: State, records: Sequence[dict[str, Any]]
    ) -> tuple[Models, Results, Arrays, Arrays]:
        """Measure the networks that the run gives: the best snapshot's, or the last.

        Returns them, the problem's part of results.json, the images of samples.npz, and no latents.
        """
        late = [r for r in records if r["step"] > LATE * self.config.num_steps] or records[-1:]
        snapshots = [record for record in records if "snapshot_kid" in record]
        best = min(snapshots, key=lambda record: record["snapshot_kid"])
        is_best = self.config.keep == "best"
        own = {
            "d_accuracy_real": float(np.mean([record["d_accuracy_real"] for record in late])),
            "d_accuracy_fake": float(np.mean([record["d_accuracy_fake"] for record in late])),
            "best_step": best["step"],
            "best_kid": best["snapshot_kid"],
            "last_kid": snapshots[-1]["snapshot_kid"],
            "kept_step": state.best_step if is_best else self.config.num_steps,
            "final_diversity": snapshots[-1]["snapshot_diversity"],
            "snapshot_share": state.snapshot_s / (state.snapshot_s + state.time_s),
            "collapse": collapse_signs(records, self.config.num_steps),
        }
        models = output_models(state)
        if is_best:
            put_tensors(models, state.best)
        for model in models.values():
            model.eval()
        results, images = self.measure(models)
        images |= {
            "growth": torch.stack(state.frames).numpy(),
            "growth_steps": np.array([record["step"] for record in snapshots]),
        }
        return models, own | results, images, {}

    def measure(self, models: Models) -> tuple[Results, Arrays]:
        """Measure trained networks in eval mode: part of results.json, images of samples.npz.

        An ACGAN's samples have the test images' labels, so that a difference of the distributions
        is the images' and not the labels'.
        """
        G, num = models["G"], num_quality_images(self.data)
        z, c = draw_inputs(G, self.config, "samples", num=num, labels=self.test_labels)
        samples = generate(G, z, c)
        results, images = sample_quality(samples, self.data, self.networks)
        own, own_images = self.measure_condition(models, samples, c)
        return results | own, images | own_images

    def measure_condition(
        self, models: Models, samples: np.ndarray, c: Tensor | None
    ) -> tuple[Results, Arrays]:
        """Measure what `c` does: labels or codes, of which `samples` (N, H, W, C) were made."""
        return {}, {}


def output_models(state: State) -> Models:
    """Return the networks that a run gives: the average of G, where there is one, for G."""
    models = {name: model for name, model in state.models.items() if name != "G_ema"}
    return models | {"G": state.models.get("G_ema", state.models["G"])}


def update_batch_norm(*models: nn.Module, run: Callable[[], object]) -> None:
    """Replace batch norm's running statistics by those of the images that `run` passes.

    D gets real and generated images in turns; the running average is of both, and swings with the
    last few batches, so that in eval mode D and Q read neither kind as they learnt to: a Q that
    read all of its codes in training read half of them. The statistics of one kind of images,
    averaged evenly over batches, mend that. Unlike `torch.optim.swa_utils.update_bn`, this takes D
    and Q together, and leaves dropout and spectral norm in eval mode.
    """
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d)
    norms = [m for model in models for m in model.modules() if isinstance(m, kinds)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the even average of all batches
        norm.train()
    if norms:
        run()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def collapse_signs(records: Sequence[dict[str, Any]], num_steps: int) -> list[dict[str, Any]]:
    """Return when training first collapsed, and how, from metrics.jsonl; empty where it did not.

    `d_loss_zero`: between two snapshots D's mean loss was below 0.05 nats. `diversity_gone`: in the
    second half of the training the samples varied less than 0.3 times as much as real images.
    """
    signs: dict[str, int] = {}
    losses: list[float] = []
    for record in records:
        losses.append(record["d_loss"])
        if "snapshot_kid" not in record:
            continue
        if np.mean(losses) < COLLAPSED_D_LOSS:
            signs.setdefault("d_loss_zero", record["step"])
        is_late = record["step"] > num_steps / 2
        if is_late and record["snapshot_diversity"] < COLLAPSED_DIVERSITY:
            signs.setdefault("diversity_gone", record["step"])
        losses = []
    return [{"sign": sign, "step": step} for sign, step in signs.items()]
