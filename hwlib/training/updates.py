"""What training changes, and what its steps share: updates, frozen networks, D's two batches."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from hwlib.config import Config
from hwlib.losses import adversarial_loss
from hwlib.runtime import generator
from hwlib.training.augment import augment

LAST_RATE = 0.02  # of the first learning rate, where it falls

Models = dict[str, nn.Module]
Results = dict[str, Any]  # of results.json
Arrays = dict[str, np.ndarray]  # of samples.npz or latents.npz
Measured = tuple[Results, Arrays]
Finished = tuple[Models, Results, Arrays, Arrays]  # the networks; the last are latents


@dataclass
class State:
    """What training changes: networks, optimisers, and the number of finished steps."""

    models: Models
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


def set_learning_rates(state: State, config: Config) -> None:
    """Hold the learning rates, then let them fall along a line over the last `lr_decay` steps.

    `lr_decay` is a share of the training; the last step is made at 2 % of the first one's rate.
    """
    if not config.lr_decay:
        return
    left = (config.num_steps - state.step) / (config.lr_decay * config.num_steps)
    for optimizer in state.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * max(LAST_RATE, min(1, left))


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


def forward_fake(net: nn.Module, real: Tensor, fake: Tensor, config: Config) -> Any:
    """Return the output for fake images while G learns, batched as in `forward_real_fake`."""
    if not config.joint_batch:
        return net(fake)
    return forward_real_fake(net, real.detach(), fake, config)[1]


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor, config: Config) -> Tensor:
    """Return D's loss on logits (B,) of real and of fake images, 0-dim, in nats."""
    on_real = adversarial_loss(real_logits, 1 - config.label_smoothing)
    return on_real + adversarial_loss(fake_logits, 0)


def penalty_weight(config: Config, step: int) -> float:
    """Return the weight of D's gradient penalty in this step, 0 in those that leave it out.

    A penalty in every k-th step, k times as heavy, does nearly the same for less time (Karras et
    al. 2020, section 3.2).
    """
    return config.r1 * config.r1_every if step % config.r1_every == 0 else 0.0


def average_generator(state: State, config: Config) -> None:
    """Move the average of G's weights a little towards G (Karras et al. 2018).

    Batch-norm statistics are not averaged: `GanMonitor` takes the average network's own.
    """
    if not config.ema:
        return
    # Early on the average looks back over a tenth of the steps made, not over its full length.
    rate = 1 - min(config.ema, (1 + state.step) / (10 + state.step))
    G, G_ema = state.models["G"], state.models["G_ema"]
    with torch.no_grad():
        torch._foreach_lerp_(list(G_ema.parameters()), list(G.parameters()), rate)


@torch.no_grad()
def discriminator_accuracy(real_logits: Tensor, fake_logits: Tensor) -> dict[str, Tensor]:
    """Return D's accuracy on real and on fake images, from logits (B,) each, 0-dim."""
    return {
        "d_accuracy_real": (real_logits > 0).float().mean(),
        "d_accuracy_fake": (fake_logits < 0).float().mean(),
    }
