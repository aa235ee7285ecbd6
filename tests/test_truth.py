"""What is said is what is true: runs whose faults are known go through every discussion."""

import re
from types import SimpleNamespace

import adversarial_results as adversarial
import kl_results
import numpy as np
import pytest
import synthetic_images
import vae_results

from hwlib import objectives
from hwlib.findings import acgan, gan, infogan, kl, samples, summary, vae
from hwlib.text import LANGUAGES

PROBLEMS = ("vae", "gan", "acgan", "infogan")
FORM = objectives.common_form("dcgan")
MEAN_MSE = 0.05  # of the mean image, pixels in [0, 1]

# What a sentence asserts, by the words that assert it, a pattern a language.
SAYS = {
    "near": {
        "en": r"cannot be told from real images|\b(?:is|are|comes?) close(?:st)? to real images"
        r"|looks? real\b|both reconstructs and generates",
        "zh": r"分不出來|無法區分|樣本接近真實影像|最接近真實影像的是|逼真|像真的",
    },
    "far": {
        "en": r"far from real images|No model of the homework comes close to real images",
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


def asserted(findings, language: str) -> set[str]:
    """Return what the findings assert in a language, without what asserts nothing."""
    said = " ".join(each.say(language) for each in findings)
    assert not re.search(r"[a-z)%][.:;,!?][A-Za-z]{2}", said), said  # sentences keep their gap
    said = re.sub(NEUTRAL[language], " ", said)
    return {what for what, by in SAYS.items() if re.search(by[language], said)}


def results_of(problem: str, measured: dict) -> dict:
    """Return a run's results with the sample metrics of a known set of images."""
    sharp = min(measured["sharpness_samples"], measured["sharpness_real"])
    of_vae = {"test_mse_01": 0.0048, "sharpness_reconstructions": sharp}
    more = vae_results.RESULTS | of_vae if problem == "vae" else {}
    return getattr(adversarial, f"{problem}_results")(**more) | measured


def discussion(problem: str, results: dict) -> list:
    """Return all that is said of a run's samples in its chapter and on the title page."""
    run = SimpleNamespace(problem=problem, recipe="dcgan", results=results)
    metrics, far = adversarial.metrics(), 0.5 * results["frechet"]
    about = {"mean_mse": MEAN_MSE, "variances": np.geomspace(3, 0.03, 100), "objective": FORM}
    own = {
        "vae": lambda: [
            vae.samples(results | {"frechet_reconstructions": far}),
            *vae.overall(results, vae_results.metrics(), **about),
        ],
        "gan": lambda: [
            *gan.game(metrics, results),
            *gan.checkpoint(metrics, results),
            *gan.next_steps(results, None),
        ],
        "acgan": lambda: [
            acgan.control(results),
            *acgan.leakage(results),
            *acgan.learned(metrics, results),
        ],
        "infogan": lambda: infogan.reading(results),
    }[problem]()
    said = samples.say(results, "distance", "variety", *samples.LOOKS)
    return [
        *said,
        *samples.copies(results),
        *own,
        *summary.findings([run]),
        *summary.conclusion([run]),
    ]


@pytest.fixture(scope="module")
def measured():
    """The sample metrics of every kind of images."""
    return synthetic_images.measured({k: make for k, (make, *_) in synthetic_images.KINDS.items()})


# ------------------------------------------------------------------- images of known faults


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", synthetic_images.KINDS)
def test_what_is_said_of_samples_is_true_of_them(measured, kind, language):
    _, must, cannot = synthetic_images.KINDS[kind]
    for problem in PROBLEMS:
        said = asserted(discussion(problem, results_of(problem, measured[kind])), language)
        assert not said & cannot, f"{kind}, {problem}: said, but not so"
        assert must <= said, f"{kind}, {problem}: so, but not said"


@pytest.mark.parametrize("kind", synthetic_images.KINDS)
def test_precision_alone_is_never_praise(measured, kind):
    """Fog has a precision of 100 %: where the rest is bad, the number stands with its warning."""
    results = results_of("gan", measured[kind])
    found = samples.describe(results)
    if results["precision"] > 0.5 and found["covered"] in ("few", "none"):
        assert found["precise"] == "misleading"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_better_of_two_broken_models_is_not_called_good(measured, language):
    """A best among bad ones is still bad: fog beside noise."""
    fog, noise = (results_of("gan", measured[kind]) for kind in ("fog", "noise"))
    for one, other in ((fog, noise), (noise, fog)):
        found = samples.gan_vae(one, other)
        assert "far" in asserted(found, language)
        assert not {"near", "sharp"} & asserted(found, language)


# ---------------------------------------------------------------------------- KL study


HALF = 0.13  # of their sharpness real images keep at half resolution


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


REAL = kl_results.REAL | {"frechet_real": 5.0}
FOG = {
    weight: {
        "sharpness_samples": 0.01 * REAL["sharpness_real"],
        "sharpness_reconstructions": 0.05 * REAL["sharpness_real"],
        "diversity_samples": 0.09 * REAL["diversity_real"],
        "frechet": 300.0 + place,
    }
    for place, weight in enumerate(kl_results.WEIGHTS)
}
GOOD = {
    weight: {
        "sharpness_samples": 0.95 * REAL["sharpness_real"],
        "sharpness_reconstructions": 0.97 * REAL["sharpness_real"],
        "diversity_samples": 0.98 * REAL["diversity_real"],
        "frechet": 6.0 + 0.1 * place,
        "active_units": 20,
        "kl_nats": 60.0 - place,
        "test_mse_01": 0.004 + 0.0001 * place,
    }
    for place, weight in enumerate(kl_results.WEIGHTS)
}


def test_where_every_weight_gives_fog_this_is_said_first_and_none_is_good():
    found = kl_discussion(kl_results.results(changed=FOG, frechet_real=5.0))
    (blurred,) = [each for each in found if each.key == "kl.blurred"]
    assert blurred.values["best"]["is_blurred"]
    assert blurred.values["best"]["is_far"]
    (zero,) = [each for each in found if each.key == "kl.zero"]
    assert zero.values["row"]["is_blurred"]
    assert zero.values["row"]["is_alike"]
    for language in LANGUAGES:
        assert "near" not in asserted(found, language)


def test_good_samples_at_every_weight_are_not_called_blurred():
    found = kl_discussion(kl_results.results(changed=GOOD, frechet_real=5.0))
    keys = {each.key for each in found}
    assert "kl.blurred" not in keys
    for language in LANGUAGES:
        assert not {"blurred", "far", "collapsed"} & asserted(found, language)
    (large,) = [each for each in found if each.key == "kl.large"]
    assert not large.values["row"]["is_collapsed"]
