"""The claims: every verdict from made-up runs, the statistics, the runs they share, the command."""

import json
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from claims_verdicts import interval
from conftest import mistake_of, without_scores

import hwlib
from hwlib.claims import CLAIMS, catalogue, claims_path, decide, deciding, known_ids, shapes
from hwlib.claims.catalogue import CONDITIONS, NotApplicable, known_verdicts, read_claims, rule_of
from hwlib.claims.deciding import (
    arm_configs,
    check_needs,
    decide_one,
    judge_values,
    planned,
    with_recipe,
)
from hwlib.claims.measures import RealImages, sharpness
from hwlib.claims.statistics import joined, judge_interval, t_interval
from hwlib.data import Part
from hwlib.errors import UserError
from hwlib.faces.factors import ATTRIBUTES, FACTORS
from hwlib.objectives import common_form
from hwlib.recipes import PAIRS, build_models, get_pair, make_config
from hwlib.text import LANGUAGES, has_word, section, word
from hwlib.training.loop import TrainingDiverged
from hwlib.training.study import member_configs

SEEDS = (0, 1, 2)
SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
NUM_RECORDS = 100
TIME = np.linspace(0, 1, NUM_RECORDS)
SIDE = 8


# ---- made-up runs --------------------------------------------------------------------------------


def made_run(path, config, story):
    """Return as much of a run as the measures read."""
    path.mkdir()
    if "latents" in story:
        np.savez(path / "latents.npz", **story["latents"])
    noise = np.random.default_rng([config.seed, len(str(story))])
    results = SOUND | story.get("results", {})
    for name, value in results.items():
        if isinstance(value, float) and not name.startswith("linear"):
            results[name] = value * (1 + 0.002 * noise.normal())
    metrics = {"step": np.arange(1, NUM_RECORDS + 1) * 30} | story.get("metrics", {})
    found = {"config": config, "results": results, "metrics": pd.DataFrame(metrics)}
    samples = {"originals": images(50)} | story.get("samples", {})
    return SimpleNamespace(path=path, samples=samples, **found)


def made_data(**changes):
    """Return as much of a data set as claims look at: 40 images of one colour each, half men."""
    rng = np.random.default_rng(0)
    colours = rng.integers(20, 236, (40, 1, 1, 3)) + rng.integers(-15, 16, (40, SIDE, SIDE, 3))
    labels = np.tile(np.arange(40)[:, None] % 2, (1, len(ATTRIBUTES))).astype(np.uint8)
    factors = pd.DataFrame({name: np.zeros(40) for name in FACTORS})
    part = Part(colours.astype(np.uint8), labels, range(40), factors)
    facts = {"channels": 3, "attributes": ATTRIBUTES, "train": part, "test": part}
    return SimpleNamespace(**facts | changes)


def images(spread):
    noise = np.random.default_rng(1).normal(size=(32, SIDE, SIDE, 3))
    return (128 + spread * noise).clip(0, 255).astype(np.uint8)


# Of a run whose images are neither fog nor noise nor all alike, beside real images.
SOUND = {
    **{"num_steps": 2_000, "collapse": []},
    **{"precision": 0.8, "precision_real": 0.95, "coverage": 0.3, "coverage_real": 0.96},
    **{"diversity_samples": 12.0, "diversity_real": 18.0, "sharpness_samples": 300.0},
    **{"sharpness_reconstructions": 300.0, "test_mse_11": 0.02},
    **{"frechet_real": 5.0, "kid_real": 0.01},
}
FOG = {"sharpness_samples": 0.5, "diversity_samples": 2.0, "precision": 0.9}
NOISE = {"sharpness_samples": 9_000.0, "diversity_samples": 20.0, "precision": 0.001}


def curves(**columns):
    return {"metrics": columns}


def results(**numbers):
    return {"results": numbers}


def with_kids(kids, **columns):
    """Return curves with a snapshot's KID at the end of each of `len(kids)` stretches."""
    column = np.full(NUM_RECORDS, np.nan)
    ends = (np.arange(1, len(kids) + 1) * NUM_RECORDS / len(kids)).round().astype(int) - 1
    column[ends] = kids
    return curves(snapshot_kid=column, **columns)


