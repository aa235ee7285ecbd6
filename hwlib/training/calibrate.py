"""How long trainings take on this machine, from a few real steps on images of noise."""

import time
from collections.abc import Sequence
from pathlib import Path

import torch

from hwlib import log
from hwlib.config import Config
from hwlib.data import Data
from hwlib.recipes import knows_setting, make_config
from hwlib.registry import PROBLEMS, resolve
from hwlib.runtime import resolve_device, resolve_precision
from hwlib.thresholds import MIN_STEPS
from hwlib.training.identity import is_done, resolve_attribute
from hwlib.training.loop import make_state
from hwlib.training.study import member_configs

BUDGET_S = 2.0  # for all kinds of step together
TRAINING_SHARE = 0.75  # of a run's time; the rest is measuring what it has learnt
# What makes one kind of step slower than another.
KIND = ("problem", "recipe", "width", "batch_size", "d_updates", "image_size", "num_codes")


def trainings(config: Config) -> list[Config]:
    """Return all that the notebook of `config` trains, itself first."""
    problem = PROBLEMS[config.problem]
    if problem.study_of:
        return member_configs(config)
    found = [config]
    for change in problem.also_trains:
        if other := change.get("problem"):
            shared = ("attribute", "image_size", "crop", "device", "precision", "features")
            own = {n: getattr(config, n) for n in shared if knows_setting(other, n, config.recipe)}
            names = (config.recipe, config.data, config.profile, config.seed)
            found.append(make_config(other, *names, **own))
        elif config.profile != "preview" and config.num_codes == 1:
            found.append(config.model_copy(update=change))
    return found


def expected_seconds(
    configs: Sequence[Sequence[Config]], datas: Sequence[Data], *, runs: Path, threads: int
) -> list[list[float]]:
    """Return about how many seconds each training of each notebook takes, measured in two seconds.

    What is trained already is left out, and what two notebooks need is counted once. `configs`
    are all that each trains, their attributes settled; `datas` are the images of each.
    """
    kinds, counted, missing = {}, set(), []
    for trained, data in zip(configs, datas, strict=True):
        missing.append([])
        for one in trained:
            if (name := one.hash8()) not in counted and not is_done(one, data, runs):
                counted.add(name)
                kind = tuple(getattr(one, setting) for setting in KIND)
                missing[-1].append((kind, one.num_steps))
                kinds[kind] = one, data
    options = {"budget_s": BUDGET_S / max(1, len(kinds)), "threads": threads}
    each = {
        kind: step_seconds(one, channels=data.channels, **options)
        for kind, (one, data) in kinds.items()
    }
    return [[steps * each[kind] / TRAINING_SHARE for kind, steps in many] for many in missing]


def step_seconds(config: Config, *, channels: int, budget_s: float, threads: int = 0) -> float:
    """Return the seconds of one step here, measured for `budget_s` and with `threads`, if any."""
    device = resolve_device(config.device)
    precision = resolve_precision(config.precision, device)
    num = config.batch_size * config.d_updates
    shape = (num, config.image_size, config.image_size, channels)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, device=device).permute(0, 3, 1, 2)
    extras = {}
    if PROBLEMS[config.problem].condition == "labels":
        shape = (num, max(1, len(config.attributes)))
        extras["labels"] = torch.randint(0, 2, shape, device=device).float()
    step = resolve(PROBLEMS[config.problem].step)
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        state, began = make_state(config, channels=channels, device=device), 0.0
        while state.step < 2 or time.perf_counter() - began < budget_s:
            if state.step == 1:  # the first allocates memory and chooses kernels
                began = time.perf_counter()
            step(state, images, config, precision=precision, **extras)
            state.step += 1
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return (time.perf_counter() - began) / (state.step - 1)
    finally:
        torch.set_num_threads(before)


def log_expected_time(config: Config, data: Data, *, runs: Path) -> None:
    """Log about how long what is not finished of a training takes here; nothing of a short one."""
    config = resolve_attribute(config, data)
    alone = member_configs(config) if PROBLEMS[config.problem].study_of else [config]
    missing = [one for one in alone if not is_done(one, data, runs)]
    num_steps = sum(one.num_steps for one in missing)
    if num_steps >= MIN_STEPS:
        with torch.random.fork_rng():  # the training that follows draws as if nothing were timed
            each = step_seconds(missing[0], channels=data.channels, budget_s=BUDGET_S)
        name, minutes = f"{config.problem} {config.recipe}", num_steps * each / TRAINING_SHARE / 60
        log.event("planned", name=name, minutes=minutes)
