"""Requests to stop: Ctrl-C, SIGTERM and a closed terminal. The exit code is 128 and the signal."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from hwlib.log import is_notebook

SIGNALS = [getattr(signal, f"SIG{n}") for n in ("INT", "TERM", "HUP") if hasattr(signal, f"SIG{n}")]


class StopRequest(KeyboardInterrupt):
    """A request to stop, by the signal `number`."""

    def __init__(self, number: int):
        super().__init__()
        self.number = number


def listen(handler: Callable[[int, FrameType | None], None]) -> None:
    """Let `handler` take the signals, but for those that this process ignores, as under nohup."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def interrupt(number: int, _: FrameType | None) -> None:
    """Interrupt the main thread where it is."""
    raise StopRequest(number)


def leave(number: int, _: FrameType | None) -> None:
    """End the process: an exception in another package's import may be taken for a fault of it."""
    os.write(2, b"hwlib: stopped\n")
    os._exit(128 + number)


def exit_code(ended: KeyboardInterrupt) -> int:
    """Return the exit code of a process that ended so."""
    return 128 + getattr(ended, "number", signal.SIGINT)


@contextmanager
def collected() -> Iterator[list[int]]:
    """Yield the signals that ask for a stop while the context lasts; a second one interrupts.

    A notebook's kernel has its own way to end by the others than Ctrl-C.
    """
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked  # signals reach the main thread only
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if asked:
            interrupt(number, frame)
        asked.append(number)

    before = {}
    for number in SIGNALS[:1] if is_notebook() else SIGNALS:
        if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, ask)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
