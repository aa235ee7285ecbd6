"""The report as a book: a title page, chapters, references and appendices; HTML and PDF set it."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from string import ascii_uppercase
from typing import Any

import numpy as np
import pandas as pd
from pandocfilters import Para, Str, Strong
from PIL import Image

from hwlib import log
from hwlib.findings import claims, summary, today
from hwlib.findings.base import is_trial
from hwlib.images import encode, to_image
from hwlib.registry import TODAY, metrics
from hwlib.report import compare
from hwlib.report.cells import cell, format_metric, metric_label
from hwlib.report.document import (
    Document,
    Figure,
    Node,
    item_node,
    join,
    make_document,
    make_table,
    numbered,
    references,
    resolve,
)
from hwlib.report.facts import provenance
from hwlib.report.markup import template, words_of
from hwlib.report.runner import RESULTS
from hwlib.report.runs import Facts, by_data, disambiguated, rows_of, shared, short_name
from hwlib.report.strips import images_of, make_sheet
from hwlib.text import Finding, caption, has_word, name_of, percent, say_all, sentence, word

EPOCH = 946_684_800  # 2000-01-01
FACES = 12  # in a row of the title page's image
PROBLEM, COMPARISON, APPENDIX = "problem", "comparison", "appendix"  # kinds of parts


@dataclass(frozen=True, eq=False)
class Page:
    """One job in one language, ready to be set."""

    name: str  # stem of its file
    title: str  # from the notebook, else the problem's name
    facts: Facts
    document: Document | None  # None where the job failed before it had one
    reason: str = ""  # why it failed
    trace: str = ""  # last lines of the error
    notebook: str = ""  # file name of the executed notebook in `notebooks/`
    label: str = ""  # tells it from pages of the same title: recipe, data, seed
    decoder: Mapping[str, Any] | None = None  # what `hwlib.explore.page_decoder` says
    is_waiting: bool = False  # whether its notebook has not ended yet; `reason` says so

    @property
    def full_title(self) -> str:
        """Title and label."""
        return f"{self.title} · {self.label}" if self.label else self.title

    @property
    def run(self) -> Facts:
        """The job's run, and where it is shown."""
        return replace(self.facts, page=self.name, is_failed=bool(self.reason))


@dataclass(frozen=True)
class About:
    """What a report says of itself."""

    author: str = ""
    student_id: str = ""
    command: str = ""
    is_short: bool = False  # whether the appendices are left out


@dataclass(frozen=True, eq=False)
class Part:
    """A chapter or an appendix."""

    name: str  # its anchor: a page's name for a problem, "data", "appendix-metrics"
    kind: str  # "problem", "comparison", "appendix"; of all others their name
    title: str
    document: Document | None = None  # None for a failed job, and for the comparison
    page: Page | None = None  # of a problem
    result: str = ""  # what came of a problem, in one sentence
    sections: Sequence[compare.Section] = ()  # of the comparison, as are
    glossary: Mapping[str, str] = field(default_factory=dict)  # what its numbers mean, and
    first_table: int = 1  # the number of its first table


def of_today(page: Page) -> list[Finding]:
    """Return whether the page's own run is nearer than a report's; nothing of other pages."""
    todays = page.facts
    if todays.job.problem != TODAY or page.reason:
        return []
    own = next((one for one in todays.others if one.problem == todays.problem), todays)
    if is_trial(own.results) or is_trial(todays.results):
        return []
    return [today.nearer(todays.problem, own.results, todays.results)]


def page_title(document: Document | None, facts: Facts, language: str) -> str:
    """Return the notebook's own title, else the problem's name."""
    if document and document.title:
        return document.title
    problem = f"page.problems.{facts.job.problem}"
    return word(problem if has_word(problem, language) else "page.no_title", language)


