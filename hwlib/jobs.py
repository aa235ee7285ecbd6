"""How many jobs run side by side, what share of the machine each has, and trainings among them.

Networks as small as those of `quick` do not keep many cores busy; several trainings at once do.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from hwlib.config import Config
from hwlib.errors import UserError
from hwlib.processes import ChildStopped, RunTask, Workers, serve
from hwlib.runtime import resolve_device

# How many jobs, for all commands, and for the notebook of claims, which trains side by side itself.
JOBS = "HWLIB_JOBS"
GPUS = "CUDA_VISIBLE_DEVICES"


def default_jobs(device: str = "auto") -> int:
    """Return how many jobs this machine does side by side: one a GPU, else one a core.

    `$HWLIB_JOBS` says another number. Cores are counted as the threads that torch would take, so
    that OMP_NUM_THREADS limits both.

    Raises:
        UserError: `$HWLIB_JOBS` is no number of jobs.
    """
    if given := os.environ.get(JOBS):
        if not (given.isdecimal() and int(given)):
            raise UserError("jobs_variable", name=JOBS, given=given)
        return int(given)
    kind = resolve_device(device).type
    return {"cuda": torch.cuda.device_count(), "mps": 1}.get(kind, torch.get_num_threads())


def checked_jobs(jobs: int | None, device: str = "auto") -> int:
    """Return the number of jobs; the machine's own where it is None.

    Raises:
        UserError: fewer than one.
    """
    if jobs is not None and jobs < 1:
        raise UserError("jobs_below_one", jobs=jobs)
    return default_jobs(device) if jobs is None else jobs


def shares(jobs: int) -> list[dict[str, str]]:
    """Return what each of so many processes finds in its environment: threads, and its GPU."""
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


class Trainings:
    """Trains in the background, `jobs` at a time, in the order of `start`.

    Inside the context this process takes no more threads than each of them. Leaving it stops what
    still runs, each training with its checkpoint written.
    """

    def __init__(self, jobs: int, *, runs: Path, skip_bad: bool = False):
        """Start no process yet."""
        self.runs, self.skip_bad = runs, skip_bad
        self.jobs, self._threads = jobs, torch.get_num_threads()
        self._workers = Workers(shares(jobs))

    def start(self, config: Config, begun: Callable[[], None]) -> Future[str]:
        """Queue a training.

        Args:
            config: its settings.
            begun: called when its turn has come.

        Returns:
            What will hold the reason why it failed in one line, "" where it is finished.
        """
        return self._workers.submit(partial(self._train, config, begun))

    def _train(self, config: Config, begun: Callable[[], None], run: RunTask) -> str:
        task = {
            "settings": config.to_json(),
            "runs": str(self.runs.resolve()),
            "skip_bad": self.skip_bad,
        }
        begun()
        said: list[str] = []
        try:
            code = run("hwlib.jobs", task, said.append)
        except ChildStopped:
            return "stopped"
        return "" if code == 0 else (said[-1].strip() if said else f"exit code {code}")

    def __enter__(self) -> Trainings:
        torch.set_num_threads(max(1, self._threads // self.jobs))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._workers.__exit__(kind, error, trace)
        torch.set_num_threads(self._threads)


def train(task: dict[str, Any]) -> None:
    """Train what a task of `Trainings` asks for."""
    from hwlib.training.fit import fit

    fit(Config.create(**task["settings"]), runs=Path(task["runs"]), skip_bad=task["skip_bad"])


if __name__ == "__main__":
    serve(train, stop=lambda: os.kill(os.getpid(), signal.SIGINT))
