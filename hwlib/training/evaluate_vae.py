"""What is measured of a VAE: the test curve while it trains, and the end.

Networks are in eval mode and in float32; the end is measured on the entire test set.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from hwlib.config import Config
from hwlib.data import Data
from hwlib.losses import kl_standard_normal, recon_nats
from hwlib.metrics import active_units, linear_probe_accuracy, majority_accuracy, sharpness
from hwlib.models.vae import VAE
from hwlib.training import quality
from hwlib.training.attribute_classifier import image_features
from hwlib.training.batches import (
    draw_inputs,
    draw_z,
    evenly_spaced_rows,
    generate,
    image_batches,
    map_batches,
)
from hwlib.training.factors import disentanglement
from hwlib.training.steps import sigma_01
from hwlib.training.updates import Finished, Results, State

CURVE_IMAGES = 512  # test images behind each point of the test curve
PROBE_IMAGES = 4_000  # training images that the linear probe is fitted to
NUM_SHOWN = 32  # originals and reconstructions that are kept
NUM_LATENTS = 2_000  # test latents that are kept
GROWTH_SHARES = (0.1, 0.5, 1.0)  # of the training: report D's epochs 10, 50 and 100
NUM_PROGRESS = 8  # test images that are reconstructed then


class VaeMonitor:
    """Measures a VAE at points of its training, and the finished one."""

    labels: np.ndarray | None = None  # it learns none

    def __init__(self, data: Data, config: Config, device: torch.device):
        """Check that images can be compared; the networks for it are needed at the end alone."""
        self.data, self.config, self.device = data, config, device
        steps = {max(1, round(share * config.num_steps)) for share in GROWTH_SHARES}
        self.growth_steps = sorted(steps)
        quality.check_feature_networks(config, data, device)

    def after_step(self, state: State) -> None:
        """Keep reconstructions of the first test images at 10, 50 and 100 % of the steps."""
        if state.step in self.growth_steps:
            vae = state.models["vae"].eval()
            images = reconstruct(vae, self.data.test.images[:NUM_PROGRESS])
            state.frames.append(torch.from_numpy(images))
            vae.train()

    def evaluate(self, state: State) -> dict[str, float]:
        """Return the test curve's point: 512 test images, evenly spaced, in eval mode."""
        vae, images = state.models["vae"].eval(), self.data.test.images
        rows = evenly_spaced_rows(len(images), CURVE_IMAGES)
        numbers = measure_elbo(vae, images[rows], self.config)
        vae.train()
        return {f"test_{name}": value for name, value in numbers.items()}

    def finish(self, state: State, records: Sequence[Results]) -> Finished:
        """Measure the trained VAE."""
        networks = quality.make_feature_networks(self.config, self.data, self.device)
        vae, data, config = state.models["vae"].eval(), self.data, self.config
        if vae.prior_mean is not None:
            posteriors = map_batches(lambda x: torch.cat(vae.encode(x), 1), data.train.images, vae)
            vae.fit_prior(*posteriors.chunk(2, 1))
        numbers = measure_elbo(vae, data.test.images, config)
        mu = posterior_means(vae, data.test.images)
        kept = evenly_spaced_rows(len(mu), NUM_LATENTS)
        num = quality.num_quality_images(data)
        inputs = draw_inputs(vae, config, "samples", num=max(num, quality.NUM_SAMPLES))
        of_samples, images = quality.sample_quality(generate(vae, *inputs), data, networks)
        originals = np.array(data.test.images[:NUM_SHOWN])
        real = data.test.images[evenly_spaced_rows(len(data.test), num)]
        results: Results = {
            "test_mse_01": numbers["mse_01"],
            "test_mse_11": numbers["mse_11"],
            **{name: numbers[name] for name in ("neg_elbo_nats", "recon_nats", "kl_nats")},
            "active_units": active_units(mu),
            **({} if vae.log_sigma is None else {"sigma_01": sigma_01(vae).item()}),
            **of_samples,
            "sharpness_reconstructions": quality.mean_of(sharpness, reconstruct(vae, real)),
            **self._beside_samples(vae, networks, real),
            **self._probe(vae, mu),
            **disentanglement(partial(posterior_draws, vae, config), data),
        }
        images |= {
            "originals": originals,
            "reconstructions": reconstruct(vae, originals),
            "interpolation": interpolation(vae, data.test.images),
            "reconstruction_growth": torch.stack(state.frames).numpy(),
            "reconstruction_growth_steps": np.array(self.growth_steps),
        }
        latents = {"test_mu": mu[kept].numpy(), "test_index": kept}
        return state.models, results, images, latents

    def _beside_samples(
        self, vae: VAE, networks: quality.FeatureNetworks, real: np.ndarray
    ) -> Results:
        """Measure reconstructions of training images as samples are, the best that these can be.

        Where the prior is fitted, also samples of N(0, I).
        """
        rows = evenly_spaced_rows(len(self.data.train), len(real))
        images = {"reconstructions": reconstruct(vae, self.data.train.images[rows])}
        if vae.prior_mean is not None:
            eps = draw_z(self.config, "samples", num=len(real), z_dim=vae.z_dim)
            images["normal"] = generate(vae, eps)
        of_real = image_features(networks.extractor, real)
        results = {}
        for name, own in images.items():
            found = quality.distances(of_real, image_features(networks.extractor, own))
            results |= {f"{key}_{name}": found[key] for key in ("frechet", "kid")}
        return results

    def _probe(self, vae: VAE, test_mu: Tensor) -> Results:
        """Read one attribute off the latents; nothing where it is missing or constant."""
        name, part = self.config.attribute, self.data.train
        if name is None:
            return {}
        column = self.data.attributes.index(name)
        rows = evenly_spaced_rows(len(part.images), PROBE_IMAGES)
        train, test = part.labels[rows, column], self.data.test.labels[:, column]
        if train.min() == train.max():
            return {}
        train_mu = posterior_means(vae, part.images[rows]).numpy()
        return {
            "linear_probe_attribute": name,
            "linear_probe_accuracy": linear_probe_accuracy(train_mu, train, test_mu.numpy(), test),
            "linear_probe_floor": majority_accuracy(test),
        }