RISING, FALLING = 100 + 50 * TIME, 150 - 50 * TIME
DIPPING = np.where(TIME < 0.15, 50 - 200 * TIME, 20 + 8 * np.minimum(1, (TIME - 0.15) / 0.4))
SAW = np.sin(np.arange(NUM_RECORDS) * 2.1)
REPORT_B = curves(recon_nats=FALLING, kl_nats=DIPPING)
REPORT_C = curves(recon_nats=RISING, kl_nats=FALLING)
SHARP, SOFT = (
    {"sharpness_reconstructions": s, "sharpness_samples": s, "test_mse_11": s / 1e4}
    for s in (400.0, 200.0)
)
NEAR, FAR = {"frechet": 100.0}, {"frechet": 300.0}
NEARBY, DISTANT, SAME = results(**NEAR), results(**FAR), results(**SHARP, **NEAR)
SHARP_FAR, SOFT_NEAR, OTHER = (
    results(**a | b) for a, b in ((SHARP, FAR), (SOFT, NEAR), (SOFT, FAR))
)
GREY, VIVID = (results(colourfulness_samples=c) for c in (30.0, 40.0))
FINE, ROUGH = (curves(d_loss=1 + size * SAW, g_loss=2 + size * SAW) for size in (0.1, 0.3))
LOW, MIDDLE, HIGH = (results(test_mse_11=mse, last_kid=100 * mse) for mse in (0.02, 0.03, 0.06))
ALIKE, UNLIKE = (
    results(diversity_samples=diversity) | {"samples": {"reconstructions": images(spread)}}
    for diversity, spread in ((2.0, 2), (12.0, 30))
)
MEAN_FACE = results(**SOFT) | {"samples": {"samples": images(5)}}
OWN_FACE = results(**SHARP) | {"samples": {"samples": images(40)}}
BLURRED = results(sharpness_reconstructions=0.5, sharpness_samples=0.5)
BLURRED_FAR, PERFECT = results(**SOFT, frechet=10.0, coverage=0.9), np.full(NUM_RECORDS, 0.001)
UNCOVERED = results(**SHARP, **FAR, coverage=0.001)


def played(real):
    return curves(d_accuracy_real=np.full(NUM_RECORDS, real), d_accuracy_fake=0.66 + 0 * TIME)


def told(**nats):
    return results(code_factor_nats=[dict.fromkeys(FACTORS, 0.1) | nats])


def latents(*, apart):
    rng = np.random.default_rng(2)
    mu = rng.normal(size=(40, 5))
    mu[:, 0] += 20 * (np.arange(40) % 2) if apart else 0
    accuracy = 0.98 if apart else 0.52
    probe = {"linear_probe_accuracy": accuracy, "linear_probe_floor": 0.5}
    return results(**probe) | {"latents": {"test_mu": mu, "test_index": np.arange(40)}}


def stories(arms, right, wrong):
    """Return what each arm of a claim would be like if it were right, and if it were wrong."""
    return tuple(dict(zip(arms.split(), own, strict=True)) for own in (right, wrong))


def beaten(*kids):
    return with_kids(kids, d_loss=PERFECT)


def saw(size):
    return curves(d_loss=1 + 0.3 * SAW, g_loss=2 + size * SAW)


STORIES = {
    "C1": stories("small large", [SHARP_FAR, SOFT_NEAR], [SOFT_NEAR, SHARP_FAR]),
    "C1'": stories("small large", [SOFT_NEAR, SHARP_FAR], [SHARP_FAR, SOFT_NEAR]),
    "C2": stories("two three four", [LOW, MIDDLE, HIGH], [HIGH, MIDDLE, LOW]),
    "C3": stories("upsample wide", [REPORT_B] * 2, [REPORT_C] * 2),
    "C3'": stories("upsample wide", [REPORT_C] * 2, [REPORT_B] * 2),
    "C4": stories("hundred one", [ALIKE, UNLIKE], [UNLIKE, ALIKE]),
    "C5": stories("vae gan", [MEAN_FACE, OWN_FACE], [OWN_FACE, MEAN_FACE]),
    "C6": stories("vae gan", [GREY, VIVID], [VIVID, GREY]),
    "C7": stories("gan", [played(0.7)], [played(0.99)]),
    "C8": stories("gan", [saw(-0.5)], [saw(0.5)]),
    "C9": stories("beaten", [beaten(*[5.0] * 12)], [beaten(*range(14, 2, -1))]),
    "C10": stories("half full", [FINE, ROUGH], [ROUGH, FINE]),
    "C11": stories("on off", [HIGH, LOW], [LOW, HIGH]),
    "C12": stories("off", [with_kids([5, 2, 2, 9.0])], [with_kids([9, 5, 4, 2.0])]),
    "C13": stories("zero one", [UNCOVERED, SOFT_NEAR], [BLURRED_FAR, SAME]),
    "C14": stories("hundred one", [BLURRED, results(**SHARP)], [results(**SHARP), results(**SOFT)]),
    "C15": stories("half base twice", [SAME] * 3, [OTHER, SAME, OTHER]),
    "C16": stories("one tenth ten averaged", [NEARBY, *[DISTANT] * 3], [DISTANT, *[NEARBY] * 3]),
    "C17": stories("mse l1 bce", [SAME] * 3, [SAME, OTHER, OTHER]),
    "C18": stories("vae", [latents(apart=True)], [latents(apart=False)]),
    "C19": stories("flip none", [NEARBY, DISTANT], [DISTANT, NEARBY]),
    "C20": stories("uniform normal", [NEARBY, NEARBY], [DISTANT, NEARBY]),
    "C21": stories("two one", [SAME, SOFT_NEAR], [OTHER, SAME]),
    "C22": stories("infogan", [told(hair_volume=0.9, yaw=0.5)], [told(eye_size=0.9)]),
}  # fmt: skip


