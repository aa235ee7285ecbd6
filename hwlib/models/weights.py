"""Weights of several networks as tensors by name, `<network>.<name>`, and files of tensors."""

import json
import os
import re
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hwlib.io import replacing, settle, sha256_of, workshop

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


def save_tensors(path: Path, tensors: Tensors, about: dict[str, str] | None = None) -> None:
    """Write tensors and texts as a safetensors file, whole or not at all."""
    with replacing(path) as temporary:
        try:
            save_file(tensors, temporary, about)
        except SafetensorError as error:  # the system's error, as text
            if found := re.search(r"os error (\d+)", str(error)):
                raise OSError(int(found[1]), os.strerror(int(found[1]))) from error
            raise


def save_sealed(folder: Path, name: str, tensors: Tensors, about: dict[str, Any]) -> None:
    """Write tensors and JSON values as `folder/<name>-<digits>.safetensors`, whole or not at all.

    The digits are the first of its SHA-256: one flipped bit loads silently from any tensor file.
    """
    with workshop(folder / name) as place:
        save_tensors(place / name, tensors, {"about": json.dumps(about)})
        settle(place / name, folder / f"{name}-{sha256_of(place / name)[:16]}.safetensors")


def load_sealed(path: Path) -> tuple[Tensors, dict[str, Any]] | None:
    """Return tensors and values of such a file; remove it and return None where it is damaged."""
    if not path.stem.endswith(sha256_of(path)[:16]):
        path.unlink()
        return None
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["about"])
    return load_file(path), about
