"""From jobs to the finished report: run, render, write; one failure never loses the rest."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import nbformat

from hwlib import log
from hwlib.errors import DEFAULT_LANGUAGE, UserError
from hwlib.findings import summary
from hwlib.fingerprint import hash_of_files
from hwlib.io import replacing, sha256_of, write_json
from hwlib.parallel import Environment, RunChild, Workers
from hwlib.registry import CLAIMS, PAGES, PROBLEMS
from hwlib.report.book import About, Book, Page, page_title
from hwlib.report.cells import value
from hwlib.report.document import Document, RenderError
from hwlib.report.embed import FULL, Detail
from hwlib.report.facts import engine
from hwlib.report.html import files_of, render
from hwlib.report.language import read_notebook
from hwlib.report.log import RunLog
from hwlib.report.pdf import render_pdf
from hwlib.report.runner import Executed, Job, check_parameters, code_hash, reason, run_notebook
from hwlib.report.runs import Facts, read_facts
from hwlib.text import LANGUAGES, in_languages, word
from hwlib.text import ROOT as TEXTS

MANIFEST = ".report.json"
# Of the engine, its looks and its words; what else may lie beside the words is no part of a report.
SOURCES = frozenset({".py", ".jinja", ".js", ".css", ".typ", ".toml", ".j2"})
FOLDERS = re.compile(r"(?<![^\s='])/(?:[^\s/']+/)*(?=[^\s/'])")  # before an absolute path's name


@dataclass(frozen=True)
class JobResult:
    """What came of one job.

    Attributes:
        name: stem of its pages and of its executed notebook.
        reason: one line why it is not complete; empty where it is.
        notebook: the executed notebook.
        run: the run folder that it used.
    """

    job: Job
    name: str
    reason: str
    notebook: Path | None
    run: Path | None

    @property
    def ok(self) -> bool:
        """Whether its notebook ran to its end and every page of it is complete."""
        return not self.reason


@dataclass(frozen=True)
class ReportResult:
    """What `make_report` made."""

    out: Path
    jobs: tuple[JobResult, ...]
    files: tuple[Path, ...]

    @property
    def ok(self) -> bool:
        """Whether every job is complete."""
        return not self.failed

    @property
    def failed(self) -> tuple[JobResult, ...]:
        """The jobs that failed."""
        return tuple(job for job in self.jobs if not job.ok)


def make_report(
    jobs: Sequence[Job],
    *,
    out: Path,
    languages: Sequence[str] = tuple(LANGUAGES),
    runs: Path | None = None,
    about: About | None = None,
    environments: Sequence[Environment] = ({},),
    alone: Environment | None = None,
    decoder: Callable[[Path], Mapping[str, Any]] | None = None,
    detail: Detail = FULL,
    expected: Sequence[Sequence[float]] | None = None,
    quiet: bool = False,
) -> ReportResult:
    """Execute each job's notebook once and render the report in every language.

    Made are `out/notebooks/NAME.ipynb`, and in `out/LANGUAGE/` the files of `files_of` and
    `report.pdf`. What is unchanged since the last report is neither run nor rendered again. A job
    that fails has its place, its reason and the last lines of its error on its page; the rest is
    complete. Progress goes to standard error.

    Args:
        jobs: what to report, in any order of problems; see `make_job`.
        out: folder of the report.
        languages: keys of `LANGUAGES`; only these are rendered.
        runs: folder of the run folders; the notebooks' own default where None.
        about: author, command line, and whether the appendices are left out.
        environments: what kernels find beside this process's own environment, one for each of
            those that run side by side; see `hwlib.parallel.shares`.
        alone: the same for the notebook of claims, which runs last, with no other beside it.
        decoder: returns what the page of a finished VAE needs to decode by itself, of its run
            folder; see `hwlib.explore.page_decoder`.
        detail: how much of their images pages and PDF keep.
        expected: about how many seconds each training of each of `jobs` takes on this machine.
        quiet: print failures only.

    Raises:
        UserError: no job, or an unknown language.
        KeyboardInterrupt: Ctrl-C, after what was training has written its checkpoint.
    """
    if not jobs:
        raise UserError("nothing_to_report")
    for code in languages:
        if code not in LANGUAGES:
            raise UserError("unknown_language", name=code, known=list(LANGUAGES))
    if runs is not None:
        folder = str(Path(runs).resolve())
        given = [{**job.parameters, "runs": job.parameters.get("runs", folder)} for job in jobs]
        jobs = [replace(job, parameters=own) for job, own in zip(jobs, given, strict=True)]
    order = sorted(range(len(jobs)), key=lambda place: list(PAGES).index(jobs[place].problem))
    names = job_names([jobs[place] for place in order])
    named = {name: jobs[place] for name, place in zip(names, order, strict=True)}
    seconds = {n: expected[p] for n, p in zip(names, order, strict=True)} if expected else {}
    turns = _in_order_of_start(named)
    run_log = RunLog(turns, at_once=len(environments), expected=seconds, quiet=quiet)
    report = _Report(
        named,
        _Writer(Path(out)),
        languages=tuple(code for code in LANGUAGES if code in languages),
        about=replace(about, command=FOLDERS.sub("…/", about.command)) if about else About(),
        detail=detail,
        log=run_log,
    )
    prepare = partial(_prepare, folder=Path(out) / "notebooks", log=run_log)
    done: dict[str, _Prepared] = {}
    with run_log:
        run_log.plan()
        report.show({})
        for is_claims, places in ((False, environments), (True, [alone or {}])):
            with Workers(places) as workers:
                own = [name for name in turns if (named[name].problem == CLAIMS) == is_claims]
                running = [workers.submit(partial(prepare, named[name], name)) for name in own]
                for one in (turn.result() for turn in as_completed(running)):
                    done[one.name] = one
                    if len(done) < len(named):
                        report.show(done, one.name)
        prepared = [done[name] for name in named]
        if decoder is not None:
            prepared = [_with_decoder(one, decoder, run_log) for one in prepared]
        reasons: dict[str, str] = {}
        for language in report.languages:
            reasons |= report.render(prepared, language)
    report.writer.close()
    run_log.table()
    results = []
    for one in prepared:
        why = one.executed.reason.get(DEFAULT_LANGUAGE) or reasons.get(one.name, "")
        own = (one.job, one.name, why, one.executed.notebook, one.executed.run)
        results.append(JobResult(*own))
    files = tuple(report.writer.out / name for name in report.writer.made)
    return ReportResult(report.writer.out, tuple(results), files)


def job_names(jobs: Sequence[Job]) -> list[str]:
    """Return a file stem for each job: problem and recipe, and more where that names several.

    That is the data where it tells them apart, then the seed, then a hash of the parameters.

    Raises:
        UserError: a job is there twice.
    """

    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()[:6]

    def data(job: Job) -> str:  # in letters that stand in any file name and address
        path = str(job.parameters.get("data", ""))
        return re.sub("[^a-z0-9]+", "-", Path(path).name.lower()).strip("-") or digest(path)

    def seed(job: Job) -> str:
        return f"s{job.parameters.get('seed', '')}"

    def parameters(job: Job) -> str:
        return digest(json.dumps(dict(job.parameters), sort_keys=True, default=str))

    names = [f"{job.problem}-{job.recipe}" for job in jobs]
    for detail in (data, seed, parameters):
        pairs = list(zip(names, map(detail, jobs), strict=True))
        counts = Counter(name for name, _ in set(pairs))
        names = [f"{name}-{own}" if counts[name] > 1 else name for name, own in pairs]
    if len(set(names)) < len(names):
        raise UserError("same_job_twice")
    return names


def _in_order_of_start(named: Mapping[str, Job]) -> list[str]:
    """Return the jobs' names in the order in which they begin, claims at the end.

    Long ones begin early, so that none is left at the end; see `Problem.start_rank`.
    """
    problems = {name: PROBLEMS.get(job.problem) for name, job in named.items()}
    case = 0 if any(problem and problem.study_of for problem in problems.values()) else 1
    ranks = {n: p.start_rank[case] if p else float("inf") for n, p in problems.items()}
    return sorted(named, key=ranks.get)


# ---------------------------------------------------------------------- notebooks


WAITING = Executed(reason=reason("waiting"))  # of a notebook that has not ended


@dataclass(frozen=True)
class _Prepared:
    """One executed job before it is set in any language."""

    job: Job
    name: str
    executed: Executed
    facts: Facts
    decoder: Mapping[str, Any] | None = None


def _prepare(job: Job, name: str, run: RunChild, *, folder: Path, log: RunLog) -> _Prepared:
    """Run the job; a user's mistake in it is a failed job, like any other failure."""
    parameters = dict(job.parameters)
    told = {n: p for n, p in parameters.items() if n not in ("runs", "languages")}
    log.begin(name, value({n: p for n, p in told.items() if p is not False and p not in ({}, "")}))
    on_line = partial(log.on_line, name)
    try:
        parameters = check_parameters(job)
        executed = run_notebook(job, name=name, folder=folder, run=run, on_line=on_line)
    except (UserError, OSError) as error:
        is_mistake = isinstance(error, UserError)
        lines = in_languages(error.say) if is_mistake else reason("other", error=error)
        executed = Executed(reason=lines)
    facts = read_facts(job, executed.run, parameters, executed.others)
    if executed.reason:
        log.end(name, "failed", reason=executed.reason[DEFAULT_LANGUAGE])
    else:
        headline = summary.headline(job.problem, facts.results, DEFAULT_LANGUAGE)
        log.end(name, "done" if executed.is_new else "unchanged", headline=headline)
    return _Prepared(job, name, executed, facts)


