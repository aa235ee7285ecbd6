"""What is measured of adversarial networks: in eval mode, in float32, with fixed draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
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
    draw_codes,
    draw_labels,
    flip_rate,
    leakage,
    match_codes,
    mutual_information,
    one_hot,
    to_classes,
    variance_shares,
)
from hwlib.config import Config
from hwlib.data import Data
from hwlib.runtime import derive_seed, generator
from hwlib.training.batches import EVAL_BATCH, image_batches, spread
from hwlib.training.evaluate import NUM_SAMPLES
from hwlib.training.factors import disentanglement
from hwlib.training.oracle import read_attributes
from hwlib.training.quality import Tools, num_quality_images, sample_quality
from hwlib.training.steps import draw_z, to_range, to_uint8

NUM_PAIRS = 500  # noises that are drawn with a label on and off
NUM_PAIRS_KEPT = 10
NUM_ROWS = 100  # noises that are drawn with each value of a code
NUM_ROWS_KEPT = 10
NUM_SUREST = 6  # test pictures kept of each code value
MAX_TEST_IMAGES = 10_000  # test pictures that D and Q read
NUM_SETTLING = 1_000  # pictures that batch norm's statistics are taken from
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)

Models = dict[str, nn.Module]
Numbers = dict[str, Any]
Arrays = dict[str, np.ndarray]


# --- Pictures -------------------------------------------------------------------------------------


@torch.no_grad()
def generate(G: nn.Module, z: Tensor, c: Tensor | None = None) -> np.ndarray:
    """Turn noise into pictures.

    Args:
        G: the generator, in the mode in which it is handed over.
        z: (N, Z) noise, on any device.
        c: (N, label_dim) labels or one-hot codes; None for a plain GAN.

    Returns:
        uint8 (N, H, W, C).
    """
    device = next(G.parameters()).device
    parts = []
    for start in range(0, len(z), EVAL_BATCH):
        rows = slice(start, start + EVAL_BATCH)
        labels = None if c is None else c[rows].to(device)
        parts.append(to_uint8(G(z[rows].to(device), labels), G.pixel_range).cpu())
    return torch.cat(parts).numpy()


def conditions(
    G: nn.Module, config: Config, *stream: object, num: int, labels: np.ndarray | None = None
) -> Tensor | None:
    """Return what G is given beside its noise, from the stream that `stream` names.

    Args:
        G: the generator; `label_dim` says how much it takes.
        config: settings: problem and seed.
        stream: names the draws.
        num: how many rows.
        labels: (M, A) 0/1 labels of pictures, for an ACGAN that is to follow their distribution:
            evenly spread rows in a random order. Without them each label is on half the time.

    Returns:
        float (num, label_dim): labels, or one-hot codes; None where G takes nothing.
    """
    if not G.label_dim:
        return None
    names = (*stream, "conditions")
    if config.problem == "infogan":
        codes = draw_codes(num, G.label_dim // CODE_SIZE, generator(config.seed, *names))
        return one_hot(codes)
    if labels is None:
        return draw_labels(num, G.label_dim, generator(config.seed, *names))
    rows = np.linspace(0, len(labels) - 1, num).round().astype(int)
    rows = np.random.default_rng(derive_seed(config.seed, *names)).permutation(rows)
    return torch.from_numpy(np.asarray(labels)[rows]).float()


def draw_samples(
    G: nn.Module, config: Config, *stream: object, num: int, labels: np.ndarray | None = None
) -> np.ndarray:
    """Draw pictures: uint8 (num, H, W, C); `stream` names the draws, `labels` as `conditions`."""
    z = draw_z(config, *stream, num=num, z_dim=G.z_dim, device=torch.device("cpu"))
    return generate(G, z, conditions(G, config, *stream, num=num, labels=labels))


# --- While training goes on -----------------------------------------------------------------------


def snapshot_samples(
    models: Models,
    config: Config,
    num: int,
    device: torch.device,
    *,
    labels: np.ndarray | None = None,
) -> tuple[np.ndarray, Tensor | None]:
    """Draw the pictures that score a snapshot of the training: the same noise every time.

    Args:
        models: the networks; "G_ema", where it is there, is drawn from instead of "G".
        config: settings.
        num: how many.
        device: where the noise goes.
        labels: (N, A) training labels of an ACGAN's attributes, whose distribution the samples
            follow.

    Returns:
        uint8 (num, H, W, C), and what G was asked for, as `conditions`. The networks keep the mode
        that they had.
    """
    G = models.get("G_ema", models["G"])
    z = draw_z(config, "snapshot", num=num, z_dim=G.z_dim, device=device)
    c = conditions(G, config, "snapshot", num=num, labels=labels)
    return _generate_in_eval(G, z, c), c


def growth_frame(models: Models, config: Config, num: int = 8) -> np.ndarray:
    """Draw the pictures that are watched while they grow: the same noise and labels every time.

    GAN: `num` noises. ACGAN: num / 2 noises, each with the first attribute on, then off, other
    labels as they fall. InfoGAN: one noise with the first code's values in order, others at 0.

    Returns:
        uint8 (num, H, W, C), of "G_ema" where it is there. The networks keep their mode.
    """
    G = models.get("G_ema", models["G"])
    stream, device = "growth", torch.device("cpu")
    z = draw_z(config, stream, num=num, z_dim=G.z_dim, device=device)
    c = conditions(G, config, stream, num=num)
    if config.problem == "acgan":
        twice = torch.arange(num) // 2
        z, c = z[twice], c[twice]
        c[:, 0] = (torch.arange(num) % 2 == 0).float()
    if config.problem == "infogan":
        codes = torch.zeros(num, G.label_dim // CODE_SIZE, dtype=torch.long)
        codes[:, 0] = torch.arange(num) % CODE_SIZE
        z, c = z[:1].expand(num, -1), one_hot(codes)
    return _generate_in_eval(G, z, c)


def _generate_in_eval(G: nn.Module, z: Tensor, c: Tensor | None) -> np.ndarray:
    """`generate` in eval mode; G goes back to the mode that it had."""
    was_training = G.training
    G.eval()
    pictures = generate(G, z, c)
    G.train(was_training)
    return pictures


# --- A finished run -------------------------------------------------------------------------------


def finish_gan(
    models: Models, data: Data, config: Config, tools: Tools
) -> tuple[Numbers, Arrays, Arrays]:
    """Measure a trained GAN.

    Args:
        models: "G" and "D", in eval mode.
        data: the pictures that it learnt from, and the test pictures that it is held against.
        config: settings; the seed names the draws.
        tools: the networks that judge pictures.

    Returns:
        Its part of results.json; the pictures of samples.npz; no latents.
    """
    samples = draw_samples(models["G"], config, "samples", num=num_quality_images(data))
    return *_judge(samples, data, tools), {}


def finish_acgan(
    models: Models, data: Data, config: Config, tools: Tools
) -> tuple[Numbers, Arrays, Arrays]:
    """Measure a trained ACGAN; arguments and returns as `finish_gan`.

    The samples that are held against the test pictures have the test pictures' labels, evenly
    spread, so that a difference of the distributions is the pictures' and not the labels'. D gets
    the batch norm statistics of real pictures (`settle_statistics`).
    """
    G, D = models["G"], models["D"]
    labels = attribute_columns(data.test.labels, data, config)
    num = num_quality_images(data)
    samples = draw_samples(G, config, "samples", num=num, labels=labels)
    results, pictures = _judge(samples, data, tools)

    pairs = [label_pairs(G, config, label=k) for k in range(len(config.attributes))]
    results |= label_numbers(pairs, data, config, tools)
    rows = spread(len(labels), MAX_TEST_IMAGES)
    real = data.train.images[spread(len(data.train), NUM_SETTLING)]
    settle_statistics(D, read=lambda: read_classes(D, real, G.pixel_range))
    readings = read_classes(D, data.test.images[rows], G.pixel_range)
    results["class_accuracy_test"] = float(attribute_accuracy(readings, labels[rows]).mean())

    kept = np.stack([pictures_of_one[:NUM_PAIRS_KEPT] for pictures_of_one in pairs])
    pictures["pairs"] = kept[0]
    if len(kept) > 1:
        pictures["pairs_more"] = kept[1:]
    return results, pictures, {}


def finish_infogan(
    models: Models, data: Data, config: Config, tools: Tools
) -> tuple[Numbers, Arrays, Arrays]:
    """Measure a trained InfoGAN; arguments and returns as `finish_gan`, with "Q" in `models`.

    D and Q get the batch norm statistics of G's pictures, the only ones that Q learnt from
    (`settle_statistics`).
    """
    G, num = models["G"], num_quality_images(data)
    own = draw_samples(G, config, "settling", num=NUM_SETTLING)
    settle_statistics(models["D"], models["Q"], read=lambda: read_codes(models, own))

    z = draw_z(config, "samples", num=num, z_dim=G.z_dim)
    c = conditions(G, config, "samples", num=num)
    samples = generate(G, z, c)
    results, pictures = _judge(samples, data, tools)

    results |= code_numbers(read_codes(models, samples), codes_of(c))
    num_codes = G.label_dim // CODE_SIZE
    layouts = [code_layout(G, config, code=k) for k in range(num_codes)]
    results |= layout_numbers(layouts, G, config, tools)
    pictures["code_rows"] = np.stack([layout[:NUM_ROWS_KEPT] for layout in layouts])
    if num_codes == 2:
        pictures["code_pairs"] = code_pairs(G, config)

    rows = spread(len(data.test), MAX_TEST_IMAGES)
    logits = read_codes(models, data.test.images[rows])
    results |= meaning_numbers(logits.argmax(2).numpy(), rows, data)
    results |= disentanglement(partial(drawn_codes, models, config), data)
    pictures["code_real"] = surest_pictures(logits, data.test.images, rows)
    return results, pictures, {}


def settle_statistics(*models: nn.Module, read: Callable[[], object]) -> None:
    """Replace batch norm's running statistics by those of the pictures that `read` shows.

    D sees real and made pictures in turns, each batch normalised by itself; the running average
    is of both, and swings with the last few batches, so that in eval mode D and Q read neither
    kind as they learnt to: a Q that read all of its codes in training read half of them. The
    statistics of one kind of pictures, averaged evenly over batches, mend that. Nothing else
    changes, and networks without batch norm do not change at all.

    Args:
        models: the networks, in eval mode.
        read: runs them on pictures.
    """
    norms = [m for model in models for m in model.modules() if isinstance(m, BATCH_NORMS)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the even average of all batches
        norm.train()
    if norms:
        read()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def _judge(samples: np.ndarray, data: Data, tools: Tools) -> tuple[Numbers, Arrays]:
    """Hold samples against the test pictures, and keep the first ones."""
    results, pictures = sample_quality(samples, data, tools)
    return dict(results), {"samples": samples[:NUM_SAMPLES], **pictures}


# --- Labels: ACGAN --------------------------------------------------------------------------------


def attribute_columns(labels: np.ndarray | None, data: Data, config: Config) -> np.ndarray | None:
    """Return the (N, A) labels that an ACGAN learns; None for every other problem."""
    if config.problem != "acgan":
        return None
    return np.ascontiguousarray(labels[:, [data.attributes.index(a) for a in config.attributes]])


def label_pairs(G: nn.Module, config: Config, *, label: int, num: int = NUM_PAIRS) -> np.ndarray:
    """Draw the same noise with one label on and off, all others unchanged within a pair.

    The noises, and the other labels (each on half the time), are the same for every `label`.

    Returns:
        uint8 (num, 2, H, W, C), on first.
    """
    z = draw_z(config, "pairs", num=num, z_dim=G.z_dim).repeat_interleave(2, 0)
    c = conditions(G, config, "pairs", num=num).repeat_interleave(2, 0)
    c[0::2, label], c[1::2, label] = 1.0, 0.0
    pictures = generate(G, z, c)
    return pictures.reshape(num, 2, *pictures.shape[1:])


def label_numbers(pairs: list[np.ndarray], data: Data, config: Config, tools: Tools) -> Numbers:
    """Tell by the oracle whether each label does what it says, and what else it does.

    Args:
        pairs: of each attribute in `config.attributes`, as `label_pairs` gives them.
        data: its test labels tell how attributes go together in real pictures.
        config: settings.
        tools: holds the oracle, which never saw a generated picture.
    """
    names = tools.oracle.attributes
    accuracy, flips, changes, real = {}, {}, {}, {}
    for name, pictures in zip(config.attributes, pairs, strict=True):
        readings = read_attributes(tools.oracle, pictures.reshape(-1, *pictures.shape[2:]))
        on, off = readings[0::2], readings[1::2]
        wanted = np.arange(len(readings)).reshape(-1, 1) % 2 == 0
        column = [names.index(name)]
        accuracy[name] = float(attribute_accuracy(readings[:, column], wanted)[0])
        flips[name] = float(flip_rate(on[:, column], off[:, column])[0])
        changes[name] = _by_name(names, leakage(on, off))
        labels = data.test.labels
        has_it = labels[:, data.attributes.index(name)] > 0
        if has_it.any() and not has_it.all():
            real[name] = _by_name(data.attributes, leakage(labels[has_it], labels[~has_it]))
    return {
        "attribute": config.attribute,
        "attributes": list(config.attributes),
        "attribute_accuracy": float(np.mean(list(accuracy.values()))),
        "attribute_flip_rate": float(np.mean(list(flips.values()))),
        "attribute_accuracy_by": accuracy,
        "attribute_flip_rate_by": flips,
        "num_attribute_samples": 2 * len(pairs[0]),
        "leakage": changes,
        "leakage_real": real,
    }


@torch.no_grad()
def read_classes(D: nn.Module, images: np.ndarray, pixel_range: tuple[float, float]) -> np.ndarray:
    """Return the attributes that an ACGAN's D sees: uint8 (N, H, W, C) -> bool (N, A)."""
    parts = [D(x)[1].cpu() > 0 for x in _read_as(D, images, pixel_range)]
    return torch.cat(parts).numpy()


