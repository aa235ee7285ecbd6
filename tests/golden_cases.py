"""Made-up runs that make every sentence be said: the source of tests/golden/<language>.txt.

`python tests/golden_cases.py` writes the files anew. Their diff is the change of the wording.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import adversarial_results as adversarial
import claims_verdicts as made
import kl_results as kl_made
import numpy as np
import pandas as pd
import vae_results as vae_made

from hwlib import make_config, objectives, text
from hwlib.claims import CLAIMS
from hwlib.data import Part
from hwlib.disentangle import SCORES
from hwlib.findings import (
    acgan,
    base,
    claims,
    data,
    disentangle,
    gan,
    infogan,
    kl,
    likeness,
    losses,
    samples,
    schedule,
    summary,
    vae,
)
from hwlib.recipes import RECIPES
from hwlib.text import Finding, finding

GOLDEN = Path(__file__).parent / "golden"
FAR = {"frechet": 56.0, "frechet_real": 2.0}
TIME = adversarial.TIME

gan_results, acgan_results = adversarial.gan_results, adversarial.acgan_results
infogan_results, vae_results = adversarial.infogan_results, adversarial.vae_results


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def of_samples() -> Iterator[Finding]:
    runs = [
        {},
        {"frechet": 2.1, "recall": 0.9, "coverage": 0.95, "precision": 0.92},
        {"frechet": 300.0, "sharpness_samples": 9_000.0, "precision": 0.0, "coverage": 0.0},
        {"frechet": 300.0, "sharpness_samples": 20.0, "recall": 0.0, "near_copies": 0.3},
        {"diversity_samples": 0.1, "closest_pair_ratio": 0.001, "precision": 0.1, **FAR},
        {"near_copies": 0.9, "nearest_ratio": 0.1, "frechet": 5.0, "coverage": 0.3},
        {"near_copies": 0.03, "closest_pair_ratio": 0.5, "colourfulness_samples": 70.0, **FAR},
        {"closest_pair_ratio": 1.6, "diversity_samples": 18.0, "colourfulness_samples": 30.0},
        {"sharpness_samples": 2_000.0, "diversity_samples": 18.0, "coverage": 0.15, **FAR},
        {"sharpness_samples": 800.0, "diversity_samples": 9.0},
    ]
    for changes in runs:
        yield from samples.overall(gan_results(**changes))
        yield from samples.gan_vae(gan_results(**changes), vae_results())
    for distance in (1.0, 14.0, 22.0, 40.0):
        pairs = {"distance": distance, "low": 18.0, "high": 27.0, "count": 32, "draws": 1_000}
        yield from samples.closest_pair(gan_results(), pairs)
    yield from samples.gan_vae(vae_results(), gan_results(sharpness_samples=9_000.0))
    yield from samples.gan_vae(gan_results(sharpness_samples=50), vae_results(sharpness_samples=60))
    yield from samples.gan_vae(gan_results(), gan_results())
    yield from samples.gan_vae(gan_results(), vae_results(frechet_protocol={"data": "other"}))
    narrow = {"recall": 0.001, "coverage": 0.0, **FAR}
    yield from samples.gan_vae(gan_results(**narrow), vae_results(**narrow))
    results = gan_results()
    yield from samples.copies({name: results[name] for name in results if name != "nearest_ratio"})
    for ours, train in ((1, 1), (8, 3), (1, 8)):
        pairs = [noise(n, 16, 16, 3)[np.arange(8) % n] for n in (ours, train)]
        yield from samples.nearest(np.stack(pairs, axis=1))


def of_gan() -> Iterator[Finding]:
    signs = [{"sign": "d_loss_zero", "step": 900}, {"sign": "diversity_gone", "step": 1_400}]
    frame, measured = adversarial.metrics(g_loss=2 + TIME), {"peak": 7.3, "peak_real": 0.96}
    measured |= {"grey_levels": 4.6, "is_transposed": True}
    for accuracy, more in ((0.97, {}), (0.7, {}), (0.5, FAR), (0.5, {"best_step": 500})):
        results = gan_results(d_accuracy_real=accuracy, d_accuracy_fake=accuracy, **more)
        yield from gan.game(frame, results)
        yield from gan.checkpoint(frame, results)
        yield from gan.next_steps(frame, results | {"recall": 0.01, "best_step": 2_000}, measured)
    yield from gan.losses_and_quality(frame, gan_results())
    for last in (0.12, 0.02, 0.9):
        frame = adversarial.metrics(snapshot_diversity=np.where(TIME < 2, 0.11 + 0.5 * TIME, 0))
        yield from gan.game(frame, gan_results(collapse=signs, final_diversity=last))[3:]
    late = [{"sign": "d_loss_zero", "step": 2_000}]
    yield from gan.game(frame, gan_results(collapse=late))[3:]
    inside = adversarial.metrics(d_accuracy_real=0.3, d_accuracy_fake=0.3)
    yield from gan.game(inside, gan_results())
    for changes in ({"last_kid": 0.09, "best_step": 500}, {"best_step": 2_000}, {"num_steps": 12}):
        yield from gan.checkpoint(frame, gan_results(**changes))
    yield from gan.lattice(measured)
    yield from gan.lattice(measured | {"is_transposed": False})
    kinds = [SimpleNamespace(kind=kind) for kind in ("ConvTranspose2d", "BatchNorm2d")]
    yield from gan.architecture(kinds)


def scored(correlation: np.ndarray | float) -> pd.DataFrame:
    """Return curves whose checkpoints follow their labels as `correlation` says."""
    frame = adversarial.metrics()
    is_scored = frame["snapshot_kid"].notna()
    frame["snapshot_correlation"] = np.where(is_scored, correlation, np.nan)
    frame["snapshot_score"] = frame["snapshot_kid"] / frame["snapshot_correlation"] ** 4
    return frame


def of_acgan() -> Iterator[Finding]:
    many = ("Smiling", "Male", "Bangs", "Blond_Hair")
    quiet = dict.fromkeys(acgan_results()["leakage"]["Smiling"], 0.0) | {"Smiling": 0.94}
    changes = quiet | {"Big_Lips": -0.54, "Wearing_Lipstick": 0.54, "High_Cheekbones": 0.1}
    changes |= {"Male": -0.2, "Mouth_Slightly_Open": 0.88}
    real = quiet | {"Big_Lips": -0.09, "Wearing_Lipstick": 0.08, "High_Cheekbones": 0.63}
    real |= {"Male": -0.15, "Mouth_Slightly_Open": 0.41}
    leaky = {"leakage": {"Smiling": changes}, "leakage_real": {"Smiling": real}}
    worn = scored(0.9 - 0.8 * TIME)
    for results in (
        acgan_results(**leaky),
        acgan_results(**leaky | {"leakage_real": {}}),
        acgan_results(leakage={"Smiling": quiet}, leakage_real={"Smiling": quiet}),
        acgan_results(leakage={"Smiling": {"Smiling": 0.0}}),
        acgan_results(leakage={"Smiling": quiet}, leakage_real={}),
        acgan_results(*many, leakage=dict.fromkeys(many, changes), leakage_real={}),
        acgan_results(*many),
        acgan_results("Smiling", "Unheard_Of", **FAR),
    ):
        yield from acgan.leakage(results)
        yield from acgan.control(results)
        yield from acgan.learned(worn, results)
    for accuracy in (0.97, 0.7, 0.5):
        levels = {"attribute_accuracy_by": {"Smiling": accuracy}}
        for leaks in (leaky, {"leakage": {"Smiling": quiet}, "leakage_real": {"Smiling": quiet}}):
            yield from acgan.control(acgan_results(**leaks, **levels))
            yield from acgan.learned(scored(accuracy), acgan_results(**leaks, **levels))
    unreadable = acgan_results()
    unreadable["oracle"]["by_attribute"]["Smiling"] = {"accuracy": 0.61, "floor": 0.6}
    yield from acgan.control(unreadable)
    yield from acgan.control(acgan_results(num_steps=12))
    yield from acgan.curves(adversarial.metrics(), acgan_results())
    never = adversarial.metrics(class_accuracy_fake=0.5)
    yield from acgan.curves(never, acgan_results("Unheard_Of", class_accuracy_test=0.6))
    yield from acgan.curves(adversarial.metrics(), acgan_results(), class_on_fake=True)
    yield from acgan.objective({"class_on_fake": True})
    better = scored(0.5 + 0.4 * TIME)
    bad = scored(0.9 - 0.8 * TIME)
    bad["snapshot_kid"] *= 1 + TIME * 4
    for frame in (worn, better, bad, adversarial.metrics()):
        name = "snapshot_score" if "snapshot_score" in frame else "snapshot_kid"
        rows = frame.dropna(subset=["snapshot_kid"])
        best = int(rows.loc[rows["snapshot_kid"].idxmin(), "step"])
        for kept in (int(rows.loc[rows[name].idxmin(), "step"]), best, int(rows["step"].iloc[-1])):
            yield acgan.checkpoint(frame, acgan_results(kept_step=kept, best_step=best))
    for way in ("JoinEmbedding", "JoinValues", "JoinOneHot"):
        yield finding("acgan.conditioning", way=way, z_dim=100, num_inputs=102)


def rates(span: float, *names: str) -> list[dict[str, float]]:
    """Return rates over a code's values: of `names` they go up by `span`, all others stay."""
    known = adversarial.ATTRIBUTES
    return [
        {name: 0.5 + (span * (v / 9 - 0.5) if name in names else 0.0) for name in known}
        for v in range(10)
    ]


