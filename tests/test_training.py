"""The loop, on VAEs: run folders, checkpoints and exact resume."""

import json
import math
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import attrgetter

import numpy as np
import pytest
import torch
from killing import SIZE, SPEC, assert_same_run, newest_step, smoke, weights
from PIL import Image

import hwlib
from hwlib.errors import UserError
from hwlib.losses import pixel_error
from hwlib.run import Run, read_latents
from hwlib.training import checkpoint, loop
from hwlib.training.batches import Batches, to_range, to_uint8
from hwlib.training.identity import identify, open_run
from hwlib.training.loop import Stopped, TrainingDiverged, make_state, schedule, train
from hwlib.training.quality import make_feature_networks
from hwlib.training.steps import vae_step

CPU = torch.device("cpu")
READ = {"results": "json", "metrics": "jsonl", "samples": "npz"}
SEALED = {
    "config.json",
    *(f"{name}.npz" for name in ("latents", "samples")),
    *("metrics.jsonl", "results.json", "weights.safetensors"),
}


@pytest.fixture(scope="module")
def data():
    return hwlib.load_data(SPEC, SIZE)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return hwlib.fit(smoke(), runs=tmp_path_factory.mktemp("unbroken"))


def fresh(run):
    return make_state(run.config, channels=3, device=CPU)


def test_a_run_folder_holds_what_it_promises_and_is_never_trained_twice(unbroken):
    before = {p: p.stat().st_mtime_ns for p in unbroken.path.iterdir() if p.name != ".lock"}
    assert {path.name for path in before} == SEALED | {"seal.json"}
    results, samples, metrics = unbroken.results, unbroken.samples, unbroken.metrics
    assert results["num_images"] == 12 * 16
    assert results["test_mse_11"] == pytest.approx(4 * results["test_mse_01"])
    assert results["neg_elbo_nats"] == pytest.approx(results["recon_nats"] + results["kl_nats"])
    assert results["linear_probe_attribute"] == "Male"
    assert None not in results.values()
    assert results["disentanglement"]["num_latents"] == unbroken.config.z_dim
    assert (samples["samples"].shape[1:], samples["samples"].dtype) == ((SIZE, SIZE, 3), np.uint8)
    assert samples["originals"].shape == samples["reconstructions"].shape
    assert unbroken.record["environment"]["num_threads"] == torch.get_num_threads()
    assert unbroken.record["data"]["num_train"] == 96
    assert metrics["step"].is_monotonic_increasing
    assert metrics["step"].iloc[-1] == 12
    assert metrics["test_mse_11"].notna().sum() == 3
    assert hwlib.fit(smoke(), runs=unbroken.path.parent).path == unbroken.path
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_the_seed_decides_the_bits_and_of_two_that_want_one_run_the_second_waits(
    unbroken, data, tmp_path, monkeypatch
):
    trained, others = [], []

    def look_then_make(config, *rest):  # the classifier is asked for last
        (journal,) = tmp_path.glob("*/metrics.jsonl")
        trained.append(json.loads(journal.read_text().splitlines()[-1])["step"])
        others.append(pool.submit(hwlib.fit, smoke(), runs=tmp_path))
        return make_feature_networks(config, *rest)

    monkeypatch.setattr("hwlib.training.quality.make_feature_networks", look_then_make)
    with ThreadPoolExecutor() as pool:
        run = hwlib.fit(smoke(), runs=tmp_path)
    assert_same_run(unbroken, run)
    assert trained == [unbroken.config.num_steps]
    assert [other.result().path for other in others] == [run.path]
    other, *_ = open_run(smoke(seed=1), data, tmp_path)
    assert other.path.name != unbroken.path.name
    first = [fresh(one).models["vae"].mu.weight for one in (unbroken, other)]
    assert not torch.equal(*first)


def test_evaluation_covers_the_entire_test_set_in_eval_mode(unbroken, data):
    vae = unbroken.load_models()["vae"].requires_grad_(False)
    assert not vae.training
    x = to_range(torch.from_numpy(np.array(data.test.images)).permute(0, 3, 1, 2), vae.pixel_range)
    by_hand = (vae.decode(vae.encode(x)[0]) - x).square().mean().item()
    assert unbroken.results["test_mse_11"] == pytest.approx(by_hand, rel=1e-4)
    assert unbroken.results["num_test_images"] == len(data.test.images)


def flip_bit(path, place):
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 4
    path.write_bytes(content)


def test_the_name_of_a_gpus_run_is_known_without_one(data):
    config = smoke(device="cuda")
    _, facts, name = identify(config, data, device="cuda", precision="bfloat16")
    assert (facts["device"], facts["precision"]) == ("cuda", "bfloat16")
    assert name == f"vae-dcgan-{config.model_copy(update={'attribute': 'Male'}).hash8(**facts)}"


