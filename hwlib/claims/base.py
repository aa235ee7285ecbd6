"""What a claim is made of: arms that are trained, measures of them, and what would decide it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked_dataclass

Direction = Literal["greater", "less", "equal"]

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


def _log(values: np.ndarray) -> np.ndarray:
    """Return logarithms: what multiplies is averaged as those.

    Raises:
        NotApplicable: a value is 0, which has no ratio to anything.
    """
    if (values <= 0).any():
        raise NotApplicable("zero_value")
    return np.log(values)


def _log_ratio(values: np.ndarray) -> np.ndarray:
    return _log(values[0]) - _log(values[1])


def _percent_of_log(effect: Any) -> Any:
    return 100 * np.expm1(effect)


COMPARISONS: dict[str, Comparison] = {
    # The value itself, of one arm.
    "value": Comparison(lambda values: values[0], lambda effect: effect, is_change=False),
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


# ---- what report/claims.toml holds ---------------------------------------------------------------
# Its head says what each field means.

_entry = checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))


@_entry
class Arm:
    """One way of training, the same for every seed but for the seed.

    A "kl" arm is one VAE of the KL study, with the study's own sizes, so that its run is shared.
    """

    problem: str
    recipe: str
    seconds: float
    overrides: Mapping[str, Any] = Field(default_factory=dict)
    quick: Mapping[str, Any] = Field(default_factory=dict)


@_entry
class Part:
    """One measure of a claim; its words are `claims.<id>.parts.<name>`."""

    name: str
    arms: tuple[str, ...]
    measure: str
    comparison: str
    direction: Direction
    margin: Annotated[int | float, Field(gt=0)]  # the least effect that counts
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


@_entry
class Claim:
    """A conclusion of a report, and what would bear it out.

    Its words are `claims.<id>.statement`, `.protocol` and `.note`.
    """

    id: str
    letters: tuple[str, ...]
    arms: Mapping[str, Arm]
    parts: tuple[Part, ...]
    opposes: str | None = None
    denied: str | None = None
    needs: tuple[str, ...] = ()
