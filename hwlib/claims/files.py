"""Files of verdicts: where they lie, and what is known of the claims on some data.

A file is what `hwlib.claims.decide` writes. Those in `report/verdicts/` come with the project.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from hwlib.claims.catalogue import CLAIMS, rule_of
from hwlib.config import Config, profile_of

SHIPPED = Path(__file__).parents[2] / "report" / "verdicts"
PROFILES = get_args(Config.model_fields["profile"].annotation)  # from the smallest on
DIGITS = 8  # of a data set's fingerprint in a file's name

Verdicts = dict[str, Any]  # what a file of verdicts holds


def claims_path(runs: Path, fingerprint: str, profile: str) -> Path:
    """Return where the verdicts on one data set stand in a folder of runs."""
    return Path(runs) / f"claims-{fingerprint[:DIGITS]}-{profile}.json"


def verdict_files(runs: Path | None) -> list[Path]:
    """Return the files of verdicts that come with the project, then those among the runs."""
    folders = filter(None, (SHIPPED, runs))
    return [path for folder in folders for path in sorted(folder.glob("claims-*.json"))]


def known_verdicts(fingerprint: str, runs: Path | None = None) -> dict[str, Verdicts]:
    """Return the verdicts that are known on one data set.

    Where several files have a claim, the one of the largest profile counts, of these the newest.
    What was decided by another rule than today's is left out, and so are trials.

    Args:
        fingerprint: the data's, or its first eight digits.
        runs: folder of the runs, whose files count as well as those that come with the project.

    Returns:
        By the claim's id, in their order: `data`, `profile`, `seeds`, `date` of the file, and the
        claim's own entry as `decided`.
    """
    files = [json.loads(path.read_text(encoding="utf-8")) for path in verdict_files(runs)]
    files = [one for one in files if one["data"]["fingerprint"].startswith(fingerprint[:DIGITS])]
    files = [{**one, "profile": profile_of(one["profile"])} for one in files if "date" in one]
    files.sort(key=lambda one: (PROFILES.index(one["profile"]), one["date"]))
    found: dict[str, Verdicts] = {}
    for verdicts in (one for one in files if one["profile"] != PROFILES[0]):
        about = {name: verdicts[name] for name in ("data", "profile", "seeds", "date")}
        for id, decided in verdicts["claims"].items():
            if id in CLAIMS and decided.get("rule") == rule_of(CLAIMS[id]):
                found[id] = {**about, "decided": decided}
    return {id: found[id] for id in CLAIMS if id in found}
