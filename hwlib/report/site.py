"""From jobs to the finished report: run, render, write; one failure never loses the rest."""

from __future__ import annotations

import hashlib
import json
import re
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
from hwlib.report.book import About, Book, Page, make_book, page_title
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
        files: its pages.
    """

    job: Job
    name: str
    reason: str
    notebook: Path | None
    run: Path | None
    files: tuple[Path, ...]

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
    cwd: Path | None = None,
    environments: Sequence[Environment] = ({},),
    alone: Environment | None = None,
    decoder: Callable[[Path], Mapping[str, Any]] | None = None,
    detail: Detail = FULL,
    expected: Sequence[Sequence[float]] | None = None,
    quiet: bool = False,
) -> ReportResult:
    """Execute each job's notebook once and render the report in every language.

    Made are `out/notebooks/NAME.ipynb`, and for each language in `out/LANGUAGE/` the title page
    `index.html`, a page `NAME.html` for each job, `appendix.html`, `report.pdf`, and `compare.html`
    where a problem has two recipes, data sets or seeds. What is unchanged since the last report is
    neither run nor rendered again. A job that fails has its place, its reason and the last lines of
    its error on its page; the rest is complete. Progress goes to standard error.

    Args:
        jobs: what to report; see `make_job`. The report has them in the homework's order of
            problems, and those of one problem in the order given.
        out: folder of the report.
        languages: keys of `LANGUAGES`; only these are rendered.
        runs: folder of the run folders; the notebooks' own default where None.
        about: author, command line, and whether the appendices are left out.
        cwd: working directory of the kernels; this process's where None.
        environments: what kernels find beside this process's own environment, one for each of
            those that run side by side; see `hwlib.parallel.shares`.
        alone: the same for claims, which train side by side themselves: their notebook runs last,
            with no other beside it.
        decoder: takes the run folder of a finished VAE and returns what its page needs to decode by
            itself; see `hwlib.explore.page_decoder`. None puts no decoder into any page.
        detail: how much of their images pages and PDF keep.
        expected: about how many seconds each training of each of `jobs` takes on this machine,
            where that is known.
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
    order = sorted(range(len(jobs)), key=lambda place: list(PAGES).index(jobs[place].problem))
    ordered = [_with_runs(jobs[place], runs) for place in order]
    named = dict(zip(job_names(ordered), ordered, strict=True))
    places = dict(zip(named, order, strict=True))
    seconds = {name: expected[place] for name, place in places.items()} if expected else {}
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
    prepare = partial(_prepare, folder=Path(out) / "notebooks", cwd=cwd, log=run_log)
    with run_log:
        run_log.plan()
        report.show({})
        prepared = _prepare_all(named, turns, prepare, environments, alone or {}, report)
        if decoder is not None:
            prepared = [_with_decoder(one, decoder, run_log) for one in prepared]
        reasons: dict[str, str] = {}
        for language in report.languages:
            reasons |= report.render(prepared, language)
    report.writer.close()
    run_log.table()
    return _result(prepared, report, reasons)


def job_names(jobs: Sequence[Job]) -> list[str]:
    """Return a file stem for each job: problem and recipe, and more where that names several.

    That is the data where it tells them apart, then the seed, then a hash of the parameters.

    Raises:
        UserError: a job is there twice.
    """
    names = [f"{job.problem}-{job.recipe}" for job in jobs]
    for detail in (_data_word, _seed_word, _hash_word):
        pairs = list(zip(names, map(detail, jobs), strict=True))
        several = {name for name in names if len({d for n, d in pairs if n == name}) > 1}
        names = [f"{name}-{own}" if name in several else name for name, own in pairs]
    if len(set(names)) < len(names):
        raise UserError("same_job_twice")
    return names


def _data_word(job: Job) -> str:
    """Return the data's name in letters that stand in any file name and address."""
    data = str(job.parameters.get("data", ""))
    name = re.sub("[^a-z0-9]+", "-", Path(data).name.lower()).strip("-")
    return name or hashlib.sha256(data.encode()).hexdigest()[:6]


def _seed_word(job: Job) -> str:
    return f"s{job.parameters.get('seed', '')}"


