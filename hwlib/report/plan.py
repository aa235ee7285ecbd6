"""What a report is asked for: its jobs, checked before anything starts, and how long they take."""

import re
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from hwlib.claims import known_ids
from hwlib.claims.deciding import checked_seeds
from hwlib.claims.statistics import MIN_SEEDS
from hwlib.config import Config
from hwlib.data import Data, load_data
from hwlib.errors import UserError
from hwlib.recipes import EVERY_PAIR, beside_todays, get_pair, knows_setting, make_config
from hwlib.registry import CLAIMS, PAGES, PROBLEMS, TODAY, TODAYS
from hwlib.report.runner import Job, make_job
from hwlib.text import LANGUAGES
from hwlib.training.calibrate import expected_seconds, trainings
from hwlib.training.identity import load_run_data, resolve_attribute


class Planned(NamedTuple):
    """A job, and all that its notebook trains; of claims neither settings nor data are known."""

    job: Job
    configs: Sequence[Config] | None = None
    data: Data | None = None


def plan(
    problems: Sequence[str] = (),
    *,
    recipe: str | None = None,
    data: Sequence[str] = ("faces",),
    profile: str = "quick",
    seeds: Sequence[int] = (0,),
    settings: Mapping[str, Any] | None = None,
    claims: Sequence[str] = (),
    skip_bad: bool = False,
) -> list[Planned]:
    """Return the jobs of a report: every problem and recipe on every data, with every seed.

    They name all parameters, so that nothing comes from what a student left in a notebook's cell.
    Without `problems` all are meant, and the page on today's recipe where its problems are among
    them; without a `recipe` each problem's default. It may be "all".
    Each data set and each seed has pages of its own, but claims, where three seeds follow on from a
    single one. Each of the `settings` goes to the problems that know it.

    An unknown name, or a setting or data that a job cannot take, is a UserError.
    """
    settings = settings or {}
    homework = [problem for problem in problems if problem not in PAGES.keys() - PROBLEMS.keys()]
    claims_alone = {*problems} == {CLAIMS}
    if wrong := [name for name in homework if re.fullmatch("[Cc][0-9]+'?", name)]:
        raise UserError("claim_as_problem", problem=wrong[0])
    if claims and CLAIMS not in problems:
        raise UserError("claim_needs_claims")
    if claims_alone and (recipe or settings):
        raise UserError("claims_have_own")
    common = {"skip_bad": skip_bad, "languages": list(LANGUAGES)}
    planned = []
    for spec in data if CLAIMS in problems else ():
        ids = known_ids(claims) if claims else []
        config = make_config("vae", "dcgan", spec, profile, seeds[0])
        load_data(spec, config.image_size, crop=config.crop, skip_bad=skip_bad)
        own = seeds if len(seeds) > 1 else range(seeds[0], seeds[0] + MIN_SEEDS)
        about = {"ids": ids, "data": spec, "profile": profile, "seeds": list(checked_seeds(own))}
        planned.append(Planned(make_job(CLAIMS, "all", about | common)))
    if claims_alone:
        return planned
    wanted = homework if problems else list(dict.fromkeys(problem for _, problem in EVERY_PAIR))
    if recipe and recipe != "all" and not problems:  # "all problems" are those that it has
        wanted = [problem for problem in wanted if (recipe, problem) in EVERY_PAIR] or wanted[:1]
    pairs: list[tuple[str, str]] = []
    for problem in wanted:
        default = PROBLEMS[problem].default_recipe if problem in PROBLEMS else "all"
        every = [pair for pair in EVERY_PAIR if pair[1] == problem] if recipe == "all" else []
        pairs += every or [(recipe or default, problem)]
    asked = [(problem, [(recipe, problem)]) for recipe, problem in pairs]
    beside = PAGES[TODAY].beside
    if TODAY in problems or (not problems and recipe != TODAYS and {*beside} <= {*wanted}):
        default = PROBLEMS[beside[0]].default_recipe
        own_recipe = default if recipe in (None, "all") else recipe
        asked.append((TODAY, [(own_recipe, problem) for problem in beside]))
    every = [pair for _, some in asked for pair in some]
    for pair in every:
        get_pair(*pair)  # an unknown name, or a pair that does not exist, ends here
    for name in settings:
        if not any(knows_setting(problem, name, recipe) for recipe, problem in every):
            make_config(*reversed(every[0]), **settings)  # says which are known
    for (name, some), spec, seed in product(asked, data, seeds):
        known, recipe = [problem for _, problem in some], some[0][0]
        own = {n: v for n, v in settings.items() if any(knows_setting(p, n, recipe) for p in known)}
        if name == TODAY:
            others, todays = beside_todays(recipe, spec, profile, seed, **own)
            configs = [*todays.values(), *others.values()]  # in the notebook's order
        else:
            configs = [make_config(name, recipe, spec, profile, seed, **own)]
        loaded = load_run_data(configs[-1], skip_bad=skip_bad)
        configs = [resolve_attribute(config, loaded) for config in configs]
        about = {"data": spec, "profile": profile, "seed": seed, "settings": own}
        about["attribute"] = ""  # it is among the settings
        job = make_job(name, recipe, about | common)
        configs = configs if name == TODAY else trainings(configs[0])
        planned.append(Planned(job, configs, loaded))
    return planned


def expected(planned: Sequence[Planned], runs: Path, threads: int) -> list[list[float]] | None:
    """Return about how many seconds each training takes here, with `threads` for each notebook.

    None with claims among the jobs.
    """
    _, configs, datas = zip(*planned, strict=True)
    return None if None in configs else expected_seconds(configs, datas, runs=runs, threads=threads)
