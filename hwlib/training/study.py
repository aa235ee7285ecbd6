"""The KL study: one VAE a weight, each an ordinary run, and their numbers side by side.

The VAEs are runs of problem `vae` in the same folder: who asks for one of them by itself, or for
another study with that weight, gets the same run. The study's own folder holds what it compares.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from hwlib import log
from hwlib.config import Config
from hwlib.errors import UserError
from hwlib.io import write_arrays, write_json
from hwlib.registry import PROBLEMS
from hwlib.run import Run

# Of each VAE's results.json, as far as it is there: a row of the study's `studies`.
COMPARED = (
    *("num_steps", "train_time_s", "test_mse_01", "test_mse_11"),
    *("recon_nats", "kl_nats", "neg_elbo_nats", "active_units", "sigma_01"),
    *("kid", "frechet", "precision", "recall", "density", "coverage"),
    *("sharpness_samples", "sharpness_reconstructions", "colourfulness_samples"),
    *("diversity_samples", "linear_probe_accuracy", "disentanglement"),
)
# What is the same for all of them: real images' own numbers, and how distances were taken.
SHARED = ("_real", "_protocol")  # ends of names
NUM_COMPARED = 8  # test images that are set side by side


def study_weights(config: Config) -> list[float]:
    """Return every weight that a study trains, once: `kl_weights`, then what `kl_sweep` adds."""
    return list(dict.fromkeys([*config.kl_weights, *config.kl_sweep]))


def member_configs(config: Config) -> list[Config]:
    """Return the settings of a study's VAEs, in the order of `study_weights`.

    Each is what `make_config("vae", ..., kl_weight=weight)` gives with the study's other settings,
    so that its run is shared with everybody who asks for the same. Settings of another problem are
    a UserError.
    """
    studied = PROBLEMS[config.problem].study_of
    if not studied:
        raise UserError("no_kl_study", problem=config.problem)
    shared = config.model_dump(exclude={"problem", "kl_weights", "kl_sweep", "kl_weight"})
    return [
        Config.create(**shared, problem=studied, kl_weight=weight)
        for weight in study_weights(config)
    ]


def member_runs(study: Run) -> dict[float, Run]:
    """Return a study's VAE runs by weight, as in `studies`; a UserError if any is unfinished."""
    found = {}
    for row in study.results["studies"]:
        run = Run(study.path.parent / row["run"])
        if not run.is_finished:
            raise UserError("study_unfinished", path=run.path)
        found[row["kl_weight"]] = run
    return found


def is_complete(run: Run) -> bool:
    """Whether a run is finished, and a study's own runs are all there still."""
    if not run.is_finished:
        return False
    folders = [run.path.parent / row["run"] for row in run.results.get("studies", ())]
    return all((folder / "results.json").exists() for folder in folders)


def train_study(run: Run, train: Callable[[Config], Run]) -> None:
    """Train by `train`, or find, one VAE a weight; then write the study's own results.

    Its samples.npz has `originals` (8, H, W, C), test images; `reconstructions` (S, 8, H, W, C) of
    them by S members; `samples` (S, N, H, W, C) from the prior, of the same z for every weight.
    """
    configs = member_configs(run.config)
    members, began = [], time.monotonic()
    for number, config in enumerate(configs):
        left = (time.monotonic() - began) / number * (len(configs) - number) if number else None
        facts = {"weight": f"{config.kl_weight:g}", "number": number + 1, "count": len(configs)}
        log.event("training.study", run=run.path.name, **facts, left=left and left / 60)
        members.append(train(config))

    images = [member.samples for member in members]
    arrays = {
        "originals": images[0]["originals"][:NUM_COMPARED],
        "reconstructions": np.stack([one["reconstructions"][:NUM_COMPARED] for one in images]),
        "samples": np.stack([one["samples"] for one in images]),
    }
    write_arrays(run.path / "samples.npz", arrays)

    results = [member.results for member in members]
    num_images = sum(one["num_images"] for one in results)
    train_time_s = sum(one["train_time_s"] for one in results)
    about = {
        "num_steps": run.config.num_steps,  # of each VAE
        "num_images": num_images,  # of all together, as the two below
        "train_time_s": train_time_s,
        "images_per_s": num_images / train_time_s,
        "num_parameters": results[0]["num_parameters"],  # of each
        "num_test_images": results[0]["num_test_images"],
        "kl_weights": list(run.config.kl_weights),
        "kl_sweep": list(run.config.kl_sweep),
        **{name: value for name, value in results[0].items() if name.endswith(SHARED)},
    }
    about["studies"] = [
        {"kl_weight": config.kl_weight, "run": member.path.name}
        | {name: one[name] for name in COMPARED if name in one}
        for config, member, one in zip(configs, members, results, strict=True)
    ]
    write_json(run.path / "results.json", about)
