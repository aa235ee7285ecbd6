"""One training step per family: the step is the lesson; the loop around it is in fit.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from hwlib.config import Config
from hwlib.losses import kl_standard_normal, recon_nats
from hwlib.recipes import get_problem
from hwlib.runtime import autocast, generator


@dataclass
class State:
    """What training changes: networks, optimisers, and the number of finished steps."""

    models: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]
    step: int = 0
    time_s: float = 0.0
    # One (K,) row of the step's numbers per step since the last record, still on the device.
    rows: list[Tensor] = field(default_factory=list)


def to_range(images: Tensor, pixel_range: tuple[float, float]) -> Tensor:
    """Map uint8 pictures (B, C, H, W) to float32 in `pixel_range`, memory order kept."""
    low, high = pixel_range
    return images.float().mul_((high - low) / 255).add_(low)


def to_uint8(x: Tensor, pixel_range: tuple[float, float]) -> Tensor:
    """Map pictures (B, C, H, W) in `pixel_range` to uint8 (B, H, W, C); no min-max stretching."""
    low, high = pixel_range
    grey = (x.float() - low) * (255 / (high - low))
    return grey.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def normal(config: Config, *stream: object, shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Draw standard normal noise from the stream that `stream` names.

    Drawn on the CPU on every machine, so that a GPU sees the same noise as a laptop.
    """
    noise = torch.randn(shape, generator=generator(config.seed, *stream))
    return noise.to(device, non_blocking=True)


def update(loss: Tensor, optimizer: Optimizer) -> None:
    """Take one step down `loss`; the one place where gradients are made and used."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def vae_step(state: State, images: Tensor, config: Config, *, precision: str) -> dict[str, Tensor]:
    """Train the VAE on one batch (Kingma & Welling 2014, algorithm 1).

    Args:
        state: holds the network "vae" and its optimiser.
        images: (B, C, H, W) uint8.
        config: settings; its seed and the step name the noise.
        precision: 'bfloat16' or 'float32' for the forward pass; the loss is always float32.

    Returns:
        0-dim tensors: `loss`, `recon` and `kl` as the recipe defines them, and `recon_nats`,
        `kl_nats` by the definition that all recipes share.
    """
    vae = state.models["vae"]
    objective = get_problem(config.recipe, config.problem).objective
    x = to_range(images, vae.pixel_range)
    eps = normal(config, "eps", state.step, shape=(len(x), vae.z_dim), device=x.device)

    with autocast(precision, x.device):
        x_hat, mu, logvar = vae(x, eps)
    x_hat, mu, logvar = x_hat.float(), mu.float(), logvar.float()

    loss, recon, kl = objective(
        x, x_hat, mu, logvar, kl_weight=config.kl_weight, reconstruction=config.reconstruction
    )
    update(loss, state.optimizers["vae"])

    with torch.no_grad():
        return {
            "loss": loss.detach(),
            "recon": recon.detach(),
            "kl": kl.detach(),
            "recon_nats": recon_nats(x, x_hat, vae.pixel_range).mean(),
            "kl_nats": kl_standard_normal(mu, logvar).mean(),
        }


StepFunction = Callable[..., dict[str, Tensor]]
STEPS: dict[str, StepFunction] = {"vae": vae_step}
