"""Small pieces from which the recipes' networks are built."""

import math

from torch import nn


def scale(channels: int, width: float) -> int:
    """Return `channels` x `width`, rounded, at least 4."""
    return max(4, round(channels * width))


def down(inputs: int, outputs: int) -> list[nn.Module]:
    """Return DCGAN's way to halve maps: convolution, batch norm, leaky ReLU."""
    conv = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]


def up(
    inputs: int,
    outputs: int,
    activation: nn.Module,
    kernel: int = 4,
    stride: int = 2,
    padding: int = 1,
) -> list[nn.Module]:
    """Return DCGAN's way to double maps: transposed convolution, batch norm, activation."""
    conv = nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, bias=False)
    return [conv, nn.BatchNorm2d(outputs), activation]


def init_dcgan(network: nn.Module) -> nn.Module:
    """Draw weights as DCGAN does: N(0, 0.02), batch norm scale N(1, 0.02) (Radford et al. 2016)."""
    for module in network.modules():
        is_norm = isinstance(module, nn.BatchNorm2d)
        if is_norm or isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 1.0 if is_norm else 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def init_glorot(network: nn.Module) -> nn.Module:
    """Draw weights as Keras does by default: Glorot's uniform, biases 0 (Glorot & Bengio 2010)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def init_he(network: nn.Module) -> nn.Module:
    """Draw weights so that activations keep their size (He et al. 2015), the last layer's half."""
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    layers = [module for module in network.modules() if isinstance(module, kinds)]
    for layer in layers:
        fan_in = layer.weight[0].numel()
        if isinstance(layer, nn.ConvTranspose2d):  # each output sees one place in stride^2
            fan_in = layer.weight[:, 0].numel() // layer.stride[0] ** 2
        gain = 0.5 if layer is layers[-1] else 1.0
        nn.init.normal_(layer.weight, 0, gain * math.sqrt(2 / fan_in))
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return network


def remove_batch_norm(network: nn.Module) -> nn.Module:
    """Replace every batch norm in `network` by nothing; all other weights stay as they are."""
    for name, child in network.named_children():
        is_norm = isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d)
        network.set_submodule(name, nn.Identity()) if is_norm else remove_batch_norm(child)
    return network


def squash(pixel_range: tuple[float, float]) -> nn.Module:
    """Return the output activation of a pixel range: sigmoid for (0, 1), tanh for (-1, 1)."""
    return {(0.0, 1.0): nn.Sigmoid, (-1.0, 1.0): nn.Tanh}[pixel_range]()
