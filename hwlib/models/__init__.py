"""What the recipes' networks share."""

from hwlib.models.gan import (
    CodeReader,
    Discriminator,
    Generator,
    Heads,
    JoinEmbedding,
    JoinOneHot,
    JoinValues,
)
from hwlib.models.layers import (
    Upsample,
    init_dcgan,
    init_glorot,
    scaled,
    squash,
    without_batch_norm,
)
from hwlib.models.vae import VAE

__all__ = [
    "VAE",
    "CodeReader",
    "Discriminator",
    "Generator",
    "Heads",
    "JoinEmbedding",
    "JoinOneHot",
    "JoinValues",
    "Upsample",
    "init_dcgan",
    "init_glorot",
    "scaled",
    "squash",
    "without_batch_norm",
]
