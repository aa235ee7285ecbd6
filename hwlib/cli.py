"""The command line: a thin front on the package. Exit 0 done, 2 the user's mistake, 1 else."""

import os
import shlex
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from hwlib import options
from hwlib.data.commands import SkipOption
from hwlib.data.commands import app as data_app
from hwlib.errors import UserError, Worded, explain
from hwlib.io import user_path
from hwlib.registry import CLAIMS, PROBLEMS
from hwlib.run import Run
from hwlib.stop import exit_code
from hwlib.text import LANGUAGES


class OneLineGroup(TyperGroup):
    """Commands that end in one line where they are stopped, or a training came to nothing."""

    def invoke(self, ctx: typer.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except UserError:
            raise
        except KeyboardInterrupt as ended:
            line, code = str(ended) or Worded("stopped"), exit_code(ended)
        except Worded as ended:
            line, code = ended, 1
        with suppress(OSError):  # the terminal may be gone
            typer.echo(f"hwlib: {line}", err=True)
        raise typer.Exit(code)


app = typer.Typer(
    cls=OneLineGroup,
    help="Train, measure and report generative models of faces.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(data_app, name="data")


@app.command()
def recipes() -> None:
    """Show every pair of recipe and problem: parameters, schedule, reported numbers.

    The KL study stands below them: it trains the VAE of elbo with several weights. Today's recipe,
    which belongs to no report, comes last.
    """
    from hwlib.recipes import EVERY_PAIR, PAIRS, RECIPES, build_models

    pairs = sorted(PAIRS, key=lambda pair: bool(PROBLEMS[pair[1]].study_of))
    count = sum(not PROBLEMS[problem].study_of for _, problem in pairs)
    pairs += [pair for pair in EVERY_PAIR if pair not in PAIRS]
    title = f"{count} pairs and the KL study (full width, profile course, reported MSE)"
    table = Table(title=title, box=SIMPLE_HEAD, padding=0)
    for name in ("recipe", "problem", "parameters", "steps x batch", "optimiser", "MSE"):
        justify = "left" if name in ("recipe", "problem") else "right"
        table.add_column(name, justify=justify, no_wrap=True)
    for recipe, problem in pairs:
        pair, models = RECIPES[recipe].problems[problem], build_models(recipe, problem).values()
        settings, reported = pair.settings, pair.reported.get("test_mse")
        table.add_row(
            f"{RECIPES[recipe].letter or '-'} {recipe}",
            problem,
            f"{sum(p.numel() for model in models for p in model.parameters()):,}",
            f"{settings['num_steps']:,} x {settings['batch_size']}",
            f"{settings.get('optimizer', 'adam')} {settings['learning_rate']:g}",
            f"{reported:g}" if reported else "-",
        )
    Console().print(table)


@app.command()
def train(
    problem: options.ProblemArgument,
    recipe: Annotated[str | None, typer.Option(help="Course report to follow.")] = None,
    data: options.DataOption = "faces",
    profile: options.ProfileOption = "quick",
    seed: options.SeedOption = 0,
    settings: options.SetOption = None,
    device: options.DeviceOption = "auto",
    runs: options.RunsOption = None,
    skip_bad: SkipOption = False,
) -> None:
    """Train one pair and print its run folder; stopped or killed, the same command goes on."""
    from hwlib.recipes import make_config
    from hwlib.training.calibrate import log_expected_time
    from hwlib.training.identity import load_run_data
    from hwlib.training.loop import fit

    overrides = {"device": device} | options.parse_settings(settings or [])
    config = make_config(problem, recipe, options.whole_path(data), profile, seed, **overrides)
    runs = options.runs_given(runs)
    log_expected_time(config, load_run_data(config, skip_bad=skip_bad), runs=runs)
    run = fit(config, runs=runs, skip_bad=skip_bad)
    typer.echo(run.path)


@app.command()
def sample(
    run: Annotated[
        Path, typer.Argument(parser=user_path, metavar="RUN", help="A finished run's folder.")
    ],
    out: Annotated[
        Path, typer.Argument(parser=user_path, metavar="OUT", help="A new folder, or a file .npz.")
    ],
    num: Annotated[int, typer.Option("--num", min=1, help="Number of images.")] = 64,
    seed: options.SeedOption = 0,
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
    """Generate images with a finished run: a folder of PNG, or one .npz (`images`, N x H x W x C).

    The same seed draws the same z, so that two calls that differ in --attribute or --code alone
    show what it changes.
    """
    from hwlib.training.sampling import write_samples

    labels = options.parse_switches(attribute or [])
    write_samples(Run(run), out, num=num, seed=seed, labels=labels, codes=code)
    typer.echo(out)


@app.command()
def claims(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Claims, for example C1 C5; all 24 by default."),
    ] = None,
    data: options.DataOption = "faces",
    profile: options.ProfileOption = "quick",
    seeds: Annotated[int, typer.Option(help="Runs of each kind: seeds 0, 1, 2, ...")] = 3,
    device: options.DeviceOption = "auto",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the short table in both languages.")
    ] = False,
    jobs: options.JobsOption = None,
    runs: options.RunsOption = None,
    skip_bad: SkipOption = False,
    recipe: Annotated[
        str, typer.Option(help="Train all by this one, as far as it can test a claim: 'modern'.")
    ] = "",
) -> None:
    """Test what the reports concluded: train what is missing, and give each claim its verdict.

    Supported, contradicted or undecided, from three seeds at least. All claims at profile quick
    take an hour and a half on two cores; stopped, the same command goes on, and claims share runs.
    The last line is the file with every number.
    """
    from hwlib.claims import claims_path, decide
    from hwlib.show.verdicts import claims_markdown, console_table

    runs = options.runs_given(runs)
    shared = {"runs": runs, "skip_bad": skip_bad, "jobs": jobs, "device": device}
    shared["recipe"] = recipe
    verdicts = decide(ids, data=options.whole_path(data), profile=profile, seeds=seeds, **shared)
    if markdown:
        for table in claims_markdown(verdicts).values():
            typer.echo(f"{table}\n")
    else:
        Console().print(console_table(verdicts))
    typer.echo(claims_path(runs, verdicts["data"]["fingerprint"], profile, recipe))


@app.command()
def report(
    problems: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROBLEM]...",
            help="Problems to report, all of them by default, with 'today', what one would do"
            " today, as the last chapter. 'claims' adds the verdicts on the reports' claims, which"
            " take long: see hwlib claims.",
        ),
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="Course report, or 'all' of them.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help=f"{options.DATA_HELP} Repeat it for several, each with its own pages.",
        ),
    ] = None,
    profile: options.ProfileOption = "quick",
    seed: Annotated[
        list[int] | None,
        typer.Option(
            help="Seed of every random draw, 0 by default. Repeat it for several; the comparison"
            " gives their mean and standard deviation."
        ),
    ] = None,
    lang: Annotated[list[str] | None, typer.Option(help="zh, en; both by default.")] = None,
    settings: options.SetOption = None,
    attribute: Annotated[
        str,
        typer.Option(
            help="Attribute that the VAE's figures colour and the ACGAN learns (the ACGAN takes"
            " several, joined by commas). Default: Male, and the recipe's own."
        ),
    ] = "",
    out: Annotated[
        Path, typer.Option(parser=user_path, metavar="FOLDER", help="Folder of the report.")
    ] = Path("report/build"),
    claim: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="With 'claims': only this one; repeat it for several."),
    ] = None,
    decoder: Annotated[
        bool,
        typer.Option("--decoder", help="Let the VAE's page run its decoder (small networks only)."),
    ] = False,
    small: Annotated[
        bool, typer.Option("--small", help="Compress images: files of a fifth of the size.")
    ] = False,
    short: Annotated[bool, typer.Option("--short", help="Leave the appendices out.")] = False,
    author: Annotated[str, typer.Option(help="Your name, for the title page.")] = "",
    student_id: Annotated[str, typer.Option(help="Your student number, for the title page.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="Print failures only.")] = False,
    jobs: options.JobsOption = None,
    runs: options.RunsOption = None,
    skip_bad: SkipOption = False,
) -> None:
    """Run the notebooks and write the report: HTML and PDF, in Chinese and English.

    Notebooks run side by side, and what several of them need is trained once. One that fails loses
    its own page only. Stopped or killed, the same command goes on.
    """
    if os.path.expanduser("~") == "~":  # jupyter asks for a home when it is imported
        for kind in ("CONFIG", "DATA", "RUNTIME"):
            os.environ.setdefault(f"JUPYTER_{kind}_DIR", os.devnull)  # where nothing can be found
    from hwlib.parallel import JOBS, num_jobs, shares
    from hwlib.report import FULL, SMALL, About, make_report
    from hwlib.report.plan import expected, plan

    overrides = options.parse_settings(settings or []) | (
        {"attribute": attribute} if attribute else {}
    )
    planned = plan(
        problems or (),
        recipe=recipe,
        data=options.resolve_data(data or ["faces"]),
        profile=profile,
        seeds=list(dict.fromkeys(seed or [0])),
        settings=overrides,
        claims=claim or (),
        skip_bad=skip_bad,
    )  # a mistake ends here, in one line, before any notebook runs
    kinds = {problem for problem, known in PROBLEMS.items() if known.has_page_decoder}
    if decoder and kinds.isdisjoint(one.job.problem for one in planned):
        raise UserError("decoder_needs_vae")
    jobs = num_jobs(jobs, overrides.get("device", "auto"))
    options.writable(out)
    runs = options.runs_given(runs)
    num_side_by_side = sum(one.job.problem != CLAIMS for one in planned)
    environments = shares(max(1, min(jobs, num_side_by_side)))
    result = make_report(
        [one.job for one in planned],
        out=out,
        languages=lang or tuple(LANGUAGES),
        runs=runs.resolve(),
        about=About(author, student_id, shlex.join(["hwlib", *sys.argv[1:]]), short),
        environments=environments,
        alone={JOBS: str(jobs)},
        decoder=page_decoder if decoder else None,
        detail=SMALL if small else FULL,
        expected=expected(planned, runs, int(environments[0]["OMP_NUM_THREADS"])),
        quiet=quiet,
    )
    for file in result.files:
        if file.name in ("index.html", "report.pdf") and file.exists():
            typer.echo(file)
    for job in result.failed:
        typer.echo(f"{job.name} failed: {job.reason}", err=True)
    if not result.ok:
        raise typer.Exit(1)


def page_decoder(path: Path) -> Mapping[str, Any]:
    """Return what a page needs to run the decoder of the run at `path` by itself."""
    from hwlib import explore

    return explore.page_decoder(Run(path))


def main() -> None:
    """Run the command line; what goes wrong is one line on standard error.

    The exit code is 2 for a user's mistake, and 1 for a full disk and other errors of the system.
    """
    for stream in (sys.stdout, sys.stderr):  # a locale may lack letters of ours
        stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="hwlib")
    except (UserError, OSError) as error:
        line = explain(error)
        print(f"hwlib: {line}", file=sys.stderr)
        sys.exit(2 if isinstance(line, UserError) else 1)
