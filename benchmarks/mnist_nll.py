"""The likelihood of MNIST's digits under a VAE, held against published ones.

    .venv/bin/python benchmarks/mnist_nll.py DATA [--minutes 10] [--seed 0] [--json FILE]

DATA is a folder with MNIST's four idx files, gzipped or not. The networks are those that published
figures of this kind stand on: two dense layers of 500 each way, 50 latents, Bernoulli pixels, one
stochastic layer. Trained on all 60,000 training digits by the plain ELBO with one sample (Kingma &
Welling 2014); Adam, one cycle of the learning rate over the time that is given, and the average of
the weights is what is measured. No test digit is looked at before the end.

A training digit is binarised anew whenever it is shown: a pixel of grey level g is 1 with
probability g / 255 (Salakhutdinov & Murray 2008; "dynamic" since Burda et al. 2016). The 10,000
test digits are drawn once in the same way. Printed are the negative ELBO and the negative
log-likelihood by importance sampling with 200 samples, both in nats per digit: lower is better, and
both lie above the true one in expectation.

The time decides how far the training comes, and a slower machine reaches less; `--steps` trains
that many updates instead, whatever time they take.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import hwlib
from hwlib.errors import UserError
from hwlib.losses import kl_standard_normal
from hwlib.models.vae import VAE
from hwlib.runtime import autocast, generator, resolve_device, resolve_precision

SIDE, HIDDEN, Z_DIM = 28, 500, 50
BATCH = 256
LEARNING_RATE = 2e-3  # at the top of the cycle
WARM_UP = 0.03  # share of the training in which the rate rises
EMA = 0.999  # weight of the past in the average of the weights
NUM_SAMPLES = 200  # of the importance-sampled likelihood
TEST_BATCH = 100
REPORT_EVERY_S = 15.0


def build_vae(mean: Tensor) -> VAE:
    """Build the networks; the decoder ends in logits, which lose no precision as a sigmoid would.

    Args:
        mean: (784,) mean of the training digits in [0, 1]: the decoder begins with it.
    """
    encoder = nn.Sequential(
        nn.Flatten(), nn.Linear(SIDE**2, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, HIDDEN), nn.GELU()
    )
    decoder = nn.Sequential(
        nn.Linear(Z_DIM, HIDDEN),
        nn.GELU(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.GELU(),
        nn.Linear(HIDDEN, SIDE**2),  # (..., 784) logits
    )
    with torch.no_grad():
        decoder[-1].bias.copy_(mean.clamp(0.001, 0.999).logit())
    return VAE(encoder, decoder, num_features=HIDDEN, z_dim=Z_DIM, pixel_range=(0, 1))


def binarise(grey: Tensor, noise: torch.Generator) -> Tensor:
    """Draw black and white digits from grey ones: uint8 (B, 784) -> float32 (B, 784) of 0 and 1."""
    # A whole number from 0 to 254 lies below g in g of its 255 cases.
    return (torch.randint(255, grey.shape, generator=noise, device=grey.device) < grey).float()


def batches(images: Tensor, seed: int) -> Iterator[Tensor]:
    """Yield black and white batches (256, 784) of one epoch after another, without end."""
    order = generator(seed, "mnist", "order")
    noise = generator(seed, "mnist", "pixels", device=images.device)
    while True:
        shuffled = torch.randperm(len(images), generator=order)
        for rows in shuffled[: len(images) // BATCH * BATCH].view(-1, BATCH):
            yield binarise(images[rows.to(images.device)], noise)


def cycle(progress: float) -> float:
    """Return the factor of the learning rate at `progress` from 0 to 1: up, then down a cosine."""
    if progress < WARM_UP:
        return progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def train(images: Tensor, *, seconds: float, steps: int | None, seed: int) -> tuple[VAE, int]:
    """Train a VAE for so long, or so many steps; Ctrl-C ends it early.

    Args:
        images: (N, 784) grey levels, uint8.
        seconds: time of training.
        steps: updates, in place of the time.
        seed: of the first weights, the order, the pixels and the noise.

    Returns:
        The averaged weights, and the updates made.
    """
    device = images.device
    torch.manual_seed(seed)
    vae = build_vae(images.float().mean(0).cpu() / 255).to(device)
    average = AveragedModel(vae, multi_avg_fn=get_ema_multi_avg_fn(EMA))
    adam = torch.optim.Adam(vae.parameters(), lr=LEARNING_RATE, fused=True)
    noise = generator(seed, "mnist", "eps", device=device)
    precision = resolve_precision("auto", device)
    started = told = time.perf_counter()
    step, sums = 0, torch.zeros(3, device=device)
    try:
        for step, x in enumerate(batches(images, seed)):
            now = time.perf_counter()
            progress = step / steps if steps else (now - started) / seconds
            if progress >= 1:
                break
            adam.param_groups[0]["lr"] = LEARNING_RATE * cycle(progress)

            # The negative ELBO: Bernoulli pixels, and the KL divergence
            eps = torch.randn(BATCH, Z_DIM, generator=noise, device=device)
            with autocast(precision, device):
                logits, mu, logvar = vae(x, eps)
            recon = F.binary_cross_entropy_with_logits(logits.float(), x, reduction="sum") / BATCH
            kl = kl_standard_normal(mu.float(), logvar.float()).mean()
            adam.zero_grad()
            (recon + kl).backward()
            adam.step()
            average.update_parameters(vae)

            sums += torch.stack([recon, kl, torch.ones_like(kl)]).detach()
            if now - told > REPORT_EVERY_S:
                told = now
                tell(step, progress, now - started, sums)
                sums.zero_()
    except KeyboardInterrupt:
        print("\nstopped; what has been learnt is measured now", file=sys.stderr)
    return average.module.eval(), step


def tell(step: int, progress: float, seconds: float, sums: Tensor) -> None:
    """Write a line of progress to standard error.

    Args:
        step: updates made.
        progress: 0..1.
        seconds: since the beginning.
        sums: of the reconstruction term, the KL and 1 over the steps since the last line.
    """
    recon, kl, count = sums.tolist()
    if not math.isfinite(recon + kl):
        raise SystemExit(f"the loss is not finite at step {step:,}")
    print(
        f"{100 * progress:3.0f} %  step {step:,}  {step * BATCH / seconds:,.0f} digits/s  "
        f"training negative ELBO {(recon + kl) / count:.2f} nats (KL {kl / count:.2f})",
        file=sys.stderr,
    )


@torch.no_grad()
@torch.no_grad()
def importance_sampled_nll(
    log_likelihood: Callable[[Tensor], Tensor],
    mu: Tensor,
    logvar: Tensor,
    *,
    num_samples: int,
    noise: torch.Generator | None = None,
    at_once: int = 50,
) -> Tensor:
    """Estimate -log p(x) of each image, by latents from its posterior (Burda et al. 2016, eq. 8).

    -log (1/K) sum_k w_k with w_k = p(x | z_k) p(z_k) / q(z_k | x), z_k drawn from q, p(z) standard
    normal. Its expectation lies above -log p(x) and falls to it as K grows; K = 1 is one draw of
    the negative ELBO.

    Args:
        log_likelihood: maps latents (S, B, Z) to log p(x | z), (S, B) nats, constants included.
        mu: (B, Z) means of q(z | x).
        logvar: (B, Z) log variances of q(z | x).
        num_samples: K.
        noise: where the noise comes from, on the latents' device; None is torch's own.
        at_once: latents of a image that are decoded together, S at most; only a matter of memory.

    Returns:
        (B,) nats, summed over all values of an image.

    Raises:
        ValueError: the shapes do not fit, or `num_samples` or `at_once` is below 1.
    """
    if mu.shape != logvar.shape or mu.ndim != 2:
        raise ValueError(f"mu {tuple(mu.shape)} and logvar {tuple(logvar.shape)} must be (B, Z)")
    if min(num_samples, at_once) < 1:
        raise ValueError(f"{num_samples} samples, {at_once} at once: one is the least")
    parts, sigma = [], (0.5 * logvar).exp()
    for start in range(0, num_samples, at_once):
        shape = min(at_once, num_samples - start), *mu.shape
        eps = torch.randn(shape, generator=noise, device=mu.device, dtype=mu.dtype)
        z = mu + sigma * eps
        likelihood = log_likelihood(z)
        if likelihood.shape != shape[:2]:
            raise ValueError(f"log_likelihood gave {tuple(likelihood.shape)}, not {shape[:2]}")
        # log p(z) - log q(z | x); the two constants, Z / 2 log(2 pi), cancel.
        ratio = 0.5 * (eps.square() + logvar - z.square()).sum(2)
        parts.append(likelihood.double() + ratio.double())
    return math.log(num_samples) - torch.cat(parts).logsumexp(0)


def measure(vae: VAE, x: Tensor, *, num_samples: int, seed: int) -> dict[str, float]:
    """Measure black and white digits x (N, 784).

    Returns:
        `neg_elbo_nats` and its two terms, and `nll_nats`, each averaged over N.
    """
    noise = generator(seed, "mnist", "importance", device=x.device)
    totals = torch.zeros(3, dtype=torch.float64)
    for part in x.split(TEST_BATCH):
        mu, logvar = vae.encode(part)

        def log_likelihood(z: Tensor, part: Tensor = part) -> Tensor:
            """log p(x | z) = sum of x * logit - log(1 + exp(logit)): (S, B, Z) -> (S, B)."""
            logits = vae.decode(z)
            return torch.einsum("sbp,bp->sb", logits, part) - F.softplus(logits).sum(2)

        eps = torch.randn(mu.shape, generator=noise, device=x.device)
        recon = -log_likelihood((mu + (0.5 * logvar).exp() * eps).unsqueeze(0))
        nll = importance_sampled_nll(
            log_likelihood, mu, logvar, num_samples=num_samples, noise=noise
        )
        sums = recon.double().sum(), kl_standard_normal(mu, logvar).double().sum(), nll.sum()
        totals += torch.stack(sums).cpu()
    recon_nats, kl_nats, nll_nats = (totals / len(x)).tolist()
    return {
        **{"neg_elbo_nats": recon_nats + kl_nats, "recon_nats": recon_nats, "kl_nats": kl_nats},
        **{"nll_nats": nll_nats, "num_samples": num_samples, "num_images": len(x)},
    }


def run(data: str, *, minutes: float, steps: int | None, seed: int) -> dict[str, Any]:
    """Train, measure on the whole test set, and return what came out."""
    started = time.perf_counter()
    device = resolve_device()
    digits = hwlib.load_data(data, image_size=SIDE)
    if digits.layout != "mnist":
        raise UserError(f"{data} is no MNIST folder: its layout is {digits.layout}")
    train_images, test_images = (
        torch.from_numpy(np.array(part.images)).flatten(1).to(device)
        for part in (digits.train, digits.test)
    )
    test = binarise(test_images, generator(seed, "mnist", "test", device=device))
    begun = time.perf_counter()
    vae, done = train(train_images, seconds=60 * minutes, steps=steps, seed=seed)
    trained = time.perf_counter()
    numbers = measure(vae, test, num_samples=NUM_SAMPLES, seed=seed)
    return {
        **{"num_steps": done, "batch_size": BATCH, "epochs": done * BATCH / len(train_images)},
        **numbers,
        **{"train_time_s": trained - begun, "total_time_s": time.perf_counter() - started},
        **{"seed": seed, "device": device.type, "precision": resolve_precision("auto", device)},
        **{"torch": torch.__version__, "num_threads": torch.get_num_threads()},
    }


def main() -> None:
    """Read the arguments, print what came out and, if asked for, write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="folder with MNIST's idx files")
    parser.add_argument("--minutes", type=float, default=10.0, help="time of training")
    parser.add_argument("--steps", type=int, help="updates, in place of the time")
    parser.add_argument("--seed", type=int, default=0, help="of everything random")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    given = parser.parse_args()
    if given.minutes <= 0 or (given.steps is not None and given.steps < 1):
        parser.error("--minutes must be above 0, and --steps 1 or more")
    try:
        numbers = run(given.data, minutes=given.minutes, steps=given.steps, seed=given.seed)
    except UserError as error:
        parser.exit(2, f"{error}\n")
    print(
        f"{numbers['num_steps']:,} steps of {BATCH} ({numbers['epochs']:.1f} epochs) in "
        f"{numbers['train_time_s']:.0f} s of training, {numbers['total_time_s']:.0f} s all in\n"
        f"test negative ELBO {numbers['neg_elbo_nats']:.2f} nats "
        f"(reconstruction {numbers['recon_nats']:.2f}, KL {numbers['kl_nats']:.2f})\n"
        f"test NLL with {numbers['num_samples']} importance samples "
        f"{numbers['nll_nats']:.2f} nats, on {numbers['num_images']:,} digits"
    )
    if given.json:
        given.json.write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
