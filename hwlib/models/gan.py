"""Generator, discriminator and code reader that the recipes share; only their layers differ."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from hwlib.conditioning import CODE_SIZE
from hwlib.models.layers import down, scale, up

GROUP = 4  # images whose spread D is told


class JoinValues(nn.Module):
    """Give G its labels, times `scale`, as inputs more (reports B and C; the codes of report E)."""

    def __init__(self, z_dim: int, label_dim: int, *, scale: float = 1.0):
        super().__init__()
        self.label_dim = label_dim
        self.scale = scale
        self.num_inputs = z_dim + label_dim  # what G's first layer takes

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        """Join `z` (B, Z) and `c` (B, L) to (B, Z + L)."""
        return torch.cat([z, c * self.scale], 1)


class JoinOneHot(JoinValues):
    """Give G each 0/1 label as a one-hot pair (off, on) of inputs more (report E)."""

    def __init__(self, z_dim: int, label_dim: int):
        super().__init__(z_dim, label_dim)
        self.num_inputs += label_dim

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        """Join `z` (B, Z) and `c` (B, A) of 0 and 1 to (B, Z + 2A)."""
        return super().forward(z, torch.stack([1 - c, c], 2).flatten(1))


class JoinEmbedding(nn.Module):
    """Embed each 0/1 label to the latent's size and multiply the latent by it (report A).

    Each label has a learnt table of two vectors, off and on. They start so that z is multiplied by
    N(1, 0.5): around 1, so that both labels see nearly the same z, and apart, so that the label
    makes a difference from the first step on.
    """

    def __init__(self, z_dim: int, label_dim: int):
        super().__init__()
        self.label_dim = label_dim
        self.num_inputs = z_dim
        self.embeddings = nn.ModuleList(nn.Embedding(2, z_dim) for _ in range(label_dim))
        for table in self.embeddings:
            nn.init.normal_(table.weight, 1 / math.sqrt(label_dim), 0.5)

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        """Multiply `z` (B, Z) by the embedding of `c` (B, A) of 0 and 1; (B, Z).

        Several labels: the sum of their embeddings over sqrt(A).
        """
        indices = c.round().long()
        vectors = [table(indices[:, a]) for a, table in enumerate(self.embeddings)]
        return z * (torch.stack(vectors).sum(0) / math.sqrt(self.label_dim))


Join = JoinValues | JoinEmbedding


class Generator(nn.Module):
    """Noise, and labels or codes where it has them, to images (Goodfellow et al. 2014).

    Its layers map (B, Z), or what `join` makes of noise and labels, to (B, C, H, W).
    """

    pixel_range = (-1.0, 1.0)  # after a tanh

    def __init__(self, layers: nn.Module, *, z_dim: int, join: Join | None = None):
        super().__init__()
        self.z_dim = z_dim
        self.label_dim = join.label_dim if join is not None else 0
        self.join = join
        self.layers = layers

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Map noise `z` (B, Z) to images (B, C, H, W) in `pixel_range`.

        `c` (B, label_dim) is 0 or 1 for each attribute of an ACGAN, the one-hot codes of an InfoGAN
        side by side; None where there are no labels.
        """
        given = (len(z), 0) if c is None else tuple(c.shape)
        if z.shape[1:] != (self.z_dim,) or given != (len(z), self.label_dim):
            raise ValueError(
                f"G takes z (B, {self.z_dim}) and c (B, {self.label_dim}), not"
                f" {tuple(z.shape)} and {given}"
            )
        return self.layers(z if self.join is None else self.join(z, c))


class Discriminator(nn.Module):
    """Tell real images from generated ones, and their attributes where it has classes.

    It gives logits: the reports' sigmoids are part of the loss. The trunk maps images (B, C, H, W)
    to features, which the InfoGAN's Q reads too; the head maps these to (B, 1 + num_classes): real
    or not, then each of A attributes.
    """

    def __init__(self, trunk: nn.Module, head: nn.Module, *, num_classes: int = 0):
        super().__init__()
        self.num_classes = num_classes
        self.trunk = trunk
        self.head = head

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Map images (B, C, H, W) to logits (B,), above 0 for "real"; with classes also (B, A)."""
        logits = self.head(self.trunk(x))
        if self.num_classes == 0:
            return logits.squeeze(1)
        return logits[:, 0], logits[:, 1:]


class MinibatchDeviation(nn.Module):
    """Tell D how much the images of a group differ, or G may show it one and the same.

    The mean standard deviation over a group of four is added to every channel, times a weight of
    its own; before a convolution that is nearly the map more of Karras et al. 2018, section 3.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), channels**-0.5))

    def forward(self, x: Tensor) -> Tensor:
        """Map features (B, C, ...) to the same shape; images are grouped in their order."""
        group = math.gcd(len(x), GROUP)
        variance = x.float().unflatten(0, (-1, group)).var(1, correction=0)
        deviation = (variance + 1e-8).sqrt().flatten(1).mean(1).repeat_interleave(group)
        shape = (1, -1, *[1] * (x.ndim - 2))
        return x + self.weight.view(shape) * deviation.view(-1, *[1] * (x.ndim - 1))


