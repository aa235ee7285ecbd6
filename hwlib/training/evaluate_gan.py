"""What is measured of a GAN: snapshots while it trains, of which the best is kept, and the end.

Adversarial losses do not show when G is best: a snapshot's score is its KID. An ACGAN's G may
produce good images but ignore its label, and this varies between snapshots; its score is KID over a
power of the correlation of the labels asked for and the labels that the images show.
"""

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from hwlib import conditioning
from hwlib.conditioning import CODE_SIZE, mutual_information, one_hot, to_classes
from hwlib.config import Config
from hwlib.data import Data
from hwlib.metrics import diversity, kernel_distance
from hwlib.models.weights import model_tensors, put_tensors
from hwlib.runtime import generator
from hwlib.thresholds import COLLAPSED_D_LOSS, COLLAPSED_DIVERSITY
from hwlib.training.attribute_classifier import image_features, read_images
from hwlib.training.batches import Inputs, draw_inputs, evenly_spaced_rows, generate, map_batches
from hwlib.training.factors import disentanglement
from hwlib.training.identity import attribute_columns
from hwlib.training.quality import make_feature_networks, num_quality_images, sample_quality
from hwlib.training.updates import Finished, Measured, Models, Results, State

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

    The test images play no part in the choice of a snapshot.
    """

    labels: np.ndarray | None = None  # (N, A) 0/1, what an ACGAN learns of the training images
    test_labels: np.ndarray | None = None

    def __init__(self, data: Data, config: Config, device: torch.device):
        """Take the real images' features."""
        self.data, self.config = data, config
        self.networks = make_feature_networks(config, data, device)
        rows = evenly_spaced_rows(len(data.train), SNAPSHOT_IMAGES)
        self.real = image_features(self.networks.classifier, data.train.images[rows])
        self.real_diversity = diversity(self.real)

    def after_step(self, state: State) -> None:
        """Keep nothing of a GAN but its snapshots."""

    def evaluate(self, state: State) -> dict[str, float]:
        """Score G, or its average, as it is now; keep the networks if they are the best so far."""
        started = time.monotonic()
        outputs = output_models(state)
        G, draws = outputs["G"], {"num": SNAPSHOT_IMAGES, "labels": self.labels}
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
            state.best = {name: t.clone() for name, t in model_tensors(outputs).items()}
            state.best_step, state.best_score = state.step, score
        state.snapshot_s += time.monotonic() - started
        return {"snapshot_kid": kid, "snapshot_diversity": variety, **more}

    def score(self, kid: float, readings: np.ndarray, c: Tensor | None) -> tuple[float, Results]:
        """Return a snapshot's score, lower is better, and what else its record says."""
        return kid, {}

    def progress_inputs(self, G: nn.Module, num: int = NUM_PROGRESS) -> Inputs:
        """Return the noise, and what goes with it, of the images that are watched over training."""
        return draw_inputs(G, self.config, "growth", num=num)

    def finish(self, state: State, records: Sequence[Results]) -> Finished:
        """Measure the best snapshot's networks, or the last; there are no latents."""
        num_steps, is_best = self.config.num_steps, self.config.keep == "best"
        late = [r for r in records if r["step"] > LATE * num_steps] or records[-1:]
        snapshots = [record for record in records if "snapshot_kid" in record]
        best, last = min(snapshots, key=lambda record: record["snapshot_kid"]), snapshots[-1]
        own = {
            "d_accuracy_real": float(np.mean([record["d_accuracy_real"] for record in late])),
            "d_accuracy_fake": float(np.mean([record["d_accuracy_fake"] for record in late])),
            "best_step": best["step"],
            "best_kid": best["snapshot_kid"],
            "last_kid": last["snapshot_kid"],
            "kept_step": state.best_step if is_best else num_steps,
            "final_diversity": last["snapshot_diversity"],
            "snapshot_share": state.snapshot_s / (state.snapshot_s + state.time_s),
            "collapse": collapse_signs(records, num_steps),
        }
        models = output_models(state)
        if is_best:
            put_tensors(models, state.best)
        results, images = self.measure({name: model.eval() for name, model in models.items()})
        images |= {
            "growth": torch.stack(state.frames).numpy(),
            "growth_steps": np.array([record["step"] for record in snapshots]),
        }
        return models, own | results, images, {}

    def measure(self, models: Models) -> Measured:
        """Measure trained networks in eval mode: part of results.json, images of samples.npz."""
        G, num = models["G"], num_quality_images(self.data)
        # An ACGAN's have the test images' labels: distances must not be those of the labels.
        z, c = draw_inputs(G, self.config, "samples", num=num, labels=self.test_labels)
        samples = generate(G, z, c)
        results, images = sample_quality(samples, self.data, self.networks)
        own, own_images = self.measure_condition(models, samples, c)
        return results | own, images | own_images

    def measure_condition(self, models: Models, samples: np.ndarray, c: Tensor | None) -> Measured:
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

    def score(self, kid: float, readings: np.ndarray, c: Tensor) -> tuple[float, Results]:
        """Return the score, and the correlation in it."""
        known = self.networks.classifier.attributes
        columns = [known.index(name) for name in self.config.attributes]
        correlation = float(conditioning.label_correlation(readings[:, columns], c.numpy()).mean())
        score = max(kid, self.kid_floor) / max(correlation, MIN_CORRELATION) ** CORRELATION_POWER
        return score, {"snapshot_correlation": correlation, "snapshot_score": score}

    def progress_inputs(self, G: nn.Module, num: int = NUM_PROGRESS) -> Inputs:
        """Return num / 2 noises, each with the first attribute on, then off."""
        z, c = super().progress_inputs(G, num)
        twice = torch.arange(num) // 2
        z, c = z[twice], c[twice]
        c[:, 0] = (torch.arange(num) % 2 == 0).float()
        return z, c

    def measure_condition(self, models: Models, samples: np.ndarray, c: Tensor | None) -> Measured:
        """Measure by the attribute classifier what each label changes, and D's own readings."""
        G, data, config = models["G"], self.data, self.config
        classifier, test_labels = self.networks.classifier, data.test.labels
        accuracy, flips, changes, real, kept = {}, {}, {}, {}, []
        asked = np.arange(2 * NUM_PAIRS) % 2 == 0
        for label, name in enumerate(config.attributes):
            pairs = label_pairs(G, config, label=label)
            kept.append(pairs[:NUM_PAIRS_KEPT])
            readings, _ = read_images(classifier, pairs)
            on, off, own = readings[0::2], readings[1::2], classifier.attributes.index(name)
            accuracy[name] = float(conditioning.attribute_accuracy(readings[:, own], asked))
            flips[name] = float(conditioning.flip_rate(on, off)[own])
            changes[name] = by_name(classifier.attributes, conditioning.leakage(on, off))
            # How attributes go together in real images.
            has_it = test_labels[:, data.attributes.index(name)] > 0
            if has_it.any() and not has_it.all():
                apart = conditioning.leakage(test_labels[has_it], test_labels[~has_it])
                real[name] = by_name(data.attributes, apart)

        train = data.train.images[evenly_spaced_rows(len(data.train), NUM_BATCH_NORM)]
        rows = evenly_spaced_rows(len(data.test), MAX_TEST_IMAGES)
        update_batch_norm(models["D"], run=lambda: read_classes(models, train))
        classes = read_classes(models, data.test.images[rows])
        by_d = conditioning.attribute_accuracy(classes, self.test_labels[rows])
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
            "class_accuracy_test": float(by_d.mean()),
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

    def measure_condition(self, models: Models, samples: np.ndarray, c: Tensor | None) -> Measured:
        """Measure how well Q reads the codes, what these do to images, and what Q reads of real."""
        G, data, config = models["G"], self.data, self.config
        # the only images that Q learnt from
        settling = generate(G, *draw_inputs(G, config, "settling", num=NUM_BATCH_NORM))
        update_batch_norm(models["D"], models["Q"], run=lambda: read_codes(models, settling))
        logits, codes = read_codes(models, samples), codes_of(c)
        accuracy = conditioning.code_accuracy(logits, codes)
        information = conditioning.code_information(logits, codes)

        layouts = [code_layout(G, config, code=k) for k in range(codes.shape[1])]
        # A layout of one code counts the others, fixed in each row, as noise.
        joint = [code_layout(G, config, code=None)] if len(layouts) > 1 else []
        shares = [conditioning.variance_shares(layout) for layout in (*layouts, *joint)]
        results: Results = {
            "num_codes": codes.shape[1],
            "code_accuracy": float(accuracy.mean()),
            "code_accuracy_by": accuracy.tolist(),
            "code_information_nats": float(information.mean()),
            "code_information_by": information.tolist(),
            "code_entropy_nats": math.log(CODE_SIZE),
            "code_variance_share": [code for code, _ in shares[: len(layouts)]],
            "noise_variance_share": shares[-1][1],
        }
        if names := self.networks.classifier.attributes:
            results["code_meaning"] = []
            for layout in layouts:
                readings, _ = read_images(self.networks.classifier, layout)
                rates = readings.reshape(-1, CODE_SIZE, len(names)).mean(0)
                results["code_meaning"].append([by_name(names, of_value) for of_value in rates])

        rows = evenly_spaced_rows(len(data.test), MAX_TEST_IMAGES)
        of_real = read_codes(models, data.test.images[rows])
        results |= compare_with_known(of_real.argmax(2).numpy(), rows, data)
        results |= disentanglement(partial(draw_read_codes, models, config), data)
        images = {
            "code_rows": np.stack([layout[:NUM_ROWS_KEPT] for layout in layouts]),
            "code_real": surest_images(of_real, data.test.images, rows),
        }
        if len(layouts) == 2:
            images["code_pairs"] = code_pairs(G, config)
        return results, images


