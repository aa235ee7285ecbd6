"""Run one notebook by papermill, and believe nothing before it is checked."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpec, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillException
from traitlets.config import Config

from hwlib.config import PROBLEMS
from hwlib.errors import UserError
from hwlib.report.words import REASONS
from hwlib.run import default_runs_dir, replacing, write_json

# What the report calls the page of the reports' claims: no problem of the homework, and made only
# where it is asked for by name, because it stands on three seeds of everything.
CLAIMS = "claims"
# In the order of the homework, which is that of the report.
NOTEBOOKS = {
    "vae": "01_vae.ipynb",
    "gan": "02_gan.ipynb",
    "acgan": "03_acgan.ipynb",
    "infogan": "04_infogan.ipynb",
    "kl": "05_kl.ipynb",
    CLAIMS: "06_claims.ipynb",
}
KERNEL_COMMAND = ("-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}")
RUN_MIME = "application/vnd.hwlib.run+json"
RESULTS = "results.json"
TRACEBACK_LINES = 30
PACKAGE = Path(__file__).resolve().parents[1]
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

# What papermill, nbclient and the kernel are known to throw; anything else is a bug of ours.
KERNEL_ERRORS = (
    PapermillException,
    CellControlSignal,
    DeadKernelError,
    NoSuchKernel,
    nbformat.ValidationError,
    OSError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True)
class Job:
    """One page of the report: a problem in one recipe, or the claims of all of them."""

    problem: str
    recipe: str
    notebook: Path
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Reason:
    """Why a job failed: a key of `words.REASONS` and what it names."""

    kind: str
    names: Mapping[str, Any]

    def text(self, language: str = "en") -> str:
        """Return the reason as one line."""
        return " ".join(REASONS[language][self.kind].format(**self.names).split())


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
        problem: one of `hwlib.config.PROBLEMS`, or `CLAIMS`.
        recipe: name of a recipe; it becomes the notebook's parameter `recipe`. Claims compare
            recipes: they have none, and "all" stands for it.
        parameters: further parameters of the notebook.
        notebooks: folder of the notebooks; the project's own where None.

    Raises:
        UserError: no such problem, or its notebook does not exist yet.
    """
    if problem not in NOTEBOOKS:
        known = ", ".join((*PROBLEMS, CLAIMS))
        raise UserError(f"unknown problem '{problem}'; known problems: {known}")
    folder = notebooks or next(
        (
            root / "notebooks"
            for root in (PACKAGE.parent, Path.cwd())
            if (root / "notebooks").is_dir()
        ),
        PACKAGE.parent / "notebooks",
    )
    path = folder / NOTEBOOKS[problem]
    if not path.exists():
        raise UserError(f"problem '{problem}' has no notebook yet: {path} does not exist")
    own = {} if problem == CLAIMS else {"recipe": recipe}
    return Job(problem, recipe, path, {**own, **(parameters or {})})