configs_of = partial(arm_configs, data="faces", profile="quick", seeds=SEEDS)


@pytest.fixture
def decided(tmp_path):
    """A function that decides a claim from made-up runs: an arm's story, or one for each seed."""

    def decided(id, *stories, data=None):
        claim = CLAIMS[id]
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        labels = {config: label for label, arm in claim.arms.items() for config in configs_of(arm)}

        def train(arm):
            for config, seed in zip(configs_of(arm), SEEDS, strict=True):
                label, story = labels[config], stories[seed % len(stories)]
                config = config.model_copy(update={"attribute": "Male", "num_steps": 3_000})
                yield made_run(folder / f"{label}-{seed}", config, story[label])

        found = decide_one(claim, train, RealImages(data or made_data()))
        return found["verdict"], {part["name"]: part for part in found.get("parts", ())}, found

    return decided


@pytest.mark.parametrize("id", CLAIMS)
def test_every_claim_can_come_to_every_verdict(id, decided):
    right, wrong = STORIES[id]
    by = {SUPPORTED: [right], CONTRADICTED: [wrong], UNDECIDED: [right, wrong, right]}
    for wanted, seeds in by.items():
        verdict, parts, found = decided(id, *seeds)
        assert verdict == wanted, parts
        for part in parts.values():
            assert wanted != SUPPORTED or part["verdict"] == SUPPORTED
            assert part["low"] <= part["effect"] <= part["high"]
            assert len(part["effects"]) == 3
            for arm in part["arms"].values():
                assert len(arm["values"]) == len(arm["runs"]) == 3
        json.dumps(found, allow_nan=False)


def test_opposed_claims_are_measured_on_the_same_runs_and_cannot_both_hold():
    for id, other in (("C1", "C1'"), ("C3", "C3'")):
        assert (CLAIMS[id].opposes, CLAIMS[other].opposes) == (other, id)
        assert CLAIMS[id].arms == CLAIMS[other].arms
        assert STORIES[id] == STORIES[other][::-1]  # what makes one right makes the other wrong
    for one, other in zip(CLAIMS["C1"].parts, CLAIMS["C1'"].parts, strict=True):
        assert {one.direction, other.direction} == {"less", "greater"}
        assert (one.arms, one.margin, one.name) == (other.arms, other.margin, other.name)


@pytest.mark.parametrize("id", ["C1", "C11", "C13", "C15", "C16", "C17", "C20"])
@pytest.mark.parametrize("broken", [FOG, NOISE], ids=["fog", "noise"])
def test_a_ratio_between_runs_that_all_fail_decides_nothing(id, broken, decided):
    for story in STORIES[id]:  # whichever way the numbers point
        spoilt = {arm: one | results(**one["results"] | broken) for arm, one in story.items()}
        unsound = [part for part in decided(id, spoilt)[1].values() if part["reason"]]
        assert unsound
        for part in unsound:
            assert (part["verdict"], part["reason"]["name"]) == (UNDECIDED, "sound_samples")
            assert all(min(one.values()) < 1 for one in part["reason"]["shares"].values())


