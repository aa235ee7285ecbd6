"""The KL study: ordinary VAE runs, one a weight, and what is made of them."""

import contextlib
import io
import json
import re
import shutil
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import without_scores
from kl_results import REAL, TOLD, WEIGHTS, results

import hwlib
from hwlib import explore
from hwlib.errors import UserError
from hwlib.recipes import RECIPES, get_pair
from hwlib.registry import PAGES
from hwlib.report import Job
from hwlib.report.compare import Comparison
from hwlib.report.runs import Facts, rows_of
from hwlib.training.study import member_configs, member_runs

FEW = {"kl_weights": (1.0, 0.0), "num_steps": 10, "image_size": 32, "device": "cpu"}
SMOKE = hwlib.make_config("kl", "elbo", "faces:96", "smoke", **FEW)


def test_the_default_study_is_the_homeworks_and_weights_are_taken_in_every_way():
    config = hwlib.make_config("kl")
    assert (config.recipe, config.kl_weights) == ("elbo", (1, 100, 0))
    assert config.kl_sweep == (0.01, 0.1, 1, 10, 100)
    course = hwlib.make_config("kl", profile="course").kl_sweep
    assert (min(course), max(course)) == (1e-3, 100)
    assert set(config.kl_sweep) < set(course)
    other = config.model_copy(update={"kl_weights": (1.0, 2.0)})
    assert config.hash8() != other.hash8()
    vae = hwlib.make_config("vae", "elbo")
    assert vae.hash8() == vae.model_copy(update={"kl_weights": (7.0,)}).hash8()
    for given in ("1,10", ["1", "10"], [1, 10], (1, 10, 1)):
        assert hwlib.make_config("kl", kl_weights=given).kl_weights == (1.0, 10.0)
    (alone,) = member_configs(hwlib.make_config("kl", kl_weights=5, kl_sweep=""))
    assert alone.kl_weight == 5


def test_every_recipes_vae_can_be_studied_around_its_own_weight():
    for recipe, profile in product(RECIPES, ("smoke", "quick", "course")):
        own = get_pair(recipe, "vae").settings["kl_weight"]
        config = hwlib.make_config("kl", recipe, profile=profile)
        assert config.kl_weights == pytest.approx((own, 100 * own, 0))
        assert own in [member.kl_weight for member in member_configs(config)]


def test_a_weight_that_cannot_be_is_an_error():
    for problem, wrong, key in (
        ("kl", {"kl_weight": 3}, "setting_of_problem"),
        ("vae", {"kl_weights": (1, 2)}, "setting_of_problem"),
        ("kl", {"kl_weights": (1, -1)}, "setting_value"),
        ("kl", {"kl_weights": "one"}, "setting_value"),
        ("kl", {"kl_weights": ()}, "setting_value"),
        ("kl", {"kl_sweep": float("inf")}, "setting_value"),
    ):
        with pytest.raises(UserError) as caught:
            hwlib.make_config(problem, **wrong)
        assert caught.value.key == key


