"""Report D (homework 2): the KL study, weights 1, 100 and 0.

Stated: pictures resized to 64, convolutional encoder and decoder with ReLU, MSE as the
reconstruction term, learning rate 1e-4, batch 100, 100 epochs, 20 or 50 latents. `OPEN` says what
is chosen for the rest.
"""

from __future__ import annotations

from torch import nn

from hwlib.models import VAE, scaled, squash
from hwlib.recipes.base import (
    IMAGE_SUM_OBJECTIVE,
    UNIT,
    PixelRange,
    Problem,
    Recipe,
    kl_study,
    steps,
)

OPEN = {
    "en": "The report does not name its optimiser, channels, kernel sizes, output activation or"
    " reductions. Chosen: Adam; four 4×4 layers with stride 2 and 32, 64, 128 and 256 channels each"
    " way; sigmoid on pixels in [0, 1]; error and KL summed over each image and averaged over the"
    " batch, so that KL ×1 is an ELBO; 20 latents, the first of its two choices.",
    "zh": "報告沒有寫出最佳化器、通道數、卷積核大小、輸出激勵函數與損失的加"
    "總方式。本實驗室採用：Adam；"
    "兩個方向各四層 4×4、步幅 2 的卷積，32、64、128、256 個通道；像素範圍 ["
    "0, 1]、sigmoid 輸出；誤差與"
    " KL 對每張影像加總、對批次取平均，如此 KL ×1 才是 ELBO；隱變數取它兩個選擇中的第一個：20 維。",
}

# Nine VAEs in a few minutes: each makes a thirtieth of the report's updates, of smaller batches, at
# ten times its rate, without which none of them would have learnt what its weight lets it learn.
KL_QUICK = {"width": 0.5, "batch_size": 32, "num_steps": 700, "learning_rate": 1e-3}


def build_vae(
    *,
    width: float,
    z_dim: int,
    image_size: int,
    channels: int,
    pixel_range: PixelRange = UNIT,
) -> dict[str, nn.Module]:
    """Build the VAE; shapes in the comments are those of width 1 at 64 x 64."""
    a, b, c, d = (scaled(n, width) for n in (32, 64, 128, 256))
    side = image_size // 16
    encoder = nn.Sequential(
        nn.Conv2d(channels, a, 4, 2, 1),  # (B, 32, 32, 32)
        nn.ReLU(),
        nn.Conv2d(a, b, 4, 2, 1),  # (B, 64, 16, 16)
        nn.ReLU(),
        nn.Conv2d(b, c, 4, 2, 1),  # (B, 128, 8, 8)
        nn.ReLU(),
        nn.Conv2d(c, d, 4, 2, 1),  # (B, 256, 4, 4)
        nn.ReLU(),
        nn.Flatten(),
    )
    decoder = nn.Sequential(
        nn.Linear(z_dim, d * side * side),
        nn.ReLU(),
        nn.Unflatten(1, (d, side, side)),  # (B, 256, 4, 4)
        nn.ConvTranspose2d(d, c, 4, 2, 1),  # (B, 128, 8, 8)
        nn.ReLU(),
        nn.ConvTranspose2d(c, b, 4, 2, 1),  # (B, 64, 16, 16)
        nn.ReLU(),
        nn.ConvTranspose2d(b, a, 4, 2, 1),  # (B, 32, 32, 32)
        nn.ReLU(),
        nn.ConvTranspose2d(a, channels, 4, 2, 1),  # (B, 3, 64, 64)
        squash(pixel_range),
    )
    vae = VAE(encoder, decoder, num_features=d * side * side, z_dim=z_dim, pixel_range=pixel_range)
    return {"vae": vae}


VAE_PROBLEM = Problem(
    build=build_vae,
    settings={
        "num_steps": steps(100, 100),
        "batch_size": 100,
        "learning_rate": 1e-4,
        "z_dim": 20,
        "kl_weight": 1.0,
    },
    quick={"width": 0.5, "batch_size": 32, "num_steps": 4_000},
    objective=IMAGE_SUM_OBJECTIVE,
    open=OPEN,
)

RECIPE = Recipe(
    name="elbo",
    letter="D",
    summary={
        "en": "the KL ×1 / ×100 / ×0 study with interpolation",
        "zh": "KL ×1／×100／×0 的比較研究與內插",
    },
    problems={
        "vae": VAE_PROBLEM,
        "kl": kl_study(VAE_PROBLEM, quick=KL_QUICK),
    },
)