@pytest.mark.parametrize(
    ("id", "story", "part", "reason", "unmet"),
    [
        # noise is not sharper than a VAE
        ("C5", [MEAN_FACE, OWN_FACE | results(**SHARP | NOISE)], "blur", "sound_samples", {1}),
        # networks that do not reconstruct are not compared by their error
        ("C2", [results(test_mse_11=1.0)] * 3, "two", "reconstructs", {0, 1}),
        ("C13", [results(**one, sharpness_reconstructions=0.9, coverage=0) for one in (FAR, NEAR)],
         "reconstructions", "sharp_reconstructions", {0, 1}),
        # losses at zero have no roughness to compare
        ("C10", [curves(d_loss=0.01 + 0.005 * SAW, g_loss=2 + SAW)] * 2, "roughness", "live_loss",
         {0, 1}),
        # one arm that is sound is enough to say that the other is worse
        ("C19", [NEARBY, results(**FAR | FOG)], "distance", None, set()),
    ],
)  # fmt: skip
def test_what_a_comparison_needs_of_its_runs(id, story, part, reason, unmet, decided):
    _, parts, _ = decided(id, dict(zip(CLAIMS[id].arms, story, strict=True)))
    found = parts[part]
    assert (found["reason"] or {}).get("name") == reason
    assert found["verdict"] == (UNDECIDED if reason else SUPPORTED)
    if reason:
        short = [min(one.values()) < 1 for one in found["reason"]["shares"].values()]
        assert set(np.flatnonzero(short)) == unmet


def test_blur_is_measured_beside_real_images_however_blurred_the_other_weight_is(decided):
    verdict, parts, _ = decided("C14", dict.fromkeys(("hundred", "one"), BLURRED))
    assert verdict == SUPPORTED
    beside = {"name": "sharpness_half", "values": [RealImages(made_data()).half_sharpness] * 3}
    assert parts["samples"]["beside"] == beside
    assert [arm["is_reference"] for arm in parts["samples"]["arms"].values()] == [False, True]


UNHEALTHY = results(collapse=[{"sign": "diversity_gone", "step": 9}])


@pytest.mark.parametrize(
    ("id", "changed", "reason"),
    [
        ("C9", {"beaten": beaten(*[0.02] * 12)}, "nothing_to_learn"),
        ("C9", {"beaten": with_kids([5, 4, 3, 2.0], d_loss=np.ones(NUM_RECORDS))}, "no_zero"),
        ("C7", {"gan": UNHEALTHY | STORIES["C7"][0]["gan"]}, "not_healthy"),
        ("C4", {"hundred": ALIKE | results(diversity_samples=0.0), "one": UNLIKE}, "zero_value"),
    ],
)
def test_a_claim_whose_premise_fails_is_not_applicable(id, changed, reason, decided):
    verdict, _, found = decided(id, changed)
    assert verdict == "not_applicable"
    assert found["reason"]["name"] == reason
    for language in LANGUAGES:
        assert has_word(f"claims.reasons.{reason}", language)


def test_half_the_resolution_blurs_and_the_mean_image_more():
    images = made_data().test.images
    found = RealImages(made_data())
    real = float(sharpness(torch.from_numpy(images).permute(0, 3, 1, 2)).mean())
    assert 0 < found.half_sharpness < real / 4
    assert 0 < found.mean_sharpness < real / 20
    spread = np.square(images - images.mean(0)).mean() / 127.5**2
    assert found.mean_error == pytest.approx(spread)


# ---- the catalogue -------------------------------------------------------------------------------


def test_parts_have_names_of_their_own_and_a_ratio_has_an_anchor():
    for claim in CLAIMS.values():
        assert len({part.name for part in claim.parts}) == len(claim.parts)
        for part in claim.parts:
            if part.comparison in ("times", "ratio", "excess", "regret"):
                assert part.any or part.all or part.beside, (claim.id, part.name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_claim_has_its_words_and_no_word_is_left_over(language):
    wanted = {f"claims.why.{part.why}" for claim in CLAIMS.values() for part in claim.parts}
    for id, claim in CLAIMS.items():
        wanted |= {f"claims.{id}.{name}" for name in ("statement", "protocol", "note")}
        wanted |= {f"claims.{id}.arms.{label}" for label in claim.arms}
        wanted |= {f"claims.{id}.parts.{part.name}" for part in claim.parts}
        wanted |= {f"claims.beside.{part.beside}" for part in claim.parts if part.beside}
        wanted |= {f"claims.{id}.denial" for _ in filter(None, [claim.denied])}
    wanted |= {f"claims.undecided.{name}" for name in ("trial", *CONDITIONS)}
    wanted |= {f"claims.unmet.{what}" for one in CONDITIONS.values() for what in one}
    assert [key for key in wanted if not has_word(key, language)] == []
    words = section("claims", language)
    groups = [*CLAIMS, "why", "beside", "undecided", "unmet"]
    found = {f"claims.{id}.{path}" for id in groups for path in pd.json_normalize(words[id])}
    assert found - wanted == set()


def read_changed(folder, old, new):
    """Return the claims of a catalogue in which one thing is changed."""
    text = catalogue.PATH.read_text(encoding="utf-8")
    assert old in text
    path = folder / "claims.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return read_claims(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('measure = "frechet"\n', 'measure = "frechet"\nmeasures = 1\n', "measures"),
        ("margin = 10.0\n", "margin = 0.0\n", "margin"),
        ('arms = ["large", "small"]\n', 'arms = ["large", "tiny"]\n', "tiny"),
        ('small = "kl_small"', 'small = "kl_tiny"', "kl_tiny"),
    ],
)
def test_a_mistake_in_the_catalogue_is_found_when_it_is_read(old, new, message, tmp_path):
    with pytest.raises((KeyError, ValueError), match=message):
        read_changed(tmp_path, old, new)


