"""A process of its own for one notebook: papermill changes folders and handlers of the process."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any, ClassVar, TextIO

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpec, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellControlSignal
from papermill.exceptions import PapermillException
from traitlets.config import Config

from hwlib.io import write_json
from hwlib.parallel import serve
from hwlib.report.runner import ENDED

# -P: a file in the working directory, `six.py` say, must not stand in for a package.
KERNEL_COMMAND = (
    *("-P", "-Xfrozen_modules=off"),
    *("-m", "ipykernel_launcher", "-f", "{connection_file}"),
)
PATIENCE_S = 30  # a cell that goes on as long after an interrupt may have missed it

# What papermill, nbclient and the kernel are known to throw; anything else is a bug of ours.
KERNEL_ERRORS = (
    PapermillException,
    CellControlSignal,
    NoSuchKernel,
    nbformat.ValidationError,
    OSError,
    RuntimeError,  # a kernel that died, too
    ValueError,
)


class LocalKernelManager(AsyncKernelManager):
    """A kernel of this very Python that talks over files of its own: no port can collide.

    Over TCP, parallel kernels collided in 6 of 564 starts; over IPC in 0 of 384. Windows has TCP
    only.

    Attributes:
        latest: the manager whose kernel was started last in this process.
    """

    latest: ClassVar[LocalKernelManager | None] = None

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
        LocalKernelManager.latest = self
        return await super()._async_pre_start_kernel(**kwargs)


class Progress:
    """Passes the kernel's lines on to a stream, each of them whole."""

    def __init__(self, stream: TextIO):
        self.stream, self.rest = stream, ""

    def write(self, text: str) -> None:
        """Pass on the whole lines of `text`; keep the rest for the next call."""
        *lines, self.rest = (self.rest + text).replace("\r", "\n").split("\n")
        for line in filter(str.strip, lines):
            self.stream.write(f"{line}\n")

    def flush(self) -> None:
        """Flush the stream."""
        self.stream.flush()


class Stop:
    """A request to stop, which reaches the kernel in a cell as well as between two."""

    def __init__(self) -> None:
        self.is_asked = threading.Event()

    def ask(self) -> None:
        """Interrupt the kernel until its cell has ended; called in a thread."""
        self.is_asked.set()
        while True:
            manager = LocalKernelManager.latest
            if manager is not None and manager.has_kernel:
                asyncio.run(manager.interrupt_kernel())
            time.sleep(PATIENCE_S)

    def check(self, **_: Any) -> None:
        """Begin no further cell once it was asked for."""
        if self.is_asked.is_set():
            raise CellControlSignal("asked to stop")


def execute(task: dict[str, Any], stop: Stop) -> None:
    """Let papermill write what it can to `output`, and beside it in `ENDED` how that ended.

    Nothing is written there where it was stopped: the folder goes, as its owner may be gone.

    Args:
        task: `notebook`, `output`, `cwd` as paths, and `parameters`.
        stop: the request to stop.
    """
    output = Path(task["output"])
    error: Exception | None = None
    for _ in range(3 if sys.platform == "win32" else 1):
        try:
            _papermill(task, output, stop)
        except KERNEL_ERRORS as found:
            error = found
        else:
            error = None
        if error is None or stop.is_asked.is_set() or not _ran_nothing(output):
            break
    if error is not None and stop.is_asked.is_set():
        shutil.rmtree(output.parent, ignore_errors=True)
        sys.exit(1)
    ended = {"type": type(error).__name__, "text": str(error)} if error else None
    write_json(output.with_name(ENDED), ended)


def _papermill(task: dict[str, Any], output: Path, stop: Stop) -> None:
    progress = Progress(sys.stderr)
    settings = {
        "connection_file": str(output.with_name("kernel.json")),
        "transport": "tcp" if sys.platform == "win32" else "ipc",
    }
    papermill.execute_notebook(
        task["notebook"],
        str(output),
        parameters=task["parameters"],
        kernel_name="python3",
        progress_bar=False,
        stdout_file=progress,
        stderr_file=progress,
        cwd=task["cwd"],
        # nbclient's own settings
        kernel_manager_class=LocalKernelManager,
        config=Config({"LocalKernelManager": settings}),
        coalesce_streams=True,
        shutdown_kernel="immediate",
        extra_arguments=["--HistoryManager.enabled=False"],
        on_cell_execute=stop.check,
    )


def _ran_nothing(path: Path) -> bool:
    """Whether the kernel never came up: no code cell has run."""
    if not path.exists():
        return True
    cells = nbformat.read(path, as_version=4).cells
    return not any(c.get("execution_count") or c.get("outputs") for c in cells)


if __name__ == "__main__":
    asked = Stop()
    serve(lambda task: execute(task, asked), stop=asked.ask)