def test_damaged_weights_and_absent_devices_are_refused(unbroken, tmp_path, monkeypatch):
    copy = tmp_path / unbroken.path.name
    shutil.copytree(unbroken.path, copy)
    flip_bit(copy / "weights.safetensors", 1.0)
    with pytest.raises(UserError) as damaged:
        Run(copy).load_models()
    assert damaged.value.key == "run_damaged"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UserError) as absent:
        hwlib.fit(smoke().model_copy(update={"device": "mps"}), runs=tmp_path)
    assert absent.value.key == "no_device"


@pytest.mark.parametrize("name", sorted(SEALED))
def test_a_damaged_file_of_a_finished_run_is_told_and_mended_by_the_same_command(
    name, unbroken, tmp_path, capsys
):
    copy = tmp_path / unbroken.path.name
    shutil.copytree(unbroken.path, copy)
    flip_bit(copy / name, 0.5)
    reads = {f"{word}.{end}": attrgetter(word) for word, end in READ.items()}
    read = {"latents.npz": lambda run: read_latents(run.path)} | reads
    read = read.get(name, Run.load_models)
    with pytest.raises(UserError) as mistake:
        read(Run(copy))
    assert mistake.value.key == "run_damaged"
    assert mistake.value.values["path"] == copy / name
    assert_same_run(unbroken, hwlib.fit(smoke(), runs=tmp_path))
    assert name in capsys.readouterr().err or name == "config.json"
    assert Run(copy).results["num_steps"] == 12


@pytest.mark.usefixtures("_no_scores")
def test_ctrl_c_stops_between_steps_and_a_spoilt_checkpoint_falls_back_to_the_one_before(
    data, tmp_path, monkeypatch, capsys
):
    config = smoke(sigma="learned")  # it has a learning rate of its own
    whole = hwlib.fit(config, runs=tmp_path / "whole")
    run, precision, device = open_run(config, data, tmp_path / "broken")

    def press(records):
        if records[-1]["step"] == 7:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(loop, "WATCH_SECONDS", -1.0)
    with pytest.raises(Stopped) as stopped:
        train(run, data, precision=precision, device=device, watch=press)
    assert stopped.value.values["step"] == 7
    assert not run.is_finished
    threads, folder = torch.get_num_threads(), run.path / "checkpoint"
    older, newer = sorted(folder.glob("step-*"))
    assert [path.name.split("-")[1] for path in (older, newer)] == ["000000004", "000000007"]
    shutil.copytree(run.path, tmp_path / "spoilt" / run.path.name)
    assert_same_run(whole, hwlib.fit(config, runs=tmp_path / "broken"))

    folder = tmp_path / "spoilt" / run.path.name / "checkpoint"
    monkeypatch.setattr(torch, "get_num_threads", lambda: 99)
    flip_bit(folder / newer.name, 0.5)
    state = fresh(run)
    checkpoint.load_checkpoint(folder, state)
    assert state.step == newest_step(folder.parent) == 4
    said = capsys.readouterr().err
    assert str(folder / newer.name) in said
    assert f"{threads} thread" in said
    content = (folder / older.name).read_bytes()
    (folder / older.name).write_bytes(content[:-100])
    state = fresh(run)
    assert checkpoint.load_checkpoint(folder, state) == []
    assert state.step == 0


@pytest.mark.usefixtures("_no_scores")
def test_a_stop_in_the_middle_of_a_record_resumes_to_the_same_bits(data, tmp_path):
    config = smoke(num_steps=6, batch_size=8, num_evals=1)
    whole = hwlib.fit(config, runs=tmp_path / "whole")
    run, precision, device = open_run(config, data, tmp_path / "broken")
    state = fresh(run)
    batches = Batches(data.train.images, batch_size=8, seed=0, flip=False, device=device)
    for _ in range(3):
        numbers = vae_step(state, batches[state.step], config, precision=precision)
        state.rows.append(torch.stack(list(numbers.values())))
        state.step += 1
    records, _ = schedule(config, batches.steps_per_epoch)
    assert 3 in records, "choose a schedule that records every step, or test nothing"
    # Keep the three rows unwritten: resume must average them into what follows, losing none.
    checkpoint.save_checkpoint(run.path / "checkpoint", state, [])
    resumed = hwlib.fit(config, runs=tmp_path / "broken")
    one, two = weights(whole), weights(resumed)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert resumed.metrics["loss"].iloc[0] == pytest.approx(whole.metrics["loss"].iloc[:4].mean())