def test_the_rule_of_a_claim_changes_with_what_decides_it_and_with_nothing_else(tmp_path):
    for old, new, changed in (
        ("seconds = 33", "seconds = 34", set()),
        ('why = "separates"', 'why = "on_a_map"', set()),
        ('margin = 20.0\nwhy = "useless', 'margin = 21.0\nwhy = "useless', {"C13"}),
        ("d_updates = 2", "d_updates = 3", {"C21"}),
    ):
        others = read_changed(tmp_path, old, new)
        assert {id for id in CLAIMS if rule_of(others[id]) != rule_of(CLAIMS[id])} == changed


def write(folder, profile, date, verdict="supported", rule=None, fingerprint="ab" * 8, recipe=""):
    folder.mkdir(exist_ok=True)
    decided = {"verdict": verdict, "rule": rule or rule_of(CLAIMS["C13"]), "parts": []}
    about = {"data": {"spec": "faces", "fingerprint": fingerprint}, "seeds": [0, 1, 2]}
    content = about | {"profile": profile, "date": date, "claims": {"C13": decided}}
    path = claims_path(folder, fingerprint, profile, recipe)
    path.write_text(json.dumps(content | {"recipe": recipe} if recipe else content))


def test_of_several_files_the_largest_profile_and_then_the_newest_counts(tmp_path, monkeypatch):
    shipped, runs = tmp_path / "shipped", tmp_path / "runs"
    monkeypatch.setattr(catalogue, "SHIPPED", shipped)

    def known():
        return {id: one["decided"]["verdict"] for id, one in known_verdicts("ab" * 8, runs).items()}

    write(shipped, "preview", "2026-02-01", "undecided")
    assert known() == {"C13": "undecided"}
    assert known_verdicts("ab" * 4)["C13"]["profile"] == "preview"
    write(runs, "preview", "2026-01-01", "contradicted")
    assert known() == {"C13": "undecided"}  # the other is older
    write(runs, "quick", "2026-01-01")
    assert known() == {"C13": "supported"}
    write(runs, "quick", "2026-03-01", rule="another")  # decided by other margins
    assert known() == {"C13": "undecided"}
    write(runs, "course", "2026-03-01", "contradicted", recipe="modern")
    assert known() == {"C13": "undecided"}  # another recipe's are not the reports'
    todays = known_verdicts("ab" * 8, runs, "modern")
    assert todays["C13"]["decided"]["verdict"] == "contradicted"
    write(shipped, "smoke", "2026-03-01", fingerprint="cd" * 8)
    assert known_verdicts("cd" * 8) == {}  # a trial is no verdict
    assert known_verdicts("ef" * 8, runs) == {}


def test_the_verdicts_that_come_with_the_project_were_reached_by_todays_rules():
    for path in catalogue.SHIPPED.glob("*.json"):
        verdicts = json.loads(path.read_text(encoding="utf-8"))
        for id, decided in verdicts["claims"].items():
            assert decided["rule"] == rule_of(CLAIMS[id]), f"{path.name}: decide {id} again"
        assert "/" not in verdicts["data"]["spec"]


def test_the_interval_of_three_is_4_30_standard_errors_either_way():
    assert t_interval([1, 2, 3]) == pytest.approx(2 + 4.302653 / np.sqrt(3) * np.array([0, -1, 1]))
    for effects in ([1.0], [1.0, np.nan, 2.0]):
        with pytest.raises(ValueError, match="two finite effects"):
            t_interval(effects)


@pytest.mark.parametrize(
    ("low", "high", "direction", "place", "verdict"),
    [
        (2, 5, "greater", "beyond", SUPPORTED),
        (0.5, 5, "greater", "across", UNDECIDED),
        (-0.5, 0.5, "greater", "short", CONTRADICTED),  # there is an effect of no size that counts
        (-5, -2, "greater", "opposite", CONTRADICTED),
        (-5, -2, "less", "beyond", SUPPORTED),
        (2, 5, "less", "opposite", CONTRADICTED),
        (-0.5, 0.5, "equal", "within", SUPPORTED),
        (-3, 3, "equal", "across", UNDECIDED),
        (2, 5, "equal", "outside", CONTRADICTED),
        (-5, -2, "equal", "outside", CONTRADICTED),
    ],
)
def test_the_verdict_follows_from_interval_and_margin(low, high, direction, place, verdict):
    for margin in (1, 20):
        judged = judge_interval(interval(margin * low, margin * high, direction, margin))
        assert judged == {"place": place, "verdict": verdict}