def _with_decoder(
    one: _Prepared, decoder: Callable[[Path], Mapping[str, Any]], log: RunLog
) -> _Prepared:
    """Add the decoder of a finished VAE; say where it is too large."""
    problem = PROBLEMS.get(one.job.problem)
    if problem is None or not problem.has_page_decoder or one.executed.run is None:
        return one
    try:
        made = decoder(one.executed.run)
    except (UserError, OSError) as error:
        log.say("no_decoder", name=one.name, why=str(error))
        return one
    if "weights" not in made:
        sizes = {"parameters": made["num_parameters"], "most": made["most"]}
        log.say("decoder_too_large", name=one.name, **sizes)
    return replace(one, decoder=made)


# ---------------------------------------------------------------------- pages and PDF


@dataclass
class _Report:
    """Sets jobs in every language.

    Attributes:
        named: all jobs by name, in the report's order.
    """

    named: Mapping[str, Job]
    writer: _Writer
    languages: Sequence[str]
    about: About
    detail: Detail
    log: RunLog
    _documents: dict[Path | None, dict[str, Document | RenderError]] = field(default_factory=dict)

    def _read(self, path: Path | None) -> dict[str, Document | RenderError]:
        """Return what a notebook says in each language, or why it cannot be set."""
        documents: dict[str, Document | RenderError] = {}
        for language in self.languages if path else ():
            try:
                document = read_notebook(nbformat.read(path, as_version=4), language)
                width = self.detail.max_width
                documents[language] = document.reduced(width) if width else document
            except RenderError as error:
                documents[language] = error
        return documents

    def show(self, done: Mapping[str, _Prepared], newest: str = "") -> None:
        """Write the index, and the page of the job that has just ended, before all is done.

        They stand without a key, so that the whole report takes their place.
        """
        if self.writer.has_report():
            return  # an earlier report stays until this one is whole: a stop must not cost it
        prepared = [
            done.get(name) or _Prepared(job, name, WAITING, read_facts(job, None, job.parameters))
            for name, job in self.named.items()
        ]
        waiting = [f"{name}.html" for name in self.named if name not in done]
        files = ["index.html", *waiting, *([f"{newest}.html"] if newest else [])]
        for language in self.languages:
            try:
                book = Book(self._pages(prepared, language), language, self.about)
                texts = {file: self._html(book, file) for file in files}
            except RenderError:
                continue  # what cannot be set is reported when the report is made
            for file, text in texts.items():
                self.writer.write(f"{language}/{file}", text, "")
            if newest and not done[newest].executed.reason:
                self.log.made(newest, str(self.writer.out / language / f"{newest}.html"))

    def render(self, prepared: Sequence[_Prepared], language: str) -> dict[str, str]:
        """Write the pages and the PDF of one language; return why jobs in it are not complete."""
        key = self._key(prepared, language)
        for one in prepared:
            place = self.writer.out / self.languages[0] / f"{one.name}.html"
            self.log.works[one.name].page = str(place)
        if self.writer.holds_all([f"{language}/{one.name}.html" for one in prepared], key):
            self.log.say("same", language=LANGUAGES[language].name)
            return {}
        files, reasons = self.typeset(self._pages(prepared, language), language)
        if any(not one.executed.reason and one.name in reasons for one in prepared):
            key = ""  # what could not be set is tried again
        for name, content in files.items():
            self.writer.write(f"{language}/{name}", content, key)
            if name in ("index.html", "report.pdf"):
                self.log.say("written", path=str(self.writer.out / language / name))
        return reasons

    def typeset(
        self, pages: Sequence[Page], language: str
    ) -> tuple[dict[str, bytes], dict[str, str]]:
        """Set pages and PDF; what cannot be set of one job is left out, and costs no other.

        Returns:
            The files by name, and why jobs are not complete, by their names.
        """

        def html(pages: Sequence[Page]) -> dict[str, bytes]:
            book = Book(pages, language, self.about)
            return {file: self._html(book, file) for file in files_of(book)}

        def pdf(pages: Sequence[Page]) -> dict[str, bytes]:
            book = Book(pages, language, self.about)
            return {"report.pdf": render_pdf(book, detail=self.detail)}

        def checked(page: Page, make: Callable[[Sequence[Page]], Any]) -> Page:
            """Return the page, or one that says why it cannot be set."""
            try:
                if page.document is not None:
                    make([page])
            except RenderError as error:
                title = page_title(None, page.facts, language)
                return replace(page, title=title, document=None, decoder=None, reason=str(error))
            return page

        files, broken = {}, ""
        for kind, make in (("pages", html), ("pdf", pdf)):
            self.log.say(kind, language=LANGUAGES[language].name)
            try:
                files |= make(pages)
            except RenderError:
                pages = [checked(page, make) for page in pages]
                try:
                    files |= make(pages)
                except RenderError as error:  # no job is at fault: pages stand without the PDF
                    if not files:
                        raise
                    broken = str(error)
        reasons = {page.name: page.reason or broken for page in pages}
        return files, {name: reason for name, reason in reasons.items() if reason}

    def _html(self, book: Book, file: str) -> bytes:
        return render(book, file, languages=self.languages, detail=self.detail).encode()

    def _pages(self, prepared: Sequence[_Prepared], language: str) -> list[Page]:
        """Return the jobs' pages; Markdown that cannot be read makes a failed one."""
        pages = []
        for one in prepared:
            executed = one.executed
            if executed.notebook not in self._documents:
                self._documents[executed.notebook] = self._read(executed.notebook)
            document = self._documents[executed.notebook].get(language)
            why = executed.reason.get(language, "")
            if isinstance(document, RenderError):
                document, why = None, str(document)
            has_notebook = executed.notebook and self.detail.notebooks
            pages.append(
                Page(
                    name=one.name,
                    title=page_title(document, one.facts, language),
                    facts=one.facts,
                    document=document,
                    reason=why,
                    trace=executed.trace,
                    notebook=executed.notebook.name if has_notebook else "",
                    label=_label(one, prepared, language),
                    decoder=one.decoder if document else None,
                    is_waiting=executed is WAITING,
                )
            )
        return pages

    def _key(self, prepared: Sequence[_Prepared], language: str) -> str:
        """Return a hash over everything that the files of one language show."""
        shown = [replace(one, executed=replace(one.executed, is_new=False)) for one in prepared]
        notebooks = [sha256_of(n) for one in prepared if (n := one.executed.notebook)]
        facts = [shown, notebooks, language, self.languages, self.about, self.detail]
        text = repr([*facts, engine(), code_hash(), _engine_hash()])
        return hashlib.sha256(text.encode()).hexdigest()