# --- Codes: InfoGAN -------------------------------------------------------------------------------


def codes_of(c: Tensor) -> Tensor:
    """Undo `one_hot`: (B, K * 10) -> int64 (B, K)."""
    return c.unflatten(1, (-1, CODE_SIZE)).argmax(2)


@torch.no_grad()
def read_codes(models: Models, images: np.ndarray) -> Tensor:
    """Return Q's logits of pictures, on the CPU: uint8 (N, H, W, C) -> float32 (N, K, 10)."""
    G, D, Q = (models[name] for name in "GDQ")
    parts = [Q(D.trunk(x)).float().cpu() for x in _read_as(D, images, G.pixel_range)]
    return torch.cat(parts)


def drawn_codes(models: Models, config: Config, images: np.ndarray, stream: str) -> np.ndarray:
    """Draw the codes of pictures from what Q holds likely: uint8 (N, H, W, C) -> int64 (N, K).

    As a VAE's latents are drawn from its posterior, so that a Q that is not sure says so. `stream`
    names the draws.
    """
    likely = read_codes(models, images).softmax(2)  # (N, K, 10)
    draws = generator(config.seed, "codes", stream)
    return torch.multinomial(likely.flatten(0, 1), 1, generator=draws).view(len(images), -1).numpy()


def code_numbers(logits: Tensor, codes: Tensor) -> Numbers:
    """Tell how well Q reads the codes of G's own pictures; arguments as `code_accuracy`."""
    accuracy, information = code_accuracy(logits, codes), code_information(logits, codes)
    return {
        "num_codes": logits.shape[1],
        "code_accuracy": float(accuracy.mean()),
        "code_accuracy_by": accuracy.tolist(),
        "code_information_nats": float(information.mean()),
        "code_information_by": information.tolist(),
        "code_entropy_nats": math.log(CODE_SIZE),
    }


