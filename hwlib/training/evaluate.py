"""What is measured of finished networks: in eval mode, in float32, on the entire test set."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hwlib.config import Config
from hwlib.data import Data
from hwlib.losses import kl_standard_normal, recon_nats
from hwlib.metrics import active_units, linear_probe_accuracy, majority_accuracy, sharpness
from hwlib.models import VAE
from hwlib.training.batches import EVAL_BATCH, image_batches, spread
from hwlib.training.factors import disentanglement
from hwlib.training.quality import Tools, mean_of, num_quality_images, sample_quality
from hwlib.training.steps import normal, sigma_01, to_range, to_uint8

CURVE_IMAGES = 512  # test pictures behind each point of the test curve
PROBE_IMAGES = 4_000  # training pictures that the linear probe is fitted to
NUM_SAMPLES = 64  # samples that are kept
NUM_SHOWN = 32  # originals and reconstructions that are kept
NUM_LATENTS = 2_000  # test latents that are kept
GROWTH_SHARES = (0.1, 0.5, 1.0)  # of the training: report D's epochs 10, 50 and 100
NUM_GROWING = 8  # test pictures that are reconstructed then


@torch.no_grad()
def test_numbers(vae: VAE, images: np.ndarray, config: Config) -> dict[str, float]:
    """Measure a VAE on all of `images` (N, H, W, C).

    The MSE is that of the reconstruction from the posterior mean, over every value; the nats are
    per image and use one draw of z from the posterior.

    Returns:
        `mse_01`, `mse_11` (pixels in [0, 1] and [-1, 1]), `recon_nats`, `kl_nats`, `neg_elbo_nats`.
    """
    device = next(vae.parameters()).device
    totals = torch.zeros(3, dtype=torch.float64)
    for number, batch in enumerate(image_batches(images, device)):
        x = to_range(batch, vae.pixel_range)
        mu, logvar = vae.encode(x)
        eps = normal(config, "test-eps", number, shape=tuple(mu.shape), device=device)
        from_mean = recon_nats(x, vae.decode(mu), vae.pixel_range)
        from_draw = recon_nats(x, vae.decode(mu + (0.5 * logvar).exp() * eps), vae.pixel_range)
        sums = (from_mean, from_draw, kl_standard_normal(mu, logvar))
        totals += torch.stack([value.double().sum() for value in sums]).cpu()
    error, recon, kl = (totals / len(images)).tolist()
    # recon_nats is the summed squared error in [-1, 1]: over the values it is the MSE there.
    mse_11 = error / images[0].size
    return {
        "mse_01": mse_11 / 4,
        "mse_11": mse_11,
        "recon_nats": recon,
        "kl_nats": kl,
        "neg_elbo_nats": recon + kl,
    }


@torch.no_grad()
def posterior_means(vae: VAE, images: np.ndarray) -> Tensor:
    """Return the (N, Z) posterior means of all of `images`, on the CPU."""
    device = next(vae.parameters()).device
    parts = [
        vae.encode(to_range(batch, vae.pixel_range))[0].cpu()
        for batch in image_batches(images, device)
    ]
    return torch.cat(parts)


@torch.no_grad()
def posterior_draws(vae: VAE, config: Config, images: np.ndarray, stream: str) -> np.ndarray:
    """Draw one z of each of `images` from its posterior: float32 (N, Z); `stream` names the draws.

    What the decoder works from. The mean alone would show a collapsed latent, whose mean moves by a
    thousandth, as one that tells something to whoever looks closely enough.
    """
    device = next(vae.parameters()).device
    parts = []
    for number, batch in enumerate(image_batches(images, device)):
        mu, logvar = vae.encode(to_range(batch, vae.pixel_range))
        eps = normal(config, "posterior", stream, number, shape=tuple(mu.shape), device=device)
        parts.append((mu + (0.5 * logvar).exp() * eps).cpu())
    return torch.cat(parts).numpy()


@torch.no_grad()
def vae_samples(vae: VAE, config: Config, num: int, *stream: object) -> np.ndarray:
    """Decode `num` draws from the prior: uint8 (num, H, W, C); `stream` names the draws."""
    device = next(vae.parameters()).device
    z = normal(config, *stream, shape=(num, vae.z_dim), device=device)
    parts = [to_uint8(vae.decode(part), vae.pixel_range).cpu() for part in z.split(EVAL_BATCH)]
    return torch.cat(parts).numpy()


@torch.no_grad()
def interpolation(vae: VAE, images: np.ndarray, *, rows: int = 4, num: int = 9) -> np.ndarray:
    """Walk straight through latent space from picture 2r to picture 2r + 1.

    Returns:
        uint8 (rows, num, H, W, C); fewer rows where there are not pictures enough.
    """
    rows = min(rows, len(images) // 2)
    device = next(vae.parameters()).device
    mu = posterior_means(vae, images[: 2 * rows]).to(device)
    t = torch.linspace(0, 1, num, device=device).view(1, num, 1)
    z = (1 - t) * mu[0::2, None] + t * mu[1::2, None]  # (rows, num, Z)
    frames = to_uint8(vae.decode(z.flatten(0, 1)), vae.pixel_range)
    return frames.cpu().numpy().reshape(len(z), num, *frames.shape[1:])


def finish_vae(
    models: dict[str, VAE], data: Data, config: Config, tools: Tools
) -> tuple[dict[str, Any], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Measure a trained VAE.

    Args:
        models: "vae".
        data: the pictures that it learnt from, and the test pictures that it is held against.
        config: settings; the seed names the draws.
        tools: the networks that judge pictures.

    Returns:
        Its part of results.json; the pictures of samples.npz; the arrays of latents.npz.
    """
    vae = models["vae"].eval()
    numbers = test_numbers(vae, data.test.images, config)
    mu = posterior_means(vae, data.test.images)
    kept = spread(len(mu), NUM_LATENTS)
    num_samples = max(num_quality_images(data), NUM_SAMPLES)
    samples = vae_samples(vae, config, num_samples, "samples")
    quality, nearest_pictures = sample_quality(samples, data, tools)
    originals = np.array(data.test.images[:NUM_SHOWN])
    results: dict[str, Any] = {
        "test_mse_01": numbers["mse_01"],
        "test_mse_11": numbers["mse_11"],
        "neg_elbo_nats": numbers["neg_elbo_nats"],
        "recon_nats": numbers["recon_nats"],
        "kl_nats": numbers["kl_nats"],
        "active_units": active_units(mu),
        **({} if vae.log_sigma is None else {"sigma_01": sigma_01(vae).item()}),
        **quality,
        "sharpness_reconstructions": reconstruction_sharpness(vae, data),
        **_probe(vae, mu, data, config),
        **disentanglement(partial(posterior_draws, vae, config), data),
    }
    pictures = {
        "samples": samples[:NUM_SAMPLES],
        "originals": originals,
        "reconstructions": reconstruct(vae, originals),
        "interpolation": interpolation(vae, data.test.images),
        **nearest_pictures,
    }
    return results, pictures, {"test_mu": mu[kept].numpy(), "test_index": kept}