def _hash_word(job: Job) -> str:
    text = json.dumps(dict(job.parameters), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def _with_runs(job: Job, runs: Path | None) -> Job:
    if runs is None or "runs" in job.parameters:
        return job
    return replace(job, parameters={**job.parameters, "runs": str(Path(runs).resolve())})


def _in_order_of_start(named: Mapping[str, Job]) -> list[str]:
    """Return the jobs' names in the order in which they begin, claims at the end.

    Long ones begin early, so that none is left at the end; see `Problem.start_rank`.
    """
    pages = [PROBLEMS.get(job.problem) for job in named.values()]
    case = 0 if any(problem and problem.study_of for problem in pages) else 1

    def rank(name: str) -> float:
        problem = PROBLEMS.get(named[name].problem)
        return problem.start_rank[case] if problem else float("inf")

    return sorted(named, key=rank)


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


def _prepare_all(
    named: Mapping[str, Job],
    order: Sequence[str],
    prepare: Callable[[Job, str, RunChild], _Prepared],
    environments: Sequence[Environment],
    alone: Environment,
    report: _Report,
) -> list[_Prepared]:
    """Run all jobs in `order`, claims by themselves; return them in the order of `named`."""
    last = [name for name in order if named[name].problem == CLAIMS]
    first = [name for name in order if name not in last]
    done: dict[str, _Prepared] = {}
    for group, places in ((first, environments), (last, [alone])):
        with Workers(places) as workers:
            turns = [workers.submit(partial(prepare, named[name], name)) for name in group]
            for turn in as_completed(turns):
                one = turn.result()
                done[one.name] = one
                if len(done) < len(named):
                    report.show(done, one.name)
    return [done[name] for name in named]


def _prepare(
    job: Job, name: str, run: RunChild, *, folder: Path, cwd: Path | None, log: RunLog
) -> _Prepared:
    """Run the job; a user's mistake in it is a failed job, like any other failure."""
    parameters = dict(job.parameters)
    known = {n: p for n, p in parameters.items() if n not in ("runs", "languages")}
    log.begin(name, value({n: p for n, p in known.items() if p is not False and p not in ({}, "")}))
    on_line = partial(log.on_line, name)
    try:
        parameters = check_parameters(job)
        executed = run_notebook(job, name=name, folder=folder, cwd=cwd, run=run, on_line=on_line)
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
    _documents: dict[tuple[str, str], tuple[Document | None, str]] = field(default_factory=dict)

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
                book = make_book(self._pages(prepared, language), language, self.about)
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
        names, title = [one.name for one in prepared], LANGUAGES[language].name
        for name in names:
            place = self.writer.out / self.languages[0] / f"{name}.html"
            self.log.works[name].page = str(place)
        if self.writer.holds_all(f"{language}/", [f"{name}.html" for name in names], key):
            self.log.say("same", language=title)
            return {}
        files, reasons = self.typeset(self._pages(prepared, language), language)
        before = {one.name for one in prepared if one.executed.reason}
        is_tried_again = bool(reasons.keys() - before)  # what could not be set
        for name, content in files.items():
            self.writer.write(f"{language}/{name}", content, "" if is_tried_again else key)
        for name in ("index.html", "report.pdf"):
            if name in files:
                self.log.say("written", path=str(self.writer.out / language / name))
        return reasons

    def typeset(
        self, pages: Sequence[Page], language: str
    ) -> tuple[dict[str, bytes], dict[str, str]]:
        """Set pages and PDF; what cannot be set of one job is left out, and costs no other.

        Returns:
            The files by name, and why jobs are not complete, by their names.
        """

        def html(book: Book) -> dict[str, bytes]:
            return {file: self._html(book, file) for file in files_of(book)}

        def pdf(book: Book) -> dict[str, bytes]:
            return {"report.pdf": render_pdf(book, detail=self.detail)}

        files, broken = {}, ""
        for kind, make in (("pages", html), ("pdf", pdf)):
            self.log.say(kind, language=LANGUAGES[language].name)
            try:
                try:
                    files |= make(make_book(pages, language, self.about))
                except RenderError:
                    pages = [self._checked(page, make, language) for page in pages]
                    files |= make(make_book(pages, language, self.about))
            except RenderError as error:  # no job is at fault: pages stand without the PDF
                if not files:
                    raise
                broken = str(error)
        reasons = {page.name: page.reason or broken for page in pages}
        return files, {name: reason for name, reason in reasons.items() if reason}

    def _checked(
        self, page: Page, make: Callable[[Book], Mapping[str, bytes]], language: str
    ) -> Page:
        """Return the page, or one that says why it cannot be set."""
        if page.document is None:
            return page
        try:
            make(make_book([page], language, self.about))
        except RenderError as error:
            title = page_title(None, page.facts, language)
            return replace(page, title=title, document=None, decoder=None, reason=str(error))
        return page

    def _html(self, book: Book, file: str) -> bytes:
        return render(book, file, languages=self.languages, detail=self.detail).encode()

    def _pages(self, prepared: Sequence[_Prepared], language: str) -> list[Page]:
        """Return the jobs' pages; Markdown that cannot be read makes a failed one."""
        pages = []
        for one in prepared:
            document, reason = self._document(one, language)
            notebook = one.executed.notebook if self.detail.notebooks else None
            pages.append(
                Page(
                    name=one.name,
                    title=page_title(document, one.facts, language),
                    facts=one.facts,
                    document=document,
                    reason=reason,
                    trace=one.executed.trace,
                    notebook=notebook.name if notebook else "",
                    label=_label(one, prepared, language),
                    decoder=one.decoder if document else None,
                    is_waiting=one.executed is WAITING,
                )
            )
        return pages

    def _document(self, one: _Prepared, language: str) -> tuple[Document | None, str]:
        """Return what a notebook says, or None and why there is nothing; each is read once."""
        executed, key = one.executed, (one.name, language)
        if executed.reason:
            return None, executed.reason[language]
        if key not in self._documents:
            try:
                document = read_notebook(nbformat.read(executed.notebook, as_version=4), language)
                width = self.detail.max_width
                self._documents[key] = document.reduced(width) if width else document, ""
            except RenderError as error:
                self._documents[key] = None, str(error)
        return self._documents[key]

    def _key(self, prepared: Sequence[_Prepared], language: str) -> str:
        """Return a hash over everything that the files of one language show."""
        jobs = [
            [
                one.name,
                sha256_of(one.executed.notebook) if one.executed.notebook else "",
                dict(one.executed.reason),
                one.executed.trace,
                dict(one.facts.parameters),
                one.decoder,
                *([f.run, dict(f.record), dict(f.results)] for f in (one.facts, *one.facts.others)),
            ]
            for one in prepared
        ]
        texts = [language, list(self.languages), repr(self.about), repr(self.detail)]
        facts = [jobs, *texts, engine(), code_hash(), _engine_hash()]
        text = json.dumps(facts, sort_keys=True, default=str)
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
    several = {n for n in ("data", "seed") if len({facts.setting(n) for facts in like}) > 1}
    parts = [] if one.job.problem == CLAIMS else [one.job.recipe]
    parts += [one.facts.setting("data")] if "data" in several else []
    if "seed" in several:
        parts.append(f"{word('facts.seed', language)} {one.facts.setting('seed')}")
    return " · ".join(parts)


# ---------------------------------------------------------------------- files


class _Writer:
    """Writes files whole, remembers what they were made from, removes what is no longer made."""

    def __init__(self, out: Path):
        self.out = out
        self.path = out / MANIFEST
        self.made: dict[str, dict[str, str]] = {}
        try:
            self.known = json.loads(self.path.read_text()) if self.path.exists() else {}
        except ValueError:
            log.info(f"{self.path} is damaged: every page is made anew, and no old one removed")
            self.known = {}

    def has_report(self) -> bool:
        """Whether a whole report of an earlier time stands here, in any language."""
        return any(about.get("key") and (self.out / f).exists() for f, about in self.known.items())

    def holds_all(self, folder: str, files: Sequence[str], key: str) -> bool:
        """Whether a folder has `files` and whatever else was written from `key`; all are kept."""
        own = {
            name: about
            for name, about in self.known.items()
            if name.startswith(folder) and about.get("key") == key
        }
        paths = {name: self.out / name for name in own}
        if not {folder + name for name in files} < own.keys():
            return False
        if any(not p.exists() or sha256_of(p) != own[n].get("sha256") for n, p in paths.items()):
            return False
        self.made |= own
        return True

    def write(self, file: str, content: bytes, key: str) -> None:
        """Write `content` to `out/file`; with an empty `key` it is made anew the next time."""
        with replacing(self.out / file) as temporary:
            temporary.write_bytes(content)
        self.made[file] = {"key": key, "sha256": hashlib.sha256(content).hexdigest()}

    def close(self) -> None:
        """Remove files of an earlier report that this one has not; write the record."""
        for file in self.known.keys() - self.made.keys():
            (self.out / file).unlink(missing_ok=True)
        write_json(self.path, dict(sorted(self.made.items())))


def _result(
    prepared: Sequence[_Prepared], report: _Report, reasons: Mapping[str, str]
) -> ReportResult:
    out, results = report.writer.out, []
    for one in prepared:
        done = one.executed
        reason = done.reason.get(DEFAULT_LANGUAGE) or reasons.get(one.name, "")
        files = tuple(out / language / f"{one.name}.html" for language in report.languages)
        results.append(JobResult(one.job, one.name, reason, done.notebook, done.run, files))
    own = {file for result in results for file in result.files}
    shared = [path for name in report.writer.made if (path := out / name) not in own]
    return ReportResult(out, tuple(results), (*shared, *sorted(own)))
