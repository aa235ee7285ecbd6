"""From jobs to the finished report: run, render, write; one failure never loses the rest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import nbformat

from hwlib.errors import UserError
from hwlib.findings import summary
from hwlib.io import replacing, sha256_of, write_json
from hwlib.log import info
from hwlib.parallel import Environment, RunChild, Workers
from hwlib.report.book import About, Book, Page, make_book, page_title
from hwlib.report.document import Document, RenderError
from hwlib.report.embed import FULL, Detail
from hwlib.report.facts import Facts, engine, read_facts, value
from hwlib.report.html import files_of, render
from hwlib.report.language import read_notebook
from hwlib.report.log import RunLog
from hwlib.report.pdf import render_pdf
from hwlib.report.runner import (
    CLAIMS,
    NOTEBOOKS,
    Executed,
    Job,
    Reason,
    check_parameters,
    code_hash,
    run_notebook,
)
from hwlib.text import LANGUAGES, in_languages, word
from hwlib.text import ROOT as TEXTS

MANIFEST = ".report.json"
# Of the engine, its looks and its words; what else may lie beside the words is no part of a report.
SOURCES = frozenset({".py", ".jinja", ".js", ".css", ".typ", ".toml", ".j2"})
# Long ones begin early, so that none is left at the end. InfoGAN, the longest, comes after a short
# one: then two cores end together. The GAN's page needs the VAE's run too, and would train it while
# the VAE's waits.
START_ORDER = ("kl", "acgan", "infogan", "vae", "gan")
START_ORDER_WITHOUT_KL = ("vae", "acgan", "infogan", "gan")
FOLDERS = re.compile(r"(?<![^\s='])/(?:[^\s/']+/)*(?=[^\s/'])")  # before an absolute path's name
HERE = Path(__file__).parent


@dataclass(frozen=True)
class JobResult:
    """What came of one job.

    Attributes:
        name: stem of its pages and of its executed notebook.
        ok: whether its notebook ran to its end and every page of it is complete.
        reason: one line why not; empty where `ok`.
        notebook: the executed notebook.
        run: the run folder that it used.
        files: its pages.
    """

    job: Job
    name: str
    ok: bool
    reason: str
    notebook: Path | None
    run: Path | None
    files: tuple[Path, ...]


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


@dataclass(frozen=True)
class _Prepared:
    """One executed job before it is set in any language."""

    job: Job
    name: str
    executed: Executed
    facts: Facts
    decoder: Mapping[str, Any] | None = None


def make_report(
    jobs: Sequence[Job],
    *,
    out: Path,
    languages: Sequence[str] = tuple(LANGUAGES),
    runs: Path | None = None,
    command: str = "",
    cwd: Path | None = None,
    environments: Sequence[Environment] = ({},),
    alone: Environment | None = None,
    decoder: Callable[[Path], Mapping[str, Any]] | None = None,
    detail: Detail = FULL,
    author: str = "",
    student_id: str = "",
    short: bool = False,
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
        command: the command line, as it is to stand in the report.
        cwd: working directory of the kernels; this process's where None.
        environments: what kernels find beside this process's own environment, one for each of
            those that run side by side; see `hwlib.parallel.shares`.
        alone: the same for claims, which train side by side themselves: their notebook runs last,
            with no other beside it.
        decoder: takes the run folder of a finished VAE and returns what its page needs to decode by
            itself; see `hwlib.explore.page_decoder`. None puts no decoder into any page.
        detail: how much of their pictures pages and PDF keep.
        author: who hands the report in, for its title page.
        student_id: the author's number.
        short: whether the appendices are left out.
        expected: about how many seconds each training of each of `jobs` takes on this machine,
            where that is known.
        quiet: tell failures alone.

    Raises:
        UserError: no job, or an unknown language.
        KeyboardInterrupt: Ctrl-C, after what was training has written its checkpoint.
    """
    if not jobs:
        raise UserError("nothing_to_report")
    for code in languages:
        if code not in LANGUAGES:
            raise UserError("unknown_language", name=code, known=list(LANGUAGES))
    languages = tuple(code for code in LANGUAGES if code in languages)
    about = About(author, student_id, FOLDERS.sub("…/", command), short)
    out = Path(out)
    places = dict(zip(map(id, jobs), expected or [None] * len(jobs), strict=True))
    jobs = sorted(jobs, key=lambda job: list(NOTEBOOKS).index(job.problem))
    known = [places[id(job)] for job in jobs]
    jobs = [_with_runs(job, runs) for job in jobs]
    named = dict(zip(job_names(jobs), jobs, strict=True))
    turns = _in_order_of_start(named)
    seconds = {name: s for name, s in zip(named, known, strict=True) if s is not None}
    log = RunLog(turns, at_once=len(environments), expected=seconds, quiet=quiet)
    writer = _Writer(out)
    early = _Early(named, writer, languages, about, detail, log)
    prepare = partial(_prepare, folder=out / "notebooks", cwd=cwd, log=log)
    with log:
        log.plan()
        early.show({})
        prepared = _prepare_all(named, turns, prepare, environments, alone or {}, early)
        if decoder is not None:
            prepared = [_with_decoder(one, decoder, log) for one in prepared]
        reasons: dict[str, str] = {}
        for language in languages:
            reasons |= _render(
                prepared, writer, language, languages, about=about, detail=detail, log=log
            )
    writer.close()
    log.table()
    return _result(prepared, out, languages, reasons, writer.made)


