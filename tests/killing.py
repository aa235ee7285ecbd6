"""Small trainings, such as are killed, and whether two runs are the same to the bit."""

import multiprocessing
import os
import signal
import sys
from itertools import count
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch.optim.optimizer import register_optimizer_step_post_hook

import hwlib
from hwlib.config import Config
from hwlib.models import weights as sealed
from hwlib.run import Run

SPEC, SIZE = "faces:96", 16
CLOCKS = ("train_time_s", "images_per_s", "snapshot_share")
LAST_UPDATE = 11  # of a network; odd, so that of a GAN's two it is D's
# Forked from a process that has these loaded, so that they begin at once.
PROCESSES = multiprocessing.get_context("forkserver")
MODULES = ("hwlib.training.loop", "hwlib.training.evaluate_gan", "hwlib.training.evaluate_vae")
PROCESSES.set_forkserver_preload([*MODULES, "torch._dynamo"])


def smoke(problem: str = "vae", recipe: str = "dcgan", **settings: object) -> Config:
    """Return the settings of a training of a second."""
    settings = {"data": SPEC, "image_size": SIZE, "device": "cpu"} | settings
    return hwlib.make_config(problem, recipe, profile="smoke", **settings)


def train_and_be_killed(config: Config, runs: Path, *, is_writing: bool) -> None:
    """Begin a run or go on, and be killed in the middle of a step, or of writing a checkpoint."""
    child = PROCESSES.Process(target=_train, args=(config, runs, is_writing))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    assert not list(runs.glob("*/results.json"))


def _train(config: Config, runs: Path, is_writing: bool) -> None:
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (the process ends with it)
    updates = count(1)

    def die_after_update(*_: object) -> None:
        if next(updates) == LAST_UPDATE:
            os.kill(os.getpid(), signal.SIGKILL)

    def die_while_writing(_: object, path: Path, *__: object) -> None:
        path.write_bytes(bytes(1_000))
        os.kill(os.getpid(), signal.SIGKILL)

    if is_writing:
        sealed.save_file = die_while_writing
    else:
        register_optimizer_step_post_hook(die_after_update)
    hwlib.fit(config, runs=runs)


def newest_step(folder: Path) -> int:
    """Return the step of a run's newest checkpoint, -1 where it has none."""
    found = sorted((folder / "checkpoint").glob("step-*"))
    return int(found[-1].name.split("-")[1]) if found else -1


def weights(run: Run) -> dict[str, torch.Tensor]:
    """Return a finished run's weights by name."""
    return load_file(run.path / "weights.safetensors")


def assert_same_run(first: Run, second: Run) -> None:
    """Check that weights, metrics, images and results are the same to the bit."""
    one, two = weights(first), weights(second)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert first.metrics.drop(columns="time_s").equals(second.metrics.drop(columns="time_s"))
    assert first.samples.keys() == second.samples.keys()
    for name, images in first.samples.items():
        assert np.array_equal(images, second.samples[name]), name
    assert first.results | dict.fromkeys(CLOCKS) == second.results | dict.fromkeys(CLOCKS)
