"""One training step per family: the step is the lesson; the loop around it is in fit.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from hwlib.conditioning import draw_codes, draw_labels, one_hot
from hwlib.config import Config
from hwlib.losses import (
    adversarial_loss,
    attribute_loss,
    code_loss,
    gradient_penalty,
    kl_standard_normal,
    recon_nats,
)
from hwlib.models import VAE
from hwlib.recipes import get_pair
from hwlib.runtime import autocast, generator
from hwlib.training.augment import augment


@dataclass
class State:
    """What training changes: networks, optimisers, and the number of finished steps."""

    models: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]
    step: int = 0
    time_s: float = 0.0
    # One (K,) row of the step's numbers per step since the last record, still on the device.
    rows: list[Tensor] = field(default_factory=list)
    # Pictures of one fixed z, or reconstructions of the same pictures, over training.
    frames: list[Tensor] = field(default_factory=list)
    # Of adversarial runs: the snapshot of the lowest score.
    best: dict[str, Tensor] = field(default_factory=dict)
    best_step: int = 0
    best_score: float = float("inf")
    snapshot_s: float = 0.0


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


def draw_z(
    config: Config, *stream: object, num: int, z_dim: int, device: torch.device | str = "cpu"
) -> Tensor:
    """Draw G's noise (num, z_dim), normal or uniform in [-1, 1], from the stream named."""
    if config.noise == "normal":
        return normal(config, *stream, shape=(num, z_dim), device=torch.device(device))
    noise = torch.rand((num, z_dim), generator=generator(config.seed, *stream))
    return noise.mul_(2).sub_(1).to(device, non_blocking=True)


def update(loss: Tensor, *optimizers: Optimizer) -> None:
    """Take one step down `loss`; the one place where gradients are made and used."""
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()


@contextmanager
def frozen(*models: nn.Module) -> Iterator[None]:
    """Hold the networks' weights still: gradients flow through them, none is made for them."""
    for model in models:
        model.requires_grad_(False)
    try:
        yield
    finally:
        for model in models:
            model.requires_grad_(True)


def seen(x: Tensor, config: Config, *stream: object) -> Tensor:
    """Return pictures (B, C, H, W) as D sees them: changed at random where `augment` is set."""
    return augment(x, generator(config.seed, "augment", *stream)) if config.augment else x


def shown(net: nn.Module, real: Tensor, fake: Tensor, config: Config) -> tuple[Any, Any]:
    """Return what D, or its trunk, makes of real and of G's pictures, (B, C, H, W) each.

    Apart, each kind has batch statistics of its own (Radford et al. 2015), which hide by how much
    the two kinds differ; in a joint batch they share one.
    """
    if not config.joint_batch:
        return net(real), net(fake)
    both = net(torch.cat([real, fake]))
    if isinstance(both, Tensor):
        return both.split([len(real), len(fake)])
    return tuple(zip(*(part.split([len(real), len(fake)]) for part in both), strict=True))


def judged_by(net: nn.Module, real: Tensor, fake: Tensor, config: Config) -> Any:
    """Return what D, or its trunk, makes of G's pictures while G learns: as in `shown`."""
    return shown(net, real.detach(), fake, config)[1] if config.joint_batch else net(fake)


def penalty_weight(config: Config, step: int) -> float:
    """Return the weight of D's gradient penalty in this step, 0 in those that leave it out.

    A penalty in every k-th step, k times as heavy, does nearly the same for less time (Karras et
    al. 2020, section 3.2).
    """
    return config.r1 * config.r1_every if step % config.r1_every == 0 else 0.0


def average_generator(state: State, config: Config) -> None:
    """Move the average of G's weights a little towards G (Karras et al. 2018).

    Batch norm's statistics are not averaged: those of an average network are its own, and are
    taken when it is looked at (`Snapshots`).
    """
    if not config.ema:
        return
    # Early on the average looks back over a tenth of the steps made, not over its full length.
    rate = 1 - min(config.ema, (1 + state.step) / (10 + state.step))
    G, G_ema = state.models["G"], state.models["G_ema"]
    with torch.no_grad():
        torch._foreach_lerp_(list(G_ema.parameters()), list(G.parameters()), rate)


def vae_step(state: State, images: Tensor, config: Config, *, precision: str) -> dict[str, Tensor]:
    """Train the VAE on one batch (Kingma & Welling 2014, algorithm 1).

    Args:
        state: holds the network "vae" and its optimiser.
        images: (B, C, H, W) uint8.
        config: settings; its seed and the step name the noise.
        precision: 'bfloat16' or 'float32' for the forward pass; the loss is always float32.

    Returns:
        0-dim tensors: `loss`, `recon` and `kl` as the recipe defines them, and `recon_nats`,
        `kl_nats` and their sum `neg_elbo_nats` by the definition that all recipes share; and
        `sigma_01` where it is learnt.
    """
    vae = state.models["vae"]
    objective = get_pair(config.recipe, config.problem).objective
    x = to_range(images, vae.pixel_range)
    eps = normal(config, "eps", state.step, shape=(len(x), vae.z_dim), device=x.device)

    with autocast(precision, x.device):
        x_hat, mu, logvar = vae(x, eps)
    x_hat, mu, logvar = x_hat.float(), mu.float(), logvar.float()

    loss, recon, kl = objective(
        x,
        x_hat,
        mu,
        logvar,
        kl_weight=config.kl_weight,
        reconstruction=config.reconstruction,
        log_sigma=vae.log_sigma,
    )
    update(loss, state.optimizers["vae"])

    with torch.no_grad():
        error, divergence = recon_nats(x, x_hat, vae.pixel_range), kl_standard_normal(mu, logvar)
        return {
            "loss": loss.detach(),
            "recon": recon.detach(),
            "kl": kl.detach(),
            "recon_nats": error.mean(),
            "kl_nats": divergence.mean(),
            "neg_elbo_nats": (error + divergence).mean(),
        } | ({} if vae.log_sigma is None else {"sigma_01": sigma_01(vae)})