class Heads(nn.Module):
    """Several heads over the same features, their logits side by side."""

    def __init__(self, **heads: nn.Module):
        super().__init__()
        for name, head in heads.items():
            self.add_module(name, head)

    def forward(self, features: Tensor) -> Tensor:
        """Map the features to (B, sum of the heads' logits)."""
        return torch.cat([head(features).flatten(1) for head in self.children()], 1)


class CodeReader(nn.Module):
    """InfoGAN's Q: read K codes of ten values from D's features (Chen et al. 2016).

    Its layers map what `D.trunk` gives to (B, K * 10).
    """

    def __init__(self, layers: nn.Module, *, num_codes: int):
        super().__init__()
        self.num_codes = num_codes
        self.layers = layers

    def forward(self, features: Tensor) -> Tensor:
        """Map D's features to logits of each code's values, (B, K, 10)."""
        return self.layers(features).unflatten(1, (self.num_codes, CODE_SIZE))


def dcgan_generator(
    num_inputs: int, *, width: float, image_size: int, channels: int
) -> nn.Sequential:
    """Return DCGAN's generator (Radford et al. 2016); shapes are those of width 1 at 64 x 64."""
    a, b, c, d = (scale(n, width) for n in (512, 256, 128, 64))

    return nn.Sequential(
        nn.Unflatten(1, (num_inputs, 1, 1)),  # (B, inputs, 1, 1)
        *up(num_inputs, a, nn.ReLU(), image_size // 16, 1, 0),  # (B, 512, 4, 4)
        *up(a, b, nn.ReLU()),  # (B, 256, 8, 8)
        *up(b, c, nn.ReLU()),  # (B, 128, 16, 16)
        *up(c, d, nn.ReLU()),  # (B, 64, 32, 32)
        nn.ConvTranspose2d(d, channels, 4, 2, 1, bias=False),  # (B, 3, 64, 64)
        nn.Tanh(),
    )


def dcgan_trunk(*, width: float, channels: int) -> nn.Sequential:
    """Return DCGAN's discriminator but for its head; shapes are those of width 1 at 64 x 64."""
    a, b, c, d = (scale(n, width) for n in (64, 128, 256, 512))

    return nn.Sequential(
        nn.Conv2d(channels, a, 4, 2, 1, bias=False),  # (B, 64, 32, 32)
        nn.LeakyReLU(0.2),
        *down(a, b),  # (B, 128, 16, 16)
        *down(b, c),  # (B, 256, 8, 8)
        *down(c, d),  # (B, 512, 4, 4)
    )


def conv_discriminator(
    *, width: float, image_size: int, channels: int, num_classes: int = 0, batch_norm: bool = False
) -> Discriminator:
    """Return a D of convolutions alone, with an output more for each class; shapes as in DCGAN's.

    Without batch norm images of a batch do not see each other; with it, it stands before the
    activation of each layer but the first.
    """
    layers: list[nn.Module] = []
    maps = [channels, *(scale(n, width) for n in (64, 128, 256, 512))]
    for before, after in pairwise(maps):
        norm = [nn.BatchNorm2d(after)] if batch_norm and layers else []
        layers += [nn.Conv2d(before, after, 4, 2, 1), *norm, nn.LeakyReLU(0.2, inplace=True)]
    num_features = maps[-1] * (image_size // 16) ** 2
    head = nn.Sequential(nn.Flatten(), nn.Linear(num_features, 1 + num_classes))
    return Discriminator(nn.Sequential(*layers), head, num_classes=num_classes)


def add_minibatch_deviation(D: Discriminator, *, image_size: int, channels: int) -> None:
    """Put a `MinibatchDeviation` behind D's trunk."""
    is_training = D.training
    with torch.no_grad():  # nothing is learnt from it, batch norm's statistics included
        features = D.eval().trunk(torch.zeros(1, channels, image_size, image_size))
    D.trunk = nn.Sequential(D.trunk, MinibatchDeviation(features.shape[1])).train(is_training)
