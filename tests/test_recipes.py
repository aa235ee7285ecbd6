"""Networks and settings against the facts of the five reports."""

import pytest
import torch
from torch import nn

from hwlib.config import Config
from hwlib.errors import UserError
from hwlib.models.gan import JoinEmbedding, JoinOneHot, JoinValues
from hwlib.recipes import PAIRS, RECIPES, build_models, make_config
from hwlib.registry import PROBLEMS
from hwlib.run import Run
from hwlib.text import LANGUAGES, sentence

EVERY = [(name, problem) for name, recipe in RECIPES.items() for problem in recipe.problems]
ADVERSARIAL = [pair for pair in EVERY if pair[1] in ("gan", "acgan", "infogan")]

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

UPSAMPLE_G = [
    ("layers.dense", (16384,), 2_113_536),
    ("layers.reshape", (4, 4, 1024), 0),
    ("layers.convT1", (8, 8, 512), 13_107_712),
    ("layers.bn1", (8, 8, 512), 2_048),
    ("layers.convT2", (16, 16, 256), 3_277_056),
    ("layers.bn2", (16, 16, 256), 1_024),
    ("layers.convT3", (32, 32, 128), 819_328),
    ("layers.bn3", (32, 32, 128), 512),
    ("layers.recons", (64, 64, 3), 9_603),
]
UPSAMPLE_D = [
    ("trunk.conv1", (32, 32, 64), 4_864),
    ("trunk.bn1", (32, 32, 64), 256),
    ("trunk.conv2", (16, 16, 128), 204_928),
    ("trunk.bn2", (16, 16, 128), 512),
    ("trunk.conv3", (8, 8, 256), 819_456),
    ("trunk.bn3", (8, 8, 256), 1_024),
    ("trunk.conv4", (4, 4, 512), 3_277_312),
    ("trunk.bn4", (4, 4, 512), 2_048),
    ("trunk.flatten", (8192,), 0),
    ("head", (1,), 8_193),
]
UPSAMPLE_ACGAN_D = [
    ("trunk.conv1", (32, 32, 32), 2_432),
    ("trunk.conv2", (16, 16, 64), 51_264),
    ("trunk.conv3", (8, 8, 128), 204_928),
    ("trunk.conv4", (4, 4, 256), 819_456),
    ("trunk.bn4", (4, 4, 256), 1_024),
    ("trunk.flatten", (4096,), 0),
    ("head", (2,), 8_194),
]
UPSAMPLE_ACGAN_G = [("join", (129,), 0), ("layers.dense", (16384,), 2_129_920), *UPSAMPLE_G[1:]]
IMAGES = (3, 64, 64)
TABLES = [  # problem, network, layers, sizes of its inputs
    ("vae", "vae", UPSAMPLE_VAE, [IMAGES, (1024,)]),
    ("gan", "G", UPSAMPLE_G, [(128,)]),
    ("gan", "D", UPSAMPLE_D, [IMAGES]),
    ("acgan", "G", UPSAMPLE_ACGAN_G, [(128,), (1,)]),
    ("acgan", "D", UPSAMPLE_ACGAN_D, [IMAGES]),
]

# (inputs, outputs, kernel, stride, padding) of each convolution in its order.
DCGAN_UPS = [(n, after, 4, 2, 1) for n, after in ((512, 256), (256, 128), (128, 64), (64, 3))]
DCGAN_DOWNS = [(n, after, 4, 2, 1) for n, after in ((3, 64), (64, 128), (128, 256), (256, 512))]


def keras_count(module: nn.Module) -> int:
    """Count weights and the running statistics of batch norms, 4 per channel, as Keras does."""
    statistics = sum(b.numel() for b in module.buffers() if b.is_floating_point())
    return sum(p.numel() for p in module.parameters()) + statistics


def networks(*args, **options) -> dict[str, nn.Module]:
    """Build networks that have shapes and no weights."""
    with torch.device("meta"):
        return build_models(*args, **options)


def layer_facts(network: nn.Module, *sizes: tuple[int, ...]) -> dict[str, tuple]:
    """Run it once on inputs of these sizes; return (output channels last, parameters) by layer."""
    facts = {}
    for name, module in network.named_modules():

        def note(module, _, output, name=name):
            if isinstance(output, torch.Tensor):
                shape = tuple(output.shape[1:])
                shape = (*shape[1:], shape[0]) if len(shape) == 3 else shape
                facts[name] = (shape, keras_count(module))

        module.register_forward_hook(note)
    network(*(torch.zeros(2, *size, device="meta") for size in sizes))
    return facts


