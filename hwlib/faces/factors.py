"""The table of factors behind the drawn faces: what is known of a face before it is drawn.

One row of the table is one face. The homework's thirteen attributes are read off some of the
factors (`attributes_of`); the rest is what a face has besides: light, pose, clothes, background.

`sample_factors` draws the attributes from a Gaussian copula: thirteen correlated normal numbers,
each cut at the height that gives its attribute the homework's rate. The three hair colours exclude
one another, and so do straight and wavy, hence no closed form gives the correlations that the
normals need; `_latent_correlation` finds them by simulation with fixed points.
"""

import json
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from hwlib.errors import UserError

ATTRIBUTES = (
    "Bangs",
    "Big_Lips",
    "Black_Hair",
    "Blond_Hair",
    "Brown_Hair",
    "Heavy_Makeup",
    "High_Cheekbones",
    "Male",
    "Mouth_Slightly_Open",
    "Smiling",
    "Straight_Hair",
    "Wavy_Hair",
    "Wearing_Lipstick",
)

FACTORS = MappingProxyType(
    {
        "masculinity": "how male the face reads, 0 to 1: jaw, brows, neck; Male above 0.5",
        "age": "0 young to 1 old: folds beside the mouth, lines under the eyes",
        "skin_tone": "0 very light to 1 very dark",
        "skin_undertone": "-1 cool and rosy to 1 warm and golden",
        "freckles": "0 none to 1 many",
        "face_width": "-1 narrow to 1 wide",
        "face_length": "-1 short to 1 long",
        "jaw": "0 round to 1 square",
        "chin": "0 broad to 1 pointed",
        "cheekbones": "0 flat to 1 high, with a hollow below; High_Cheekbones above 0.5",
        "hair_colour": "black, brown, blond, red, grey or dyed",
        "hair_shade": "0 dark to 1 light within its colour; for dyed hair, the hue",
        "hair_texture": "straight, wavy, smooth (combed back or cropped) or coily",
        "hair_style": "cropped, short, bob, long, bun or ponytail",
        "hair_length": "-1 short to 1 long within its style",
        "hair_volume": "0 flat to 1 full",
        "hair_part": "-1 parted on the left to 1 on the right (as seen)",
        "hairline": "-1 low to 1 high on the forehead",
        "bangs": "hair that covers the forehead, 0 none to 1 to the brows; Bangs above 0.5",
        "brow_thickness": "-1 thin to 1 thick",
        "brow_arch": "-1 flat to 1 arched",
        "brow_height": "-1 low to 1 raised",
        "eye_size": "-1 small to 1 large",
        "eye_spacing": "-1 close to 1 far apart",
        "eye_tilt": "-1 outer corners down to 1 up",
        "eye_colour": "0 dark brown, 0.3 hazel, 0.55 green, 0.8 blue, 1 grey",
        "eye_open": "-1 narrowed to 1 wide open",
        "gaze_x": "-1 looking left to 1 right (as seen)",
        "gaze_y": "-1 looking up to 1 down",
        "nose_width": "-1 narrow to 1 wide",
        "nose_length": "-1 short to 1 long",
        "mouth_width": "-1 narrow to 1 wide",
        "mouth_open": "0 closed to 1 open; Mouth_Slightly_Open above 0.3",
        "smile": "0 serious to 1 beaming; Smiling above 0.5",
        "lip_fullness": "0 thin to 1 full; Big_Lips above 0.5",
        "lipstick": "0 none to 1 strong; Wearing_Lipstick above 0.5",
        "lipstick_hue": "0 coral, 0.35 red, 0.7 berry, 1 pink",
        "makeup": "eye shadow, liner and blush, 0 none to 1 heavy; Heavy_Makeup above 0.5",
        "makeup_hue": "0 bronze, 0.33 plum, 0.67 blue, 1 teal",
        "beard": "none, stubble, moustache, goatee or full",
        "glasses": "none, round or square",
        "earrings": "none, stud, drop or hoop",
        "yaw": "-1 turned to the left to 1 to the right (as seen)",
        "tilt": "-1 head leaning left to 1 right (as seen)",
        "zoom": "-1 further away to 1 nearer",
        "shift_x": "-1 left of the middle to 1 right",
        "light_x": "-1 light from the left to 1 from the right",
        "light_contrast": "0 soft light to 1 hard light",
        "light_warmth": "-1 cool light to 1 warm light",
        "background": "gradient, glow, bokeh, halves or hills",
        "background_hue": "0 to 1, once round the colour circle",
        "background_lightness": "0 dark to 1 light",
        "clothes": "crew, v_neck, shirt, turtleneck, straps or jacket",
        "clothes_hue": "0 to 1, once round the colour circle",
        "clothes_lightness": "0 dark to 1 light",
        "detail": "whole number: the fall of strands, freckles and other small irregularities",
    }
)

