"""A process of its own for one notebook, as papermill changes folders and handlers of the process.

The notebook is run, and believed in only after it was checked.
"""

import asyncio
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpec, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillException
from papermill.translators import PythonTranslator
from traitlets.config import Config

from hwlib.errors import Worded, explain
from hwlib.io import can_write, write_json
from hwlib.parallel import serve
from hwlib.report.runner import ENDED, reason, results_file
from hwlib.run import MISTAKE_MIME, RUN_MIME

PATIENCE_S = 30  # a cell that goes on as long after an interrupt may have missed it
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
TRACEBACK_LINES = 30
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# What papermill, nbclient and the kernel are known to throw, a kernel that died, too; anything else
# is a bug of ours.
KERNEL_ERRORS = (
    *(PapermillException, CellControlSignal, NoSuchKernel, nbformat.ValidationError),
    *(OSError, RuntimeError, ValueError),
)


class LocalKernelManager(AsyncKernelManager):
    """A kernel of this very Python that talks over files of its own: no port can collide.

    Over TCP, parallel kernels collided in 6 of 564 starts; over IPC in 0 of 384. Windows has TCP
    only.

    Attributes:
        latest: the manager whose kernel was started last in this process.
    """

    latest: ClassVar["LocalKernelManager | None"] = None

    @property
    def kernel_spec(self) -> KernelSpec:
        """This interpreter's kernel, whatever 'python3' kernels the user has installed."""
        # -P: a file in the working directory, `six.py` say, must not stand in for a package.
        command = "-P -Xfrozen_modules=off -m ipykernel_launcher -f {connection_file}"
        argv = [sys.executable, *command.split()]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def _async_pre_start_kernel(self, **kwargs: Any) -> tuple[list[str], dict[str, Any]]:
        LocalKernelManager.latest = self
        return await super()._async_pre_start_kernel(**kwargs)


# The reader's settings of matplotlib must not change or end a report; figures of ours have a style
# of their own, what else a cell draws has matplotlib's.
FIRST_LINE = "import matplotlib; matplotlib.rcdefaults()"
CONFIGURED_IN = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")