def sigma_01(vae: VAE) -> Tensor:
    """Return the decoder's learnt standard deviation with pixels in [0, 1], 0-dim."""
    low, high = vae.pixel_range
    return vae.log_sigma.detach().exp() / (high - low)


def gan_step(state: State, images: Tensor, config: Config, *, precision: str) -> dict[str, Tensor]:
    """Train D, then G (Goodfellow et al. 2014, algorithm 1, with G's non-saturating loss).

    Args:
        state: holds the networks "G" and "D" and their optimisers.
        images: (d_updates x B, C, H, W) uint8: a batch for each of D's updates.
        config: settings; its seed and the step name the noise.
        precision: 'bfloat16' or 'float32' for the forward passes; losses are always float32.

    Returns:
        0-dim tensors: `d_loss` (real + fake), `g_loss`, and the shares of the real and of the fake
        pictures that D told rightly, `d_accuracy_real` and `d_accuracy_fake`.
    """
    G, D = state.models["G"], state.models["D"]

    # --- D learns to tell real from fake; G stands still ----------------------------------------
    gamma = penalty_weight(config, state.step)
    for turn, part in enumerate(images.chunk(config.d_updates)):
        now = (state.step, turn)
        x = to_range(part, G.pixel_range).requires_grad_(gamma > 0)
        z = draw_z(config, "z", *now, num=len(x), z_dim=G.z_dim, device=x.device)
        with autocast(precision, x.device):
            x_fake = G(z)
            real = seen(x, config, "real", *now)
            real_logits, fake_logits = shown(
                D, real, seen(x_fake.detach(), config, "fake", *now), config
            )
        real_logits, fake_logits = real_logits.float(), fake_logits.float()
        d_loss = adversarial_loss(real_logits, 1 - config.label_smoothing) + adversarial_loss(
            fake_logits, 0
        )
        penalty = gamma * gradient_penalty(real_logits, x) if gamma else 0
        update(d_loss + penalty, state.optimizers["D"])

    # --- G learns to be taken for real by the D that has just learnt; D stands still ------------
    with frozen(D):
        with autocast(precision, x.device):
            judged = judged_by(D, real, seen(x_fake, config, "judged", state.step), config)
        g_loss = adversarial_loss(judged.float(), 1)
        update(g_loss, state.optimizers["G"])
    average_generator(state, config)

    return {"d_loss": d_loss.detach(), "g_loss": g_loss.detach()} | told_rightly(
        real_logits, fake_logits
    )


def acgan_step(
    state: State, images: Tensor, config: Config, *, precision: str, labels: Tensor
) -> dict[str, Tensor]:
    """Train D, then G; D also names the attributes, and G is asked for them (Odena et al. 2017).

    Args:
        state: holds the networks "G" and "D" and their optimisers.
        images: (d_updates x B, C, H, W) uint8: a batch for each of D's updates.
        config: settings; its seed and the step name the noise and the labels asked for.
        precision: 'bfloat16' or 'float32' for the forward passes; losses are always float32.
        labels: (d_updates x B, A) of 0 and 1, the attributes of `images`.

    Returns:
        0-dim tensors: those of `gan_step`; `d_class_loss` and `g_class_loss`, the attribute terms;
        `class_accuracy_real` and `class_accuracy_fake`, how often D named an attribute rightly.
    """
    G, D = state.models["G"], state.models["D"]

    # --- D learns to tell real from fake, and to name the attributes ----------------------------
    gamma = penalty_weight(config, state.step)
    turns = zip(images.chunk(config.d_updates), labels.chunk(config.d_updates), strict=True)
    for turn, (part, y) in enumerate(turns):
        now = (state.step, turn)
        x = to_range(part, G.pixel_range).requires_grad_(gamma > 0)
        z = draw_z(config, "z", *now, num=len(x), z_dim=G.z_dim, device=x.device)
        y_fake = draw_labels(*y.shape, generator(config.seed, "label", *now)).to(x.device)
        with autocast(precision, x.device):
            x_fake = G(z, y_fake)
            real = seen(x, config, "real", *now)
            (real_logits, real_class), (fake_logits, fake_class) = shown(
                D, real, seen(x_fake.detach(), config, "fake", *now), config
            )
        real_logits, fake_logits = real_logits.float(), fake_logits.float()
        real_class, fake_class = real_class.float(), fake_class.float()
        d_loss = adversarial_loss(real_logits, 1 - config.label_smoothing) + adversarial_loss(
            fake_logits, 0
        )
        d_class_loss = attribute_loss(real_class, y)
        if config.class_on_fake:
            d_class_loss = d_class_loss + attribute_loss(fake_class, y_fake)
        penalty = gamma * gradient_penalty(real_logits, x) if gamma else 0
        update(d_loss + config.class_weight * d_class_loss + penalty, state.optimizers["D"])

    # --- G learns to be taken for real, and for what it was asked for ---------------------------
    with frozen(D):
        with autocast(precision, x.device):
            judged, judged_class = judged_by(
                D, real, seen(x_fake, config, "judged", state.step), config
            )
        g_loss = adversarial_loss(judged.float(), 1)
        g_class_loss = attribute_loss(judged_class.float(), y_fake)
        update(g_loss + config.class_weight * g_class_loss, state.optimizers["G"])
    average_generator(state, config)

    with torch.no_grad():
        return {
            "d_loss": d_loss.detach(),
            "g_loss": g_loss.detach(),
            **told_rightly(real_logits, fake_logits),
            "d_class_loss": d_class_loss.detach(),
            "g_class_loss": g_class_loss.detach(),
            "class_accuracy_real": ((real_class > 0) == (y > 0.5)).float().mean(),
            "class_accuracy_fake": ((fake_class > 0) == (y_fake > 0.5)).float().mean(),
        }