def test_a_claim_holds_if_all_its_measures_do_and_falls_with_one():
    assert joined([SUPPORTED, SUPPORTED]) == SUPPORTED
    assert joined([SUPPORTED, UNDECIDED]) == UNDECIDED
    assert joined([SUPPORTED, UNDECIDED, CONTRADICTED]) == CONTRADICTED


@pytest.mark.parametrize(
    ("comparison", "values", "effects", "mean"),
    [
        # a ratio is told as the geometric mean of changes in percent; so is a change itself
        ("ratio", [[200.0, 50.0, 100.0], [100.0, 100.0, 100.0]], [100, -50, 0], 0),
        ("change", [[-50.0, 0.0, 100.0]], [-50, 0, 100], 0),
        ("times", [[200.0, 50.0, 100.0], [100.0, 100.0, 100.0]], [2, 0.5, 1], 1),
        ("excess", [[200.0, 50.0, 200.0], [100.0, 100.0, 100.0]], [100, 0, 100], None),
        ("regret", [[100, 100, 150.0], [110, 120, 100.0], [300, 101, 200.0]], [0, 0, 50], None),
        ("value", [[1.0, 2.0, 6.0]], [1, 2, 6], 3),
    ],
)
def test_values_become_effects_that_are_averaged_on_their_scale(comparison, values, effects, mean):
    part = CLAIMS["C19"].parts[0].model_copy(update={"comparison": comparison})
    found = judge_values(part, np.array(values))
    assert found["effects"] == pytest.approx(effects)
    assert mean is None or found["effect"] == pytest.approx(mean, abs=1e-9)
    if found["unit"] == "%":  # as wide below as above, as ratios are
        ends = [np.log1p(found[name] / 100) for name in ("low", "effect", "high")]
        assert ends[1] - ends[0] == pytest.approx(ends[2] - ends[1])


def test_trends_and_shapes_of_curves():
    rising, falling, level = (shapes.trend(one) for one in (RISING, FALLING, np.ones(50)))
    assert [rising, falling, level] == pytest.approx([1, -1, 0])
    assert shapes.early_fall(DIPPING) == pytest.approx(-58, abs=3)
    assert shapes.early_fall(RISING) > 0
    assert shapes.later_rise(DIPPING) == pytest.approx(38, abs=3)
    assert shapes.last_change(DIPPING) == pytest.approx(0, abs=1e-9)
    assert shapes.last_change(FALLING) == pytest.approx(-4.7, abs=0.1)


def test_jumps_of_losses_that_know_nothing_of_each_other_are_opposed_half_the_time():
    rng = np.random.default_rng(0)
    shares = [shapes.opposed_share(*rng.normal(size=(2, 100))) for _ in range(200)]
    assert np.mean(shares) == pytest.approx(50, abs=3)


def test_a_claim_about_what_the_data_have_not_is_not_applicable():
    for id, changes, reason in (
        ("C18", {"attributes": ()}, "no_attribute"),
        ("C10", {"attributes": ("Male",)}, "no_attribute"),
        ("C6", {"channels": 1}, "grey"),
        ("C22", {"test": SimpleNamespace(factors=None)}, "no_factors"),
    ):
        check_needs(CLAIMS[id], made_data())
        with pytest.raises(NotApplicable, match=reason):
            check_needs(CLAIMS[id], made_data(**changes))


# ---- the runs ------------------------------------------------------------------------------------


def test_claims_share_their_runs_which_take_less_than_two_hours():
    wanted = planned(list(CLAIMS.values()), configs_of, made_data())
    arms = sum(len(claim.arms) for claim in CLAIMS.values())
    assert len(wanted) == 3 * 28
    assert 3 * arms > 1.5 * len(wanted)
    assert sum(arm.seconds for arm in wanted.values()) < 0.9 * 7_200
    # a claim that is not applicable trains nothing
    assert planned([CLAIMS["C18"]], configs_of, made_data(attributes=())) == {}


