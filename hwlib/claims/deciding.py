"""Train what the claims need, measure it, and write the verdicts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hwlib import log
from hwlib.claims.base import (
    COMPARISONS,
    NOT_APPLICABLE,
    UNDECIDED,
    Arm,
    Claim,
    NotApplicable,
    Part,
)
from hwlib.claims.catalogue import CLAIMS, rule_of
from hwlib.claims.files import Verdicts, claims_path, known_ids
from hwlib.claims.measures import CONDITIONS, MEASURES
from hwlib.claims.statistics import MIN_SEEDS, joined, judge_interval, t_interval
from hwlib.config import Config, profile_of
from hwlib.data import Data, load_data
from hwlib.errors import UserError
from hwlib.fingerprint import claims_code
from hwlib.io import write_json
from hwlib.parallel import num_jobs
from hwlib.recipes import knows_setting, make_config
from hwlib.registry import PROBLEMS
from hwlib.run import Run, default_runs_dir
from hwlib.thresholds import MIN_STEPS
from hwlib.training.background import Trainings
from hwlib.training.identity import is_done
from hwlib.training.loop import TrainingDiverged, fit
from hwlib.training.study import member_configs

SAME = ("profile", "seeds", "settings", "code")  # in verdicts that may stand together
Planned = dict[str, tuple[Config, Arm]]
Train = Callable[[Config], Run]


def decide(
    ids: str | Sequence[str] | None = None,
    *,
    data: str | Path = "faces",
    profile: str = "quick",
    seeds: int | Sequence[int] = MIN_SEEDS,
    runs: str | Path | None = None,
    skip_bad: bool = False,
    jobs: int | None = None,
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
        settings: of every run, on top of the arms' own, where its problem knows them: `device`,
            `features`, ...

    Returns:
        What claims.json holds: `data`, `profile`, `seeds`, `settings`, `date` and, for the claims
        asked for alone, `claims` by id: `verdict`, `rule`, and `parts` or `reason`. It holds names
        and numbers; what they are called is in report/text/.

    Raises:
        UserError: an unknown claim, fewer than three seeds, or data that do not fit.
        Stopped: Ctrl-C; the same call goes on from there.
    """
    chosen = [CLAIMS[id] for id in known_ids(ids)]
    seeds, profile = checked_seeds(seeds), profile_of(profile)
    runs = Path(runs) if runs else default_runs_dir()
    plan = Plan(str(data), profile, seeds, runs, skip_bad, settings)
    loaded = plan.load()
    arms = [arm for claim in CLAIMS.values() for arm in claim.arms.values()]
    code = claims_code(
        [(arm.recipe, arm.problem) for arm in arms], [rule_of(claim) for claim in CLAIMS.values()]
    )
    verdicts: Verdicts = {
        "data": {"spec": str(data), "fingerprint": loaded.fingerprint},
        "profile": profile,
        "seeds": list(seeds),
        "settings": {name: value for name, value in settings.items() if name != "device"},
        "code": code,
        "date": datetime.now(UTC).date().isoformat(),
        "claims": {},
    }
    path = claims_path(runs, loaded.fingerprint, profile)
    before = _still_valid(path, verdicts)
    wanted = planned(chosen, plan, loaded)
    missing = {key: one for key, one in wanted.items() if not is_done(one[0], loaded, runs)}
    # No more at a time than there are: each would have a share of the cores alone.
    jobs = max(1, min(num_jobs(jobs, settings.get("device", "auto")), len(missing)))
    with Trainings(jobs, runs=runs, skip_bad=skip_bad) as trainings:
        queue = _Queue(plan, missing, len(wanted), trainings)
        for claim in chosen:
            verdicts["claims"][claim.id] = decide_one(claim, plan, loaded, queue.train)
            union = before | verdicts["claims"]
            ordered = {id: union[id] for id in CLAIMS if id in union}
            write_json(path, verdicts | {"claims": ordered})
    return verdicts


def checked_seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """Return the seeds, each once.

    Raises:
        UserError: fewer than three.
    """
    found = tuple(range(seeds)) if isinstance(seeds, int) else tuple(dict.fromkeys(seeds))
    if len(found) < MIN_SEEDS:
        raise UserError("few_seeds", least=MIN_SEEDS, count=len(found))
    return found


