"""Made-up runs that make every sentence be said: the source of tests/golden/<language>.txt.

`python tests/golden_cases.py` writes the files anew. Their diff is the change of the wording.
"""

import random
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
from hwlib.faces.factors import ATTRIBUTES, FACTORS
from hwlib.findings import (
    acgan,
    claims,
    disentangle,
    gan,
    infogan,
    kl,
    losses,
    samples,
    setup,
    summary,
    today,
    vae,
)
from hwlib.recipes import RECIPES
from hwlib.text import Finding, finding

VAE_RECIPES = ("upsample", "elbo", "dcgan")
GOLDEN = Path(__file__).parent / "golden"
# Seeds of runs with changed numbers that together say all that sixty of them do.
ROUNDS = (
    *(0, 3, 4, 5, 8, 9, 10, 12, 13, 15, 16, 17, 19, 20, 21, 22, 24, 25, 26, 28, 29, 30, 31, 34, 36),
    *(38, 41, 43, 44, 45, 46, 50, 52, 54, 55, 58, 59),
)
NAME = re.compile("|".join(text.name_of(n, language="en") for n in (*ATTRIBUTES, *FACTORS)))
KEPT = {"num_codes", "best_step", "kept_step", "kl_weight", "kl_weights", "kl_sweep", "num_latents"}


def vary(value: Any, rng: random.Random, share: float, key: str = "") -> Any:
    """Return results with a share of their numbers changed: shares to shares, others by factors."""
    if isinstance(value, dict):
        return {name: vary(part, rng, share, name) for name, part in value.items()}
    if isinstance(value, list):
        return [vary(part, rng, share, key) for part in value]
    if not isinstance(value, int | float) or isinstance(value, bool) or key in KEPT:
        return value
    if rng.random() > share:
        return value
    if isinstance(value, int):
        return int(value * np.exp(rng.gauss(0, 1.2)))
    if abs(value) <= 1 and not key.startswith("test_mse"):
        return round(rng.choice([0.0, 1.0, rng.random(), rng.random()]), 3)
    return float(f"{value * np.exp(rng.gauss(0, 1.3)):.3g}")