def environment(folder: Path) -> dict[str, str]:
    """Return in what environment a notebook runs: with nothing of the reader's configuration.

    What jupyter, ipython and matplotlib want to write goes to `folder`, as there may be no home;
    matplotlib's list of fonts only then, because it takes seconds to make.
    """
    found = {"HWLIB_BATCH": "1", "PYTHONSTARTUP": "", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    found |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    found |= dict.fromkeys(CONFIGURED_IN, str(folder))
    if "MPLCONFIGDIR" not in os.environ and not can_write(Path(os.path.expanduser("~"))):
        found["MPLCONFIGDIR"] = str(folder)
    return found


STOP = threading.Event()  # that it was asked for


def stop() -> None:
    """Interrupt the kernel until its cell has ended; called in a thread."""
    STOP.set()
    while True:
        manager = LocalKernelManager.latest
        if manager is not None and manager.has_kernel:
            asyncio.run(manager.interrupt_kernel())
        time.sleep(PATIENCE_S)


def check_stop(**_: Any) -> None:
    """Begin no further cell once a stop was asked for."""
    if STOP.is_set():
        raise CellControlSignal("asked to stop")


def execute(task: dict[str, Any]) -> None:
    """Let papermill write what it can to `output`, and beside it in `ENDED` what came of it.

    Nothing is written there where it was stopped: the folder goes, as its owner may be gone. The
    task has `notebook` and `output` as paths, and `parameters`.
    """
    output, error, is_dead = Path(task["output"]), "", False
    os.environ |= environment(output.parent)
    settings = {
        "connection_file": str(output.with_name("kernel.json")),
        "transport": "tcp" if sys.platform == "win32" else "ipc",
    }
    try:
        papermill.execute_notebook(
            task["notebook"],
            str(output),
            parameters=task["parameters"],
            kernel_name="python3",
            language="python",
            progress_bar=False,
            stdout_file=sys.stderr,
            stderr_file=sys.stderr,
            cwd=os.getcwd(),
            # nbclient's own settings
            kernel_manager_class=LocalKernelManager,
            config=Config({"LocalKernelManager": settings}),
            coalesce_streams=True,
            shutdown_kernel="immediate",
            extra_arguments=[
                "--HistoryManager.enabled=False",
                f"--InteractiveShellApp.exec_lines={FIRST_LINE}",
            ],
            on_cell_execute=check_stop,
        )
    except KERNEL_ERRORS as found:
        last = ANSI.sub("", str(found)).strip().rpartition("\n")[2]
        error = explain(found) if isinstance(found, OSError) else last or type(found).__name__
        is_dead = isinstance(found, DeadKernelError)
    if error and STOP.is_set():
        shutil.rmtree(output.parent, ignore_errors=True)
        sys.exit(1)
    ended = {"reason": reason("no_start", error=error), "trace": "", "runs": []}
    if output.exists():
        notebook = nbformat.read(output, as_version=4)
        data = [o.get("data", {}) for cell in notebook.cells for o in cell.get("outputs", ())]
        runs = list(dict.fromkeys(one[RUN_MIME]["run"] for one in data if RUN_MIME in one))
        why, trace = why_failed(notebook, runs, error, is_dead=is_dead)
        ended = {"reason": why, "trace": trace, "runs": runs}
        clean(notebook, task["parameters"])
        nbformat.write(notebook, output)
    write_json(output.with_name(ENDED), ended)


def why_failed(
    notebook: NotebookNode, runs: Sequence[str], error: str | Worded, *, is_dead: bool
) -> tuple[Mapping[str, str], str]:
    """Return why a notebook failed and the last lines of its traceback; both empty if it did not.

    `runs` are those that it used; `error` is what papermill says, empty where all went well. Where
    the kernel `is_dead`, it ended in the cell that papermill began last.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(code, start=1):
        for output in cell.outputs:
            if output.output_type == "error":
                message = ANSI.sub("", output.evalue)
                why = reason("cell", cell=number, error=f"{output.ename}: {message}")
                if output.ename == "SystemExit":
                    why = reason("exit", cell=number, error=f"sys.exit({message})")
                for other in cell.outputs:  # a mistake that the cell shows in every language
                    why = other.get("data", {}).get(MISTAKE_MIME, why)
                return why, _tail("\n".join(output.traceback))
        if cell.execution_count is None and not error:
            return reason("not_run", cell=number), ""
    if is_dead:
        began = [n for n, cell in enumerate(code, 1) if cell.metadata.papermill.start_time]
        trace = _tail("".join(o.text for c in code for o in c.outputs if "text" in o))
        return reason("kernel", cell=began[-1], error=error), trace
    unfinished = [Path(run).name for run in runs if not results_file(Path(run)).exists()]
    if error:
        return reason("other", error=error), ""
    if not runs:
        return reason("no_run"), ""
    return (reason("unfinished", run=unfinished[0]) if unfinished else {}), ""


def _tail(text: str) -> str:
    return "\n".join(ANSI.sub("", text).rstrip().splitlines()[-TRACEBACK_LINES:])


def clean(notebook: NotebookNode, parameters: Mapping[str, Any]) -> None:
    """Take times, paths and progress out of an executed notebook: it will be handed on."""
    paths = [p for p in parameters.values() if isinstance(p, str) and Path(p).is_absolute()]
    for name in ("papermill", "widgets"):  # a widget's ids are drawn anew each time
        notebook.metadata.pop(name, None)
    for number, cell in enumerate(notebook.cells):
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
        if cell.cell_type == "code":  # progress is lines, or a bar, which is a widget
            shown = [o for o in cell.outputs if WIDGET_MIME not in o.get("data", {})]
            cell.outputs = [o for o in shown if o.get("name") != "stderr"]
        for output in cell.get("outputs", ()):
            if RUN_MIME in output.get("data", {}):
                name = Path(output.data[RUN_MIME]["run"]).name
                output["data"] = {RUN_MIME: {"run": name}, "text/plain": name}
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell["id"] = f"parameters-{number}"  # papermill gives it a random one
            for absolute in paths:
                written, name = map(PythonTranslator.translate, (absolute, Path(absolute).name))
                cell.source = cell.source.replace(written, name)


if __name__ == "__main__":
    try:
        serve(execute, stop=stop)
    except OSError as error:  # not the notebook's, but of the folder where it is written
        sys.exit(str(explain(error)))
