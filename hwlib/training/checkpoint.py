"""Checkpoints that survive a kill at any moment, and the loading of finished weights.

A checkpoint is a folder with `state.safetensors`, `state.json` and `manifest.json`. The manifest,
written last, holds the SHA-256 of the other two: one flipped bit loads silently from any tensor
file, and a folder without a fitting manifest counts as not there. The two newest generations are
kept, so that a spoilt one falls back to the one before; going on from either gives the same bits.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hwlib import log
from hwlib.errors import UserError
from hwlib.io import replacing, replacing_folder, sha256_of
from hwlib.recipes import build_models
from hwlib.training.steps import State

if TYPE_CHECKING:
    from hwlib.run import Run

GENERATIONS = 2


def save_checkpoint(folder: Path, state: State, *, metrics_bytes: int) -> None:
    """Write `state` as a new generation under `folder`, then drop all but the two newest.

    Args:
        folder: the run's `checkpoint/`.
        state: networks, optimisers, step and unfinished record.
        metrics_bytes: length of metrics.jsonl that belongs to this state.
    """
    tensors, optimizers = _flatten(state)
    about = {
        "step": state.step,
        "time_s": state.time_s,
        "metrics_bytes": metrics_bytes,
        "snapshots": {
            "best_step": state.best_step,
            "best_score": state.best_score,
            "snapshot_s": state.snapshot_s,
        }
        if state.best
        else {},
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
            log.info(f"{generation} is damaged; going on from the one before")
            continue
        about = json.loads((generation / "state.json").read_text())
        if about["num_threads"] != torch.get_num_threads():
            log.info(
                f"this run began with {about['num_threads']} threads and goes on with"
                f" {torch.get_num_threads()}: its bits will differ from an unbroken run's"
            )
        _unflatten(state, load_file(generation / "state.safetensors"), about["optimizers"])
        state.step, state.time_s = about["step"], about["time_s"]
        for name, value in about["snapshots"].items():
            setattr(state, name, value)
        return about["metrics_bytes"]
    return 0


def save_weights(path: Path, models: dict[str, nn.Module]) -> str:
    """Write the networks' weights as one safetensors file; return its SHA-256."""
    tensors = model_tensors(models)
    with replacing(path) as temporary:
        save_file(tensors, temporary)
    return sha256_of(path)


def load_models(run: Run) -> dict[str, nn.Module]:
    """Return the finished run's networks, on the CPU, in eval mode.

    Raises:
        UserError: the run is not finished, its weights are not the ones it wrote, or it is a study,
            whose networks are other runs'.
    """
    if run.config.problem == "kl":
        raise UserError(
            "study_has_no_networks",
            path=run.path,
            runs=[row["run"] for row in run.results["studies"]],
        )
    path = run.path / "weights.safetensors"
    if run.results["weights_sha256"] != sha256_of(path):
        raise UserError("weights_damaged", path=path)
    models = build_run_models(run)
    put_tensors(models, load_file(path))
    for model in models.values():
        model.eval()
    return models


def build_run_models(run: Run) -> dict[str, nn.Module]:
    """Return the networks that the run's settings ask for, with fresh weights."""
    config = run.config
    options: dict[str, Any] = {}
    if config.problem in ("vae", "kl"):
        options["sigma"] = config.sigma
        if config.reconstruction == "bce":
            options["pixel_range"] = (0.0, 1.0)
        if config.num_layers is not None:
            options["num_layers"] = config.num_layers
    else:
        options |= {
            "d_width": config.d_width,
            "spectral_norm": config.spectral_norm,
            "batch_norm": config.batch_norm,
        }
    if config.problem == "acgan":
        options["num_labels"] = len(config.attributes)
    if config.problem == "infogan":
        options |= {"num_codes": config.num_codes, "code_scale": config.code_scale}
    return build_models(
        config.recipe,
        config.problem,
        config.width,
        z_dim=config.z_dim,
        image_size=config.image_size,
        channels=run.record["data"]["channels"],
        **options,
    )


def model_tensors(models: dict[str, nn.Module]) -> dict[str, Tensor]:
    """Return every weight and running statistic as `<network>.<name>`, contiguous on the CPU."""
    return {
        f"{name}.{key}": tensor.detach().cpu().contiguous()
        for name, model in models.items()
        for key, tensor in model.state_dict().items()
    }


def put_tensors(models: dict[str, nn.Module], tensors: dict[str, Tensor]) -> None:
    """Put tensors named `<network>.<name>` into the networks; every one of them must be there."""
    for name, model in models.items():
        model.load_state_dict(_below(tensors, f"{name}."))


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with `prefix`, without it."""
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}


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
    put_tensors(state.models, _below(tensors, "model/"))
    device = next(next(iter(state.models.values())).parameters()).device
    state.best = _below(tensors, "best/")
    state.frames = list(tensors["frames"].unbind()) if "frames" in tensors else []
    state.rows = list(tensors["rows"].to(device).unbind()) if "rows" in tensors else []
    for name, optimizer in state.optimizers.items():
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        slots: dict[int, dict[str, Tensor]] = {}
        for key, tensor in tensors.items():
            if key.startswith(f"optimizer/{name}/"):
                index, slot = key.split("/")[2:]
                parameter = parameters[int(index)]
                if tensor.shape == parameter.shape:
                    # Fused updates walk plain memory: the slots must lie as the parameter lies.
                    tensor = torch.empty_like(parameter).copy_(tensor)
                slots.setdefault(int(index), {})[slot] = tensor
        optimizer.load_state_dict({"state": slots, "param_groups": groups[name]})


def _is_sound(generation: Path) -> bool:
    """Tell whether the generation's files are the ones its manifest names."""
    manifest = generation / "manifest.json"
    if not manifest.exists():
        return False
    try:
        sums = json.loads(manifest.read_text())
    except ValueError:
        return False
    return all(
        (generation / name).exists() and sha256_of(generation / name) == digest
        for name, digest in sums.items()
    )
