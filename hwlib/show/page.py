"""Outputs of a notebook's cells, each shown once a language, which its metadata say.

Its languages are those that `setup` was asked for.
"""

import html
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipywidgets as widgets
import matplotlib.pyplot as plt
import pandas as pd
from IPython import get_ipython
from IPython.display import clear_output, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import TypeAdapter, ValidationError

from hwlib import plots
from hwlib.errors import UserError, Worded, explain
from hwlib.images import decode
from hwlib.io import replacing
from hwlib.run import MISTAKE_MIME, RUN_MIME, Run
from hwlib.show import stale_cells
from hwlib.show.cells import to_html, to_markdown
from hwlib.text import LANGUAGES as KNOWN_LANGUAGES
from hwlib.text import Finding, caption, finding, in_languages, plain, word

LANGUAGES = tuple(KNOWN_LANGUAGES)
JPEG = {"quality": 95, "subsampling": 0}
SCREEN_PX = 780  # width of a full-width figure in JupyterLab, CSS pixels
CAPTION = '<p style="max-width:50em;margin:0 0 1.2em;font-size:90%;opacity:.8">{}</p>'

# Parameters of a notebook that it checks itself; those that are no settings.
KINDS = {"settings": dict[str, Any], "skip_bad": bool, "runs": str | Path}
OWN_PARAMETERS = {"recipe", "data", "profile", "seed"}
FILE_LANGUAGE = "en"  # of the labels in the homework's figure files

_asked: tuple[str, ...] = LANGUAGES  # the languages that `setup` was asked for


def asked_languages() -> tuple[str, ...]:
    """Return the languages that the notebook asked for in `setup`; all before it did."""
    return _asked


def is_batch() -> bool:
    """Whether a runner executes the notebook and nobody watches."""
    return bool(os.environ.get("HWLIB_BATCH"))


def setup(languages: Sequence[str] = LANGUAGES) -> None:
    """Prepare a notebook: check its parameters, and show a mistake as one line a language.

    So are shown a user's mistake, an error of the system such as a full disk, a training that
    diverged or was stopped, and a cell that ran before those above it; in batch they stay errors
    with tracebacks, so that the runner sees them.
    What later cells made of earlier parameters is forgotten; see `stale_cells`.
    """
    from hwlib.training.loop import TrainingDiverged

    global _asked
    shell = get_ipython()
    if shell is not None and is_batch():
        shell.set_custom_exc((UserError, TrainingDiverged, OSError), _show_for_runner)
    elif shell is not None:
        expected = (UserError, TrainingDiverged, OSError, KeyboardInterrupt, NameError)
        shell.set_custom_exc(expected, _show_in_one_line)
        stale_cells.watch(shell)
    if not isinstance(languages, list | tuple) or not languages or {*languages} - {*LANGUAGES}:
        known = [f'"{language}"' for language in LANGUAGES]
        raise UserError("languages", value=repr(languages), known=known)
    _asked = tuple(languages)
    given = shell.user_ns if shell is not None else {}
    for name, kind in KINDS.items():
        try:
            if name in given:
                TypeAdapter(kind).validate_python(given[name], strict=True)
        except ValidationError:
            raise UserError("parameter_kind", name=name, value=repr(given[name])) from None
    if own := given.get("settings", {}).keys() & OWN_PARAMETERS:
        raise UserError("settings_own_line", names=sorted(own))


def _show_in_one_line(shell, kind, error, traceback, tb_offset=None) -> list[str]:
    """Show what happened as a line a language; what IPython calls in place of a traceback."""
    asked = shell.user_ns.get("languages", ())
    shown = [one for one in LANGUAGES if isinstance(asked, list | tuple) and one in asked]
    early = stale_cells.early_cell_line(error, traceback, shell.user_ns)
    if early is None and isinstance(error, NameError):
        shell.showtraceback((kind, error, traceback), running_compiled_code=True)
        return []
    mistake = explain(error) if isinstance(error, Worded | OSError) else Worded("stopped")
    lines = [early[one] if early else f"✗ {mistake.say(one)}" for one in shown or LANGUAGES]
    if early:  # not in red: what is to catch the eye is the mistake further up
        # All at once: of `print` a kernel may send the last newline as its own box.
        sys.stdout.write("\n".join(lines) + "\n")
    else:  # as an error, in which papermill and others look for the reason
        shell._showtraceback(kind, mistake, lines)
    return lines


def _show_for_runner(shell, kind, error, traceback, tb_offset=None) -> list[str]:
    """Tell a runner the mistake in every language, before the error with its traceback."""
    told = explain(error)
    display({MISTAKE_MIME: in_languages(told.say), "text/plain": str(told)}, raw=True)
    shell.showtraceback((kind, error, traceback), running_compiled_code=True)
    return []


def emit(data: dict[str, Any], about: dict[str, Any], **more: Any) -> None:
    """Send one output with the project's metadata, its caption below it."""
    display(data, raw=True, metadata={"hwlib": about, **more})
    show_caption(about.get("caption", ""))


def show_caption(text: str) -> None:
    """Show a caption for who reads the notebook itself; reports set their own."""
    if text and not is_batch():
        text = plain(text)
        display({"text/html": CAPTION.format(html.escape(text)), "text/plain": text}, raw=True)


