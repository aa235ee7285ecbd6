"""What a claim is made of: arms that are trained, measures of them, and what would decide it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Direction = Literal["greater", "less", "equal"]
DIRECTIONS = ("greater", "less", "equal")

SUPPORTED, CONTRADICTED = "supported", "contradicted"
UNDECIDED, NOT_APPLICABLE = "undecided", "not_applicable"
VERDICTS = (SUPPORTED, CONTRADICTED, UNDECIDED, NOT_APPLICABLE)


class NotApplicable(Exception):
    """A claim that cannot be tried on this data, or whose premise did not come about.

    Attributes:
        reason: the name of the sentence that says so (`claims.reason_<name>`), and its values.
    """

    def __init__(self, name: str, **values: Any):
        super().__init__(name)
        self.reason = {"name": name, "values": values}


@dataclass(frozen=True)
class Arm:
    """One way of training, the same for every seed but for the seed.

    Attributes:
        problem: homework problem; "kl" is one VAE of the KL study, with the study's own sizes, so
            that its run is shared with the study.
        recipe: course report.
        seconds: about how long one run takes at `quick` on two cores, measuring included; the time
            left is estimated from it.
        overrides: settings that make the arm what it is; of a "kl" arm, its `kl_weight`.
        quick: its schedule at profile `quick`, the same in all arms that are compared; the other
            profiles have the recipe's own.
    """

    problem: str
    recipe: str
    seconds: float
    overrides: Mapping[str, Any] = field(default_factory=dict)
    quick: Mapping[str, Any] = field(default_factory=dict)


# ---- what is compared ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """How values become one effect a seed, on the scale on which it is averaged.

    Attributes:
        effects: values (A, S) of A arms and S seeds to effects (S,), on the scale of the interval.
        display: maps effects, their mean and the interval's ends to what is shown; rising.
        unit: of what is shown; "" where it is the values' own.
        is_change: whether it is a change, so that its sign means more or less.
    """

    effects: Callable[[np.ndarray], np.ndarray]
    display: Callable[[Any], Any]
    unit: str = ""
    is_change: bool = True


def _log_ratio(values: np.ndarray) -> np.ndarray:
    """Return log(first / second); what multiplies is averaged as logarithms."""
    return _log(values[0]) - _log(values[1])


def _log(values: np.ndarray) -> np.ndarray:
    """Return logarithms.

    Raises:
        NotApplicable: a value is 0, which has no ratio to anything.
    """
    if (values <= 0).any():
        raise NotApplicable("zero_value")
    return np.log(values)


def _percent_of_log(effect: Any) -> Any:
    return 100 * np.expm1(effect)


def _as_it_is(value: Any) -> Any:
    return value


COMPARISONS: dict[str, Comparison] = {
    # The value itself, of one arm.
    "value": Comparison(lambda values: values[0], _as_it_is, is_change=False),
    # How many times the second the first is.
    "times": Comparison(_log_ratio, np.exp, "×", is_change=False),
    # The same of a value that is itself a change in percent, averaged as a ratio is.
    "change": Comparison(lambda values: np.log1p(values[0] / 100), _percent_of_log, "%"),
    # First over second, as a change in percent: +100 is twice as much, -50 half as much.
    "ratio": Comparison(_log_ratio, _percent_of_log, "%"),
    # How much more the first has than the second, where less counts as no more.
    "excess": Comparison(lambda values: np.maximum(_log_ratio(values), 0), _percent_of_log, "%"),
    # How much more the first has than the lowest of all, itself included.
    "regret": Comparison(
        lambda values: _log(values[0]) - _log(values.min(axis=0)), _percent_of_log, "%"
    ),
}


@dataclass(frozen=True)
class Part:
    """One measure of a claim; the fields are those of report/claims.toml.

    Attributes:
        name: of the part within its claim; its words are `claims.<id>.parts.<name>`.
        arms: labels of the arms, in the order in which `comparison` takes them.
        measure: name of a measure of a finished run and its data.
        comparison: name of the comparison.
        direction: of the claimed effect: "greater" than the margin, "less" than minus the margin,
            or "equal" to 0 within the margin.
        margin: least effect that counts, in the effect's unit; above 0.
        why: the margin's reason; its words are `claims.why.<why>`.
        unit: of the values; of the effects as well, unless the comparison has its own.
        beside: measure of the first arm's runs that stands for real images, compared last; or "".
        reference: labels of arms that are shown beside them and decide nothing.
        any: conditions that one of all these arms must meet.
        all: conditions that each of `arms` must meet.
    """

    name: str
    arms: tuple[str, ...]
    measure: str
    comparison: str
    direction: Direction
    margin: float
    why: str
    unit: str = ""
    beside: str = ""
    reference: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()

    @property
    def effect_unit(self) -> str:
        """The unit of the effects, the interval and the margin."""
        return COMPARISONS[self.comparison].unit or self.unit


@dataclass(frozen=True)
class Claim:
    """A conclusion of a report, and what would bear it out.

    Its words are `claims.<id>.statement`, `.protocol` and `.note`.

    Attributes:
        id: C1 to C22, C1' and C3'.
        letters: the reports that make it.
        arms: what is trained, by label.
        parts: the measures; the claim is supported where all of them are.
        opposes: the claim that says the opposite, if one does.
        denied: the report that denies the last part without a claim of its own, if one does.
        needs: what the data must have: "colour", "factors", or an attribute's name.
    """

    id: str
    letters: tuple[str, ...]
    arms: Mapping[str, Arm]
    parts: Sequence[Part]
    opposes: str | None = None
    denied: str | None = None
    needs: tuple[str, ...] = ()
