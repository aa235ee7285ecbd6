"""Networks and settings against the facts of the five reports."""

import pytest
import torch
from torch import nn

from hwlib.config import Config
from hwlib.errors import UserError
from hwlib.recipes import PAIRS, RECIPES, build_models, make_config

VAE_RECIPES = [recipe for recipe, problem in PAIRS if problem == "vae"]

# Report B's layer table, channels last as in the report: (name, output, parameters).
UPSAMPLE_VAE = [
    ("encoder.conv1", (32, 32, 64), 4_864),
    ("encoder.conv2", (16, 16, 128), 204_928),
    ("encoder.conv3", (8, 8, 256), 819_456),
    ("mu", (1024,), 16_778_240),
    ("logvar", (1024,), 16_778_240),
    ("decoder.reshape", (8, 8, 16), 0),
    ("decoder.conv4", (8, 8, 256), 102_656),
    ("decoder.conv5", (16, 16, 128), 819_328),
    ("decoder.conv6", (32, 32, 64), 204_864),
    ("decoder.recons", (64, 64, 3), 1_731),
]


def layer_facts(network: nn.Module, *inputs: torch.Tensor) -> dict[str, tuple]:
    """Run the network once and return each layer's (output shape channels last, parameters)."""
    facts, hooks = {}, []
    for name, module in network.named_modules():

        def note(module, _, output, name=name):
            if isinstance(output, torch.Tensor):
                shape = tuple(output.shape[1:])
                shape = (*shape[1:], shape[0]) if len(shape) == 3 else shape
                facts[name] = (shape, sum(p.numel() for p in module.parameters()))

        hooks.append(module.register_forward_hook(note))
    with torch.no_grad():
        network(*inputs)
    for hook in hooks:
        hook.remove()
    return facts


def run_vae(recipe, **options):
    vae = build_models(recipe, "vae", **options)["vae"]
    return vae, layer_facts(vae, torch.zeros(1, 3, 64, 64), torch.zeros(1, vae.z_dim))


def test_upsample_vae_equals_the_reports_layer_table():
    _, facts = run_vae("upsample")
    assert [(name, *facts[name]) for name, _, _ in UPSAMPLE_VAE] == UPSAMPLE_VAE


def test_wide_vae_has_the_reports_modules():
    vae, facts = run_vae("wide")
    convs = [m for m in vae.encoder if isinstance(m, nn.Conv2d)]
    assert [(c.out_channels, c.kernel_size, c.padding, c.bias) for c in convs] == [
        (256, (3, 3), (1, 1), None)
    ] * 3
    assert sum(isinstance(m, nn.AvgPool2d) for m in vae.encoder) == 3
    fc2 = vae.decoder[0]
    heads = [(m.in_features, m.out_features) for m in (vae.mu, vae.logvar, fc2)]
    assert heads == [(16384, 1024), (16384, 1024), (1024, 16384)]
    ups = [m for m in vae.decoder if isinstance(m, nn.ConvTranspose2d)]
    assert [(u.in_channels, u.out_channels) for u in ups] == [(256, 256), (256, 256), (256, 3)]
    assert all((u.kernel_size, u.stride, u.padding) == ((4, 4), (2, 2), (1, 1)) for u in ups)
    assert isinstance(vae.decoder[-2], nn.BatchNorm2d)
    assert vae.decoder[-2].num_features == 3
    assert facts["decoder"][0] == (64, 64, 3)


def test_plain_vae_has_three_layers_each_way_and_no_batch_norm():
    vae, _ = run_vae("plain")
    assert sum(isinstance(m, nn.Conv2d) for m in vae.encoder) == 3
    assert sum(isinstance(m, nn.ConvTranspose2d) for m in vae.decoder) == 3
    assert not any(isinstance(m, nn.BatchNorm2d) for m in vae.modules())


def test_dcgan_vae_has_100_latents_and_transposed_convolutions():
    vae, _ = run_vae("dcgan")
    assert vae.z_dim == 100
    assert vae.pixel_range == (-1.0, 1.0)
    assert sum(isinstance(m, nn.ConvTranspose2d) for m in vae.decoder) == 3


