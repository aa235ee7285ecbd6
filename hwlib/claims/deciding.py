"""Train what the claims need, measure it, and write the verdicts."""

import itertools
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hwlib import log
from hwlib.claims import catalogue, statistics
from hwlib.claims.catalogue import CLAIMS, Arm, Claim, NotApplicable, Part, Verdicts, rule_of
from hwlib.claims.measures import RealImages, measure
from hwlib.config import Config, profile_of
from hwlib.data import Data, load_data
from hwlib.errors import UserError
from hwlib.fingerprint import claims_code
from hwlib.io import read_json, write_json
from hwlib.parallel import num_jobs
from hwlib.recipes import RECIPES, get_pair, knows_setting, make_config
from hwlib.registry import PROBLEMS
from hwlib.run import Run, runs_folder
from hwlib.thresholds import MIN_STEPS
from hwlib.training.background import Trainings
from hwlib.training.identity import is_done
from hwlib.training.loop import TrainingDiverged, fit
from hwlib.training.study import member_configs

SAME = (
    "profile",
    "recipe",
    "seeds",
    "settings",
    "code",
)  # in verdicts that stand together in a file


def decide(
    ids: str | Sequence[str] | None = None,
    *,
    data: str | Path = "faces",
    profile: str = "quick",
    seeds: int | Sequence[int] = statistics.MIN_SEEDS,
    runs: str | Path | None = None,
    skip_bad: bool = False,
    jobs: int | None = None,
    recipe: str = "",
    **settings: Any,
) -> Verdicts:
    """Decide claims; train what is missing, go on where it stopped, reuse what is finished.

    After every claim claims.json in the folder of runs is written anew; claims that were decided
    before by the same code and seeds stay in it.

    Args:
        ids: of the claims; all of them where it is empty.
        data: images, as `hwlib.load_data` takes them.
        profile: size of the runs.
        seeds: how many, from 0 on, or which; three at least.
        runs: folder of the run folders; `hwlib.run.default_runs_dir()` where it is empty.
        skip_bad: leave out images that cannot be read.
        jobs: trainings side by side; where it is None, one a core, or one a GPU.
        recipe: that all arms are trained with in place of their own, for a second opinion; claims
            that it cannot test are left out. Its verdicts have a file of their own.
        settings: of every run, on top of the arms' own, where its problem knows them: `device`,
            `features`, ...

    Returns:
        What claims.json holds, names and numbers; of `claims` those asked for alone: by id
        `verdict`, `rule`, and `parts` or `reason`.

    Raises:
        UserError: an unknown claim, or one that the recipe cannot test, fewer than three seeds, or
            data that do not fit.
        Stopped: Ctrl-C; the same call goes on from there.
    """
    if recipe:
        get_pair(recipe, "vae")  # an unknown name ends here
    every = {id: with_recipe(claim, recipe) for id, claim in CLAIMS.items()}
    named = catalogue.known_ids(ids)
    if ids and (wrong := [id for id in named if every[id] is None]):
        can = [id for id, claim in every.items() if claim]
        raise UserError("claim_of_reports", id=wrong[0], recipe=recipe, known=can)
    chosen = [claim for id in named if (claim := every[id])]
    seeds, profile = checked_seeds(seeds), profile_of(profile)
    runs = runs_folder(runs)
    configs_of = partial(arm_configs, data=str(data), profile=profile, seeds=seeds, **settings)
    (config, *_) = configs_of(next(iter(chosen[0].arms.values())))  # all arms take the same images
    loaded = load_data(str(data), config.image_size, crop=config.crop, skip_bad=skip_bad)
    possible = [claim for claim in every.values() if claim]
    pairs = [(a.recipe, a.problem) for claim in possible for a in claim.arms.values()]
    rules = [json.dumps(catalogue.CONDITIONS), *map(rule_of, possible)]
    verdicts: Verdicts = {
        "data": {"spec": str(data), "fingerprint": loaded.fingerprint},
        "profile": profile,
        "seeds": list(seeds),
        "recipe": recipe,
        "settings": {name: value for name, value in settings.items() if name != "device"},
        "code": claims_code(pairs, rules),
        "date": datetime.now(UTC).date().isoformat(),
        "claims": {},
    }
    path = catalogue.claims_path(runs, loaded.fingerprint, profile, recipe)
    old = read_json(path) if path.exists() else {}
    before = old["claims"] if all(old.get(name) == verdicts[name] for name in SAME) else {}
    wanted = planned(chosen, configs_of, loaded)
    missing = {config: arm for config, arm in wanted.items() if not is_done(config, loaded, runs)}
    # No more at a time than there are: each would have a share of the cores alone.
    jobs = max(1, min(num_jobs(jobs, settings.get("device", "auto")), len(missing)))
    there = len(wanted) - len(missing)
    log.event("deciding.runs", count=len(wanted), there=there, jobs=jobs)
    real = RealImages(loaded)
    with _Queue(missing, jobs, runs=runs, skip_bad=skip_bad) as queue:
        for claim in chosen:
            decided = decide_one(claim, lambda arm: map(queue.train, configs_of(arm)), real)
            verdicts["claims"][claim.id] = decided
            union = before | verdicts["claims"]
            ordered = {id: union[id] for id in CLAIMS if id in union}
            made = verdicts | {"claims": ordered}
            if old | {"date": made["date"]} != made:  # else nothing is written, nor has to be
                write_json(path, made)
                old = made
    return verdicts