class Book:
    """A report in one language: the jobs in their order, figures and tables numbered through all.

    A RenderError says what text cannot be set, or what citation is of no known reference.

    Attributes:
        date: `SOURCE_DATE_EPOCH`, the convention of reproducible builds, or the day of the newest
            run's results; where there are none a fixed one, as the same runs are to give the same
            bytes.
        shared: data, profile and seed where all jobs share them, with their labels.
        findings: a list of three to five points.
        table: of the title page; None where no job is finished.
        parts: all chapters and appendices.
    """

    def __init__(self, pages: Sequence[Page], language: str, about: About | None = None):
        self.pages, self.language, self.about = pages, language, about or About()
        done = [page.facts for page in pages if not page.reason]
        self.finished = [facts for facts in done if facts.problem == facts.job.problem]
        self.today = [one for page in pages for one in of_today(page)][:1]
        self.runs = rows_of([page.run for page in pages])
        folders = [page.facts.folder for page in pages if page.facts.folder]
        files = [folder / RESULTS for folder in folders]
        newest = max((file.stat().st_mtime for file in files if file.exists()), default=EPOCH)
        self.date = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", newest)), UTC)
        records = [page.facts.record.get("data", {}) for page in pages]
        prints = dict.fromkeys(record.get("fingerprint") for record in records)
        runs = folders[0].parent if folders else None  # where verdicts may lie
        self.on_data = [(fingerprint, runs) for fingerprint in prints if fingerprint]
        # The title page.
        self.title, self.shared = word("page.title", language), shared(self.runs, language)
        name, number = self.about.author.strip(), self.about.student_id.strip()
        self.author = self.say("author_and_number", name=name, number=number)
        year, month, day = self.date.timetuple()[:3]
        self.day = self.say("date", year=year, month=month, day=day)
        profiles = {run.settings.get("profile") for run in self.runs}
        short = [name for name in ("smoke", "preview") if name in profiles]
        self.warnings = [word(f"page.{name}", language) for name in short]
        found = [*summary.findings(self.finished), *self.today]
        found = found or [Finding("summary.nothing", {})]
        points = self.document("\n".join(f"- {one.say(language)}" for one in found))
        frame = summary.table(self.finished)[language]
        table = make_table(frame, caption=self.say("title_table"))
        self.table = None if frame.empty else self.document("", table)
        self.cover = self._cover()
        # All others; what they refer to by a name may come later.
        self.parts: list[Part] = []
        counts: Counter[str] = Counter()
        self._add(counts, *self._data(), self._reports(), *self._problems())
        if compare.has_comparison([page.facts.job for page in pages]):
            self._add(counts, self._comparison(counts["table"] + 1))
            counts["table"] += len(compare.tables_of(self.parts[-1].sections))
        self._add(counts, self._conclusion())
        body = len(self.parts)
        self._add(counts, *([] if self.about.is_short else self._appendices()))
        marks = {f"{{part:{part.name}}}": (part.title, part.name) for part in self.parts}
        for part in reversed(self.parts):  # of several of one name the first
            marks |= part.document.marks if part.document else {}
        citations, lost = {}, []
        self.findings = resolve(points, marks, citations, lost)
        for place, part in enumerate(self.parts):
            document = part.document and resolve(part.document, marks, citations, lost)
            self.parts[place] = replace(part, document=document)
        if citations:
            works = [{**references()[key], "key": key} for key in citations]
            text = template("references.md.jinja").render(words_of(language), works=works)
            self.parts.insert(body, self._part("references", self.document(text)))
        for mark in dict.fromkeys(lost):
            log.info(f"{language}: {mark} stands for nothing in this report")

    @property
    def problems(self) -> list[Part]:
        """The chapters of the jobs."""
        return [part for part in self.parts if part.kind == PROBLEM]

    @property
    def appendices(self) -> list[Part]:
        """What stands after the references."""
        return [part for part in self.parts if part.kind == APPENDIX]

    def place(self, anchor: str) -> Part | None:
        """Return the part in which an anchor stands, None for the title page.

        Args:
            anchor: "figure-7", "table-3", "ref-kingma2014", "cite-kingma2014" or a part's name.
        """
        named = (p for p in self.parts if p.name == anchor)
        own = (p for p in self.parts if p.document and anchor in p.document.anchors)
        return next(named, None) or next(own, None)

    def say(self, name: str, /, **values: Any) -> str:
        """Return words of `book.toml`."""
        return word(f"book.{name}", self.language, **values)

    def document(self, text: str, *nodes: Node) -> Document:
        """Return a text and the nodes below it."""
        made = make_document(text, [], self.language, is_own=True)
        return replace(made, ast=[*made.ast, *nodes])

    def _add(self, counts: Counter[str], *parts: Part) -> None:
        """Add parts, their figures and tables numbered from `counts` on."""
        for part in parts:
            document = part.document and numbered(part.document, counts)
            self.parts.append(replace(part, document=document))

    def _part(self, name: str, document: Document) -> Part:
        """Return the part that `book.toml` has a title for."""
        return Part(name, name, self.say(name), document)

    def _cover(self) -> Document | None:
        """Return real images above samples of each problem's first run, twice as large."""
        rows: dict[str, np.ndarray] = {}
        for facts in self.finished:
            for problem, name in (("", "originals"), (facts.problem, "samples")):
                images = images_of(facts, name, FACES)
                if images is not None and images.ndim == 4:
                    rows.setdefault(problem, images[:FACES])
        if len({images.shape for images in rows.values()}) != 1:
            return None
        order = sorted(rows, key=bool)  # real ones first
        models = {problem: short_name(problem, self.language) for problem in order}
        names = [self.say("samples_row" if p else "real_row", model=m) for p, m in models.items()]
        sheet = to_image(make_sheet([rows[problem] for problem in order])).convert("RGB")
        large = sheet.resize((2 * sheet.width, 2 * sheet.height), Image.Resampling.LANCZOS)
        alt, caption = (self.say(f"faces_{part}", rows=names) for part in ("alt", "caption"))
        image = Figure("cover", "", caption, png=encode(large), alt=alt, width=100.0)
        return self.document("", item_node(image))

    # ------------------------------------------------------------------ chapters

    def _data(self) -> list[Part]:
        """Return what introduces the data: of each data set what its first notebook says."""
        found: dict[str, Document] = {}
        for page in self.pages:
            if page.document and (extra := page.document.extras.get("data")):
                found.setdefault(page.facts.setting("data"), extra)
        named = [(name if len(found) > 1 else "", one) for name, one in found.items()]
        return [self._part("data", join(named, self.language))] if found else []

    def _reports(self) -> Part:
        """Return what the five reports are, with the verdicts on the first data set."""
        frame = claims.reports_table(*next(iter(self.on_data), ()))[self.language]
        table = make_table(frame, "reports", word("tables.reports.caption", self.language))
        return self._part("reports", self.document(sentence("book.reports", self.language), table))

    def _problems(self) -> Iterator[Part]:
        """Yield a chapter a job."""
        is_named = len({page.title for page in self.pages}) < len(self.pages)
        for page in self.pages:
            title = page.full_title if is_named else page.title
            found = of_today(page) or summary.result(page.facts.problem, page.facts.results)
            result = say_all(found, language=self.language) if found and not page.reason else ""
            document = None if page.reason else page.document
            yield Part(page.name, PROBLEM, title, document, page, result)

    def _comparison(self, first_table: int) -> Part:
        """Return all runs side by side."""
        chapters = [part for part in self.parts if part.page and part.document]
        numbers = {part.name: part.document.figure_numbers for part in chapters}
        sections = compare.Comparison(self.runs, self.language, numbers).sections()
        tables = compare.tables_of(sections)
        meanings = {label: text for table in tables for label, text in table.meanings.items()}
        about = {"sections": sections, "glossary": meanings, "first_table": first_table}
        return Part(COMPARISON, COMPARISON, word("page.compare", self.language), **about)

    def _conclusion(self) -> Part:
        """Return what follows from all problems, and from the claims."""
        known = filter(None, (claims.summary(*own) for own in self.on_data))
        own = summary.conclusion(self.finished) if self.finished or not self.today else []
        text = "\n\n".join(f.say(self.language) for f in (*own, *self.today, *known))
        return self._part("conclusion", self.document(text))

    # ------------------------------------------------------------------ appendices

    def _appendices(self) -> list[Part]:
        """Return those that the jobs have something for, in letters."""

        def extras(name: str) -> list[tuple[str, Document]]:
            return [
                (page.full_title, page.document.extras[name])
                for page in self.pages
                if page.document and name in page.document.extras
            ]

        made = {
            "metrics": self._metrics(),
            "losses": next((one for _, one in extras("losses")), None),
            "layers": join(extras("layers"), self.language),
            "claims": self._claims(),
            "provenance": self._provenance(),
        }
        known = [(name, one) for name, one in made.items() if one is not None and one.ast]
        parts = []
        for letter, (name, document) in zip(ascii_uppercase, known, strict=False):
            title = self.say("appendix", letter=letter, title=self.say(name))
            parts.append(Part(f"{APPENDIX}-{name}", APPENDIX, title, document))
        return parts

    def _table(self, name: str, heads: Iterable[str], rows: Sequence[Any], data: str = "") -> Node:
        """Return a table whose caption is in `book.toml`, and says on which data it is."""
        about = {"caption": self.say(f"{name}_table"), "data": data}
        said = caption("book.on_data", self.language, **about)
        return make_table(pd.DataFrame(rows, columns=[*heads]), name, said)

    def _metrics(self) -> Document | None:
        """Return what the metrics mean, all in one table, and how well the classifier reads.

        That is of each data set a row a metric and a column a run, of those that have any; and a
        row an attribute, where a run says so.
        """
        groups = by_data([run for run in self.runs if run.results and not run.is_failed])
        tables = []
        for runs in groups:
            data = runs[0].setting("data") if len(groups) > 1 else ""
            names = [*compare.QUALITY, "near_copies"]
            names = [name for name in names if any(name in run.results for run in runs)]
            shown = [run for run in runs if any(name in run.results for name in names)]
            # the page on today's recipe has a table of its own, and this one only so much room
            shown = [run for run in shown if run.job.problem != TODAY] or shown
            rows = []
            for name in names:
                real = metrics()[name].real
                known = [format_metric(name, r.results[real]) for r in shown if real in r.results]
                cells = [cell(name, [run.results], self.language) for run in shown]
                rows.append([metric_label(name, self.language), (*known, "–")[0], *cells])
            heads = [*map(self.say, ("metric", "real")), *(self._column(r, shown) for r in shown)]
            tables += [self._table("metrics", heads, rows, data)] if names else []
            read = [run.results.get("oracle", {}) for run in runs]
            for known in [one for one in read if one.get("by_attribute")][:1]:
                parts = known["by_attribute"].items()
                named = {name_of(n, language=self.language): one for n, one in parts}
                rows = [
                    [name, percent(one["accuracy"]), percent(one["floor"])]
                    for name, one in (*named.items(), (self.say("mean"), known))
                ]
                heads = map(self.say, ("attribute", "accuracy", "baseline"))
                tables.append(self._table("classifier", heads, rows, data))
        text = sentence("metrics.about", self.language)
        return self.document(text, *tables) if tables else None

    def _column(self, run: Facts, runs: Sequence[Facts]) -> str:
        """Return the head of a run's column: its problem, and what else tells it apart."""
        like = [other for other in runs if other.problem == run.problem]
        recipe = run.recipe if len({other.recipe for other in like}) > 1 else ""
        name = " ".join(filter(None, (short_name(run.problem, self.language), recipe, run.note)))
        return disambiguated(name, run, runs) if len(like) > 1 else name

    def _claims(self) -> Document | None:
        """Return all claims with their verdicts on the first data set."""
        for own in self.on_data[:1]:
            if (counts := claims.summary(*own)) is None:
                return self.document(sentence("book.claims_untested", self.language))
            frame = claims.all_known(*own)[self.language]
            table = make_table(frame, "verdicts", word("tables.verdicts.caption", self.language))
            text = f"{sentence('book.claims', self.language)}\n\n{counts.say(self.language)}"
            return self.document(text, table)
        return None

    def _provenance(self) -> Document | None:
        """Return what made the report: what all jobs share in a line, the rest in a table."""
        known = [page for page in self.pages if page.facts.record]
        if not known:
            return None
        notebooks = [page.notebook for page in known]
        rows = provenance([page.facts for page in known], self.language, notebooks=notebooks)
        if self.about.command:
            command = [self.about.command] * len(known)
            rows.insert(0, (word("facts.command", self.language), command))
        line, differing = [], []
        for label, texts in rows:
            if len(set(texts)) > 1:
                differing.append([label, *texts])
            else:
                line += [Str(" · "), Strong([Str(label)]), Str(f" {texts[0]}")]
        names = [short_name(page.facts.job.problem, self.language) for page in known]
        if len(set(names)) < len(names):
            names = [page.name for page in known]
        table = self._table("provenance", (self.say("item"), *names), differing)
        text = sentence("book.provenance", self.language)
        return self.document(text, Para(line[1:]), *([table] if differing else []))