LEVELS = MappingProxyType(
    {
        "hair_colour": ("black", "brown", "blond", "red", "grey", "dyed"),
        "hair_texture": ("straight", "wavy", "smooth", "coily"),
        "hair_style": ("cropped", "short", "bob", "long", "bun", "ponytail"),
        "beard": ("none", "stubble", "moustache", "goatee", "full"),
        "glasses": ("none", "round", "square"),
        "earrings": ("none", "stud", "drop", "hoop"),
        "background": ("gradient", "glow", "bokeh", "halves", "hills"),
        "clothes": ("crew", "v_neck", "shirt", "turtleneck", "straps", "jacket"),
    }
)

# Attribute -> its factor, the range where the attribute is absent, the range where it is present.
# Nothing falls between the two ranges, so that each attribute can be seen in the image.
_CONTINUOUS = {
    "Bangs": ("bangs", (0.0, 0.0), (0.7, 1.0)),
    "Big_Lips": ("lip_fullness", (0.0, 0.38), (0.7, 1.0)),
    "Heavy_Makeup": ("makeup", (0.0, 0.15), (0.7, 1.0)),
    "High_Cheekbones": ("cheekbones", (0.0, 0.2), (0.75, 1.0)),
    "Male": ("masculinity", (0.0, 0.25), (0.75, 1.0)),
    "Mouth_Slightly_Open": ("mouth_open", (0.0, 0.0), (0.5, 1.0)),
    "Smiling": ("smile", (0.0, 0.25), (0.65, 1.0)),
    "Wearing_Lipstick": ("lipstick", (0.0, 0.05), (0.75, 1.0)),
}
_THRESHOLDS = dict.fromkeys(_CONTINUOUS, 0.5) | {"Mouth_Slightly_Open": 0.3}
_DISCRETE = {
    "Black_Hair": ("hair_colour", "black"),
    "Blond_Hair": ("hair_colour", "blond"),
    "Brown_Hair": ("hair_colour", "brown"),
    "Straight_Hair": ("hair_texture", "straight"),
    "Wavy_Hair": ("hair_texture", "wavy"),
}
# Within a group the first attribute that its normal number calls for is taken.
_EXCLUSIVE = (("Black_Hair", "Blond_Hair", "Brown_Hair"), ("Wavy_Hair", "Straight_Hair"))


def attributes_of(factors: pd.DataFrame) -> np.ndarray:
    """Read the homework's thirteen attributes off a table of factors.

    Args:
        factors: N rows with at least the columns that the attributes are read from.

    Returns:
        uint8 (N, 13) of 0 and 1, columns in the order of `ATTRIBUTES`.

    Raises:
        UserError: a column is missing.
    """
    check_columns(factors, {spec[0] for spec in (_CONTINUOUS | _DISCRETE).values()})
    columns = [
        factors[_CONTINUOUS[name][0]].to_numpy() > _THRESHOLDS[name]
        if name in _CONTINUOUS
        else factors[_DISCRETE[name][0]].to_numpy() == _DISCRETE[name][1]
        for name in ATTRIBUTES
    ]
    return np.stack(columns, axis=1).astype(np.uint8)