# ---- networks ----------------------------------------------------------------------------------


def output_models(state: State) -> Models:
    """Return the networks that a run gives: the average of G, where there is one, for G."""
    models = {name: model for name, model in state.models.items() if name != "G_ema"}
    return models | {"G": state.models.get("G_ema", state.models["G"])}


def update_batch_norm(*models: nn.Module, run: Callable[[], object]) -> None:
    """Replace batch norm's running statistics by those of the images that `run` passes.

    D's running average is of real and generated images in turns and swings with the last batches: a
    Q that read all of its codes in training read half of them in eval mode. The even average over
    one kind of images mends that. Unlike `torch.optim.swa_utils.update_bn`, this takes D and Q
    together, and leaves dropout and spectral norm in eval mode.
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


def by_name(names: Sequence[str], values: np.ndarray) -> dict[str, float]:
    """Return values (A,), one for each name, as they stand in results.json."""
    return dict(zip(names, values.tolist(), strict=True))


def collapse_signs(records: Sequence[dict[str, Any]], num_steps: int) -> list[dict[str, Any]]:
    """Return when training first collapsed, and how, from metrics.jsonl; empty where it did not.

    `d_loss_zero`: between two snapshots D's mean loss was below 0.05 nats. `diversity_gone`: in the
    second half of the training the samples varied less than 0.3 times as much as real images.
    """
    metrics = pd.DataFrame(records)
    is_snapshot = metrics["snapshot_kid"].notna()
    stretches = is_snapshot.shift(fill_value=False).cumsum()  # from one snapshot to the next
    losses = metrics.groupby(stretches)["d_loss"].transform("mean")
    is_late = metrics["step"] > num_steps / 2
    signs = {
        "d_loss_zero": is_snapshot & (losses < COLLAPSED_D_LOSS),
        "diversity_gone": is_late & (metrics["snapshot_diversity"] < COLLAPSED_DIVERSITY),
    }
    steps = {sign: metrics["step"][rows].min() for sign, rows in signs.items() if rows.any()}
    return [{"sign": sign, "step": int(steps[sign])} for sign in sorted(steps, key=steps.get)]


# ---- labels ------------------------------------------------------------------------------------


def label_pairs(G: nn.Module, config: Config, *, label: int, num: int = NUM_PAIRS) -> np.ndarray:
    """Generate `num` pairs with one label on, then off, all else alike: uint8 (num, 2, H, W, C)."""
    inputs = draw_inputs(G, config, "pairs", num=num)
    z, c = (each.unsqueeze(1).repeat(1, 2, 1) for each in inputs)  # (num, 2, ...)
    c[:, 0, label], c[:, 1, label] = 1.0, 0.0
    return generate(G, z, c)


def read_classes(models: Models, images: np.ndarray) -> np.ndarray:
    """Return the attributes that an ACGAN's D reads: uint8 (N, H, W, C) -> bool (N, A)."""
    return map_batches(lambda x: models["D"](x)[1] > 0, images, models["G"]).numpy()