def of_infogan() -> Iterator[Finding]:
    nothing = dict.fromkeys(adversarial.FACTORS, 0.0)
    flat = infogan_results(
        2,
        code_meaning=[rates(0.0)] * 2,
        code_factor_nats=[nothing] * 2,
        code_accuracy=0.1,
        code_information_nats=0.0,
        code_variance_share=[0.01, 0.01],
        noise_variance_share=0.9,
    )
    meanings = [
        [rates(0.9, "Male"), rates(0.9, "Smiling", "Bangs")],
        [rates(0.9, "Male", "Bangs"), rates(0.9, "Bangs")],
        [rates(0.9, "Male", "Smiling"), rates(0.9, "Bangs", "Smiling")],
        [rates(0.9, "Male"), rates(0.05, "Smiling")],
    ]
    for results in (
        infogan_results(1),
        infogan_results(2),
        flat,
        *(infogan_results(2, code_meaning=meaning) for meaning in meanings),
        infogan_results(code_accuracy=0.6, code_information_nats=0.2, noise_variance_share=0.01),
        infogan_results(2, code_variance_share=[0.01, 0.3], code_factor_nats=None),
        infogan_results(1, code_meaning=[rates(0.0)], code_variance_share=[0.01]),
        infogan_results(code_factor_nats=None, code_attribute_nats=None, **FAR),
    ):
        yield infogan.reading(results)
        yield from infogan.shares(results)
        yield from infogan.rates(results, 1)
        yield from infogan.information(results)
        yield from infogan.hair_and_pose(results)
        yield from infogan.two_codes(results)
        yield from infogan.far(results)
    yield from infogan.curves(adversarial.metrics(), infogan_results())
    never = adversarial.metrics(q_loss=2.31, code_accuracy=0.1)
    yield from infogan.curves(never, infogan_results())
    for accuracy in (0.9, 0.6, 0.2):
        about = {"code_class_accuracy": accuracy, "code_class_matching": ["7", ""] * 5}
        yield from infogan.classes(infogan_results(**about))
    for count in (1, 2):
        yield finding("infogan.only", num_codes=count)


