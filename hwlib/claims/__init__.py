"""The reports' claims, tested: what each would take, the runs, and a verdict from several seeds.

>>> from hwlib.claims import CLAIMS, decide
>>> CLAIMS["C13"].protocol.en
>>> decide(["C13"], data="faces")["claims"]["C13"]["verdict"]

Everything that decides a claim is set before there are data: arms and schedules (arms.py), measures
and margins (autoencoders.py, adversarial.py), the rule (statistics.py).
"""

from hwlib.claims.base import Arm, Claim, NotApplicable, Part
from hwlib.claims.catalogue import CLAIMS
from hwlib.claims.deciding import claims_path, decide, known_ids

__all__ = [
    "CLAIMS",
    "Arm",
    "Claim",
    "NotApplicable",
    "Part",
    "claims_path",
    "decide",
    "known_ids",
]
