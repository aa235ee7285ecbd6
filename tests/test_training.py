"""Training, checkpoints and exact resume."""

import json
import math
import os
import shutil
import signal

import numpy as np
import pytest
import torch
from killing import newest_step, train_and_be_killed
from safetensors.torch import load_file

import hwlib
from hwlib.errors import UserError
from hwlib.io import sha256_of, write_json
from hwlib.recipes import PAIRS
from hwlib.run import Run
from hwlib.training import checkpoint
from hwlib.training.batches import Batches
from hwlib.training.evaluate import test_numbers as measure
from hwlib.training.fit import (
    Schedule,
    Stopped,
    TrainingDiverged,
    _train,
    make_state,
    make_tools,
    open_run,
)
from hwlib.training.steps import STEPS, to_range, to_uint8, vae_step

SPEC = "faces:96"
CPU = torch.device("cpu")


def smoke(**overrides):
    return hwlib.make_config("vae", profile="smoke", data=SPEC, device="cpu", **overrides)


@pytest.fixture(scope="module")
def data():
    return hwlib.load_data(SPEC)


def weights(run):
    return load_file(run.path / "weights.safetensors")


def assert_same_bits(first: Run, second: Run):
    one, two = weights(first), weights(second)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert first.metrics.drop(columns="time_s").equals(second.metrics.drop(columns="time_s"))
    pictures, others = first.samples, second.samples
    assert pictures.keys() == others.keys()
    assert all(np.array_equal(pictures[name], others[name]) for name in pictures)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return hwlib.fit(smoke(), runs=tmp_path_factory.mktemp("unbroken"))


def test_a_vae_asks_for_the_oracle_when_it_is_trained(tmp_path, monkeypatch):
    trained = []

    def look_then_make(config, *rest):
        (journal,) = tmp_path.glob("*/metrics.jsonl")
        trained.append(json.loads(journal.read_text().splitlines()[-1])["step"])
        return make_tools(config, *rest)

    monkeypatch.setattr("hwlib.training.fit.make_tools", look_then_make)
    run = hwlib.fit(smoke(), runs=tmp_path)
    assert trained == [run.config.num_steps]


def test_a_vae_is_told_before_training_that_what_judges_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.delenv("HWLIB_INCEPTION", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match="features=oracle needs nothing"):
        hwlib.fit(smoke(features="inception"), runs=tmp_path / "runs")
    assert not any((tmp_path / "runs").glob("*/checkpoint/*"))


def test_a_run_folder_holds_what_it_promises(unbroken):
    names = {p.name for p in unbroken.path.iterdir()} - {".lock"}
    wanted = "config.json latents.npz metrics.jsonl results.json samples.npz weights.safetensors"
    assert names == set(wanted.split())
    results = unbroken.results
    assert results["num_images"] == 12 * 16
    assert results["test_mse_11"] == pytest.approx(4 * results["test_mse_01"])
    assert results["neg_elbo_nats"] == pytest.approx(results["recon_nats"] + results["kl_nats"])
    assert results["linear_probe_attribute"] == "Male"
    assert None not in results.values()
    samples = unbroken.samples
    assert samples["samples"].shape[1:] == (64, 64, 3)
    assert samples["samples"].dtype == np.uint8
    assert samples["originals"].shape == samples["reconstructions"].shape
    record = unbroken.record
    assert record["environment"]["num_threads"] == torch.get_num_threads()
    assert record["data"]["num_train"] == 96


def test_metrics_are_steps_in_order_up_to_the_last(unbroken):
    metrics = unbroken.metrics
    assert metrics["step"].is_monotonic_increasing
    assert metrics["step"].iloc[-1] == 12
    assert metrics["test_mse_11"].notna().sum() == 3
    assert np.isfinite(metrics["loss"]).all()


def test_same_seed_gives_the_same_bits(unbroken, tmp_path):
    assert_same_bits(unbroken, hwlib.fit(smoke(), runs=tmp_path))


def test_another_seed_is_another_run_with_other_weights(unbroken, tmp_path):
    other = hwlib.fit(smoke(seed=1), runs=tmp_path)
    assert other.path.name != unbroken.path.name
    assert not torch.equal(*(weights(r)["vae.mu.weight"] for r in (unbroken, other)))


def test_a_finished_run_is_never_trained_twice(unbroken):
    before = {p: p.stat().st_mtime_ns for p in unbroken.path.rglob("*") if p.name != ".lock"}
    again = hwlib.fit(smoke(), runs=unbroken.path.parent)
    assert again.path == unbroken.path
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_loaded_weights_reconstruct_as_the_run_did(unbroken, data):
    vae = unbroken.load_models()["vae"]
    assert not vae.training
    numbers = measure(vae, data.test.images, unbroken.config)
    assert numbers["mse_11"] == pytest.approx(unbroken.results["test_mse_11"], rel=1e-4)


