"""What a claim is made of: arms that are trained, measures of them, and what would decide it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from hwlib.config import Config
from hwlib.data import Data
from hwlib.discuss.base import Sentence
from hwlib.recipes import make_config
from hwlib.run import Run
from hwlib.training.study import member_configs

Direction = Literal["greater", "less", "equal"]
Measure = Callable[[Run, Data], float]


class NotApplicable(Exception):
    """A claim that cannot be tried on this data, or whose condition did not come about."""

    def __init__(self, reason: Sentence):
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True)
class Arm:
    """One way of training, the same for every seed but for the seed.

    Attributes:
        text: what it is called.
        problem: homework problem; "kl" is one VAE of the KL study, with the study's own sizes, so
            that its run is shared with the study.
        recipe: course report.
        seconds: about how long one run takes at `quick` on two cores, measuring included; the time
            left is reckoned from it.
        overrides: settings that make the arm what it is; of a "kl" arm, its `kl_weight`.
        quick: its schedule at profile `quick`, the same in all arms that are compared; the other
            profiles have the recipe's own.
    """

    text: Sentence
    problem: str
    recipe: str
    seconds: float
    overrides: Mapping[str, Any] = field(default_factory=dict)
    quick: Mapping[str, Any] = field(default_factory=dict)

    def config(self, *, data: str, profile: str, seed: int, **settings: Any) -> Config:
        """Return the settings of the arm's run with one seed; `settings` come on top."""
        own = {**self.overrides, **settings}
        if profile == "quick":
            own = {**self.quick, **own}
        if self.problem == "kl":
            weight = own.pop("kl_weight")
            study = make_config(
                "kl", self.recipe, data, profile, seed, **own, kl_weights=(weight,), kl_sweep=()
            )
            return member_configs(study)[0]
        return make_config(self.problem, self.recipe, data, profile, seed, **own)


# ---- what is compared ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """How the arms' values become one effect a seed, on the scale on which it is averaged.

    Attributes:
        effects: values (A, S) of A arms and S seeds to effects (S,), on the scale of the interval.
        tell: maps effects, their mean and the interval's ends to what is told; rising.
        unit: of what is told; "" where it is the values' own.
    """

    effects: Callable[[np.ndarray], np.ndarray]
    tell: Callable[[Any], Any]
    unit: str = ""


def _log_ratio(values: np.ndarray) -> np.ndarray:
    """Return log(first arm / second arm); what multiplies is averaged as logarithms."""
    return _log(values[0]) - _log(values[1])


def _log(values: np.ndarray) -> np.ndarray:
    """Return logarithms.

    Raises:
        NotApplicable: a value is 0, which stands in no ratio to anything.
    """
    if (values <= 0).any():
        raise NotApplicable(
            Sentence("有數值是零，無法以比例比較。", "A value is zero, so there is no ratio.")
        )
    return np.log(values)


def _percent_of_log(effect: Any) -> Any:
    return 100 * np.expm1(effect)


def _as_it_is(value: Any) -> Any:
    return value


# The value itself, of one arm.
VALUE = Comparison(lambda values: values[0], _as_it_is)
# First arm less second arm.
DIFFERENCE = Comparison(lambda values: values[0] - values[1], _as_it_is)
# The same of a value that is itself a change in percent, averaged as RATIO is.
CHANGE = Comparison(lambda values: np.log1p(values[0] / 100), _percent_of_log, "%")
# First arm over second arm, as a change in percent: +100 is twice as much, -50 half as much.
RATIO = Comparison(_log_ratio, _percent_of_log, "%")
# How much more the first arm has than the second, where less counts as no more.
EXCESS = Comparison(lambda values: np.maximum(_log_ratio(values), 0), _percent_of_log, "%")
# How much more the first arm has than the lowest of all, itself included.
REGRET = Comparison(lambda values: _log(values[0]) - _log(values.min(axis=0)), _percent_of_log, "%")


@dataclass(frozen=True)
class Part:
    """One measure of a claim.

    Attributes:
        name: what is measured and how it is compared, units in words.
        arms: labels of the arms, in the order in which `comparison` takes them.
        measure: a finished run and its data to a number.
        comparison: the numbers to one effect a seed.
        direction: of the claimed effect: "greater" than the margin, "less" than minus the margin,
            or "equal" to 0 within the margin.
        margin: least effect that counts, in the effect's unit; above 0.
        why: the margin's reason.
        unit: of the values; of the effects as well, unless the comparison has its own.
    """

    name: Sentence
    arms: tuple[str, ...]
    measure: Measure
    comparison: Comparison
    direction: Direction
    margin: float
    why: Sentence
    unit: str = ""

    def __post_init__(self) -> None:
        assert self.margin > 0, "a margin is the least effect that counts"

    @property
    def effect_unit(self) -> str:
        """The unit of the effects, the interval and the margin."""
        return self.comparison.unit or self.unit


@dataclass(frozen=True)
class Claim:
    """A conclusion of a report, and what would bear it out.

    Attributes:
        id: C1 to C22, C1' and C3'.
        statement: what the report says.
        letters: the reports that say it.
        protocol: what is trained and compared, decided before the data.
        note: what the measures can and cannot show.
        arms: what is trained, by label.
        parts: the measures; the claim is supported where all of them are.
        opposes: the claim that says the opposite, if one does.
        needs: what the data must have: "colour", "factors", "attributes", or an attribute's name.
    """

    id: str
    statement: Sentence
    letters: tuple[str, ...]
    protocol: Sentence
    note: Sentence
    arms: Mapping[str, Arm]
    parts: Sequence[Part]
    opposes: str | None = None
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        used = {label for part in self.parts for label in part.arms}
        assert used == set(self.arms), f"{self.id}: arms {set(self.arms)} and measures {used}"