def of_likeness() -> Iterator[Finding]:
    one, others = (noise(n, 16, 16, 3, seed=n).astype(float) for n in (1, 10))
    real = noise(40, 16, 16, 3, seed=3)
    for sameness in (0.95, 0.55):
        rows = (sameness * one + (1 - sameness) * others).astype(np.uint8)[:, None]
        for switched in (rows.repeat(4, axis=1), noise(10, 4, 16, 16, 3), ()):
            for diversity in (14.0, 0.0):
                results = infogan_results(diversity_real=diversity)
                yield from likeness.faces(results, [rows[:, 0]], real, switched=switched)


def scores(mig: float = 0.3, num_latents: int = 20, **own: float) -> dict:
    """Return results with made-up scores of disentanglement."""
    names = ("smile", "tilt", "background_lightness", "skin_tone")
    gaps = dict.fromkeys(names, mig / 3) | {"background_lightness": 3 * mig}
    found = dict.fromkeys(SCORES, 0.4) | {"mig": mig, "factor_vae": 0.6} | own
    found |= {"floor": dict.fromkeys(SCORES, 0.004) | {"factor_vae": 0.26}, "mig_by": gaps}
    return {
        "num_steps": 2_000,
        "disentanglement": found | {"factors": names, "num_latents": num_latents},
    }


