"""How a run was trained, and what differs from the report's own schedule; for every problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hwlib.findings.base import Results, is_trial, trial
from hwlib.registry import PROBLEMS
from hwlib.text import Finding, finding

SIZES = ("num_steps", "batch_size", "learning_rate")
# What else builds the networks, beside the channels.
STRUCTURE = ("z_dim", "num_layers", "image_size", "batch_norm", "num_codes")
# What an adversarial run may take beside the plain game, and what it is without it.
OPTIONS = {
    "noise": "normal",
    "flip": False,
    "d_updates": 1,
    "d_width": 1.0,
    "joint_batch": False,
    "label_smoothing": 0.0,
    "spectral_norm": False,
    "r1": 0.0,
    "augment": False,
    "ema": 0.0,
}


def schedule(
    settings: Mapping[str, Any], reported: Mapping[str, Any], results: Results
) -> list[Finding]:
    """Say how the run was trained, beside the report's own schedule.

    Args:
        settings: the run's settings.
        reported: the settings of the recipe's `course` profile.
        results: the run's results.
    """
    from hwlib.recipes import RECIPES  # loads torch

    letter = RECIPES[settings["recipe"]].letter
    differs = [name for name in (*SIZES, *STRUCTURE) if settings.get(name) != reported.get(name)]
    theirs = {name: reported[name] for name in SIZES if name in differs}
    training = {name: settings[name] for name in ("optimizer", "learning_rate", "batch_size")}
    sizes = {"steps": results["num_steps"], "epochs": results["num_epochs"]}
    times = settings["width"] / reported["width"]
    found = [
        finding("schedule.training", **training, **sizes),
        finding("schedule.report", letter=letter, theirs=theirs, width=times),
    ]
    if structure := [name for name in STRUCTURE if name in differs]:
        changes = [(name, reported.get(name), settings.get(name)) for name in structure]
        found.append(finding("schedule.structure", letter=letter, changes=changes))
    problem = PROBLEMS[settings["problem"]]
    if problem.is_adversarial:
        weight = settings.get(problem.weight)
        found.append(finding("schedule.losses", problem=settings["problem"], weight=weight))
        taken = [(name, settings[name]) for name, off in OPTIONS.items() if settings[name] != off]
        found += [finding("schedule.options", taken=taken)] if taken else []
    return [*found, trial(results)] if is_trial(results) else found
