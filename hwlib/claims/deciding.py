"""Train what the claims need, measure it, and write the verdicts."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hwlib.claims.base import Arm, Claim, NotApplicable, Part
from hwlib.claims.catalogue import CLAIMS
from hwlib.claims.statistics import MIN_SEEDS, joined, t_interval, verdict_of
from hwlib.config import Config
from hwlib.data import Data, load_data
from hwlib.discuss.base import Sentence, is_trial
from hwlib.discuss.claims import NOT_APPLICABLE, UNDECIDED
from hwlib.errors import UserError
from hwlib.jobs import Trainings, checked_jobs
from hwlib.recipes import knows_setting
from hwlib.run import Run, default_runs_dir, write_json
from hwlib.runtime import code_fingerprint
from hwlib.source import code_of
from hwlib.tell import tell
from hwlib.training.fit import TrainingDiverged, fit, is_done

Verdicts = dict[str, Any]
CONDITIONS = ("profile", "seeds", "settings", "code")  # of verdicts that may stand together
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
        data: pictures, as `hwlib.load_data` takes them.
        profile: size of the runs.
        seeds: how many, from 0 on, or which; three at least.
        runs: folder of the run folders; `hwlib.run.default_runs_dir()` where it is empty.
        skip_bad: leave out pictures that cannot be read.
        jobs: trainings side by side; where it is None, one a core, or one a GPU.
        settings: of every run, on top of the arms' own, where its problem knows them: `device`,
            `features`, ...

    Returns:
        What claims.json holds: `data`, `profile`, `seeds`, `settings` and, for the claims
        asked for alone, `claims` by id: `verdict`, and `parts` or `reason`.

    Raises:
        UserError: an unknown claim, fewer than three seeds, or data that do not fit.
        Stopped: Ctrl-C; the same call goes on from there.
    """
    chosen = [CLAIMS[id] for id in known_ids(ids)]
    seeds = checked_seeds(seeds)
    runs = Path(runs) if runs else default_runs_dir()
    plan = Plan(str(data), profile, seeds, runs, skip_bad, settings)
    loaded = plan.load()
    verdicts: Verdicts = {
        "data": {"spec": str(data), "fingerprint": loaded.fingerprint},
        "profile": profile,
        "seeds": list(seeds),
        "settings": {name: value for name, value in settings.items() if name != "device"},
        "code": claims_code(),
        "claims": {},
    }
    path = claims_path(runs, loaded.fingerprint, profile)
    before = _still_valid(path, verdicts)
    wanted = planned(chosen, plan, loaded)
    missing = {key: one for key, one in wanted.items() if not is_done(one[0], loaded, runs)}
    # No more at a time than there are: each would have a share of the cores alone.
    jobs = max(1, min(checked_jobs(jobs, settings.get("device", "auto")), len(missing)))
    with Trainings(jobs, runs=runs, skip_bad=skip_bad) as trainings:
        queue = _Queue(plan, missing, len(wanted), trainings)
        for claim in chosen:
            verdicts["claims"][claim.id] = decide_one(claim, plan, loaded, queue.train)
            union = before | verdicts["claims"]
            ordered = {id: union[id] for id in CLAIMS if id in union}
            write_json(path, verdicts | {"claims": ordered})
    return verdicts


def known_ids(ids: str | Sequence[str] | None) -> list[str]:
    """Return the claims asked for, each once, in the order of the list; all of them for none.

    Several may stand in one text, with commas or spaces between them.

    Raises:
        UserError: an id that no claim has, or commas alone.
    """
    asked = ",".join([ids] if isinstance(ids, str) else ids or ()).strip()
    named = [id for id in re.split(r"[\s,，、]+", asked) if id]
    if asked and not named:
        raise UserError(f"no claim is named in '{asked}'; known: {', '.join(CLAIMS)}")
    wanted = [id.upper().replace("\u2019", "'") for id in named or CLAIMS]
    for id in wanted:
        if id not in CLAIMS:
            raise UserError(f"unknown claim '{id}'; known: {', '.join(CLAIMS)}")
    return [id for id in CLAIMS if id in wanted]


def checked_seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """Return the seeds, each once.

    Raises:
        UserError: fewer than three.
    """
    found = tuple(range(seeds)) if isinstance(seeds, int) else tuple(dict.fromkeys(seeds))
    if len(found) < MIN_SEEDS:
        raise UserError(
            f"a verdict needs {MIN_SEEDS} seeds or more, not {len(found)}; fewer tell nothing of"
            " how much chance does"
        )
    return found


def claims_path(runs: Path, fingerprint: str, profile: str) -> Path:
    """Return where the verdicts on one set of pictures stand."""
    return Path(runs) / f"claims-{fingerprint[:8]}-{profile}.json"


