"""Trainings side by side: each its share of the machine, and none lost when it is stopped."""

import threading
import time
from concurrent.futures import Future

import pytest
import torch
from killing import assert_same_run

import hwlib
from hwlib import runtime
from hwlib.claims import decide
from hwlib.errors import UserError
from hwlib.parallel import num_jobs, shares
from hwlib.training.background import Trainings

SMALL = {"data": "faces:32", "profile": "smoke", "device": "cpu", "image_size": 16}


def test_there_is_one_job_a_core_or_one_a_gpu_and_each_has_its_share(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert num_jobs(device="cpu") == 4
    monkeypatch.setattr(runtime, "resolve_device", lambda name: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert num_jobs() == 3
    monkeypatch.setenv("HWLIB_JOBS", "5")
    assert num_jobs() == 5
    assert num_jobs(2) == 2
    with pytest.raises(UserError, match="--jobs 0: at least one"):
        num_jobs(0)
    monkeypatch.setenv("HWLIB_JOBS", "many")
    with pytest.raises(UserError, match="HWLIB_JOBS=many: a whole number"):
        num_jobs()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert [share["OMP_NUM_THREADS"] for share in shares(3)] == ["1", "1", "1"]
    assert [share["OMP_NUM_THREADS"] for share in shares(2)] == ["2", "2"]
    assert all("CUDA_VISIBLE_DEVICES" not in share for share in shares(2))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [share["CUDA_VISIBLE_DEVICES"] for share in shares(3)] == ["0", "1", "0"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")  # the others are somebody else's
    assert [share["CUDA_VISIBLE_DEVICES"] for share in shares(3)] == ["5", "7", "5"]


@pytest.mark.usefixtures("_no_scores")
def test_claims_wait_for_what_is_trained_side_by_side(tmp_path, capfd, monkeypatch):
    def start(queue, config, begun):  # in this process: what children do is tested below
        begun()
        hwlib.fit(config, runs=tmp_path)
        done = Future()
        done.set_result("")
        return done

    monkeypatch.setattr(Trainings, "start", start)
    both = [decide(["C18"], runs=tmp_path, jobs=jobs, **SMALL) for jobs in (2, 1)]
    progress = capfd.readouterr().err
    assert "3 runs, of which 0 are there already; 2 at a time" in progress
    assert "3 runs, of which 3 are there already" in progress
    assert both[0]["claims"] == both[1]["claims"]


def test_a_child_gives_the_same_bits_says_why_it_fails_and_stops_after_a_checkpoint(tmp_path):
    config, runs = hwlib.make_config("vae", "elbo", **SMALL), tmp_path / "child"
    here = hwlib.fit(config, runs=tmp_path / "here")
    broken = config.model_copy(update={"data": "no/such/folder"})
    long = hwlib.make_config("vae", "elbo", **SMALL, num_steps=100_000)
    begun, threads = threading.Event(), torch.get_num_threads()
    with Trainings(1, runs=runs) as trainings:
        failed, done = (trainings.start(one, int) for one in (broken, config))
        running, waiting = trainings.start(long, begun.set), trainings.start(long, int)
        assert begun.wait(120)
        assert "no/such/folder" in failed.result()
        assert done.result() == ""
        assert_same_run(hwlib.Run(runs / here.path.name), here)
        while len([path for path in runs.glob("*/metrics.jsonl") if path.stat().st_size]) < 2:
            assert not running.done(), running.result()
            time.sleep(0.1)
    assert torch.get_num_threads() == threads
    assert running.result() == "stopped"
    assert waiting.cancelled() or waiting.result() == "stopped"
    newest = max(runs.glob("*/checkpoint/step-*"))
    assert 0 < int(newest.name.split("-")[1]) < 100_000
