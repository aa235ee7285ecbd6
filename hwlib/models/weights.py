"""Weights of several networks as tensors by name, `<network>.<name>`, and files of tensors."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hwlib.io import flush, sha256_of

Tensors = dict[str, Tensor]


def model_tensors(models: dict[str, nn.Module]) -> Tensors:
    """Return every weight and running statistic, contiguous on the CPU."""
    tensors = nn.ModuleDict(models).state_dict()
    return {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}


def put_tensors(models: dict[str, nn.Module], tensors: Tensors) -> None:
    """Put tensors into the networks; every one of them must be there."""
    nn.ModuleDict(models).load_state_dict(tensors)


def below(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors whose names begin with `prefix`, without it."""
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}


def save_sealed(folder: Path, name: str, tensors: Tensors, about: dict[str, Any]) -> None:
    """Write tensors and JSON values as `folder/<name>-<digits>.safetensors`, whole or not at all.

    The digits are the first of its SHA-256: one flipped bit loads silently from any tensor file.
    """
    partial = folder / f".{name}.{os.getpid()}"
    save_file(tensors, partial, {"about": json.dumps(about)})
    flush(partial)
    os.replace(partial, folder / f"{name}-{sha256_of(partial)[:16]}.safetensors")
    with suppress(PermissionError):  # Windows opens no folder
        flush(folder)


def load_sealed(path: Path) -> tuple[Tensors, dict[str, Any]] | None:
    """Return tensors and values of such a file; remove it and return None where it is damaged."""
    if not path.stem.endswith(sha256_of(path)[:16]):
        path.unlink()
        return None
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["about"])
    return load_file(path), about
