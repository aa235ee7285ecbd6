"""All claims by their id, in the order of the reports' list."""

from __future__ import annotations

from hwlib.claims.adversarial import ADVERSARIAL
from hwlib.claims.autoencoders import AUTOENCODERS
from hwlib.claims.base import Claim


def _place(claim: Claim) -> tuple[int, str]:
    """Return where a claim stands: C1, C1', C2, ..."""
    return int(claim.id[1:].rstrip("'")), claim.id


CLAIMS: dict[str, Claim] = {
    claim.id: claim for claim in sorted((*AUTOENCODERS, *ADVERSARIAL), key=_place)
}