def code_layout(
    G: nn.Module, config: Config, *, code: int | None, num: int = NUM_ROWS
) -> np.ndarray:
    """Draw each of `num` noises with every value of a code; the others are fixed in a row.

    The noises, and the other codes, are the same whichever code is asked for.

    Args:
        G: the generator.
        config: settings.
        code: which of the codes; None moves all of them at once, each through all its values.
        num: rows.

    Returns:
        uint8 (num, 10, H, W, C).
    """
    z = draw_z(config, "code-rows", num=num, z_dim=G.z_dim)
    codes = codes_of(conditions(G, config, "code-rows", num=num)).unsqueeze(1)
    codes = codes.repeat(1, CODE_SIZE, 1)  # (num, 10, K)
    values = torch.arange(CODE_SIZE)
    for k in range(codes.shape[2]):
        if code is None:  # the second code runs three times as fast, so that they do not move alike
            codes[:, :, k] = values * (1, 3, 7)[k] % CODE_SIZE
        elif code == k:
            codes[:, :, k] = values
    return _generate_grid(G, z, codes)


def code_pairs(G: nn.Module, config: Config) -> np.ndarray:
    """Draw one noise with all values of two codes: uint8 (10, 10, H, W, C), rows the first's."""
    z = draw_z(config, "code-pairs", num=1, z_dim=G.z_dim).expand(CODE_SIZE, -1)
    values = torch.arange(CODE_SIZE)
    return _generate_grid(G, z, torch.stack(torch.meshgrid(values, values, indexing="ij"), 2))