def of_disentanglement() -> Iterator[Finding]:
    chance = dict.fromkeys(SCORES[1:], 0.005) | {"factor_vae": 0.27}
    code = {"num_codes": 2}
    for runs in (
        {"x": scores()},
        {"x": scores(0.03, 2)},
        {"K = 1": scores(num_latents=1) | code, "K = 2": scores(0.2, 2, sap=0.7) | code},
        {"K = 1": scores(0.01, 1) | code, "K = 2": scores(0.002, 2) | code},
        {"λ = 1": scores(), "λ = 100": scores(0.5)},
        {"λ = 1": scores(), "λ = 3": scores(0.5, sap=0.6), "λ = 100": scores(0.005, **chance)},
        {f"λ = {i}": scores(0.005, **chance) for i in range(3)},
        {f"λ = {i}": scores(0.04 * i, **dict.fromkeys(SCORES[1:], 0.2)) for i in range(3)},
        {f"λ = {i}": scores(0.1 * i, **dict.fromkeys(SCORES[1:], 0.3 + 0.1 * i)) for i in range(3)},
    ):
        yield from disentangle.disentanglement(runs)
    yield finding("disentangle.intro", count=12)


def of_vae() -> Iterator[Finding]:
    results, rng = vae_made.RESULTS, np.random.default_rng(0)
    mu = rng.normal(size=(200, 20)) * np.logspace(0, -1, 20)
    labels, falling, turning = mu[:, 0] > 0, vae_made.FALLING, vae_made.TURNING
    time = vae_made.TIME
    yield from vae.curves(vae_made.metrics(300 + 10 * time), results)
    yield from vae.curves(vae_made.metrics(300 - 200 * time), results)
    yield from vae.curves(vae_made.metrics(200 + 90 * time, 100 - 60 * time), results)
    for term in (vae_made.RISING, vae_made.DIPPING, 50 + 40 * np.sin(3 * time), 50 + 0 * time):
        yield from vae.curves(vae_made.metrics(kl=term), results)
    for train, test in ((falling, turning), (turning, turning), (falling, 1.5 * falling)):
        for ends in (316.7, 250.0):
            yield from vae.gap(
                vae_made.with_test_points(train, test), results | {"neg_elbo_nats": ends}
            )
    for mse in (0.0045, 0.02, 0.04, 0.05):
        yield from vae.reconstructions(results | {"test_mse_01": mse}, vae_made.MEAN_MSE)
    for name, recipe in RECIPES.items():
        yield finding("vae.left_open", recipe=name, letter=recipe.letter)
        for layout in ("hw4", "faces", "mnist"):
            facts = {"letter": recipe.letter, "pixel_range": (0, 1), "layout": layout}
            printed = recipe.problems["vae"].reported.get("test_mse")
            yield vae.reported_mse(results, printed, **facts)
    for share in (1.0, 10.0, 50.0, 110.0):
        for sharp in (900.0, 2_600.0, 9_000.0):
            looks = {"sharpness_samples": sharp, "sharpness_reconstructions": 1_100.0 + sharp / 2}
            own = results | looks | {"frechet": 120.0 if share > 1 else 6.0}
            yield from vae.samples(own, share)
            yield from vae.reconstructions(own, vae_made.MEAN_MSE)
            yield from vae.overall(
                own | {"test_mse_01": 0.03 if sharp > 2_000 else 0.0045},
                vae_made.with_test_points(300 - 200 * time if share > 60 else falling, turning),
                mean_mse=vae_made.MEAN_MSE,
                variances=np.logspace(0.5, -1.5, 100),
                sigma_ratio=share / 50,
                reconstruction_frechet=share,
            )
    for accuracy in (0.99, 0.9, 0.7, 0.62):
        yield from vae.probe(results | {"linear_probe_accuracy": accuracy}, "Male", mu, labels)
    for scale in (0.0, 1.0, 1.5, 9.0):
        yield from vae.map_split(mu[:, :2] + scale * labels[:, None] * [1, 0], mu[:, 1] > 0)
        yield from vae.map_split(mu[:, 2:4] + scale * labels[:, None] * [1, 0], labels)
    yield from vae.probe({}, None)
    yield from vae.probe({}, "Male")
    for active in (0, 1, 12, 20):
        yield vae.latents(mu.var(0), results | {"active_units": active})
    yield from vae.latent_factors(mu, pd.DataFrame({"smile": mu[:, 0], "age": labels}), [0, 1])
    yield from vae.latent_factors(mu, pd.DataFrame({"smile": mu[:, 5] ** 2}), [0, 1])
    yield from vae.latent_factors(mu * 1e-3, pd.DataFrame({"smile": labels}), [0])
    steps = np.arange(5)[:, None, None, None]
    for frames in (steps * np.full((5, 4, 4, 3), 0), steps * np.full((5, 4, 4, 3), 40)):
        yield vae.interpolation(frames.astype(np.uint8))
    a, b = noise(2, 8, 8, 3).astype(float)
    for paths in ([a, 0.8 * a + 0.2 * noise(8, 8, 3, seed=4), b], [a, a, a, a, b]):
        yield vae.interpolation(np.stack(paths).astype(np.uint8))
    yield finding("vae.formula", tex="W")


