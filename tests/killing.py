"""Trainings that are killed, in processes forked from one that has torch loaded, so that they begin
at once; and whether two runs are the same to the bit."""

import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

import hwlib
from hwlib.config import Config
from hwlib.run import Run

CLOCKS = ("train_time_s", "images_per_s", "snapshot_share")
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["hwlib.training.loop", "torch._dynamo"])


def train_and_be_killed(config: Config, runs: Path, name: str, *, times: int, most: float) -> None:
    """Begin or go on `times` times, killed within `most` seconds of a further checkpoint.

    Args:
        config: settings.
        runs: folder of the run folders.
        name: the run's, which `config` gives.
        times: how often it is killed.
        most: seconds that a kill waits at most after the checkpoint.
    """
    folder, chance = runs / name, random.Random(name)
    for kill in range(times):
        step, deadline = newest_step(folder), time.monotonic() + 120
        child = PROCESSES.Process(target=_train, args=(config, runs))
        child.start()
        while newest_step(folder) <= step and child.is_alive():
            assert time.monotonic() < deadline
            time.sleep(0.002)
        time.sleep(chance.uniform(0, most))
        assert child.is_alive(), f"finished after {kill} kills: give it more steps"
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
    assert not (folder / "results.json").exists()


def _train(config: Config, runs: Path) -> None:
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (the process ends with it)
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