def with_recipe(claim: Claim, recipe: str) -> Claim | None:
    """Return a claim whose arms are all trained by one recipe, on its own schedule.

    None where that cannot test it: the recipe has not the problem, refuses a setting, or two arms
    differ by nothing else than the report. An empty `recipe` leaves every claim as it is.
    """
    if not recipe:
        return claim
    changed = {"recipe": recipe, "quick": {}}
    arms = {label: arm.model_copy(update=changed) for label, arm in claim.arms.items()}
    if any(arm.problem not in RECIPES[recipe].problems for arm in arms.values()):
        return None
    try:
        made = {make_config(arm.problem, recipe, **arm.overrides) for arm in arms.values()}
    except UserError:
        return None
    return claim.model_copy(update={"arms": arms}) if len(made) == len(arms) else None


def checked_seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """Return the seeds, each once; fewer than three are a UserError."""
    found = tuple(range(seeds)) if isinstance(seeds, int) else tuple(dict.fromkeys(seeds))
    if len(found) < statistics.MIN_SEEDS:
        raise UserError("few_seeds", least=statistics.MIN_SEEDS, count=len(found))
    return found


# ---- one claim -----------------------------------------------------------------------------------


def decide_one(
    claim: Claim, train: Callable[[Arm], Iterable[Run]], real: RealImages
) -> dict[str, Any]:
    """Return a claim's entry of claims.json; `train` gives an arm's finished runs, one a seed."""
    try:
        check_needs(claim, real.data)
        runs = {label: [*train(arm)] for label, arm in claim.arms.items()}
        parts = [judge(part, runs, real) for part in claim.parts]
        found = {"verdict": statistics.joined(p["verdict"] for p in parts), "parts": parts}
    except NotApplicable as stop:
        found = {"verdict": statistics.NOT_APPLICABLE, "reason": stop.reason}
    except TrainingDiverged as stop:
        reason = NotApplicable("diverged", step=stop.values["step"]).reason
        found = {"verdict": statistics.NOT_APPLICABLE, "reason": reason}
    return {**found, "rule": rule_of(CLAIMS[claim.id])}


def check_needs(claim: Claim, data: Data) -> None:
    """Raise `NotApplicable` where the data have not what the claim is about."""
    if "colour" in claim.needs and data.channels != 3:
        raise NotApplicable("grey")
    if "factors" in claim.needs and data.test.factors is None:
        raise NotApplicable("no_factors")
    for attribute in {*claim.needs} - {"colour", "factors"}:
        column = data.attributes.index(attribute) if attribute in data.attributes else None
        parts = (data.train, data.test)
        if column is None or any(np.ptp(part.labels[:, column]) == 0 for part in parts):
            raise NotApplicable("no_attribute", attribute=attribute)


def judge(part: Part, found: Mapping[str, Sequence[Run]], real: RealImages) -> dict[str, Any]:
    """Return one measure's entry of claims.json, from finished runs by arm, one a seed."""
    runs = {label: found[label] for label in (*part.arms, *part.reference)}

    def measured(name: str, label: str) -> list[float]:
        return [measure(name, run, real) for run in runs[label]]

    values = {label: measured(part.measure, label) for label in runs}
    compared, beside = [values[label] for label in part.arms], None
    if part.beside:
        own = measured(part.beside, part.arms[0])
        compared, beside = [*compared, own], {"name": part.beside, "values": own}
    entry, reason = judge_values(part, np.array(compared)), _unsound(part, runs, real)
    if reason:
        entry["verdict"] = statistics.UNDECIDED
    entry["arms"] = {
        label: {
            "values": values[label],
            "runs": [run.path.name for run in own],
            "is_reference": label in part.reference,
        }
        for label, own in runs.items()
    }
    return {**entry, "reason": reason, "beside": beside}


