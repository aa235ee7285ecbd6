"""What is measured of a GAN: snapshots while it trains, of which the best is kept, and the end.

Adversarial losses do not show when G is best: a snapshot's score is its KID. An ACGAN's G may
produce good images but ignore its label, and this varies between snapshots; its score is KID over a
power of the correlation of the labels asked for and the labels that the images show.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hwlib.conditioning import (
    CODE_SIZE,
    attribute_accuracy,
    code_accuracy,
    code_information,
    flip_rate,
    label_correlation,
    leakage,
    match_codes,
    mutual_information,
    one_hot,
    to_classes,
    variance_shares,
)
from hwlib.config import Config
from hwlib.data import Data
from hwlib.metrics import diversity, kernel_distance
from hwlib.models.weights import model_tensors, put_tensors
from hwlib.runtime import generator
from hwlib.thresholds import COLLAPSED_D_LOSS, COLLAPSED_DIVERSITY
from hwlib.training.attribute_classifier import image_features, read_images
from hwlib.training.batches import (
    attribute_columns,
    draw_z,
    evenly_spaced_rows,
    image_batches,
    to_range,
)
from hwlib.training.factors import disentanglement
from hwlib.training.generate import Arrays, Inputs, Models, Results, draw_inputs, generate
from hwlib.training.quality import make_feature_networks, num_quality_images, sample_quality
from hwlib.training.updates import State

SNAPSHOT_IMAGES = 500  # generated, and real training images, behind a snapshot's score
NUM_PROGRESS = 8  # images that are watched while they grow
NUM_BATCH_NORM = 1_000  # images that batch norm's statistics of a trained D are taken from
MAX_TEST_IMAGES = 10_000  # test images that a trained D, or Q, reads
LATE = 0.9  # share of the steps after which D's accuracy counts
NUM_PAIRS = 500  # noises that are drawn with a label on and off
NUM_PAIRS_KEPT = 10
MIN_CORRELATION = 0.1  # in the score a correlation below this counts as this
# Exponent of the correlation in the score. With 2 instead of 4 a G with half the KID but 85 % label
# accuracy was chosen over one with 99 % (drawn faces, one seed, 38 snapshots).
CORRELATION_POWER = 4
NUM_ROWS = 100  # noises that are drawn with each value of a code
NUM_ROWS_KEPT = 10
NUM_SUREST = 6  # test images kept of each code value


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


class InfoganMonitor(GanMonitor):
    """Scores snapshots as a GAN's, and measures the finished InfoGAN."""

    def progress_inputs(self, G: nn.Module, num: int = NUM_PROGRESS) -> Inputs:
        """Return one noise with the first code's values in order, other codes at 0."""
        z, _ = super().progress_inputs(G, num)
        codes = torch.zeros(num, G.label_dim // CODE_SIZE, dtype=torch.long)
        codes[:, 0] = torch.arange(num) % CODE_SIZE
        return z[:1].expand(num, -1), one_hot(codes)

    def measure_condition(
        self, models: Models, samples: np.ndarray, c: Tensor | None
    ) -> tuple[Results, Arrays]:
        """Measure how well Q reads the codes, what each does to images, and what Q reads of real.

        D and Q get the batch-norm statistics of G's images, the only ones that Q learnt from
        (`update_batch_norm`).
        """
        G, data, config = models["G"], self.data, self.config
        settling = generate(G, *draw_inputs(G, config, "settling", num=NUM_BATCH_NORM))
        update_batch_norm(models["D"], models["Q"], run=lambda: read_codes(models, settling))
        logits, codes = read_codes(models, samples), codes_of(c)
        accuracy, information = code_accuracy(logits, codes), code_information(logits, codes)

        layouts = [code_layout(G, config, code=k) for k in range(codes.shape[1])]
        shares = [variance_shares(layout) for layout in layouts]
        # A layout of one code counts the others, fixed in each row, as noise.
        is_one = len(layouts) == 1
        of_all = shares[0] if is_one else variance_shares(code_layout(G, config, code=None))
        results: Results = {
            "num_codes": codes.shape[1],
            "code_accuracy": float(accuracy.mean()),
            "code_accuracy_by": accuracy.tolist(),
            "code_information_nats": float(information.mean()),
            "code_information_by": information.tolist(),
            "code_entropy_nats": math.log(CODE_SIZE),
            "code_variance_share": [code for code, _ in shares],
            "noise_variance_share": of_all[1],
        }
        if names := self.networks.classifier.attributes:
            results["code_meaning"] = []
            for layout in layouts:
                images = layout.reshape(-1, *layout.shape[2:])
                readings, _ = read_images(self.networks.classifier, images)
                rates = readings.reshape(-1, CODE_SIZE, len(names)).mean(0).tolist()
                results["code_meaning"].append([dict(zip(names, r, strict=True)) for r in rates])

        rows = evenly_spaced_rows(len(data.test), MAX_TEST_IMAGES)
        of_real = read_codes(models, data.test.images[rows])
        results |= compare_with_known(of_real.argmax(2).numpy(), rows, data)
        results |= disentanglement(partial(draw_read_codes, models, config), data)
        pairs = {"code_pairs": code_pairs(G, config)} if len(layouts) == 2 else {}
        return results, {
            "code_rows": np.stack([layout[:NUM_ROWS_KEPT] for layout in layouts]),
            **pairs,
            "code_real": surest_images(of_real, data.test.images, rows),
        }


# ---- networks ----------------------------------------------------------------------------------


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


# ---- labels ------------------------------------------------------------------------------------


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


# ---- codes -------------------------------------------------------------------------------------


def codes_of(c: Tensor) -> Tensor:
    """Undo `one_hot`: (B, K * 10) -> int64 (B, K)."""
    return c.unflatten(1, (-1, CODE_SIZE)).argmax(2)


@torch.no_grad()
def read_codes(models: Models, images: np.ndarray) -> Tensor:
    """Return Q's logits of images, on the CPU: uint8 (N, H, W, C) -> float32 (N, K, 10)."""
    G, D, Q = (models[name] for name in "GDQ")
    batches = image_batches(images, next(D.parameters()).device)
    return torch.cat([Q(D.trunk(to_range(x, G.pixel_range))).float().cpu() for x in batches])


def draw_read_codes(models: Models, config: Config, images: np.ndarray, stream: str) -> np.ndarray:
    """Draw the codes of images from Q's distribution: uint8 (N, H, W, C) -> int64 (N, K).

    As a VAE's latents are drawn from its posterior, so that an unsure Q gives unsure codes.
    `stream` names the draws.
    """
    probabilities = read_codes(models, images).softmax(2)  # (N, K, 10)
    draws = generator(config.seed, "codes", stream)
    codes = torch.multinomial(probabilities.flatten(0, 1), 1, generator=draws)
    return codes.view(len(images), -1).numpy()


def code_layout(
    G: nn.Module, config: Config, *, code: int | None, num: int = NUM_ROWS
) -> np.ndarray:
    """Generate from each of `num` noises with every value of a code: uint8 (num, 10, H, W, C).

    The noises, and the other codes, which are fixed in a row, are the same whichever code is asked
    for. With `code` None all of them move at once, each through all its values.
    """
    z, c = draw_inputs(G, config, "code-rows", num=num)
    codes = codes_of(c).unsqueeze(1).repeat(1, CODE_SIZE, 1)  # (num, 10, K)
    values = torch.arange(CODE_SIZE)
    for k in range(codes.shape[2]):
        if code is None:  # the second code runs three times as fast, so that they do not move alike
            codes[:, :, k] = values * (1, 3, 7)[k] % CODE_SIZE
        elif code == k:
            codes[:, :, k] = values
    return _generate_grid(G, z, codes)


def code_pairs(G: nn.Module, config: Config) -> np.ndarray:
    """Generate from one noise with all values of two codes: uint8 (10, 10, H, W, C)."""
    z = draw_z(config, "code-pairs", num=1, z_dim=G.z_dim).expand(CODE_SIZE, -1)
    values = torch.arange(CODE_SIZE)
    return _generate_grid(G, z, torch.stack(torch.meshgrid(values, values, indexing="ij"), 2))


def _generate_grid(G: nn.Module, z: Tensor, codes: Tensor) -> np.ndarray:
    """Generate from z (R, Z), one a row, with codes (R, V, K): uint8 (R, V, H, W, C)."""
    num_columns = codes.shape[1]
    images = generate(G, z.repeat_interleave(num_columns, 0), one_hot(codes.flatten(0, 1)))
    return images.reshape(-1, num_columns, *images.shape[1:])


def compare_with_known(codes: np.ndarray, rows: np.ndarray, data: Data) -> Results:
    """Measure how Q's likeliest codes (M, K) of test images `rows` (M,) go with what is known.

    That is labels, and the factors that faces were drawn from, in nats; what the data has not, and
    what does not vary, is left out. Where the labels are classes, the values of the best code are
    matched with them: `code_class_accuracy`, and `code_class_matching`, for each value the name of
    its class, "" where it has none.
    """
    results: Results = {}
    labels, factors, names = data.test.labels, data.test.factors, data.attributes
    known = {}
    if labels is not None:
        known["attribute"] = {name: labels[rows, i] for i, name in enumerate(names)}
    if factors is not None:
        known["factor"] = {str(n): factors[n].to_numpy()[rows] for n in factors.columns}
    for kind, columns in known.items():
        classes = {name: to_classes(column) for name, column in columns.items()}
        varying = {name: own for name, own in classes.items() if own.max() > 0}
        results[f"code_{kind}_nats"] = [
            {name: mutual_information(code, own) for name, own in varying.items()}
            for code in codes.T
        ]
        if kind == "attribute" and len(names) > 1 and (labels.sum(1) == 1).all():
            matches = [match_codes(code, labels[rows].argmax(1)) for code in codes.T]
            accuracy, matching = max(matches, key=lambda match: match[0])
            matched = [names[matching[v]] if v in matching else "" for v in range(CODE_SIZE)]
            results |= {"code_class_accuracy": accuracy, "code_class_matching": matched}
    return results


def surest_images(
    logits: Tensor, images: np.ndarray, rows: np.ndarray, num: int = NUM_SUREST
) -> np.ndarray:
    """Return the images that Q reads most surely as each value of each code.

    Logits (M, K, 10) of `images[rows]` give uint8 (K, 10, num, H, W, C), the surest first; black
    where fewer are read as that value.
    """
    log_q, values = logits.double().log_softmax(2).max(2)  # (M, K) each
    found = np.zeros((logits.shape[1], CODE_SIZE, num, *images.shape[1:]), np.uint8)
    for k, value in np.ndindex(found.shape[:2]):
        its = (values[:, k] == value).nonzero().squeeze(1)
        order = log_q[its, k].argsort(descending=True, stable=True)[:num]
        for place, row in enumerate(rows[its[order].numpy()]):
            found[k, value, place] = images[row]
    return found