def sample_factors(num: int, seed: int) -> pd.DataFrame:
    """Sample a table of factors with the homework's attribute rates and correlations.

    The first n rows do not depend on `num`: a longer table begins with the shorter one.

    Args:
        num: number of faces N, 0 or more.
        seed: the same seed gives the same table.

    Returns:
        N rows, one column for each name in `FACTORS`; numbers are rounded to four decimals so that
        a table survives a round trip through CSV unchanged.

    Raises:
        UserError: `num` is negative.
    """
    if num < 0:
        raise UserError("negative_faces", num=num)
    rng = np.random.default_rng(seed)
    normals = rng.standard_normal((num, len(ATTRIBUTES) + _NUM_FREE))
    # einsum, not @: a row's sum must not depend on how many rows there are
    mixing = np.linalg.cholesky(_latent_correlation())
    latents = np.einsum("nk,jk->nj", normals[:, : len(ATTRIBUTES)], mixing)
    present = dict(zip(ATTRIBUTES, _cut(latents).T, strict=True))
    draws = _Draws(normals[:, len(ATTRIBUTES) :])

    table = _continuous_factors(latents, present)
    table |= _hair(draws, present, table)
    table |= _face(draws, table)
    table |= _scene(draws, table)
    frame = pd.DataFrame({name: table[name] for name in FACTORS})
    floats = frame.select_dtypes("float").columns
    frame[floats] = frame[floats].round(4) + 0.0  # + 0.0 turns -0.0 into 0.0
    return frame


def check_columns(factors: pd.DataFrame, needed: set[str]) -> None:
    """Raise `UserError` where a table of factors lacks a column."""
    missing = sorted(needed - set(factors.columns))
    if missing:
        raise UserError("factor_columns", known=missing)


# --- Attributes: the copula ---------------------------------------------------------------------


@cache
def _statistics() -> tuple[np.ndarray, np.ndarray]:
    """The homework's rates (13,) and correlations (13, 13), in the order of `ATTRIBUTES`."""
    text = files("hwlib.faces").joinpath("hw4_attribute_stats.json").read_text(encoding="utf-8")
    stats = json.loads(text)
    order = [stats["attributes"].index(name) for name in ATTRIBUTES]
    correlation = np.asarray(stats["correlation"])[np.ix_(order, order)]
    return np.asarray(stats["positive_rate"])[order], correlation


@cache
def _thresholds() -> np.ndarray:
    """Heights (13,) at which the normals are cut.

    A later member of an exclusive group is cut lower, for it is taken only where no earlier one is.
    Its exact height depends on their correlation; taking them as independent is near enough,
    because `_latent_correlation` leaves normals within a group uncorrelated.
    """
    rates = dict(zip(ATTRIBUTES, _statistics()[0], strict=True))
    conditional = dict(rates)
    for group in _EXCLUSIVE:
        left = 1.0
        for name in group:
            conditional[name] = rates[name] / left
            left -= rates[name]
    return ndtri(1.0 - np.array([conditional[name] for name in ATTRIBUTES]))


def _cut(latents: np.ndarray) -> np.ndarray:
    """Attributes, bool (N, 13), of correlated normals (N, 13)."""
    present = latents > _thresholds()
    for group in _EXCLUSIVE:
        columns = [ATTRIBUTES.index(name) for name in group]
        for i, column in enumerate(columns):
            for later in columns[i + 1 :]:
                present[:, later] &= ~present[:, column]
    return present


@cache
def _latent_correlation() -> np.ndarray:
    """Correlations (13, 13) of the normals that give the attributes the homework's correlations.

    Start from the wanted ones and repeat: simulate on fixed quasi-random points, add the gap
    between wanted and measured, go back to the nearest correlation matrix by lifting negative
    eigenvalues.
    """
    from scipy.stats import qmc  # half a second to import, and needed only here

    wanted = _statistics()[1]
    num = len(ATTRIBUTES)
    points = ndtri(qmc.Sobol(num, scramble=True, rng=np.random.default_rng(0)).random_base2(14))
    free = ~np.eye(num, dtype=bool)
    for group in _EXCLUSIVE:
        inside = [ATTRIBUTES.index(name) for name in group]
        free[np.ix_(inside, inside)] = False

    latent = np.where(free, wanted, np.eye(num))
    for _ in range(25):
        measured = np.corrcoef(_cut(points @ np.linalg.cholesky(latent).T), rowvar=False)
        latent = _nearest_correlation(latent + np.where(free, wanted - measured, 0.0), fixed=~free)
    return latent


