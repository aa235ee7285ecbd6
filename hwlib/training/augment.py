"""Differentiable augmentation: D sees real and fake images through the same random changes."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

SHIFT = 1 / 8  # largest translation, as a share of the side
CUT = 1 / 2  # side of the square that is cut out, as a share of the side


def augment(x: Tensor, draws: Generator) -> Tensor:
    """Change brightness, saturation and contrast, shift, and cut out a square.

    Each image (B, C, H, W), in any range around 0, draws its own change; gradients pass through
    (Zhao et al. 2020, policy color,translation,cutout). `draws` is on the CPU.
    """
    draw = torch.rand((7, len(x), 1, 1, 1), generator=draws).to(x.device)
    brightness, saturation, contrast, *places = draw
    x = x + (brightness - 0.5)
    grey = x.mean(1, keepdim=True)
    x = (x - grey) * (2 * saturation) + grey
    middle = x.mean((1, 2, 3), keepdim=True)
    x = (x - middle) * (contrast + 0.5) + middle
    return cut_out(shift(x, *places[:2]), *places[2:])


def shift(x: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Move each image of x (B, C, H, W) by up to an eighth of its side; what comes in is zero.

    `down` and `right` (B, 1, 1, 1) are in [0, 1); 0.5 stays.
    """
    batch, channels, *sides = x.shape
    places = []  # (B, side) in the padded image, whose border of one pixel is zero
    for side, share in zip(sides, (down, right), strict=True):
        limit = round(SHIFT * side)
        by = (share.view(-1, 1) * (2 * limit + 1)).long() - limit + 1
        places.append((torch.arange(side, device=x.device) + by).clamp(0, side + 1))
    flat = places[0].unsqueeze(2) * (sides[1] + 2) + places[1].unsqueeze(1)  # (B, H, W)
    padded = F.pad(x, (1, 1, 1, 1)).flatten(2)
    return padded.gather(2, flat.view(batch, 1, -1).expand(-1, channels, -1)).view(x.shape)


def cut_out(x: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Set one square of half the side to zero, anywhere in x (B, C, H, W), also partly outside.

    `down` and `right` (B, 1, 1, 1), in [0, 1), are its centre.
    """
    height, width = x.shape[2:]
    rows = torch.arange(height, device=x.device).view(1, 1, -1, 1)
    columns = torch.arange(width, device=x.device).view(1, 1, 1, -1)
    in_rows = (rows - down * height).abs() < CUT * height / 2
    in_columns = (columns - right * width).abs() < CUT * width / 2
    return x * ~(in_rows & in_columns)
