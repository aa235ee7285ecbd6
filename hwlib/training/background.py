"""Trainings in processes of their own, several at a time.

Networks as small as those of `quick` do not keep many cores busy; several trainings at once do.
"""

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import torch

from hwlib.config import Config
from hwlib.parallel import ChildStopped, RunChild, Workers, serve, shares
from hwlib.stop import interrupt, listen
from hwlib.training.loop import fit


class Trainings(Workers):
    """Trains in the background, `jobs` at a time, in the order of `start`."""

    def __init__(self, jobs: int, *, runs: Path, skip_bad: bool = False):
        """Start no process yet."""
        super().__init__(shares(jobs))
        self.jobs, self._threads = jobs, torch.get_num_threads()
        self._task = {"runs": str(runs.resolve()), "skip_bad": skip_bad}

    def start(self, config: Config, begun: Callable[[], None]) -> Future[str]:
        """Queue a training; what comes of it is the line why it failed, "" where it is finished."""

        def work(run: RunChild) -> str:
            begun()
            lines: list[str] = []
            try:
                code = run(__name__, {"settings": config.to_json(), **self._task}, lines.append)
            except ChildStopped:
                return "stopped"
            return "" if code == 0 else (lines[-1].strip() if lines else f"exit code {code}")

        return self.submit(work)

    def __enter__(self) -> "Trainings":
        # this process takes no more threads than each of them
        torch.set_num_threads(max(1, self._threads // self.jobs))
        return self

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        torch.set_num_threads(self._threads)


def train(task: dict[str, Any]) -> None:
    """Train what a task of `Trainings` asks for."""
    fit(Config.create(**task["settings"]), runs=Path(task["runs"]), skip_bad=task["skip_bad"])


if __name__ == "__main__":
    listen(interrupt)
    # not SIGINT, which a script's background commands ignore, and so do their children
    serve(train, stop=lambda: os.kill(os.getpid(), signal.SIGTERM))
