"""Report B: 5x5 kernels, an up-sampling decoder, a dense-projected generator.

Stated of its VAE: the layer table (the comments give it), 1024 latents, loss = reconstruction +
lambda KL, test MSE 0.0336532. Of its GAN: the layer tables, pixels in [-1, 1], z of 128, 20,000
iterations of batch 128, curves of one point every 10 iterations, each the mean with the ten before
it. Of its ACGAN: half the filters in D, two outputs of one dense layer, one input more in G. What
is chosen for the rest stands in `report/text/<language>/recipes.j2`.

Keras' "same" padding of a stride-2 layer pads one pixel less at the upper and left side than
PyTorch's `padding=2`; shapes and parameters are equal.
"""

from collections import OrderedDict
from itertools import pairwise

from torch import nn

from hwlib.errors import UserError
from hwlib.models.gan import Discriminator, JoinValues
from hwlib.models.layers import scale, squash
from hwlib.models.vae import VAE, PixelRange
from hwlib.recipes.base import DCGAN_ADAM, MEAN_OBJECTIVE, Pair, Recipe, adversarial, epochs

Layers = dict[str, nn.Module]  # by the report's names, in their order

GAN_SETTINGS = {
    **{"num_steps": 20_000, "batch_size": 128, **DCGAN_ADAM, "z_dim": 128},
    **{"curve_every": 10, "curve_smoothing": 10, "joint_batch": True},
}


def build_vae(
    *, width: float, z_dim: int, image_size: int = 64, channels: int = 3, pixel_range: PixelRange
) -> VAE:
    """Build the VAE of the report's layer table; shapes are those of width 1 at 64 x 64.

    Latents that do not fill whole maps are a UserError.
    """
    a, b, c = (scale(n, width) for n in (64, 128, 256))
    side = image_size // 8
    maps, rest = divmod(z_dim, side * side)
    if rest:
        sizes = {"multiple": side * side, "example": side * side * 16}
        raise UserError("upsample_z_dim", side=side, z_dim=z_dim, **sizes)

    layers: Layers = {}
    for n, (before, after) in enumerate(pairwise((channels, a, b, c)), 1):
        # (B, 64, 32, 32), (B, 128, 16, 16), (B, 256, 8, 8)
        layers |= {f"conv{n}": nn.Conv2d(before, after, 5, 2, 2), f"relu{n}": nn.ReLU()}
    encoder = nn.Sequential(OrderedDict(layers, flatten=nn.Flatten()))

    layers = {"reshape": nn.Unflatten(1, (maps, side, side))}  # (B, 16, 8, 8)
    for n, (before, after) in enumerate(pairwise((maps, c, b, a)), 1):
        # (B, 256, 8, 8), (B, 128, 16, 16), (B, 64, 32, 32), each doubled
        layers[f"conv{n + 3}"] = nn.Conv2d(before, after, 5, 1, 2)
        layers |= {f"relu{n + 3}": nn.ReLU(), f"upsample{n}": nn.Upsample(scale_factor=2)}
    layers["recons"] = nn.Conv2d(a, channels, 3, 1, 1)  # (B, 3, 64, 64)
    decoder = nn.Sequential(OrderedDict(layers, output=squash(pixel_range)))

    return VAE(encoder, decoder, num_features=c * side * side, z_dim=z_dim, pixel_range=pixel_range)


def generator_layers(
    num_inputs: int, *, width: float, image_size: int, channels: int
) -> nn.Sequential:
    """Return the generator of the report's layer table; shapes are those of width 1 at 64 x 64.

    Padding 2 and output padding 1 make a 5x5 kernel double the maps, as Keras' "same" does.
    """
    a, b, c, d = (scale(n, width) for n in (1024, 512, 256, 128))
    side = image_size // 16
    layers: Layers = {
        "dense": nn.Linear(num_inputs, a * side * side),
        "reshape": nn.Unflatten(1, (a, side, side)),  # (B, 1024, 4, 4)
        "relu0": nn.ReLU(),
    }
    for n, (before, after) in enumerate(pairwise((a, b, c, d)), 1):
        # (B, 512, 8, 8), (B, 256, 16, 16), (B, 128, 32, 32)
        layers[f"convT{n}"] = nn.ConvTranspose2d(before, after, 5, 2, 2, 1)
        layers |= {f"bn{n}": nn.BatchNorm2d(after), f"relu{n}": nn.ReLU()}
    layers["recons"] = nn.ConvTranspose2d(d, channels, 5, 2, 2, 1)  # (B, 3, 64, 64)
    return nn.Sequential(OrderedDict(layers, output=nn.Tanh()))


def discriminator(
    *, width: float, image_size: int, channels: int, num_classes: int
) -> Discriminator:
    """Return the discriminator of the report's layer table, activation before batch norm.

    Shapes are those of width 1 at 64 x 64.
    """
    maps = [channels, *(scale(n, width) for n in (64, 128, 256, 512))]
    layers: Layers = {}
    for n, (before, after) in enumerate(pairwise(maps), 1):
        # (B, 64, 32, 32), (B, 128, 16, 16), (B, 256, 8, 8), (B, 512, 4, 4)
        layers[f"conv{n}"] = nn.Conv2d(before, after, 5, 2, 2)
        layers |= {f"relu{n}": nn.LeakyReLU(0.2), f"bn{n}": nn.BatchNorm2d(after)}
    trunk = nn.Sequential(OrderedDict(layers, flatten=nn.Flatten()))
    head = nn.Linear(maps[-1] * (image_size // 16) ** 2, 1 + num_classes)
    return Discriminator(trunk, head, num_classes=num_classes)


RECIPE = Recipe(
    letter="B",
    problems={
        "vae": Pair(
            build=build_vae,
            settings={**epochs(50, 128), "learning_rate": 1e-3, "z_dim": 1024, "kl_weight": 1e-5},
            quick={"width": 0.25, "batch_size": 32, "num_steps": 2_000},
            objective=MEAN_OBJECTIVE,
            reported={"test_mse": 0.0336532},
        ),
        "gan": Pair(
            build=adversarial(generator_layers, discriminator),
            settings=GAN_SETTINGS,
            quick={"width": 0.25, "batch_size": 32, "num_steps": 2_000},
        ),
        "acgan": Pair(
            build=adversarial(generator_layers, discriminator, join=JoinValues, d_width=0.5),
            settings=GAN_SETTINGS | {"d_width": 0.5, "attribute": "Smiling"},
            # Half of a quarter of D's channels, 8 to 64, drew no face in as much processor time.
            quick={"width": 0.25, "d_width": 1.0, "batch_size": 16, "num_steps": 2_700},
        ),
    },
)
