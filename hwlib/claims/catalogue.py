"""The claims of the reports, as `report/claims.toml` has them, and the verdicts known on them.

The head of that file says what a field means.

>>> CLAIMS["C13"].parts[0].margin
10.0
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

from hwlib.config import Config, profile_of
from hwlib.errors import UserError

PATH = Path(__file__).parents[2] / "report" / "claims.toml"
SHIPPED = PATH.parent / "verdicts"  # files that come with the project
PROFILES = get_args(Config.model_fields["profile"].annotation)  # from the smallest on
DIGITS = 8  # of a data set's fingerprint in a file's name

Verdicts = dict[str, Any]  # what a file of verdicts holds


class NotApplicable(Exception):
    """A claim that cannot be tried on this data, or whose premise did not come about.

    Its `reason` names the words that say so (`claims.reasons.<name>`), and their values.
    """

    def __init__(self, name: str, **values: Any):
        super().__init__(name)
        self.reason = {"name": name, "values": values}


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Arm(_Entry):
    """One way of training, the same for every seed but for the seed.

    A "kl" arm is one VAE of the KL study, with the study's own sizes, so that its run is shared.
    """

    problem: str
    recipe: str
    seconds: float
    overrides: Mapping[str, Any] = Field({}, alias="set")
    quick: Mapping[str, Any] = {}


class Part(_Entry):
    """One measure of a claim; its words are `claims.<id>.parts.<name>`."""

    name: str
    arms: tuple[str, ...]
    measure: str
    comparison: Literal["value", "change", "times", "ratio", "excess", "regret"]
    direction: Literal["greater", "less", "equal"]
    margin: PositiveFloat  # the least effect that counts
    why: str
    unit: str = ""
    beside: str = ""
    reference: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()


class Claim(_Entry):
    """A conclusion of a report; its words are `claims.<id>.statement`, `.protocol` and `.note`."""

    id: str
    letters: tuple[str, ...]
    arms: Mapping[str, Arm]
    parts: tuple[Part, ...]
    opposes: str | None = None
    denied: str | None = None
    needs: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _compares_its_arms(self) -> Self:
        used = {label for part in self.parts for label in (*part.arms, *part.reference)}
        if used != self.arms.keys():
            raise ValueError(f"arms {sorted(self.arms)}, of which {sorted(used)} are measured")
        return self


def read_claims(path: Path = PATH) -> dict[str, Claim]:
    """Return the claims of a file like `report/claims.toml` by id, in its order.

    An arm or a base that is not there is a KeyError, an entry of other fields a ValueError.
    """
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    arms = {name: found["bases"][own.pop("base")] | own for name, own in found["arms"].items()}
    for given in found["claims"].values():
        given["arms"] = {label: arms[name] for label, name in given["arms"].items()}
    return {id: Claim(id=id, **given) for id, given in found["claims"].items()}


CLAIMS: Mapping[str, Claim] = read_claims()
_FOUND = tomllib.loads(PATH.read_text(encoding="utf-8"))
CONDITIONS, GROUPS = _FOUND["conditions"], _FOUND["groups"]


def rule_of(claim: Claim) -> str:
    """Return 8 hex digits over all that decides a claim: its arms, measures and margins.

    A verdict that was reached by another rule is no verdict on this claim.
    """
    # `seconds` are for the estimate of the time left alone, `why` for the reader
    unruly = {"arms": {"__all__": {"seconds"}}, "parts": {"__all__": {"why"}}}
    written = json.dumps(claim.model_dump(exclude=unruly), sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:8]


def known_ids(ids: str | Sequence[str] | None) -> list[str]:
    """Return the claims asked for, each once, in the order of the list; all of them for none.

    Several may stand in one text, with commas or spaces between them. An id that no claim has, or
    commas alone, are a UserError.
    """
    asked = ",".join([ids] if isinstance(ids, str) else ids or ()).strip()
    wanted = [
        id for id in re.split(r"[\s,\u3001\uff0c]+", asked.upper().replace("\u2019", "'")) if id
    ]
    if asked and not wanted:
        raise UserError("no_claim_named", asked=asked, known=list(CLAIMS))
    for id in wanted:
        if id not in CLAIMS:
            raise UserError("unknown_claim", id=id, known=list(CLAIMS))
    return [id for id in CLAIMS if not wanted or id in wanted]


# ---- files of verdicts, as `hwlib.claims.decide` writes them -------------------------------------


def claims_path(runs: Path, fingerprint: str, profile: str, recipe: str = "") -> Path:
    """Return where the verdicts on one data set stand in a folder of runs.

    Those of one recipe, in place of the reports' own, have a file of their own.
    """
    end = f"-{recipe}" if recipe else ""
    return Path(runs) / f"claims-{fingerprint[:DIGITS]}-{profile}{end}.json"


def verdict_files(runs: Path | None) -> list[Path]:
    """Return the files of verdicts that come with the project, then those among the runs."""
    folders = filter(None, (SHIPPED, runs))
    return [path for folder in folders for path in sorted(folder.glob("claims-*.json"))]


def known_verdicts(
    fingerprint: str, runs: Path | None = None, recipe: str = ""
) -> dict[str, Verdicts]:
    """Return the verdicts that are known on one data set, shipped or in a folder of `runs`.

    With a `recipe`, those of all arms trained by that one in place of the reports' own.

    Where several files have a claim, the one of the largest profile counts, of these the newest.
    What was decided by another rule than today's is left out, and so are trials. By the claim's id,
    in their order: the file's `data`, `profile`, `seeds`, `date`, and the claim's own `decided`.
    """
    files = [json.loads(path.read_text(encoding="utf-8")) for path in verdict_files(runs)]
    files = [one for one in files if one["data"]["fingerprint"].startswith(fingerprint[:DIGITS])]
    files = [one for one in files if "date" in one and one.get("recipe", "") == recipe]
    files = [{**one, "profile": profile_of(one["profile"])} for one in files]
    files.sort(key=lambda one: (PROFILES.index(one["profile"]), one["date"]))
    found: dict[str, Verdicts] = {}
    for verdicts in (one for one in files if one["profile"] != PROFILES[0]):
        about = {name: verdicts[name] for name in ("data", "profile", "seeds", "date")}
        for id, decided in verdicts["claims"].items():
            if id in CLAIMS and decided.get("rule") == rule_of(CLAIMS[id]):
                found[id] = {**about, "decided": decided}
    return {id: found[id] for id in CLAIMS if id in found}
