"""From jobs to the finished report: run, render, write; one failure never loses the rest."""

from __future__ import annotations

import hashlib
import json
import operator
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import nbformat

from hwlib.errors import UserError
from hwlib.processes import Environment, RunTask, Workers, say
from hwlib.report.book import About, Book, Page, make_book, page_title
from hwlib.report.document import Document, RenderError
from hwlib.report.embed import FULL, Detail
from hwlib.report.facts import Facts, engine, read_facts, value
from hwlib.report.html import files_of, render
from hwlib.report.language import read_notebook
from hwlib.report.pdf import render_pdf
from hwlib.report.runner import (
    CLAIMS,
    NOTEBOOKS,
    Executed,
    Job,
    Reason,
    check_parameters,
    code_hash,
    file_hash,
    run_notebook,
)
from hwlib.run import replacing, write_json
from hwlib.text import LANGUAGES, in_languages, word
from hwlib.text import ROOT as TEXTS

MANIFEST = ".report.json"
# Of the engine, its looks and its words; what else may lie beside the words is no part of a report.
SOURCES = frozenset({".py", ".jinja", ".js", ".css", ".typ", ".toml", ".j2"})
# Long ones begin early, so that none is left at the end. InfoGAN, the longest, comes after a short
# one: then two cores end together. The GAN's page needs the VAE's run too, and would train it while
# the VAE's waits.
BEGIN = ("kl", "acgan", "infogan", "vae", "gan")
BEGIN_WITHOUT_KL = ("vae", "acgan", "infogan", "gan")
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
            those that run side by side; see `hwlib.jobs.shares`.
        alone: the same for claims, which train side by side themselves: their notebook runs last,
            with no other beside it.
        decoder: takes the run folder of a finished VAE and returns what its page needs to decode by
            itself; see `hwlib.explore.page_decoder`. None puts no decoder into any page.
        detail: how much of their pictures pages and PDF keep.
        author: who hands the report in, for its title page.
        student_id: the author's number.
        short: whether the appendices are left out.

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
    jobs = sorted(jobs, key=lambda job: list(NOTEBOOKS).index(job.problem))
    command = FOLDERS.sub("…/", command)
    out = Path(out)
    jobs = [_with_runs(job, runs) for job in jobs]
    prepare = partial(_prepare, folder=out / "notebooks", cwd=cwd)
    prepared = _prepare_all(jobs, prepare, environments, alone or {})
    if decoder is not None:
        prepared = [_with_decoder(one, decoder) for one in prepared]
    writer = _Writer(out)
    reasons: dict[str, str] = {}
    for language in languages:
        about = About(author, student_id, command, short)
        reasons |= _render(prepared, writer, language, languages, about=about, detail=detail)
    writer.close()
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


def _prepare_all(
    jobs: Sequence[Job],
    prepare: Callable[[Job, str, RunTask], _Prepared],
    environments: Sequence[Environment],
    alone: Environment,
) -> list[_Prepared]:
    """Run all jobs, claims by themselves at the end; return them in the order given."""
    named = dict(zip(job_names(jobs), jobs, strict=True))
    last = [name for name in named if named[name].problem == CLAIMS]
    first = [name for name in named if name not in last]
    order = BEGIN if any(named[name].problem == "kl" for name in first) else BEGIN_WITHOUT_KL
    first.sort(key=lambda name: order.index(named[name].problem))
    done: dict[str, _Prepared] = {}
    for group, places in ((first, environments), (last, [alone])):
        with Workers(places) as workers:
            turns = [workers.submit(partial(prepare, named[name], name)) for name in group]
            for turn in as_completed(turns):
                one = turn.result()
                done[one.name] = one
                if left := len(jobs) - len(done):
                    say(f"{len(done)} of {len(jobs)} notebooks done, {left} left")
    return [done[name] for name in named]


