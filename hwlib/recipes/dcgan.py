"""Report E: summed losses with lambda 1, DCGAN, one-hot ACGAN, InfoGAN.

Stated of its VAE: convolutional encoder, two dense heads, z of 100, transposed-convolution decoder,
Adam 1e-3, batch 64, MSE and KL both summed, lambda 1, tanh output on [-1, 1], test MSE 0.0197. Of
its GAN: DCGAN, z of 100 as 100x1x1, tanh, Adam 2e-4 with betas (0.5, 0.999), binary cross-entropy,
about 35 epochs. Of its ACGAN: a one-hot vector joined to z, one more output of D. Of its InfoGAN: D
and Q share most layers, 62 noise variables and one or two 10-way codes, the GAN's Adam three times.
The `OPEN` texts say what is chosen for the rest.
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
    CLASS_FROM_REAL,
    SIGNED,
    SUM_OBJECTIVE,
    PixelRange,
    Problem,
    Recipe,
    steps,
)

OPEN_VAE = {
    "en": "The report gives no layers, channels, activations or number of epochs for its VAE."
    " Chosen: three 4×4 layers with stride 2 and 64, 128 and 256 channels each way, with the batch"
    " norm, LeakyReLU and initial weights of its DCGAN; a dense layer opens the decoder; 50 epochs."
    " A fourth layer, as the DCGAN has, and ReLU in the decoder were tried: after"
    " the same number of"
    " updates the test error was higher.",
    "zh": "報告沒有寫出 VAE 的層數、通道數、激勵函數與週期數。本實驗室採用：兩個方向各"
    "三層 4×4、步幅 2 的"
    "卷積，64、128、256 個通道，並採其 DCGAN 的批次正規化、LeakyReLU 與初始權重；解碼"
    "器以一層全連接層"
    "展開；50 個週期。我們也試過與 DCGAN 相同的四層，以及解碼器改用 ReLU：同樣的更新次"
    "數之後，測試誤差"
    "較高。",
}

OPEN_GAN = {
    "en": "The report names DCGAN and gives no channels. Chosen: the DCGAN of PyTorch's own example"
    " (512, 256, 128 and 64 channels in G, the reverse in D, weights from N(0, 0.02)); batch 64, as"
    " its VAE has; 35 epochs of its “35+”; normal noise, one update of D to each of G, no flips:"
    " what it calls options is a setting each.",
    "zh": "報告只說採用 DCGAN，沒有寫出通道數。本實驗室採用 PyTorch 官方範例的 DCGAN（生成器"
    " 512、256、128、64 個通道，判別器相反，初始權重取自 N(0, 0.02)）；批次大小 64（與該報告"
    "的 VAE 相同）；報告寫「35 個以上」的週期，取 35 個；常態雜訊、D 與 G 各更新一次、不做左右"
    "翻轉：報告試過的其他做法，各有一項設定。",
}
OPEN_ACGAN = {
    "en": "The report gives no layers and no schedule for its ACGAN. Chosen: those of its GAN, with"
    " two inputs more in G and one output more in D for each attribute; both cross-entropies weigh"
    " the same." + CLASS_FROM_REAL["en"],
    "zh": "報告沒有寫出 ACGAN 的各層與訓練排程。本實驗室沿用它的 GAN：每個屬性讓生成器多兩個輸入、"
    "判別器多一個輸出；兩項交叉熵的權重相同。" + CLASS_FROM_REAL["zh"],
}
OPEN_INFOGAN = {
    "en": "The report does not say which layers Q shares, nor its schedule or the weight of its"
    " loss. Chosen: Q reads the features below D's last layer through a 4×4 convolution to 128"
    " channels, batch norm, LeakyReLU and a dense layer, as the InfoGAN paper does; weight 1; the"
    " one-hot code comes into G times 3: on the drawn faces, times 1 Q read it from pictures"
    " that hardly differed, times 5 almost all that differed followed it; the rest as its GAN.",
    "zh": "報告沒有說明 Q 共用哪些層，也沒有寫出訓練排程與其損失的權重。本實驗室依 InfoGAN 論文的"
    "做法：Q 讀取判別器最後一層之前的特徵，經一層 4×4 卷積（128 個通道）、批次正規化、LeakyReLU"
    " 與一層全連接層；損失權重為 1；one-hot 編碼乘以 3 再送進生成器：在繪製的人臉上，乘以 1 時"
    " Q 讀得出編碼，圖片卻幾乎沒有差別；乘以 5 時，圖片的差異幾乎全由編碼決定；"
    "其餘與它的 GAN 相同。",
}

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
            quick={"width": 0.25, "num_steps": 3_600},
            slow={"num_steps": 2_400},
            objective=SUM_OBJECTIVE,
            reported={"test_mse": 0.0197},
            open=OPEN_VAE,
        ),
        "gan": Problem(
            build=build_gan,
            settings=GAN_SETTINGS | {"z_dim": 100},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 2_200},
            slow={"width": 0.25, "num_steps": 1_800, "learning_rate": 4e-4},
            open=OPEN_GAN,
        ),
        "acgan": Problem(
            build=build_acgan,
            settings=GAN_SETTINGS | {"z_dim": 100, "attribute": "Smiling"},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 3_800, "num_evals": 32},
            slow={"width": 0.25, "num_steps": 3_000, "num_evals": 25},
            open=OPEN_ACGAN,
        ),
        "infogan": Problem(
            build=build_infogan,
            settings=GAN_SETTINGS | {"z_dim": 62, "num_codes": 1},
            quick={"width": 0.5, "batch_size": 32, "num_steps": 2_500},
            slow={"width": 0.25, "num_steps": 1_600, "learning_rate": 4e-4},
            open=OPEN_INFOGAN,
        ),
    },
)
