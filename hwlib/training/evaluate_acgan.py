"""What is measured of an ACGAN: whether each label does what it says, and what else it does.

An ACGAN's G may produce good images but ignore its label, and this varies between snapshots; so a
snapshot's score is its KID over a power of the correlation of the labels asked for and the labels
that the images show.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from hwlib.conditioning import attribute_accuracy, flip_rate, label_correlation, leakage
from hwlib.config import Config
from hwlib.data import Data
from hwlib.metrics import kernel_distance
from hwlib.training.attribute_classifier import read_images
from hwlib.training.batches import attribute_columns, evenly_spaced_rows, image_batches, to_range
from hwlib.training.evaluate_gan import (
    MAX_TEST_IMAGES,
    NUM_BATCH_NORM,
    NUM_PROGRESS,
    GanMonitor,
    update_batch_norm,
)
from hwlib.training.generate import Arrays, Inputs, Models, Results, draw_inputs, generate

NUM_PAIRS = 500  # noises that are drawn with a label on and off
NUM_PAIRS_KEPT = 10
MIN_CORRELATION = 0.1  # in the score a correlation below this counts as this
# Exponent of the correlation in the score. With 2 instead of 4 a G with half the KID but 85 % label
# accuracy was chosen over one with 99 % (drawn faces, one seed, 38 snapshots).
CORRELATION_POWER = 4


class AcganMonitor(GanMonitor):
    """Scores snapshots by their labels as well, and measures the finished ACGAN."""

    def __init__(self, data: Data, config: Config, device: torch.device):
        """Take the real images' labels and features."""
        super().__init__(data, config, device)
        self.labels, self.test_labels = (
            attribute_columns(part.labels, data, config) for part in (data.train, data.test)
        )
        halves = self.real[::2], self.real[1::2]
        # How far from 0 KID is between two halves of the real images.
        self.kid_floor = abs(kernel_distance(*halves)) if len(halves[1]) > 1 else 0.0

    def score(self, kid: float, readings: np.ndarray, c: Tensor) -> tuple[float, dict[str, float]]:
        """Return the score, and the correlation in it."""
        known = self.networks.classifier.attributes
        columns = [known.index(name) for name in self.config.attributes]
        correlation = float(label_correlation(readings[:, columns], c.numpy()).mean())
        score = max(kid, self.kid_floor) / max(correlation, MIN_CORRELATION) ** CORRELATION_POWER
        return score, {"snapshot_correlation": correlation, "snapshot_score": score}

    def progress_inputs(self, G: nn.Module, num: int = NUM_PROGRESS) -> Inputs:
        """Return num / 2 noises, each with the first attribute on, then off."""
        z, c = super().progress_inputs(G, num)
        twice = torch.arange(num) // 2
        z, c = z[twice], c[twice]
        c[:, 0] = (torch.arange(num) % 2 == 0).float()
        return z, c

    def measure_condition(
        self, models: Models, samples: np.ndarray, c: Tensor | None
    ) -> tuple[Results, Arrays]:
        """Measure by the attribute classifier what each label changes, and D's own readings.

        The test labels say how attributes go together in real images. D gets the batch-norm
        statistics of real images (`update_batch_norm`).
        """
        G, D, data, config = models["G"], models["D"], self.data, self.config
        classifier, test_labels = self.networks.classifier, data.test.labels
        accuracy, flips, changes, real, kept = {}, {}, {}, {}, []
        for label, name in enumerate(config.attributes):
            pairs = label_pairs(G, config, label=label)
            kept.append(pairs[:NUM_PAIRS_KEPT])
            readings, _ = read_images(classifier, pairs.reshape(-1, *pairs.shape[2:]))
            on, off = readings[0::2], readings[1::2]
            asked = np.arange(len(readings)).reshape(-1, 1) % 2 == 0
            column = [classifier.attributes.index(name)]
            accuracy[name] = float(attribute_accuracy(readings[:, column], asked)[0])
            flips[name] = float(flip_rate(on[:, column], off[:, column])[0])
            changes[name] = dict(zip(classifier.attributes, leakage(on, off).tolist(), strict=True))
            has_it = test_labels[:, data.attributes.index(name)] > 0
            if has_it.any() and not has_it.all():
                apart = leakage(test_labels[has_it], test_labels[~has_it])
                real[name] = dict(zip(data.attributes, apart.tolist(), strict=True))

        train = data.train.images[evenly_spaced_rows(len(data.train), NUM_BATCH_NORM)]
        rows = evenly_spaced_rows(len(data.test), MAX_TEST_IMAGES)
        update_batch_norm(D, run=lambda: read_classes(D, train, G.pixel_range))
        by_d = read_classes(D, data.test.images[rows], G.pixel_range)
        results = {
            "attribute": config.attribute,
            "attributes": list(config.attributes),
            "attribute_accuracy": float(np.mean(list(accuracy.values()))),
            "attribute_flip_rate": float(np.mean(list(flips.values()))),
            "attribute_accuracy_by": accuracy,
            "attribute_flip_rate_by": flips,
            "num_attribute_samples": 2 * NUM_PAIRS,
            "leakage": changes,
            "leakage_real": real,
            "class_accuracy_test": float(attribute_accuracy(by_d, self.test_labels[rows]).mean()),
        }
        more = {"pairs_more": np.stack(kept[1:])} if len(kept) > 1 else {}
        return results, {"pairs": kept[0], **more}


def label_pairs(G: nn.Module, config: Config, *, label: int, num: int = NUM_PAIRS) -> np.ndarray:
    """Generate from the same noise with one label on and off: uint8 (num, 2, H, W, C), on first.

    The noises, and the other labels (each on half the time), are the same for every `label`.
    """
    z, c = (each.repeat_interleave(2, 0) for each in draw_inputs(G, config, "pairs", num=num))
    c[0::2, label], c[1::2, label] = 1.0, 0.0
    images = generate(G, z, c)
    return images.reshape(num, 2, *images.shape[1:])


@torch.no_grad()
def read_classes(D: nn.Module, images: np.ndarray, pixel_range: tuple[float, float]) -> np.ndarray:
    """Return the attributes that an ACGAN's D reads: uint8 (N, H, W, C) -> bool (N, A)."""
    batches = image_batches(images, next(D.parameters()).device)
    return torch.cat([D(to_range(x, pixel_range))[1].cpu() > 0 for x in batches]).numpy()
