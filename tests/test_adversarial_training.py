"""The adversarial steps, their options, snapshots, and exact resume."""

import numpy as np
import pytest
import torch
from conftest import without_scores
from killing import SPEC, assert_same_run, newest_step, smoke, train_and_be_killed, weights
from torch import nn

import hwlib
import hwlib.recipes
from hwlib.errors import UserError
from hwlib.losses import gradient_penalty
from hwlib.registry import PROBLEMS, resolve
from hwlib.training.augment import augment, cut_out, shift
from hwlib.training.batches import Batches
from hwlib.training.evaluate_gan import GanMonitor, collapse_signs
from hwlib.training.loop import make_state
from hwlib.training.sampling import sample_images
from hwlib.training.updates import State, forward_real_fake, update

CPU = torch.device("cpu")
FAMILIES = ("gan", "acgan", "infogan")
PAIRS = [
    (name, p) for name, r in hwlib.recipes.RECIPES.items() for p in r.problems if p in FAMILIES
]
# Every state that a checkpoint must carry: the average of G, spectral norm's vectors, flips.
HARD = {"ema": 0.9, "spectral_norm": True, "flip": True, "augment": True, "noise": "uniform"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One finished run of each family."""
    folder = tmp_path_factory.mktemp("runs")
    options = {"acgan": {"attribute": "Male,Smiling"}}
    with without_scores():
        return {p: hwlib.fit(smoke(p, **options.get(p, {})), runs=folder) for p in FAMILIES}


def fresh(config) -> tuple[State, Batches]:
    """Return the first state of a run in memory, and its batches."""
    data = hwlib.load_data(SPEC, config.image_size)
    columns = [data.attributes.index(name) for name in config.attributes]
    labels = data.train.labels[:, columns] if columns else None
    options = {"batch_size": config.batch_size * config.d_updates, "seed": 0, "flip": False}
    batches = Batches(data.train.images, **options, device=CPU, labels=labels)
    return make_state(config, channels=3, device=CPU), batches


def take_step(state, batches, config):
    extras = batches.extras(state.step)
    step = resolve(PROBLEMS[config.problem].step)
    numbers = step(state, batches[state.step], config, precision="float32", **extras)
    state.step += 1
    return numbers


def copies(model: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def is_moved(model: nn.Module, before: list[torch.Tensor]) -> bool:
    return any(not torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize(("recipe", "problem"), PAIRS)
def test_each_update_moves_its_own_networks_and_ds_have_batches_of_their_own(
    recipe, problem, monkeypatch
):
    options = {"joint_batch": True, "r1": 1.0, "label_smoothing": 0.1, "d_width": 0.5}
    config = smoke(problem, recipe, d_updates=2, **options)
    state, batches = fresh(config)
    moved = []

    def watched(loss, *optimizers):
        before = {name: copies(model) for name, model in state.models.items()}
        update(loss, *optimizers)
        moved.append({n for n, model in state.models.items() if is_moved(model, before[n])})

    monkeypatch.setattr("hwlib.training.steps.update", watched)
    assert not torch.equal(*batches[0].chunk(2))
    numbers = take_step(state, batches, config)
    assert all(value.isfinite() for value in numbers.values())
    assert moved == [{"D", "Q"} if problem == "infogan" else {"D"}] * 2 + [{"G"}]
    assert all(p.requires_grad for p in state.models["D"].parameters())


@pytest.mark.parametrize(
    ("problem", "name"), [("acgan", "d_class_loss"), ("infogan", "q_loss"), ("gan", "d_loss")]
)
def test_the_same_draws_again_and_again_are_learnt_by_heart(problem, name):
    config = smoke(problem, learning_rate=1e-3, image_size=32)
    state, batches = fresh(config)
    if problem == "gan":  # whose G would learn to deceive D by heart
        state.optimizers["G"].param_groups[0]["lr"] = 0
    losses = []
    for _ in range(40):
        losses.append(take_step(state, batches, config)[name].item())
        state.step = 0  # the same images, noise, labels and codes
    chance = {"q_loss": np.log(10), "d_class_loss": np.log(2), "d_loss": 2 * np.log(2)}[name]
    assert losses[0] == pytest.approx(chance, abs=0.6)
    assert losses[-1] < 0.8 * losses[0]


def test_r1_makes_d_flatter_at_real_pictures():
    slopes = []
    for options in ({}, {"r1": 10.0}, {"r1": 10.0, "r1_every": 4}):
        config = smoke("gan", learning_rate=2e-3, **options)
        state, batches = fresh(config)
        for _ in range(15):
            take_step(state, batches, config)
        x = (batches[0].float() / 127.5 - 1).requires_grad_()
        slopes.append(gradient_penalty(state.models["D"].eval()(x), x).item())
    assert max(slopes[1:]) < 0.5 * slopes[0]


@pytest.mark.parametrize("problem", ["gan", "acgan"])
def test_a_joint_batch_changes_batch_norms_statistics_and_nothing_else(problem):
    real, fake = torch.randn(2, 4, 3, 64, 64)
    for recipe, is_same in (("plain", True), ("upsample", False)):  # without and with batch norm
        D = hwlib.build_models(recipe, problem, 0.125)["D"].train()
        apart, joint = (
            forward_real_fake(D, real, fake, smoke(problem, recipe, joint_batch=is_joint))
            for is_joint in (False, True)
        )
        for a, b in zip(apart, joint, strict=True):
            pairs = zip(a, b, strict=True) if problem == "acgan" else [(a, b)]
            assert all(torch.allclose(x, y, atol=1e-5) == is_same for x, y in pairs)


def test_spectral_norm_holds_every_layer_of_d_near_norm_one():
    config = smoke("gan", spectral_norm=True, learning_rate=2e-3)
    state, batches = fresh(config)
    for _ in range(30):
        take_step(state, batches, config)
    state.models["D"].eval()
    norms = [
        torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item()
        for layer in state.models["D"].modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    assert len(norms) >= 4
    assert max(norms) < 1.25
    assert not any(hasattr(layer, "parametrizations") for layer in state.models["G"].modules())


def test_the_average_of_g_is_between_where_g_was_and_where_it_is():
    config = smoke("gan", ema=0.5)
    state, batches = fresh(config)
    before = copies(state.models["G"])
    take_step(state, batches, config)
    means = state.models["G_ema"].parameters()
    for old, new, mean in zip(before, copies(state.models["G"]), means, strict=True):
        torch.testing.assert_close(mean, old.lerp(new, 1 - min(0.5, 1 / 10)))


def test_augmentation_lets_gradients_through_and_moves_pictures_by_whole_pixels():
    x = torch.randn(4, 3, 16, 16, requires_grad=True)
    changed = augment(x, torch.Generator().manual_seed(0))
    assert changed.shape == x.shape
    changed.square().sum().backward()
    assert x.grad.abs().sum() > 0
    still = torch.full((4, 1, 1, 1), 0.5)
    assert torch.equal(shift(x, still, still), x)
    down = shift(x, torch.full((4, 1, 1, 1), 0.99), still)
    assert torch.equal(down[:, :, :-2], x[:, :, 2:])
    assert (down[:, :, -2:] == 0).all()
    hole = cut_out(torch.ones(1, 1, 16, 16), still[:1], still[:1])
    assert (hole == 0).sum() == 7 * 7
    assert hole[0, 0, 0].all()


@pytest.mark.parametrize("problem", FAMILIES)
def test_a_finished_run_gives_the_networks_of_its_best_snapshot(runs, problem):
    run = runs[problem]
    results, metrics = run.results, run.metrics
    snapshots = metrics.dropna(subset="snapshot_kid")
    assert len(snapshots) == run.config.num_evals
    best = snapshots.loc[snapshots["snapshot_kid"].idxmin()]
    assert (results["best_step"], results["best_kid"]) == (best["step"], best["snapshot_kid"])
    if problem == "acgan":  # its labels have to work as well
        correlation = snapshots["snapshot_correlation"].clip(lower=0.1)
        expected = snapshots["snapshot_kid"] / correlation**4  # above the floor of KID
        assert snapshots["snapshot_score"].tolist() == pytest.approx(expected.tolist())
        best = snapshots.loc[expected.idxmin()]
    else:
        assert "snapshot_score" not in snapshots
    assert results["kept_step"] == best["step"]
    assert results["last_kid"] == snapshots["snapshot_kid"].iloc[-1]
    assert list(run.samples["growth_steps"]) == list(snapshots["step"])
    assert set(run.load_models()) == ({"G", "D", "Q"} if problem == "infogan" else {"G", "D"})
    assert None not in results.values()


def test_a_run_that_breaks_late_gives_its_best_snapshot_unless_the_last_is_wanted(
    tmp_path, monkeypatch
):
    scores = iter([3.0, 1.0, 2.0] * 2)  # the second snapshot of three is the best, in both runs
    monkeypatch.setattr("hwlib.training.evaluate_gan.kernel_distance", lambda *_: next(scores))
    monkeypatch.setattr(GanMonitor, "measure", lambda *_: ({}, {}))
    best = hwlib.fit(smoke("gan"), runs=tmp_path)
    last = hwlib.fit(smoke("gan", keep="last"), runs=tmp_path)
    assert best.results["best_step"] == best.results["kept_step"] == 8
    assert (last.results["best_step"], last.results["kept_step"]) == (8, 12)
    one, two = weights(best), weights(last)
    assert any(not torch.equal(one[name], two[name]) for name in one)
    assert best.results["best_kid"] == 1.0
    assert best.results["last_kid"] == 2.0


def test_samples_follow_the_seed_and_the_conditions(runs):
    one, again, other = (sample_images(runs["gan"], num=4, seed=s) for s in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()
    codes = [sample_images(runs["infogan"], num=4, seed=1, codes=[c]) for c in (0, 9)]
    assert (codes[0] != codes[1]).any()
    run = runs["acgan"]
    assert set(run.results["attribute_accuracy_by"]) == {"Male", "Smiling"}
    on, off = ({"Male": value, "Smiling": 0} for value in (1, 0))
    labels = [sample_images(run, num=3, seed=1, labels=given) for given in (on, off)]
    assert (labels[0] != labels[1]).any()


@pytest.mark.parametrize(
    ("problem", "conditions", "key"),
    [
        ("gan", {"labels": {"Smiling": 1}}, "only_acgan"),
        ("acgan", {"labels": {"Young": 1}}, "attribute_not_learnt"),
        ("acgan", {"codes": [1]}, "only_infogan"),
        ("infogan", {"codes": [1, 2]}, "num_codes"),
        ("infogan", {"codes": [10]}, "code_range"),
    ],
)
def test_conditions_that_a_run_cannot_take_are_an_error(runs, problem, conditions, key):
    with pytest.raises(UserError) as refused:
        sample_images(runs[problem], num=2, seed=0, **conditions)
    assert refused.value.key == key


def test_data_that_an_acgan_cannot_learn_from_is_an_error(make_hw4, tmp_path):
    constant = make_hw4(num_train=6)
    for file in constant.glob("*.csv"):
        head, *rows = file.read_text().splitlines()
        file.write_text("\n".join([head, *(f"{row.rsplit(',', 1)[0]},1.0" for row in rows)]))
    for given, attribute, key in (
        (SPEC, "", "attribute_empty"),
        (constant, "Smiling", "attribute_constant"),
        (constant / "train", "Smiling", "acgan_needs_attributes"),
    ):
        with pytest.raises(UserError) as refused:
            hwlib.fit(smoke("acgan", data=str(given), attribute=attribute), runs=tmp_path / "runs")
        assert refused.value.key == key


def test_a_wrong_attribute_is_an_error_before_an_image_is_read(
    make_hw4, make_celeba, own_cache, tmp_path
):
    for given in (SPEC, make_hw4(), make_celeba()[0]):
        for problem, asked in (("acgan", "Smilling"), ("vae", "Smilling,Male")):
            with pytest.raises(UserError) as wrong:
                hwlib.fit(smoke(problem, data=str(given), attribute=asked), runs=tmp_path / "runs")
            found = wrong.value.key, wrong.value.values["near"]
            assert found == ("attribute_not_in_data", "Smiling")
    assert not own_cache.exists()


def test_collapse_is_noticed_and_dated():
    def record(step, d_loss, diversity=None):
        seen = {} if diversity is None else {"snapshot_kid": 0.1, "snapshot_diversity": diversity}
        return {"step": step, "d_loss": d_loss, **seen}

    healthy = [record(10, 1.2), record(20, 1.1, 0.2), record(40, 1.3, 0.9)]
    assert collapse_signs(healthy, 40) == []
    broken = [*healthy, record(50, 0.001), record(60, 0.002, 0.1), record(80, 1.0, 0.1)]
    assert collapse_signs(broken, 80) == [
        {"sign": "d_loss_zero", "step": 60},
        {"sign": "diversity_gone", "step": 60},
    ]


@pytest.mark.usefixtures("_no_scores")
@pytest.mark.parametrize("problem", ["vae", *FAMILIES])
@pytest.mark.parametrize("recipe", ["dcgan", "modern"])
def test_kills_in_a_step_and_in_a_checkpoint_end_with_the_unbroken_runs_bits(
    problem, recipe, tmp_path, monkeypatch
):
    monkeypatch.setattr(GanMonitor, "measure", lambda *_: ({}, {}))  # the networks say it all
    options = {"flip": True} if problem == "vae" else HARD
    options = {} if recipe == "modern" else options  # which has every state of its own
    config = smoke(problem, recipe, **options, checkpoint_every=3)
    whole = hwlib.fit(config, runs=tmp_path / "whole")
    broken = tmp_path / "broken" / whole.path.name
    train_and_be_killed(config, broken.parent, is_writing=False)
    reached = newest_step(broken)
    assert reached == (9 if problem == "vae" else 3)
    train_and_be_killed(config, broken.parent, is_writing=True)
    assert newest_step(broken) == reached
    assert list(broken.glob("checkpoint/.step-*"))
    assert_same_run(whole, hwlib.fit(config, runs=broken.parent))