def test_damaged_weights_are_refused(unbroken, tmp_path):
    copy = tmp_path / unbroken.path.name
    shutil.copytree(unbroken.path, copy)
    path = copy / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        Run(copy).load_models()


def train_until(runs, config, data, step):
    """Train, press Ctrl-C at `step`, and return the unfinished run."""
    run, precision, device = open_run(config, data, runs)

    def watch(records):
        if records[-1]["step"] == step:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hwlib.training.fit.WATCH_SECONDS", -1.0)
        with pytest.raises(Stopped, match=f"stopped at step {step} of"):
            _train(run, data, precision, device, watch)
    return run


def test_ctrl_c_stops_between_two_steps_and_the_next_call_goes_on(unbroken, data, tmp_path):
    run = train_until(tmp_path, smoke(), data, 7)
    assert not run.is_finished
    assert newest_step(run.path) == 7
    assert_same_bits(unbroken, hwlib.fit(smoke(), runs=tmp_path))


def test_a_learnt_sigma_and_its_own_learning_rate_resume_to_the_same_bits(data, tmp_path):
    config = smoke(sigma="learned")
    whole = hwlib.fit(config, runs=tmp_path / "whole")
    run = train_until(tmp_path / "broken", config, data, 7)
    assert not run.is_finished
    assert_same_bits(whole, hwlib.fit(config, runs=tmp_path / "broken"))


def test_a_stop_in_the_middle_of_a_record_resumes_to_the_same_bits(data, tmp_path):
    config = smoke(num_steps=10, batch_size=8)
    whole = hwlib.fit(config, runs=tmp_path / "whole")
    run, precision, device = open_run(config, data, tmp_path / "broken")
    state = make_state(run, device)
    batches = Batches(data.train.images, batch_size=8, seed=0, flip=False, device=device)
    for _ in range(3):
        numbers = vae_step(state, batches[state.step], config, precision=precision)
        state.rows.append(torch.stack(list(numbers.values())))
        state.step += 1
    full = Schedule.of(config, batches.steps_per_epoch)
    assert 3 in full.records, "choose a schedule that records every step, or test nothing"
    (run.path / "metrics.jsonl").touch()
    # Keep the three rows unwritten: resume must average them into what follows, losing none.
    checkpoint.save_checkpoint(run.path / "checkpoint", state, metrics_bytes=0)
    resumed = hwlib.fit(config, runs=tmp_path / "broken")
    one, two = weights(whole), weights(resumed)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert resumed.metrics["loss"].iloc[0] == pytest.approx(whole.metrics["loss"].iloc[:4].mean())


def test_ten_kills_at_random_moments_end_with_the_unbroken_runs_bits(tmp_path):
    config = smoke(num_steps=240, checkpoint_every=3, flip=True, num_evals=2)
    whole = hwlib.fit(config, runs=tmp_path / "whole")
    train_and_be_killed(config, tmp_path / "broken", whole.path.name, times=10, most=0.12)
    assert_same_bits(whole, hwlib.fit(config, runs=tmp_path / "broken"))


