"""Seeds and generators, device, precision, versions: what a run stands on."""

import hashlib
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from hwlib.errors import UserError


def derive_seed(seed: int, *names: object) -> int:
    """Return a 63-bit seed that follows from `seed` and a stream's name, and from nothing else."""
    text = "/".join(map(str, (seed, *names)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *names: object, device: torch.device | str = "cpu") -> torch.Generator:
    """Return the generator of the stream `names`, for example ("noise", step).

    A stream is named by its step instead of being carried along, so there is no state to save: the
    numbers of step 5,000 are the same whether or not the run stopped on the way there.
    """
    return torch.Generator(device=device).manual_seed(derive_seed(seed, *names))


def resolve_device(name: str = "auto") -> torch.device:
    """Return CUDA, then MPS, then CPU, or what is asked for; a UserError where it is not here."""
    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    here = [device for device in ("cuda", "mps", "cpu") if has.get(device, True)]
    if name != "auto" and name not in here:
        raise UserError("no_device", name=name, known=here)
    return torch.device(here[0] if name == "auto" else name)


def resolve_precision(name: str, device: torch.device) -> str:
    """Return 'bfloat16' or 'float32'; 'auto' is bfloat16 where the hardware multiplies it fast."""
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if device.type == "cpu":
        features = torch.cpu.get_capabilities()
        fast = features.get("avx512_bf16") or features.get("amx_bf16") or features.get("bf16")
        return "bfloat16" if fast else "float32"
    return "float32"


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Return the context in which forward passes run."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def environment(device: torch.device) -> dict[str, Any]:
    """Return what a run was made with: versions, processor, threads; recorded in config.json."""
    packages = ("hwlib", "torch", "torchvision", "numpy", "scikit-learn")
    return {
        "versions": {"python": platform.python_version()} | {p: version(p) for p in packages},
        "platform": platform.platform(),
        "device": torch.cuda.get_device_name() if device.type == "cuda" else processor(),
        "num_threads": torch.get_num_threads(),
        "num_cores": os.cpu_count(),
    }


def processor() -> str:
    """Return the processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8", errors="replace") if info.exists() else ""
    found = re.search(r"^model name\s*: *(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()
