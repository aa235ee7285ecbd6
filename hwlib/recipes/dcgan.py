"""Report E: summed losses with lambda 1, DCGAN, one-hot ACGAN, InfoGAN.

Stated of its VAE: convolutional encoder, two dense heads, z of 100, transposed-convolution decoder,
Adam 1e-3, batch 64, MSE and KL both summed, lambda 1, tanh output on [-1, 1], test MSE 0.0197. Of
its GAN: DCGAN, z of 100 as 100x1x1, tanh, Adam 2e-4 with betas (0.5, 0.999), binary cross-entropy,
about 35 epochs. Of its ACGAN: a one-hot vector joined to z, one more output of D. Of its InfoGAN: D
and Q share most layers, 62 noise variables and one or two 10-way codes, the GAN's Adam three times.
What is chosen for the rest stands in `report/text/<language>/recipes.j2`.
"""

from torch import nn

from hwlib.conditioning import CODE_SIZE
from hwlib.models.gan import CodeReader, Discriminator, JoinOneHot, dcgan_generator, dcgan_trunk
from hwlib.models.layers import down, init_dcgan, scale, squash, up
from hwlib.models.vae import VAE, PixelRange
from hwlib.recipes.base import DCGAN_ADAM, SUM_OBJECTIVE, Pair, Recipe, adversarial, epochs

# Adam as the report has it, for all three adversarial problems.
GAN_SETTINGS = {**epochs(35, 64), **DCGAN_ADAM}


def build_vae(
    *, width: float, z_dim: int, image_size: int = 64, channels: int = 3, pixel_range: PixelRange
) -> VAE:
    """Build the VAE; shapes in the comments are those of width 1 at 64 x 64."""
    a, b, c = (scale(n, width) for n in (64, 128, 256))
    side = image_size // 8

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
        *up(c, b, nn.LeakyReLU(0.2)),  # (B, 128, 16, 16)
        *up(b, a, nn.LeakyReLU(0.2)),  # (B, 64, 32, 32)
        nn.ConvTranspose2d(a, channels, 4, 2, 1),  # (B, 3, 64, 64)
        squash(pixel_range),
    )
    vae = VAE(encoder, decoder, num_features=c * side * side, z_dim=z_dim, pixel_range=pixel_range)
    return init_dcgan(vae)


def discriminator(
    *, width: float, image_size: int, channels: int, num_classes: int
) -> Discriminator:
    """Return DCGAN's discriminator, with an output more for each class."""
    trunk = dcgan_trunk(width=width, channels=channels)
    head = nn.Sequential(
        nn.Conv2d(scale(512, width), 1 + num_classes, image_size // 16, bias=False),
        nn.Flatten(),  # (B, 1)
    )
    return Discriminator(trunk, head, num_classes=num_classes)


def code_reader(*, width: float, d_width: float, image_size: int, num_codes: int) -> CodeReader:
    """Return Q, which reads the codes from D's trunk; `d_width` is that of the trunk."""
    n = scale(128, width)
    head = nn.Sequential(
        nn.Conv2d(scale(512, d_width), n, image_size // 16, bias=False),  # (B, 128, 1, 1)
        nn.BatchNorm2d(n),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(n, num_codes * CODE_SIZE),  # (B, 10)
    )
    return CodeReader(head, num_codes=num_codes)


RECIPE = Recipe(
    letter="E",
    problems={
        "vae": Pair(
            build=build_vae,
            settings={**epochs(50, 64), "learning_rate": 1e-3, "z_dim": 100, "kl_weight": 1.0},
            quick={"width": 0.25, "num_steps": 3_600},
            objective=SUM_OBJECTIVE,
            is_range_stated=True,
            reported={"test_mse": 0.0197},
        ),
        "gan": Pair(
            build=adversarial(dcgan_generator, discriminator),
            settings=GAN_SETTINGS | {"z_dim": 100},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 2_200},
        ),
        "acgan": Pair(
            build=adversarial(dcgan_generator, discriminator, join=JoinOneHot),
            settings=GAN_SETTINGS | {"z_dim": 100, "attribute": "Smiling"},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 3_800, "num_evals": 32},
        ),
        "infogan": Pair(
            build=adversarial(dcgan_generator, discriminator, reader=code_reader),
            settings=GAN_SETTINGS | {"z_dim": 62, "num_codes": 1},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 2_500},
        ),
    },
)