@torch.no_grad()
def measure_elbo(vae: VAE, images: np.ndarray, config: Config) -> dict[str, float]:
    """Measure a VAE on all of `images` (N, H, W, C).

    Returns `mse_01` and `mse_11` of the reconstruction from the posterior mean, over every value of
    pixels in [0, 1] and [-1, 1]; and `recon_nats`, `kl_nats` and their sum `neg_elbo_nats`, per
    image, from one draw of z.
    """
    totals = torch.zeros(3, dtype=torch.float64)
    for number, x in enumerate(image_batches(images, vae)):
        mu, logvar = vae.encode(x)
        z = _draw_posterior(mu, logvar, config, "test-eps", number)
        from_mean, from_draw = (recon_nats(x, vae.decode(it), vae.pixel_range) for it in (mu, z))
        sums = (from_mean, from_draw, kl_standard_normal(mu, logvar))
        totals += torch.stack([value.double().sum() for value in sums]).cpu()
    error, recon, kl = (totals / len(images)).tolist()
    # recon_nats is the summed squared error in [-1, 1]: over the values it is the MSE there.
    mse_11 = error / images[0].size
    nats = {"recon_nats": recon, "kl_nats": kl, "neg_elbo_nats": recon + kl}
    return {"mse_01": mse_11 / 4, "mse_11": mse_11} | nats


def _draw_posterior(mu: Tensor, logvar: Tensor, config: Config, *stream: object) -> Tensor:
    """Draw z (B, Z) from the posterior."""
    num, z_dim = mu.shape
    eps = draw_z(config, *stream, num=num, z_dim=z_dim, device=mu.device)
    return mu + (0.5 * logvar).exp() * eps


def posterior_means(vae: VAE, images: np.ndarray) -> Tensor:
    """Return the (N, Z) posterior means of all of `images`, on the CPU."""
    return map_batches(lambda x: vae.encode(x)[0], images, vae)


@torch.no_grad()
def posterior_draws(vae: VAE, config: Config, images: np.ndarray, stream: str) -> np.ndarray:
    """Draw one z of each of `images` from its posterior: float32 (N, Z); `stream` names the draws.

    This is what the decoder works from. The mean alone would make a collapsed latent, whose mean
    moves by a thousandth, look informative.
    """
    parts = [
        _draw_posterior(*vae.encode(x), config, "posterior", stream, number).cpu()
        for number, x in enumerate(image_batches(images, vae))
    ]
    return torch.cat(parts).numpy()


def reconstruct(vae: VAE, images: np.ndarray) -> np.ndarray:
    """Reconstruct images (N, H, W, C) uint8 from their posterior means, in the same form."""
    return generate(vae, posterior_means(vae, images))


def interpolation(vae: VAE, images: np.ndarray, *, rows: int = 4, num: int = 9) -> np.ndarray:
    """Walk straight through latents from image 2r to image 2r + 1: uint8 (rows, num, H, W, C)."""
    mu = posterior_means(vae, images[: 2 * min(rows, len(images) // 2)])
    t = torch.linspace(0, 1, num).view(1, num, 1)
    return generate(vae, (1 - t) * mu[0::2, None] + t * mu[1::2, None])
