"""What training changes, and one step of it: the step is the lesson, the loop is in loop.py."""

from __future__ import annotations

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
from hwlib.models.vae import VAE
from hwlib.recipes import get_pair
from hwlib.runtime import autocast, generator
from hwlib.training.augment import augment
from hwlib.training.batches import draw_z, to_range


@dataclass
class State:
    """What training changes: networks, optimisers, and the number of finished steps."""

    models: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]
    step: int = 0
    time_s: float = 0.0
    # One (K,) row of the step's numbers per step since the last record, still on the device.
    rows: list[Tensor] = field(default_factory=list)
    # Images of one fixed z, or reconstructions of the same images, over training.
    frames: list[Tensor] = field(default_factory=list)
    # Of adversarial runs: the networks of the lowest score.
    best: dict[str, Tensor] = field(default_factory=dict)
    best_step: int = 0
    best_score: float = float("inf")
    snapshot_s: float = 0.0


def update(loss: Tensor, *optimizers: Optimizer) -> None:
    """Take one step down `loss`; the one place where gradients are made and used."""
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()


# --- VAE ------------------------------------------------------------------------------------------


def vae_step(state: State, images: Tensor, config: Config, *, precision: str) -> dict[str, Tensor]:
    """Train the VAE on one batch (Kingma & Welling 2014, algorithm 1).

    Images are (B, C, H, W) uint8; the seed of `config` and the step name the noise; `precision` is
    'bfloat16' or 'float32' for the forward pass, the loss is always float32.

    Returns:
        0-dim tensors: `loss`, `recon` and `kl` as the recipe defines them, and `recon_nats`,
        `kl_nats` and their sum `neg_elbo_nats` by the definition that all recipes share; and
        `sigma_01` where it is learnt.
    """
    vae = state.models["vae"]
    objective = get_pair(config.recipe, config.problem).objective
    x = to_range(images, vae.pixel_range)
    eps = draw_z(config, "eps", state.step, num=len(x), z_dim=vae.z_dim, device=x.device)

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


# --- GAN, ACGAN, InfoGAN --------------------------------------------------------------------------


