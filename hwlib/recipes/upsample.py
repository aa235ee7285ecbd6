"""Report B: 5x5 kernels and an up-sampling decoder.

Stated: the layer table (the comments give it), 1024 latents, loss = reconstruction + lambda KL,
test MSE 0.0336532. `OPEN` says what the report leaves open and what is chosen.

Keras' "same" padding of a stride-2 layer pads one pixel less at the upper and left side than
PyTorch's `padding=2`; shapes and parameters are equal.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from hwlib.errors import UserError
from hwlib.models import VAE, Upsample, scaled, squash
from hwlib.recipes.base import MEAN_OBJECTIVE, SIGNED, PixelRange, Problem, Recipe, steps

OPEN = {
    "en": "The report gives no activations, batch size, optimiser, λ or"
    " number of epochs for its VAE."
    " Chosen: ReLU; tanh on pixels in [-1, 1], as its GAN has; batch 128, as its GAN has; Adam with"
    " learning rate 1e-3, Keras' default; the error averaged over all"
    " values, the KL summed over the"
    " latents, λ = 1e-5; 50 epochs.",
    "zh": "報告沒有寫出 VAE 的激勵函數、批次大小、最佳化器、λ 與訓練週期數。"
    "本實驗室採用：ReLU；像素"
    "範圍 [-1, 1]、tanh 輸出（與該報告的 GAN 相同）；批次大小 128（與該報告"
    "的 GAN 相同）；Adam，學習率"
    " 1e-3（Keras 預設值）；誤差對所有數值取平均，KL 對隱變數加總，λ = 1e-5；50 個週期。",
}


def build_vae(
    *,
    width: float,
    z_dim: int,
    image_size: int,
    channels: int,
    pixel_range: PixelRange = SIGNED,
) -> dict[str, nn.Module]:
    """Build the VAE of the report's layer table; shapes are those of width 1 at 64 x 64.

    Raises:
        UserError: the latents do not fill whole maps.
    """
    a, b, c = (scaled(n, width) for n in (64, 128, 256))
    side = image_size // 8
    maps, rest = divmod(z_dim, side * side)
    if rest:
        raise UserError(
            f"recipe upsample shapes its latents into {side}x{side} maps, so z_dim = {z_dim} must"
            f" be a multiple of {side * side}; for example {side * side * 16}"
        )
    encoder = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, a, 5, 2, 2),  # (B, 64, 32, 32)
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(a, b, 5, 2, 2),  # (B, 128, 16, 16)
            relu2=nn.ReLU(),
            conv3=nn.Conv2d(b, c, 5, 2, 2),  # (B, 256, 8, 8)
            relu3=nn.ReLU(),
            flatten=nn.Flatten(),
        )
    )
    decoder = nn.Sequential(
        OrderedDict(
            reshape=nn.Unflatten(1, (maps, side, side)),  # (B, 16, 8, 8)
            conv4=nn.Conv2d(maps, c, 5, 1, 2),  # (B, 256, 8, 8)
            relu4=nn.ReLU(),
            upsample1=Upsample(),
            conv5=nn.Conv2d(c, b, 5, 1, 2),  # (B, 128, 16, 16)
            relu5=nn.ReLU(),
            upsample2=Upsample(),
            conv6=nn.Conv2d(b, a, 5, 1, 2),  # (B, 64, 32, 32)
            relu6=nn.ReLU(),
            upsample3=Upsample(),
            recons=nn.Conv2d(a, channels, 3, 1, 1),  # (B, 3, 64, 64)
            output=squash(pixel_range),
        )
    )
    vae = VAE(encoder, decoder, num_features=c * side * side, z_dim=z_dim, pixel_range=pixel_range)
    return {"vae": vae}


RECIPE = Recipe(
    name="upsample",
    letter="B",
    summary={
        "en": "5×5 kernels, up-sampling decoder, dense-projected generator",
        "zh": "5×5 卷積核、上採樣解碼器、以全連接層展開的生成器",
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
            quick={"width": 0.5, "num_steps": 900},
            objective=MEAN_OBJECTIVE,
            reported={"test_mse": 0.0336532},
            open=OPEN,
        ),
    },
)
