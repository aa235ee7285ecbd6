"""Run one notebook by papermill, and believe nothing before it is checked."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbformat import NotebookNode
from papermill.exceptions import PapermillException
from papermill.translators import PythonTranslator

from hwlib import log
from hwlib.claims.catalogue import PATH as CLAIMS_FILE
from hwlib.claims.files import verdict_files
from hwlib.errors import DEFAULT_LANGUAGE, UserError
from hwlib.fingerprint import hash_of_files
from hwlib.io import replacing, sha256_of, write_json
from hwlib.parallel import OnLine, RunChild, Workers
from hwlib.registry import CLAIMS, PAGES, PROBLEMS
from hwlib.run import MISTAKE_MIME, RUN_MIME, default_runs_dir
from hwlib.text import ROOT as TEXTS
from hwlib.text import word

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
RESULTS = "results.json"
KERNEL = "hwlib.report.kernel"  # executes one notebook, in a process of its own
ENDED = "ended.json"  # written by it beside the notebook: that it ended, and by what error
TRACEBACK_LINES = 30
PACKAGE = Path(__file__).resolve().parents[1]
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

# Papermill and nbformat read notebooks with handlers that are the process's own.
ONE_AT_A_TIME = threading.RLock()


@dataclass(frozen=True)
class Job:
    """One page of the report: a problem in one recipe, or the claims of all of them."""

    problem: str
    recipe: str
    notebook: Path
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Reason:
    """Why a job failed: the word of `page.reasons` and what it names."""

    kind: str
    names: Mapping[str, Any]

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """Return the reason as one line; of names that are lines by language the one in it."""
        names = {n: v[language] if isinstance(v, Mapping) else v for n, v in self.names.items()}
        return " ".join(word(f"page.reasons.{self.kind}", language, **names).split())


@dataclass(frozen=True)
class Executed:
    """What came of a notebook: either `notebook` and `run`, or the `reason` why not.

    Attributes:
        notebook: the executed notebook, None where it failed.
        run: the run folder, or the file of verdicts, that it is about; None where it failed.
        others: further run folders that it used, in their order.
        reason: why it failed, None where all went well.
        trace: last lines of the traceback, as plain text.
        is_new: whether it ran now, and was not taken from an earlier report.
    """

    notebook: Path | None
    run: Path | None
    reason: Reason | None = None
    trace: str = ""
    is_new: bool = True
    others: tuple[Path, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the notebook ran to its end and its run is finished."""
        return self.reason is None


def make_job(
    problem: str,
    recipe: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    notebooks: Path | None = None,
) -> Job:
    """Return the job of `problem` in `recipe`, with its notebook.

    Args:
        problem: a key of `hwlib.registry.PAGES`.
        recipe: name of a recipe; it becomes the notebook's parameter `recipe`. Claims compare
            recipes: they have none, and "all" stands for it.
        parameters: further parameters of the notebook.
        notebooks: folder of the notebooks; the project's own where None.

    Raises:
        UserError: no such problem, or its notebook does not exist yet.
    """
    if problem not in PAGES:
        raise UserError("unknown_report_problem", problem=problem, known=[*PROBLEMS, CLAIMS])
    own_folders = [root / "notebooks" for root in (PACKAGE.parent, Path.cwd())]
    folder = notebooks or next(filter(Path.is_dir, own_folders), own_folders[0])
    path = folder / PAGES[problem].notebook
    if not path.exists():
        raise UserError("no_notebook", problem=problem, path=path)
    own = {} if problem == CLAIMS else {"recipe": recipe}
    return Job(problem, recipe, path, {**own, **(parameters or {})})


def check_parameters(job: Job) -> dict[str, Any]:
    """Check that the job's notebook can be read and knows every parameter.

    Returns:
        all parameters, the notebook's defaults where the job names none.

    Raises:
        UserError: an unreadable notebook, or a parameter that it does not have.
    """
    try:
        with ONE_AT_A_TIME:
            known = papermill.inspect_notebook(str(job.notebook))
            defaults = {name: _literal(parameter["default"]) for name, parameter in known.items()}
    except (PapermillException, nbformat.ValidationError, OSError, ValueError) as error:
        why = _one_line(str(error))
        raise UserError("notebook_unreadable", notebook=job.notebook, why=why) from None
    for name in job.parameters:
        if name not in known:
            raise UserError(
                "no_parameter", notebook=job.notebook.name, name=name, names=list(known)
            )
    return {**defaults, **job.parameters}


def _literal(source: str) -> Any:
    try:
        return ast.literal_eval(source)
    except (SyntaxError, ValueError):
        return source


