"""What a run was trained on and how, beside the report's own schedule; for every problem."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from hwlib.data.layouts import LAYOUTS
from hwlib.findings.base import Results, is_trial, pick, trial
from hwlib.registry import PROBLEMS
from hwlib.text import Finding, finding

SIZES = ("num_steps", "batch_size", "learning_rate")
# What else builds the networks, beside the channels.
STRUCTURE = ("z_dim", "num_layers", "image_size", "batch_norm", "num_codes")
# What an adversarial run may take beside the plain game.
OPTIONS = (
    *("noise", "flip", "d_updates", "d_width", "joint_batch", "label_smoothing", "spectral_norm"),
    *("minibatch_std", "r1", "augment", "ema", "lr_decay"),
)


def introduce(data: Any) -> list[Finding]:
    """Say what the images of a `Data` are, how many there are, and what is known of each."""
    layout = LAYOUTS[data.layout]
    sizes = {"size": data.image_size, "channels": data.channels, "crop": data.crop}
    counts = {"train": len(data.train), "test": len(data.test)}
    factors = 0 if data.train.factors is None else data.train.factors.shape[1]
    images = finding(layout.sentence, factors=factors, **counts, **sizes)
    if not data.attributes or data.train.labels is None:
        return [images, finding("data.no_attributes")]
    rates = dict(zip(data.attributes, np.asarray(data.train.labels).mean(0).tolist(), strict=True))
    return [images, finding("data.attributes", rates=rates, is_drawn=layout.is_drawn)]


def schedule(
    settings: Mapping[str, Any], reported: Mapping[str, Any], results: Results
) -> list[Finding]:
    """Say how the run was trained, beside the settings of the recipe's `course` profile."""
    from hwlib.config import Config
    from hwlib.recipes import RECIPES  # loads torch

    letter = RECIPES[settings["recipe"]].letter
    changes = [
        (name, reported.get(name), settings.get(name))
        for name in STRUCTURE
        if settings.get(name) != reported.get(name)
    ]
    theirs = {name: reported[name] for name in SIZES if settings[name] != reported[name]}
    training = pick(settings, "optimizer", "learning_rate", "batch_size")
    sizes = {"steps": results["num_steps"], "epochs": results["num_epochs"]}
    width = settings["width"] / reported["width"]
    found = [
        finding("schedule.training", **training, **sizes),
        finding("schedule.report", letter=letter, theirs=theirs, width=width, changes=changes),
    ]
    problem = PROBLEMS[settings["problem"]]
    if problem.is_adversarial:
        plain = {name: Config.model_fields[name].default for name in OPTIONS}
        taken = [(name, settings[name]) for name in OPTIONS if settings[name] != plain[name]]
        about = {"problem": settings["problem"], "weight": settings.get(problem.weight)}
        found.append(finding("schedule.losses", **about, taken=taken))
    return [*found, trial(results)] if is_trial(results) else found
