"""The runs that a report is about: what their own files say, and which may be compared."""

import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from hwlib.errors import UserError
from hwlib.registry import CLAIMS, PAGES, VERDICT_COUNTS, metrics_of
from hwlib.report.cells import UNKNOWN, metric_label, value
from hwlib.report.runner import Job
from hwlib.text import LANGUAGES, section, word

T = TypeVar("T")
IDENTITY = ("data", "profile", "seed")
# How distances were measured: what results.json says, by the words for it in `compare.toml`.
PATTERNS = {
    "classifier": r"oracle:(?P<id>\w+)",
    "inception": r"inception:(?P<id>\w+)",
    "frechet": r"Gaussians with covariances over N - 1",
    "kid": r"unbiased MMD\^2 of the kernel \(x\.y/F \+ 1\)\^3, all pictures at once",
    "neighbours": r"(?P<count>\d+) nearest neighbours \((?P<author>\w+) et al\. (?P<year>\d+)\)",
}
NAMES = {"Kynkaanniemi": "Kynkäänniemi"}  # results.json keeps to ASCII


@dataclass(frozen=True)
class Facts:
    """`config.json` and `results.json` of a run; both empty where the job has none."""

    job: Job  # that used it
    parameters: Mapping[str, Any]  # of the job's notebook
    run: str = ""  # name of its folder, or of the file of verdicts
    record: Mapping[str, Any] = field(default_factory=dict)  # config.json
    results: Mapping[str, Any] = field(default_factory=dict)  # results.json
    folder: Path | None = None  # where the run lies, None where there is none
    others: tuple["Facts", ...] = ()  # what further runs of the job say
    page: str = ""  # stem of the page that it is on
    is_failed: bool = False  # whether the job failed
    note: str = ""  # settings that differ from an earlier run's of the same problem and recipe

    @property
    def problem(self) -> str:
        """The run's own problem: a job may use runs of another one."""
        return self.settings.get("problem", self.job.problem)

    @property
    def recipe(self) -> str:
        """The run's own recipe."""
        return self.settings.get("recipe", self.job.recipe)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The run's settings, else the job's parameters.

        The data's name and the profile are the job's: a run may have been made under others.
        """
        asked = {n: self.parameters[n] for n in ("data", "profile") if n in self.parameters}
        return {**(self.record.get("settings") or self.parameters), **asked}

    @property
    def data(self) -> str:
        """The data as they were asked for: they name a report's data sets."""
        return str(self.settings.get("data") or "")

    @property
    def name(self) -> str:
        """Recipe and note."""
        return " · ".join(filter(None, (self.recipe, self.note)))

    @property
    def model(self) -> str:
        """Problem, recipe and note."""
        return f"{short_name(self.problem)} {self.name}"

    def setting(self, name: str) -> str:
        """Return a setting as text, '–' where it is not known."""
        amount = self.settings.get(name, UNKNOWN)
        return value(Path(amount).name if name == "data" else amount)  # a path's name says enough


def short_name(problem: str, language: str = next(iter(LANGUAGES))) -> str:
    """Return what a problem's networks are called: the same in every language but for claims."""
    return section("page", language)["short"].get(problem, problem)


def read_facts(
    job: Job, run: Path | None, parameters: Mapping[str, Any], others: Sequence[Path] = ()
) -> Facts:
    """Return what the folder `run` says, and the `others`; where there is none, `parameters`.

    A `run` that is a file of verdicts says how many there are of each kind.
    """
    if run is None:
        return Facts(job, parameters)
    if job.problem == CLAIMS:
        return Facts(job, parameters, run.name, *_read_verdicts(run, parameters.get("ids")))
    record, results = (_read_json(run / name) for name in ("config.json", "results.json"))
    further = tuple(read_facts(job, other, parameters) for other in others)
    return Facts(job, parameters, run.name, record, results, run, further)


def _read_json(path: Path) -> dict[str, Any]:
    """Return a file of names and values, empty where there is none; another is a UserError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UserError("run_damaged", path=path)
    return found


def _read_verdicts(path: Path, ids: Sequence[str] | None) -> tuple[dict[str, Any], dict[str, int]]:
    """Return what all the runs behind a file of verdicts have in common, and its verdicts' counts.

    The file may hold more claims than the `ids` that were asked for.
    """
    verdicts = json.loads(path.read_text(encoding="utf-8"))
    claims = [verdicts["claims"][id] for id in ids or verdicts["claims"]]
    arms = [arm for c in claims for part in c.get("parts", ()) for arm in part["arms"].values()]
    runs = dict.fromkeys(run for arm in arms for run in arm["runs"])
    files = [path.parent / run / "config.json" for run in runs]
    records = [_read_json(file) for file in files if file.exists()]
    settings = {"problem": CLAIMS, "recipe": "all", "data": verdicts["data"]["spec"]}
    settings |= {"profile": verdicts["profile"], "seed": verdicts["seeds"]}
    counts = Counter(claim["verdict"] for claim in claims)
    results = {name: counts[name.removeprefix("num_")] for name in VERDICT_COUNTS}
    return _common(records or [{}]) | {"settings": settings}, results


def _common(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what all `records` say alike, within their groups too."""
    found: dict[str, Any] = {}
    for name, part in records[0].items():
        parts = [record.get(name) for record in records]
        if all(isinstance(one, Mapping) for one in parts):
            found[name] = _common(parts)
        elif all(one == part for one in parts):
            found[name] = part
    return {name: part for name, part in found.items() if part != {}}


