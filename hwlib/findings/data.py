"""What the images are that a run was trained on."""

from typing import Any

import numpy as np

from hwlib.data.layouts import LAYOUTS
from hwlib.text import Finding, finding


def introduce(data: Any) -> list[Finding]:
    """Say what the images of a `Data` are, how many there are, and what is known of each."""
    layout = LAYOUTS[data.layout]
    sizes = {"size": data.image_size, "channels": data.channels, "crop": data.crop}
    counts = {"train": len(data.train), "test": len(data.test)}
    factors = 0 if data.train.factors is None else data.train.factors.shape[1]
    images = finding(layout.sentence, factors=factors, **counts, **sizes)
    if not data.attributes or data.train.labels is None:
        return [images, finding("data.no_attributes")]
    rates = dict(zip(data.attributes, np.asarray(data.train.labels).mean(0).tolist(), strict=True))
    return [images, finding("data.attributes", rates=rates, is_drawn=layout.is_drawn)]
