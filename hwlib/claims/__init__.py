"""The reports' claims, tested: what each would take, the runs, and a verdict from several seeds.

>>> from hwlib.claims import CLAIMS, decide
>>> decide(["C13"], data="faces")["claims"]["C13"]["verdict"]

What decides a claim is set before there are data, in report/claims.toml: arms and schedules,
measures and margins. The measures are those of measures.py, the rule is that of statistics.py.
"""

from typing import Any

from hwlib.claims.catalogue import CLAIMS, claims_path, known_ids, known_verdicts
from hwlib.claims.statistics import VERDICTS


def decide(*args: Any, **settings: Any) -> dict[str, Any]:
    """Decide claims; see `hwlib.claims.deciding.decide`."""
    from hwlib.claims.deciding import decide  # which loads torch, where reading verdicts needs none

    return decide(*args, **settings)
