"""Trainings side by side, each in a process of its own with its share of the cores, or a GPU.

Networks as narrow as those of `quick` gain little from a second core, so that two trainings of one
thread each are done sooner than one after the other with two.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType

import torch

from hwlib.config import Config
from hwlib.errors import UserError
from hwlib.runtime import resolve_device


def default_jobs(device: str = "auto") -> int:
    """Return how many trainings this machine does side by side: one a GPU, else one a core.

    Cores are counted as the threads that torch would take, so that OMP_NUM_THREADS limits both.
    """
    kind = resolve_device(device).type
    return {"cuda": torch.cuda.device_count(), "mps": 1}.get(kind, torch.get_num_threads())


def checked_jobs(jobs: int | None, device: str = "auto") -> int:
    """Return the number of jobs; the machine's own where it is None.

    Raises:
        UserError: fewer than one.
    """
    if jobs is not None and jobs < 1:
        raise UserError(f"--jobs {jobs}: at least one training must run at a time")
    return default_jobs(device) if jobs is None else jobs


def shares(jobs: int) -> list[dict[str, str]]:
    """Return what each of so many processes finds in its environment: threads, and its GPU."""
    threads = str(max(1, torch.get_num_threads() // jobs))
    gpus = torch.cuda.device_count()
    return [
        {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        | ({"CUDA_VISIBLE_DEVICES": str(number % gpus)} if gpus > 1 else {})
        for number in range(jobs)
    ]


class Trainings:
    """Trains in the background, `jobs` at a time, in the order of `start`.

    Inside the context this process takes no more threads than each of them. Leaving it stops what
    still runs, each training with its checkpoint written.
    """

    def __init__(self, jobs: int, *, runs: Path, skip_bad: bool = False):
        """Start no process yet."""
        self.runs, self.skip_bad = runs, skip_bad
        self.jobs, self._threads = jobs, torch.get_num_threads()
        self._pool = ThreadPoolExecutor(jobs)
        self._shares: SimpleQueue[dict[str, str]] = SimpleQueue()
        for share in shares(jobs):
            self._shares.put(share)
        self._children: set[subprocess.Popen[str]] = set()
        self._lock, self._is_closed = threading.Lock(), False

    def start(self, config: Config, begun: Callable[[], None]) -> Future[str]:
        """Queue a training.

        Args:
            config: its settings.
            begun: called when its turn has come.

        Returns:
            What will hold the reason why it failed in one line, "" where it is finished.
        """
        return self._pool.submit(self._train, config, begun)

    def _train(self, config: Config, begun: Callable[[], None]) -> str:
        share = self._shares.get()
        try:
            return self._run(config, begun, share)
        finally:
            self._shares.put(share)

    def _run(self, config: Config, begun: Callable[[], None], share: dict[str, str]) -> str:
        task = {
            "settings": config.to_json(),
            "runs": str(self.runs.resolve()),
            "skip_bad": self.skip_bad,
        }
        with self._lock:
            if self._is_closed:
                return "stopped"
            child = subprocess.Popen(
                [sys.executable, "-m", "hwlib.jobs"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | share,
                start_new_session=True,  # Ctrl-C is this process's; it passes it on once
            )
            self._children.add(child)
        begun()
        with suppress(BrokenPipeError):  # it ended at once; its last line says why
            child.stdin.write(json.dumps(task) + "\n")
            child.stdin.flush()
        lines = [line for line in child.stderr if line.strip()]
        code = child.wait()
        with self._lock:
            self._children.discard(child)
        child.stderr.close()
        with suppress(BrokenPipeError):
            child.stdin.close()
        return "" if code == 0 else (lines[-1].strip() if lines else f"exit code {code}")

    def __enter__(self) -> Trainings:
        torch.set_num_threads(max(1, self._threads // self.jobs))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        with self._lock:
            self._is_closed = True
            for child in self._children:
                child.stdin.close()
        self._pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._threads)


def serve() -> None:
    """Train what one line on standard input asks for; stop when the input closes."""
    from hwlib.training.fit import fit

    task = json.loads(sys.stdin.readline())

    def watch_input() -> None:
        sys.stdin.read()  # the parent asks to stop, or is gone
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch_input, daemon=True).start()
    try:
        fit(Config.create(**task["settings"]), runs=Path(task["runs"]), skip_bad=task["skip_bad"])
    except KeyboardInterrupt:
        os._exit(1)  # the thread still reads; a usual exit would wait for its lock
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    serve()
