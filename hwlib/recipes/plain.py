"""Report A: three layers each way, no batch norm.

Stated of its VAE: encoder and decoder of three layers each, no batch norm, 200 epochs, batch 128,
RMSprop, lambda 1e-5, 1e-4 and 1e-3 tried, test MSE 0.075. Of its GAN: the VAE's decoder as G, its
encoder as D, no batch norm, 50,000 steps, batch 128, Adam. Of its ACGAN: the same, the label
embedded to the latent's size and joined with it, 30,000 steps. Everything else is open; the `OPEN`
texts say what is chosen, as a course work of 2018 would have it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from torch import nn

from hwlib.models import VAE, Discriminator, Generator, JoinEmbedding, init_glorot, scaled, squash
from hwlib.recipes.base import (
    CLASS_FROM_REAL,
    MEAN_OBJECTIVE,
    SIGNED,
    PixelRange,
    Problem,
    Recipe,
    steps,
)

OPEN_VAE = {
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

OPEN_GAN = {
    "en": "The report gives neither the layers of its GAN nor Adam's settings. Chosen: its VAE's"
    " decoder and encoder as they stand here, ReLU and 512 latents included; one dense output in D;"
    " Adam as DCGAN has it, learning rate 2e-4, betas (0.5, 0.999); weights from Glorot's uniform.",
    "zh": "報告沒有寫出 GAN 的各層，也沒有寫出 Adam 的設定。本實驗室採用：生成器與判別器就是這裡的"
    " VAE 的解碼器與編碼器，ReLU 與 512 維隱變數也相同；判別器末端為一個全連接輸出；Adam 與 DCGAN"
    " 相同，學習率 2e-4、betas (0.5, 0.999)；初始權重取 Glorot 均勻分布。",
}
OPEN_ACGAN = {
    "en": "The report does not name its attribute, nor how the embedding joins the latent. Chosen:"
    " Smiling; one table of two vectors for each attribute, multiplied with z (several attributes:"
    " the sum of their vectors over √A), the factor drawn from N(1, 0.5) at first; one dense output"
    " more in D for each attribute; Adam as its GAN has it." + CLASS_FROM_REAL["en"],
    "zh": "報告沒有寫出所用的屬性，也沒有說明嵌入向量如何與隱變數結合。本實驗室採用：屬性為微笑"
    "（Smiling）；每個屬性各有一張含兩個向量的嵌入表，向量與 z 逐項相乘（多個屬性時，取各向量之和"
    "除以 √A），乘數的初值取自 N(1, 0.5)；判別器每個屬性多一個全連接輸出；Adam 與它的 GAN 相同。"
    + CLASS_FROM_REAL["zh"],
}

GAN_SETTINGS = {
    "batch_size": 128,
    "learning_rate": 2e-4,
    "adam_betas": (0.5, 0.999),
    "z_dim": 512,
}


def encoder_layers(
    *, width: float, image_size: int, channels: int, num_layers: int = 3, batch_norm: bool = False
) -> tuple[nn.Sequential, int]:
    """Return the encoder and how many features it gives.

    Shapes in the comments are those of the report's three layers and width 1 at 64 x 64.

    Args:
        width: factor on the channels.
        image_size: side of the pictures.
        channels: of the pictures.
        num_layers: each halves the maps and doubles the channels.
        batch_norm: put it before the activation of each layer but the first, as DCGAN does.
    """
    layers: list[nn.Module] = []
    before = channels
    for n in range(num_layers):
        maps = scaled(32 * 2**n, width)
        layers.append(nn.Conv2d(before, maps, 4, 2, 1))  # (B, 32, 32, 32) to (B, 128, 8, 8)
        if batch_norm and n:
            layers.append(nn.BatchNorm2d(maps))
        layers.append(nn.ReLU())
        before = maps
    layers.append(nn.Flatten())
    return nn.Sequential(*layers), before * (image_size // 2**num_layers) ** 2


def decoder_layers(
    z_dim: int,
    *,
    width: float,
    image_size: int,
    channels: int,
    pixel_range: PixelRange = SIGNED,
    num_layers: int = 3,
    batch_norm: bool = False,
) -> nn.Sequential:
    """Return the decoder: a dense layer, then the encoder's layers turned round.

    Shapes in the comments are those of the report's three layers and width 1 at 64 x 64; with
    `batch_norm` it stands before the activation of each layer but the last.
    """
    side = image_size // 2**num_layers
    maps = [scaled(32 * 2**n, width) for n in reversed(range(num_layers))]

    def activated(outputs: int) -> list[nn.Module]:
        return [nn.BatchNorm2d(outputs), nn.ReLU()] if batch_norm else [nn.ReLU()]

    layers = [nn.Linear(z_dim, maps[0] * side * side), nn.Unflatten(1, (maps[0], side, side))]
    layers += activated(maps[0])  # (B, 128, 8, 8)
    for before, after in pairwise(maps):
        layers.append(nn.ConvTranspose2d(before, after, 4, 2, 1))  # (B, 64, 16, 16), ...
        layers += activated(after)
    layers.append(nn.ConvTranspose2d(maps[-1], channels, 4, 2, 1))  # (B, 3, 64, 64)
    return nn.Sequential(*layers, squash(pixel_range))


def build_vae(
    *,
    width: float,
    z_dim: int,
    image_size: int,
    channels: int,
    pixel_range: PixelRange = SIGNED,
    num_layers: int = 3,
) -> dict[str, nn.Module]:
    """Build the VAE, of `num_layers` layers each way."""
    sizes = {
        "width": width,
        "image_size": image_size,
        "channels": channels,
        "num_layers": num_layers,
    }
    encoder, num_features = encoder_layers(**sizes)
    decoder = decoder_layers(z_dim, pixel_range=pixel_range, **sizes)
    vae = VAE(encoder, decoder, num_features=num_features, z_dim=z_dim, pixel_range=pixel_range)
    return {"vae": vae}


def build_gan(
    *,
    width: float,
    z_dim: int,
    image_size: int,
    channels: int,
    d_width: float = 1.0,
    num_labels: int = 0,
    batch_norm: bool = False,
) -> dict[str, nn.Module]:
    """Build G, the VAE's decoder, and D, its encoder with a dense head.

    `d_width` is a factor on D's channels alone; `batch_norm` puts batch norm into both, which the
    report says it did without.
    """
    sizes = {"image_size": image_size, "channels": channels, "batch_norm": batch_norm}
    join = JoinEmbedding(z_dim, num_labels) if num_labels else None
    layers = decoder_layers(z_dim, width=width, **sizes)
    trunk, num_features = encoder_layers(width=width * d_width, **sizes)
    head = nn.Linear(num_features, 1 + num_labels)
    return {
        "G": init_glorot(Generator(layers, z_dim=z_dim, pixel_range=SIGNED, join=join)),
        "D": init_glorot(Discriminator(trunk, head, num_classes=num_labels)),
    }


def build_acgan(*, num_labels: int = 1, **sizes: Any) -> dict[str, nn.Module]:
    """Build the GAN with `num_labels` attributes: z times their embeddings, an output of D each."""
    return build_gan(num_labels=num_labels, **sizes)


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
                "num_layers": 3,
            },
            quick={"width": 0.5, "batch_size": 32, "num_steps": 3_500},
            objective=MEAN_OBJECTIVE,
            reported={"test_mse": 0.075},
            open=OPEN_VAE,
        ),
        "gan": Problem(
            build=build_gan,
            settings=GAN_SETTINGS | {"num_steps": 50_000},
            quick={"batch_size": 64, "num_steps": 1_500},
            slow={"width": 0.5},
            has_batch_norm=False,
            open=OPEN_GAN,
        ),
        "acgan": Problem(
            build=build_acgan,
            settings=GAN_SETTINGS | {"num_steps": 30_000, "attribute": "Smiling"},
            quick={"batch_size": 64, "num_steps": 1_500},
            slow={"width": 0.5, "num_steps": 1_350},
            has_batch_norm=False,
            open=OPEN_ACGAN,
        ),
    },
)