@pytest.mark.parametrize("recipe", VAE_RECIPES)
@pytest.mark.parametrize(("image_size", "channels"), [(64, 3), (32, 1)])
def test_every_vae_gives_back_pictures_of_the_size_it_took(recipe, image_size, channels):
    z_dim = None if image_size == 64 else 64
    vae = build_models(recipe, "vae", 0.125, z_dim=z_dim, image_size=image_size, channels=channels)[
        "vae"
    ]
    x = torch.rand(2, channels, image_size, image_size)
    x_hat, mu, logvar = vae(x, torch.zeros(2, vae.z_dim))
    assert x_hat.shape == x.shape
    assert mu.shape == logvar.shape == (2, vae.z_dim)
    low, high = vae.pixel_range
    assert low <= x_hat.min()
    assert x_hat.max() <= high


@pytest.mark.parametrize("recipe", VAE_RECIPES)
def test_width_scales_the_parameters_but_keeps_the_layers(recipe):
    full, _ = run_vae(recipe)
    narrow, _ = run_vae(recipe, width=0.25)
    assert [type(m) for m in full.modules()] == [type(m) for m in narrow.modules()]
    count = [sum(p.numel() for p in m.parameters()) for m in (full, narrow)]
    assert count[1] < count[0] / 3


def test_fourteen_pairs_and_the_kl_study_are_the_homeworks():
    assert len([problem for _, problem in PAIRS if problem != "kl"]) == 14
    assert [r for r, p in PAIRS if p == "kl"] == ["elbo"]
    assert {r for r, p in PAIRS if p == "vae"} == set(RECIPES)
    assert [r for r, p in PAIRS if p == "infogan"] == ["dcgan"]


def test_course_settings_are_the_reports():
    dcgan = make_config("vae", "dcgan", profile="course")
    assert (dcgan.learning_rate, dcgan.batch_size, dcgan.z_dim) == (1e-3, 64, 100)
    assert (dcgan.kl_weight, dcgan.width) == (1.0, 1.0)
    plain = make_config("vae", "plain", profile="course")
    assert (plain.optimizer, plain.batch_size) == ("rmsprop", 128)
    assert plain.num_steps == 200 * 40_000 // 128
    elbo = make_config("vae", "elbo", profile="course")
    assert (elbo.learning_rate, elbo.batch_size) == (1e-4, 100)
    assert elbo.num_steps == 100 * 40_000 // 100
    wide = make_config("vae", "wide", profile="course")
    assert (wide.z_dim, wide.kl_weight) == (1024, 1e-5)


def test_quick_changes_nothing_but_width_and_schedule():
    for recipe, problem in PAIRS:
        if problem not in RECIPES[recipe].problems:
            continue
        course = make_config(problem, recipe, profile="course").to_json()
        quick = make_config(problem, recipe, profile="quick").to_json()
        changed = {key for key in course if course[key] != quick[key]}
        assert changed <= {"profile", "num_steps", "width", "num_evals", "checkpoint_every"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"problem": "vea"}, "unknown problem 'vea'; known: vae"),
        ({"recipe": "unet"}, "unknown recipe 'unet'; known: plain"),
        ({"problem": "infogan", "recipe": "wide"}, "these have it: dcgan"),
        ({"profile": "fast"}, "setting profile = 'fast'"),
        ({"num_setps": 3}, "unknown setting 'num_setps'; known settings: "),
        ({"batch_size": 0}, "setting batch_size = 0: input should be greater than"),
        ({"learning_rate": float("nan")}, "setting learning_rate"),
        ({"image_size": 50}, "multiple of 16"),
        ({"seed": -1}, "setting seed = -1"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(arguments, message):
    with pytest.raises(UserError) as error:
        make_config(**({"problem": "vae"} | arguments))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_latents_that_fill_no_whole_map_are_refused():
    with pytest.raises(UserError, match="multiple of 64"):
        build_models("upsample", "vae", z_dim=50)


def test_config_survives_json_and_is_frozen():
    config = make_config("vae", "wide", seed=3, kl_weight=0.5)
    assert Config.create(**config.to_json()) == config
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 4


def test_hash_covers_what_changes_the_result_and_nothing_else():
    config = make_config("vae")
    base = config.hash8(data="a")
    assert base == make_config("vae", checkpoint_every=7).hash8(data="a")
    assert base == make_config("vae", data="faces:9000").hash8(data="a")
    different = {
        config.hash8(data="b"),
        *(
            config.model_copy(update=change).hash8(data="a")
            for change in ({"seed": 1}, {"z_dim": 10}, {"kl_weight": 2.0}, {"num_steps": 5})
        ),
    }
    assert base not in different
    assert len(different) == 5


def test_every_setting_says_what_it_means():
    assert [n for n, field in Config.model_fields.items() if not field.description] == []
