"""The jobs of a report, and their notebooks: run in a process of their own, or found unchanged."""

import ast
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from papermill.translators import PythonTranslator

from hwlib.claims.catalogue import PATH as CLAIMS_FILE
from hwlib.claims.catalogue import SHIPPED, verdict_files
from hwlib.data import find_source
from hwlib.errors import UserError, Worded, explain
from hwlib.fingerprint import hash_of_files
from hwlib.io import read_json, replacing, sha256_of, write_json
from hwlib.parallel import OnLine, RunChild
from hwlib.registry import CLAIMS, PAGES, PROBLEMS, TODAY
from hwlib.run import default_runs_dir
from hwlib.text import ROOT as TEXTS
from hwlib.text import in_languages, word

RESULTS = "results.json"
KERNEL = "hwlib.report.kernel"  # executes one notebook, in a process of its own
ENDED = "ended.json"  # written by it beside the notebook: reason, trace, runs
PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Job:
    """One page of the report: a problem in one recipe, or the claims of all of them."""

    problem: str
    recipe: str
    notebook: Path
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Executed:
    """What came of a notebook: either `notebook` and `run`, or the `reason` why not."""

    notebook: Path | None = field(default=None, repr=False)  # the executed one
    run: Path | None = None  # the run folder, or the file of verdicts, that it is about
    reason: Mapping[str, str] = field(default_factory=dict)  # a line a language; empty: all well
    trace: str = ""  # last lines of the traceback, as plain text
    # whether it ran now, and was not taken from an earlier report
    is_new: bool = field(default=True, repr=False)
    others: tuple[Path, ...] = ()  # further run folders that it used, in their order


def reason(kind: str, **names: Any) -> dict[str, str]:
    """Return why a job failed, in one line a language: `page.reasons.<kind>`.

    An error among the `names` is told in that language.
    """
    key = f"page.reasons.{kind}"

    def told(value: Any, language: str) -> Any:
        return explain(value).say(language) if isinstance(value, Worded | OSError) else value

    def say(language: str) -> str:
        own = {name: told(value, language) for name, value in names.items()}
        return " ".join(word(key, language, **own).split())

    return in_languages(say)


def make_job(
    problem: str,
    recipe: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    notebooks: Path | None = None,
) -> Job:
    """Return the job of `problem`, a key of `hwlib.registry.PAGES`, with its notebook.

    Its parameters are the recipe and further `parameters`; claims compare recipes: they have none,
    and "all" stands for it. `notebooks` is a folder, the project's own where it is None.

    An unknown problem, or one without a notebook, is a UserError.
    """
    if problem not in PAGES:
        raise UserError("unknown_report_problem", problem=problem, known=[*PROBLEMS, TODAY, CLAIMS])
    own_folders = [root / "notebooks" for root in (PACKAGE.parent, Path.cwd())]
    folder = notebooks or next(filter(Path.is_dir, own_folders), own_folders[0])
    path = folder / PAGES[problem].notebook
    if not path.exists():
        raise UserError("no_notebook", problem=problem, path=path)
    own = {} if problem == CLAIMS else {"recipe": recipe}
    return Job(problem, recipe, path, {**own, **(parameters or {})})


def check_parameters(job: Job) -> dict[str, Any]:
    """Return all parameters of the job's notebook, its defaults where the job names none.

    A notebook that cannot be read, or lacks a parameter, is a UserError.
    """
    # By itself papermill wants the name of a kernel, which many tools leave out and we do not use.
    try:
        cells = nbformat.read(job.notebook, as_version=4).cells
        own = (cell for cell in cells if "parameters" in cell.metadata.get("tags", ()))
        known = {p.name: p.default for cell in own for p in PythonTranslator.inspect(cell)}
    # What JSON that is no notebook makes nbformat throw.
    except (nbformat.ValidationError, AttributeError, OSError, TypeError, ValueError) as error:
        why = str(error).strip().rpartition("\n")[2]
        raise UserError("notebook_unreadable", notebook=job.notebook, why=why) from None
    if unknown := [name for name in job.parameters if name not in known]:
        names = {"name": unknown[0], "names": list(known)}
        raise UserError("no_parameter", notebook=job.notebook.name, **names)
    found = dict(job.parameters)
    for name in known.keys() - found.keys():
        source = found[name] = known[name]
        with suppress(SyntaxError, ValueError):
            found[name] = ast.literal_eval(source)
    return found