def test_each_weight_is_trained_once_as_the_vae_that_anybody_would_ask_for():
    config = hwlib.make_config("kl", kl_weights=(1, 100, 0), kl_sweep=(0.1, 1, 100), seed=3)
    shared = {n: getattr(config, n) for n in ("width", "batch_size", "num_steps", "learning_rate")}
    assert member_configs(config) == [
        hwlib.make_config("vae", "elbo", seed=3, kl_weight=weight, **shared)
        for weight in (1, 100, 0, 0.1)
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished study at smoke, and what it said on standard error."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), without_scores():
        run = hwlib.fit(SMOKE, runs=tmp_path_factory.mktemp("runs"))
    return run, said.getvalue()


def test_a_study_has_its_vaes_numbers_and_images_and_weights_are_all_that_differs(trained):
    run, said = trained
    found, images = run.results, run.samples
    json.dumps(found, allow_nan=False)
    assert (found["kl_weights"], found["kl_sweep"]) == ([1, 0], [])
    assert [row["kl_weight"] for row in found["studies"]] == [1, 0]
    assert found["num_images"] == 2 * 10 * 16
    members = member_runs(run)
    for place, (weight, member) in enumerate(members.items()):
        row, own = found["studies"][place], member.results
        assert member.config.kl_weight == row["kl_weight"] == weight
        assert member.path.parent == run.path.parent
        for name in ("neg_elbo_nats", "test_mse_11", "active_units", "kid", "frechet"):
            assert row[name] == own[name]
        assert found["kid_protocol"] == own["kid_protocol"]
        own = member.samples
        assert np.array_equal(images["originals"], own["originals"][:8])
        assert np.array_equal(images["reconstructions"][place], own["reconstructions"][:8])
        assert np.array_equal(images["samples"][place], own["samples"])
        # reconstructions are kept after a tenth, half and all of the steps
        assert list(own["reconstruction_growth_steps"]) == [1, 5, 10]
        frames = own["reconstruction_growth"]
        assert np.array_equal(frames[-1], own["reconstructions"][:8])
        assert not np.array_equal(frames[0], frames[-1])
    times = [row["train_time_s"] for row in found["studies"]]
    assert found["train_time_s"] == pytest.approx(sum(times))
    one, other = (member.config.to_json() for member in members.values())
    assert {name for name in one if one[name] != other[name]} == {"kl_weight"}
    assert one["problem"] == "vae"
    assert re.search("1: VAE 1 of 2.*0: VAE 2 of 2", said, re.DOTALL)
    with pytest.raises(UserError) as caught:  # it has no networks of its own
        run.load_models()
    assert caught.value.values["runs"] == [row["run"] for row in found["studies"]]


def test_a_member_asked_for_by_itself_is_found_and_the_study_too(trained):
    run, runs = trained[0], trained[0].path.parent
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*.json")}
    assert hwlib.fit(member_configs(SMOKE)[1], runs=runs).path == member_runs(run)[0.0].path
    assert hwlib.fit(SMOKE, runs=runs).path == run.path
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.usefixtures("_no_scores")
def test_a_member_that_was_taken_away_is_trained_again_and_no_other(trained, tmp_path):
    run, _ = trained
    runs = tmp_path / "runs"
    shutil.copytree(run.path.parent, runs)
    gone, kept = run.results["studies"][0]["run"], run.results["studies"][1]["run"]
    weights = (runs / kept / "weights.safetensors").stat().st_mtime_ns
    shutil.rmtree(runs / gone)
    with pytest.raises(UserError) as caught:
        member_runs(hwlib.Run(runs / run.path.name))
    assert caught.value.key == "no_run_folder"
    again = hwlib.fit(SMOKE, runs=runs)
    assert (runs / gone / "results.json").exists()
    assert (runs / kept / "weights.safetensors").stat().st_mtime_ns == weights
    first, second = ([r["recon_nats"] for r in one.results["studies"]] for one in (run, again))
    assert first == second


def test_the_panels_slider_swaps_reconstructions_and_samples_and_nothing_else():
    rng, studies = np.random.default_rng(0), results()["studies"]
    sizes = {"originals": (8,), "reconstructions": (9, 8), "samples": (9, 12)}
    images = {n: rng.integers(0, 256, (*s, 16, 16, 3), dtype=np.uint8) for n, s in sizes.items()}
    config = SimpleNamespace(profile="quick")
    run = SimpleNamespace(results={"studies": studies}, samples=images, config=config)
    panel = explore.KLPanel(run, "zh")
    assert panel.weight.label == "1"  # the first that is told in full
    assert [name for name, _ in panel.weight.options] == [f"{weight:g}" for weight in WEIGHTS]
    shown = panel.strips["originals"].value
    for _, place in panel.weight.options:
        panel.weight.value = place
        wanted = images["reconstructions"][place]
        assert panel.strips["reconstructions"].value == explore.to_strip(wanted)
        assert panel.strips["samples"].value == explore.to_strip(images["samples"][place][:8])
        assert str(studies[place]["active_units"]) in panel.status.value
        assert panel.strips["originals"].value == shown


def test_the_report_has_a_row_for_each_weight_that_is_told(tmp_path):
    job = Job("kl", "elbo", tmp_path / "05_kl.ipynb", {})
    record = {"settings": {"problem": "kl", "recipe": "elbo", "data": "faces", "seed": 0}}
    name = "kl-elbo-00000000"
    entries = rows_of([Facts(job, {}, name, record, results(), tmp_path / name)])
    assert [entry.name for entry in entries] == [f"elbo · λ = {w:g}" for w in TOLD]
    for entry, weight in zip(entries, TOLD, strict=True):
        assert entry.results["kl_weight"] == weight == entry.settings["kl_weight"]
        assert entry.results["kid_real"] == REAL["kid_real"]
        assert entry.folder.name == entry.run.replace("kl-", "vae-")
    (table,) = Comparison(entries, "en", {}).metric_tables(PAGES["kl"].overview, entries, "")
    errors = [row.cells["Test MSE [0, 1]"] for row in table.rows]
    assert errors == ["0.01360", "0.05570", "0.01110"]
