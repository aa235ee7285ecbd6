"""Today's recipe, and what it takes that the five reports have not."""

import numpy as np
import pytest
import torch
from conftest import mistake_of, without_scores
from killing import SPEC, smoke
from torch import nn

import hwlib
from hwlib.models.gan import MinibatchDeviation
from hwlib.models.layers import init_he
from hwlib.recipes import PAIRS, RECIPES, build_models
from hwlib.recipes.modern import SelfModulation
from hwlib.training.batches import Batches, draw_inputs, generate
from hwlib.training.loop import make_state
from hwlib.training.steps import vae_step
from hwlib.training.updates import State, set_learning_rates

CPU = torch.device("cpu")
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@pytest.fixture(scope="module")
def vae(tmp_path_factory):
    """A finished run of its VAE."""
    with without_scores():
        return hwlib.fit(smoke("vae", "modern"), runs=tmp_path_factory.mktemp("runs"))


def test_it_is_not_one_of_the_homeworks_five():
    assert "modern" not in {recipe for recipe, _ in PAIRS}
    assert [name for name, recipe in RECIPES.items() if not recipe.letter] == ["modern"]
    assert set(RECIPES["modern"].problems) == {"vae", "gan", "acgan", "infogan"}


@pytest.mark.parametrize("problem", ["gan", "acgan", "infogan"])
def test_d_has_no_norm_and_those_of_g_are_ruled_by_its_input(problem):
    models = build_models("modern", problem, 0.125, minibatch_std=True)
    assert not any(
        isinstance(m, NORMS) for name in models.keys() - {"G"} for m in models[name].modules()
    )
    G = models["G"]
    modulations = [m for m in G.modules() if isinstance(m, SelfModulation)]
    norms = [m for m in G.modules() if isinstance(m, NORMS)]
    assert norms == [m.norm for m in modulations]
    assert not any(norm.affine for norm in norms)
    x, inputs = torch.randn(2, 4, 3, 3), torch.zeros(2, modulations[-1].linear.in_features)
    last = SelfModulation(4, inputs.shape[1])
    with torch.no_grad():
        last.linear.bias.copy_(torch.cat([torch.full((4,), 2.0), torch.arange(4.0)]))
    expected = 3 * last.norm(x) + torch.arange(4.0).view(1, 4, 1, 1)
    torch.testing.assert_close(last(x, inputs), expected)
    inputs[1] = 1
    assert not torch.allclose(last(x, inputs)[1], expected[1])


def test_d_is_told_how_much_the_images_of_each_four_differ():
    told = MinibatchDeviation(2)
    with torch.no_grad():
        told.weight.copy_(torch.tensor([1.0, -2.0]))
    x = torch.randn(8, 2, 3, 3)
    x[4:] = x[4]
    added = told(x) - x
    spread = x[:4].std(0, correction=0).mean()
    torch.testing.assert_close(added[:4, 0], spread.expand(4, 3, 3), atol=1e-3, rtol=0)
    torch.testing.assert_close(added[:, 1], -2 * added[:, 0])
    assert added[4:].abs().max() < 1e-3
    assert told(x[:5]).shape == (5, 2, 3, 3)  # images that make no group
    for recipe, problem in PAIRS:  # any D can be told, its trunk's features maps or not
        if "D" in build_models(recipe, problem, 0.0625):
            D = build_models(recipe, problem, 0.0625, minibatch_std=True)["D"]
            assert isinstance(D.trunk[-1], MinibatchDeviation)
            D(torch.zeros(4, 3, 64, 64))


def test_learning_rates_hold_and_then_fall_along_a_line_each_from_its_own():
    config = smoke("vae", sigma="learned", lr_decay=0.5, num_steps=100)
    state = make_state(config, channels=3, device=CPU)
    (optimizer,) = state.optimizers.values()
    first = [group["lr"] for group in optimizer.param_groups]
    assert len(set(first)) == 2
    for step, share in ((0, 1), (50, 1), (75, 0.5), (90, 0.2), (99, 0.02), (60, 0.8)):
        state.step = step
        set_learning_rates(state, config)
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx(
            [share * lr for lr in first]
        )