# ---- text ----------------------------------------------------------------------------------------


def text(key: str, /, **values: Any) -> None:
    """Show the text `key` of `report/text/`, `<file>.<macro>`, made from `values`."""
    sentences([finding(key, **values)])


def sentences(items: Iterable[Finding], *, bullets: bool = False) -> None:
    """Show findings, as one paragraph or as a list."""
    items = list(items)
    for lang in _asked:
        said = [f"- {item.say(lang)}" if bullets else item.say(lang) for item in items]
        gap = "\n" if bullets else " " * KNOWN_LANGUAGES[lang].spaced
        if words := gap.join(said):
            about = {"kind": "text", "lang": lang}
            emit({"text/markdown": words, "text/plain": words}, about)


# ---- figures -------------------------------------------------------------------------------------


def figure(
    name: str,
    draw: Callable[[str], Figure | Axes],
    *,
    words: str | None = None,
    run: Run | None = None,
    **values: Any,
) -> None:
    """Draw a figure once per language and show it; write the homework's file beside the run.

    Its caption and alternative text are `figures.<words or name>.caption` and `.alt`, made from
    `values`. In batch a chart is SVG beside PNG, and its metadata has `"svg": True`.

    Args:
        name: the homework's name of the figure, e.g. "fig1_2".
        draw: takes the language, returns the figure (or axes on it).
        words: the name of its texts where that is not the figure's own.
        run: its folder takes `figures/<name>.jpg`, with English labels; None writes no file, nor
            does a run that is read-only.
        values: what its texts take.
    """
    shown = {lang: _render(draw, lang) for lang in _asked}
    for lang, (data, drawn) in shown.items():
        about = {"kind": "figure", "lang": lang, "name": name} | drawn
        about |= figure_texts(words or name, lang, values)
        screen = {"width": round(SCREEN_PX * about["width"] / 100), "alt": about["alt"]}
        emit(data | {"text/plain": about["alt"]}, about, **{"image/png": screen})
    if run is not None and run.is_writable:
        data, _ = shown.get(FILE_LANGUAGE) or _render(draw, FILE_LANGUAGE)
        with replacing(run.figures / f"{name}.jpg") as temporary:
            decode(data["image/png"]).convert("RGB").save(temporary, "JPEG", **JPEG)


def figure_texts(name: str, lang: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return a figure's alternative text and its caption, `figures.<name>`, with their values."""
    parts = {"alt": word, "caption": caption}
    return {part: say(f"figures.{name}.{part}", lang, **values) for part, say in parts.items()}


def _render(draw: Callable[[str], Figure | Axes], lang: str) -> tuple[dict, dict[str, Any]]:
    """Draw a figure in a language, and close it; return its images and what is to say of it."""
    drawn = draw(lang)
    fig = drawn if isinstance(drawn, Figure) else drawn.figure
    buffer = BytesIO()
    try:
        with plots.rc_context():
            fig.savefig(buffer, format="png")
        width = min(100, round(100 * fig.get_figwidth() / plots.COLUMN_IN))
        data, about = {"image/png": buffer.getvalue()}, {"labels": plots.labels(fig)}
        # JupyterLab would show the SVG, which follows the system's dark mode and not its own
        if is_batch() and plots.is_chart(fig):
            data["image/svg+xml"], about["svg"] = plots.to_svg(fig), True
        return data, about | {"width": width}
    finally:
        plt.close(fig)


# ---- tables, runs --------------------------------------------------------------------------------


def table(name: str, frames: Mapping[str, pd.DataFrame], **values: Any) -> None:
    """Show a table, one per language; its caption is `tables.<name>.caption`, with its values."""
    for lang in _asked:
        markdown = to_markdown(frames[lang])
        data = {"text/html": to_html(frames[lang]), "text/markdown": markdown}
        said = caption(f"tables.{name}.caption", lang, **values)
        about = {"kind": "table", "lang": lang, "name": name, "caption": said}
        emit(data | {"text/plain": markdown}, about)


def source(used: Run | Path) -> None:
    """Tell the runner, and a reader, of a run, or of a `.json` file such as verdicts."""
    path = used if isinstance(used, Path) else used.path
    data = {RUN_MIME: {"run": str(path.resolve())}, "text/plain": f"{path.name}  ({path})"}
    display(data, raw=True, metadata={})


# ---- progress ------------------------------------------------------------------------------------


@contextmanager
def progress() -> Iterator[None]:
    """Show the newest line that is told on the way, and the bars after it; in batch all, as ever.

    The lines go to standard error, which a notebook paints red though nothing is wrong.
    """
    if is_batch() or get_ipython() is None:
        yield
        return
    place, stream = widgets.Output(), sys.stdout

    def write(text: str) -> int:
        if text.strip():  # it takes the place of what was shown before it, bars included
            clear_output(wait=True)  # when the line is there, so that nothing jumps
        return stream.write(text)

    newest = SimpleNamespace(write=write, flush=stream.flush)
    display(place)
    place.__enter__()
    try:
        with redirect_stdout(newest), redirect_stderr(newest):
            yield
    finally:  # told of an error, the place would show its traceback and let the cell go on
        place.__exit__(None, None, None)