def job_names(jobs: Sequence[Job]) -> list[str]:
    """Return a file stem for each job: problem and recipe, and more where that names several.

    That is the data where it tells them apart, then the seed, then a hash of the parameters.

    Raises:
        UserError: a job is there twice.
    """
    names = [f"{job.problem}-{job.recipe}" for job in jobs]
    for name_of in (_data_word, _seed_word, _hash_word):
        words = [name_of(job) for job in jobs]
        told = {name: set() for name in names}
        for name, one in zip(names, words, strict=True):
            told[name].add(one)
        names = [
            f"{name}-{one}" if len(told[name]) > 1 else name
            for name, one in zip(names, words, strict=True)
        ]
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
    """Return the jobs' names in the order in which they begin, claims at the end."""
    last = [name for name in named if named[name].problem == CLAIMS]
    first = [name for name in named if name not in last]
    has_kl = any(named[name].problem == "kl" for name in first)
    order = START_ORDER if has_kl else START_ORDER_WITHOUT_KL
    return [*sorted(first, key=lambda name: order.index(named[name].problem)), *last]


def _prepare_all(
    named: Mapping[str, Job],
    order: Sequence[str],
    prepare: Callable[[Job, str, RunChild], _Prepared],
    environments: Sequence[Environment],
    alone: Environment,
    early: _Early,
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
                    early.show(done, one.name)
    return [done[name] for name in named]


def _prepare(
    job: Job, name: str, run: RunChild, *, folder: Path, cwd: Path | None, log: RunLog
) -> _Prepared:
    """Run the job; a user's mistake in it is a failed job, like any other failure."""
    parameters = dict(job.parameters)
    known = {n: p for n, p in parameters.items() if n not in ("runs", "languages")}
    asked = {n: p for n, p in known.items() if p is not False and p not in ({}, "")}
    log.begin(name, value(asked))
    on_line = partial(log.on_line, name)
    try:
        parameters = check_parameters(job)
        executed = run_notebook(job, name=name, folder=folder, cwd=cwd, run=run, on_line=on_line)
    except (UserError, OSError) as error:
        told = in_languages(error.say) if isinstance(error, UserError) else str(error)
        executed = Executed(None, None, Reason("other", {"error": told}))
    facts = read_facts(job, executed.run, parameters, executed.others)
    if executed.reason is not None:
        log.end(name, "failed", reason=executed.reason.text(log.language))
    else:
        headline = summary.headline(job.problem, facts.results, log.language)
        log.end(name, "done" if executed.is_new else "unchanged", headline=headline)
    return _Prepared(job, name, executed, facts)


def _with_decoder(
    one: _Prepared, decoder: Callable[[Path], Mapping[str, Any]], log: RunLog
) -> _Prepared:
    """Add the decoder of a finished VAE; say where it is too large."""
    if one.job.problem != "vae" or one.executed.run is None:
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


# ---------------------------------------------------------------------- before all is done


class _Early:
    """Pages that can be read before the report is whole: the index, and each problem as it ends.

    They stand without a key, so that the whole report takes their place.
    """

    def __init__(
        self,
        named: Mapping[str, Job],
        writer: _Writer,
        languages: Sequence[str],
        about: About,
        detail: Detail,
        log: RunLog,
    ):
        """Show nothing yet."""
        self.named, self.writer, self.languages = named, writer, languages
        self.about, self.detail, self.log = about, detail, log
        self._pages: dict[tuple[str, str], Page] = {}

    def show(self, done: Mapping[str, _Prepared], newest: str = "") -> None:
        """Write the index, and the page of the job that has just ended."""
        prepared = [done.get(name) or self._waiting(name) for name in self.named]
        if self.writer.has_report():
            return  # an earlier report stays until this one is whole: a stop must not cost it
        for language in self.languages:
            pages = [self._page(one, prepared, language, one.name in done) for one in prepared]
            try:
                book = make_book(pages, language, self.about)
                waiting = [f"{one.name}.html" for one in prepared if one.name not in done]
                for file in ("index.html", *waiting, *([f"{newest}.html"] if newest else [])):
                    text = render(book, file, languages=self.languages, detail=self.detail)
                    self.writer.write(f"{language}/{file}", text.encode(), "")
            except RenderError:
                continue  # what cannot be set is told when the report is made
            if newest and not done[newest].executed.reason:
                path = self.writer.out / language / f"{newest}.html"
                self.log.made(newest, str(path))

    def _waiting(self, name: str) -> _Prepared:
        job = self.named[name]
        return _Prepared(job, name, Executed(None, None), read_facts(job, None, job.parameters))

    def _page(
        self, one: _Prepared, prepared: Sequence[_Prepared], language: str, is_done: bool
    ) -> Page:
        label = _label(one, prepared, language)
        if not is_done:
            title = page_title(None, one.facts, language)
            reason = word("page.waiting", language)
            return Page(one.name, title, one.facts, None, reason, label=label, is_waiting=True)
        if (one.name, language) not in self._pages:
            self._pages[one.name, language] = _page(one, language, label, self.detail)
        return self._pages[one.name, language]


# ---------------------------------------------------------------------- one language


def _render(
    prepared: Sequence[_Prepared],
    writer: _Writer,
    language: str,
    languages: Sequence[str],
    *,
    about: About,
    detail: Detail,
    log: RunLog,
) -> dict[str, str]:
    """Write the pages and the PDF of one language; return why jobs in it are not complete."""
    key = _render_key(prepared, language, languages, about, detail)
    name = LANGUAGES[language].name
    for one in prepared:
        log.works[one.name].page = str(writer.out / languages[0] / f"{one.name}.html")
    if writer.holds_all(f"{language}/", [f"{one.name}.html" for one in prepared], key):
        log.say("same", language=name)
        return {}
    pages = [_page(one, language, _label(one, prepared, language), detail) for one in prepared]
    made = _made(pages, language, languages, about=about, detail=detail, log=log)
    for name, content in made.files.items():
        writer.write(f"{language}/{name}", content, key)
    for name in ("index.html", "report.pdf"):
        if name in made.files:
            log.say("written", path=str(writer.out / language / name))
    before = {one.name for one in prepared if not one.executed.ok}
    if made.reasons.keys() - before:  # what could not be set must be tried again
        writer.forget([f"{language}/{name}" for name in made.files])
    return made.reasons


@dataclass(frozen=True)
class _Made:
    """One language's files by name, and why jobs in it are not complete, by their names."""

    files: Mapping[str, bytes]
    reasons: Mapping[str, str]


def _made(
    pages: Sequence[Page],
    language: str,
    languages: Sequence[str],
    *,
    about: About,
    detail: Detail,
    log: RunLog,
) -> _Made:
    """Set pages and PDF; what cannot be set of one job is left out, and costs no other."""

    def html(book: Book) -> dict[str, bytes]:
        files = files_of(book)
        return {f: render(book, f, languages=languages, detail=detail).encode() for f in files}

    def pdf(book: Book) -> dict[str, bytes]:
        return {"report.pdf": render_pdf(book, detail=detail)}

    log.say("pages", language=LANGUAGES[language].name)
    files, shown = _made_without_faults(html, pages, language, about)
    log.say("pdf", language=LANGUAGES[language].name)
    try:
        printed, shown = _made_without_faults(pdf, shown, language, about)
    except RenderError as error:  # no single job is at fault: the pages stand without the PDF
        return _Made(files, {page.name: page.reason or str(error) for page in shown})
    return _Made(files | printed, {page.name: page.reason for page in shown if page.reason})


def _made_without_faults(
    make: Callable[[Book], dict[str, bytes]], pages: Sequence[Page], language: str, about: About
) -> tuple[dict[str, bytes], Sequence[Page]]:
    """Return the files that `make` gives, and the pages, those that cannot be set as failed ones.

    Raises:
        RenderError: what cannot be set is in no page.
    """
    try:
        return make(make_book(pages, language, about)), pages
    except RenderError:
        pages = [_checked(page, make, language, about) for page in pages]
    return make(make_book(pages, language, about)), pages


def _label(one: _Prepared, prepared: Sequence[_Prepared], language: str) -> str:
    """Return what tells a job's page from others of its problem: recipe, and data and seed too
    where there are several."""
    mine = (one.job.problem, one.job.recipe)
    like = [other.facts for other in prepared if (other.job.problem, other.job.recipe) == mine]
    several = {n for n in ("data", "seed") if len({facts.setting(n) for facts in like}) > 1}
    parts = [] if one.job.problem == CLAIMS else [one.job.recipe]
    parts += [one.facts.setting("data")] if "data" in several else []
    if "seed" in several:
        parts.append(f"{word('facts.seed', language)} {one.facts.setting('seed')}")
    return " · ".join(parts)


def _page(one: _Prepared, language: str, label: str, detail: Detail) -> Page:
    """Return the job's page; Markdown that cannot be read makes it a failed one."""
    document: Document | None = None
    reason = one.executed.reason.text(language) if one.executed.reason else ""
    if one.executed.ok:
        notebook = nbformat.read(one.executed.notebook, as_version=4)
        try:
            document = read_notebook(notebook, language)
            if detail.max_width:
                document = document.reduced(detail.max_width)
        except RenderError as error:
            reason = str(error)
    return Page(
        name=one.name,
        title=page_title(document, one.facts, language),
        facts=one.facts,
        document=document,
        reason=reason,
        trace=one.executed.trace,
        notebook=one.executed.notebook.name if one.executed.notebook and detail.notebooks else "",
        label=label,
        decoder=one.decoder if document else None,
    )


def _checked(
    page: Page, make: Callable[[Book], Mapping[str, bytes]], language: str, about: About
) -> Page:
    """Return the page, or one that says why it cannot be set."""
    if page.document is None:
        return page
    try:
        make(make_book([page], language, about))
    except RenderError as error:
        title = page_title(None, page.facts, language)
        return replace(page, title=title, document=None, decoder=None, reason=str(error))
    return page


def _render_key(
    prepared: Sequence[_Prepared],
    language: str,
    languages: Sequence[str],
    about: About,
    detail: Detail,
) -> str:
    """Return a hash over everything that the files of one language show."""
    jobs = [
        [
            one.name,
            sha256_of(one.executed.notebook) if one.executed.notebook else "",
            one.executed.reason.text() if one.executed.reason else "",
            one.executed.trace,
            dict(one.facts.parameters),
            one.decoder,
            *([f.run, dict(f.record), dict(f.results)] for f in (one.facts, *one.facts.others)),
        ]
        for one in prepared
    ]
    texts = [language, list(languages), repr(about), repr(detail)]
    facts = [jobs, *texts, engine(), code_hash(), _engine_hash()]
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _engine_hash() -> str:
    """Return a hash over this package and all words: another look is another report."""
    folders = (HERE, TEXTS, TEXTS.parent)
    found = {p for folder in folders for p in folder.rglob("*")}
    files = [p for p in sorted(found) if p.is_file() and p.suffix in SOURCES]
    return hashlib.sha256("".join(map(sha256_of, files)).encode()).hexdigest()


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
            info(f"{self.path} is damaged: all is made anew, no page of an older report removed")
            self.known = {}

    def has_report(self) -> bool:
        """Whether a whole report of an earlier time stands here, in any language."""
        return any(about.get("key") and (self.out / f).exists() for f, about in self.known.items())

    def holds(self, files: Sequence[str], key: str) -> bool:
        """Whether all `files` stand as they were written from `key`; if so they are kept."""
        for file in files:
            known = self.known.get(file, {})
            path = self.out / file
            if known.get("key") != key or not path.exists():
                return False
            if known.get("sha256") != sha256_of(path):
                return False
        self.made |= {file: self.known[file] for file in files}
        return True

    def holds_all(self, folder: str, files: Sequence[str], key: str) -> bool:
        """Whether a folder has `files` and whatever else was written from `key`; all are kept."""
        mine = [name for name, known in self.known.items() if known.get("key") == key]
        own = [name for name in mine if name.startswith(folder)]
        return {folder + name for name in files} < set(own) and self.holds(own, key)

    def write(self, file: str, content: bytes, key: str) -> None:
        """Write `content` to `out/file`."""
        with replacing(self.out / file) as temporary:
            temporary.write_bytes(content)
        self.made[file] = {"key": key, "sha256": hashlib.sha256(content).hexdigest()}

    def forget(self, files: Sequence[str]) -> None:
        """Keep the files, but make them anew the next time."""
        for file in set(files) & self.made.keys():
            self.made[file] = {**self.made[file], "key": ""}

    def close(self) -> None:
        """Remove files of an earlier report that this one has not; write the record."""
        for file in self.known.keys() - self.made.keys():
            (self.out / file).unlink(missing_ok=True)
        write_json(self.path, dict(sorted(self.made.items())))


def _result(
    prepared: Sequence[_Prepared],
    out: Path,
    languages: Sequence[str],
    reasons: Mapping[str, str],
    made: Iterable[str],
) -> ReportResult:
    results = []
    for one in prepared:
        said = one.executed.reason
        reason = said.text() if said else reasons.get(one.name, "")
        files = tuple(out / language / f"{one.name}.html" for language in languages)
        results.append(
            JobResult(
                job=one.job,
                name=one.name,
                ok=not reason,
                reason=reason,
                notebook=one.executed.notebook,
                run=one.executed.run,
                files=files,
            )
        )
    own = {file for result in results for file in result.files}
    shared = [path for name in made if (path := out / name) not in own]
    return ReportResult(out, tuple(results), (*shared, *sorted(own)))