# ---- codes -------------------------------------------------------------------------------------


def codes_of(c: Tensor) -> Tensor:
    """Undo `one_hot`: (B, K * 10) -> int64 (B, K)."""
    return c.unflatten(1, (-1, CODE_SIZE)).argmax(2)


def read_codes(models: Models, images: np.ndarray) -> Tensor:
    """Return Q's logits of images, on the CPU: uint8 (N, H, W, C) -> float32 (N, K, 10)."""
    G, D, Q = (models[name] for name in "GDQ")
    return map_batches(lambda x: Q(D.trunk(x)).float(), images, G)


def draw_read_codes(models: Models, config: Config, images: np.ndarray, stream: str) -> np.ndarray:
    """Draw the codes of images from Q's distribution: uint8 (N, H, W, C) -> int64 (N, K).

    As a VAE's latents are drawn from its posterior, so that an unsure Q gives unsure codes.
    """
    probabilities = read_codes(models, images).softmax(2)  # (N, K, 10)
    draws = generator(config.seed, "codes", stream)
    codes = torch.multinomial(probabilities.flatten(0, 1), 1, generator=draws)
    return codes.view(len(images), -1).numpy()


def code_layout(
    G: nn.Module, config: Config, *, code: int | None, num: int = NUM_ROWS
) -> np.ndarray:
    """Generate from each of `num` noises with every value of a code: uint8 (num, 10, H, W, C).

    All else is the same for every `code`; with None all codes move, each through all its values.
    """
    z, c = draw_inputs(G, config, "code-rows", num=num)
    codes = codes_of(c).unsqueeze(1).repeat(1, CODE_SIZE, 1)  # (num, 10, K)
    values = torch.arange(CODE_SIZE)
    for k in range(codes.shape[2]):
        if code is None:  # the second code runs three times as fast, so that they do not move alike
            codes[:, :, k] = values * (1, 3, 7)[k] % CODE_SIZE
        elif code == k:
            codes[:, :, k] = values
    return generate(G, z.unsqueeze(1).expand(-1, CODE_SIZE, -1), one_hot(codes))


