"""Checkpoints that survive a kill at any moment.

A checkpoint is one sealed file (`hwlib.models.weights`). The two newest are kept, so that a spoilt
one falls back to the one before; going on from either gives the same bits. The records of the
learning curve are in it, so that a run's metrics.jsonl is written from there and never read.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hwlib import log
from hwlib.models.weights import below, load_sealed, model_tensors, put_tensors, save_sealed
from hwlib.training.updates import State

NUM_KEPT = 2
RECORDS = "records"  # JSON as bytes: a header of tensor files has a limit, a tensor has none
NUMBERS = ("step", "time_s", "best_step", "best_score", "snapshot_s")  # of the state


def save_checkpoint(folder: Path, state: State, records: Sequence[dict[str, Any]]) -> None:
    """Write `state` and the learning curve so far; then drop all but the two newest."""
    text = json.dumps(list(records), allow_nan=False).encode()
    tensors = {RECORDS: torch.frombuffer(bytearray(text), dtype=torch.uint8)}
    tensors |= {f"model/{key}": t for key, t in model_tensors(state.models).items()}
    tensors |= {f"best/{key}": t for key, t in state.best.items()}
    for name, parts in (("rows", state.rows), ("frames", state.frames)):
        if parts:
            tensors[name] = torch.stack(parts).cpu()
    groups = {}
    for name, optimizer in state.optimizers.items():
        packed = optimizer.state_dict()
        groups[name] = packed["param_groups"]
        for index, slots in packed["state"].items():
            for slot, value in slots.items():
                tensors[f"optimizer/{name}/{index}/{slot}"] = value.detach().cpu().contiguous()
    about = {name: getattr(state, name) for name in NUMBERS}
    about |= {"num_threads": torch.get_num_threads(), "optimizers": groups}
    folder.mkdir(exist_ok=True)
    save_sealed(folder, f"step-{state.step:09d}", tensors, about)
    for old in sorted(folder.glob("step-*"))[:-NUM_KEPT]:
        old.unlink()


def load_checkpoint(folder: Path, state: State) -> list[dict[str, Any]]:
    """Put the newest sound checkpoint into `state`; return its records, none without one."""
    for path in sorted(folder.glob("step-*"), reverse=True):
        if found := load_sealed(path):
            break
        log.event("training.checkpoint_damaged", path=path)
    else:
        return []
    tensors, about = found
    if (before := about["num_threads"]) != (now := torch.get_num_threads()):
        log.event("training.other_threads", before=before, now=now)
    for name in NUMBERS:
        setattr(state, name, about[name])
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
        groups = about["optimizers"][name]
        optimizer.load_state_dict({"state": slots, "param_groups": groups})
    return json.loads(tensors[RECORDS].numpy().tobytes())
