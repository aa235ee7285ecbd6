"""The drawn faces: `faces`, or `faces:N` for N to train on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from hwlib.data.decode import Decoded
from hwlib.data.layouts.base import Layout, Listing
from hwlib.errors import UserError

MIN_TEST = 64
RATES = Path(__file__).parents[2] / "faces" / "hw4_attribute_stats.json"
DRAWN_PIXELS = 2048 * 64 * 64  # at a time; `draw_faces` shares them out among threads


@dataclass(frozen=True)
class Faces(Layout):
    """Faces drawn from one table of factors, whose last rows are the test part."""

    num_train: int = 8000
    num_test: int = 1000
    seed: int = 0

    name = "faces"
    sentence = "data.faces"
    is_drawn = True
    is_aligned = True
    modules = (*Layout.modules, "hwlib.faces")

    @classmethod
    def from_spec(cls, spec: str) -> Self:
        """Return the faces that `faces` or `faces:N` asks for."""
        drawn = cls(Path("drawn"), label_files=(RATES,))
        _, colon, count = spec.partition(":")
        if not colon:
            return drawn
        if not count.isdecimal() or not 1 <= int(count) <= 10**7:
            raise UserError("num_faces", spec=spec)
        return replace(drawn, num_train=int(count), num_test=max(int(count) // 8, MIN_TEST))

    @classmethod
    def detect(cls, root: Path) -> Self | None:
        """Take no folder for drawn faces."""
        return None

    def list_images(self, files: Sequence[str]) -> Listing:
        """Sample the factors of all faces."""
        from hwlib.faces import ATTRIBUTES, attributes_of, sample_factors

        table = sample_factors(self.num_train + self.num_test, self.seed)
        names = [f"{number:05}.png" for number in range(len(table))]
        labels = pd.DataFrame(attributes_of(table), names, ATTRIBUTES)
        return Listing(labels, table, np.arange(len(table)) >= self.num_train)

    def read(self, items: Any, image_size: int, crop: str) -> Iterator[Decoded]:
        """Draw the rows of a table of factors."""
        from hwlib.faces import draw_faces

        step = max(1, DRAWN_PIXELS // image_size**2)
        for start in range(0, len(items), step):
            for pixels in draw_faces(items[start : start + step], image_size):
                yield Decoded(pixels, (image_size, image_size), "RGB")


def is_drawn(spec: str) -> bool:
    """Whether `spec` asks for drawn faces: then no folder of that name is looked at."""
    return spec.partition(":")[0] == "faces"
