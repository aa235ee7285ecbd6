"""Report C: a 256-wide batch-norm VAE with 1024 latents, a DCGAN with z of 256.

Stated of its VAE: the module list (fc11, fc12, fc2 and the kernels), loss = mse + kl_coef * kld
with kl_coef 1e-5, test MSE 0.000833 "per pixel per channel". Of its GAN and ACGAN: the module
lists, one input more in G for the label, two heads of D. What is chosen for the rest
stands in `report/text/<language>/recipes.j2`.
"""

from torch import nn

from hwlib.models.gan import Discriminator, Heads, JoinValues, dcgan_generator, dcgan_trunk
from hwlib.models.layers import scale, squash, up
from hwlib.models.vae import VAE, PixelRange
from hwlib.recipes.base import DCGAN_ADAM, MEAN_OBJECTIVE, UNIT, Pair, Recipe, adversarial, epochs

GAN_SETTINGS = {**epochs(50, 128), **DCGAN_ADAM, "z_dim": 256}


def build_vae(
    *, width: float, z_dim: int, image_size: int = 64, channels: int = 3, pixel_range: PixelRange
) -> VAE:
    """Build the VAE; shapes in the comments are those of width 1 at 64 x 64.

    The report's fc11, fc12 and fc2 are `mu`, `logvar` and the decoder's first layer.
    """
    n = scale(256, width)
    side = image_size // 8
    layers: list[nn.Module] = []
    for inputs in (channels, n, n):  # (B, 256, 32, 32), (B, 256, 16, 16), (B, 256, 8, 8)
        conv = nn.Conv2d(inputs, n, 3, padding=1, bias=False)
        layers += [conv, nn.BatchNorm2d(n), nn.ReLU(), nn.AvgPool2d(2)]
    encoder = nn.Sequential(*layers, nn.Flatten())
    decoder = nn.Sequential(
        nn.Linear(z_dim, n * side * side),
        nn.Unflatten(1, (n, side, side)),  # (B, 256, 8, 8)
        *up(n, n, nn.ReLU()),  # (B, 256, 16, 16)
        *up(n, n, nn.ReLU()),  # (B, 256, 32, 32)
        *up(n, channels, squash(pixel_range)),  # (B, 3, 64, 64)
    )
    return VAE(encoder, decoder, num_features=n * side * side, z_dim=z_dim, pixel_range=pixel_range)


def discriminator(
    *, width: float, image_size: int, channels: int, num_classes: int
) -> Discriminator:
    """Return the report's discriminator; with classes it has a second head of its own for them.

    Shapes in the comments are those of width 1 at 64 x 64.
    """
    d, side = scale(512, width), image_size // 16
    heads = {"real": nn.Conv2d(d, 1, side, bias=False)}  # (B, 1, 1, 1)
    if num_classes:
        heads["classes"] = nn.Conv2d(d, num_classes, side, bias=False)
    trunk = dcgan_trunk(width=width, channels=channels)
    return Discriminator(trunk, Heads(**heads), num_classes=num_classes)


RECIPE = Recipe(
    letter="C",
    problems={
        "vae": Pair(
            build=build_vae,
            settings={**epochs(50, 128), "learning_rate": 1e-3, "z_dim": 1024, "kl_weight": 1e-5},
            quick={"width": 0.125, "batch_size": 32, "num_steps": 1_800},
            objective=MEAN_OBJECTIVE,
            pixel_range=UNIT,
            is_range_stated=True,
            reported={"test_mse": 0.000833},
        ),
        "gan": Pair(
            build=adversarial(dcgan_generator, discriminator),
            settings=GAN_SETTINGS,
            quick={"width": 0.5, "batch_size": 32, "num_steps": 1_800},
        ),
        "acgan": Pair(
            build=adversarial(dcgan_generator, discriminator, join=JoinValues),
            settings=GAN_SETTINGS | {"attribute": "Mouth_Slightly_Open"},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 1_800},
        ),
    },
)