def test_a_learning_curve_is_whole_whatever_became_of_its_file(
    unbroken, data, tmp_path, monkeypatch
):
    monkeypatch.setattr(loop, "WATCH_SECONDS", -1.0)
    config = smoke()
    for spoil in (os.unlink, lambda path: os.truncate(path, 40), partial(flip_bit, place=0.5)):
        run, precision, device = open_run(config, data, tmp_path / str(id(spoil)))
        journal = run.path / "metrics.jsonl"

        def press(records):
            if records[-1]["step"] == 7:
                os.kill(os.getpid(), signal.SIGINT)

        with pytest.raises(Stopped):
            train(run, data, precision=precision, device=device, watch=press)
        spoil(journal)

        def remove(records, journal=journal):
            journal.unlink(missing_ok=True)

        train(run, data, precision=precision, device=device, watch=remove)
        assert run.is_finished
        assert run.metrics["step"].equals(unbroken.metrics["step"])
        assert run.metrics["loss"].equals(unbroken.metrics["loss"])


def test_what_killed_processes_left_is_removed_by_the_next(tmp_path):
    run = hwlib.fit(smoke(), runs=tmp_path)
    (run.path / "results.json").unlink()
    for left in (".weights.safetensors.0a1b.tmp", "checkpoint/.step-000000004.0a1b.tmp"):
        (run.path / left).mkdir(parents=True)
    hwlib.fit(smoke(), runs=tmp_path)
    assert {path.name for path in run.path.iterdir()} == SEALED | {"seal.json", ".lock"}


def test_reconstructions_that_are_no_numbers_end_as_a_training_that_diverged(tmp_path):
    x, x_hat = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    x_hat[0, 0, 0, 0] = math.nan
    assert pixel_error(x, x_hat, "bce").isnan().sum() == 1
    with pytest.raises(TrainingDiverged) as ended:
        hwlib.fit(smoke(reconstruction="bce", learning_rate=1e12), runs=tmp_path)
    assert ended.value.values["path"] is None  # nothing was saved yet, and nothing is promised
    assert "checkpoint" not in str(ended.value)


def test_images_that_are_all_alike_are_refused(tmp_path):
    for number in range(20):
        Image.new("RGB", (32, 32), "teal").save(tmp_path / f"{number}.png")
    for problem in ("vae", "gan"):
        with pytest.raises(UserError) as mistake:
            hwlib.fit(smoke(problem=problem, data=str(tmp_path)), runs=tmp_path / "runs")
        assert mistake.value.key == "images_alike"


def test_a_loss_that_is_not_finite_names_its_step_and_keeps_the_last_checkpoint(
    tmp_path, monkeypatch
):
    def broken(state, *args, **more):
        numbers = vae_step(state, *args, **more)
        is_last = state.step == 5
        return {n: value * math.nan for n, value in numbers.items()} if is_last else numbers

    monkeypatch.setattr("hwlib.training.steps.vae_step", broken)
    with pytest.raises(TrainingDiverged) as diverged:
        hwlib.fit(smoke(checkpoint_every=2), runs=tmp_path)
    assert (diverged.value.values["step"], diverged.value.values["value"]) == (6, None)
    (folder,) = tmp_path.iterdir()
    state = fresh(Run(folder))
    checkpoint.load_checkpoint(folder / "checkpoint", state)
    assert state.step == 4
    assert all(w.isfinite().all() for w in state.models["vae"].parameters())
    assert not (folder / "results.json").exists()


def test_every_recipe_and_reconstruction_term_trains(data):
    kinds = {"plain": "l1", "upsample": "bce", "wide": "mse", "elbo": "mse"}
    for recipe, reconstruction in kinds.items():
        config = smoke(recipe=recipe, reconstruction=reconstruction)
        state = make_state(config, channels=3, device=CPU)
        vae, batches = state.models["vae"], batches_of(data, batch_size=16)
        before = vae.mu.weight.detach().clone()
        numbers = vae_step(state, batches[0], config, precision="float32")
        assert all(value.isfinite() for value in numbers.values())
        assert not torch.equal(before, vae.mu.weight)
        assert reconstruction != "bce" or vae.pixel_range == (0.0, 1.0)


def batches_of(data, **changes):
    settings = {"batch_size": 32, "seed": 0, "flip": False, "device": CPU} | changes
    return Batches(data.train.images, **settings)


def test_batches_follow_from_seed_and_step_alone(data):
    batch, again, other = (batches_of(data, seed=seed, flip=True)[7] for seed in (0, 0, 1))
    assert torch.equal(batch, again)
    assert not torch.equal(batch, other)
    assert batch.shape == (32, 3, SIZE, SIZE)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    batches = batches_of(data)
    epoch = np.concatenate([batches.indices(step) for step in range(3)])
    assert sorted(epoch) == list(range(96))  # every image once
    assert list(batches.indices(3)) != list(batches.indices(0))
    assert len(batches_of(data, batch_size=200)[0]) == 200  # larger than the data


def test_pixels_survive_the_way_to_the_network_and_back():
    images = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    for pixel_range in ((0.0, 1.0), (-1.0, 1.0)):
        x = to_range(images, pixel_range)
        assert (x.min(), x.max()) == pixel_range
        assert torch.equal(to_uint8(x, pixel_range), images.permute(0, 2, 3, 1))