def test_hes_weights_keep_the_size_of_what_passes():
    torch.manual_seed(0)
    act = nn.LeakyReLU(0.2)
    for network, x in (
        (
            nn.Sequential(*[nn.Sequential(nn.Conv2d(32, 32, 4, 2, 1), act) for _ in range(4)]),
            torch.randn(8, 32, 64, 64),
        ),
        (
            nn.Sequential(
                *[nn.Sequential(nn.ConvTranspose2d(32, 32, 4, 2, 1), act) for _ in range(4)]
            ),
            torch.randn(8, 32, 4, 4),
        ),
    ):
        init_he(network)
        size = network(x).square().mean().sqrt().item()
        assert 0.25 < size < 1  # the last layer's weights are half as large


def test_a_fitted_prior_has_the_mean_and_covariance_of_the_latents():
    vae = build_models("modern", "vae", 0.125, z_dim=3, prior="fitted")["vae"]
    assert torch.equal(vae.from_prior(torch.eye(3)), torch.eye(3))  # before it is fitted
    mixing = torch.tensor([[2.0, 0, 0], [1, 1, 0], [0, -1, 0.5]])
    mu = torch.randn(20_000, 3) @ mixing.T + torch.tensor([1.0, 0, -2])
    vae.fit_prior(mu, torch.full_like(mu, 0.09).log())
    drawn = vae.from_prior(torch.randn(50_000, 3))
    torch.testing.assert_close(drawn.mean(0), torch.tensor([1.0, 0, -2]), atol=0.05, rtol=0)
    expected = mixing @ mixing.T + 0.09 * torch.eye(3)
    torch.testing.assert_close(drawn.T.cov(), expected, atol=0.12, rtol=0)


def test_a_finished_vae_draws_from_its_prior_and_says_what_the_prior_is_worth(vae):
    network = vae.load_models()["vae"]
    assert not torch.equal(network.prior_factor, torch.eye(network.z_dim))
    for name in ("normal", "reconstructions"):
        assert {f"kid_{name}", f"frechet_{name}"} <= vae.results.keys()
    samples = generate(network, *draw_inputs(network, vae.config, "samples", num=64))
    assert np.array_equal(samples, vae.samples["samples"])
    assert set(vae.load_models()) == {"vae", "D"}


def test_the_vaes_critic_joins_late_and_then_moves_both():
    config = smoke("vae", "modern", num_steps=10)
    data = hwlib.load_data(SPEC, config.image_size)
    batches = Batches(data.train.images, batch_size=16, seed=0, flip=False, device=CPU)

    def weights_after(step: int, weight: float) -> tuple[State, list[torch.Tensor]]:
        state = make_state(config, channels=3, device=CPU)
        state.step = step
        changed = config.model_copy(update={"adversarial_weight": weight})
        vae_step(state, batches[0], changed, precision="float32")
        return state, [p.detach() for p in state.models["vae"].decoder.parameters()]

    fresh = make_state(config, channels=3, device=CPU)
    for step, joins in ((5, False), (6, True)):
        (state, light), (_, heavy) = weights_after(step, 1.0), weights_after(step, 1e4)
        pairs = zip(state.models["D"].parameters(), fresh.models["D"].parameters(), strict=True)
        assert any(not torch.equal(a, b) for a, b in pairs) == joins
        assert any(not torch.equal(a, b) for a, b in zip(light, heavy, strict=True)) == joins


def test_what_belongs_to_a_vae_is_refused_elsewhere():
    assert mistake_of(smoke, "gan", "modern", prior="fitted").key == "setting_of_problem"
    assert mistake_of(smoke, "vae", "modern", minibatch_std=True).key == "setting_of_problem"
