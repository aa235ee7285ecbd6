"""Checkpoints that survive a kill at any moment.

A checkpoint is a folder with `state.safetensors`, `state.json` and `manifest.json`. The manifest,
written last, holds the SHA-256 of the other two: one flipped bit loads silently from any tensor
file, and a folder without a fitting manifest counts as not there. The two newest generations are
kept, so that a spoilt one falls back to the one before; going on from either gives the same bits.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from hwlib import log
from hwlib.io import replacing_folder, sha256_of
from hwlib.models.weights import below, model_tensors, put_tensors
from hwlib.training.updates import State

GENERATIONS = 2
SNAPSHOTS = ("best_step", "best_score", "snapshot_s")  # of the state, where there are any


def save_checkpoint(folder: Path, state: State, *, metrics_bytes: int) -> None:
    """Write `state` as a new generation under `folder`, then drop all but the two newest.

    `metrics_bytes` is the length of metrics.jsonl that belongs to this state.
    """
    tensors, optimizers = _flatten(state)
    about = {
        "step": state.step,
        "time_s": state.time_s,
        "metrics_bytes": metrics_bytes,
        "snapshots": {name: getattr(state, name) for name in SNAPSHOTS} if state.best else {},
        "num_threads": torch.get_num_threads(),
        "optimizers": optimizers,
    }
    target = folder / f"step-{state.step:09d}"
    with replacing_folder(target) as partial:
        save_file(tensors, partial / "state.safetensors")
        (partial / "state.json").write_text(json.dumps(about))
        manifest = {file.name: sha256_of(file) for file in sorted(partial.iterdir())}
        (partial / "manifest.json").write_text(json.dumps(manifest))
        if target.exists():  # only one that failed its manifest is ever written again
            shutil.rmtree(target)
    for old in sorted(folder.glob("step-*"))[:-GENERATIONS]:
        shutil.rmtree(old)


def load_checkpoint(folder: Path, state: State) -> int:
    """Put the newest sound generation into `state`.

    Returns:
        The length of metrics.jsonl that belongs to it; 0, and `state` untouched, where there is no
        sound checkpoint.
    """
    for leftover in folder.glob(".*.tmp"):
        shutil.rmtree(leftover)
    for generation in sorted(folder.glob("step-*"), reverse=True):
        if not _is_sound(generation):
            log.event("training.checkpoint_damaged", path=generation)
            continue
        about = json.loads((generation / "state.json").read_text())
        threads = torch.get_num_threads()
        if about["num_threads"] != threads:
            log.event("training.other_threads", before=about["num_threads"], now=threads)
        _unflatten(state, load_file(generation / "state.safetensors"), about["optimizers"])
        state.step, state.time_s = about["step"], about["time_s"]
        for name, value in about["snapshots"].items():
            setattr(state, name, value)
        return about["metrics_bytes"]
    return 0


def _flatten(state: State) -> tuple[dict[str, Tensor], dict[str, list]]:
    """Split the state into tensors by name and the optimisers' plain settings."""
    tensors = {f"model/{key}": t for key, t in model_tensors(state.models).items()}
    tensors |= {f"best/{key}": t for key, t in state.best.items()}
    if state.rows:
        tensors["rows"] = torch.stack(state.rows).cpu()
    if state.frames:
        tensors["frames"] = torch.stack(state.frames)
    groups = {}
    for name, optimizer in state.optimizers.items():
        packed = optimizer.state_dict()
        groups[name] = packed["param_groups"]
        for index, slots in packed["state"].items():
            for slot, value in slots.items():
                tensors[f"optimizer/{name}/{index}/{slot}"] = value.detach().cpu().contiguous()
    return tensors, groups


def _unflatten(state: State, tensors: dict[str, Tensor], groups: dict[str, list]) -> None:
    """Put what `_flatten` split back into the state's networks and optimisers."""
    put_tensors(state.models, below(tensors, "model/"))
    device = next(next(iter(state.models.values())).parameters()).device
    state.best = below(tensors, "best/")
    state.frames = list(tensors["frames"].unbind()) if "frames" in tensors else []
    state.rows = list(tensors["rows"].to(device).unbind()) if "rows" in tensors else []
    for name, optimizer in state.optimizers.items():
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        slots: dict[int, dict[str, Tensor]] = {}
        for key, tensor in below(tensors, f"optimizer/{name}/").items():
            index, _, slot = key.partition("/")
            parameter = parameters[int(index)]
            if tensor.shape == parameter.shape:
                # Fused updates walk plain memory: the slots must lie as the parameter lies.
                tensor = torch.empty_like(parameter).copy_(tensor)
            slots.setdefault(int(index), {})[slot] = tensor
        optimizer.load_state_dict({"state": slots, "param_groups": groups[name]})


def _is_sound(generation: Path) -> bool:
    """Whether the generation's files are the ones its manifest names."""
    try:
        sums = json.loads((generation / "manifest.json").read_text())
    except (FileNotFoundError, ValueError):
        return False
    return all(
        (generation / name).exists() and sha256_of(generation / name) == digest
        for name, digest in sums.items()
    )