def rows_of(pages: Sequence[Facts]) -> list[Facts]:
    """Return every run of the pages, each with its note.

    Problems come in the homework's order; within one, runs on the same data, of the same recipe and
    with the same settings stand together. Main runs come first, then additional runs, without
    repeats. A KL study has a row for each weight that its page shows in full.
    """
    rows = [row for facts in pages for row in _studies(facts)]
    known = {row.run for row in rows}
    others = [replace(other, page=facts.page) for facts in pages for other in facts.others]
    rows += {other.run: other for other in others if other.run not in known}.values()
    first_of: dict[tuple[str, str, str], Facts] = {}
    for place, row in enumerate(rows):
        kind = (row.problem, row.recipe, row.data)
        if row.record and (first := first_of.setdefault(kind, row)) is not row:
            rows[place] = replace(row, note=row.note or _difference(first, row))
    rows.sort(key=lambda row: list(PAGES).index(row.problem))
    on_data = grouped(rows, lambda row: (row.problem, row.data))
    return [row for own in on_data for same in grouped(own, lambda r: r.name) for row in same]


def _studies(facts: Facts) -> list[Facts]:
    """Return a study's VAEs, those of the weights shown in full, in its place; else the run."""
    if "studies" not in facts.results:
        return [facts]
    studies = {row["kl_weight"]: row for row in facts.results["studies"]}
    of_all = ("studies", "num_images", "images_per_s")  # of all weights together
    shared = {name: part for name, part in facts.results.items() if name not in of_all}
    return [
        replace(
            facts,
            run=studies[weight]["run"],
            record={**facts.record, "settings": {**facts.settings, "kl_weight": weight}},
            results={**shared, **studies[weight]},
            folder=facts.folder.parent / studies[weight]["run"] if facts.folder else None,
            note=f"λ = {value(weight)}",
        )
        for weight in facts.results["kl_weights"]
    ]


def _difference(first: Facts, other: Facts) -> str:
    """Return the settings of `other` that are not those of `first`, as words.

    Data, profile and seed have columns of their own.
    """
    names = sorted(first.settings.keys() | other.settings.keys())
    changed = [n for n in names if first.settings.get(n) != other.settings.get(n)]
    own = ", ".join(f"{name} = {other.setting(name)}" for name in changed if name not in IDENTITY)
    return own if changed else other.run


def _texts(runs: Sequence[Facts]) -> dict[str, list[str]]:
    """Return the texts of data, profile and seed over the runs, each once."""
    known = {name: [run for run in runs if name in run.settings] for name in IDENTITY}
    return {n: list(dict.fromkeys(run.setting(n) for run in some)) for n, some in known.items()}


def identity_of(runs: Sequence[Facts]) -> list[str]:
    """Return which of data, profile and seed are not the same for all: columns of their own."""
    return [name for name, texts in _texts(runs).items() if len(texts) > 1]


def disambiguated(name: str, run: Facts, runs: Sequence[Facts]) -> str:
    """Return the name of one of `runs` with its data and seed, where these are several."""
    return " · ".join([name, *map(run.setting, identity_of(runs))])


def shared(runs: Sequence[Facts], language: str) -> list[tuple[str, str]]:
    """Return data, profile and seed where they are the same for all: label and text."""
    return _labelled(
        {n: texts[0] for n, texts in _texts(runs).items() if len(texts) == 1}, language
    )


def subtitle(facts: Facts, language: str) -> list[tuple[str, str]]:
    """Return what stands under a page's title: recipe, data, profile, seed."""
    recipe = {"recipe": facts.job.recipe} if facts.problem != CLAIMS else {}  # each has its own
    return _labelled(recipe | {name: facts.setting(name) for name in IDENTITY}, language)


def _labelled(texts: Mapping[str, str], language: str) -> list[tuple[str, str]]:
    profiles = section("page", language)["profiles"]
    called = texts | {n: profiles.get(t, t) for n, t in texts.items() if n == "profile"}
    return [(section("facts", language)[name], text) for name, text in called.items()]