def test_runs_are_those_of_the_problems_reports_and_of_the_kl_study():
    for arm in (CLAIMS["C7"].arms["gan"], CLAIMS["C22"].arms["infogan"]):
        assert configs_of(arm)[0] == make_config(arm.problem, "dcgan")
    study = {c.kl_weight: c for c in member_configs(make_config("kl", "elbo", seed=2))}
    arms = [*CLAIMS["C13"].arms.values(), *CLAIMS["C14"].arms.values()]
    for arm, weight in zip(arms, (0.0, 1.0, 100.0, 1.0), strict=True):
        assert configs_of(arm)[2] == study[weight]


def test_a_protocols_schedule_is_for_quick_alone():
    def config(profile):
        arm = CLAIMS["C5"].arms["vae"]
        return arm_configs(arm, data="faces", profile=profile, seeds=[0])[0]

    assert config("course") == make_config("vae", "dcgan", profile="course")
    assert (config("quick").num_steps, config("smoke").num_steps) == (2_000, 12)


def test_the_weights_of_c1_and_c16_are_those_that_the_ledger_converts():
    small, large = (arm.overrides["kl_weight"] for arm in CLAIMS["C1"].arms.values())
    for own, used in ((1e-5, small), (1e-3, large)):  # report A's range
        weights = common_form("plain", kl_weight=own).weights
        assert weights["elbo"] == pytest.approx(used, rel=0.03)
    # means over all values of [-1, 1]
    averaged = common_form("upsample", kl_weight=1.0).weights["dcgan"]
    assert CLAIMS["C16"].arms["averaged"].overrides["kl_weight"] == pytest.approx(averaged)


def test_claims_are_known_by_their_ids_in_the_reports_order():
    assert known_ids(["c3'", "C1", "C1"]) == ["C1", "C3'"]
    assert known_ids(["C1’"]) == ["C1'"]
    assert known_ids(None) == known_ids("") == known_ids([]) == list(CLAIMS)
    assert known_ids("C5, c13") == known_ids(["C13", "C5,C5"]) == ["C5", "C13"]
    with pytest.raises(UserError, match="no claim is named in ','; known: C1, C1'"):
        known_ids([","])


# ---- trained for good ----------------------------------------------------------------------------

SMALL = {"data": "faces:96", "profile": "smoke", "device": "cpu", "jobs": 1}


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The runs' folder and the verdicts of C18, whose one arm is trained at smoke."""
    runs = tmp_path_factory.mktemp("claims")
    with without_scores():
        return runs, decide(["C18"], runs=runs, **SMALL)


def stop_at_gans(monkeypatch, mistake):
    """Make every training of a GAN end with `mistake`."""

    def fit(config, **given):
        if config.problem == "gan":
            raise mistake
        return hwlib.fit(config, **given)

    monkeypatch.setattr(deciding, "fit", fit)


def test_values_are_those_of_the_runs_which_as_mere_trials_decide_nothing(smoke):
    runs, verdicts = smoke
    decided = verdicts["claims"]["C18"]
    arm = decided["parts"][0]["arms"]["vae"]
    for seed, (value, name) in enumerate(zip(arm["values"], arm["runs"], strict=True)):
        run = hwlib.Run(runs / name)
        assert run.config.seed == seed
        accuracy, floor = (run.results[f"linear_probe_{of}"] for of in ("accuracy", "floor"))
        assert value == pytest.approx(100 * (accuracy - floor) / (1 - floor))
    assert {decided["verdict"], *(part["verdict"] for part in decided["parts"])} == {UNDECIDED}
    assert {part["reason"]["name"] for part in decided["parts"]} == {"trial"}


def test_finished_runs_are_reused_and_other_claims_verdicts_kept(smoke, capfd, monkeypatch):
    runs, first = smoke
    path = claims_path(runs, first["data"]["fingerprint"], "smoke")
    assert json.loads(path.read_text()) == first
    diverged = TrainingDiverged("diverged_loss", name="d_loss", value=None, step=7, path=None)
    stop_at_gans(monkeypatch, diverged)
    decided = decide(["C5"], runs=runs, **SMALL)["claims"]
    # a training that diverges loses one claim and says why
    assert decided["C5"]["reason"] == {"name": "diverged", "values": {"step": 7}}
    # the VAEs are there from C18, the GANs are new
    assert "6 runs, of which 3 are there already" in capfd.readouterr().err
    assert list(json.loads(path.read_text())["claims"]) == ["C5", "C18"]
    monkeypatch.setattr(deciding, "claims_code", lambda *_: "another")
    decide(["C18"], runs=runs, **SMALL)
    # verdicts of other code are gone
    assert list(json.loads(path.read_text())["claims"]) == ["C18"]