def reconstruction_sharpness(vae: VAE, data: Data) -> float:
    """Return the mean sharpness of reconstructed test pictures, of as many as samples are drawn."""
    rows = spread(len(data.test), num_quality_images(data))
    return mean_of(sharpness, reconstruct(vae, data.test.images[rows]))


def growth_steps(num_steps: int) -> tuple[int, ...]:
    """Return the steps after which reconstructions are kept: at 10, 50 and 100 % of them all."""
    return tuple(sorted({max(1, round(share * num_steps)) for share in GROWTH_SHARES}))


def growth_frame(vae: VAE, data: Data) -> Tensor:
    """Reconstruct the first eight test pictures as the network is now: uint8 (8, H, W, C)."""
    vae.eval()
    pictures = reconstruct(vae, np.array(data.test.images[:NUM_GROWING]))
    vae.train()
    return torch.from_numpy(pictures)


def growth(frames: Sequence[Tensor], num_steps: int) -> dict[str, np.ndarray]:
    """Return a VAE's `reconstruction_growth` (T, 8, H, W, C) and the T steps it shows."""
    return {
        "reconstruction_growth": torch.stack(list(frames)).numpy(),
        "reconstruction_growth_steps": np.array(growth_steps(num_steps)),
    }


@torch.no_grad()
def reconstruct(vae: VAE, images: np.ndarray) -> np.ndarray:
    """Reconstruct pictures (N, H, W, C) uint8 from their posterior means, in the same form."""
    device = next(vae.parameters()).device
    parts = [
        to_uint8(vae.decode(vae.encode(to_range(batch, vae.pixel_range))[0]), vae.pixel_range)
        for batch in image_batches(images, device)
    ]
    return torch.cat(parts).cpu().numpy()


def _probe(vae: VAE, test_mu: Tensor, data: Data, config: Config) -> dict[str, Any]:
    """Read one attribute off the latents; nothing where it is missing or constant."""
    if config.attribute is None:
        return {}
    column = data.attributes.index(config.attribute)
    rows = spread(len(data.train.images), PROBE_IMAGES)
    train, test = data.train.labels[rows, column], data.test.labels[:, column]
    if train.min() == train.max():
        return {}
    train_mu = posterior_means(vae, data.train.images[rows])
    return {
        "linear_probe_attribute": config.attribute,
        "linear_probe_accuracy": linear_probe_accuracy(
            train_mu.numpy(), train, test_mu.numpy(), test
        ),
        "linear_probe_floor": majority_accuracy(test),
    }