def seeds_of(runs: Sequence[Facts]) -> str:
    """Return how many seeds and which, as text: '3 (0–2)'."""
    seeds = sorted(run.settings.get("seed", 0) for run in runs)
    is_range = len(seeds) > 2 and all(b == a + 1 for a, b in pairwise(seeds))
    listed = f"{seeds[0]}–{seeds[-1]}" if is_range else ", ".join(map(str, seeds))
    return f"{len(seeds)} ({listed})"


def grouped(items: Sequence[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """Return the items that have the same key together, groups in the order of their first."""
    found: dict[Hashable, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return list(found.values())


def by_data(runs: Sequence[Facts]) -> list[list[Facts]]:
    """Return the runs on each data set: numbers of two are never put into one.

    Those that failed before their data were known stand with the first.
    """
    first = next((run.data for run in runs if run.data), "")
    return grouped(runs, lambda run: run.data or first)


def by_seed(runs: Sequence[Facts]) -> list[list[Facts]]:
    """Return the finished runs in groups that differ by their seed alone, each run once.

    What the data and the profile are called plays no part: the data's content and the settings do.
    """

    def key(run: Facts) -> str:
        settings = {n: v for n, v in run.settings.items() if n not in IDENTITY}
        return json.dumps([run.data, run.record.get("data"), settings], sort_keys=True, default=str)

    finished = [run for run in runs if run.results and not run.is_failed]
    return grouped([same[0] for same in grouped(finished, lambda run: run.run)], key)


def by_protocol(runs: Sequence[Facts]) -> tuple[list[list[Facts]], list[tuple[Facts, str]]]:
    """Sort the runs into groups of one protocol each, the largest first: only equals are compared.

    With them come the runs without one, each with the word of `compare.toml` that says why.
    """
    groups: list[list[Facts]] = []
    without: list[tuple[Facts, str]] = []
    for run in runs:
        found = _protocols(run)
        if run.is_failed or not found:
            without.append((run, "failed" if run.is_failed else "no_distance"))
        elif not all(found.values()):
            without.append((run, "no_protocol"))
        else:
            fitting = (g for g in groups if all(_is_like(found, _protocols(one)) for one in g))
            if (group := next(fitting, None)) is None:
                groups.append(group := [])
            group.append(run)
    return sorted(groups, key=len, reverse=True), without


def _protocols(run: Facts) -> dict[str, Mapping[str, Any]]:
    """Return how each of a run's distances was measured; empty where that is not recorded."""
    names = [name for name in metrics_of("quality") if name in run.results]
    return {name: run.results.get(f"{name}_protocol") or {} for name in names}


def _is_like(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    both = one.keys() & other.keys()
    return bool(both) and all(one[name] == other[name] for name in both)


def differences(one: Facts, other: Facts, language: str) -> list[str]:
    """Return what differs between the protocols of two runs, each once, as words."""
    mine, theirs, labels = _protocols(one), _protocols(other), _labels(language)
    found = {
        (part, value(mine[name].get(part)), value(theirs[name].get(part)))
        for name in mine.keys() & theirs.keys()
        for part in mine[name].keys() | theirs[name].keys()
        if mine[name].get(part) != theirs[name].get(part)
    }
    said = []
    for part, *pair in sorted(found):
        here, above = (_in_words(text, language) for text in pair)
        about = {"label": labels.get(part, part), "theirs": here, "ours": above}
        said.append(word("compare.instead", language, **about))
    return said


def measured(runs: Sequence[Facts], language: str) -> list[str]:
    """Return how these runs were measured, and how far the feature network can be trusted."""
    labels, protocols = _labels(language), _protocols(runs[0])
    parts: dict[str, dict[str, list[str]]] = {}  # of the metrics, by label and text
    for name, protocol in protocols.items():
        for part, amount in protocol.items():
            text = _in_words(value(amount), language)
            names = parts.setdefault(labels.get(part, part), {}).setdefault(text, [])
            names.append(metric_label(name, language))
    lines = [word("compare.protocol_line", language, facts=parts)] if parts else []
    features = [str(protocol.get("features", "")) for protocol in protocols.values()]
    is_own = any(re.fullmatch(PATTERNS["classifier"], name) for name in features)
    about = next((o for run in runs if (o := run.results.get("oracle"))), {})
    if is_own and {"accuracy", "floor"} <= about.keys():
        shares = {name: f"{100 * about[name]:.1f} %" for name in ("accuracy", "floor")}
        lines.append(word("compare.classifier", language, **shares))
    return lines


def _labels(language: str) -> dict[str, str]:
    """Return what the parts of a protocol are called."""
    facts = section("facts", language)
    return {**facts, "data": facts["data_fingerprint"]}


def _in_words(text: str, language: str) -> str:
    """Return one fact of a protocol in the words of `language`; one that is not known as it is."""
    for name, pattern in PATTERNS.items():
        if found := re.fullmatch(pattern, text):
            values = {key: NAMES.get(part, part) for key, part in found.groupdict().items()}
            return word(f"compare.protocol.{name}", language, **values)
    return text