def bent(frame: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return curves, some of which rise, fall or stay."""
    frame, time = frame.copy(), np.linspace(0, 1, len(frame))
    for name in frame.columns.difference(["step", "epoch"]):
        slope, level = rng.choice([0, 0, -0.8, 1.5]), rng.choice([1, 1, 0.3, 3])
        bend = rng.choice([0, 0, 0.5])
        column = frame[name].to_numpy() * level * (1 + slope * time + bend * np.sin(5 * time))
        frame[name] = column.clip(0, 1) if "accuracy" in name else column
    return frame


def images(rng: random.Random, num: int, side: int = 16) -> np.ndarray:
    """Return images that have more or less in common: uint8 (num, side, side, 3)."""
    draw = np.random.default_rng(rng.randrange(1_000))
    shape = (side // 4, side // 4, 3)
    one, others = draw.integers(0, 256, shape), draw.integers(0, 256, (num, *shape))
    share = rng.choice([0.0, 0.02, 0.3, 0.6, 1.0])
    mixed = (one * (1 - share) + others * share).astype(np.uint8)
    return mixed.repeat(4, axis=1).repeat(4, axis=2)


def adversarial_run(results: dict, rng: random.Random) -> tuple[pd.DataFrame, dict]:
    """Return curves and results of a run whose numbers are changed."""
    frame = bent(adversarial.metrics(rng.choice([100, 100, 100, 12])), rng)
    frame["snapshot_correlation"] = frame["snapshot_kid"] * 0 + np.linspace(
        *rng.choice([(0.9, 0.2), (0.3, 0.95)]), len(frame)
    )
    frame["snapshot_score"] = frame["snapshot_kid"] / frame["snapshot_correlation"] ** 4
    rows = frame.dropna(subset=["snapshot_kid"]).set_index("step")
    best, last = int(rows["snapshot_kid"].idxmin()), int(rows.index[-1])
    kept = rng.choice([best, int(rows["snapshot_score"].idxmin()), last])
    signs = [{"sign": "d_loss_zero", "step": 900}, {"sign": "diversity_gone", "step": 1_400}]
    own = {"best_step": best, "kept_step": kept, "collapse": rng.choice([[], signs])}
    own["num_steps"] = rng.choice([2_000, last, 2_000, 12])
    return frame, vary(deepcopy(results), rng, rng.choice([0.0, 0.1, 0.5])) | own


def scores(rng: random.Random) -> dict:
    """Return results with made-up scores of disentanglement."""
    power = rng.choice([1, 2, 6])
    found = {name: rng.random() ** power for name in SCORES}
    found["floor"] = {name: 0.1 * rng.random() for name in SCORES}
    found["mig_by"] = {name: rng.random() ** power for name in ("smile", "yaw")}
    found |= {"factors": ["smile", "yaw"], "num_latents": rng.choice([1, 2, 20])}
    own = {"num_codes": 2} if rng.random() < 0.3 else {}
    return {"num_steps": rng.choice([2_000] * 6 + [12]), "disentanglement": found} | own


def of_round(rng: random.Random) -> Iterator[Finding | None]:
    """Yield all that is said of a run of each problem whose numbers are changed."""
    names = rng.choice(
        [("Smiling",), ("Smiling", "Male"), ("Smiling", "Male", "Bangs", "Blond_Hair")]
    )
    frame, ours = adversarial_run(adversarial.gan_results(), rng)
    _, theirs = adversarial_run(adversarial.vae_results(**vae_made.RESULTS), rng)
    theirs["frechet_protocol"] = rng.choice([ours["frechet_protocol"]] * 3 + [{"data": "other"}])
    pairs = {"low": 18.0, "high": 27.0, "count": 32, "draws": 1_000}
    for results in (ours, theirs):
        yield from samples.say(results, "distance", "variety", *samples.LOOKS)
        yield from samples.copies(results)
        yield from samples.closest_pair(pairs | {"distance": rng.choice([1, 14, 22, 40])})
    yield from samples.gan_vae(ours, theirs)
    measured = {"peak": 7.3, "peak_real": 0.96, "grey_levels": 4.6}
    measured["is_transposed"] = rng.random() < 0.5
    for said in (gan.game, gan.checkpoint):
        yield from said(frame, ours)
    yield from [*gan.lattice(measured), *gan.next_steps(ours, measured)]

    frame, labels = adversarial_run(adversarial.acgan_results(*names), rng)
    yield from acgan.curves(frame, labels, class_on_fake=rng.random() < 0.5)
    yield acgan.checkpoint(frame, labels)
    yield from [acgan.control(labels), *acgan.leakage(labels), *acgan.learned(frame, labels)]

    frame, codes = adversarial_run(adversarial.infogan_results(rng.choice([1, 2])), rng)
    codes |= rng.choice([{}, {"code_factor_nats": None}, {"code_class_accuracy": rng.random()}])
    codes["code_class_matching"] = ["7", None] * 5
    yield from infogan.curves(frame, codes)
    for said in (infogan.reading, infogan.information, infogan.two_codes):
        yield from said(codes)
    yield from [*infogan.rates(codes, 1), *infogan.classes(codes)]
    groups = [images(rng, 4, 32) for _ in range(2)]
    real = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    yield from samples.faces(ours, groups, real, has_code=rng.random() < 0.5)
    runs = {name: scores(rng) for name in ("a", "b", "c")[: rng.choice([1, 2, 3])]}
    yield from disentangle.disentanglement(runs)

    yield from of_vae(theirs, rng)
    study = of_study(rng)
    yield from of_kl(study, rng)
    every = {"vae": theirs, "gan": ours, "acgan": labels, "infogan": codes, "kl": study}
    chosen = [every, {"vae": theirs}, {"gan": ours}][rng.randrange(3)]
    runs = [SimpleNamespace(problem=p, recipe="dcgan", results=r) for p, r in chosen.items()]
    yield from [*summary.findings(runs), *summary.conclusion(runs)]
    yield from (summary.result(run.problem, run.results) for run in runs)


def of_vae(results: dict, rng: random.Random) -> Iterator[Finding]:
    recon, term = vae_made.FALLING, rng.choice([vae_made.RISING, vae_made.DIPPING])
    frame = bent(vae_made.metrics(recon, term), rng)
    tested = vae_made.with_test_points(recon, rng.choice([recon * 1.2, vae_made.TURNING]))
    draw, mean = np.random.default_rng(rng.randrange(1_000)), rng.choice([0.045, 0.005, 0.004])
    yield from [*vae.curves(frame, results), *vae.gap(bent(tested, rng), results)]
    yield vae.reconstructions(results, mean)
    facts = {"letter": "E", "pixel_range": (-1, 1), "layout": rng.choice(["hw4", "faces", "mnist"])}
    yield vae.reported_mse(results, rng.choice([None, 0.0197, 0.3]), **facts)
    labels = draw.random(200) < 0.4
    mu = draw.normal(size=(200, 6)) * np.exp(2 * draw.normal(size=6))
    mu[:, 0] += rng.choice([0, 2, 20]) * labels
    yield vae.probe(results, rng.choice(["Male", "Smiling"]), mu, labels)
    yield vae.probe({}, rng.choice([None, "Male"]), mu, None)
    yield from vae.map_split(mu[:, :2] / mu[:, :2].std(0), labels)
    variances = np.exp(rng.choice([0.1, 1, 3]) * draw.normal(size=rng.choice([4, 100])))
    active = results | {"active_units": rng.choice([0, 1, 4, len(variances)])}
    known = pd.DataFrame({"smile": mu[:, 0], "age": labels})
    scale = rng.choice([1, 1, 1e-3])
    yield from vae.latent_factors(scale * mu / mu.std(0), known, [0, 1])
    path = images(rng, 5).astype(float)
    fade = path[:1] + (path[-1:] - path[:1]) * np.linspace(0, 1, 5)[:, None, None, None]
    yield vae.interpolation(rng.choice([path, fade]).astype(np.uint8))
    far = rng.choice([None, 1.0, 10.0, 30.0])
    yield vae.samples(results | {"frechet_reconstructions": far})
    more = {"variances": variances, "objective": objectives.common_form(rng.choice(VAE_RECIPES))}
    yield from vae.overall(active, frame, mean_mse=mean, **more)


def of_study(rng: random.Random) -> dict:
    """Return a KL study whose numbers are changed."""
    weights = rng.choice([kl_made.WEIGHTS, kl_made.WEIGHTS, kl_made.WEIGHTS[:3], (1.0,)])
    told = tuple(w for w in kl_made.TOLD if w in weights) or weights[:1]
    found = vary(kl_made.results(weights, told=told), rng, rng.choice([0.05, 0.3]))
    sharp, far = rng.choice([0.01, 1.0, 8.0, None]), rng.choice([1.1, 5, 90])
    for place, row in enumerate(found["studies"] if sharp else ()):
        row["sharpness_samples"] = 2_700 * sharp * (1 + place / 100)
        row["frechet"] = 5 * far * (1 + abs(place - 4) / 100)
    return found | {"num_steps": rng.choice([900] * 6 + [12])}


def of_kl(results: dict, rng: random.Random) -> Iterator[Finding]:
    told, half = results["kl_weights"], rng.choice([0.13, 0.5])
    made = {"weights": told, "sweep": results["kl_sweep"], "z_dim": 20}
    yield finding("kl.made", **made)
    yield from kl.curves({w: bent(kl_made.metrics(w), rng) for w in told}, results)
    yield from [*kl.samples(results, half), *kl.sweep(results, kl_made.MEAN_ERROR)]
    given = {"mean_error": kl_made.MEAN_ERROR, "z_dim": 20, "half": half}
    within = {weight: rng.choice([0.0, 0.3, 0.99]) for weight in told}
    steps = rng.choice([900, 40_000])
    yield from kl.discussion(results, within=within, course_steps=steps, **given)
    frames = {weight: np.stack([images(rng, 4) for _ in range(3)]) for weight in told}
    shown = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
    yield kl.growth(shown, frames, [1, 2, 3], images(rng, 9))
    yield kl.interpolation({w: images(rng, 9) for w in told}, images(rng, 2))


def of_settings() -> Iterator[Finding]:
    """Yield what is said of losses, schedules and data."""
    changes = [{}, {"kl_weight": 0}, {"reconstruction": "l1"}, {"reconstruction": "bce"}]
    rows = [objectives.of_run(make_config("vae", "dcgan", **c).to_json(), {}) for c in changes]
    learnt = make_config("vae", "dcgan", sigma="learned", kl_weight=1).to_json()
    rows += [objectives.of_run(learnt, {"sigma_01": sigma}) for sigma in (0.02, 0.05, 0.2)]
    for row in rows:
        yield losses.common(row)
        for nats in (30.0, 200.0, 2_000.0):
            results = {"num_steps": 2_000, "recon_nats": nats, "kl_nats": 90.0}
            yield from losses.against_error(row, results)
    for problem, recipe in (
        ("vae", "wide"),
        ("acgan", "dcgan"),
        ("infogan", "dcgan"),
        ("gan", "modern"),
    ):
        quick, course = (
            make_config(problem, recipe, profile=p).to_json() for p in ("quick", "course")
        )
        for settings in (quick, course, course | {"z_dim": 20, "width": 0.5}):
            yield from setup.schedule(settings, course, vae_made.RESULTS)
    yield finding("vae.no_reported_mse", letter="")
    settings = make_config("gan", "dcgan", profile="course").to_json()
    for name in setup.OPTIONS:
        off = settings[name]
        value = (
            "uniform"
            if off == "normal"
            else True
            if off is False
            else off + 0.5
            if off == 0
            else off + 2
        )
        changed = settings | {name: value}
        yield setup.schedule(changed, settings, vae_made.RESULTS)[-1]
    pixels = np.zeros((40, 8, 8, 3), np.uint8)
    for layout in ("faces", "hw4", "celeba", "mnist", "folder"):
        for names in (("Smiling", "Male", "Bangs"), ("Male",), ()):
            part = Part(pixels, np.eye(40, max(1, len(names))), range(40), None)
            about = {"layout": layout, "attributes": names, "crop": "hw4" if names else "square"}
            sizes = {"train": part, "test": part, "image_size": 8, "channels": 3 if names else 1}
            yield from setup.introduce(SimpleNamespace(**about, **sizes))


def of_claims() -> Iterator[Finding]:
    every = made.verdicts()
    yield from [claims.counts(every), *claims.opposed(every)]
    yield from claims.opposed(made.verdicts(C7=every["claims"]["C7"]))
    verdicts = ("supported", "contradicted", "undecided")
    for first, second in ((a, b) for a in verdicts for b in verdicts):
        pair = {"C1": made.decided("C1", first), "C1'": made.decided("C1'", second)}
        pair["C18"] = made.decided("C18", first, second)
        yield from claims.opposed(made.verdicts(**pair))
    for profile, spec in (("smoke", "faces"), ("preview", "/some/celeba"), ("quick", "faces")):
        yield claims.method(made.verdicts(profile=profile, spec=spec))
        yield from [finding("claims.warning", profile=profile)] * (profile != "quick")
    for id in CLAIMS:
        for verdict in verdicts:
            one = made.decided(id, verdict)
            margins = finding("claims.margins", parts=one["parts"])
            yield from [*claims.found(id, one), margins]
    for id, margins, verdict in (
        *(("C6", 5.0, "supported"), ("C6", -5.0, "contradicted")),
        *(("C6", 0.2, "contradicted"), ("C20", 3.0, "contradicted")),
    ):
        yield from claims.found(id, made.decided(id, verdict, margins=margins))
    trial = made.part("C5") | {"verdict": "undecided", "reason": {"name": "trial"}}
    unsound = [made.unsound(made.part("C5"), name) for name in ("sound_samples", "live_loss")]
    for part in (*unsound, trial):
        yield from claims.found("C5", {"verdict": "undecided", "parts": [part]})
    yield from claims.found("C1", made.decided("C1", "supported", "contradicted"))
    yield from claims.found("C22", made.NOT_APPLICABLE)
    known = [("C1", "supported"), ("C2", "undecided"), ("C3", "not_applicable")]
    for count in (1, 2, 3):
        about = {"seeds": 3, "is_short": count == 1}
        yield finding("claims.over_seeds", known=known[:count], **about)
        counts = [(verdict, n) for n, (_, verdict) in enumerate(known[:count], 1)]
        yield finding("claims.summary", total=6, counts=counts, **about)
    yield finding("claims.listed_claim", claim=CLAIMS["C1"])
    yield finding("claims.listed_claim", claim=CLAIMS["C2"])


def of_pages() -> Iterator[Finding]:
    """Yield what notebooks and tables say by themselves."""
    yield finding("claims.table_title", data="faces", profile="quick", seeds=3)
    yield from [finding("claims.others"), finding("claims.not_asked", ids=["C1", "C2"])]
    for name, recipe in RECIPES.items():
        if recipe.letter:
            yield finding("claims.did", letter=recipe.letter, recipe=name)
            yield finding("vae.left_open", recipe=name, letter=recipe.letter)
    yield from [finding("disentangle.intro", count=12), finding("vae.formula", tex="W")]
    yield from (finding("infogan.only", num_codes=count) for count in (1, 2))
    for way in ("JoinEmbedding", "JoinValues", "JoinOneHot"):
        yield finding("acgan.conditioning", way=way, z_dim=100, num_inputs=102)
    yield finding("acgan.objective", class_on_fake=True)
    yield finding("gan.architecture", kinds=["ConvTranspose2d", "BatchNorm2d"])
    yield from (finding("kl.common_unit", betas=betas) for betas in ({1.0: 4.0}, {0.0: 0.0}))
    yield finding("prose.too_few", count=3)
    results = adversarial.gan_results()
    yield from samples.copies({name: results[name] for name in results if name != "nearest_ratio"})
    yield from infogan.information(results)


def of_today() -> Iterator[Finding]:
    """Yield what is said of today's recipe: nearer, as near, further, and all of them far."""
    own = {"gan": adversarial.gan_results(), "acgan": adversarial.acgan_results()}
    for frechets in ((12.0, 5.0), (12.0, 10.5), (12.0, 30.0), (240.0, 100.0)):
        yield from today.compared(*({n: own[n] | {"frechet": at} for n in own} for at in frechets))


def wording(one: Finding) -> frozenset[str]:
    """Return the words of a sentence, without its numbers and the names of attributes."""
    return frozenset(re.findall(r"[A-Za-z]{2,}", NAME.sub("", one.say("en"))))


def cases() -> list[Finding]:
    """Return one finding of each wording that there is of each sentence."""
    found: dict[tuple[str, Any], Finding] = {}
    sources = [of_settings(), of_claims(), of_pages(), of_today()]
    sources += [of_round(random.Random(number)) for number in ROUNDS]
    for one in (one for source in sources for one in source if one is not None):
        found.setdefault((one.key, wording(one)), one)
    return sorted(found.values(), key=lambda one: one.key)


def written(findings: Iterable[Finding], language: str) -> str:
    """Return the golden file's content: a sentence's name, and the sentence."""
    return "\n".join(f"{one.key}\n    {one.say(language)}\n" for one in findings)


if __name__ == "__main__":
    every = cases()
    for language in text.LANGUAGES:
        content = written(every, language)
        (GOLDEN / f"{language}.txt").write_text(content, encoding="utf-8")
