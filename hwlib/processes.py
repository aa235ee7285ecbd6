"""Children of this process side by side: one task each, and a way to stop that loses nothing.

A child reads its task from standard input, which stays open for as long as it may work: it closes
when this process asks it to stop, and also when this process is killed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

from hwlib import log

T = TypeVar("T")
Environment = Mapping[str, str]
Hear = Callable[[str], None]
# Runs one task of a module in a child, as `Workers._run` without its environment.
RunTask = Callable[[str, Mapping[str, Any], Hear], int]


class ChildStopped(Exception):
    """A child was asked to stop before its task was done, or its turn never came."""


class Workers:
    """Calls work in threads, one an environment, each with the means to run children in its own.

    Leaving the context stops what still runs: each child ends in its own way, in which a training
    writes its checkpoint. Ctrl-C while they do ends them at once.
    """

    def __init__(self, environments: Sequence[Environment] = ({},)):
        """Start nothing yet.

        Args:
            environments: what children find beside this process's own, one for each of those that
                run side by side.
        """
        self._pool = ThreadPoolExecutor(len(environments))
        self._environments: SimpleQueue[Environment] = SimpleQueue()
        for environment in environments:
            self._environments.put(environment)
        self._children: set[subprocess.Popen[str]] = set()
        self._lock, self._is_stopped = threading.Lock(), False

    def submit(self, work: Callable[[RunTask], T]) -> Future[T]:
        """Queue `work`, called with a `RunTask` when its turn has come; turns come in order."""
        return self._pool.submit(self._work, work)

    def _work(self, work: Callable[[RunTask], T]) -> T:
        environment = self._environments.get()
        try:
            return work(partial(self._run, environment))
        finally:
            self._environments.put(environment)

    def _run(
        self, environment: Environment, module: str, task: Mapping[str, Any], hear: Hear
    ) -> int:
        """Run `python -m module`, which calls `serve`, until it ends.

        Args:
            environment: what it finds beside this process's own.
            module: its name.
            task: JSON values.
            hear: called with each line of its standard error.

        Returns:
            Its exit code.

        Raises:
            ChildStopped: it was stopped.
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
                env=os.environ | environment | {"PYTHONIOENCODING": "utf-8"},
                start_new_session=True,  # Ctrl-C is this process's; it passes it on once
            )
            self._children.add(child)
            with suppress(BrokenPipeError):  # it ended at once; its last line says why
                child.stdin.write(json.dumps(task) + "\n")
                child.stdin.flush()
        for line in filter(str.strip, child.stderr):
            hear(line.rstrip("\n"))
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

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        with self._lock:
            self._is_stopped = True
            if self._children and isinstance(error, KeyboardInterrupt):
                log.info(
                    "stopping: what trains writes its checkpoint first (Ctrl-C again ends at once)"
                )
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
    """Do in a child what one line on standard input asks for.

    Args:
        work: called with the task.
        stop: called in a thread when the input closes; it makes `work` end.
    """
    task = json.loads(sys.stdin.readline())

    def watch_input() -> None:
        while os.read(0, 1024):  # not sys.stdin: its lock would keep this process from ending
            pass
        stop()

    threading.Thread(target=watch_input, daemon=True).start()
    work(task)