@pytest.mark.parametrize(("problem", "name", "table", "sizes"), TABLES)
def test_upsamples_networks_equal_the_reports_layer_tables(problem, name, table, sizes):
    network = networks("upsample", problem)[name]
    facts = layer_facts(network, *sizes)
    assert [(layer, *facts[layer]) for layer, _, _ in table] == table
    if problem == "gan":
        assert keras_count(network) == sum(count for _, _, count in table)
    if table is UPSAMPLE_D:  # the activation stands before batch norm
        assert kinds(network) == ["Conv2d", "LeakyReLU", "BatchNorm2d"] * 4 + ["Linear"]
    if table is UPSAMPLE_ACGAN_D:  # with half the filters
        assert keras_count(network.trunk) == 1_080_000


def test_wide_vae_has_the_reports_modules():
    vae = networks("wide", "vae")["vae"]
    assert convolutions(vae.encoder) == [(n, 256, 3, 1, 1) for n in (3, 256, 256)]
    assert kinds(vae.encoder) == ["Conv2d", "BatchNorm2d", "ReLU", "AvgPool2d"] * 3
    heads = [(m.in_features, m.out_features) for m in (vae.mu, vae.logvar, vae.decoder[0])]
    assert heads == [(16384, 1024), (16384, 1024), (1024, 16384)]
    ups = convolutions(vae.decoder, nn.ConvTranspose2d)
    assert ups == [(256, n, 4, 2, 1) for n in (256, 256, 3)]
    assert vae.decoder[-2].num_features == 3  # batch norm stands before the output as well


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_vae_gives_back_pictures_of_the_size_it_took(recipe):
    vae = build_models(recipe, "vae", 0.125, image_size=32, channels=1, z_dim=64)["vae"]
    x = torch.rand(2, 1, 32, 32)
    x_hat, mu, logvar = vae(x, torch.zeros(2, vae.z_dim))
    assert x_hat.shape == x.shape
    assert mu.shape == logvar.shape == (2, vae.z_dim)
    low, high = vae.pixel_range
    assert low <= x_hat.min()
    assert x_hat.max() <= high


def sizes_of(*networks: nn.Module) -> list[int]:
    return [sum(p.numel() for p in network.parameters()) for network in networks]


def convolutions(network: nn.Module, kind: type = nn.Conv2d) -> list[tuple[int, ...]]:
    """Return (inputs, outputs, kernel, stride, padding) of each, and hold that none has a bias."""
    found = [m for m in network.modules() if isinstance(m, kind)]
    assert all(m.bias is None for m in found)
    sides = [(m.kernel_size, m.stride, m.padding) for m in found]
    assert all(a == b for each in sides for a, b in each)
    places = [tuple(a for a, _ in each) for each in sides]
    return [(m.in_channels, m.out_channels, *own) for m, own in zip(found, places, strict=True)]


def kinds(network: nn.Module) -> list[str]:
    """Name the leaves that do something: convolutions, norms, activations, in their order."""
    leaves = [m for m in network.modules() if not list(m.children())]
    return [type(m).__name__ for m in leaves if not isinstance(m, nn.Flatten | nn.Unflatten)]


@pytest.mark.parametrize(
    ("recipe", "problem", "num_conditions", "inputs", "outputs"),
    [
        ("wide", "gan", 1, 256, [1]),
        ("wide", "acgan", 2, 256 + 2, [1, 2]),
        ("dcgan", "gan", 1, 100, [1]),
        ("dcgan", "acgan", 2, 100 + 4, [3]),
        ("dcgan", "infogan", 1, 62 + 10, [1]),
        ("dcgan", "infogan", 2, 62 + 20, [1]),
    ],
)
def test_wide_and_dcgan_have_the_convolutions_of_pytorchs_example(
    recipe, problem, num_conditions, inputs, outputs
):
    options = {"num_labels": num_conditions, "num_codes": num_conditions}
    models = networks(recipe, problem, **options)
    ups = convolutions(models["G"], nn.ConvTranspose2d)
    assert ups == [(inputs, 512, 4, 1, 0), *DCGAN_UPS]
    assert convolutions(models["D"]) == [*DCGAN_DOWNS, *((512, n, 4, 1, 0) for n in outputs)]


