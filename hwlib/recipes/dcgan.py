"""Report E: summed losses with lambda 1 on a DCGAN-shaped VAE.

Stated: convolutional encoder, two dense heads, z of 100, transposed-convolution decoder, Adam 1e-3,
batch 64, MSE and KL both summed, lambda 1, tanh output on [-1, 1], test MSE 0.0197. `OPEN` says
what is chosen for the rest.
"""

from __future__ import annotations

from torch import nn

from hwlib.models import VAE, init_dcgan, scaled, squash
from hwlib.recipes.base import SIGNED, SUM_OBJECTIVE, PixelRange, Problem, Recipe, steps

OPEN = {
    "en": "The report gives no channels, kernel sizes or number of epochs for its VAE. Chosen: the"
    " shape of its DCGAN, four 4×4 layers with stride 2 and 64, 128, 256 and 512 channels, batch"
    " norm, and DCGAN's initial weights; 50 epochs.",
    "zh": "報告沒有寫出 VAE 的通道數、卷積核大小與週期數。本實驗室採用與其 "
    "DCGAN 相同的形狀：四層 4×4、"
    "步幅 2 的卷積，64、128、256、512 個通道，批次正規化，並採 DCGAN 的初始權重；50 個週期。",
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
    a, b, c, d = (scaled(n, width) for n in (64, 128, 256, 512))
    side = image_size // 16

    def down(inputs: int, outputs: int) -> list[nn.Module]:
        conv = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]

    def up(inputs: int, outputs: int) -> list[nn.Module]:
        conv = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]

    encoder = nn.Sequential(
        nn.Conv2d(channels, a, 4, 2, 1),  # (B, 64, 32, 32)
        nn.LeakyReLU(0.2),
        *down(a, b),  # (B, 128, 16, 16)
        *down(b, c),  # (B, 256, 8, 8)
        *down(c, d),  # (B, 512, 4, 4)
        nn.Flatten(),
    )
    decoder = nn.Sequential(
        nn.Unflatten(1, (z_dim, 1, 1)),  # (B, 100, 1, 1)
        nn.ConvTranspose2d(z_dim, d, side, 1, 0, bias=False),  # (B, 512, 4, 4)
        nn.BatchNorm2d(d),
        nn.ReLU(),
        *up(d, c),  # (B, 256, 8, 8)
        *up(c, b),  # (B, 128, 16, 16)
        *up(b, a),  # (B, 64, 32, 32)
        nn.ConvTranspose2d(a, channels, 4, 2, 1),  # (B, 3, 64, 64)
        squash(pixel_range),
    )
    vae = VAE(encoder, decoder, num_features=d * side * side, z_dim=z_dim, pixel_range=pixel_range)
    return {"vae": init_dcgan(vae)}


RECIPE = Recipe(
    name="dcgan",
    letter="E",
    summary={
        "en": "summed losses with λ = 1, DCGAN, one-hot ACGAN, InfoGAN",
        "zh": "損失以加總計算、λ = 1；DCGAN、one-hot ACGAN、InfoGAN",
    },
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
            quick={"width": 0.5, "num_steps": 1_200},
            objective=SUM_OBJECTIVE,
            reported={"test_mse": 0.0197},
            open=OPEN,
        ),
    },
)
