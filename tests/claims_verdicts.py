"""Made-up claims and verdicts in the form of claims.json: what tests of their showing share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hwlib.discuss.base import Sentence

SEEDS = [0, 1, 2]


@dataclass(frozen=True)
class Claim:
    """As much of a claim as is shown."""

    id: str
    statement: Sentence
    letters: tuple[str, ...]
    protocol: Sentence
    note: Sentence
    opposes: str | None = None


def claim(id: str, letters: str = "AB", opposes: str | None = None) -> Claim:
    return Claim(
        id,
        Sentence(f"KL 權重愈大，重建愈模糊，隨機樣本卻愈好；愈小則相反（{id}）。",
                 f"A larger KL weight blurs reconstructions but improves random samples ({id})."),
        tuple(letters),
        Sentence("elbo 的 VAE，KL 權重 1 與 100，其餘相同。",
                 "The VAE of elbo with KL weights 1 and 100, all else equal."),
        Sentence("樣本看的是 Fréchet 距離。", "Samples are judged by the Fréchet distance."),
        opposes,
    )  # fmt: skip


CLAIMS = {
    c.id: c
    for c in (
        claim("C1", "ABD", opposes="C1'"),
        claim("C1'", "C", opposes="C1"),
        claim("C3", "B", opposes="C3'"),
        claim("C3'", "C", opposes="C3"),
        claim("C7", "B"),
        claim("C15", "E"),
        claim("C18", "E"),
        claim("C22", "E"),
    )
}


def part(
    verdict: str = "supported",
    direction: str = "greater",
    *,
    effect: float | None = None,
    margin: float = 0.002,
    spread: float = 0.0004,
    base: float = 0.013,
    arms: int = 2,
    unit: str = "",
    value_unit: str = "",
) -> dict[str, Any]:
    """Return a measure whose numbers agree with its verdict, as `hwlib.claims` would give it."""
    side = {"greater": 1, "less": -1, "equal": 0}[direction]
    factor = {"supported": 3 if side else 0.1, "contradicted": -3 if side else 4, "undecided": 1}
    effect = (side or 1) * factor[verdict] * margin if effect is None else effect
    effects = effect + spread * np.array([-1.0, 0.3, 0.7])
    first = base + 0.1 * base * np.array([0.0, 0.4, -0.2])
    names = ("KL ×1", "KL ×100，其餘設定相同的一組比較長的名字")
    en = ("KL ×1", "KL ×100, an arm of a name that is long enough to wrap")
    values = [first, first + effects][:arms] if arms > 1 else [effects]
    return {
        "name": {"zh": "測試影像的均方誤差（像素在 [0, 1]），KL ×100 減 KL ×1",
                 "en": "mean squared error of test images (pixels in [0, 1]), KL ×100 minus KL ×1"},
        "unit": unit,
        "value_unit": value_unit,
        "why": {"zh": "更小的差別看不出來。", "en": "Less cannot be seen."},
        "direction": direction,
        "margin": margin,
        "arms": {
            f"arm{i}": {
                "text": {"zh": names[i], "en": en[i]},
                "values": own.tolist(),
                "runs": [f"vae-elbo-{i}{seed}abcdef" for seed in SEEDS],
            }
            for i, own in enumerate(values)
        },
        "effects": effects.tolist(),
        "effect": float(effects.mean()),
        "low": float(effects.mean() - 2.5 * spread),
        "high": float(effects.mean() + 2.5 * spread),
        "verdict": verdict,
    }  # fmt: skip


def decided(*parts: dict[str, Any]) -> dict[str, Any]:
    """Return a claim with these measures and the verdict that they give."""
    found = [p["verdict"] for p in parts]
    all_hold = set(found) == {"supported"}
    verdict = "supported" if all_hold else "undecided"
    return {"verdict": "contradicted" if "contradicted" in found else verdict, "parts": list(parts)}


NOT_APPLICABLE = {
    "verdict": "not_applicable",
    "reason": {"zh": "資料沒有屬性標記", "en": "the data has no attributes"},
}


def verdicts(*, spec: str = "faces", profile: str = "quick", **claims: Any) -> dict[str, Any]:
    """Return what `hwlib.claims.decide` would: a claim of each kind, or the `claims` given."""
    made = claims or {
        "C1": decided(part(), part("supported", "less", margin=40.0, spread=9.0, unit="nats",
                                   base=700.0)),
        "C1'": decided(part("contradicted", "less"), part("undecided", margin=0.5, spread=0.2)),
        "C3": decided(part("undecided", effect=0.0021)),
        "C3'": decided(part("contradicted")),
        "C7": decided(part(arms=1, margin=0.5, spread=0.05)),
        "C15": decided(part("supported", "equal"), part("undecided", "equal")),
        "C18": decided(part("contradicted", base=0.9)),
        "C22": NOT_APPLICABLE,
    }  # fmt: skip
    data = {"spec": spec, "fingerprint": "0123456789abcdef"}
    return {"data": data, "profile": profile, "seeds": SEEDS, "claims": made}
