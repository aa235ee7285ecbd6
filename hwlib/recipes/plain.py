"""Report A: three layers each way, no batch norm.

Stated of its VAE: encoder and decoder of three layers each, no batch norm, 200 epochs, batch 128,
RMSprop, lambda 1e-5, 1e-4 and 1e-3 tried, test MSE 0.075. Of its GAN: the VAE's decoder as G, its
encoder as D, no batch norm, 50,000 steps, batch 128, Adam. Of its ACGAN: the same, the label
embedded to the latent's size and joined with it, 30,000 steps. Everything else is open; what
is chosen, as a course work of 2018 would have it, stands in `report/text/<language>/recipes.j2`.
"""

from itertools import pairwise
from typing import Any

from torch import nn

from hwlib.models.gan import Discriminator, JoinEmbedding
from hwlib.models.layers import init_glorot, scale, squash
from hwlib.models.vae import VAE, PixelRange
from hwlib.recipes.base import DCGAN_ADAM, MEAN_OBJECTIVE, SIGNED, Pair, Recipe, adversarial, epochs

GAN_SETTINGS = {"batch_size": 128, **DCGAN_ADAM, "z_dim": 512}


def encoder_layers(
    *,
    width: float,
    image_size: int = 64,
    channels: int = 3,
    num_layers: int = 3,
    batch_norm: bool = False,
) -> tuple[nn.Sequential, int]:
    """Return the encoder and how many features it gives; each layer doubles the channels.

    Batch norm stands before the activation of each layer but the first, as DCGAN has it.
    """
    maps = [channels, *(scale(32 * 2**n, width) for n in range(num_layers))]
    layers: list[nn.Module] = []
    for n, (before, after) in enumerate(pairwise(maps)):
        norm = [nn.BatchNorm2d(after)] if batch_norm and n else []
        # (B, 32, 32, 32), (B, 64, 16, 16), (B, 128, 8, 8) with three layers, at 64 x 64
        layers += [nn.Conv2d(before, after, 4, 2, 1), *norm, nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten()), maps[-1] * (image_size // 2**num_layers) ** 2


def decoder_layers(
    z_dim: int,
    *,
    width: float,
    image_size: int = 64,
    channels: int = 3,
    pixel_range: PixelRange = SIGNED,
    num_layers: int = 3,
    batch_norm: bool = False,
) -> nn.Sequential:
    """Return the decoder: a dense layer, then the encoder's layers turned round.

    Batch norm stands before the activation of each layer but the last.
    """
    side = image_size // 2**num_layers
    maps = [scale(32 * 2**n, width) for n in reversed(range(num_layers))]
    layers = [nn.Linear(z_dim, maps[0] * side * side), nn.Unflatten(1, (maps[0], side, side))]
    for before, after in pairwise([*maps, channels]):
        norm = [nn.BatchNorm2d(before)] if batch_norm else []
        # (B, 64, 16, 16), (B, 32, 32, 32), (B, 3, 64, 64)
        layers += [*norm, nn.ReLU(), nn.ConvTranspose2d(before, after, 4, 2, 1)]
    return nn.Sequential(*layers, squash(pixel_range))


def build_vae(*, z_dim: int, pixel_range: PixelRange, **sizes: Any) -> VAE:
    """Build the VAE, of `num_layers` layers each way."""
    encoder, num_features = encoder_layers(**sizes)
    decoder = decoder_layers(z_dim, pixel_range=pixel_range, **sizes)
    return VAE(encoder, decoder, num_features=num_features, z_dim=z_dim, pixel_range=pixel_range)


def discriminator(*, num_classes: int, **sizes: Any) -> Discriminator:
    """Return the VAE's encoder with a dense head."""
    trunk, num_features = encoder_layers(**sizes)
    head = nn.Linear(num_features, 1 + num_classes)
    return Discriminator(trunk, head, num_classes=num_classes)


RECIPE = Recipe(
    letter="A",
    problems={
        "vae": Pair(
            build=build_vae,
            settings={
                **epochs(200, 128),
                "optimizer": "rmsprop",
                "learning_rate": 5e-4,
                "z_dim": 512,
                "kl_weight": 1e-4,
                "num_layers": 3,
            },
            quick={"width": 0.5, "batch_size": 32, "num_steps": 3_500},
            objective=MEAN_OBJECTIVE,
            reported={"test_mse": 0.075},
        ),
        "gan": Pair(
            build=adversarial(decoder_layers, discriminator, init=init_glorot),
            settings=GAN_SETTINGS | {"num_steps": 50_000},
            quick={"batch_size": 64, "num_steps": 1_500},
            has_batch_norm=False,
        ),
        "acgan": Pair(
            build=adversarial(decoder_layers, discriminator, join=JoinEmbedding, init=init_glorot),
            settings=GAN_SETTINGS | {"num_steps": 30_000, "attribute": "Smiling"},
            quick={"batch_size": 64, "num_steps": 1_500},
            has_batch_norm=False,
        ),
    },
)
