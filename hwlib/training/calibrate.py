"""How long trainings take on this machine, from a few real steps on images of noise."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import torch

from hwlib import log
from hwlib.config import Config
from hwlib.data import Data
from hwlib.errors import DEFAULT_LANGUAGE
from hwlib.recipes import knows_setting, make_config
from hwlib.registry import PROBLEMS
from hwlib.runtime import resolve_device, resolve_precision
from hwlib.text import word
from hwlib.thresholds import MIN_STEPS
from hwlib.training.fit import is_done, make_state, resolve_attribute
from hwlib.training.steps import STEPS
from hwlib.training.study import member_configs

BUDGET_S = 2.0  # for all kinds of step together
WARM_UP = 1  # steps that allocate memory and choose kernels, and are not timed
TRAINING_SHARE = 0.75  # of a run's time; the rest is measuring what it has learnt
# What makes one kind of step slower than another.
KIND = ("problem", "recipe", "width", "batch_size", "d_updates", "image_size", "num_codes")


def trainings(config: Config) -> list[Config]:
    """Return all that the notebook of `config` trains, itself first."""
    if config.problem == "kl":
        return member_configs(config)
    if config.problem == "gan":  # it is set beside the VAE of the same recipe
        shared = ("attribute", "image_size", "crop", "device", "precision", "features")
        own = {n: getattr(config, n) for n in shared if knows_setting("vae", n, config.recipe)}
        names = (config.recipe, config.data, config.profile, config.seed)
        return [config, make_config("vae", *names, **own)]
    if config.problem == "infogan" and config.profile != "preview" and config.num_codes == 1:
        return [config, config.model_copy(update={"num_codes": 2})]
    return [config]


def expected_seconds(
    configs: Sequence[Config], datas: Sequence[Data], *, runs: Path, threads: int
) -> list[list[float]]:
    """Return about how many seconds each training of each notebook takes; seen in two seconds.

    What is trained already is left out, and what two notebooks need is counted once.

    Args:
        configs: of the notebooks, their attributes settled.
        datas: the images of each.
        runs: folder of the run folders.
        threads: that each notebook has.
    """
    missing = [
        [one for one in trainings(config) if not is_done(one, data, runs)]
        for config, data in zip(configs, datas, strict=True)
    ]
    kinds = {
        _kind(one): (one, data) for many, data in zip(missing, datas, strict=True) for one in many
    }
    budget = BUDGET_S / max(1, len(kinds))
    each = {
        kind: step_seconds(one, channels=data.channels, budget_s=budget, threads=threads)
        for kind, (one, data) in kinds.items()
    }
    counted: set[str] = set()
    seconds = []
    for many in missing:
        new = [one for one in many if one.hash8() not in counted]
        counted |= {one.hash8() for one in new}
        seconds.append([one.num_steps * each[_kind(one)] / TRAINING_SHARE for one in new])
    return seconds


def _kind(config: Config) -> tuple[object, ...]:
    return tuple(getattr(config, name) for name in KIND)


def step_seconds(config: Config, *, channels: int, budget_s: float, threads: int = 0) -> float:
    """Return the seconds that one step of a training takes here, evaluation left out.

    Args:
        config: the training's settings.
        channels: of the images.
        budget_s: about how long to measure; one step is timed at least.
        threads: that the training will have; as many as now where it is 0.
    """
    device = resolve_device(config.device)
    precision = resolve_precision(config.precision, device)
    num = config.batch_size * config.d_updates
    shape = (num, config.image_size, config.image_size, channels)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, device=device).permute(0, 3, 1, 2)
    extras = {}
    if config.problem == "acgan":
        shape = (num, max(1, len(config.attributes)))
        extras["labels"] = torch.randint(0, 2, shape, device=device).float()
    run = SimpleNamespace(config=config, record={"data": {"channels": channels}})
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        state, count, began = make_state(run, device), -WARM_UP, 0.0
        while count < 1 or time.perf_counter() - began < budget_s:
            if count == 0:
                began = time.perf_counter()
            STEPS[config.problem](state, images, config, precision=precision, **extras)
            state.step += 1
            count += 1
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return (time.perf_counter() - began) / count
    finally:
        torch.set_num_threads(before)


def tell_expected(config: Config, data: Data, *, runs: Path) -> None:
    """Write about how long a training takes here, before it begins; nothing of a short one.

    Args:
        config: settings, of a KL study too.
        data: its images.
        runs: folder of the run folders; what is finished there is not counted.
    """
    config = resolve_attribute(config, data)
    alone = member_configs(config) if PROBLEMS[config.problem].study_of else [config]
    missing = [one for one in alone if not is_done(one, data, runs)]
    num_steps = sum(one.num_steps for one in missing)
    if num_steps >= MIN_STEPS:
        with torch.random.fork_rng():  # the training that follows draws as if nothing were timed
            each = step_seconds(missing[0], channels=data.channels, budget_s=BUDGET_S)
        seconds = num_steps * each
        minutes = seconds / TRAINING_SHARE / 60
        name = f"{config.problem} {config.recipe}"
        log.info(word("log.planned", DEFAULT_LANGUAGE, name=name, minutes=minutes))
