"""The command line: a thin front on the package. Exit 0 done, 2 the user's mistake, 1 else."""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hwlib.config import ARGUMENTS, profile_of
from hwlib.data.commands import app as data_app
from hwlib.errors import UserError, Worded
from hwlib.registry import PROBLEMS

if TYPE_CHECKING:
    from hwlib.report import Job

app = typer.Typer(
    help="Train, measure and report generative models of faces.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(data_app, name="data")

ProblemArgument = Annotated[
    str, typer.Argument(metavar="PROBLEM", help=f"One of {', '.join(PROBLEMS)}.")
]
DataOption = Annotated[
    str,
    typer.Option(
        "--data",
        metavar="SPEC",
        help="faces (drawn, the default), faces:N, or a folder: hw4, CelebA, MNIST, any pictures.",
    ),
]
ProfileOption = Annotated[
    str,
    typer.Option(
        "--profile",
        callback=profile_of,
        help="smoke: seconds, to see that it runs; preview: about a minute, rough pictures;"
        " quick: a real result on two cores;"
        " course: the report's own schedule.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Every random draw follows from it.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting, for example --set z_dim=50; once for each. README.md tells all of"
        " them under 'Settings', and a wrong name lists those that the problem knows.",
    ),
]
RunsOption = Annotated[
    Path | None, typer.Option("--runs", help="Folder of the run folders; default runs/.")
]
JobsOption = Annotated[
    int | None,
    typer.Option("--jobs", help="Jobs side by side; default one a core, or one a GPU."),
]
SkipOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out pictures that cannot be read, and say so.")
]


@app.command()
def recipes() -> None:
    """Show the 14 pairs of recipe and problem: parameters, schedule, reported numbers.

    The KL study stands below them: it trains the VAE of elbo with several weights.
    """
    from hwlib.recipes import PAIRS, RECIPES, build_models

    table = Table(
        title="14 pairs and the KL study (full width, profile course, reported MSE)",
        box=SIMPLE_HEAD,
        padding=0,
    )
    for name in ("recipe", "problem"):
        table.add_column(name, no_wrap=True)
    for name in ("parameters", "steps x batch", "optimiser", "MSE"):
        table.add_column(name, justify="right", no_wrap=True)
    for recipe, problem in sorted(PAIRS, key=lambda pair: bool(PROBLEMS[pair[1]].study_of)):
        pair = RECIPES[recipe].problems[problem]
        cells = [f"{RECIPES[recipe].letter} {recipe}", problem]
        models = build_models(recipe, problem)
        size = sum(p.numel() for model in models.values() for p in model.parameters())
        settings = pair.settings
        rule = f"{settings.get('optimizer', 'adam')} {settings['learning_rate']:g}"
        schedule = f"{settings['num_steps']:,} x {settings['batch_size']}"
        reported = pair.reported.get("test_mse")
        table.add_row(*cells, f"{size:,}", schedule, rule, f"{reported:g}" if reported else "-")
    Console().print(table)


@app.command()
def train(
    problem: ProblemArgument,
    recipe: Annotated[str | None, typer.Option(help="Course report to follow.")] = None,
    data: DataOption = "faces",
    profile: ProfileOption = "quick",
    seed: SeedOption = 0,
    settings: SetOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    runs: RunsOption = None,
    skip_bad: SkipOption = False,
) -> None:
    """Train one pair and print its run folder; stopped or killed, the same command goes on."""
    from hwlib.recipes import make_config
    from hwlib.run import default_runs_dir
    from hwlib.training.calibrate import log_expected_time
    from hwlib.training.identity import load_run_data
    from hwlib.training.loop import fit

    overrides = {"device": device} | parse_settings(settings or [])
    config = make_config(problem, recipe, whole_path(data), profile, seed, **overrides)
    runs = writable("--runs", runs or default_runs_dir())
    log_expected_time(config, load_run_data(config, skip_bad=skip_bad), runs=runs)
    with ending_in_one_line():
        run = fit(config, runs=runs, skip_bad=skip_bad)
    typer.echo(run.path)


