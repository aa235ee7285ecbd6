"""What is said is what is true: made-up runs of known properties go through every discussion.

Each kind of run is known from how it was made: a set of images measured by the project's own
metrics, or results with a known fault. What the discussions of all problems say of it, in every
language, is held against that knowledge. Phrases stand here once, by what they assert.
"""

from __future__ import annotations

import re
from types import SimpleNamespace

import adversarial_results as adversarial
import kl_results
import numpy as np
import pandas as pd
import pytest
import synthetic_images

from hwlib.faces.drawing import draw_faces
from hwlib.faces.factors import sample_factors
from hwlib.findings import acgan, gan, infogan, kl, likeness, samples, summary, vae
from hwlib.text import LANGUAGES

PROBLEMS = ("vae", "gan", "acgan", "infogan")
MEAN_MSE = 0.05  # of the mean image, pixels in [0, 1]

# What a sentence asserts, by the words that assert it, a pattern a language.
SAYS = {
    "near": {
        "en": r"cannot be told from real images|\b(?:is|are|comes?) close(?:st)? to real images"
        r"|looks? real\b|both reconstructs and generates",
        "zh": r"分不出來|無法區分|樣本接近真實影像|最接近真實影像的是|逼真|像真的",
    },
    "far": {
        "en": r"far from real images|No model comes close to real images",
        "zh": r"離真實影像(?:都|還|這麼)*很?遠|沒有一個模型接近真實影像",
    },
    "blurred": {
        "en": r"\bblurred\b|\bblurrier than real|almost no detail",
        "zh": r"模糊|幾乎沒有細節",
    },
    "noisy": {
        "en": r"is noise|artefact|texture that faces do not have",
        "zh": r"是雜訊(?!底線)|假影|人臉沒有的紋理",
    },
    "sharp": {
        "en": r"about as sharp as|[Ss]harp they are|GAN's are sharper",
        "zh": r"銳利度與真實影像相近|確實清晰|樣本較清晰",
    },
    "collapsed": {
        "en": r"hardly differ from one another|nearly one face|look alike",
        "zh": r"彼此幾乎沒有差別|幾乎是同一張臉|看起來都一樣",
    },
    "varied": {
        "en": r"differ from one another about as much as real|cover the variety of real images",
        "zh": r"彼此的差異與真實影像相當|涵蓋的變化與真實影像差不多",
    },
    "missing": {
        "en": r"cover (?:almost none|little) of|Little of the real variety",
        "zh": r"(?:幾乎沒有|只)涵蓋(?:一小部分)?真實影像的|涵蓋的真實變化很少",
    },
    "copied": {"en": r"look memorised", "zh": r"記住了訓練影像"},
    "original": {"en": r"find no copying", "zh": r"沒有抄襲"},
    "pale": {"en": r"are paler", "zh": r"顏色偏淡"},
    "colourful": {"en": r"colourfulness is about that of real", "zh": r"色彩豐富度與真實影像相近"},
}
# Sentences that explain or deny, and assert nothing of these samples.
NEUTRAL = {
    "en": r"Precision, [^.]*does not mean[^.]*\.|Blurred images lie close[^.]*\."
    r"|Squared error[^.]*\.|so we expected[^.]*\.|most of the distance[^.]*\."
    r"|part of the distance[^.]*\.|Fit the VAE's[^.]*\.|Reconstructions keep[^.]*\.",
    "zh": r"精確率 [^。]*不代表[^。]*。|但模糊的影像[^。]*。|平方誤差[^。]*。"
    r"|[^。]*預期樣本[^。]*。|距離大多[^。]*。|一部分來自解碼器的模糊[^。]*。|[^。]*重建影像保留[^。]*。|也許[^。]*。",
}


def words_of(findings, language: str) -> str:
    """Return all that is said, without what asserts nothing."""
    said = " ".join(each.say(language) for each in findings)
    assert not re.search(r"[a-z)%][.:;,!?][A-Za-z]{2}", said), said  # sentences keep their gap
    return re.sub(NEUTRAL[language], " ", said)


def asserted(findings, language: str) -> set[str]:
    """Return what the findings assert in a language."""
    said = words_of(findings, language)
    return {what for what, by in SAYS.items() if re.search(by[language], said)}


def results_of(problem: str, measured: dict) -> dict:
    """Return a run's results with the sample metrics of a known set of images."""
    sharp = min(measured["sharpness_samples"], measured["sharpness_real"])
    made = {
        "vae": lambda: adversarial.vae_results(
            test_mse_01=0.0048, test_mse_11=0.0192, neg_elbo_nats=90.0, recon_nats=60.0,
            kl_nats=30.0, active_units=60, z_dim=100, sharpness_reconstructions=sharp,
        ),
        "gan": adversarial.gan_results,
        "acgan": adversarial.acgan_results,
        "infogan": adversarial.infogan_results,
    }[problem]()  # fmt: skip
    return made | measured