def of_losses() -> Iterator[Finding]:
    changes = [{}, {"kl_weight": 0}, {"reconstruction": "l1"}, {"reconstruction": "bce"}]
    rows = [
        objectives.of_run(make_config("vae", "dcgan", **more).to_json(), {}) for more in changes
    ]
    learnt = make_config("vae", "dcgan", sigma="learned", kl_weight=1).to_json()
    rows += [objectives.of_run(learnt, {"sigma_01": sigma}) for sigma in (0.02, 0.05, 0.2)]
    for row in rows:
        yield losses.common(row)
        for nats in (30.0, 200.0, 2_000.0):
            results = {"num_steps": 2_000, "recon_nats": nats, "kl_nats": 90.0}
            yield from losses.against_error(row, results)


def of_schedules() -> Iterator[Finding]:
    pairs = (("vae", "wide"), ("gan", "upsample"), ("acgan", "dcgan"), ("infogan", "dcgan"))
    for problem, recipe in pairs:
        quick, course = (
            make_config(problem, recipe, profile=p).to_json() for p in ("quick", "course")
        )
        for settings in (quick, course, course | {"z_dim": 20, "width": 0.5}):
            yield from schedule.schedule(settings, course, vae_made.RESULTS)
    for name, off in schedule.OPTIONS.items():
        value = "uniform" if off == "normal" else True if off is False else off + 2
        settings = make_config("gan", "dcgan", profile="course").to_json()
        found = schedule.schedule(settings | {name: value}, settings, vae_made.RESULTS)
        yield found[-1]


def of_data() -> Iterator[Finding]:
    images = np.zeros((40, 8, 8, 3), np.uint8)
    part = Part(images, np.eye(40, 3), range(40), None)
    for layout in ("faces", "hw4", "celeba", "mnist", "folder"):
        for names in (("Smiling", "Male", "Bangs"), ("Male",), ()):
            about = {"layout": layout, "attributes": names, "crop": "hw4" if names else "square"}
            own = Part(images, part.labels[:, : len(names)], range(40), None) if names else part
            sizes = {"train": own, "test": own, "image_size": 8, "channels": 3 if names else 1}
            yield from data.introduce(SimpleNamespace(**about, **sizes))


