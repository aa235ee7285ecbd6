"""From jobs to the finished report: run, render, publish; one failure never loses the rest."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import nbformat

from hwlib.errors import DEFAULT_LANGUAGE, UserError
from hwlib.findings import summary
from hwlib.fingerprint import hash_of_files
from hwlib.io import replacing, sha256_of
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
from hwlib.report.place import (
    NEXT,
    NOTEBOOKS,
    borrow_notebooks,
    held,
    publish,
    read_manifest,
    write_manifest,
)
from hwlib.report.runner import Executed, Job, check_parameters, code_hash, reason, run_notebook
from hwlib.report.runs import Facts, identity_of, read_facts
from hwlib.text import LANGUAGES, in_languages, word
from hwlib.text import ROOT as TEXTS

T = TypeVar("T")
MAX_NAME = 40  # letters of a data set's name in that of a file
# Of the engine, its looks and its words; what else may lie beside the words is no part of a report.
SOURCES = frozenset({".py", ".jinja", ".js", ".css", ".typ", ".toml", ".j2"})
FOLDERS = re.compile(r"(?<![^\s='])/(?:[^\s/']+/)*(?=[^\s/'])")  # before an absolute path's name
WAITING = Executed(reason=reason("waiting"))  # of a notebook that has not ended


@dataclass(eq=False)
class JobResult:
    """What came of one job; until its notebook has ended, that it is waited for."""

    job: Job
    name: str  # stem of its pages and of its executed notebook
    facts: Facts  # of the run that it is about
    executed: Executed = WAITING
    decoder: Mapping[str, Any] | None = None  # what `hwlib.explore.page_decoder` says
    reason: str = field(default="", repr=False)  # one line why it is not complete

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
    `report.pdf`. They take the place of an earlier report at once, when all is made; where there is
    none, pages can be read as they come. What is unchanged since then is neither run nor rendered
    again. A job
    that fails has its place, its reason and the last lines of its error on its page; the rest is
    complete. Progress goes to standard error, failures alone if `quiet`.

    Args:
        jobs: what to report, in any order of problems; see `make_job`.
        out: folder of the report.
        languages: keys of `LANGUAGES`; only these are rendered.
        runs: folder of the run folders; the notebooks' own default where None.
        about: author, command line, and whether the appendices are left out.
        environments: what kernels find beside this process's own environment, one for each of
            those that run side by side; see `hwlib.parallel.shares`.
        alone: the same for the notebook of claims, which runs last, with no other beside it.
        decoder: `hwlib.explore.page_decoder`, of the folder of a finished VAE's run.
        detail: how much of their images pages and PDF keep.
        expected: about how many seconds each training of each of `jobs` takes on this machine.

    Raises:
        UserError: no job, an unknown language, or another process makes a report in `out`.
        KeyboardInterrupt: Ctrl-C, after what was training has written its checkpoint.
    """
    if not jobs:
        raise UserError("nothing_to_report")
    for code in languages:
        if code not in LANGUAGES:
            raise UserError("unknown_language", name=code, known=list(LANGUAGES))
    places = {"runs": str(Path(runs).resolve())} if runs is not None else {}
    jobs = [replace(job, parameters={**places, **job.parameters}) for job in jobs]
    asked = zip(jobs, expected or [None] * len(jobs), strict=True)
    asked = sorted(asked, key=lambda one: list(PAGES).index(one[0].problem))
    names = job_names([job for job, _ in asked])
    seconds = {name: each for name, (_, each) in zip(names, asked, strict=True)}
    facts = [Facts(job, job.parameters) for job, _ in asked]
    results = [JobResult(one.job, name, one) for name, one in zip(names, facts, strict=True)]

    claims = [one for one in results if one.job.problem == CLAIMS]
    others = [one for one in results if one.job.problem != CLAIMS]
    # long ones begin early, so that none is left at the end
    studies = {problem for problem, known in PROBLEMS.items() if known.study_of}
    case = 0 if any(one.job.problem in studies for one in others) else 1
    others.sort(key=lambda one: PAGES[one.job.problem].start_rank[case])
    turns = [one.name for one in (*others, *claims)]
    log = RunLog(turns, at_once=len(environments), expected=seconds, quiet=quiet)
    languages = [code for code in LANGUAGES if code in languages]
    about = about or About()
    about = replace(about, command=FOLDERS.sub("…/", about.command))
    out = Path(out)
    for one in results:
        log.works[one.name].page = str(out / languages[0] / f"{one.name}.html")
    with held(out), log:
        report = _Report(results, out, languages, about, detail, log)
        log.plan()
        report.show()
        for own, beside in ((others, environments), (claims, [alone or {}])):
            with Workers(beside) as workers:
                work = partial(_run, folder=report.notebooks, log=log)
                running = {workers.submit(partial(work, one)): one for one in own}
                for turn in as_completed(running):
                    turn.result()
                    if any(one.executed is WAITING for one in results):
                        report.show(running[turn])
        for one in results if decoder else ():
            _add_decoder(one, decoder, log)
        for language in languages:
            report.render(language)
        report.publish()
    log.table()
    files = tuple(report.out / name for name in report.made)
    return ReportResult(report.out, tuple(results), files)