def results_file(run: Path) -> Path:
    """Return the file that holds the results of `run`: of a file of verdicts, that file."""
    return run if run.suffix == ".json" else run / RESULTS


def run_notebook(job: Job, *, name: str, folder: Path, run: RunChild, on_line: OnLine) -> Executed:
    """Execute the job's notebook into `folder/name.ipynb`, or find it there unchanged.

    An executed notebook is taken again when its source, its parameters, our code, the data's files
    and the run's results are what they were. It takes its place only when no cell erred, every
    code cell ran and the runs that it used are finished. The first run that it names is what it is
    about. `on_line` is called with each line of the notebook's process, which `run` runs.

    Stopped before its end it raises ChildStopped, and nothing is written.
    """
    target, record, key = folder / f"{name}.ipynb", folder / f"{name}.json", _key(job)
    if (known := _unchanged(job, target, record, key)) is not None:
        return known
    lines: list[str] = []

    def keep(line: str) -> None:
        on_line(line)
        lines.append(line)

    # the system allows names of sockets about 100 bytes
    short = "/tmp" if len(tempfile.gettempdir()) > 60 and os.path.isdir("/tmp") else None
    with tempfile.TemporaryDirectory(prefix="hwlib-", dir=short) as temporary:
        output = Path(temporary) / "notebook.ipynb"
        task = {"notebook": str(job.notebook.resolve()), "output": str(output)}
        code = run(KERNEL, task | {"parameters": dict(job.parameters)}, keep)
        said = f"the notebook's process ended with code {code}: {''.join(lines[-1:])}"
        ended = {"reason": reason("other", error=said), "trace": "", "runs": []}
        if output.with_name(ENDED).exists():
            ended = read_json(output.with_name(ENDED))
        else:
            output.unlink(missing_ok=True)  # what it left is not clean
        failed = target.with_suffix(".failed.ipynb")
        for stale in (target, record, failed):
            stale.unlink(missing_ok=True)
        if output.exists():
            with replacing(failed if ended["reason"] else target) as place:
                shutil.copyfile(output, place)
    if ended["reason"]:
        return Executed(reason=ended["reason"], trace=ended["trace"])
    runs = list(map(Path, ended["runs"]))
    shown = {str(path): sha256_of(results_file(path)) for path in runs}
    write_json(record, {"key": key, "notebook": sha256_of(target), "runs": shown})
    return Executed(target, runs[0], others=tuple(runs[1:]))


def _unchanged(job: Job, target: Path, record: Path, key: str) -> Executed | None:
    """Return the executed notebook of an earlier report if it still holds.

    What its record names lies where the job's runs, or the project's verdicts, are.
    """
    asked = Path(job.parameters.get("runs") or default_runs_dir())
    folders = [folder.resolve() for folder in (asked, default_runs_dir(), SHIPPED)]
    try:
        known = read_json(record)
        runs = {Path(run): sha for run, sha in known["runs"].items()}
        is_same = known["key"] == key and sha256_of(target) == known["notebook"]
        is_same &= all(run.resolve().parent in folders for run in runs)
        is_same &= all(sha256_of(results_file(run)) == sha for run, sha in runs.items())
        run, *others = runs
    except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError):
        return None  # there is none, or it is damaged
    return Executed(target, run, is_new=False, others=tuple(others)) if is_same else None


def _key(job: Job) -> str:
    """Return a hash over everything that can change what the notebook shows."""
    try:
        data = find_source(str(job.parameters.get("data", "faces")), 64, "hw4").folder.name
    except UserError:
        data = ""  # the notebook says what is wrong
    facts = {
        "notebook": sha256_of(job.notebook),
        "parameters": dict(job.parameters),
        "code": code_hash(),
        "words": hash_of_files(TEXTS),
        "verdicts": [sha256_of(CLAIMS_FILE), *map(sha256_of, verdict_files(default_runs_dir()))],
        "runs": str(default_runs_dir()),
        "cwd": str(Path.cwd()),
        "data": data,
        "versions": [sys.version, *map(version, ("torch", "matplotlib", "numpy"))],
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_hash() -> str:
    """Return a hash over the package's files, the report engine's own left out."""
    return hash_of_files(PACKAGE, without=[PACKAGE / "report"])