def of_kl() -> Iterator[Finding]:
    told, results, rng = kl_made.TOLD, kl_made.results, np.random.default_rng(0)
    weights, number = kl_made.WEIGHTS, kl_made.with_numbers
    yield kl.common_unit({weight: 4 * weight for weight in told})
    yield kl.common_unit({0.0: 0.0})
    yield from kl.curves({weight: kl_made.metrics(weight) for weight in told}, results())
    flat = kl_made.metrics(1.0)
    for frame in (
        flat.assign(objective=1020.0, neg_elbo_nats=930.0),
        flat.assign(neg_elbo_nats=930.0),
        flat.assign(objective=flat["neg_elbo_nats"]),
    ):
        yield from kl.curves({1.0: frame}, results())
    originals = noise(8, 16, 16, 3)
    same = np.broadcast_to(originals[:1], originals.shape)
    for kept in (originals, same):
        yield from kl.growth(originals, {1.0: np.stack([same, kept])}, [1, 2], originals)
    shares = np.linspace(0, 1, 9)[:, None, None, None]
    paths = {
        "turn": rng.integers(0, 256, (9, 16, 16, 3), dtype=np.uint8),
        "fade": ((1 - shares) * originals[0] + shares * originals[1]).astype(np.uint8),
        "flat": np.broadcast_to(originals[0], (9, 16, 16, 3)),
    }
    for names in (("turn", "flat"), ("turn", "fade"), ("fade",), ("flat",)):
        ways = dict(zip((1.0, 0.0), (paths[name] for name in names), strict=False))
        yield from kl.interpolation(ways, originals[:2])
    perfect = {"sharpness_samples": 2_690.0, "diversity_samples": 19.0, "frechet": 5.2}
    near = {w: perfect | {"frechet": 5.2 + i} for i, w in enumerate(weights)}
    for found in (
        results(),
        results(told, told=told),
        results((1.0,), told=(1.0,)),
        results(frechet_real=0.0),
        results(changed={1.0: perfect}),
        results(changed=near),
        results(changed=near | {10.0: perfect | {"frechet": 5.1, "test_mse_01": 0.0112}}),
        results(changed=near | {0.0: perfect | {"test_mse_01": 0.001}}),
        results(changed={w: {"sharpness_samples": 9_000.0} for w in weights}),
        results(changed={w: {"frechet": 9.0} for w in weights}),
        results(changed={100.0: {"active_units": 9, "kl_nats": 0.5}, 30.0: {"active_units": 0}}),
        results(changed={100.0: {"active_units": 9, "kl_nats": 5.0}}),
        results(changed={0.0: {"test_mse_01": 0.03}}),
        number("frechet", sorted(kl_made.FRECHET)),
        number("frechet", sorted(kl_made.FRECHET, reverse=True)),
        number("active_units", [0] * 9),
        number("kl_nats", sorted(kl_made.KL)),
        number("test_mse_01", sorted(kl_made.MSE, reverse=True)),
    ):
        yield kl.made(found, 20)
        yield from kl.samples(found, 0.3)
        yield from kl.sweep(found, kl_made.MEAN_ERROR)
        given = {"mean_error": kl_made.MEAN_ERROR, "z_dim": 20, "course_steps": 40_000}
        inside = {1.0: 0.99, 100.0: 1.0, 0.0: 0.0}
        for within, half in ((inside, 0.3), ({0.0: 1.0}, None), ({0.0: 0.2}, 0.3)):
            yield from kl.discussion(found, within=within, half=half, **given)


def of_report() -> Iterator[Finding]:
    error = {"test_mse_01": 0.0048, "test_mse_11": 0.0192}
    leaky = acgan_results(attribute_flip_rate=0.9)
    leaky["leakage"]["Smiling"] |= {"Big_Lips": -0.54}
    kl_runs = [
        kl_made.results(),
        kl_made.results(changed={100.0: {"active_units": 9}}),
        kl_made.results(changed={1.0: {"sharpness_samples": 2_690.0}}),
    ]
    looks = (
        {"sharpness_samples": 400.0},
        {"sharpness_samples": 2_000.0},
        {"sharpness_samples": 9e3},
    )
    floors = (2.1, 5.0, 15.0, 60.0)
    for i, frechet in enumerate(floors):
        results = {
            "vae": vae_results(**error, **looks[i % 3]),
            "gan": gan_results(frechet=frechet, **looks[(i + 1) % 3], recall=0.9 if i else 0.001),
            "acgan": (leaky, acgan_results(), acgan_results(attribute_flip_rate=0.1))[i % 3],
            "infogan": (
                infogan_results(),
                infogan_results(2, code_variance_share=None, code_factor_nats=None),
                infogan_results(code_accuracy=0.12),
            )[i % 3],
            "kl": kl_runs[i % 3],
        }
        for chosen in (results, {"vae": results["vae"]}, {"gan": results["gan"]}):
            runs = [
                SimpleNamespace(problem=problem, recipe="dcgan", results=one)
                for problem, one in chosen.items()
            ]
            yield from summary.findings(runs)
            yield from summary.conclusion(runs)
            for run in runs:
                yield summary.result(run.problem, run.results)
    good = gan_results(frechet=2.1, recall=0.9, coverage=0.95)
    yield from summary.conclusion([SimpleNamespace(problem="gan", recipe="x", results=good)])
    trial = [SimpleNamespace(problem="gan", recipe="x", results=gan_results(num_steps=12))]
    yield from summary.conclusion(trial)
    yield summary.result("gan", trial[0].results)
    yield base.trial({"num_steps": 12})
    yield base.too_few(3)