def job_names(jobs: Sequence[Job]) -> list[str]:
    """Return a file stem for each job: problem and recipe, and more where that names several.

    That is the data where it tells them apart, then the seed, then a hash of the parameters. A job
    that is there twice is a UserError.
    """

    def digest(text: str) -> str:
        return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:6]

    def in_letters(path: str) -> str:  # that stand in any file name and address
        letters = re.sub("[^a-z0-9]+", "-", Path(path).name.lower()).strip("-")
        return letters[:MAX_NAME] or digest(path)

    details = [
        [in_letters(str(job.parameters.get("data", ""))) for job in jobs],
        [f"s{job.parameters.get('seed', '')}" for job in jobs],
        [digest(json.dumps(dict(job.parameters), sort_keys=True, default=str)) for job in jobs],
    ]
    names = [f"{job.problem}-{job.recipe}" for job in jobs]
    for own in details:
        pairs = list(zip(names, own, strict=True))
        counts = Counter(name for name, _ in set(pairs))
        names = [f"{name}-{detail}" if counts[name] > 1 else name for name, detail in pairs]
    if len(set(names)) < len(names):
        raise UserError("same_job_twice")
    return names


# ---------------------------------------------------------------------- notebooks


def _run(one: JobResult, run: RunChild, *, folder: Path, log: RunLog) -> None:
    """Run the job; a user's mistake in it is a failed job, like any other failure."""
    parameters = dict(one.job.parameters)
    told = {n: p for n, p in parameters.items() if n not in ("runs", "languages")}
    told = {n: p for n, p in told.items() if p is not False and p not in ({}, "")}
    log.begin(one.name, value(told))
    try:
        parameters = check_parameters(one.job)
        on_line = partial(log.on_line, one.name)
        done = run_notebook(one.job, name=one.name, folder=folder, run=run, on_line=on_line)
        one.facts = read_facts(one.job, done.run, parameters, done.others)
    except (UserError, OSError) as error:
        is_mistake = isinstance(error, UserError)
        lines = in_languages(error.say) if is_mistake else reason("other", error=error)
        done = Executed(reason=lines)
        one.facts = Facts(one.job, parameters)
    one.reason = done.reason.get(DEFAULT_LANGUAGE, "")
    one.executed = done
    if one.reason:
        log.end(one.name, "failed", reason=one.reason)
    else:
        headline = summary.headline(one.job.problem, one.facts.results, DEFAULT_LANGUAGE)
        log.end(one.name, "done" if done.is_new else "unchanged", headline=headline)


def _add_decoder(one: JobResult, decoder: Callable[[Path], Mapping[str, Any]], log: RunLog) -> None:
    """Add the decoder of a finished VAE; say where it is too large."""
    problem = PROBLEMS.get(one.job.problem)
    if problem is None or not problem.has_page_decoder or one.executed.run is None:
        return
    try:
        one.decoder = decoder(one.executed.run)
    except (UserError, OSError) as error:
        log.say("no_decoder", name=one.name, why=str(error))
        return
    if "weights" not in one.decoder:
        sizes = {"parameters": one.decoder["num_parameters"], "most": one.decoder["most"]}
        log.say("decoder_too_large", name=one.name, **sizes)


# ---------------------------------------------------------------------- pages and PDF