def layout_numbers(
    layouts: list[np.ndarray], G: nn.Module, config: Config, tools: Tools
) -> Numbers:
    """Tell what the codes do to the pictures: variance explained, and the oracle's readings.

    Args:
        layouts: of each code, as `code_layout` gives them.
        G: the generator; with several codes it draws one layout more, for the noise's share.
        config: settings.
        tools: holds the oracle.
    """
    shares = [variance_shares(layout) for layout in layouts]
    # A layout of one code counts the others, fixed in each row, as noise.
    of_all = shares[0] if len(layouts) == 1 else variance_shares(code_layout(G, config, code=None))
    results: Numbers = {
        "code_variance_share": [code for code, _ in shares],
        "noise_variance_share": of_all[1],
    }
    names = tools.oracle.attributes
    if names:
        meaning = []
        for layout in layouts:
            readings = read_attributes(tools.oracle, layout.reshape(-1, *layout.shape[2:]))
            rates = readings.reshape(-1, CODE_SIZE, len(names)).mean(0)
            meaning.append([_by_name(names, row) for row in rates])
        results["code_meaning"] = meaning
    return results


def meaning_numbers(codes: np.ndarray, rows: np.ndarray, data: Data) -> Numbers:
    """Tell how Q's reading of real test pictures goes with what is known of them.

    Args:
        codes: (M, K) Q's likeliest values.
        rows: (M,) which test pictures they belong to.
        data: with labels, or the factors that faces were drawn from; what it has not is left out.
    """
    results: Numbers = {}
    labels, factors = data.test.labels, data.test.factors
    if labels is not None:
        known = {n: to_classes(labels[rows, i]) for i, n in enumerate(data.attributes)}
        results["code_attribute_nats"] = _nats(codes, known)
        if len(data.attributes) > 1 and (labels.sum(1) == 1).all():
            results |= class_numbers(codes, labels[rows].argmax(1), data.attributes)
    if factors is not None:
        known = {str(n): to_classes(factors[n].to_numpy()[rows]) for n in factors.columns}
        results["code_factor_nats"] = _nats(codes, known)
    return results