@cache
def _engine_hash() -> list[str]:
    """Return hashes over this package and all words: another look is another report."""
    folders = (Path(__file__).parent, TEXTS, TEXTS.parent)
    return [hash_of_files(folder, suffixes=SOURCES) for folder in folders]


def _label(one: _Prepared, prepared: Sequence[_Prepared], language: str) -> str:
    """Return what tells a job's page from others of its problem: recipe, and data and seed too
    where there are several."""
    kind = (one.job.problem, one.job.recipe)
    like = [other.facts for other in prepared if (other.job.problem, other.job.recipe) == kind]
    parts = [] if one.job.problem == CLAIMS else [one.job.recipe]
    if len({facts.setting("data") for facts in like}) > 1:
        parts.append(one.facts.setting("data"))
    if len({facts.setting("seed") for facts in like}) > 1:
        parts.append(f"{word('facts.seed', language)} {one.facts.setting('seed')}")
    return " · ".join(parts)


# ---------------------------------------------------------------------- files


class _Writer:
    """Writes files whole, remembers what they were made from, removes what is no longer made."""

    def __init__(self, out: Path):
        self.out = out
        self.made: dict[str, dict[str, str]] = {}
        self.known: dict[str, dict[str, str]] = {}
        try:
            if (out / MANIFEST).exists():
                self.known = json.loads((out / MANIFEST).read_text())
        except ValueError:
            log.info(
                f"{out / MANIFEST} is damaged: every page is made anew, and no old one removed"
            )

    def has_report(self) -> bool:
        """Whether a whole report of an earlier time stands here, in any language."""
        return any(about.get("key") and (self.out / f).exists() for f, about in self.known.items())

    def holds_all(self, files: Sequence[str], key: str) -> bool:
        """Whether `files` and whatever else was written from `key` are unchanged; all are kept."""
        own = {file: about for file, about in self.known.items() if about.get("key") == key}
        is_whole = set(files) < own.keys() and all(
            (self.out / file).exists() and sha256_of(self.out / file) == about.get("sha256")
            for file, about in own.items()
        )
        self.made |= own if is_whole else {}
        return is_whole

    def write(self, file: str, content: bytes, key: str) -> None:
        """Write `content` to `out/file`; with an empty `key` it is made anew the next time."""
        with replacing(self.out / file) as temporary:
            temporary.write_bytes(content)
        self.made[file] = {"key": key, "sha256": hashlib.sha256(content).hexdigest()}

    def close(self) -> None:
        """Remove files of an earlier report that this one has not; write the record."""
        for file in self.known.keys() - self.made.keys():
            (self.out / file).unlink(missing_ok=True)
        write_json(self.out / MANIFEST, dict(sorted(self.made.items())))
