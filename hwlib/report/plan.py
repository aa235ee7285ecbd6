"""What a report is asked for: its jobs, checked before anything starts, and how long they take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from hwlib.claims import known_ids
from hwlib.claims.deciding import checked_seeds
from hwlib.claims.statistics import MIN_SEEDS
from hwlib.config import Config
from hwlib.data import Data, load_data
from hwlib.errors import UserError
from hwlib.recipes import PAIRS, get_pair, knows_setting, make_config
from hwlib.registry import CLAIMS, PROBLEMS
from hwlib.report.runner import Job, make_job
from hwlib.text import LANGUAGES
from hwlib.training.calibrate import expected_seconds
from hwlib.training.identity import load_run_data, resolve_attribute


@dataclass(frozen=True)
class ReportRequest:
    """What `hwlib report` is asked for.

    Attributes:
        problems: of the homework, and "claims"; all problems where it is empty.
        recipe: a course report, or "all"; each problem's default where it is None.
        data: sets of images, each with its own pages.
        profile: size of the runs.
        seeds: each with its own pages.
        settings: of the runs; each goes to the problems that know it.
        claims: ids; all of them where it is empty.
        skip_bad: leave out images that cannot be read.
    """

    problems: Sequence[str] = ()
    recipe: str | None = None
    data: Sequence[str] = ("faces",)
    profile: str = "quick"
    seeds: Sequence[int] = (0,)
    settings: Mapping[str, Any] = field(default_factory=dict)
    claims: Sequence[str] = ()
    skip_bad: bool = False


@dataclass(frozen=True)
class Planned:
    """A job, and what its notebook trains; of claims neither settings nor data are known."""

    job: Job
    config: Config | None = None
    data: Data | None = None


def plan(request: ReportRequest) -> list[Planned]:
    """Return the jobs of a report: every problem and recipe on every data, with every seed.

    They name all parameters, so that nothing comes from what a student left in a notebook's cell.

    Raises:
        UserError: an unknown name, or a setting or data that a job cannot take.
    """
    problems = [problem for problem in request.problems if problem != CLAIMS]
    for problem in problems:
        if re.fullmatch("[Cc][0-9]+'?", problem):
            raise UserError("claim_as_problem", problem=problem)
    if CLAIMS not in request.problems:
        if request.claims:
            raise UserError("claim_needs_claims")
        return _runs(problems, request)
    if not problems and (request.recipe or request.settings):
        raise UserError("claims_have_own")
    claims = [
        Planned(make_job(CLAIMS, "all", claims_parameters(spec, request))) for spec in request.data
    ]
    return claims + (_runs(problems, request) if problems else [])


def _runs(problems: Sequence[str], request: ReportRequest) -> list[Planned]:
    """Return the jobs that train one pair each."""
    pairs, settings = chosen_pairs(problems, request.recipe), request.settings
    for name in settings:  # a setting goes to the problems that know it; one at least must
        if not any(knows_setting(problem, name, recipe) for recipe, problem in pairs):
            recipe, problem = pairs[0]
            make_config(problem, recipe, **settings)  # says which are known
    planned = []
    for (recipe, problem), spec, seed in product(pairs, request.data, request.seeds):
        own = {n: v for n, v in settings.items() if knows_setting(problem, n, recipe)}
        config = make_config(problem, recipe, spec, request.profile, seed, **own)
        data = load_run_data(config, skip_bad=request.skip_bad)
        parameters = {
            "data": spec,
            "profile": request.profile,
            "seed": seed,
            "attribute": "",  # it is among the settings
            "settings": own,
            "skip_bad": request.skip_bad,
            "languages": list(LANGUAGES),
        }
        job = make_job(problem, recipe, parameters)
        planned.append(Planned(job, resolve_attribute(config, data), data))
    return planned


def claims_parameters(spec: str, request: ReportRequest) -> dict[str, Any]:
    """Return all parameters of the notebook of claims; three seeds follow on from a single one.

    Raises:
        UserError: an unknown claim or profile, or data that cannot be read.
    """
    wanted, seeds = known_ids(request.claims) if request.claims else [], request.seeds
    config = make_config("vae", "dcgan", spec, request.profile, seeds[0])
    load_data(spec, config.image_size, crop=config.crop, skip_bad=request.skip_bad)
    if len(seeds) == 1:
        seeds = range(seeds[0], seeds[0] + MIN_SEEDS)
    return {
        "ids": wanted,
        "data": spec,
        "profile": request.profile,
        "seeds": list(checked_seeds(seeds)),
        "skip_bad": request.skip_bad,
        "languages": list(LANGUAGES),
    }


def chosen_pairs(problems: Sequence[str], recipe: str | None) -> list[tuple[str, str]]:
    """Return the (recipe, problem) pairs that a report is asked for.

    Raises:
        UserError: an unknown name, or a pair that does not exist.
    """
    wanted = problems or list(dict.fromkeys(problem for _, problem in PAIRS))
    if recipe == "all":
        pairs = [pair for problem in wanted for pair in PAIRS if pair[1] == problem]
        unknown = [problem for problem in wanted if problem not in PROBLEMS]
        return [get_pair("", problem) for problem in unknown] or pairs  # it says which are known
    if recipe and not problems:  # "all problems" of one recipe are those that it has
        wanted = [problem for problem in wanted if (recipe, problem) in PAIRS] or wanted[:1]
    pairs = [
        (recipe or (PROBLEMS[problem].default_recipe if problem in PROBLEMS else ""), problem)
        for problem in wanted
    ]
    for pair in pairs:
        get_pair(*pair)
    return pairs


def expected(planned: Sequence[Planned], runs: Path, threads: int) -> list[list[float]] | None:
    """Return about how many seconds each training takes here; None with claims among the jobs.

    Args:
        planned: the jobs.
        runs: folder of the run folders.
        threads: that each notebook has.
    """
    if any(one.config is None for one in planned):
        return None
    configs, datas = zip(*((one.config, one.data) for one in planned), strict=True)
    return expected_seconds(configs, datas, runs=runs, threads=threads)