def adversarial_step(
    state: State, images: Tensor, config: Config, *, precision: str, labels: Tensor | None = None
) -> dict[str, Tensor]:
    """Train D, then G (Goodfellow et al. 2014, algorithm 1, with G's non-saturating loss).

    An ACGAN's D also names the attributes, and G is asked for them (Odena et al. 2017). An
    InfoGAN's Q reads G's codes off D's trunk, which learns from both (Chen et al. 2016, equation
    6).

    Images are (d_updates x B, C, H, W) uint8, a batch for each of D's updates, and `labels`
    (d_updates x B, A) of 0 and 1 their attributes that an ACGAN learns. The rest as in `vae_step`.

    Returns:
        0-dim tensors: `d_loss` (real + fake), `g_loss`, and D's accuracy on real and on fake
        images, `d_accuracy_real` and `d_accuracy_fake`. Of an ACGAN also the attribute terms,
        `d_class_loss` and `g_class_loss`, and D's accuracy on attributes, `class_accuracy_real` and
        `class_accuracy_fake`; of an InfoGAN `q_loss`, Q's cross-entropy in nats per code, and
        `code_accuracy`.
    """
    G, D, Q = (state.models.get(name) for name in "GDQ")
    net, players = (D, [D]) if Q is None else (D.trunk, [D, Q])
    is_acgan, is_infogan = labels is not None, Q is not None
    parts = images.chunk(config.d_updates)
    wanted = labels.chunk(config.d_updates) if is_acgan else [None] * len(parts)

    # --- D learns to tell real from fake, and it or Q to read labels or codes; G stands still ---
    # A penalty in every k-th step, k times as heavy, does nearly the same for less time (Karras
    # et al. 2020, section 3.2).
    gamma = 0.0 if state.step % config.r1_every else config.r1 * config.r1_every
    for turn, (part, y) in enumerate(zip(parts, wanted, strict=True)):
        now = (state.step, turn)
        x = to_range(part, G.pixel_range).requires_grad_(gamma > 0)
        z = draw_z(config, "z", *now, num=len(x), z_dim=G.z_dim, device=x.device)
        c = None
        if is_acgan:
            c = draw_labels(*y.shape, generator(config.seed, "label", *now)).to(x.device)
        if is_infogan:
            c = draw_codes(len(x), Q.num_codes, generator(config.seed, "code", *now)).to(x.device)
        with autocast(precision, x.device):
            x_fake = G(z, one_hot(c) if is_infogan else c)
            real = maybe_augment(x, config, "real", *now)
            fake = maybe_augment(x_fake.detach(), config, "fake", *now)
            of_real, of_fake = forward_real_fake(net, real, fake, config)
            real_logits, real_own = read(D, None, of_real)
            fake_logits, fake_own = read(D, Q, of_fake)
        d_loss = adversarial_loss(real_logits, 1 - config.label_smoothing)
        d_loss = d_loss + adversarial_loss(fake_logits, 0)
        loss = d_loss
        if is_acgan:
            d_class_loss = attribute_loss(real_own, y)
            if config.class_on_fake:
                d_class_loss = d_class_loss + attribute_loss(fake_own, c)
            loss = loss + config.class_weight * d_class_loss
        if is_infogan:
            q_loss = code_loss(fake_own, c)
            loss = loss + config.code_weight * q_loss
        if gamma:
            loss = loss + gamma * gradient_penalty(real_logits, x)
        update(loss, *(own for name, own in state.optimizers.items() if name != "G"))

    # --- G learns to be taken for real by the D that has just learnt, and to be read rightly ----
    for player in players:  # gradients flow through them, none is made for them
        player.requires_grad_(False)
    with autocast(precision, x.device):
        fake = maybe_augment(x_fake, config, "judged", state.step)
        if config.joint_batch:
            _, of_fake = forward_real_fake(net, real.detach(), fake, config)
        else:
            of_fake = net(fake)
        g_logits, g_own = read(D, Q, of_fake)
    loss = g_loss = adversarial_loss(g_logits, 1)
    if is_acgan:
        g_class_loss = attribute_loss(g_own, c)
        loss = loss + config.class_weight * g_class_loss
    if is_infogan:
        loss = loss + config.code_weight * code_loss(g_own, c)
    update(loss, state.optimizers["G"])
    for player in players:
        player.requires_grad_(True)

    with torch.no_grad():
        if config.ema:
            # The average of G's weights moves a little towards G (Karras et al. 2018); early on it
            # looks back over a tenth of the steps made, not over its full length. Batch-norm
            # statistics are not averaged: `GanMonitor` takes the average network's own.
            rate = 1 - min(config.ema, (1 + state.step) / (10 + state.step))
            averages = list(state.models["G_ema"].parameters())
            torch._foreach_lerp_(averages, list(G.parameters()), rate)
        numbers = {
            "d_loss": d_loss.detach(),
            "g_loss": g_loss.detach(),
            "d_accuracy_real": (real_logits > 0).float().mean(),
            "d_accuracy_fake": (fake_logits < 0).float().mean(),
        }
        if is_acgan:
            numbers |= {
                "d_class_loss": d_class_loss.detach(),
                "g_class_loss": g_class_loss.detach(),
                "class_accuracy_real": ((real_own > 0) == (y > 0.5)).float().mean(),
                "class_accuracy_fake": ((fake_own > 0) == (c > 0.5)).float().mean(),
            }
        if is_infogan:
            right = (fake_own.argmax(2) == c).float().mean()
            numbers |= {"q_loss": q_loss.detach(), "code_accuracy": right}
        return numbers


def maybe_augment(x: Tensor, config: Config, *stream: object) -> Tensor:
    """Augment images (B, C, H, W) where `augment` is set; `stream` names the draws."""
    return augment(x, generator(config.seed, "augment", *stream)) if config.augment else x


def forward_real_fake(
    net: nn.Module, real: Tensor, fake: Tensor, config: Config
) -> tuple[Any, Any]:
    """Return the output of D, or of its trunk, for real and for fake images, (B, C, H, W) each.

    In separate batches each kind has its own batch-norm statistics (Radford et al. 2015); with
    `joint_batch` they share one batch and its statistics.
    """
    if not config.joint_batch:
        return net(real), net(fake)
    both = net(torch.cat([real, fake]))
    if isinstance(both, Tensor):
        return both.split([len(real), len(fake)])
    return tuple(zip(*(part.split([len(real), len(fake)]) for part in both), strict=True))


def read(D: nn.Module, Q: nn.Module | None, output: Any) -> tuple[Tensor, Tensor | None]:
    """Return float32 logits (B,) for "real", and those of labels or codes where they are read.

    `output` is that of D, or of its trunk where D has a Q beside it.
    """
    if isinstance(output, tuple):
        logits, own = output
    elif output.ndim == 1:
        logits, own = output, None
    else:
        logits, own = D.head(output).squeeze(1), None if Q is None else Q(output)
    return logits.float(), None if own is None else own.float()
