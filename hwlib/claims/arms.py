"""What is trained for the claims: every arm once, so that claims share runs.

The schedules are those of profile `quick`: all arms and claims with three seeds are to fit into two
hours on two cores. Arms that are compared have the same one; where it is left out, it is the
recipe's own, and the run is the one that the reports of a problem use.
"""

from __future__ import annotations

from typing import Any

from hwlib.claims.base import Arm
from hwlib.discuss.base import Sentence


def kl(weight: float) -> Arm:
    """Return a VAE of elbo's KL study with this weight, at the study's own sizes."""
    text = Sentence(f"KL ×{weight:g}", f"KL ×{weight:g}")
    return Arm(text, "kl", "elbo", seconds=23, overrides={"kl_weight": weight})


def vae(zh: str, en: str, **overrides: Any) -> Arm:
    """Return a VAE of dcgan, with fewer updates than it has at quick."""
    text, quick = Sentence(zh, en), {"num_steps": 2_000}
    return Arm(text, "vae", "dcgan", seconds=57, overrides=overrides, quick=quick)


def gan(zh: str, en: str, *, seconds: float = 137, **overrides: Any) -> Arm:
    """Return a GAN of dcgan, with its own schedule."""
    return Arm(Sentence(zh, en), "gan", "dcgan", seconds=seconds, overrides=overrides)


def layers(number: int) -> Arm:
    """Return a VAE of plain with so many layers each way."""
    text, overrides = Sentence(f"{number} 層", f"{number} layers"), {"num_layers": number}
    quick = {"num_steps": 500, "width": 0.5, "batch_size": 128}
    return Arm(text, "vae", "plain", seconds=39, overrides=overrides, quick=quick)


def acgan(zh: str, en: str, *, seconds: float, **overrides: Any) -> Arm:
    """Return an ACGAN of plain, with a tenth of its report's updates."""
    text, quick = Sentence(zh, en), {"num_steps": 3_000, "batch_size": 32}
    return Arm(text, "acgan", "plain", seconds=seconds, overrides=overrides, quick=quick)


def filters(zh: str, en: str, *, seconds: float, d_width: float) -> Arm:
    """Return an ACGAN of upsample with this share of D's filters."""
    text, quick = Sentence(zh, en), {"num_steps": 1_500}
    overrides = {"d_width": d_width}
    return Arm(text, "acgan", "upsample", seconds=seconds, overrides=overrides, quick=quick)


# Report A tried lambda from 1e-5 to 1e-3 on errors averaged over all values of [-1, 1]. Per image,
# as the squared error in [-1, 1] plus beta times KL, that is beta from 0.12 to 12; elbo's weight,
# on summed errors in [0, 1], is a quarter of beta.
SMALL, LARGE = 0.03, 3.0

KL_0, KL_SMALL, KL_1, KL_LARGE, KL_100 = (kl(weight) for weight in (0.0, SMALL, 1.0, LARGE, 100.0))

VAE_BASE = vae("VAE", "VAE")
VAE_Z50 = vae("50 維", "50 latents", z_dim=50)
VAE_Z100 = vae("100 維", "100 latents")
VAE_Z200 = vae("200 維", "200 latents", z_dim=200)
VAE_MSE = vae("MSE", "MSE")
VAE_L1 = vae("L1", "L1", reconstruction="l1")
VAE_BCE = vae("BCE", "BCE", reconstruction="bce")
VAE_SUMMED = vae("加總，λ = 1", "summed, λ = 1")
VAE_TENTH = vae("加總，λ = 0.1", "summed, λ = 0.1", kl_weight=0.1)
VAE_TEN = vae("加總，λ = 10", "summed, λ = 10", kl_weight=10.0)
# The error averaged over the 3 x 64 x 64 values, the KL not: with lambda 1 its gradients are those
# of the sums with lambda 12,288, but for one factor on the whole, which Adam takes out.
VAE_AVERAGED = vae("平均，λ = 1", "averaged, λ = 1", kl_weight=12_288.0)

LAYERS_2, LAYERS_3, LAYERS_4 = (layers(number) for number in (2, 3, 4))

VAE_B = Arm(
    Sentence("upsample", "upsample"),
    "vae",
    "upsample",
    seconds=34,
    quick={"num_steps": 1_000, "width": 0.25, "batch_size": 32},
)
VAE_C = Arm(
    Sentence("wide", "wide"),
    "vae",
    "wide",
    seconds=50,
    quick={"num_steps": 400, "width": 0.25, "batch_size": 32},
)

GAN_BASE = gan("GAN", "GAN")
GAN_PLAIN = gan("不翻轉", "no flips")
GAN_FLIP = gan("左右翻轉", "flips", flip=True)
GAN_NORMAL = gan("高斯雜訊", "Gaussian noise")
GAN_UNIFORM = gan("均勻雜訊", "uniform noise", noise="uniform")
GAN_ONE = gan("判別器更新 1 次", "1 update of D")
GAN_TWO = gan("判別器更新 2 次", "2 updates of D", seconds=214, d_updates=2)
# D is four times as wide as the rest: it tells every picture apart within a hundred updates.
GAN_BEATEN = Arm(
    Sentence("判別器遠強於生成器", "D far stronger than G"),
    "gan",
    "dcgan",
    seconds=60,
    overrides={"width": 0.125, "d_width": 4.0},
    quick={"num_steps": 1_200},
)

ACGAN_HALF = filters("判別器通道數減半", "half of D's filters", seconds=74, d_width=0.5)
ACGAN_FULL = filters("判別器通道數不減", "all of D's filters", seconds=86, d_width=1.0)
ACGAN_OFF = acgan("無批次正規化", "no batch norm", seconds=146)
ACGAN_ON = acgan("有批次正規化", "batch norm", seconds=158, batch_norm="on")
INFOGAN = Arm(Sentence("InfoGAN", "InfoGAN"), "infogan", "dcgan", seconds=183)
