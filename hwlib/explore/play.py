"""One place to play with any finished run: its panel, and what moves in it exported as a file."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import ipywidgets as widgets

from hwlib.errors import UserError
from hwlib.explore.animations import NUM_FRAMES, NUM_IN_STRIP, SUFFIXES, export
from hwlib.explore.base import Animation, Panel, error_line, panel_language, row, words
from hwlib.images import data_address
from hwlib.registry import PROBLEMS, resolve
from hwlib.run import Run, default_runs_dir

FOLDER = "play"  # of the run folder: what was exported
LINK_STYLE = "color:var(--jp-content-link-color);text-decoration:underline"  # widgets show none

LARGEST_FIRST = ("course", "quick", "preview", "smoke")


def finished_runs(folder: str | Path | None = None) -> list[Run]:
    """Return the finished runs of a folder, or else of the default one, the newest first.

    Raises:
        UserError: there is none; the line says how to make one.
    """
    folder = Path(folder) if folder else default_runs_dir()
    found, unreadable = [], []
    for results in folder.glob("*/results.json"):
        try:
            found.append((-results.stat().st_mtime, results.parent.name, Run(results.parent)))
        except UserError:  # settings of another version of this package
            unreadable.append(results.parent.name)
    if unreadable:
        print(f"left out, of another version of hwlib: {', '.join(sorted(unreadable))}")
    if not found:
        raise UserError("no_finished_run", folder=folder)
    return [run for *_, run in sorted(found, key=lambda entry: entry[:2])]


def in_order(runs: Sequence[Run]) -> list[Run]:
    """Return runs as a choice has them: by problem, those worth looking at before the others.

    A KL study's VAEs come after those that were asked for, and within each kind larger profiles
    before smaller ones.
    """
    studies = [run.results.get("studies", ()) for run in runs]
    members = {row["run"] for rows in studies for row in rows}
    problems = list(PROBLEMS)

    def place(run: Run) -> tuple[int, bool, int]:
        problem, profile = run.config.problem, run.config.profile
        is_member = run.path.name in members
        return problems.index(problem), is_member, LARGEST_FIRST.index(profile)

    return sorted(runs, key=place)


def run_labels(runs: Sequence[Run], lang: str = "en") -> list[str]:
    """Name runs by problem, recipe, data, profile and seed, and by what else differs."""
    settings = [run.config.to_json() for run in runs]
    plain = [_plain_label(run, lang) for run in runs]
    labels = []
    for run, own, label in zip(runs, settings, plain, strict=True):
        alike = [s for s, other in zip(settings, plain, strict=True) if other == label]
        more = [f"{name}={own[name]}" for name in own if any(s[name] != own[name] for s in alike)]
        labels.append(" · ".join([label, *more, run.path.name.rpartition("-")[2]]))
    return labels


def _plain_label(run: Run, lang: str) -> str:
    """Return the first part of a run's label; of the data's path the last folder."""
    own = run.config
    problem, seed = words(f"problems.{own.problem}", lang), words("seed", lang, seed=own.seed)
    return " · ".join([problem, own.recipe, Path(own.data).name, own.profile, seed])


def open_panels(run: Run, lang: str) -> dict[str, Panel]:
    """Return the panels of a run by the name of their tab.

    Raises:
        UserError: a file of it is missing, or its recipe was edited since.
    """
    named = PROBLEMS[run.config.problem].panels
    try:
        panels = {tab: resolve(make)(run, lang) for tab, make in named.items()}
    except OSError as error:  # a folder that was copied in part
        about = {"run": run.path.name, "file": error.filename or error}
        raise UserError("run_unreadable", **about) from error
    except RuntimeError as error:  # weights of another shape: a recipe's file was edited
        if "loading state_dict" not in str(error):
            raise
        raise UserError("run_other_networks", run=run.path.name) from error
    return {name: panel for name, panel in panels.items() if panel is not None}


class Playground(Panel):
    """A choice of runs, the panel of the one that is chosen, and a row to export what moves in it.

    Attributes:
        choice: the runs.
        panel: the panel that is shown: of a VAE one of two; None where the run cannot be opened.
        animation, suffix: which of the panel's animations; kind of file, such as ".gif".
        export: the button that writes it.
    """

    def __init__(self, runs: Sequence[Run], *, chosen: str = "", lang: str | None = None):
        """Build the panel over finished runs; it begins with the run folder `chosen`, or the first.

        Raises:
            UserError: there is no run `chosen`.
        """
        super().__init__(panel_language(lang))
        names = [run.path.name for run in runs]
        if chosen and chosen not in names:
            raise UserError("no_such_run", name=chosen, known=names)
        first, ordered = runs[names.index(chosen) if chosen else 0], in_order(runs)
        labels = run_labels(ordered, self.lang)
        options = list(zip(labels, ordered, strict=True))
        self.choice = self.dropdown("run", "min(720px, 100%)", options)
        self.choice.value = first
        kinds = [(self.words(f"as_{suffix[1:]}"), suffix) for suffix in SUFFIXES]
        self.animation = self.dropdown("moves", "300px")
        self.suffix = self.dropdown("keep_as", "230px", kinds)
        self.export = self.button("keep", "download", self._on_export)
        self._row = row(self.animation, self.suffix, self.export)
        self.panel: Panel | None = None
        self.on_change(self._on_choice, self.choice)
        self._on_choice()

    @property
    def run(self) -> Run:
        """The run that is chosen."""
        return self.choice.value

    @property
    def moving(self) -> Animation:
        """What is chosen of what moves, from the state that the panel is in.

        Raises:
            UserError: the run cannot be opened, so there is no panel.
        """
        if self.panel is None:
            raise UserError("run_not_open", run=self.run.path.name)
        return self.panel.animations()[self.animation.index]

    def save(self, suffix: str | None = None) -> Path:
        """Write the chosen animation into the run's folder `play`, and return its path.

        Without a suffix it is the kind of file that is chosen; see `export`.

        Raises:
            UserError: an unknown suffix, or a folder that may not be written to.
        """
        suffix = suffix or self.suffix.value
        animation, folder = self.moving, self.run.path / FOLDER
        frames = animation.frames(NUM_IN_STRIP if suffix == ".png" else NUM_FRAMES)
        try:
            return export(frames, folder, animation.name, suffix)
        except OSError as error:
            raise UserError("folder_unwritable", folder=folder, why=error.strerror) from None

    def _on_choice(self) -> None:
        """Open the run that is chosen, a VAE's panels on tabs, or say why it cannot be opened."""
        self.status.value, self.panel = "", None
        try:
            panels = open_panels(self.run, self.lang)
        except UserError as error:
            self.status.value = error_line(error, self.lang)
            self.children = [self.choice, self.status]
            return
        shown, *_ = panels.values()
        self._set_panel(shown)
        if len(panels) > 1:
            tabs, titles = list(panels.values()), [self.words(name) for name in panels]
            shown = widgets.Tab(tabs, titles=titles)
            shown.observe(lambda change: self._set_panel(tabs[change.new]), "selected_index")
        self.children = [self.choice, shown, self._row, self.status]

    def _set_panel(self, panel: Panel) -> None:
        """Offer the animations of the panel that is shown."""
        self.panel = panel
        self.animation.options = [animation.label for animation in panel.animations()]
        self.animation.index = 0

    def _on_export(self) -> None:
        """Write the file; show it, with a link that downloads it."""
        label = self.moving.label
        try:
            path = self.save()
        except UserError as error:
            self.status.value = error_line(error, self.lang)
            return
        alt = html.escape(self.words("export_alt", label=label))
        kind = "video" if path.suffix == ".mp4" else "image"
        source = data_address(path.read_bytes(), f"{kind}/{path.suffix[1:]}")
        shown = (
            f'<video controls loop autoplay muted aria-label="{alt}" src="{source}"></video>'
            if kind == "video"
            else f'<img alt="{alt}" src="{source}" style="max-width:100%">'
        )
        link = f'<a download="{path.name}" href="{source}" style="{LINK_STYLE}">{path.name}</a>'
        line = self.words("kept", link=link, path=html.escape(str(path)))
        self.status.value = f'<p role="status">{line}</p>{shown}'
