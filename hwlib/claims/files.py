"""Files of verdicts: where they lie, which claims they hold, and what is known on some data.

A file is what `hwlib.claims.decide` writes. Those in `report/verdicts/` come with the project.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from hwlib.claims.catalogue import CLAIMS, rule_of
from hwlib.config import Config, profile_of
from hwlib.errors import UserError

SHIPPED = Path(__file__).parents[2] / "report" / "verdicts"
PROFILES = get_args(Config.model_fields["profile"].annotation)  # from the smallest on
DIGITS = 8  # of a data set's fingerprint in a file's name

Verdicts = dict[str, Any]  # what a file of verdicts holds


def claims_path(runs: Path, fingerprint: str, profile: str) -> Path:
    """Return where the verdicts on one data set stand in a folder of runs."""
    return Path(runs) / f"claims-{fingerprint[:DIGITS]}-{profile}.json"


def known_ids(ids: str | Sequence[str] | None) -> list[str]:
    """Return the claims asked for, each once, in the order of the list; all of them for none.

    Several may stand in one text, with commas or spaces between them.

    Raises:
        UserError: an id that no claim has, or commas alone.
    """
    asked = ",".join([ids] if isinstance(ids, str) else ids or ()).strip()
    named = [id for id in re.split(r"[\s,\u3001\uff0c]+", asked) if id]
    if asked and not named:
        raise UserError("no_claim_named", asked=asked, known=list(CLAIMS))
    wanted = [id.upper().replace("\u2019", "'") for id in named or CLAIMS]
    for id in wanted:
        if id not in CLAIMS:
            raise UserError("unknown_claim", id=id, known=list(CLAIMS))
    return [id for id in CLAIMS if id in wanted]


def known_verdicts(fingerprint: str, runs: Path | None = None) -> dict[str, Verdicts]:
    """Return the verdicts that are known on one data set, a file's content a claim.

    Where several files have a claim, the one of the largest profile counts, of these the newest.
    What was decided by another rule than today's is left out, and so are trials.

    Args:
        fingerprint: the data's, or its first eight digits.
        runs: folder of the runs, whose files count as well as those that come with the project.

    Returns:
        By the claim's id, in their order: `data`, `profile`, `seeds`, `date` of the file, and the
        claim's own entry as `decided`.
    """
    files = verdict_files(Path(runs) if runs else None, f"{fingerprint[:DIGITS]}-")
    found: dict[str, Verdicts] = {}
    for verdicts in sorted(map(_read, files), key=_rank):
        about = {name: verdicts[name] for name in ("data", "profile", "seeds", "date")}
        for id, decided in verdicts["claims"].items():
            if id in CLAIMS and decided.get("rule") == rule_of(CLAIMS[id]):
                found[id] = {**about, "decided": decided}
    return {id: found[id] for id in CLAIMS if id in found}


def verdict_files(runs: Path | None, begin: str = "") -> list[Path]:
    """Return the files of verdicts that come with the project, then those among the runs.

    Args:
        runs: folder of the runs, if any.
        begin: how their names go on after `claims-`.
    """
    folders = [SHIPPED, *([runs] if runs else [])]
    return [path for folder in folders for path in sorted(folder.glob(f"claims-{begin}*.json"))]


def _read(path: Path) -> Mapping[str, Any]:
    """Return a file of verdicts; one without a date, or of trials, as one that has no claims."""
    verdicts = json.loads(path.read_text(encoding="utf-8"))
    verdicts["profile"] = profile_of(verdicts["profile"])
    if "date" not in verdicts or verdicts["profile"] not in PROFILES[1:]:
        return {"data": {}, "profile": PROFILES[0], "seeds": [], "date": "", "claims": {}}
    return verdicts


def _rank(verdicts: Mapping[str, Any]) -> tuple[int, str]:
    return PROFILES.index(verdicts["profile"]), verdicts["date"]