def class_numbers(codes: np.ndarray, classes: np.ndarray, names: tuple[str, ...]) -> Numbers:
    """Match the values of the best code with the classes of real pictures.

    Args:
        codes: (M, K) Q's likeliest values.
        classes: (M,) int in 0..len(names)-1.
        names: of the classes.

    Returns:
        `code_class_accuracy`, and `code_class_matching`: for each value of that code the name of
        its class, "" where it has none.
    """
    matches = [match_codes(column, classes) for column in codes.T]
    accuracy, matching = max(matches, key=lambda match: match[0])
    named = [names[matching[v]] if v in matching else "" for v in range(CODE_SIZE)]
    return {"code_class_accuracy": accuracy, "code_class_matching": named}


def surest_pictures(
    logits: Tensor, images: np.ndarray, rows: np.ndarray, num: int = NUM_SUREST
) -> np.ndarray:
    """Return the pictures that Q reads most surely as each value of each code.

    Args:
        logits: (M, K, 10) of Q.
        images: uint8 (N, H, W, C).
        rows: (M,) which of `images` the logits belong to.
        num: pictures of each value.

    Returns:
        uint8 (K, 10, num, H, W, C), the surest first; black where fewer are read as that value.
    """
    log_q, values = logits.double().log_softmax(2).max(2)  # (M, K) each
    found = np.zeros((logits.shape[1], CODE_SIZE, num, *images.shape[1:]), np.uint8)
    for k in range(logits.shape[1]):
        for value in range(CODE_SIZE):
            its = (values[:, k] == value).nonzero().squeeze(1)
            order = log_q[its, k].argsort(descending=True, stable=True)[:num]
            for place, row in enumerate(rows[its[order].numpy()]):
                found[k, value, place] = images[row]
    return found


def _nats(codes: np.ndarray, known: dict[str, np.ndarray]) -> list[dict[str, float]]:
    """Return the information of each code about each thing that varies."""
    varying = {name: classes for name, classes in known.items() if classes.max() > 0}
    return [
        {name: mutual_information(column, classes) for name, classes in varying.items()}
        for column in codes.T
    ]


def _by_name(names: tuple[str, ...], values: np.ndarray) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))


def _generate_grid(G: nn.Module, z: Tensor, codes: Tensor) -> np.ndarray:
    """Draw z (R, Z), one a row, with codes (R, V, K): uint8 (R, V, H, W, C)."""
    num_rows, num_columns = codes.shape[:2]
    pictures = generate(G, z.repeat_interleave(num_columns, 0), one_hot(codes.flatten(0, 1)))
    return pictures.reshape(num_rows, num_columns, *pictures.shape[1:])


def _read_as(
    model: nn.Module, images: np.ndarray, pixel_range: tuple[float, float]
) -> Iterator[Tensor]:
    """Yield uint8 pictures (N, H, W, C) as a network takes them, in batches."""
    for batch in image_batches(images, next(model.parameters()).device):
        yield to_range(batch, pixel_range)