def _still_valid(path: Path, verdicts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of an earlier claims.json that was made in the same way; else none."""
    if not path.exists():
        return {}
    old = json.loads(path.read_text())
    is_same = all(old.get(name) == verdicts[name] for name in SAME)
    is_same = is_same and old["data"]["fingerprint"] == verdicts["data"]["fingerprint"]
    return old["claims"] if is_same else {}


# ---- one claim -----------------------------------------------------------------------------------


def decide_one(claim: Claim, plan: Plan, data: Data, train: Train) -> dict[str, Any]:
    """Return a claim's entry of claims.json, training what it needs."""
    rule = {"rule": rule_of(claim)}
    try:
        check_needs(claim, data)
        found = {
            label: [train(config) for config in plan.configs(arm)]
            for label, arm in claim.arms.items()
        }
        parts = [judge(part, found, data) for part in claim.parts]
    except NotApplicable as stop:
        return {"verdict": NOT_APPLICABLE, "reason": stop.reason, **rule}
    except TrainingDiverged as failure:
        reason = {"name": "diverged", "values": {"step": failure.values["step"]}}
        return {"verdict": NOT_APPLICABLE, "reason": reason, **rule}
    return {"verdict": joined(part["verdict"] for part in parts), "parts": parts, **rule}


def check_needs(claim: Claim, data: Data) -> None:
    """Raise `NotApplicable` where the data have not what the claim is about."""
    if "colour" in claim.needs and data.channels != 3:
        raise NotApplicable("grey")
    if "factors" in claim.needs and data.test.factors is None:
        raise NotApplicable("no_factors")
    for attribute in (need for need in claim.needs if need not in ("colour", "factors")):
        if not _varies(attribute, data):
            raise NotApplicable("no_attribute", attribute=attribute)


def _varies(attribute: str, data: Data) -> bool:
    """Whether an attribute is there with both values, in the training and in the test images."""
    if attribute not in data.attributes:
        return False
    column = data.attributes.index(attribute)
    parts = (data.train.labels[:, column], data.test.labels[:, column])
    return all(labels.min() != labels.max() for labels in parts)


def judge(part: Part, found: Mapping[str, Sequence[Run]], data: Data) -> dict[str, Any]:
    """Return one measure's entry of claims.json, from finished runs by arm, one a seed."""
    measure = MEASURES[part.measure]
    runs = {label: found[label] for label in (*part.arms, *part.reference)}
    arms = {
        label: {
            "values": [measure(run, data) for run in own],
            "runs": [run.path.name for run in own],
            "is_reference": label not in part.arms,
        }
        for label, own in runs.items()
    }
    compared = [arms[label]["values"] for label in part.arms]
    real = None
    if part.beside:
        compared.append([MEASURES[part.beside](run, data) for run in runs[part.arms[0]]])
        real = {"name": part.beside, "values": compared[-1]}
    entry = judge_values(part, np.array(compared))
    if (reason := _unsound(part, runs, data)) is not None:
        entry["verdict"] = UNDECIDED
    return {**entry, "reason": reason, "arms": arms, "beside": real}


def judge_values(part: Part, values: np.ndarray) -> dict[str, Any]:
    """Return a measure's effects, interval and verdict.

    Args:
        part: the measure.
        values: (A, S) of its arms, of real images where it has them beside, and the seeds.
    """
    comparison = COMPARISONS[part.comparison]
    effects = comparison.effects(np.asarray(values, dtype=float))
    effect, low, high = (float(comparison.display(end)) for end in t_interval(effects))
    judged = judge_interval(low, high, direction=part.direction, margin=part.margin)
    return {
        "name": part.name,
        "unit": part.effect_unit,
        "value_unit": part.unit,
        "is_change": comparison.is_change,
        "direction": part.direction,
        "margin": part.margin,
        "why": part.why,
        "effects": [float(comparison.display(one)) for one in effects],
        "effect": effect,
        "low": low,
        "high": high,
        "place": judged.place,
        "verdict": judged.verdict,
    }


def _unsound(part: Part, runs: Mapping[str, Sequence[Run]], data: Data) -> dict[str, Any] | None:
    """Return why the runs can decide nothing, whatever the interval; None where they can.

    Returns:
        `name`: "trial", or that of the condition that is not met; of a condition also `shares` of
        the least that each arm must have, by label and requirement, means over the seeds.
    """
    if any(run.results["num_steps"] < MIN_STEPS for own in runs.values() for run in own):
        return {"name": "trial"}
    for names, labels, is_enough in ((part.any, tuple(runs), any), (part.all, part.arms, all)):
        for name in names:
            shares = {
                label: {
                    what: float(np.mean([share(run, data) for run in runs[label]]))
                    for what, share in CONDITIONS[name].items()
                }
                for label in labels
            }
            if not is_enough(min(own.values()) >= 1 for own in shares.values()):
                return {"name": name, "shares": shares}
    return None


# ---- all runs ------------------------------------------------------------------------------------


def arm_config(arm: Arm, *, data: str, profile: str, seed: int, **settings: Any) -> Config:
    """Return the settings of an arm's run with one seed; `settings` come on top."""
    own = {**arm.overrides, **settings}
    if profile == "quick":
        own = {**arm.quick, **own}
    if PROBLEMS[arm.problem].study_of:
        weight = own.pop("kl_weight")
        study = make_config(
            arm.problem, arm.recipe, data, profile, seed, **own, kl_weights=(weight,), kl_sweep=()
        )
        return member_configs(study)[0]
    return make_config(arm.problem, arm.recipe, data, profile, seed, **own)


@dataclass(frozen=True)
class Plan:
    """What is the same for all runs of one call; see `decide`."""

    data: str
    profile: str
    seeds: Sequence[int]
    runs: Path
    skip_bad: bool
    settings: Mapping[str, Any]

    def configs(self, arm: Arm) -> list[Config]:
        """Return the settings of an arm's runs, one a seed."""
        known = {
            n: v for n, v in self.settings.items() if knows_setting(arm.problem, n, arm.recipe)
        }
        about = {"data": self.data, "profile": self.profile}
        return [arm_config(arm, **about, seed=seed, **known) for seed in self.seeds]

    def load(self) -> Data:
        """Return the images, of the size that every arm has."""
        (config, *_) = self.configs(next(iter(CLAIMS["C1"].arms.values())))
        return load_data(self.data, config.image_size, crop=config.crop, skip_bad=self.skip_bad)


def planned(claims: Sequence[Claim], plan: Plan, data: Data) -> Planned:
    """Return every run that the claims need on this data, once, in order.

    Returns:
        By the settings as text, the settings and the first arm that has them.
    """
    wanted: Planned = {}
    for claim in claims:
        try:
            check_needs(claim, data)
        except NotApplicable:
            continue
        for arm in claim.arms.values():
            for config in plan.configs(arm):
                wanted.setdefault(_key(config), (config, arm))
    return wanted


def _key(config: Config) -> str:
    return config.model_dump_json()


class _Queue:
    """Trains what is missing and says which of how many it is, and how long is left."""

    def __init__(self, plan: Plan, missing: Planned, num_wanted: int, trainings: Trainings):
        self.plan, self.missing = plan, dict(missing)
        self.num_missing, self.num_begun = len(missing), 0
        self.reckoned, self.began = 0.0, time.monotonic()  # planned seconds of what was trained
        jobs = trainings.jobs
        _say(
            f"{num_wanted} runs, of which {num_wanted - self.num_missing} are there already"
            + (f"; {jobs} at a time" if jobs > 1 else "")
        )
        self.waiting = {
            key: trainings.start(config, partial(self._begin, config, arm))
            for key, (config, arm) in self.missing.items()
            if jobs > 1
        }
        for key, future in self.waiting.items():
            future.add_done_callback(partial(self._end, key))

    def train(self, config: Config) -> Run:
        """Return the finished run, trained now where it was missing."""
        key = _key(config)
        if future := self.waiting.pop(key, None):
            if failure := future.result():
                _say(f"{config.problem} of {config.recipe}, seed {config.seed}: {failure}")
        elif key in self.missing:
            self._begin(*self.missing[key])
        run = fit(config, runs=self.plan.runs, skip_bad=self.plan.skip_bad)
        self._end(key)
        return run

    def _begin(self, config: Config, arm: Arm) -> None:
        """Say which run it is, and how long all will take, going by those that are done."""
        self.num_begun += 1
        what = f"run {self.num_begun} of {self.num_missing}: {config.problem} of {config.recipe}"
        own = "".join(f", {name} = {value}" for name, value in arm.overrides.items())
        _say(f"{what}{own}, seed {config.seed}{self._left()}")

    def _left(self) -> str:
        if not self.reckoned:
            return ""
        planned = sum(arm.seconds for _, arm in list(self.missing.values()))
        left = planned * (time.monotonic() - self.began) / self.reckoned
        return f"; about {left / 60:.0f} min left" if left > 90 else f"; about {left:.0f} s left"

    def _end(self, key: str, *_: object) -> None:
        if done := self.missing.pop(key, None):
            self.reckoned += done[1].seconds


def _say(line: str) -> None:
    log.info(f"claims: {line}")
