"""Made-up verdicts on the real claims, in the form of claims.json: what tests of showing share."""

from typing import Any

import numpy as np

from hwlib.claims import CLAIMS
from hwlib.claims.catalogue import rule_of
from hwlib.claims.statistics import COMPARISONS, joined, judge_interval

SEEDS = [0, 1, 2]
SPREAD = 0.04  # of the effects around their mean, in margins
NOT_APPLICABLE = {
    "verdict": "not_applicable",
    "reason": {"name": "no_attribute", "values": {"attribute": "Male"}},
}


def interval(low: float, high: float, direction: str, margin: float) -> dict[str, Any]:
    """Return as much of a measure as its verdict follows from."""
    effect = (low + high) / 2
    return {"low": low, "effect": effect, "high": high, "direction": direction, "margin": margin}


def part(
    id: str = "C1", index: int = 0, verdict: str = "supported", *, margins: float | None = None
) -> dict[str, Any]:
    """Return the `index`-th measure of a claim, whose numbers agree with its verdict.

    `margins` are the mean effect over the margin, the claimed side positive; None picks one.
    """
    own = CLAIMS[id].parts[index]
    if margins is None:
        far = {"supported": 3.0, "contradicted": -0.5, "undecided": 1.0}
        within = {"supported": 0.1, "contradicted": 4.0, "undecided": 1.0}
        margins = (within if own.direction == "equal" else far)[verdict]
    sign = -1 if own.direction == "less" else 1
    effects = sign * own.margin * (margins + SPREAD * np.array([-1.0, 0.3, 0.7]))
    low, high = (float(effects.mean() + s * 2.5 * SPREAD * own.margin) for s in (-1, 1))
    judged = judge_interval(interval(low, high, own.direction, own.margin))
    assert judged["verdict"] == verdict
    labels = (*own.arms, *own.reference)
    is_alone = len(labels) == 1 and own.comparison in ("value", "change")
    values = [100 * (1 + 0.1 * np.array([0.0, 0.4, -0.2]) + k) for k in range(len(labels))]
    comparison = COMPARISONS[own.comparison]
    return {
        **own.model_dump(include={"name", "why", "direction", "margin"}),
        "unit": comparison.unit or own.unit,
        "value_unit": own.unit,
        "is_change": comparison.is_change,
        "arms": {
            label: {
                "values": (effects if is_alone else one).tolist(),
                "runs": [f"vae-elbo-{label}{seed}" for seed in SEEDS],
                "is_reference": label in own.reference,
            }
            for label, one in zip(labels, values, strict=True)
        },
        "beside": {"name": own.beside, "values": [7.0] * 3} if own.beside else None,
        "effects": effects.tolist(),
        "effect": float(effects.mean()),
        "low": low,
        "high": high,
        **judged,
        "reason": None,
    }


def decided(id: str, *verdicts: str, margins: float | None = None) -> dict[str, Any]:
    """Return a claim, a verdict a measure; the last one stands for those that are left."""
    count = len(CLAIMS[id].parts)
    given = [*verdicts, *[verdicts[-1]] * (count - len(verdicts))]
    parts = [part(id, index, one, margins=margins) for index, one in enumerate(given)]
    return {"verdict": joined(given), "parts": parts, "rule": rule_of(CLAIMS[id])}


def unsound(entry: dict[str, Any], name: str = "sound_samples") -> dict[str, Any]:
    """Return a measure as `hwlib.claims` gives it where the runs do not meet a condition."""
    shares = {label: {"precision": 1.7, "diversity": 0.4} for label in entry["arms"]}
    return entry | {"verdict": "undecided", "reason": {"name": name, "shares": shares}}


def verdicts(*, spec: str = "faces", profile: str = "quick", **claims: Any) -> dict[str, Any]:
    """Return what `hwlib.claims.decide` would: a claim of each kind, or the `claims` given."""
    made = claims or {
        "C1": decided("C1", "supported"),
        "C1'": decided("C1'", "contradicted", "undecided"),
        "C3": decided("C3", "undecided"),
        "C3'": decided("C3'", "contradicted"),
        "C7": decided("C7", "supported"),
        "C14": decided("C14", "supported"),
        "C15": decided("C15", "supported", "undecided"),
        "C18": decided("C18", "contradicted"),
        "C22": NOT_APPLICABLE | {"rule": rule_of(CLAIMS["C22"])},
    }
    about = {"spec": spec, "fingerprint": "0123456789abcdef"}
    return {
        "data": about,
        "profile": profile,
        "seeds": SEEDS,
        "date": "2026-01-31",
        "claims": made,
    }
