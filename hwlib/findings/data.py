"""What the images are that a run was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np

from hwlib.text import Finding, finding


def introduce(data: Any) -> list[Finding]:
    """Say what the images are, how many there are, and what is known of each.

    Args:
        data: the `Data` that `hwlib.load_data` returns.
    """
    sizes = {"size": data.image_size, "channels": data.channels, "crop": data.crop}
    counts = {"train": len(data.train), "test": len(data.test)}
    factors = 0 if data.train.factors is None else data.train.factors.shape[1]
    return [
        finding("data.images", layout=data.layout, factors=factors, **counts, **sizes),
        _attributes(data),
    ]


def _attributes(data: Any) -> Finding:
    """Say how many attributes there are, and how rare the rarest and the commonest are."""
    if not data.attributes or data.train.labels is None:
        return finding("data.no_attributes")
    rates = np.asarray(data.train.labels).mean(0)
    low, high = int(rates.argmin()), int(rates.argmax())
    return finding(
        "data.attributes",
        count=len(data.attributes),
        is_drawn=data.layout == "faces",
        rarest=data.attributes[low],
        commonest=data.attributes[high],
        low=float(rates[low]),
        high=float(rates[high]),
    )
