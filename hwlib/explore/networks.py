"""The layers of networks in the order of execution, by forward hooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from hwlib.plots import Layer
from hwlib.text import Finding, finding


def layers(vae: nn.Module, *, image_size: int, channels: int) -> list[Layer]:
    """List a VAE's layers in the order of execution.

    Returns:
        the image as a layer of kind "Input", then every layer without sub-layers.
    """
    x = torch.zeros(1, channels, image_size, image_size)
    found = _layers(vae, x, torch.zeros(1, vae.z_dim))
    image = Layer("encoder", "x", "Input", "", tuple(x.shape[1:]), 0)
    return [image, *(layer._replace(part=layer.name.split(".")[0]) for layer in found)]


def network_layers(
    models: Mapping[str, nn.Module], *, image_size: int, channels: int
) -> dict[str, list[Layer]]:
    """List the layers of a GAN's networks, "G", "D" and, for an InfoGAN, "Q".

    Returns:
        by the network's name its inputs as layers of kind "Input" (z, and c where G has labels; the
        image x; for Q the features h of D's trunk), then its own layers without sub-layers.
    """
    G, D = models["G"], models["D"]
    x = torch.zeros(1, channels, image_size, image_size)
    inputs = {"G": {"z": torch.zeros(1, G.z_dim)}, "D": {"x": x}}
    if G.label_dim:
        inputs["G"]["c"] = torch.zeros(1, G.label_dim)
    if "Q" in models:
        with _in_eval_mode(D):
            inputs["Q"] = {"h": D.trunk(x)}
    return {
        name: [
            *(Layer(name, key, "Input", "", tuple(t.shape[1:]), 0) for key, t in given.items()),
            *(layer._replace(part=name) for layer in _layers(models[name], *given.values())),
        ]
        for name, given in inputs.items()
    }


def conditioning_method(G: nn.Module) -> Finding:
    """Return how a generator gets its labels, by the module that joins them to z."""
    way, sizes = type(G.join).__name__, {"z_dim": G.z_dim, "num_inputs": G.join.num_inputs}
    return finding("acgan.conditioning", way=way, **sizes)


def _layers(network: nn.Module, *inputs: Tensor) -> list[Layer]:
    """Run a network once and list the layers that it went through."""
    found = []

    def note(name: str, module: nn.Module, _inputs: Any, output: Tensor) -> None:
        kind = type(module).__name__.removeprefix("Parametrized")
        count = sum(p.numel() for p in module.parameters())
        found.append(Layer("", name, kind, _detail(module), tuple(output.shape[1:]), count))

    hooks = [
        module.register_forward_hook(partial(note, name))
        for name, module in network.named_modules()
        # what spectral norm puts into a layer belongs to that layer
        if (not list(module.children()) or parametrize.is_parametrized(module))
        and "parametrizations" not in name
    ]
    with _in_eval_mode(network):
        network(*inputs)
    for hook in hooks:
        hook.remove()
    return found


@contextmanager
def _in_eval_mode(network: nn.Module) -> Iterator[None]:
    """Look at a network as it is when it is used, and change neither weights nor statistics."""
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(was_training)


def _detail(module: nn.Module) -> str:
    """Say the setting of a layer that matters to a reader."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        (height, width), stride = module.kernel_size, module.stride[0]
        return f"{height}×{width}" + (f", stride {stride}" if stride > 1 else "")
    if isinstance(module, nn.AvgPool2d | nn.MaxPool2d):
        return f"{module.kernel_size}×{module.kernel_size}"
    if isinstance(module, nn.LeakyReLU):
        return f"{module.negative_slope:g}"
    return "×2" if type(module).__name__ == "Upsample" else ""