def test_todays_recipe_gives_a_second_opinion_on_what_it_can_test(smoke):
    runs, first = smoke
    second = decide(["C18"], runs=runs, recipe="modern", **SMALL)
    arms = second["claims"]["C18"]["parts"][0]["arms"]["vae"]
    assert all(name.startswith("vae-modern-") for name in arms["runs"])
    path = claims_path(runs, first["data"]["fingerprint"], "smoke", "modern")
    assert json.loads(path.read_text()) == second
    for id, reason in (("C2", "no num_layers"), ("C3", "arms alike"), ("C13", "no KL study")):
        assert with_recipe(CLAIMS[id], "modern") is None, reason
    assert mistake_of(decide, ["C2"], recipe="modern").key == "claim_of_reports"
    assert mistake_of(decide, ["C18"], recipe="moden").values["near"] == "modern"
    every = {id: with_recipe(claim, "modern") for id, claim in CLAIMS.items()}
    assert {"C5", "C6", "C7", "C9", "C11", "C12", "C15", "C19", "C21"} <= {
        *filter(every.get, every)
    }


def test_stopping_leaves_what_was_decided_and_goes_on_from_there(tmp_path, smoke, monkeypatch):
    runs, _ = smoke
    stop_at_gans(monkeypatch, KeyboardInterrupt())
    monkeypatch.setattr(catalogue, "claims_path", lambda *_: tmp_path / "claims.json")
    with pytest.raises(KeyboardInterrupt):
        decide(["C5", "C18"], runs=runs, **SMALL)
    assert not (tmp_path / "claims.json").exists()  # C5 comes first and was not finished
    with pytest.raises(KeyboardInterrupt):
        decide(["C18", "C19"], runs=runs, **SMALL)
    assert list(json.loads((tmp_path / "claims.json").read_text())["claims"]) == ["C18"]


def test_the_command_prints_the_table_and_the_file_last(call, smoke):
    runs, verdicts = smoke
    words = ["claims", "C18", "--data", "faces:96", "--profile", "smoke", "--device", "cpu"]
    code, out, err = call(*words, "--runs", runs)
    assert code == 0
    path = claims_path(runs, verdicts["data"]["fingerprint"], "smoke")
    assert out.splitlines()[-1] == str(path)
    for said in ("C18", "undecided", "50 %", "verdicts mean nothing"):
        assert said in " ".join(out.split())
    assert "3 runs, of which 3 are there already" in err

    code, out, _ = call(*words, "--runs", runs, "--markdown")
    assert code == 0
    for language in LANGUAGES:
        assert word("claims.C18.statement", language) in out


def count_of(model, *kinds):
    return sum(isinstance(module, kinds) for module in model.modules())


@pytest.mark.parametrize("num_layers", [1, 3, 4])
def test_plains_vae_has_as_many_layers_each_way_as_it_is_asked_for(num_layers):
    vae = build_models("plain", "vae", 0.25, num_layers=num_layers)["vae"]
    assert count_of(vae.encoder, torch.nn.Conv2d) == num_layers
    assert count_of(vae.decoder, torch.nn.ConvTranspose2d) == num_layers
    x = torch.rand(2, 3, 64, 64)
    assert vae(x, torch.zeros(2, vae.z_dim))[0].shape == x.shape
    report = make_config("vae", "plain")  # has three
    is_same = make_config("vae", "plain", num_layers=num_layers).hash8() == report.hash8()
    assert is_same == (num_layers == 3)


@pytest.mark.parametrize("recipe", [recipe for recipe, problem in PAIRS if problem == "acgan"])
def test_batch_norm_is_there_when_on_and_not_when_off(recipe):
    states, pair = {}, get_pair(recipe, "acgan")
    for choice in ("recipe", "on", "off"):
        torch.manual_seed(0)
        models = build_models(recipe, "acgan", 0.125, batch_norm=choice)
        expected = choice == "on" or (choice == "recipe" and pair.has_batch_norm)
        for name in "GD":
            norms = count_of(models[name], torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)
            assert bool(norms) == expected, (name, choice)
        G, D = models["G"], models["D"]
        states[choice] = G.state_dict()
        D(G(torch.randn(2, G.z_dim), torch.ones(2, G.label_dim)))
    if pair.has_batch_norm:  # no weight is another
        assert all(map(torch.equal, states["recipe"].values(), states["on"].values()))


def test_a_number_of_layers_is_for_plains_vae_alone():
    for problem, recipe, num_layers, message in (
        ("vae", "dcgan", 2, "plays no part in recipe dcgan, only in plain"),
        ("gan", "plain", 2, "num_layers plays no part in problem gan"),
        ("vae", "plain", 5, "num_layers = 5"),
    ):
        with pytest.raises(UserError, match=message):
            make_config(problem, recipe, num_layers=num_layers)