@app.command()
def sample(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run's folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder, or a file .npz.")],
    num: Annotated[int, typer.Option("--num", min=1, help="How many pictures.")] = 64,
    seed: SeedOption = 0,
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=0|1",
            help="Of an ACGAN: an attribute on (1) or off (0); several joined by commas, or the"
            " option once for each.",
        ),
    ] = None,
    code: Annotated[
        list[int] | None,
        typer.Option(help="Of an InfoGAN: a code's value, 0 to 9; once for each code."),
    ] = None,
) -> None:
    """Draw pictures from a finished run: a folder of PNG, or one .npz (`images`, N x H x W x C).

    The same seed draws the same z, so that two calls that differ in --attribute or --code alone
    show what it changes.
    """
    from hwlib.run import Run
    from hwlib.training.sampling import write_samples

    labels = parse_switches(attribute or [])
    check_place(out)
    write_samples(Run(run), out, num=num, seed=seed, labels=labels, codes=code)
    typer.echo(out)


@app.command()
def claims(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Claims, for example C1 C5; all 24 by default."),
    ] = None,
    data: DataOption = "faces",
    profile: ProfileOption = "quick",
    seeds: Annotated[int, typer.Option(help="Runs of each kind: seeds 0, 1, 2, ...")] = 3,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the short table in both languages.")
    ] = False,
    jobs: JobsOption = None,
    runs: RunsOption = None,
    skip_bad: SkipOption = False,
) -> None:
    """Test what the reports concluded: train what is missing, and give each claim its verdict.

    Supported, contradicted or undecided, from three seeds at least. All claims at profile quick
    take two to three hours on two cores; stopped, the same command goes on, and claims share runs.
    The last line is the file with every number.
    """
    from hwlib.claims import claims_path, decide
    from hwlib.run import default_runs_dir
    from hwlib.show.verdicts import claims_markdown

    runs = writable("--runs", runs or default_runs_dir())
    with ending_in_one_line():
        verdicts = decide(
            ids,
            data=whole_path(data),
            profile=profile,
            seeds=seeds,
            runs=runs,
            skip_bad=skip_bad,
            jobs=jobs,
            device=device,
        )
    if markdown:
        for table in claims_markdown(verdicts).values():
            typer.echo(f"{table}\n")
    else:
        Console().print(claims_table(verdicts))
    typer.echo(claims_path(runs, verdicts["data"]["fingerprint"], profile))