@dataclass
class _Report:
    """Sets the jobs in every language; a manifest says what each file was made from."""

    results: Sequence[JobResult]
    out: Path
    languages: Sequence[str]
    about: About
    detail: Detail
    log: RunLog
    # By file its SHA-256, and the key that it was made from: a hash, "" for what is to be made
    # anew. Of an earlier report, and of this one.
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    made: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._read = cache(self._read)
        self.known = read_manifest(self.out)
        # an earlier report stays until this one is whole
        whole = {file for file, about in self.known.items() if about["key"]}
        self.has_earlier = any((self.out / file).exists() for file in whole)
        own = self.out / NOTEBOOKS
        self.notebooks = borrow_notebooks(self.out) if self.has_earlier else own

    def show(self, newest: JobResult | None = None) -> None:
        """Write the index, and the page of the job that has just ended, before all is done.

        They stand without a key, so that the whole report takes their place. Without a `newest`
        the page of every job says that it is waited for.
        """
        if self.has_earlier:
            return
        own = [newest] if newest else self.results
        for language in self.languages:
            try:
                book = Book(self._pages(language), language, self.about)
                files = ["index.html", *(f"{one.name}.html" for one in own)]
                texts = {file: self._html(book, file) for file in files}
            except RenderError:
                continue  # what cannot be set is reported when the report is made
            self.known |= self._write(texts, self.out, language, key="")
            write_manifest(self.out, self.known)
            if newest and newest.ok:
                path = self.out / language / f"{newest.name}.html"
                self.log.say("page", name=newest.name, path=str(path))

    def render(self, language: str) -> None:
        """Write the pages and the PDF of one language, if they do not stand there unchanged."""
        notebooks = [sha256_of(n) for one in self.results if (n := one.executed.notebook)]
        folders = (Path(__file__).parent, TEXTS, TEXTS.parent)
        own = [engine(), code_hash(), *(hash_of_files(f, suffixes=SOURCES) for f in folders)]
        facts = [self.results, notebooks, language, self.languages, self.about, self.detail, own]
        key = hashlib.sha256(repr(facts).encode()).hexdigest()
        same = {file: about for file, about in self.known.items() if about["key"] == key}
        files = {self.out / file: about["sha256"] for file, about in same.items()}
        if same and all(file.exists() and sha256_of(file) == sha for file, sha in files.items()):
            self.made |= same
            self.log.say("same", language=LANGUAGES[language].name)
            return
        texts, reasons = self.typeset(self._pages(language), language)
        failed = {one.name for one in self.results if one.executed.reason}
        key = "" if reasons.keys() - failed else key  # "": to be tried again
        self.made |= self._write(texts, self.out / NEXT, language, key=key)
        for one in self.results:
            one.reason = one.reason or reasons.get(one.name, "")
        for name in [name for name in ("index.html", "report.pdf") if name in texts]:
            self.log.say("written", path=str(self.out / language / name))

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

        @cache
        def book_of(*pages: Page) -> Book:
            return Book(pages, language, self.about)

        def settled(pages: Sequence[Page], make: Callable[[Book], T]) -> tuple[Sequence[Page], T]:
            """Return pages, with the reason for one that cannot be set, and what they make."""
            try:
                return pages, make(book_of(*pages))
            except RenderError as error:
                if len(pages) > 1:
                    pages = [settled([page], make)[0][0] for page in pages]
                elif pages[0].document is not None:
                    title = page_title(None, pages[0].facts, language)
                    why = {"title": title, "reason": str(error)}
                    pages = [replace(pages[0], document=None, decoder=None, **why)]
                else:
                    raise  # the job is not at fault
            return pages, make(book_of(*pages))

        name = LANGUAGES[language].name
        self.log.say("pages", language=name)
        pages, files = settled(pages, html)
        self.log.say("pdf", language=name)
        try:
            pages, made = settled(pages, pdf)
        except RenderError as error:  # pages stand without the PDF
            pages, made = [replace(page, reason=page.reason or str(error)) for page in pages], {}
        return files | made, {page.name: page.reason for page in pages if page.reason}

    def publish(self) -> None:
        """Let the report take its place, in which its notebooks then are."""
        publish(self.out, self.made)
        for one in self.results:
            if one.executed.notebook:
                notebook = self.out / NOTEBOOKS / one.executed.notebook.name
                one.executed = replace(one.executed, notebook=notebook)

    def _write(
        self, files: Mapping[str, bytes], folder: Path, language: str, key: str
    ) -> dict[str, dict[str, str]]:
        """Write files below a folder; return what the manifest says of them."""
        made = {}
        for name, content in files.items():
            with replacing(folder / language / name) as temporary:
                temporary.write_bytes(content)
            about = {"key": key, "sha256": hashlib.sha256(content).hexdigest()}
            made[f"{language}/{name}"] = about
        return made

    def _html(self, book: Book, file: str) -> bytes:
        return render(book, file, languages=self.languages, detail=self.detail).encode()

    def _read(self, notebook: Path, language: str) -> Document:
        document = read_notebook(nbformat.read(notebook, as_version=4), language)
        if self.detail.max_width:
            document.reduce(self.detail.max_width)
        return document

    def _pages(self, language: str) -> list[Page]:
        """Return the jobs' pages; Markdown that cannot be read makes a failed one."""
        pages = []
        for one in self.results:
            executed = one.executed
            document, why = None, executed.reason.get(language, "")
            try:
                document = executed.notebook and self._read(executed.notebook, language)
            except RenderError as error:
                why = str(error)
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
                    label=self._label(one, language),
                    decoder=one.decoder if document else None,
                    is_waiting=executed is WAITING,
                )
            )
        return pages

    def _label(self, one: JobResult, language: str) -> str:
        """Return what tells a page from others of its problem: recipe; data and seed of several."""
        kind = (one.job.problem, one.job.recipe)
        like = [o.facts for o in self.results if (o.job.problem, o.job.recipe) == kind]
        titles = {"seed": f"{word('facts.seed', language)} "}
        parts = [] if one.job.problem == CLAIMS else [one.job.recipe]
        parts += [titles.get(n, "") + one.facts.setting(n) for n in identity_of(like)]
        return " · ".join(parts)