def judge_values(part: Part, values: np.ndarray) -> dict[str, Any]:
    """Return a measure's effects, interval and verdict.

    `values` are (A, S) of its arms, then of real images where it has them beside, and the seeds.
    """
    comparison = statistics.COMPARISONS[part.comparison]
    effects = comparison.effects(values)
    ends = [float(comparison.display(end)) for end in statistics.t_interval(effects)]
    entry = {
        **part.model_dump(include={"name", "direction", "margin", "why"}),
        "unit": comparison.unit or part.unit,
        "value_unit": part.unit,
        "is_change": comparison.is_change,
        "effects": comparison.display(effects).tolist(),
        **dict(zip(("effect", "low", "high"), ends, strict=True)),
    }
    return entry | statistics.judge_interval(entry)


def _unsound(
    part: Part, runs: Mapping[str, Sequence[Run]], real: RealImages
) -> dict[str, Any] | None:
    """Return why the runs can decide nothing, whatever the interval; None where they can.

    `name` is "trial", or the condition's that is not met, with `shares` of the least that each arm
    must have, by label and requirement, means over the seeds.
    """
    if any(run.results["num_steps"] < MIN_STEPS for own in runs.values() for run in own):
        return {"name": "trial"}
    asked = [(name, runs, any) for name in part.any] + [(n, part.arms, all) for n in part.all]
    for name, labels, is_enough in asked:
        shares = {
            label: {
                what: float(np.mean([_share(need, run, real) for run in runs[label]]))
                for what, need in catalogue.CONDITIONS[name].items()
            }
            for label in labels
        }
        if not is_enough(min(own.values()) >= 1 for own in shares.values()):
            return {"name": name, "shares": shares}
    return None


def _share(need: Mapping[str, Any], run: Run, real: RealImages) -> float:
    """Return what a run has of the least that a requirement asks for: 1 or more is enough."""
    over = measure(need["over"], run, real) if "over" in need else 1
    return measure(need["measure"], run, real) / over / need["least"]


# ---- all runs ------------------------------------------------------------------------------------


def arm_configs(
    arm: Arm, *, data: str, profile: str, seeds: Sequence[int], **settings: Any
) -> list[Config]:
    """Return the settings of an arm's runs, one a seed; `settings` come on top where known."""
    own = {**(arm.quick if profile == "quick" else {}), **arm.overrides}
    own |= {n: v for n, v in settings.items() if knows_setting(arm.problem, n, arm.recipe)}
    is_member = bool(PROBLEMS[arm.problem].study_of)
    if is_member:  # a study of the one weight
        own |= {"kl_weights": (own.pop("kl_weight"),), "kl_sweep": ()}
    configs = [make_config(arm.problem, arm.recipe, data, profile, seed, **own) for seed in seeds]
    return [member_configs(config)[0] for config in configs] if is_member else configs


def planned(
    claims: Sequence[Claim], configs_of: Callable[[Arm], Sequence[Config]], data: Data
) -> dict[Config, Arm]:
    """Return every run that the claims need on this data, with the first arm that has it."""
    wanted: dict[Config, Arm] = {}
    for claim in claims:
        with suppress(NotApplicable):
            check_needs(claim, data)
            for arm in claim.arms.values():
                wanted |= {config: arm for config in configs_of(arm) if config not in wanted}
    return wanted


class _Queue(Trainings):
    """Trains what is missing and says which of how many it is, and how long is left."""

    def __init__(self, missing: Mapping[Config, Arm], jobs: int, **where: Any):
        super().__init__(jobs, **where)
        self.fit, self.missing = partial(fit, **where), dict(missing)
        self.numbers, self.count = itertools.count(1), len(missing)
        self.began, self.planned_s = time.monotonic(), self._left_s()
        self.waiting = {c: self.start(c, partial(self._begin, c)) for c in missing if jobs > 1}
        for config, future in self.waiting.items():
            future.add_done_callback(lambda _, config=config: self.missing.pop(config, None))

    def train(self, config: Config) -> Run:
        """Return the finished run, trained now where it was missing."""
        if future := self.waiting.pop(config, None):
            if failure := future.result():
                log.event("deciding.failed", config=config, reason=failure)
        elif config in self.missing:
            self._begin(config)
        run = self.fit(config)
        self.missing.pop(config, None)
        return run

    def _left_s(self) -> float:
        return sum(arm.seconds for arm in list(self.missing.values()))

    def _begin(self, config: Config) -> None:
        """Say which run it is, and how long all will take, going by those that are done."""
        left_s, passed_s = self._left_s(), time.monotonic() - self.began
        done_s = self.planned_s - left_s
        about = {"number": next(self.numbers), "count": self.count}
        about["left"] = left_s * passed_s / done_s / 60 if done_s else None
        overrides = self.missing[config].overrides
        log.event("deciding.run", config=config, overrides=overrides, **about)
