"""Generator, discriminator and code reader that the recipes share; only their layers differ."""

import math

import torch
from torch import Tensor, nn

from hwlib.conditioning import CODE_SIZE
from hwlib.models.layers import down, scale, up


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
