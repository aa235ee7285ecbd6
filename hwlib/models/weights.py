"""Weights of several networks as tensors by name, `<network>.<name>`, and as one file."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hwlib.io import replacing, sha256_of


def model_tensors(models: dict[str, nn.Module]) -> dict[str, Tensor]:
    """Return every weight and running statistic, contiguous on the CPU."""
    return {
        f"{name}.{key}": tensor.detach().cpu().contiguous()
        for name, model in models.items()
        for key, tensor in model.state_dict().items()
    }


def put_tensors(models: dict[str, nn.Module], tensors: dict[str, Tensor]) -> None:
    """Put tensors into the networks; every one of them must be there."""
    for name, model in models.items():
        model.load_state_dict(below(tensors, f"{name}."))


def below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with `prefix`, without it."""
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}


def save_weights(path: Path, models: dict[str, nn.Module]) -> str:
    """Write the networks' weights as one safetensors file; return its SHA-256."""
    tensors = model_tensors(models)
    with replacing(path) as temporary:
        save_file(tensors, temporary)
    return sha256_of(path)


def load_weights(path: Path, models: dict[str, nn.Module]) -> None:
    """Put a file's weights into the networks."""
    put_tensors(models, load_file(path))