def test_a_flipped_bit_falls_back_to_the_generation_before(unbroken, data, tmp_path, capsys):
    config = smoke()
    run = train_until(tmp_path, config, data, 8)
    generations = sorted((run.path / "checkpoint").glob("step-*"))
    assert [g.name for g in generations] == ["step-000000004", "step-000000008"]
    spoilt = generations[-1] / "state.safetensors"
    content = bytearray(spoilt.read_bytes())
    content[len(content) // 2] ^= 4
    spoilt.write_bytes(content)
    state = make_state(run, CPU)
    checkpoint.load_checkpoint(run.path / "checkpoint", state)
    assert state.step == 4
    assert "damaged" in capsys.readouterr().err


def test_a_checkpoint_without_manifest_counts_as_not_there(data, tmp_path):
    run = train_until(tmp_path, smoke(), data, 4)
    (run.path / "checkpoint" / "step-000000004" / "manifest.json").unlink()
    state = make_state(run, CPU)
    assert checkpoint.load_checkpoint(run.path / "checkpoint", state) == 0
    assert state.step == 0


def test_resume_with_other_threads_says_so(data, tmp_path, capsys):
    run = train_until(tmp_path, smoke(), data, 4)
    path = run.path / "checkpoint" / "step-000000004"
    about = json.loads((path / "state.json").read_text())
    write_json(path / "state.json", about | {"num_threads": 99})
    files = ("state.safetensors", "state.json")
    write_json(path / "manifest.json", {name: sha256_of(path / name) for name in files})
    checkpoint.load_checkpoint(run.path / "checkpoint", make_state(run, CPU))
    assert "began with 99 threads" in capsys.readouterr().err


def test_a_loss_that_is_not_finite_names_its_step_and_keeps_the_last_good_checkpoint(
    tmp_path, monkeypatch
):
    def broken(state, *args, **more):
        numbers = vae_step(state, *args, **more)
        is_last = state.step == 5
        return {n: value * math.nan for n, value in numbers.items()} if is_last else numbers

    monkeypatch.setitem(STEPS, "vae", broken)
    with pytest.raises(TrainingDiverged, match=r"not finite at step 6\b"):
        hwlib.fit(smoke(checkpoint_every=2), runs=tmp_path)
    (folder,) = tmp_path.iterdir()
    state = make_state(Run(folder), CPU)
    checkpoint.load_checkpoint(folder / "checkpoint", state)
    assert state.step == 4
    assert all(w.isfinite().all() for w in state.models["vae"].parameters())
    assert not (folder / "results.json").exists()


def test_wrong_attribute_is_one_line(tmp_path):
    with pytest.raises(UserError, match="attribute 'Beard' is not in the data"):
        hwlib.fit(smoke(attribute="Beard"), runs=tmp_path)


def test_absent_device_is_one_line(tmp_path):
    if torch.backends.mps.is_available():
        pytest.skip("this machine has the device that the test needs to be absent: NOT tested")
    with pytest.raises(UserError, match="device 'mps' is not on this machine"):
        hwlib.fit(smoke().model_copy(update={"device": "mps"}), runs=tmp_path)


@pytest.mark.parametrize("recipe", [r for r, p in PAIRS if p == "vae" and r != "dcgan"])
def test_every_recipe_trains_at_smoke(recipe, tmp_path):
    run = hwlib.fit(smoke(recipe=recipe), runs=tmp_path)
    assert 0 < run.results["test_mse_11"] < 4


@pytest.mark.parametrize("reconstruction", ["l1", "bce"])
def test_other_reconstruction_terms_train(reconstruction, tmp_path):
    run = hwlib.fit(smoke(reconstruction=reconstruction), runs=tmp_path)
    expected = (0.0, 1.0) if reconstruction == "bce" else (-1.0, 1.0)
    assert run.load_models()["vae"].pixel_range == expected
    assert run.results["test_mse_11"] > 0


def test_the_loss_falls(tmp_path):
    run = hwlib.fit(smoke(num_steps=60, precision="float32"), runs=tmp_path)
    loss = run.metrics["neg_elbo_nats"]
    assert loss.iloc[-1] < 0.8 * loss.iloc[0]


def test_batches_follow_from_seed_and_step_alone(data):
    def batch(seed, step):
        make = Batches(data.train.images, batch_size=32, seed=seed, flip=True, device=CPU)
        return make[step]

    assert torch.equal(batch(0, 7), batch(0, 7))
    assert not torch.equal(batch(0, 7), batch(1, 7))
    assert batch(0, 7).shape == (32, 3, 64, 64)
    assert batch(0, 7).is_contiguous(memory_format=torch.channels_last)


def test_an_epoch_shows_every_picture_once(data):
    batches = Batches(data.train.images, batch_size=32, seed=0, flip=False, device=CPU)
    seen = np.concatenate([batches.indices(step) for step in range(3)])
    assert sorted(seen) == list(range(96))
    assert list(batches.indices(3)) != list(batches.indices(0))


def test_a_batch_larger_than_the_data_repeats_pictures(data):
    batches = Batches(data.train.images, batch_size=200, seed=0, flip=False, device=CPU)
    assert len(batches[0]) == 200
    assert batches.steps_per_epoch == 1


@pytest.mark.parametrize("pixel_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_pixels_survive_the_way_to_the_network_and_back(pixel_range):
    images = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    x = to_range(images, pixel_range)
    assert (x.min(), x.max()) == pixel_range
    assert torch.equal(to_uint8(x, pixel_range), images.permute(0, 2, 3, 1))


def test_evaluation_covers_the_entire_test_set_in_eval_mode(unbroken, data):
    vae = unbroken.load_models()["vae"]
    x = to_range(torch.from_numpy(np.array(data.test.images)).permute(0, 3, 1, 2), vae.pixel_range)
    with torch.no_grad():
        by_hand = (vae.decode(vae.encode(x)[0]) - x).square().mean().item()
    assert unbroken.results["test_mse_11"] == pytest.approx(by_hand, rel=1e-4)
    assert unbroken.results["num_test_images"] == len(data.test.images)