def code_pairs(G: nn.Module, config: Config) -> np.ndarray:
    """Generate from one noise with all values of two codes: uint8 (10, 10, H, W, C)."""
    z, _ = draw_inputs(G, config, "code-pairs", num=1)
    z = z.expand(CODE_SIZE, CODE_SIZE, -1)
    values = torch.arange(CODE_SIZE)
    return generate(G, z, one_hot(torch.stack(torch.meshgrid(values, values, indexing="ij"), 2)))


def compare_with_known(codes: np.ndarray, rows: np.ndarray, data: Data) -> Results:
    """Measure how Q's likeliest codes (M, K) of test images `rows` (M,) go with what is known.

    That is labels, and the factors that faces were drawn from, in nats, as far as they vary. Where
    labels are classes, the values of the best code are matched with them: `code_class_accuracy`,
    and `code_class_matching`, for each value the name of its class, "" where it has none.
    """
    results: Results = {}
    labels, names = data.test.labels, data.attributes
    attributes = None if labels is None else pd.DataFrame(labels, columns=names)
    for kind, table in (("attribute", attributes), ("factor", data.test.factors)):
        if table is None:
            continue
        classes = {str(n): to_classes(table[n].to_numpy()[rows]) for n in table.columns}
        varying = {name: own for name, own in classes.items() if own.max() > 0}
        results[f"code_{kind}_nats"] = [
            {name: mutual_information(code, own) for name, own in varying.items()}
            for code in codes.T
        ]
        if kind == "attribute" and len(names) > 1 and (labels.sum(1) == 1).all():
            matches = [conditioning.match_codes(code, labels[rows].argmax(1)) for code in codes.T]
            accuracy, matching = max(matches, key=lambda match: match[0])
            matched = [names[matching[v]] if v in matching else "" for v in range(CODE_SIZE)]
            results |= {"code_class_accuracy": accuracy, "code_class_matching": matched}
    return results


def surest_images(
    logits: Tensor, images: np.ndarray, rows: np.ndarray, num: int = NUM_SUREST
) -> np.ndarray:
    """Return the `num` images that Q reads most surely as each value of each code, or black ones.

    Logits (M, K, 10) of `images[rows]` give uint8 (K, 10, num, H, W, C), the surest first.
    """
    log_q, values = logits.double().log_softmax(2).max(2)  # (M, K) each
    found = np.zeros((logits.shape[1], CODE_SIZE, num, *images.shape[1:]), np.uint8)
    for k, value in np.ndindex(found.shape[:2]):
        its = (values[:, k] == value).nonzero().squeeze(1)
        order = log_q[its, k].argsort(descending=True, stable=True)[:num]
        for place, row in enumerate(rows[its[order].numpy()]):
            found[k, value, place] = images[row]
    return found
