"""Child processes side by side: each with one task, a share of the machine, and a soft stop.

A child reads its task from standard input, which stays open for as long as it may work: it closes
when this process asks it to stop, and also when this process is killed. A pool of the standard
library has neither that nor an environment for each worker, and threads are dealt out by it.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from typing import Any, TypeVar

from hwlib.errors import UserError
from hwlib.log import info

T = TypeVar("T")
Environment = Mapping[str, str]
OnLine = Callable[[str], None]
# Runs one task of a module in a child, as `Workers.run_child`.
RunChild = Callable[[str, Mapping[str, Any], OnLine], int]

# How many jobs, for all commands, and for the notebook of claims, which trains side by side itself.
JOBS = "HWLIB_JOBS"
GPUS = "CUDA_VISIBLE_DEVICES"


def num_jobs(jobs: int | None = None, device: str = "auto") -> int:
    """Return how many jobs run side by side: `jobs`, else `$HWLIB_JOBS`, else one a GPU or core.

    Cores are counted as the threads that torch would take, so that OMP_NUM_THREADS limits both.
    """
    if jobs is not None:
        if jobs < 1:
            raise UserError("jobs_below_one", jobs=jobs)
        return jobs
    if given := os.environ.get(JOBS):
        if not (given.isdecimal() and int(given)):
            raise UserError("jobs_variable", name=JOBS, given=given)
        return int(given)
    import torch

    from hwlib.runtime import resolve_device

    kind = resolve_device(device).type
    return {"cuda": torch.cuda.device_count(), "mps": 1}.get(kind, torch.get_num_threads())


def shares(jobs: int) -> list[dict[str, str]]:
    """Return what each of so many processes finds in its environment: threads, and its GPU."""
    import torch

    threads = str(max(1, torch.get_num_threads() // jobs))
    gpus = torch.cuda.device_count()
    # Where only some GPUs are this process's own, torch counts those; a child names them anew.
    own = [name for name in os.environ.get(GPUS, "").split(",") if name.strip()]
    names = own[:gpus] if len(own) >= gpus else [str(number) for number in range(gpus)]
    return [
        {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        | ({GPUS: names[number % gpus]} if gpus > 1 else {})
        for number in range(jobs)
    ]


class ChildStopped(Exception):
    """A child was asked to stop before its task was done, or its turn never came."""


class Workers(AbstractContextManager["Workers"]):
    """Calls work in threads, one an environment, each with the means to run children in its own.

    Leaving the context stops what still runs: each child ends in its own way, in which a training
    writes its checkpoint. Ctrl-C while they do ends them at once.
    """

    def __init__(self, environments: Sequence[Environment] = ({},)):
        """Take what children find beside this process's own environment, one side by side each."""
        self._own, left = threading.local(), iter(environments)

        def take_environment() -> None:
            self._own.environment = next(left)

        self._pool = ThreadPoolExecutor(len(environments), initializer=take_environment)
        self._children: set[subprocess.Popen[str]] = set()
        self._lock, self._is_stopped = threading.Lock(), False

    def submit(self, work: Callable[[RunChild], T]) -> Future[T]:
        """Queue `work`, called with a `RunChild` when its turn has come; turns come in order."""
        return self._pool.submit(work, self.run_child)

    def run_child(self, module: str, task: Mapping[str, Any], on_line: OnLine) -> int:
        """Run `python -m module`, which calls `serve`, on JSON values; return its exit code.

        `on_line` is called with each line of its standard error; ChildStopped says it was stopped.
        """
        with self._lock:
            if self._is_stopped:
                raise ChildStopped
            child = subprocess.Popen(
                # -P: a file of the reader's, `six.py` say, must not stand in for a package
                [sys.executable, "-P", "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env=os.environ | self._own.environment | {"PYTHONIOENCODING": "utf-8"},
                start_new_session=True,  # Ctrl-C is this process's; it passes it on once
            )
            self._children.add(child)
            with suppress(BrokenPipeError):  # it ended at once; its last line says why
                print(json.dumps(task), file=child.stdin, flush=True)
        for line in filter(str.strip, child.stderr):
            on_line(line.rstrip("\n"))
        code = child.wait()
        with self._lock:
            self._children.discard(child)
            was_stopped = self._is_stopped
        child.stderr.close()
        with suppress(BrokenPipeError):
            child.stdin.close()
        if code and was_stopped:
            raise ChildStopped
        return code

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        with self._lock:
            self._is_stopped = True
            if self._children and isinstance(error, KeyboardInterrupt):
                info("stopping: trainings write a checkpoint first (Ctrl-C again ends at once)")
            for child in self._children:
                with suppress(BrokenPipeError):
                    child.stdin.close()
        try:
            self._pool.shutdown(cancel_futures=True)
        except KeyboardInterrupt:  # the second one
            with self._lock:
                for child in self._children:
                    child.kill()
            raise


def serve(work: Callable[[dict[str, Any]], None], stop: Callable[[], None]) -> None:
    """Call `work` in a child with the task on standard input; `stop` ends it when that closes."""
    task = json.loads(sys.stdin.readline())

    def watch_input() -> None:
        while os.read(0, 1024):  # not sys.stdin: its lock would keep this process from ending
            pass
        stop()

    threading.Thread(target=watch_input, daemon=True).start()
    work(task)