def claims_table(verdicts: Mapping[str, Any], language: str = "en") -> Table:
    """Return the verdicts as a table, a row a measure, with effect, interval and margin."""
    from hwlib.claims import CLAIMS
    from hwlib.findings.claims import found, write_effect, write_margin
    from hwlib.text import sentence, word

    data, profile = verdicts["data"]["spec"], verdicts["profile"]
    seeds = len(verdicts["seeds"])
    title = sentence("claims.table_title", language, data=data, profile=profile, seeds=seeds)
    warning = sentence("claims.warning", language, profile=profile)
    table = Table(title=title, caption=warning, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    right = {"justify": "right"}
    columns = {"id": {}, "claim": {}, "verdict": {}, "effect": right, "margin": right}
    for name, style in columns.items():
        no_wrap = name not in ("claim", "effect")
        table.add_column(word(f"claims.columns.{name}", language), no_wrap=no_wrap, **style)
    for id, decided in verdicts["claims"].items():
        claim = CLAIMS[id]
        statement = word(f"claims.{id}.statement", language)
        letters = ", ".join(claim.letters)
        said = word(f"claims.verdicts.{decided['verdict']}", language)
        table.add_row(id, f"{statement} ({letters})", said, style="bold")
        if "reason" in decided:
            table.add_row("", found(claim, decided)[0].say(language).replace("**", ""))
        for part in decided.get("parts", ()):
            name = word(f"claims.{id}.parts.{part['name']}", language)
            said = word(f"claims.verdicts.{part['verdict']}", language)
            effect = (write_effect(part, language), write_margin(part, language))
            table.add_row("", name, said, *effect, style="dim")
    return table


@app.command()
def report(
    problems: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROBLEM]...",
            help="Problems to report, all that are built by default; 'claims' is the verdicts on"
            " the reports' claims, which take an hour and a half and come only where they are"
            " named.",
        ),
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="Course report, or 'all' of them.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help="faces (drawn, the default), faces:N, or a folder: hw4, CelebA, MNIST, any"
            " pictures; repeat it for several, each with its own pages.",
        ),
    ] = None,
    profile: ProfileOption = "quick",
    seed: Annotated[
        list[int] | None,
        typer.Option(
            help="Every random draw follows from it, 0 by default; repeat it for several, which"
            " the comparison gives with mean and spread."
        ),
    ] = None,
    lang: Annotated[list[str] | None, typer.Option(help="zh, en; both by default.")] = None,
    settings: SetOption = None,
    attribute: Annotated[
        str,
        typer.Option(
            help="Attribute that the VAE's figures colour and the ACGAN learns (there several,"
            " joined by commas); Male and the recipe's own where it is empty."
        ),
    ] = "",
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("report/build"),
    claim: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help="With 'claims': only this one; repeat it for several. Of a single --seed and the"
            " two that follow.",
        ),
    ] = None,
    decoder: Annotated[
        bool,
        typer.Option(
            "--decoder",
            help="Put the VAE's decoder itself into its page, for free movement offline; small"
            " networks only.",
        ),
    ] = False,
    small: Annotated[
        bool,
        typer.Option("--small", help="Pictures with less detail: files of a fifth, to send."),
    ] = False,
    short: Annotated[bool, typer.Option("--short", help="Leave the appendices out.")] = False,
    author: Annotated[str, typer.Option(help="Your name, for the title page.")] = "",
    student_id: Annotated[str, typer.Option(help="Your student number, for the title page.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="Tell failures alone.")] = False,
    jobs: JobsOption = None,
    runs: RunsOption = None,
    skip_bad: SkipOption = False,
) -> None:
    """Run the notebooks and write the report: HTML and PDF, in Chinese and English.

    Notebooks run side by side, and what several of them need is trained once; one that fails costs
    its own page alone. Stopped or killed, the same command goes on.
    """
    from hwlib.parallel import JOBS, num_jobs, shares
    from hwlib.report import CLAIMS, FULL, SMALL, make_report
    from hwlib.run import default_runs_dir
    from hwlib.text import LANGUAGES

    overrides = parse_settings(settings or [])
    if attribute:
        overrides["attribute"] = attribute
    # A mistake in a setting or in the data is told now, in one line, before any notebook runs.
    asked = chosen_jobs(
        problems or [],
        recipe,
        data=resolved(data or ["faces"]),
        profile=profile,
        seeds=list(dict.fromkeys(seed or [0])),
        settings=overrides,
        claims=claim,
        skip_bad=skip_bad,
    )
    has_decoder = {name for name, problem in PROBLEMS.items() if problem.has_page_decoder}
    if decoder and has_decoder.isdisjoint(job.problem for job in asked):
        raise UserError("decoder_needs_vae")
    jobs = num_jobs(jobs, overrides.get("device", "auto"))
    writable("--out", out)
    runs = writable("--runs", runs or default_runs_dir())
    num_side_by_side = sum(job.problem != CLAIMS for job in asked)
    places = shares(max(1, min(jobs, num_side_by_side)))
    with ending_in_one_line():
        result = make_report(
            asked,
            out=out,
            languages=lang or tuple(LANGUAGES),
            runs=runs.resolve(),
            command=shlex.join(["hwlib", *sys.argv[1:]]),
            environments=places,
            alone={JOBS: str(jobs)},
            decoder=page_decoder if decoder else None,
            detail=SMALL if small else FULL,
            author=author,
            student_id=student_id,
            short=short,
            expected=expected(asked, runs, skip_bad, int(places[0]["OMP_NUM_THREADS"])),
            quiet=quiet,
        )
    for file in result.files:
        if file.name in ("index.html", "report.pdf") and file.exists():
            typer.echo(file)
    for job in result.failed:
        typer.echo(f"{job.name} failed: {job.reason}", err=True)
    if not result.ok:
        raise typer.Exit(1)


def expected(
    asked: Sequence[Job], runs: Path, skip_bad: bool, threads: int
) -> list[list[float]] | None:
    """Return about how many seconds each training takes here; None with claims among the jobs."""
    from hwlib.data import load_data
    from hwlib.recipes import make_config
    from hwlib.report import CLAIMS
    from hwlib.training.calibrate import expected_seconds
    from hwlib.training.identity import resolve_attribute

    if any(job.problem == CLAIMS for job in asked):
        return None
    load = cache(partial(load_data, skip_bad=skip_bad))
    configs, datas = [], []
    for job in asked:
        names = (job.parameters[name] for name in ("data", "profile", "seed"))
        config = make_config(job.problem, job.recipe, *names, **job.parameters["settings"])
        datas.append(load(config.data, config.image_size, crop=config.crop))
        configs.append(resolve_attribute(config, datas[-1]))
    return expected_seconds(configs, datas, runs=runs, threads=threads)


def writable(option: str, folder: Path) -> Path:
    """Make the folder that `option` names, before any work for it, and return it.

    Raises:
        UserError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        why = error.strerror
        raise UserError("option_unwritable", option=option, folder=folder, why=why) from None


def page_decoder(path: Path) -> Mapping[str, Any]:
    """Return what a page needs to run the decoder of the run at `path` by itself."""
    from hwlib import explore
    from hwlib.run import Run

    return explore.page_decoder(Run(path))


def claims_parameters(
    ids: Sequence[str] | None, *, data: str, profile: str, seeds: Sequence[int], skip_bad: bool
) -> dict[str, Any]:
    """Return all parameters of the notebook of claims; three seeds follow on from a single one.

    Raises:
        UserError: an unknown claim or profile, or data that cannot be read.
    """
    from hwlib.claims import known_ids
    from hwlib.claims.deciding import checked_seeds
    from hwlib.claims.statistics import MIN_SEEDS
    from hwlib.data import load_data
    from hwlib.recipes import make_config
    from hwlib.text import LANGUAGES

    wanted = known_ids(ids) if ids else []
    config = make_config("vae", "dcgan", data, profile, seeds[0])
    load_data(data, config.image_size, crop=config.crop, skip_bad=skip_bad)
    if len(seeds) == 1:
        seeds = range(seeds[0], seeds[0] + MIN_SEEDS)
    return {
        "ids": wanted,
        "data": data,
        "profile": profile,
        "seeds": list(checked_seeds(seeds)),
        "skip_bad": skip_bad,
        "languages": list(LANGUAGES),
    }


def resolved(data: Sequence[str]) -> list[str]:
    """Return each set of pictures once, folders by their whole path.

    Raises:
        UserError: two folders of one name, by which a report tells them apart.
    """
    found = list(dict.fromkeys(map(whole_path, data)))
    names = [Path(spec).name for spec in found]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise UserError("same_data_name", name=twice[0])
    return found


def whole_path(spec: str) -> str:
    """Return a folder by its whole path; 'faces' are the drawn ones, whatever lies here.

    Raises:
        UserError: an empty text, which would be the folder that the command was typed in.
    """
    if not spec.strip():
        raise UserError("empty_data")
    path = os.path.expanduser(spec)
    is_drawn = spec == "faces" or spec.startswith("faces:")
    return spec if is_drawn or not os.path.exists(path) else os.path.realpath(path)


def chosen_jobs(
    problems: Sequence[str],
    recipe: str | None,
    *,
    data: Sequence[str],
    profile: str,
    seeds: Sequence[int],
    settings: Mapping[str, Any],
    claims: Sequence[str] | None,
    skip_bad: bool,
) -> list[Job]:
    """Return the jobs of a report: every problem and recipe on every data, with every seed.

    They name all parameters, so that nothing comes from what a student left in a notebook's cell.

    Raises:
        UserError: an unknown name, or a setting or data that a job cannot take.
    """
    from hwlib.data import load_data
    from hwlib.recipes import knows_setting, make_config
    from hwlib.report import CLAIMS, make_job
    from hwlib.text import LANGUAGES
    from hwlib.training.identity import resolve_attribute

    others = [problem for problem in problems if problem != CLAIMS]
    has_claims = CLAIMS in problems
    jobs = []
    for problem in others:
        if re.fullmatch("[Cc][0-9]+'?", problem):
            raise UserError("claim_as_problem", problem=problem)
    if claims and not has_claims:
        raise UserError("claim_needs_claims")
    if has_claims:
        if not others and (recipe or settings):
            raise UserError("claims_have_own")
        for spec in data:
            given = claims_parameters(
                claims, data=spec, profile=profile, seeds=seeds, skip_bad=skip_bad
            )
            jobs.append(make_job(CLAIMS, "all", given))
        if not others:
            return jobs
    pairs = chosen_pairs(others, recipe)
    for name in settings:  # a setting goes to the problems that know it; one at least must
        if not any(knows_setting(problem, name, recipe) for recipe, problem in pairs):
            make_config(pairs[0][1], pairs[0][0], data[0], profile, seeds[0], **settings)
    load = cache(partial(load_data, skip_bad=skip_bad))
    for (pair_recipe, problem), spec, seed in product(pairs, data, seeds):
        own = {n: v for n, v in settings.items() if knows_setting(problem, n, pair_recipe)}
        config = make_config(problem, pair_recipe, spec, profile, seed, **own)
        resolve_attribute(config, load(spec, config.image_size, crop=config.crop))
        parameters = {
            "data": spec,
            "profile": profile,
            "seed": seed,
            "attribute": "",  # it is among the settings
            "settings": own,
            "skip_bad": skip_bad,
            "languages": list(LANGUAGES),
        }
        jobs.append(make_job(problem, pair_recipe, parameters))
    return jobs


@contextmanager
def ending_in_one_line() -> Iterator[None]:
    """Turn Ctrl-C, and a training that came to nothing, into one line and exit code 1."""
    from hwlib.training.loop import TrainingDiverged

    try:
        yield
    except TrainingDiverged as failure:
        typer.echo(f"hwlib: {failure}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt as stop:
        line = str(stop) or str(Worded("stopped"))
        typer.echo(f"hwlib: {line}", err=True)
        raise typer.Exit(1) from None


def chosen_pairs(problems: Sequence[str] | None, recipe: str | None) -> list[tuple[str, str]]:
    """Return the (recipe, problem) pairs that a report is asked for.

    Raises:
        UserError: an unknown name, or a pair that does not exist.
    """
    from hwlib.recipes import PAIRS, get_pair

    def recipe_of(problem: str) -> str:
        return recipe or (PROBLEMS[problem].default_recipe if problem in PROBLEMS else "")

    wanted = list(problems or dict.fromkeys(problem for _, problem in PAIRS))
    if recipe == "all":
        pairs = [pair for problem in wanted for pair in PAIRS if pair[1] == problem]
        for problem in wanted:
            if not any(own == problem for _, own in pairs):
                get_pair("", problem)  # says which are known
        return pairs
    pairs = [(recipe_of(problem), problem) for problem in wanted]
    if recipe and not problems:  # "all problems" of one recipe are those that it has
        pairs = [pair for pair in pairs if pair in PAIRS] or pairs[:1]
    for pair in pairs:
        get_pair(*pair)
    return pairs


def parse_settings(words: Sequence[str]) -> dict[str, Any]:
    """Return the KEY=VALUE words of `--set` as settings; the types are checked with the rest.

    Raises:
        UserError: a word without '=', or one for an option of its own.
    """
    settings: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UserError("set_without_value", word=word)
        if (name := key.strip()) in ARGUMENTS:
            raise UserError("set_of_option", word=word, name=name, value=value)
        settings[name] = value.split(",") if "," in value else value.strip()
    return settings


def parse_switches(words: Sequence[str]) -> dict[str, int]:
    """Return the NAME=0|1 words of `--attribute`, each of them one or several joined by commas.

    Raises:
        UserError: a word that is not of this form.
    """
    switches = {}
    for word in ",".join(words).split(",") if words else ():
        name, equals, value = (part.strip() for part in word.partition("="))
        if not (name and equals):
            raise UserError("switch_without_value", word=word)
        if value not in ("0", "1"):
            raise UserError("switch_value", word=word, value=value)
        switches[name] = int(value)
    return switches


def check_place(out: Path) -> None:
    """Refuse a file that `hwlib sample` cannot write.

    Raises:
        UserError: the name ends like that of another kind of file; pictures' are told of later.
    """
    from hwlib.training.sampling import IMAGE_SUFFIXES

    is_like_a_file = any(map(str.isalpha, out.suffix)) and not out.is_dir()
    is_known = out.suffix == ".npz" or out.suffix.lower() in IMAGE_SUFFIXES
    if is_like_a_file and not is_known:
        raise UserError("unknown_file_kind", out=out, suffix=out.suffix)


def main() -> None:
    """Run the command line; a user's mistake is one line on standard error and exit code 2."""
    try:
        app(prog_name="hwlib")
    except UserError as error:
        print(f"hwlib: {error}", file=sys.stderr)
        sys.exit(2)
