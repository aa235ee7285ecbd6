"""The KL study: one VAE a weight, each an ordinary run, and their numbers side by side.

The VAEs are runs of problem `vae` in the same folder: who asks for one of them by itself, or for
another study with that weight, gets the same run. The study's own folder holds what it compares.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hwlib import log
from hwlib.config import Config
from hwlib.errors import UserError
from hwlib.io import damaged, write_arrays
from hwlib.registry import PROBLEMS
from hwlib.run import RESULTS, Run

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


def member_configs(config: Config) -> list[Config]:
    """Return the settings of a study's VAEs: `kl_weights`, then what `kl_sweep` adds, each once."""
    shared = config.model_dump(exclude={"kl_weights", "kl_sweep"})
    shared["problem"] = PROBLEMS[config.problem].study_of
    weights = dict.fromkeys([*config.kl_weights, *config.kl_sweep])
    return [Config.create(**shared | {"kl_weight": weight}) for weight in weights]


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
    """Whether a run is finished and whole, and so are a study's own runs."""
    if not is_whole(run.path):
        return False
    return all(is_whole(run.path.parent / row["run"]) for row in run.results.get("studies", ()))


def is_whole(folder: Path) -> bool:
    """Whether there is a finished run whose files are all as they were written."""
    return (folder / RESULTS).exists() and not damaged(folder)


def train_study(run: Run, train: Callable[[Config], Run]) -> None:
    """Train by `train`, or find, one VAE a weight; then write the study's own results.

    Its samples.npz has `originals` (8, H, W, C), test images; `reconstructions` (S, 8, H, W, C) of
    them by S members; `samples` (S, N, H, W, C) from the prior, of the same z for every weight.
    """
    configs = member_configs(run.config)
    members, began, count = [], time.monotonic(), len(configs)
    for number, config in enumerate(configs):
        minutes = (time.monotonic() - began) / number * (count - number) / 60 if number else None
        facts = {"weight": f"{config.kl_weight:g}", "number": number + 1, "count": count}
        log.event("training.study", run=run.path.name, **facts, left=minutes)
        members.append(train(config))

    images = [member.samples for member in members]
    arrays = {
        "originals": images[0]["originals"][:NUM_COMPARED],
        "reconstructions": np.stack([one["reconstructions"][:NUM_COMPARED] for one in images]),
        "samples": np.stack([one["samples"] for one in images]),
    }
    write_arrays(run.path / "samples.npz", arrays)

    results = [member.results for member in members]
    num_images, time_s = (sum(r[name] for r in results) for name in ("num_images", "train_time_s"))
    about = {
        "num_steps": run.config.num_steps,  # of each VAE
        **{"num_images": num_images, "train_time_s": time_s, "images_per_s": num_images / time_s},
        **{name: results[0][name] for name in ("num_parameters", "num_test_images")},  # of each
        "kl_weights": list(run.config.kl_weights),
        "kl_sweep": list(run.config.kl_sweep),
        **{name: value for name, value in results[0].items() if name.endswith(SHARED)},
    }
    about["studies"] = [
        {"kl_weight": member.config.kl_weight, "run": member.path.name}
        | {name: one[name] for name in COMPARED if name in one}
        for member, one in zip(members, results, strict=True)
    ]
    run.finish(about)