def of_claims() -> Iterator[Finding]:
    every = made.verdicts()
    yield claims.counts(every)
    yield from claims.opposed(every, CLAIMS)
    yield from claims.opposed(made.verdicts(C7=every["claims"]["C7"]), CLAIMS)
    verdicts = ("supported", "contradicted", "undecided")
    for first, second in ((a, b) for a in verdicts for b in verdicts):
        pair = {"C1": made.decided("C1", first), "C1'": made.decided("C1'", second)}
        pair["C18"] = made.decided("C18", first, second)
        yield from claims.opposed(made.verdicts(**pair), CLAIMS)
    for profile in ("smoke", "preview", "quick"):
        yield claims.method(made.verdicts(profile=profile))
        if profile != "quick":
            yield finding("claims.warning", profile=profile)
    yield claims.method(made.verdicts(spec="/some/where/celeba"))
    for id, claim in CLAIMS.items():
        for verdict in verdicts:
            one = made.decided(id, verdict)
            yield from claims.found(claim, one)
            yield claims.margins(one)
    for id, margins, verdict in (
        ("C6", 5.0, "supported"),
        ("C6", -5.0, "contradicted"),
        ("C6", 0.2, "contradicted"),
        ("C20", 3.0, "contradicted"),
    ):
        yield from claims.found(CLAIMS[id], made.decided(id, verdict, margins=margins))
    for part in (made.unsound(made.part("C5")), made.unsound(made.part("C5"), "live_loss")):
        one = {"verdict": "undecided", "parts": [part]}
        yield from claims.found(CLAIMS["C5"], one)
    part = made.part("C5") | {"verdict": "undecided", "reason": {"name": "trial"}}
    yield from claims.found(CLAIMS["C5"], {"verdict": "undecided", "parts": [part]})
    yield from claims.found(CLAIMS["C1"], made.decided("C1", "supported", "contradicted"))
    yield from claims.found(CLAIMS["C22"], made.NOT_APPLICABLE)
    known = [("C1", "supported"), ("C2", "undecided"), ("C3", "not_applicable")]
    for count in (1, 2, 3):
        shown = {"seeds": 3, "is_short": count == 1}
        yield finding("claims.over_seeds", known=known[:count], **shown)
        counts = [(verdict, n) for n, (_, verdict) in enumerate(known[:count], 1)]
        yield finding("claims.summary", total=6, counts=counts, **shown)
    yield finding("claims.table_title", data="faces", profile="quick", seeds=3)
    yield finding("claims.others")
    yield finding("claims.not_asked", ids=["C1", "C2"])
    for name, recipe in RECIPES.items():
        yield finding("claims.did", letter=recipe.letter, recipe=name)
    yield finding("claims.listed_claim", id="C1", others=("B", "D"))
    yield finding("claims.listed_claim", id="C2", others=())


SOURCES = (
    *(of_samples, of_gan, of_acgan, of_infogan, of_likeness, of_disentanglement, of_vae),
    *(of_losses, of_schedules, of_data, of_kl, of_report, of_claims),
)


def cases() -> list[Finding]:
    """Return one finding of each sentence: what differs in more than a number."""
    found: dict[tuple[str, str], Finding] = {}
    for one in (one for source in SOURCES for one in source()):
        shape = "".join(" " if c.isdigit() else c for c in one.say("en"))
        found.setdefault((one.key, " ".join(shape.split())), one)
    return list(found.values())


def written(findings: Iterable[Finding], language: str) -> str:
    """Return the golden file's content: a sentence's name, and the sentence."""
    return "\n".join(f"{one.key}\n    {one.say(language)}\n" for one in findings)


if __name__ == "__main__":
    every = cases()
    for language in text.LANGUAGES:
        content = written(every, language)
        (GOLDEN / f"{language}.txt").write_text(content, encoding="utf-8")