def run_notebook(
    job: Job,
    *,
    name: str,
    folder: Path,
    cwd: Path | None = None,
    run: RunChild | None = None,
    on_line: OnLine = log.info,
) -> Executed:
    """Execute the job's notebook into `folder/name.ipynb`, or find it there unchanged.

    An executed notebook is taken again when its source, its parameters, our code, the data's files
    and the run's results are what they were. It takes its place only when no cell erred, every
    code cell ran and the runs that it used are finished. The first run that it names is what it is
    about.

    Args:
        job: what to run, its parameters checked; see `check_parameters`.
        name: stem of the file.
        folder: where executed notebooks lie.
        cwd: the kernel's working directory; this process's where None.
        run: from `Workers.submit`; a worker of its own where None.
        on_line: called with each line of the notebook's process.

    Raises:
        ChildStopped: it was stopped before its end; nothing is written.
    """
    if run is None:
        alone = partial(run_notebook, job, name=name, folder=folder, cwd=cwd, on_line=on_line)
        with Workers() as workers:
            return workers.submit(lambda run: alone(run=run)).result()
    target, record = folder / f"{name}.ipynb", folder / f"{name}.json"
    key = _key(job)
    with ONE_AT_A_TIME:
        if (known := _unchanged(target, record, key)) is not None:
            return known
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hwlib-", dir=_short_temp()) as temporary:
        raw = Path(temporary) / "notebook.ipynb"
        error = _execute(job, raw, cwd=cwd or Path.cwd(), run=run, on_line=on_line)
        with ONE_AT_A_TIME:
            return _keep(job, raw, error, target=target, record=record, key=key)


def _keep(job: Job, raw: Path, error: str, *, target: Path, record: Path, key: str) -> Executed:
    """Write what papermill left into its place, or beside it where it failed."""
    try:
        notebook = nbformat.read(raw, as_version=4) if raw.exists() else None
    except ValueError:  # its process was killed while it wrote
        notebook = None
    runs = _run_folders(notebook) if notebook else []
    reason, trace = _execution_status(notebook, runs, error)
    failed = target.with_suffix(".failed.ipynb")
    if reason is not None:
        if notebook is not None:
            _write_notebook(failed, notebook, job)
        for stale in (target, record):
            stale.unlink(missing_ok=True)
        return Executed(None, None, reason, trace)
    _write_notebook(target, notebook, job)
    failed.unlink(missing_ok=True)
    results = {str(run): sha256_of(results_file(run)) for run in runs}
    write_json(record, {"key": key, "runs": results})
    return Executed(target, runs[0], others=tuple(runs[1:]))


def _execute(job: Job, output: Path, *, cwd: Path, run: RunChild, on_line: OnLine) -> str:
    """Let papermill write what it can to `output`; return what ended it in one line, or ''."""
    task = {
        "notebook": str(job.notebook.resolve()),
        "output": str(output),
        "parameters": dict(job.parameters),
        "cwd": str(cwd),
    }
    lines: list[str] = []

    def keep(line: str) -> None:
        on_line(line)
        lines.append(line)

    code = run(KERNEL, task, keep)
    ended = output.with_name(ENDED)
    if not ended.exists():
        return f"the notebook's process ended with code {code}: {''.join(lines[-1:])}"
    error = json.loads(ended.read_text())
    return (_one_line(error["text"]) or error["type"]) if error else ""


def _execution_status(
    notebook: NotebookNode | None, runs: Sequence[Path], error: str
) -> tuple[Reason | None, str]:
    """Return why the notebook failed and the last lines of its traceback, or None and ''."""
    if notebook is None:
        return Reason("no_start", {"error": error}), ""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(code, start=1):
        for output in cell.outputs:
            if output.output_type == "error":
                mistake = _mistake(cell) or _cell_error(number, output)
                return mistake, _tail("\n".join(output.traceback))
        if cell.execution_count is None:
            if not error:
                return Reason("not_run", {"cell": number}), ""
            trace = _tail("".join(o.text for c in code for o in c.outputs if "text" in o))
            return Reason("kernel", {"cell": number, "error": error}), trace
    if error:
        return Reason("other", {"error": error}), ""
    if not runs:
        return Reason("no_run", {}), ""
    for run in runs:
        if not results_file(run).exists():
            return Reason("unfinished", {"run": run.name}), ""
    return None, ""


def _mistake(cell: NotebookNode) -> Reason | None:
    """Return the mistake that the cell shows in every language; None where it has none."""
    mistakes = [o.data[MISTAKE_MIME] for o in cell.outputs if MISTAKE_MIME in o.get("data", {})]
    return Reason("other", {"error": mistakes[-1]}) if mistakes else None