def infogan_step(
    state: State, images: Tensor, config: Config, *, precision: str
) -> dict[str, Tensor]:
    """Train D and Q, then G; Q reads G's codes off its pictures (Chen et al. 2016, equation 6).

    D and Q share D's trunk, which learns from both losses.

    Args:
        state: holds the networks "G", "D" and "Q" and their optimisers.
        images: (d_updates x B, C, H, W) uint8: a batch for each of D's updates.
        config: settings; its seed and the step name the noise and the codes.
        precision: 'bfloat16' or 'float32' for the forward passes; losses are always float32.

    Returns:
        0-dim tensors: those of `gan_step`; `q_loss`, Q's cross-entropy in nats per code, and
        `code_accuracy`, how often Q read a code rightly.
    """
    G, D, Q = (state.models[name] for name in "GDQ")

    # --- D learns to tell real from fake, Q to read the codes -----------------------------------
    gamma = penalty_weight(config, state.step)
    for turn, part in enumerate(images.chunk(config.d_updates)):
        now = (state.step, turn)
        x = to_range(part, G.pixel_range).requires_grad_(gamma > 0)
        z = draw_z(config, "z", *now, num=len(x), z_dim=G.z_dim, device=x.device)
        c = draw_codes(len(x), Q.num_codes, generator(config.seed, "code", *now)).to(x.device)
        with autocast(precision, x.device):
            x_fake = G(z, one_hot(c))
            real = seen(x, config, "real", *now)
            of_real, shared = shown(
                D.trunk, real, seen(x_fake.detach(), config, "fake", *now), config
            )
            real_logits = D.head(of_real).squeeze(1).float()
            fake_logits, code_logits = D.head(shared).squeeze(1).float(), Q(shared).float()
        d_loss = adversarial_loss(real_logits, 1 - config.label_smoothing) + adversarial_loss(
            fake_logits, 0
        )
        q_loss = code_loss(code_logits, c)
        penalty = gamma * gradient_penalty(real_logits, x) if gamma else 0
        loss = d_loss + config.code_weight * q_loss + penalty
        update(loss, state.optimizers["D"], state.optimizers["Q"])

    # --- G learns to be taken for real, and to let its code be read -----------------------------
    with frozen(D, Q):
        with autocast(precision, x.device):
            shared = judged_by(D.trunk, real, seen(x_fake, config, "judged", state.step), config)
            judged, read = D.head(shared).squeeze(1).float(), Q(shared).float()
        g_loss = adversarial_loss(judged, 1)
        update(g_loss + config.code_weight * code_loss(read, c), state.optimizers["G"])
    average_generator(state, config)

    with torch.no_grad():
        return {
            "d_loss": d_loss.detach(),
            "g_loss": g_loss.detach(),
            **told_rightly(real_logits, fake_logits),
            "q_loss": q_loss.detach(),
            "code_accuracy": (code_logits.argmax(2) == c).float().mean(),
        }


@torch.no_grad()
def told_rightly(real_logits: Tensor, fake_logits: Tensor) -> dict[str, Tensor]:
    """Return D's accuracy on real and on fake pictures, from logits (B,) each, 0-dim."""
    return {
        "d_accuracy_real": (real_logits > 0).float().mean(),
        "d_accuracy_fake": (fake_logits < 0).float().mean(),
    }


StepFunction = Callable[..., dict[str, Tensor]]
STEPS: dict[str, StepFunction] = {
    "vae": vae_step,
    "gan": gan_step,
    "acgan": acgan_step,
    "infogan": infogan_step,
}
