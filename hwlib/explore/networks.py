"""Networks as layers: listed in the order of execution, and a decoder for a page to run."""

import base64
import copy
import itertools
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from hwlib.explore.latents import decode, latents, most_active
from hwlib.plots import Layer
from hwlib.run import Run
from hwlib.text import Finding, finding

NUM_KNOBS = 8
NUM_STARTS = 8
MAX_CHARACTERS = 2_500_000  # of the weights in a page, which stays below 5 MB with its images


def layers(vae: nn.Module, *, image_size: int, channels: int) -> list[Layer]:
    """List the image as a layer of kind "Input", then a VAE's layers in the order of execution."""
    x = torch.zeros(1, channels, image_size, image_size)
    image, _, *found = _layers("encoder", vae, x=x, z=torch.zeros(1, vae.z_dim))
    return [image, *(layer._replace(part=layer.name.split(".")[0]) for layer in found)]


def network_layers(
    models: Mapping[str, nn.Module], *, image_size: int, channels: int
) -> dict[str, list[Layer]]:
    """List the layers of a GAN's networks, "G", "D" and, for an InfoGAN, "Q".

    Returns:
        by the network's name its inputs as layers of kind "Input" (z, and c where G has labels; the
        image x; for Q the features h of D's trunk), then its own layers without sub-layers.
    """
    G, x = models["G"], torch.zeros(1, channels, image_size, image_size)
    inputs = {"G": {"z": torch.zeros(1, G.z_dim)}, "D": {"x": x}}
    if G.label_dim:
        inputs["G"]["c"] = torch.zeros(1, G.label_dim)
    if "Q" in models:
        inputs["Q"] = {"h": copy.deepcopy(models["D"]).eval().trunk(x)}
    return {name: _layers(name, models[name], **given) for name, given in inputs.items()}


def conditioning_method(G: nn.Module) -> Finding:
    """Return how a generator gets its labels, by the module that joins them to z."""
    way, sizes = type(G.join).__name__, {"z_dim": G.z_dim, "num_inputs": G.join.num_inputs}
    return finding("acgan.conditioning", way=way, **sizes)


@torch.no_grad()
def _layers(part: str, network: nn.Module, **inputs: Tensor) -> list[Layer]:
    """List a network's inputs, and the layers that they go through in a copy of it."""
    network = copy.deepcopy(network).eval()  # its own mode and statistics stay
    found = [Layer(part, name, "Input", "", tuple(x.shape[1:]), 0) for name, x in inputs.items()]

    def note(name: str, module: nn.Module, _inputs: Any, output: Tensor) -> None:
        kind, detail = type(module).__name__.removeprefix("Parametrized"), ""
        match module:  # the setting that matters to a reader
            case nn.Conv2d() | nn.ConvTranspose2d():
                (height, width), stride = module.kernel_size, module.stride[0]
                detail = f"{height}×{width}" + (f", stride {stride}" if stride > 1 else "")
            case nn.AvgPool2d() | nn.MaxPool2d():
                detail = f"{module.kernel_size}×{module.kernel_size}"
            case nn.LeakyReLU():
                detail = f"{module.negative_slope:g}"
            case nn.Upsample():
                detail = "×2"
        count = sum(p.numel() for p in module.parameters())
        found.append(Layer(part, name, kind, detail, tuple(output.shape[1:]), count))

    for name, module in network.named_modules():
        # what spectral norm puts into a layer belongs to that layer
        is_leaf = not list(module.children()) or parametrize.is_parametrized(module)
        if is_leaf and "parametrizations" not in name:
            module.register_forward_hook(partial(note, name))
    network(*inputs.values())
    return found


# ---- a decoder that runs in a page --------------------------------------------------------------


def page_decoder(run: Run) -> dict[str, Any]:
    """Return what a page needs to decode by itself, of a finished VAE run.

    Returns:
        `size` (H, W, C); `range`, the pixels' lowest and highest value; `layers`, each with its
        `kind` and shape; `knobs`, the most active latents; `start_numbers` and `starts`, which test
        images, counted from 1, and their means (N, Z); `weights`, of all layers in their order.
        Both last as base64 of float16, little-endian. A decoder that is too large has
        `num_parameters` alone.
    """
    vae, (mu, rows) = run.load_models()["vae"], latents(run)
    layers, arrays = zip(*_page_layers(vae.decoder), strict=True)
    weights = [*itertools.chain(*arrays)]
    num_parameters = sum(array.numel() for array in weights)
    if 2 * num_parameters * 4 / 3 > MAX_CHARACTERS:
        return {"num_parameters": num_parameters, "most": MAX_CHARACTERS * 3 // 8}
    return {
        "num_parameters": num_parameters,
        "size": list(decode(vae, np.zeros((1, vae.z_dim))).shape[1:]),
        "range": list(vae.pixel_range),
        "layers": list(layers),
        "knobs": most_active(mu, NUM_KNOBS),
        "start_numbers": [int(row) + 1 for row in rows[:NUM_STARTS]],
        "starts": _packed([mu[:NUM_STARTS]]),
        "weights": _packed(weights),
    }


@torch.no_grad()
def _page_layers(module: nn.Module) -> list[tuple[dict[str, Any], list[np.ndarray]]]:
    """List layers' kinds and shapes, and their weights, batch norm as a scale and a shift."""
    match module:
        case nn.Sequential():
            return [layer for child in module for layer in _page_layers(child)]
        case nn.Linear():
            about = {"kind": "dense", "outputs": module.out_features}
        case nn.Unflatten():
            about = {"kind": "reshape", "shape": list(module.unflattened_size)}
        case nn.BatchNorm2d():
            scale = module.weight / torch.sqrt(module.running_var + module.eps)
            return [({"kind": "affine"}, [scale, module.bias - module.running_mean * scale])]
        case nn.ConvTranspose2d() | nn.Conv2d():
            is_up = isinstance(module, nn.ConvTranspose2d)
            about = {"kind": "transposed" if is_up else "convolution"}
            about |= {"outputs": module.out_channels, "size": module.kernel_size[0]}
            about |= {"stride": module.stride[0], "padding": module.padding[0]}
        case nn.ReLU() | nn.LeakyReLU():
            about = {"kind": "leaky", "slope": getattr(module, "negative_slope", 0)}
        case nn.Upsample() | nn.Sigmoid() | nn.Tanh():
            about = {"kind": type(module).__name__.lower()}
        case _:
            raise TypeError(f"no page can run a layer of kind {type(module).__name__}")
    if "outputs" not in about:
        return [(about, [])]
    bias = torch.zeros(about["outputs"]) if module.bias is None else module.bias
    return [(about, [module.weight, bias])]


def _packed(arrays: list[Any]) -> str:
    """Return arrays, one after the other, as base64 of float16, little-endian."""
    flat = np.concatenate([torch.as_tensor(array).detach().numpy().ravel() for array in arrays])
    return base64.b64encode(flat.astype("<f2").tobytes()).decode()
