"""A VAE's decoder as layers and numbers, for a page that decodes by itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from hwlib.explore.latents import decode, latents, most_active
from hwlib.models.layers import Upsample
from hwlib.run import Run

NUM_KNOBS = 8
NUM_STARTS = 8
MAX_CHARACTERS = 2_500_000  # of the weights in a page, which stays below 5 MB with its images


def page_decoder(run: Run) -> dict[str, Any]:
    """Return what a page needs to decode by itself, of a finished VAE run.

    Returns:
        `size` (H, W, C); `range`, the pixels' lowest and highest value; `layers`, each with its
        `kind` and shape; `knobs`, the most active latents; `start_numbers` and `starts`, which test
        images, counted from 1, and their means (N, Z); `weights`, of all layers in their order.
        Both last as base64 of float16, little-endian. A decoder that is too large has
        `num_parameters` alone.
    """
    vae = run.load_models()["vae"]
    mu, rows = latents(run)
    layers, arrays = zip(*_layers(vae.decoder), strict=True)
    weights = [array for group in arrays for array in group]
    num_parameters = sum(array.size for array in weights)
    if 2 * num_parameters * 4 / 3 > MAX_CHARACTERS:
        return {"num_parameters": num_parameters, "most": MAX_CHARACTERS * 3 // 8}
    return {
        "num_parameters": num_parameters,
        "size": list(decode(vae, np.zeros((1, vae.z_dim))).shape[1:]),
        "range": list(vae.pixel_range),
        "layers": list(layers),
        "knobs": most_active(mu, min(NUM_KNOBS, vae.z_dim)),
        "start_numbers": [int(row) + 1 for row in rows[:NUM_STARTS]],
        "starts": _packed([mu[:NUM_STARTS]]),
        "weights": _packed(weights),
    }


def _layers(module: nn.Module) -> Iterator[tuple[dict[str, Any], list[np.ndarray]]]:
    """Yield each layer's kind and shape, and its weights, batch norm as a scale and a shift."""
    match module:
        case nn.Sequential():
            for child in module:
                yield from _layers(child)
        case nn.Linear():
            yield {"kind": "dense", "outputs": module.out_features}, _weights(module)
        case nn.Unflatten():
            yield {"kind": "reshape", "shape": list(module.unflattened_size)}, []
        case nn.BatchNorm2d():
            scale = module.weight / torch.sqrt(module.running_var + module.eps)
            shift = module.bias - module.running_mean * scale
            yield {"kind": "affine"}, [scale.detach().numpy(), shift.detach().numpy()]
        case nn.ConvTranspose2d() | nn.Conv2d():
            is_up = isinstance(module, nn.ConvTranspose2d)
            shape = {"outputs": module.out_channels, "size": module.kernel_size[0]}
            shape |= {"stride": module.stride[0], "padding": module.padding[0]}
            yield {"kind": "transposed" if is_up else "convolution", **shape}, _weights(module)
        case Upsample():
            yield {"kind": "upsample"}, []
        case nn.ReLU():
            yield {"kind": "leaky", "slope": 0}, []
        case nn.LeakyReLU():
            yield {"kind": "leaky", "slope": module.negative_slope}, []
        case nn.Sigmoid():
            yield {"kind": "sigmoid"}, []
        case nn.Tanh():
            yield {"kind": "tanh"}, []
        case _:
            raise TypeError(f"no page can run a layer of kind {type(module).__name__}")


def _weights(module: nn.Module) -> list[np.ndarray]:
    """Return a layer's weights, and its bias: zeros where it has none."""
    weight = module.weight.detach().numpy()
    is_up = isinstance(module, nn.ConvTranspose2d)
    outputs = weight.shape[1 if is_up else 0]
    bias = np.zeros(outputs) if module.bias is None else module.bias.detach().numpy()
    return [weight, bias]


def _packed(arrays: list[np.ndarray]) -> str:
    """Return arrays, one after the other, as base64 of float16, little-endian."""
    flat = np.concatenate([np.asarray(array).ravel() for array in arrays])
    return base64.b64encode(flat.astype("<f2").tobytes()).decode()
