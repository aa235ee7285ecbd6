"""Report C: a 256-wide batch-norm VAE with 1024 latents, a DCGAN with z of 256.

Stated of its VAE: the module list (fc11, fc12, fc2 and the kernels), loss = mse + kl_coef * kld
with kl_coef 1e-5, test MSE 0.000833 "per pixel per channel". Of its GAN and ACGAN: the module
lists, one input more in G for the label, two heads of D. What is chosen for the rest
stands in `report/text/<language>/recipes.j2`.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from hwlib.models import (
    VAE,
    Discriminator,
    Generator,
    Heads,
    JoinValues,
    init_dcgan,
    scaled,
    squash,
)
from hwlib.recipes.base import (
    MEAN_OBJECTIVE,
    SIGNED,
    UNIT,
    PixelRange,
    Problem,
    Recipe,
    steps,
)

GAN_SETTINGS = {
    "num_steps": steps(50, 128),
    "batch_size": 128,
    "learning_rate": 2e-4,
    "adam_betas": (0.5, 0.999),
    "z_dim": 256,
}


def build_vae(
    *,
    width: float,
    z_dim: int,
    image_size: int,
    channels: int,
    pixel_range: PixelRange = UNIT,
) -> dict[str, nn.Module]:
    """Build the VAE; shapes in the comments are those of width 1 at 64 x 64.

    The report's fc11, fc12 and fc2 are `mu`, `logvar` and the decoder's first layer.
    """
    n = scaled(256, width)
    side = image_size // 8

    def down(inputs: int) -> list[nn.Module]:
        conv = nn.Conv2d(inputs, n, 3, padding=1, bias=False)
        return [conv, nn.BatchNorm2d(n), nn.ReLU(), nn.AvgPool2d(2)]

    def up(outputs: int) -> list[nn.Module]:
        conv = nn.ConvTranspose2d(n, outputs, 4, 2, 1, bias=False)
        return [conv, nn.BatchNorm2d(outputs)]

    encoder = nn.Sequential(
        *down(channels),  # (B, 256, 32, 32)
        *down(n),  # (B, 256, 16, 16)
        *down(n),  # (B, 256, 8, 8)
        nn.Flatten(),
    )
    decoder = nn.Sequential(
        nn.Linear(z_dim, n * side * side),
        nn.Unflatten(1, (n, side, side)),  # (B, 256, 8, 8)
        *up(n),  # (B, 256, 16, 16)
        nn.ReLU(),
        *up(n),  # (B, 256, 32, 32)
        nn.ReLU(),
        *up(channels),  # (B, 3, 64, 64)
        squash(pixel_range),
    )
    vae = VAE(encoder, decoder, num_features=n * side * side, z_dim=z_dim, pixel_range=pixel_range)
    return {"vae": vae}


def generator_layers(
    num_inputs: int, *, width: float, image_size: int, channels: int
) -> nn.Sequential:
    """Return the report's generator; shapes in the comments are those of width 1 at 64 x 64."""
    a, b, c, d = (scaled(n, width) for n in (512, 256, 128, 64))

    def up(inputs: int, outputs: int, *geometry: int) -> list[nn.Module]:
        conv = nn.ConvTranspose2d(inputs, outputs, *geometry, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(
        nn.Unflatten(1, (num_inputs, 1, 1)),  # (B, 256, 1, 1)
        *up(num_inputs, a, image_size // 16),  # (B, 512, 4, 4)
        *up(a, b, 4, 2, 1),  # (B, 256, 8, 8)
        *up(b, c, 4, 2, 1),  # (B, 128, 16, 16)
        *up(c, d, 4, 2, 1),  # (B, 64, 32, 32)
        nn.ConvTranspose2d(d, channels, 4, 2, 1, bias=False),  # (B, 3, 64, 64)
        squash(SIGNED),
    )


def discriminator(
    *, width: float, image_size: int, channels: int, num_classes: int
) -> Discriminator:
    """Return the report's discriminator; with classes it has a second head of its own for them.

    Shapes in the comments are those of width 1 at 64 x 64.
    """
    a, b, c, d = (scaled(n, width) for n in (64, 128, 256, 512))
    side = image_size // 16

    def down(inputs: int, outputs: int) -> list[nn.Module]:
        conv = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]

    trunk = nn.Sequential(
        nn.Conv2d(channels, a, 4, 2, 1, bias=False),  # (B, 64, 32, 32)
        nn.LeakyReLU(0.2),
        *down(a, b),  # (B, 128, 16, 16)
        *down(b, c),  # (B, 256, 8, 8)
        *down(c, d),  # (B, 512, 4, 4)
    )
    heads = {"real": nn.Conv2d(d, 1, side, bias=False)}  # (B, 1, 1, 1)
    if num_classes:
        heads["classes"] = nn.Conv2d(d, num_classes, side, bias=False)
    return Discriminator(trunk, Heads(**heads), num_classes=num_classes)


def build_gan(
    *,
    width: float,
    z_dim: int,
    image_size: int,
    channels: int,
    d_width: float = 1.0,
    num_labels: int = 0,
) -> dict[str, nn.Module]:
    """Build G and D; `d_width` is a factor on D's channels alone."""
    sizes = {"image_size": image_size, "channels": channels}
    join = JoinValues(z_dim, num_labels) if num_labels else None
    layers = generator_layers(z_dim + num_labels, width=width, **sizes)
    G = Generator(layers, z_dim=z_dim, pixel_range=SIGNED, join=join)
    D = discriminator(width=width * d_width, num_classes=num_labels, **sizes)
    return {"G": init_dcgan(G), "D": init_dcgan(D)}


def build_acgan(*, num_labels: int = 1, **sizes: Any) -> dict[str, nn.Module]:
    """Build the GAN with `num_labels` attributes: an input of G each, and a second head of D."""
    return build_gan(num_labels=num_labels, **sizes)


RECIPE = Recipe(
    name="wide",
    letter="C",
    problems={
        "vae": Problem(
            build=build_vae,
            settings={
                "num_steps": steps(50, 128),
                "batch_size": 128,
                "learning_rate": 1e-3,
                "z_dim": 1024,
                "kl_weight": 1e-5,
            },
            quick={"width": 0.125, "batch_size": 32, "num_steps": 1_800},
            objective=MEAN_OBJECTIVE,
            reported={"test_mse": 0.000833},
        ),
        "gan": Problem(
            build=build_gan,
            settings=GAN_SETTINGS,
            quick={"width": 0.5, "batch_size": 32, "num_steps": 1_800},
            slow={"width": 0.25},
        ),
        "acgan": Problem(
            build=build_acgan,
            settings=GAN_SETTINGS | {"attribute": "Mouth_Slightly_Open"},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 1_800},
            slow={"width": 0.25},
        ),
    },
)