def claims_code() -> str:
    """Return 16 hex digits over the code of runs and claims: verdicts of other code are dropped."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    text = "\n".join([code_fingerprint(), *map(code_of, files)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _still_valid(path: Path, verdicts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of an earlier claims.json that was made in the same way; else none."""
    if not path.exists():
        return {}
    old = json.loads(path.read_text())
    is_same = all(old.get(name) == verdicts[name] for name in CONDITIONS)
    is_same = is_same and old["data"]["fingerprint"] == verdicts["data"]["fingerprint"]
    return old["claims"] if is_same else {}


# ---- one claim -----------------------------------------------------------------------------------


def decide_one(claim: Claim, plan: Plan, data: Data, train: Train) -> dict[str, Any]:
    """Return a claim's entry of claims.json, training what it needs."""
    try:
        check_needs(claim, data)
        found = {
            label: [train(config) for config in plan.configs(arm)]
            for label, arm in claim.arms.items()
        }
        parts = [judge(part, claim.arms, found, data) for part in claim.parts]
    except NotApplicable as stop:
        return {"verdict": NOT_APPLICABLE, "reason": stop.reason._asdict()}
    except TrainingDiverged as failure:
        reason = Sentence(f"有一次訓練發散了（{failure}）。", f"A training diverged ({failure}).")
        return {"verdict": NOT_APPLICABLE, "reason": reason._asdict()}
    return {"verdict": joined(part["verdict"] for part in parts), "parts": parts}


def check_needs(claim: Claim, data: Data) -> None:
    """Raise `NotApplicable` where the data have not what the claim speaks of."""
    for need in claim.needs:
        if need == "colour":
            is_there = data.channels == 3
            zh, en = "這份資料是灰階影像。", "The data are grey."
        elif need == "factors":
            is_there = data.test.factors is not None
            zh = "這份資料沒有記錄影像由哪些因素畫成，只有畫出來的臉才有。"
            en = "The data have no factors that images were drawn from; only drawn faces have."
        else:
            is_there = need in data.attributes and _varies(need, data)
            zh = f"這份資料沒有會變化的屬性 {need}。"
            en = f"The data have no attribute {need} that varies."
        if not is_there:
            raise NotApplicable(Sentence(zh, en))


def _varies(attribute: str, data: Data) -> bool:
    """Whether an attribute has both values in the training and in the test pictures."""
    column = data.attributes.index(attribute)
    parts = (data.train.labels[:, column], data.test.labels[:, column])
    return all(labels.min() != labels.max() for labels in parts)


def judge(
    part: Part, arms: Mapping[str, Arm], found: Mapping[str, Sequence[Run]], data: Data
) -> dict[str, Any]:
    """Return one measure's entry of claims.json.

    Args:
        part: the measure.
        arms: the claim's, by label.
        found: finished runs by the arm's label, one a seed.
        data: what they were trained on.
    """
    runs = {label: found[label] for label in part.arms}
    values = {label: [part.measure(run, data) for run in own] for label, own in runs.items()}
    result = judge_values(part, np.array([values[label] for label in part.arms]))
    if any(is_trial(run.results) for own in runs.values() for run in own):
        result["verdict"] = UNDECIDED  # runs as short as these bear out nothing
    result["arms"] = {
        label: {
            "text": arms[label].text._asdict(),
            "values": values[label],
            "runs": [run.path.name for run in runs[label]],
        }
        for label in part.arms
    }
    return result


def judge_values(part: Part, values: np.ndarray) -> dict[str, Any]:
    """Return a measure's effects, interval and verdict.

    Args:
        part: the measure.
        values: (A, S) of its arms and the seeds.
    """
    effects = part.comparison.effects(np.asarray(values, dtype=float))
    tell = part.comparison.tell
    effect, low, high = (float(tell(end)) for end in t_interval(effects))
    return {
        "name": part.name._asdict(),
        "unit": part.effect_unit,
        "value_unit": part.unit,
        "direction": part.direction,
        "margin": part.margin,
        "why": part.why._asdict(),
        "effects": [float(tell(one)) for one in effects],
        "effect": effect,
        "low": low,
        "high": high,
        "verdict": verdict_of(low, high, direction=part.direction, margin=part.margin),
    }


# ---- all runs ------------------------------------------------------------------------------------


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
        return [
            arm.config(data=self.data, profile=self.profile, seed=seed, **known)
            for seed in self.seeds
        ]

    def load(self) -> Data:
        """Return the pictures, of the size that every arm has."""
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
        _say(f"{what} ({arm.text.en}), seed {config.seed}{self._left()}")

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
    tell(f"claims: {line}")
