"""Report C: a 256-wide batch-norm VAE with 1024 latents.

Stated: the module list (fc11, fc12, fc2 and the kernels), loss = mse + kl_coef * kld with kl_coef
1e-5, test MSE 0.000833 "per pixel per channel". `OPEN` says what is chosen for the rest.
"""

from __future__ import annotations

from torch import nn

from hwlib.models import VAE, scaled, squash
from hwlib.recipes.base import MEAN_OBJECTIVE, UNIT, PixelRange, Problem, Recipe, steps

OPEN = {
    "en": "The report gives no optimiser, learning rate, batch size or"
    " number of epochs for its VAE,"
    " nor over what its kld is summed. Chosen: Adam with learning rate 1e-3, batch 128, 50 epochs;"
    " the KL summed over the latents and averaged over the batch.",
    "zh": "報告沒有寫出 VAE 的最佳化器、學習率、批次大小與週期數，也沒有說明"
    " kld 如何加總。本實驗室採用："
    "Adam、學習率 1e-3、批次大小 128、50 個週期；KL 對隱變數加總、對批次取平均。",
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


RECIPE = Recipe(
    name="wide",
    letter="C",
    summary={
        "en": "256-wide batch-norm VAE with 1024 latents, DCGAN with z = 256",
        "zh": "256 通道、批次正規化、1024 維隱變數的 VAE；z = 256 的 DCGAN",
    },
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
            quick={"width": 0.25, "num_steps": 600},
            objective=MEAN_OBJECTIVE,
            reported={"test_mse": 0.000833},
            open=OPEN,
        ),
    },
)