def _nearest_correlation(matrix: np.ndarray, *, fixed: np.ndarray) -> np.ndarray:
    """A positive definite matrix with unit diagonal near `matrix`; `fixed` entries stay nearly."""
    keep = np.where(fixed, matrix, 0.0)
    for _ in range(4):
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
        matrix = vectors * np.maximum(values, 1e-3) @ vectors.T
        scale = np.sqrt(np.diag(matrix))
        matrix = matrix / np.outer(scale, scale)
        matrix = np.where(fixed, 0.5 * (matrix + keep), matrix)
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    matrix = vectors * np.maximum(values, 1e-3) @ vectors.T
    scale = np.sqrt(np.diag(matrix))
    return matrix / np.outer(scale, scale)


# --- Factors given the attributes ---------------------------------------------------------------

_NUM_FREE = 64


class _Draws:
    """Hands out columns of independent normals, one after another, as the wanted distribution."""

    def __init__(self, normals: np.ndarray):
        self._columns = iter(normals.T)

    def normal(self, mean=0.0, std=0.45) -> np.ndarray:
        """Normal numbers kept inside [-1, 1], the range of a factor that has two sides."""
        return np.clip(mean + std * next(self._columns), -1.0, 1.0)

    def uniform(self, low=0.0, high=1.0) -> np.ndarray:
        return low + (high - low) * ndtr(next(self._columns))

    def chance(self, probability) -> np.ndarray:
        return self.uniform() < probability

    def choose(self, levels: tuple[str, ...], *weights) -> np.ndarray:
        """One level a row; weights are numbers or (N,) arrays, in the order of `levels`."""
        u = self.uniform()
        stacked = np.stack([np.broadcast_to(w, u.shape) for w in weights]).astype(float)
        shares = np.cumsum(stacked / stacked.sum(0), axis=0)
        index = np.minimum((u > shares).sum(0), len(levels) - 1)
        return np.asarray(levels, dtype=object)[index]


def _continuous_factors(latents: np.ndarray, present: dict[str, np.ndarray]) -> dict:
    """Factors that decide an attribute: the normal's rank within its class spans its range."""
    table = {}
    for column, name in enumerate(ATTRIBUTES):
        if name not in _CONTINUOUS:
            continue
        factor, absent_range, present_range = _CONTINUOUS[name]
        rank = ndtr(latents[:, column])
        cut = ndtr(_thresholds()[column])
        low, high = np.array(absent_range), np.array(present_range)
        absent = low[0] + (low[1] - low[0]) * rank / cut
        there = high[0] + (high[1] - high[0]) * (rank - cut) / (1.0 - cut)
        table[factor] = np.where(present[name], there, absent)
    return table


def _hair(draws: _Draws, present: dict[str, np.ndarray], table: dict) -> dict:
    """Colour, texture and cut of the hair, with the skin tone and the age that go with them."""
    male, fringe = present["Male"], present["Bangs"]
    straight, wavy = present["Straight_Hair"], present["Wavy_Hair"]
    age = draws.uniform() ** 1.5
    light_hair = present["Blond_Hair"]
    tone = draws.uniform()
    tone = np.where(light_hair, 0.55 * tone, tone)
    tone = np.where(present["Black_Hair"], 0.1 + 0.9 * tone, 0.85 * tone)

    other = draws.choose(("red", "grey", "dyed"), 0.38, 0.10 + 0.75 * age**2, 0.24)
    colour = np.select(
        [present["Black_Hair"], light_hair, present["Brown_Hair"]],
        ["black", "blond", "brown"],
        other,
    )
    curls = draws.chance(np.where(male, 0.1, 0.14) + 0.35 * np.clip(tone - 0.4, 0, 1))
    texture = np.select([straight, wavy, curls], ["straight", "wavy", "coily"], "smooth")

    loose = draws.choose(
        ("short", "bob", "long"),
        np.where(male, 0.76, 0.13),
        np.where(male, 0.14, 0.3),
        np.where(male, 0.1, 0.57),
    )
    bound = draws.choose(
        ("cropped", "short", "bun", "ponytail"),
        np.where(male & ~fringe, 0.55, 0.0),
        np.where(male, 0.37, 0.12),
        np.where(male, 0.05, 0.5),
        np.where(male, 0.03, 0.38),
    )
    coily = draws.choose(("cropped", "short", "bob"), 0.3 * (male & ~fringe), 0.4, 0.6 * ~male)
    style = np.select([straight | wavy, texture == "coily"], [loose, coily], bound)
    return {
        "age": age,
        "skin_tone": tone,
        "hair_colour": colour,
        "hair_shade": draws.uniform(),
        "hair_texture": texture,
        "hair_style": style,
        "hair_length": draws.normal(),
        "hair_volume": draws.uniform(),
        "hair_part": draws.uniform(-1, 1),
        "hairline": draws.normal(0.25 * male * age, 0.4),
    }


