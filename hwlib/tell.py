"""Lines on how long work goes."""

from __future__ import annotations

import os
import sys

PROGRESS = "hwlib-progress "  # before the JSON by which a child tells how far its training is


def tell(line: str) -> None:
    """Write a line to standard error, so that standard output keeps to what was asked for.

    A notebook that somebody reads takes it on standard output: it paints the other red, though
    nothing is wrong.
    """
    kernel = sys.modules.get("ipykernel.kernelapp")
    has_kernel = kernel is not None and kernel.IPKernelApp.initialized()
    is_read = has_kernel and not os.environ.get("HWLIB_BATCH")
    stream = sys.stdout if is_read else sys.stderr
    stream.write(f"{line}\n")  # at once: of `print` a kernel may send the line's end by itself
    stream.flush()