def vae_metrics() -> pd.DataFrame:
    steps = np.arange(1, 101)
    recon, curve = 60 + 400 * np.exp(-steps / 15), 30 - 5 * np.exp(-steps / 20)
    frame = pd.DataFrame({"step": 20 * steps, "epoch": steps / 6, "recon_nats": recon})
    frame["kl_nats"], frame["neg_elbo_nats"] = curve, recon + curve
    is_test = steps % 10 == 0
    return frame.assign(
        test_neg_elbo_nats=np.where(is_test, recon + curve + 1, np.nan),
        test_mse_11=np.where(is_test, recon / 12_288, np.nan),
    )


def discussion(problem: str, results: dict) -> list:
    """Return all that is said of a run's samples in its chapter and on the title page."""
    run = SimpleNamespace(problem=problem, recipe="dcgan", results=results)
    metrics = adversarial.metrics()
    own = {
        "vae": lambda: [
            *vae.samples(results, reconstruction_frechet=0.5 * results["frechet"]),
            *vae.overall(
                results, vae_metrics(), mean_mse=MEAN_MSE, variances=np.geomspace(3, 0.03, 100)
            ),
        ],
        "gan": lambda: [
            *gan.game(metrics, results),
            *gan.checkpoint(metrics, results),
            *gan.losses_and_quality(metrics, results),
            *gan.next_steps(metrics, results, None),
        ],
        "acgan": lambda: [
            *acgan.control(results),
            *acgan.leakage(results),
            *acgan.learned(metrics, results),
        ],
        "infogan": lambda: [infogan.reading(results), *infogan.shares(results)],
    }[problem]()
    return [*samples.overall(results), *own, *summary.findings([run]), *summary.conclusion([run])]


@pytest.fixture(scope="module")
def measured():
    """The sample metrics of every kind of images."""
    return synthetic_images.measured({k: make for k, (make, *_) in synthetic_images.KINDS.items()})


# ------------------------------------------------------------------- images of known faults


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("kind", synthetic_images.KINDS)
def test_what_is_said_of_samples_is_true_of_them(measured, kind, problem, language):
    _, must, cannot = synthetic_images.KINDS[kind]
    said = asserted(discussion(problem, results_of(problem, measured[kind])), language)
    assert not said & cannot, f"{kind}: said, but not so"
    assert must <= said, f"{kind}: so, but not said"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", synthetic_images.KINDS)