def _cell_error(number: int, output: NotebookNode) -> Reason:
    message = _plain(output.evalue)
    if output.ename == "SystemExit":
        return Reason("exit", {"cell": number, "error": f"sys.exit({message})"})
    return Reason("cell", {"cell": number, "error": f"{output.ename}: {message}"})


def results_file(run: Path) -> Path:
    """Return the file that holds the results of `run`: of a file of verdicts, that file."""
    return run if run.suffix == ".json" else run / RESULTS


def _plain(text: str) -> str:
    return ANSI.sub("", text)


def _tail(text: str) -> str:
    return "\n".join(_plain(text).rstrip().splitlines()[-TRACEBACK_LINES:])


def _one_line(text: str) -> str:
    return next((line.strip() for line in reversed(_plain(text).splitlines()) if line.strip()), "")


def _run_folders(notebook: NotebookNode) -> list[Path]:
    """Return the run folders that the notebook says it used, each once, in their order."""
    found = [
        output.data[RUN_MIME]["run"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if RUN_MIME in output.get("data", {})
    ]
    return [Path(run) for run in dict.fromkeys(found)]


def _write_notebook(path: Path, notebook: NotebookNode, job: Job) -> None:
    """Write the executed notebook without times, paths and progress: it will be handed on."""
    paths = [p for p in job.parameters.values() if isinstance(p, str) and Path(p).is_absolute()]
    notebook = nbformat.reads(nbformat.writes(notebook), as_version=4)
    for name in ("papermill", "widgets"):  # a widget's ids are drawn anew each time
        notebook.metadata.pop(name, None)
    for cell in notebook.cells:
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if not _is_progress(o)]
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if RUN_MIME in data:
                name = Path(data[RUN_MIME]["run"]).name
                output["data"] = {RUN_MIME: {"run": name}, "text/plain": name}
    # papermill gives its injected cell a random id
    for number, cell in enumerate(notebook.cells):
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell["id"] = f"parameters-{number}"
            for absolute in paths:
                written, name = map(PythonTranslator.translate, (absolute, Path(absolute).name))
                cell.source = cell.source.replace(written, name)
    with replacing(path) as temporary:
        nbformat.write(notebook, temporary)


def _is_progress(output: NotebookNode) -> bool:
    """Whether an output is progress: lines, or a bar, which a notebook has as a widget."""
    return output.get("name") == "stderr" or WIDGET_MIME in output.get("data", {})


def _unchanged(target: Path, record: Path, key: str) -> Executed | None:
    """Return the executed notebook of an earlier report if it still holds."""
    if not (target.exists() and record.exists()):
        return None
    try:
        known = json.loads(record.read_text())
        same = known["key"] == key
        same = same and all(
            sha256_of(results_file(Path(run))) == sha for run, sha in known["runs"].items()
        )
        run, *others = map(Path, known["runs"])
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        return None
    return Executed(target, run, is_new=False, others=tuple(others)) if same else None


def _key(job: Job) -> str:
    """Return a hash over everything that can change what the notebook shows."""
    data = str(job.parameters.get("data", ""))
    facts = {
        "notebook": sha256_of(job.notebook),
        "parameters": dict(job.parameters),
        "code": code_hash(),
        "words": hash_of_files(TEXTS),
        "verdicts": [sha256_of(CLAIMS_FILE), *map(sha256_of, verdict_files(default_runs_dir()))],
        "runs": str(default_runs_dir()),
        "cwd": str(Path.cwd()),
        "data": _stamp(Path(data)) if data and Path(data).exists() else "",
        "versions": [sys.version, *map(version, ("torch", "matplotlib", "numpy"))],
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_hash() -> str:
    """Return a hash over the package's files, the report engine's own left out."""
    return hash_of_files(PACKAGE, without=[PACKAGE / "report"])


def _stamp(path: Path) -> str:
    """Return a hash over names, sizes and times of the files under `path`: no file is read."""
    digest, known = hashlib.sha256(), set()
    for root, folders, files in os.walk(path, followlinks=True):
        folders.sort()
        if (real := os.path.realpath(root)) in known:  # a link to a folder above it
            folders.clear()
        known.add(real)
        for name in sorted(files):
            file = os.path.join(root, name)
            status = os.stat(file) if os.path.exists(file) else os.lstat(file)
            digest.update(f"{file} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _short_temp() -> str | None:
    """Return a folder whose socket names stay under the system's limit of about 100 bytes."""
    too_long = len(tempfile.gettempdir()) > 60
    return "/tmp" if too_long and os.path.isdir("/tmp") else None
