"""What is measured of adversarial networks: in eval mode, in float32, with fixed draws."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from hwlib.config import Config
from hwlib.control import CODE_SIZE, draw_codes, draw_labels, one_hot
from hwlib.runtime import autocast, derive_seed, generator
from hwlib.training.evaluate import EVAL_BATCH
from hwlib.training.steps import draw_z, to_uint8

Models = dict[str, nn.Module]


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
    with autocast("float32", device):
        for start in range(0, len(z), EVAL_BATCH):
            rows = slice(start, start + EVAL_BATCH)
            given = (z[rows],) if c is None else (z[rows], c[rows])
            x = G(*(values.to(device) for values in given))
            parts.append(to_uint8(x, G.pixel_range).cpu())
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


def snapshot_samples(
    models: Models,
    config: Config,
    num: int,
    device: torch.device,
    *,
    labels: np.ndarray | None = None,
) -> np.ndarray:
    """Draw the pictures that score a snapshot of the training: the same noise every time.

    Args:
        models: the networks; "G_ema", where it is there, is drawn from instead of "G".
        config: settings.
        num: how many.
        device: where the noise goes.
        labels: (N, A) training labels of an ACGAN's attributes, whose distribution the samples
            follow.

    Returns:
        uint8 (num, H, W, C). The networks keep the mode that they had.
    """
    G = models.get("G_ema", models["G"])
    z = draw_z(config, "snapshot", num=num, z_dim=G.z_dim, device=device)
    c = conditions(G, config, "snapshot", num=num, labels=labels)
    return _generate_in_eval(G, z, c)


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