def test_precision_alone_is_never_praise(measured, kind, language):
    """Fog has a precision of 100 %: where the rest is bad, the number stands with its warning."""
    results = results_of("gan", measured[kind])
    (variety,) = samples.variety(results)
    if results["precision"] > 0.5 and samples.covered(results) in ("few", "none"):
        assert variety.values["precise"] == "misleading"
    said = variety.say(language)
    praise = {"en": r"(?<!mean that they )looks? real|single images are good",
              "zh": r"(?<!樣本看起來)逼真|單張像樣"}[language]  # fmt: skip
    assert not re.search(praise, said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_better_of_two_broken_models_is_not_called_good(measured, language):
    """A best among bad ones is still bad: fog beside noise."""
    fog, noise = (results_of("gan", measured[kind]) for kind in ("fog", "noise"))
    for one, other in ((fog, noise), (noise, fog)):
        found = samples.gan_vae(one, other)
        assert "far" in asserted(found, language)
        assert not {"near", "sharp"} & asserted(found, language)


# ------------------------------------------------------------------------------- ACGAN


def switch(*, own: float = 0.94, **changes: tuple[float, float]) -> dict:
    """Return an ACGAN's results whose switch changes `changes`: of samples, of real images."""
    results = adversarial.acgan_results()
    quiet = dict.fromkeys(results["leakage"]["Smiling"], 0.0)
    leak = quiet | {"Smiling": own} | {name: both[0] for name, both in changes.items()}
    real = quiet | {"Smiling": 1.0} | {name: both[1] for name, both in changes.items()}
    return results | {"leakage": {"Smiling": leak}, "leakage_real": {"Smiling": real}}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_large_leak_is_named_with_both_numbers_and_what_is_missing_too(language):
    results = switch(
        Big_Lips=(-0.54, -0.09), Wearing_Lipstick=(0.54, 0.08), High_Cheekbones=(0.10, 0.63)
    )
    said = words_of(acgan.leakage(results), language)
    for number in ("−54", "−9", "+54", "+8", "+10", "+63"):
        assert number in said
    by_kind = {f.key: [leak["name"] for leak in f.values["leaks"]] for f in acgan.leakage(results)}
    assert set(by_kind["acgan.leaks_own"]) == {"Big_Lips", "Wearing_Lipstick"}
    assert by_kind["acgan.leaks_missing"] == ["High_Cheekbones"]
    assert not {"acgan.no_leaks", "acgan.leaks_from_data"} & by_kind.keys()


def test_a_switch_that_does_what_real_images_do_is_not_blamed():
    found = acgan.leakage(switch(High_Cheekbones=(0.60, 0.63)))
    assert [each.key for each in found] == ["acgan.no_leaks", "acgan.leaks_from_data"]


def test_a_switch_that_changes_only_its_own_attribute_has_no_leaks():
    assert [each.key for each in acgan.leakage(switch())] == ["acgan.no_leaks"]


@pytest.mark.parametrize(
    ("accuracy", "flips", "levels"),
    [(0.50, 0.02, {"none"}), (0.51, 0.05, {"none"}), (0.97, 0.94, {"clear"}),
     (0.72, 0.45, {"partial"})],
)  # fmt: skip
def test_control_is_called_what_it_is_beside_chance(accuracy, flips, levels):
    seen = {"Smiling": {"accuracy": 0.985, "floor": 0.6}}
    results = adversarial.acgan_results(
        attribute_accuracy=accuracy,
        attribute_flip_rate=flips,
        attribute_accuracy_by={"Smiling": accuracy},
        attribute_flip_rate_by={"Smiling": flips},
    )
    results["oracle"]["by_attribute"] |= seen
    (found,) = acgan.control(results)
    assert {found.values["level"]} == levels


def test_an_ignored_label_is_no_success_on_the_title_page():
    results = adversarial.acgan_results(attribute_accuracy=0.5, attribute_flip_rate=0.03)
    (found,) = summary.findings([SimpleNamespace(problem="acgan", recipe="x", results=results)])
    assert found.values["is_ignored"]


# ----------------------------------------------------------------------------- InfoGAN


@pytest.mark.parametrize(("accuracy", "nats", "level"), [(0.10, 0.0, "none"), (1.0, 2.30, "full")])
def test_a_code_is_read_or_ignored(accuracy, nats, level):
    results = adversarial.infogan_results(
        code_accuracy=accuracy,
        code_accuracy_by=[accuracy],
        code_information_nats=nats,
        code_information_by=[nats],
    )
    assert infogan.reading(results).values["level"] == level


def rows_of(faces: np.ndarray, tints: np.ndarray) -> np.ndarray:
    """Return images (Z, V, H, W, C): a face a z, a tint a value of the code."""
    images = faces[:, None].astype(float) * tints[None, :, None, None, None]
    return images.clip(0, 255).astype(np.uint8)


def likeness_of(rows: np.ndarray, real: np.ndarray) -> list:
    results = adversarial.infogan_results()
    return likeness.faces(results, rows.swapaxes(0, 1), real, switched=rows)


def test_one_face_in_ten_tints_is_called_one_face():
    faces = draw_faces(sample_factors(60, 5), 32)
    rows = rows_of(faces[:1].repeat(10, axis=0), np.linspace(0.5, 1.2, 10))
    (found,) = likeness_of(rows, faces[20:])
    assert found.values["is_one_face"]
    assert found.values["is_tint"]


def test_ten_faces_are_not_one_face():
    faces = draw_faces(sample_factors(60, 5), 32)
    assert likeness_of(rows_of(faces[:10], np.linspace(0.8, 1.1, 10)), faces[20:]) == []


# ------------------------------------------------------------------------------ curves


def test_a_last_checkpoint_that_is_not_kept_gives_no_advice_to_train_longer():
    metrics = adversarial.metrics()
    last = int(metrics["step"].iloc[-1])
    results = adversarial.gan_results(best_step=last // 2, kept_step=last // 2, num_steps=last)
    (found,) = gan.checkpoint(metrics, results)
    assert found.values["course"] != "last"
    steps = gan.next_steps(metrics, results, None)
    assert "longer" not in (steps[0].values["steps"] if steps else [])


def test_a_late_break_is_told():
    metrics = adversarial.metrics()
    results = adversarial.gan_results(best_kid=0.02, last_kid=3.0, best_step=600, kept_step=600)
    (found,) = gan.checkpoint(metrics, results)
    assert found.values["course"] == "worse"


def test_a_discriminator_that_guesses_before_bad_samples_is_weak_not_beaten():
    results = adversarial.gan_results(
        frechet=400.0, d_accuracy_real=0.5, d_accuracy_fake=0.52, recall=0.0, coverage=0.0
    )
    balance = gan.game(adversarial.metrics(), results)[0]
    assert balance.values["level"] == "guessing"
    assert balance.values["is_far"]


@pytest.mark.parametrize(("low", "decades"), [(3.0, 0.0), (0.03, 2.0)])
def test_latents_that_span_two_decades_do_not_matter_alike(low, decades):
    results = adversarial.vae_results(active_units=100, kl_nats=150.0)
    found = vae.latents(np.geomspace(3.0, low, 100), results)
    assert found.values["decades"] == pytest.approx(decades, abs=0.05)
    equally = {"en": "about equally", "zh": "重要性相近"}
    for language, words in equally.items():
        assert (words in found.say(language)) == (decades == 0)


def test_a_vae_no_better_than_the_mean_image_is_called_so():
    results = adversarial.vae_results(test_mse_01=MEAN_MSE, test_mse_11=4 * MEAN_MSE)
    assert vae.reconstructions(results, MEAN_MSE)[0].values["level"] == "worse"


# ---------------------------------------------------------------------------- KL study


HALF = 0.13  # of their sharpness real images keep at half resolution


def study(**changes) -> dict:
    return kl_results.results(**changes)


def kl_discussion(results: dict) -> list:
    return [
        *kl.samples(results, HALF),
        *kl.discussion(
            results,
            mean_error=0.056,
            half=HALF,
            within={0.0: 0.02, 1.0: 0.97, 100.0: 1.0},
            z_dim=20,
            course_steps=40_000,
        ),
    ]


def changed(**by_weight):
    """Return changes of single weights, with lists over all of them in rising order."""
    return {
        weight: {name: values[place] for name, values in by_weight.items()}
        for place, weight in enumerate(kl_results.WEIGHTS)
    }


REAL = kl_results.REAL | {"frechet_real": 5.0}
FOG = changed(
    sharpness_samples=[0.01 * REAL["sharpness_real"]] * 9,
    sharpness_reconstructions=[0.05 * REAL["sharpness_real"]] * 9,
    diversity_samples=[0.09 * REAL["diversity_real"]] * 9,
    frechet=[300.0 + place for place in range(9)],
)
GOOD = changed(
    sharpness_samples=[0.95 * REAL["sharpness_real"]] * 9,
    sharpness_reconstructions=[0.97 * REAL["sharpness_real"]] * 9,
    diversity_samples=[0.98 * REAL["diversity_real"]] * 9,
    frechet=[6.0 + 0.1 * place for place in range(9)],
    active_units=[20] * 9,
    kl_nats=[60.0 - place for place in range(9)],
    test_mse_01=[0.004 + 0.0001 * place for place in range(9)],
)


def test_where_every_weight_gives_fog_this_is_said_first_and_none_is_good():
    found = kl_discussion(study(changed=FOG, frechet_real=5.0))
    (blurred,) = [each for each in found if each.key == "kl.blurred"]
    assert blurred.values["is_blurred"]
    assert blurred.values["is_far"]
    (zero,) = [each for each in found if each.key == "kl.zero"]
    assert zero.values["is_poor"]
    for language in LANGUAGES:
        assert "near" not in asserted(found, language)


def test_good_samples_at_every_weight_are_not_called_blurred():
    found = kl_discussion(study(changed=GOOD, frechet_real=5.0))
    keys = {each.key for each in found}
    assert "kl.blurred" not in keys
    for language in LANGUAGES:
        assert not {"blurred", "far", "collapsed"} & asserted(found, language)
    (large,) = [each for each in found if each.key == "kl.large"]
    assert not large.values["is_collapsed"]


def test_a_collapsed_posterior_is_called_so():
    (large,) = [each for each in kl_discussion(study()) if each.key == "kl.large"]
    assert large.values["is_collapsed"]
    assert large.values["is_alike"]


@pytest.mark.parametrize("gap", [0.0, 264.0])
def test_curves_that_part_are_not_said_to_fall_together(gap):
    start = np.linspace(900, 600, 60)
    frame = pd.DataFrame(
        {"step": np.arange(1, 61) * 10, "objective": start, "neg_elbo_nats": start + gap,
         "recon_nats": start, "kl_nats": np.full(60, gap)}
    )  # fmt: skip
    frame["test_neg_elbo_nats"] = frame["neg_elbo_nats"]
    course = kl._course(0.0, frame)
    assert course.values["is_apart"] == (gap > 0)