class LocalKernelManager(AsyncKernelManager):
    """A kernel of this very Python that talks over files of its own: no port can collide.

    Over TCP, parallel kernels collided in 6 of 564 starts; over IPC in 0 of 384. Windows has TCP
    only.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        """This interpreter's kernel, whatever 'python3' kernels the user has installed."""
        return KernelSpec(
            argv=[sys.executable, *KERNEL_COMMAND],
            display_name="Python 3",
            language="python",
        )

    async def _async_pre_start_kernel(self, **kwargs: Any) -> tuple[list[str], dict[str, Any]]:
        # The reader's own IPython start-up files must not change a report.
        own = {"HWLIB_BATCH": "1", "IPYTHONDIR": str(Path(self.connection_file).parent)}
        kwargs["env"] = {**os.environ, **own, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        return await super()._async_pre_start_kernel(**kwargs)


class Progress:
    """Passes the kernel's lines on to a stream, each with the job's name before it."""

    def __init__(self, name: str, stream: TextIO):
        self.name, self.stream, self.rest = name, stream, ""

    def write(self, text: str) -> None:
        """Pass on the whole lines of `text`; keep the rest for the next call."""
        *lines, self.rest = (self.rest + text).replace("\r", "\n").split("\n")
        for line in filter(str.strip, lines):
            self.stream.write(f"[{self.name}] {line}\n")

    def flush(self) -> None:
        """Flush the stream."""
        self.stream.flush()


def check_parameters(job: Job) -> dict[str, Any]:
    """Check that the job's notebook can be read and knows every parameter.

    Returns:
        all parameters, the notebook's defaults where the job names none.

    Raises:
        UserError: an unreadable notebook, or a parameter that it does not have.
    """
    try:
        known = papermill.inspect_notebook(str(job.notebook))
    except (PapermillException, nbformat.ValidationError, OSError, ValueError) as error:
        raise UserError(f"{job.notebook} is no readable notebook: {_one_line(error)}") from None
    for name in job.parameters:
        if name not in known:
            names = ", ".join(known) or "none (it has no cell tagged 'parameters')"
            raise UserError(f"{job.notebook.name} has no parameter '{name}'; it has: {names}")
    defaults = {name: _literal(parameter["default"]) for name, parameter in known.items()}
    return {**defaults, **job.parameters}


def _literal(source: str) -> Any:
    try:
        return ast.literal_eval(source)
    except (SyntaxError, ValueError):
        return source


def run_notebook(job: Job, *, name: str, folder: Path, cwd: Path | None = None) -> Executed:
    """Execute the job's notebook into `folder/name.ipynb`, or find it there unchanged.

    An executed notebook is taken again when its source, its parameters, our code, the data's files
    and the run's results are what they were. It takes its place only when no cell erred, every
    code cell ran and the runs that it used are finished. The first run that it names is what it is
    about.

    Args:
        job: what to run; see `check_parameters`.
        name: stem of the file, and what progress lines begin with.
        folder: where executed notebooks lie.
        cwd: the kernel's working directory; this process's where None.

    Raises:
        UserError: see `check_parameters`.
    """
    check_parameters(job)
    target, record = folder / f"{name}.ipynb", folder / f"{name}.json"
    key = _key(job)
    if (known := _unchanged(target, record, key)) is not None:
        return known
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hwlib-", dir=_short_temp()) as temporary:
        raw = Path(temporary) / "notebook.ipynb"
        progress = Progress(name, sys.stderr)
        error = _execute(job, raw, progress=progress, cwd=cwd or Path.cwd())
        notebook = nbformat.read(raw, as_version=4) if raw.exists() else None
    runs = _run_folders(notebook) if notebook else []
    reason, trace = _judge(notebook, runs, error)
    failed = folder / f"{name}.failed.ipynb"
    if reason is not None:
        if notebook is not None:
            _write_notebook(failed, notebook, job)
        for stale in (target, record):
            stale.unlink(missing_ok=True)
        return Executed(None, None, reason, trace)
    _write_notebook(target, notebook, job)
    failed.unlink(missing_ok=True)
    write_json(record, {"key": key, "runs": {str(run): _sha(results_file(run)) for run in runs}})
    return Executed(target, runs[0], others=tuple(runs[1:]))


def _execute(job: Job, output: Path, *, progress: Progress, cwd: Path) -> Exception | None:
    """Let papermill write what it can to `output`; return the error that ended it, if any."""
    tries = 3 if sys.platform == "win32" else 1
    for _ in range(tries):
        connection = output.parent / "kernel.json"
        settings = {
            "connection_file": str(connection),
            "transport": "tcp" if sys.platform == "win32" else "ipc",
        }
        try:
            papermill.execute_notebook(
                str(job.notebook),
                str(output),
                parameters=dict(job.parameters),
                kernel_name="python3",
                progress_bar=False,
                stdout_file=progress,
                stderr_file=progress,
                cwd=str(cwd),
                # nbclient's own settings
                kernel_manager_class=LocalKernelManager,
                config=Config({"LocalKernelManager": settings}),
                coalesce_streams=True,
                shutdown_kernel="immediate",
                extra_arguments=["--HistoryManager.enabled=False"],
            )
        except KERNEL_ERRORS as error:
            if not _ran_nothing(output):
                return error
            last = error
        else:
            return None
    return last


def _ran_nothing(path: Path) -> bool:
    """Whether the kernel never came up: no code cell has run."""
    if not path.exists():
        return True
    cells = nbformat.read(path, as_version=4).cells
    return not any(c.get("execution_count") or c.get("outputs") for c in cells)


def _judge(
    notebook: NotebookNode | None, runs: Sequence[Path], error: Exception | None
) -> tuple[Reason | None, str]:
    """Return why the notebook failed and the last lines of its traceback, or None and ''."""
    if notebook is None:
        return Reason("no_start", {"error": _one_line(error)}), ""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(code, start=1):
        for output in cell.outputs:
            if output.output_type == "error":
                return _cell_error(number, output), _tail("\n".join(output.traceback))
        if cell.execution_count is None:
            if error is None:
                return Reason("not_run", {"cell": number}), ""
            trace = _tail("".join(o.text for c in code for o in c.outputs if "text" in o))
            return Reason("kernel", {"cell": number, "error": _one_line(error)}), trace
    if error is not None:
        return Reason("other", {"error": f"{type(error).__name__}: {_one_line(error)}"}), ""
    if not runs:
        return Reason("no_run", {}), ""
    for run in runs:
        if not results_file(run).exists():
            return Reason("unfinished", {"run": run.name}), ""
    return None, ""


def _cell_error(number: int, output: NotebookNode) -> Reason:
    message = ANSI.sub("", output.evalue)
    if output.ename == "SystemExit":
        return Reason("exit", {"cell": number, "error": f"sys.exit({message})"})
    if output.ename == "UserError":
        return Reason("other", {"error": message})
    return Reason("cell", {"cell": number, "error": f"{output.ename}: {message}"})


def results_file(run: Path) -> Path:
    """Return the file that holds the results of `run`: of a file of verdicts, that file."""
    return run if run.suffix == ".json" else run / RESULTS


def _tail(text: str) -> str:
    return "\n".join(ANSI.sub("", text).rstrip().splitlines()[-TRACEBACK_LINES:])


def _one_line(error: object) -> str:
    lines = ANSI.sub("", str(error)).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__


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
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
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
                cell.source = cell.source.replace(json.dumps(absolute)[1:-1], Path(absolute).name)
    with replacing(path) as temporary:
        nbformat.write(notebook, temporary)


def _unchanged(target: Path, record: Path, key: str) -> Executed | None:
    """Return the executed notebook of an earlier report if it still holds."""
    if not (target.exists() and record.exists()):
        return None
    try:
        known = json.loads(record.read_text())
        same = known["key"] == key
        same = same and all(
            _sha(results_file(Path(run))) == sha for run, sha in known["runs"].items()
        )
        run, *others = map(Path, known["runs"])
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        return None
    return Executed(target, run, is_new=False, others=tuple(others)) if same else None


def _key(job: Job) -> str:
    """Return a hash over everything that can change what the notebook shows."""
    data = str(job.parameters.get("data", ""))
    facts = {
        "notebook": _sha(job.notebook),
        "parameters": dict(job.parameters),
        "code": code_hash(),
        "runs": str(default_runs_dir()),
        "cwd": str(Path.cwd()),
        "data": _stamp(Path(data)) if data and Path(data).exists() else "",
        "versions": [sys.version, *map(_version, ("torch", "matplotlib", "numpy"))],
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_hash() -> str:
    """Return a hash over the package's files, the report engine's own left out."""
    own = PACKAGE / "report"
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        hidden = "__pycache__" in path.parts or path.name.startswith(".")
        if path.is_file() and not hidden and not path.is_relative_to(own):
            digest.update(f"{path.relative_to(PACKAGE).as_posix()} {_sha(path)}\n".encode())
    return digest.hexdigest()


def _stamp(path: Path) -> str:
    """Return a hash over names, sizes and times of the files under `path`: no file is read."""
    digest = hashlib.sha256()
    for root, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            status = os.stat(os.path.join(root, name))
            digest.update(f"{root}/{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _short_temp() -> str | None:
    """Return a folder whose socket names stay under the system's limit of about 100 bytes."""
    too_long = len(tempfile.gettempdir()) > 60
    return "/tmp" if too_long and os.path.isdir("/tmp") else None
