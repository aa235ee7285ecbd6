"""Report E: summed losses with lambda 1, DCGAN, one-hot ACGAN, InfoGAN.

Stated of its VAE: convolutional encoder, two dense heads, z of 100, transposed-convolution decoder,
Adam 1e-3, batch 64, MSE and KL both summed, lambda 1, tanh output on [-1, 1], test MSE 0.0197. Of
its GAN: DCGAN, z of 100 as 100x1x1, tanh, Adam 2e-4 with betas (0.5, 0.999), binary cross-entropy,
about 35 epochs. Of its ACGAN: a one-hot vector joined to z, one more output of D. Of its InfoGAN: D
and Q share most layers, 62 noise variables and one or two 10-way codes, the GAN's Adam three times.
What is chosen for the rest stands in `report/text/<language>/recipes.j2`.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from hwlib.control import CODE_SIZE
from hwlib.models import (
    VAE,
    CodeReader,
    Discriminator,
    Generator,
    JoinOneHot,
    JoinValues,
    init_dcgan,
    scaled,
    squash,
)
from hwlib.recipes.base import (
    SIGNED,
    SUM_OBJECTIVE,
    PixelRange,
    Problem,
    Recipe,
    steps,
)

# Adam as the report has it, for all three adversarial problems.
GAN_SETTINGS = {
    "num_steps": steps(35, 64),
    "batch_size": 64,
    "learning_rate": 2e-4,
    "adam_betas": (0.5, 0.999),
}


def build_vae(
    *,
    width: float,
    z_dim: int,
    image_size: int,
    channels: int,
    pixel_range: PixelRange = SIGNED,
) -> dict[str, nn.Module]:
    """Build the VAE; shapes in the comments are those of width 1 at 64 x 64."""
    a, b, c = (scaled(n, width) for n in (64, 128, 256))
    side = image_size // 8

    def down(inputs: int, outputs: int) -> list[nn.Module]:
        conv = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]

    def up(inputs: int, outputs: int) -> list[nn.Module]:
        conv = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]

    encoder = nn.Sequential(
        nn.Conv2d(channels, a, 4, 2, 1),  # (B, 64, 32, 32)
        nn.LeakyReLU(0.2),
        *down(a, b),  # (B, 128, 16, 16)
        *down(b, c),  # (B, 256, 8, 8)
        nn.Flatten(),
    )
    decoder = nn.Sequential(
        nn.Linear(z_dim, c * side * side),
        nn.Unflatten(1, (c, side, side)),  # (B, 256, 8, 8)
        nn.BatchNorm2d(c),
        nn.LeakyReLU(0.2),
        *up(c, b),  # (B, 128, 16, 16)
        *up(b, a),  # (B, 64, 32, 32)
        nn.ConvTranspose2d(a, channels, 4, 2, 1),  # (B, 3, 64, 64)
        squash(pixel_range),
    )
    vae = VAE(encoder, decoder, num_features=c * side * side, z_dim=z_dim, pixel_range=pixel_range)
    return {"vae": init_dcgan(vae)}


def generator_layers(
    num_inputs: int, *, width: float, image_size: int, channels: int
) -> nn.Sequential:
    """Return DCGAN's generator; shapes in the comments are those of width 1 at 64 x 64."""
    a, b, c, d = (scaled(n, width) for n in (512, 256, 128, 64))

    def up(inputs: int, outputs: int, *geometry: int) -> list[nn.Module]:
        conv = nn.ConvTranspose2d(inputs, outputs, *geometry, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(
        nn.Unflatten(1, (num_inputs, 1, 1)),  # (B, 100, 1, 1)
        *up(num_inputs, a, image_size // 16),  # (B, 512, 4, 4)
        *up(a, b, 4, 2, 1),  # (B, 256, 8, 8)
        *up(b, c, 4, 2, 1),  # (B, 128, 16, 16)
        *up(c, d, 4, 2, 1),  # (B, 64, 32, 32)
        nn.ConvTranspose2d(d, channels, 4, 2, 1, bias=False),  # (B, 3, 64, 64)
        squash(SIGNED),
    )


def discriminator(
    *, width: float, image_size: int, channels: int, num_classes: int = 0
) -> Discriminator:
    """Return DCGAN's discriminator; shapes in the comments are those of width 1 at 64 x 64."""
    a, b, c, d = (scaled(n, width) for n in (64, 128, 256, 512))

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
    head = nn.Sequential(
        nn.Conv2d(d, 1 + num_classes, image_size // 16, bias=False),  # (B, 1, 1, 1)
        nn.Flatten(),
    )
    return Discriminator(trunk, head, num_classes=num_classes)


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
    join = JoinOneHot(z_dim, num_labels) if num_labels else None
    num_inputs = join.num_inputs if join is not None else z_dim
    layers = generator_layers(num_inputs, width=width, **sizes)
    G = Generator(layers, z_dim=z_dim, pixel_range=SIGNED, join=join)
    D = discriminator(width=width * d_width, num_classes=num_labels, **sizes)
    return {"G": init_dcgan(G), "D": init_dcgan(D)}


def build_acgan(*, num_labels: int = 1, **sizes: Any) -> dict[str, nn.Module]:
    """Build the GAN with `num_labels` attributes: a one-hot pair for G, an output of D each."""
    return build_gan(num_labels=num_labels, **sizes)


def build_infogan(
    *,
    width: float,
    z_dim: int,
    image_size: int,
    channels: int,
    d_width: float = 1.0,
    num_codes: int = 1,
    code_scale: float = 1.0,
) -> dict[str, nn.Module]:
    """Build G, D, and Q, which reads the codes from D's trunk; `z_dim` counts the noise alone."""
    sizes = {"image_size": image_size, "channels": channels}
    join = JoinValues(z_dim, num_codes * CODE_SIZE, scale=code_scale)
    layers = generator_layers(join.num_inputs, width=width, **sizes)
    G = Generator(layers, z_dim=z_dim, pixel_range=SIGNED, join=join)
    D = discriminator(width=width * d_width, **sizes)
    n = scaled(128, width)
    head = nn.Sequential(
        nn.Conv2d(scaled(512, width * d_width), n, image_size // 16, bias=False),  # (B, 128, 1, 1)
        nn.BatchNorm2d(n),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(n, num_codes * CODE_SIZE),  # (B, 10)
    )
    Q = CodeReader(head, num_codes=num_codes)
    return {"G": init_dcgan(G), "D": init_dcgan(D), "Q": init_dcgan(Q)}


RECIPE = Recipe(
    name="dcgan",
    letter="E",
    problems={
        "vae": Problem(
            build=build_vae,
            settings={
                "num_steps": steps(50, 64),
                "batch_size": 64,
                "learning_rate": 1e-3,
                "z_dim": 100,
                "kl_weight": 1.0,
            },
            quick={"width": 0.25, "num_steps": 3_600},
            slow={"num_steps": 2_400},
            objective=SUM_OBJECTIVE,
            reported={"test_mse": 0.0197},
        ),
        "gan": Problem(
            build=build_gan,
            settings=GAN_SETTINGS | {"z_dim": 100},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 2_200},
            slow={"width": 0.25, "num_steps": 1_800, "learning_rate": 4e-4},
        ),
        "acgan": Problem(
            build=build_acgan,
            settings=GAN_SETTINGS | {"z_dim": 100, "attribute": "Smiling"},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 3_800, "num_evals": 32},
            slow={"width": 0.25, "num_steps": 3_000, "num_evals": 25},
        ),
        "infogan": Problem(
            build=build_infogan,
            settings=GAN_SETTINGS | {"z_dim": 62, "num_codes": 1},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 2_500},
            slow={"width": 0.25, "num_steps": 1_600, "learning_rate": 4e-4},
        ),
    },
)
