"""Report A: three layers each way, no batch norm.

Stated: encoder and decoder of three layers each, no batch norm, 200 epochs, batch 128, RMSprop,
lambda 1e-5, 1e-4 and 1e-3 tried, test MSE 0.075. Everything else is open; `OPEN` says what is
chosen, as a course work of 2018 would have it.
"""

from __future__ import annotations

from torch import nn

from hwlib.models import VAE, scaled, squash
from hwlib.recipes.base import MEAN_OBJECTIVE, SIGNED, PixelRange, Problem, Recipe, steps

OPEN = {
    "en": "The report gives no kernel sizes, channels, latents, learning"
    " rate or reductions. Chosen:"
    " 4×4 kernels with stride 2; 32, 64 and 128 channels; ReLU; 512"
    " latents, opened by a dense layer;"
    " tanh on pixels in [-1, 1]; learning rate 5e-4 with RMSprop's decay of 0.9; the error averaged"
    " over all values, the KL summed over the latents; λ = 1e-5, the first of the three it tried.",
    "zh": "報告沒有寫出卷積核大小、通道數、隱變數維度、學習率與損失的平均方式。本實驗室採用：4×4、"
    "步幅 2 的卷積核；32、64、128 個通道；ReLU；512 維隱變數，解碼器以一層全連接層展開；像素範圍"
    " [-1, 1]、tanh 輸出；學習率 5e-4，RMSprop 衰減率 0.9；誤差對所有數值取平均，KL 對隱變數加總；"
    "λ 取報告試過的三個值中的第一個 1e-5。",
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
    a, b, c = (scaled(n, width) for n in (32, 64, 128))
    side = image_size // 8
    encoder = nn.Sequential(
        nn.Conv2d(channels, a, 4, 2, 1),  # (B, 32, 32, 32)
        nn.ReLU(),
        nn.Conv2d(a, b, 4, 2, 1),  # (B, 64, 16, 16)
        nn.ReLU(),
        nn.Conv2d(b, c, 4, 2, 1),  # (B, 128, 8, 8)
        nn.ReLU(),
        nn.Flatten(),
    )
    decoder = nn.Sequential(
        nn.Linear(z_dim, c * side * side),
        nn.ReLU(),
        nn.Unflatten(1, (c, side, side)),  # (B, 128, 8, 8)
        nn.ConvTranspose2d(c, b, 4, 2, 1),  # (B, 64, 16, 16)
        nn.ReLU(),
        nn.ConvTranspose2d(b, a, 4, 2, 1),  # (B, 32, 32, 32)
        nn.ReLU(),
        nn.ConvTranspose2d(a, channels, 4, 2, 1),  # (B, 3, 64, 64)
        squash(pixel_range),
    )
    vae = VAE(encoder, decoder, num_features=c * side * side, z_dim=z_dim, pixel_range=pixel_range)
    return {"vae": vae}


RECIPE = Recipe(
    name="plain",
    letter="A",
    summary={
        "en": "three layers each way, no batch norm",
        "zh": "編碼器與解碼器各三層，不使用批次正規化",
    },
    problems={
        "vae": Problem(
            build=build_vae,
            settings={
                "num_steps": steps(200, 128),
                "batch_size": 128,
                "optimizer": "rmsprop",
                "learning_rate": 5e-4,
                "z_dim": 512,
                "kl_weight": 1e-5,
            },
            quick={"num_steps": 1_500},
            objective=MEAN_OBJECTIVE,
            reported={"test_mse": 0.075},
            open=OPEN,
        ),
    },
)