def _face(draws: _Draws, table: dict) -> dict:
    """Bones, eyes, nose, mouth and what is worn on the face."""
    male = table["masculinity"] > 0.5
    brown_eyes = draws.chance(0.25 + 0.75 * np.clip(table["skin_tone"] * 1.8, 0, 1))
    hue = draws.uniform()
    beard = draws.choose(("none", "stubble", "moustache", "goatee", "full"), 52, 20, 6, 8, 14)
    earrings = draws.choose(("none", "stud", "drop", "hoop"), 55, 18, 15, 12)
    return {
        "skin_undertone": draws.normal(),
        "freckles": draws.chance(0.22 * (1 - table["skin_tone"])) * draws.uniform(0.4, 1.0),
        "face_width": draws.normal(),
        "face_length": draws.normal(),
        "jaw": np.clip(np.where(male, 0.55, 0.12) + draws.normal(0, 0.16), 0, 1),
        "chin": np.clip(np.where(male, 0.25, 0.6) + draws.normal(0, 0.22), 0, 1),
        "brow_thickness": draws.normal(),
        "brow_arch": draws.normal(),
        "brow_height": draws.normal(),
        "eye_size": draws.normal(),
        "eye_spacing": draws.normal(),
        "eye_tilt": draws.normal(),
        "eye_colour": np.where(brown_eyes, 0.25 * hue, 0.28 + 0.72 * hue),
        "eye_open": draws.normal(),
        "gaze_x": draws.normal(0, 0.3),
        "gaze_y": draws.normal(0, 0.25),
        "nose_width": draws.normal(0.4 * (table["skin_tone"] - 0.4)),
        "nose_length": draws.normal(),
        "mouth_width": draws.normal(),
        "lipstick_hue": draws.uniform(),
        "makeup_hue": draws.uniform(),
        "beard": np.where(male, beard, "none"),
        "glasses": draws.choose(("none", "round", "square"), 93.5, 3.5, 3.0),
        "earrings": np.where(male, "none", earrings),
    }


def _scene(draws: _Draws, table: dict) -> dict:
    """Pose, light, background and clothes."""
    male = table["masculinity"] > 0.5
    clothes = draws.choose(
        LEVELS["clothes"], 22, 18, np.where(male, 26, 12), 10, np.where(male, 0, 22), 20
    )
    return {
        "yaw": draws.normal(),
        "tilt": draws.normal(0, 0.4),
        "zoom": draws.normal(),
        "shift_x": draws.normal(0, 0.4),
        "light_x": draws.uniform(-1, 1),
        "light_contrast": draws.uniform(),
        "light_warmth": draws.normal(),
        "background": draws.choose(LEVELS["background"], 25, 22, 20, 13, 20),
        "background_hue": draws.uniform(),
        "background_lightness": draws.uniform(),
        "clothes": clothes,
        "clothes_hue": draws.uniform(),
        "clothes_lightness": draws.uniform(),
        "detail": np.floor(draws.uniform() * 2**31).astype(np.int64),
    }
