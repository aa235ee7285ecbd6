"""What is measured of an InfoGAN: whether Q reads the codes, and what each code does."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from hwlib.conditioning import (
    CODE_SIZE,
    code_accuracy,
    code_information,
    match_codes,
    mutual_information,
    one_hot,
    to_classes,
    variance_shares,
)
from hwlib.config import Config
from hwlib.data import Data
from hwlib.runtime import generator
from hwlib.training.attribute_classifier import read_images
from hwlib.training.batches import draw_z, evenly_spaced_rows, image_batches, to_range
from hwlib.training.evaluate_gan import (
    MAX_TEST_IMAGES,
    NUM_BATCH_NORM,
    NUM_PROGRESS,
    GanMonitor,
    update_batch_norm,
)
from hwlib.training.factors import disentanglement
from hwlib.training.generate import Arrays, Inputs, Models, Results, draw_inputs, generate

NUM_ROWS = 100  # noises that are drawn with each value of a code
NUM_ROWS_KEPT = 10
NUM_SUREST = 6  # test images kept of each code value


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
