"""Report D (homework 2): the KL study, weights 1, 100 and 0.

Stated: images resized to 64, convolutional encoder and decoder with ReLU, MSE as the
reconstruction term, learning rate 1e-4, batch 100, 100 epochs, 20 or 50 latents. What is chosen for
the rest stands in `report/text/<language>/recipes.j2`.
"""

from itertools import pairwise

from torch import nn

from hwlib.models.layers import scale, squash
from hwlib.models.vae import VAE, PixelRange
from hwlib.recipes.base import IMAGE_SUM_OBJECTIVE, UNIT, Pair, Recipe, epochs, kl_study

# Six VAEs in a few minutes: each makes a thirty-fifth of the report's updates, of smaller batches,
# at ten times its rate, without which none of them would have learnt what its weight lets it learn.
# The sweep goes by decades: nine VAEs of 700 updates each took as long, and all drew fog.
KL_QUICK = {
    "width": 0.5,
    "batch_size": 32,
    "num_steps": 1_150,
    "learning_rate": 1e-3,
    "kl_sweep": (0.01, 0.1, 1.0, 10.0, 100.0),
}


def build_vae(
    *, width: float, z_dim: int, image_size: int = 64, channels: int = 3, pixel_range: PixelRange
) -> VAE:
    """Build the VAE; shapes in the comments are those of width 1 at 64 x 64."""
    a, b, c, d = (scale(n, width) for n in (32, 64, 128, 256))
    side = image_size // 16
    layers: list[nn.Module] = []
    for before, after in pairwise((channels, a, b, c, d)):
        # (B, 32, 32, 32), (B, 64, 16, 16), (B, 128, 8, 8), (B, 256, 4, 4)
        layers += [nn.Conv2d(before, after, 4, 2, 1), nn.ReLU()]
    encoder = nn.Sequential(*layers, nn.Flatten())

    # (B, 256, 4, 4)
    layers = [nn.Linear(z_dim, d * side * side), nn.ReLU(), nn.Unflatten(1, (d, side, side))]
    for before, after in pairwise((d, c, b, a)):
        # (B, 128, 8, 8), (B, 64, 16, 16), (B, 32, 32, 32)
        layers += [nn.ConvTranspose2d(before, after, 4, 2, 1), nn.ReLU()]
    layers.append(nn.ConvTranspose2d(a, channels, 4, 2, 1))  # (B, 3, 64, 64)
    decoder = nn.Sequential(*layers, squash(pixel_range))

    return VAE(encoder, decoder, num_features=d * side * side, z_dim=z_dim, pixel_range=pixel_range)


VAE_PROBLEM = Pair(
    build=build_vae,
    settings={**epochs(100, 100), "learning_rate": 1e-4, "z_dim": 20, "kl_weight": 1.0},
    quick={"width": 0.5, "batch_size": 32, "num_steps": 4_000},
    objective=IMAGE_SUM_OBJECTIVE,
    pixel_range=UNIT,
)

PROBLEMS = {"vae": VAE_PROBLEM, "kl": kl_study(VAE_PROBLEM, quick=KL_QUICK)}
RECIPE = Recipe(letter="D", problems=PROBLEMS)