def test_wide_gan_has_the_reports_modules_and_dcgan_the_examples_weights():
    G, D = networks("wide", "gan").values()
    assert kinds(G) == ["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 4 + ["ConvTranspose2d", "Tanh"]
    down = ["Conv2d", "BatchNorm2d", "LeakyReLU"]
    assert kinds(D) == ["Conv2d", "LeakyReLU", *down * 3, "Conv2d"]
    assert {m.negative_slope for m in D.modules() if isinstance(m, nn.LeakyReLU)} == {0.2}
    heads = networks("wide", "acgan", num_labels=2)["D"].head
    assert [name for name, _ in heads.named_children()] == ["real", "classes"]
    G, D = networks("dcgan", "gan").values()
    assert sizes_of(G, D) == [3_576_704, 2_765_568]
    assert layer_facts(G, (100,))["layers"][0] == (64, 64, 3)


@pytest.mark.parametrize(("problem", "outputs"), [("gan", 1), ("acgan", 2)])
def test_plain_gan_is_the_vaes_decoder_and_encoder_turned_round(problem, outputs):
    models = networks("plain", problem)
    vae = networks("plain", "vae")["vae"]
    weights = [
        [(name, value.shape) for name, value in part.state_dict().items()]
        for part in (models["G"].layers, vae.decoder, models["D"].trunk, vae.encoder)
    ]
    assert weights[0] == weights[1]
    assert weights[2] == weights[3]
    assert [type(m) for m in models["G"].layers] == [type(m) for m in vae.decoder]
    assert [type(m) for m in models["D"].trunk] == [type(m) for m in vae.encoder]
    assert (models["D"].head.in_features, models["D"].head.out_features) == (8192, outputs)
    parts = [*models["G"].modules(), *models["D"].modules()]
    assert not any(isinstance(m, nn.BatchNorm2d) for m in parts)


def test_q_reads_ds_trunk_and_holds_none_of_ds_weights():
    G, D, Q = networks("dcgan", "infogan", num_codes=2).values()
    assert (G.z_dim, G.label_dim) == (62, 20)
    assert convolutions(Q) == [(512, 128, 4, 1, 0)]
    assert (Q.layers[-1].in_features, Q.layers[-1].out_features) == (128, 20)
    features = D.trunk(torch.zeros(2, 3, 64, 64, device="meta"))
    assert not {id(p) for p in D.parameters()} & {id(p) for p in Q.parameters()}
    assert Q(features).shape == (2, 2, 10)
    Q(features).square().sum().backward()
    assert all(p.grad is not None for p in D.trunk.parameters())
    assert all(p.grad is None for p in D.head.parameters())


@pytest.mark.parametrize(("recipe", "problem"), ADVERSARIAL)
@pytest.mark.parametrize(("image_size", "channels"), [(48, 1), (16, 3)])
def test_every_gan_draws_and_judges_pictures_of_its_size(recipe, problem, image_size, channels):
    models = build_models(recipe, problem, 0.0625, image_size=image_size, channels=channels)
    G, D = models["G"], models["D"]
    z = torch.randn(4, G.z_dim)
    c = [torch.zeros(4, G.label_dim)] if G.label_dim else []
    x = G(z, *c)
    assert x.shape == (4, channels, image_size, image_size)
    assert x.abs().max() <= 1
    outputs = D(x) if problem == "acgan" else [D(x)]
    assert [tuple(logits.shape) for logits in outputs] == [(4,), (4, 1)][: len(outputs)]
    assert not any(isinstance(m, nn.Sigmoid | nn.Softmax | nn.LogSigmoid) for m in D.modules())
    if problem == "infogan":
        assert models["Q"](D.trunk(x)).shape == (4, 1, 10)
    for wrong in ((z[:, 1:], *c), (z, torch.zeros(4, G.label_dim + 1)), *([(z,)] if c else [])):
        with pytest.raises(ValueError, match="G takes z"):
            G(*wrong)


@pytest.mark.parametrize("recipe", [recipe for recipe, p in EVERY if p == "acgan"])
def test_each_label_changes_the_picture(recipe):
    models = build_models(recipe, "acgan", 0.125, num_labels=3)
    G, D = models["G"].eval(), models["D"]
    z, c = torch.randn(4, G.z_dim), torch.eye(4, 3)
    before = G(z, c)
    for a in range(3):
        switched = c.clone()
        switched[:, a] = 1 - switched[:, a]
        assert (G(z, switched) - before).abs().amax(dim=(1, 2, 3)).min() > 0
    assert [tuple(logits.shape) for logits in D(before)] == [(4,), (4, 3)]


def test_labels_come_in_as_values_as_one_hot_pairs_or_as_a_product():
    tables = networks("plain", "acgan", num_labels=3)["G"].join.embeddings
    assert [(t.num_embeddings, t.embedding_dim) for t in tables] == [(2, 512)] * 3
    z = torch.tensor([[1.0, -2.0], [3.0, 4.0]])
    c = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    values = JoinValues(2, 2)
    assert values(z, c).tolist() == [[1, -2, 1, 0], [3, 4, 0, 1]]
    pairs = JoinOneHot(2, 2)
    assert pairs(z, c).tolist() == [[1, -2, 0, 1, 1, 0], [3, 4, 1, 0, 0, 1]]
    product = JoinEmbedding(2, 2)
    assert [join.num_inputs for join in (values, pairs, product)] == [4, 6, 2]
    (off_a, on_a), (off_b, on_b) = (table.weight for table in product.embeddings)
    expected = torch.stack([z[0] * (on_a + off_b), z[1] * (off_a + on_b)]) / 2**0.5
    torch.testing.assert_close(product(z, c), expected)
    torch.manual_seed(0)
    for num in (1, 4):  # the factor starts around one however many labels there are
        factor = JoinEmbedding(4_096, num)(torch.ones(1, 4_096), torch.ones(1, num))
        assert factor.mean().item() == pytest.approx(1, abs=0.05)
        assert factor.std().item() == pytest.approx(0.5, abs=0.03)


def test_width_scales_the_parameters_and_keeps_the_layers_and_half_of_ds_leaves_g_as_it_is():
    def hidden(network):
        return [m.out_channels for m in network.trunk if isinstance(m, nn.Conv2d)]

    for recipe, problem in EVERY:
        broad, narrow = (networks(recipe, problem, width) for width in (0.5, 0.125))
        for name in broad:
            layers = [[type(m) for m in models[name].modules()] for models in (broad, narrow)]
            assert layers[0] == layers[1]
            sizes = sizes_of(broad[name], narrow[name])
            assert sizes[1] < sizes[0] / 3
    for recipe, problem in ADVERSARIAL:
        full, half = (networks(recipe, problem, 0.25, d_width=width) for width in (1.0, 0.5))
        assert [n // 2 for n in hidden(full["D"])] == hidden(half["D"])
        assert sizes_of(full["G"]) == sizes_of(half["G"])
        if problem == "infogan":
            x = torch.zeros(2, 3, 64, 64, device="meta")
            assert half["Q"](half["D"].trunk(x)).shape == (2, 1, 10)


def test_plains_gan_starts_from_glorots_weights_and_the_others_from_dcgans():
    torch.manual_seed(0)
    G = build_models("plain", "acgan")["G"]
    bound = (6 / (G.layers[0].in_features + G.layers[0].out_features)) ** 0.5
    assert G.layers[0].weight.abs().max().item() == pytest.approx(bound, rel=0.01)
    assert not any(m.bias.any() for m in G.modules() if getattr(m, "bias", None) is not None)
    for recipe in ("upsample", "wide", "dcgan"):
        for network in build_models(recipe, "acgan", 0.5).values():
            modules = list(network.modules())
            convs = [m.weight for m in modules if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
            norms = torch.cat([m.weight for m in modules if isinstance(m, nn.BatchNorm2d)])
            for weight in (w for w in convs if w.numel() > 9_000):
                assert weight.std().item() == pytest.approx(0.02, rel=0.05)
            assert norms.mean().item() == pytest.approx(1, abs=0.005)
            assert norms.std().item() == pytest.approx(0.02, rel=0.15)


def test_fourteen_pairs_and_the_kl_study_are_the_homeworks():
    own = {problem: [r for r, p in PAIRS if p == problem] for problem in PROBLEMS}
    assert sum(map(len, own.values())) == 15
    reports = [name for name, recipe in RECIPES.items() if recipe.letter]
    assert (own["vae"], own["kl"], own["infogan"]) == (reports, ["elbo"], ["dcgan"])
    for language in LANGUAGES:  # each says what its report leaves open
        for recipe, problem in PAIRS:
            if not PROBLEMS[problem].study_of:
                assert len(sentence(f"recipes.{recipe}_{problem}", language)) > 60


ADAM = {"learning_rate": 2e-4, "adam_betas": (0.5, 0.999)}
COURSE = {
    ("vae", "plain"): {"optimizer": "rmsprop", "batch_size": 128, "num_steps": 200 * 40_000 // 128},
    ("vae", "wide"): {"z_dim": 1024, "kl_weight": 1e-5},
    ("vae", "elbo"): {"learning_rate": 1e-4, "batch_size": 100, "num_steps": 100 * 40_000 // 100},
    ("vae", "dcgan"): {"learning_rate": 1e-3, "batch_size": 64, "z_dim": 100, "kl_weight": 1.0},
    ("gan", "plain"): {"num_steps": 50_000, "batch_size": 128},
    ("gan", "upsample"): {"num_steps": 20_000, "batch_size": 128, "z_dim": 128, "d_width": 1.0}
    | {"curve_every": 10, "curve_smoothing": 10},
    ("gan", "wide"): {"z_dim": 256},
    ("gan", "dcgan"): ADAM | {"z_dim": 100, "num_steps": 35 * 40_000 // 64},
    ("acgan", "plain"): {"num_steps": 30_000, "batch_size": 128, "attribute": "Smiling"},
    ("acgan", "upsample"): {"attribute": "Smiling", "d_width": 0.5},
    ("acgan", "wide"): {"z_dim": 256, "attribute": "Mouth_Slightly_Open"},
    ("acgan", "dcgan"): {"attribute": "Smiling"},
    ("infogan", "dcgan"): ADAM | {"z_dim": 62, "num_codes": 1},
}


@pytest.mark.parametrize(("problem", "recipe"), COURSE)
def test_course_settings_are_the_reports(problem, recipe):
    found = make_config(problem, recipe, profile="course").model_dump()
    stated = COURSE[problem, recipe] | {"width": 1.0}
    if problem != "vae":  # nothing that came after the reports is on
        stated |= {"ema": 0.0, "label_smoothing": 0.0, "spectral_norm": False, "r1": 0.0}
        stated |= {"augment": False, "flip": False, "noise": "normal", "d_updates": 1}
    assert {name: found[name] for name in stated} == stated


def test_profiles_change_nothing_but_width_and_schedule():
    for recipe, problem in (*EVERY, ("dcgan", "kl")):
        course, quick, preview = (
            make_config(problem, recipe, profile=profile).to_json()
            for profile in ("course", "quick", "preview")
        )
        schedule = {"profile", "width", "num_steps", "batch_size", "num_evals", "checkpoint_every"}
        # The study's VAEs share a few minutes: there are fewer, and larger steps make up for few.
        schedule |= {"learning_rate", "kl_sweep"} if problem == "kl" else {"d_width"}
        # Today's recipe takes smaller steps, and a longer average, where it takes many more.
        schedule |= {"learning_rate", "ema"} if recipe == "modern" else set()
        assert {key for key in course if course[key] != quick[key]} <= schedule
        smaller = {"profile", "width", "num_steps", "num_evals", "oracle_steps", "kl_sweep"}
        assert {key for key in quick if quick[key] != preview[key]} <= smaller
        assert preview["width"] == quick["width"] / 2
        share = 2 if problem == "infogan" else 4
        assert preview["num_steps"] == round(quick["num_steps"] / share)
        assert make_config(problem, recipe, profile="look").to_json() == preview


def test_hash_covers_what_changes_the_result_and_nothing_else():
    config = make_config("vae")
    assert Config.create(**config.to_json()) == config
    base = config.hash8(data="a")
    assert base == make_config("vae", checkpoint_every=7).hash8(data="a")
    assert base == make_config("vae", data="faces:9000").hash8(data="a")
    assert base == config.model_copy(update={"ema": 0.5, "num_codes": 2}).hash8(data="a")
    changes = ({"seed": 1}, {"z_dim": 10}, {"kl_weight": 2.0}, {"num_steps": 5})
    different = {config.model_copy(update=change).hash8(data="a") for change in changes}
    assert len({base, config.hash8(data="b"), *different}) == 6


def test_a_finished_run_goes_by_the_settings_asked_for_now_and_keeps_its_record(tmp_path):
    for smoothing, data in ((0, "/old/pictures"), (10, "/new/pictures")):
        config = make_config("gan", curve_smoothing=smoothing).model_copy(update={"data": data})
        run = Run.create(tmp_path, config, name="gan-dcgan-1", facts={})
        assert run.config == config
        (run.path / "results.json").touch()
    assert Run(run.path).config.curve_smoothing == 0


@pytest.mark.parametrize("text", ["[]", '{"data": {}}', '{"settings"'])
def test_a_damaged_record_of_a_run_is_told_in_one_line(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UserError) as mistake:
        Run(tmp_path)
    assert mistake.value.key == "run_damaged"
