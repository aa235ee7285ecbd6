"""What one would do today with the same minutes; no student handed it in.

It differs from the five reports of 2018 in a few known means, each of which is an ordinary setting
or a small module, so that it can be left out; docs/results.md says what each of them is worth.

Of G: every batch norm takes its scale and shift from G's own input (`SelfModulation`; Chen et al.
2019), and the images are those of an average of G's weights (Karras et al. 2018). Of D: no batch
norm, a penalty on its gradient at real images (R1; Mescheder et al. 2018) in every eighth step
(Karras et al. 2020), and a look at how much images of a group differ (Karras et al. 2018). Of the
training: Adam without momentum (Gulrajani et al. 2017; Karras et al. 2018), weights that start as
He et al. 2015 have them, and a learning rate that falls to nothing in the end.

The VAE is report E's with a decoder variance that fits the errors (Rybkin et al. 2021) and a prior
that fits the latents once it is trained (Ghosh et al. 2020), so that its samples are as good as its
reconstructions; from the middle of the training on, a critic keeps these from being blurred (Larsen
et al. 2016; Esser et al. 2021).
"""

import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from hwlib.conditioning import CODE_SIZE
from hwlib.models.gan import CodeReader, JoinOneHot, conv_discriminator
from hwlib.models.layers import init_he, scale
from hwlib.recipes import dcgan
from hwlib.recipes.base import IMAGE_SUM_OBJECTIVE, Pair, Recipe, adversarial

MODULATION = 0.3  # standard deviation of the first scales and shifts
# 320 epochs of the homework's images. Reckoned from 20,000 images a second, not tried: a quarter of
# an hour on the fastest GPU of 2026, three hours on one with a tenth of its speed.
COURSE = {"batch_size": 64, "num_steps": 200_000, "learning_rate": 5e-4, "ema": 0.999}
GAN_SETTINGS = COURSE | {
    **{"adam_betas": (0.0, 0.99), "lr_decay": 0.3, "r1": 0.3, "r1_every": 8},
    **{"minibatch_std": True, "z_dim": 64, "keep": "last"},
}
QUICK = {"width": 0.5, "batch_size": 16, "learning_rate": 1.5e-3, "ema": 0.995}


class SelfModulation(nn.Module):
    """Batch norm whose scale and shift depend on G's input: on noise, and on labels or codes."""

    def __init__(self, channels: int, num_inputs: int):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.linear = nn.Linear(num_inputs, 2 * channels)

    def forward(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Scale and shift `x` (B, C, H, W) by what `inputs` (B, num_inputs) ask for."""
        factor, shift = self.linear(inputs)[:, :, None, None].chunk(2, 1)
        return torch.addcmul(shift, self.norm(x), 1 + factor)


class ModulatedLayers(nn.Module):
    """DCGAN's generator, modulated; shapes in the comments are those of width 1 at 64 x 64."""

    def __init__(self, num_inputs: int, *, width: float, image_size: int, channels: int, **_: Any):
        """Take the sizes; `batch_norm` is D's alone."""
        super().__init__()
        maps = [scale(n, width) for n in (512, 256, 128, 64)]
        side = image_size // 16
        first = nn.Linear(num_inputs, maps[0] * side * side)
        ups = [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False) for a, b in pairwise(maps)]
        self.modulations = nn.ModuleList(SelfModulation(n, num_inputs) for n in maps)
        # (B, 512, 4, 4), (B, 256, 8, 8), (B, 128, 16, 16), (B, 64, 32, 32)
        self.layers = nn.ModuleList(
            [nn.Sequential(first, nn.Unflatten(1, (maps[0], side, side))), *ups]
        )
        self.activation = nn.LeakyReLU(0.2, inplace=True)
        self.last = nn.Sequential(
            nn.ConvTranspose2d(maps[-1], channels, 4, 2, 1),  # (B, 3, 64, 64)
            nn.Tanh(),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Map noise, and what is joined to it, (B, num_inputs) to images (B, C, H, W)."""
        x = inputs
        for layer, modulate in zip(self.layers, self.modulations, strict=True):
            x = self.activation(modulate(layer(x), inputs))
        return self.last(x)


def code_reader(*, width: float, d_width: float, image_size: int, num_codes: int) -> CodeReader:
    """Return Q, which reads the codes from D's trunk; `d_width` is that of the trunk."""
    num_features, n = scale(512, d_width) * (image_size // 16) ** 2, scale(128, width)
    first, last = nn.Linear(num_features, n), nn.Linear(n, num_codes * CODE_SIZE)
    return CodeReader(
        nn.Sequential(nn.Flatten(), first, nn.LeakyReLU(0.2), last), num_codes=num_codes
    )


def init_weights(network: nn.Module) -> nn.Module:
    """Draw He's weights; the first scales are near 1 and the first shifts near 0."""
    init_he(network)
    for module in network.modules():
        if isinstance(module, SelfModulation):
            std = MODULATION / math.sqrt(module.linear.in_features)
            nn.init.normal_(module.linear.weight, 0, std)
    return network


RECIPE = Recipe(
    problems={
        "vae": Pair(
            build=dcgan.build_vae,
            settings={
                **{"learning_rate": 1e-3, "z_dim": 64, "kl_weight": 1.0, "lr_decay": 0.5},
                **{"sigma": "learned", "prior": "fitted", "adversarial_weight": 300.0},
                **{"batch_size": 64, "num_steps": 40_000},
            },
            quick={"width": 0.25, "num_steps": 1_950},
            objective=IMAGE_SUM_OBJECTIVE,
        ),
        "gan": Pair(
            build=adversarial(ModulatedLayers, conv_discriminator, init=init_weights),
            settings=GAN_SETTINGS,
            quick=QUICK | {"num_steps": 3_700},
            has_batch_norm=False,
        ),
        "acgan": Pair(
            build=adversarial(
                ModulatedLayers, conv_discriminator, join=JoinOneHot, init=init_weights
            ),
            settings=GAN_SETTINGS | {"attribute": "Smiling"},
            quick=QUICK | {"num_steps": 6_400},
            has_batch_norm=False,
        ),
        "infogan": Pair(
            build=adversarial(
                ModulatedLayers, conv_discriminator, reader=code_reader, init=init_weights
            ),
            settings=GAN_SETTINGS | {"num_codes": 1, "code_scale": 4.0},
            quick=QUICK | {"num_steps": 4_100},
            has_batch_norm=False,
        ),
    },
)