def _prepare(job: Job, name: str, run: RunTask, *, folder: Path, cwd: Path | None) -> _Prepared:
    """Run the job; a user's mistake in it is a failed job, like any other failure."""
    parameters, began = dict(job.parameters), time.monotonic()
    known = {n: p for n, p in parameters.items() if n not in ("runs", "languages")}
    asked = {n: p for n, p in known.items() if p is not False and p not in ({}, "")}
    say(f"[{name}] {job.notebook.name} with {value(asked)}")
    try:
        parameters = check_parameters(job)
        executed = run_notebook(job, name=name, folder=folder, cwd=cwd, run=run)
    except (UserError, OSError) as error:
        told = in_languages(error.say) if isinstance(error, UserError) else str(error)
        executed = Executed(None, None, Reason("other", {"error": told}))
    if executed.reason is not None:
        say(f"[{name}] FAILED: {executed.reason.text()}")
    elif executed.is_new:
        say(f"[{name}] done in {time.monotonic() - began:.0f} s")
    else:
        say(f"[{name}] unchanged, its executed notebook is used again")
    facts = read_facts(job, executed.run, parameters, executed.others)
    return _Prepared(job, name, executed, facts)


def _with_decoder(one: _Prepared, decoder: Callable[[Path], Mapping[str, Any]]) -> _Prepared:
    """Add the decoder of a finished VAE; say where it is too large."""
    if one.job.problem != "vae" or one.executed.run is None:
        return one
    try:
        made = decoder(one.executed.run)
    except (UserError, OSError) as error:
        say(f"[{one.name}] no decoder in its page: {error}")
        return one
    if "weights" not in made:
        say(
            f"[{one.name}] no decoder in its page: {made['num_parameters']:,} parameters, where a"
            f" page has room for {made['most']:,}; a smaller width would fit (--set width=0.25)"
        )
    return replace(one, decoder=made)


# ---------------------------------------------------------------------- one language


def _render(
    prepared: Sequence[_Prepared],
    writer: _Writer,
    language: str,
    languages: Sequence[str],
    *,
    about: About,
    detail: Detail,
) -> dict[str, str]:
    """Write the pages and the PDF of one language; return why jobs in it are not complete."""
    key = _render_key(prepared, language, languages, about, detail)
    if writer.holds_all(f"{language}/", [f"{one.name}.html" for one in prepared], key):
        say(f"{language}: unchanged")
        return {}
    pages = [_page(one, language, _label(one, prepared, language), detail) for one in prepared]
    made = _made(pages, language, languages, about=about, detail=detail)
    for name, content in made.files.items():
        writer.write(f"{language}/{name}", content, key)
    for name in ("index.html", "report.pdf"):
        if name in made.files:
            say(f"{language}: {writer.out / language / name}")
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
) -> _Made:
    """Set pages and PDF; a page that cannot be set is a failed one, and costs no other."""

    def html(book: Book) -> dict[str, bytes]:
        files = files_of(book)
        return {f: render(book, f, languages=languages, detail=detail).encode() for f in files}

    def pdf(book: Book) -> dict[str, bytes]:
        return {"report.pdf": render_pdf(book, detail=detail)}

    files: dict[str, bytes] = {}
    for make in (html, pdf):
        try:
            files |= make(make_book(pages, language, about))
            continue
        except RenderError:
            checked = [_checked(page, make, language, about) for page in pages]
        if any(map(operator.is_not, checked, pages)):  # whoever is at fault is out of all files
            return _made(checked, language, languages, about=about, detail=detail)
        try:
            files |= make(make_book(pages, language, about))
        except RenderError as error:  # no single job is at fault
            if make is html:
                raise
            failed = {page.name: page.reason or str(error) for page in pages}
            return _Made(files, failed)
    return _Made(files, {page.name: page.reason for page in pages if page.reason})


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
            if detail.width:
                document = document.reduced(detail.width)
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
            file_hash(one.executed.notebook) if one.executed.notebook else "",
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
    return hashlib.sha256("".join(map(file_hash, files)).encode()).hexdigest()


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
            say(f"{self.path} is damaged: all is made anew, no page of an older report removed")
            self.known = {}

    def holds(self, files: Sequence[str], key: str) -> bool:
        """Whether all `files` stand as they were written from `key`; if so they are kept."""
        for file in files:
            known = self.known.get(file, {})
            path = self.out / file
            if known.get("key") != key or not path.exists():
                return False
            if known.get("sha256") != file_hash(path):
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
