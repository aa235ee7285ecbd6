"""One place to play with any finished run: its panel, and what moves in it kept as a file."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from hwlib.data import load_data
from hwlib.errors import UserError
from hwlib.explore.direction import direction_panel
from hwlib.explore.films import FILM_PICTURES, STRIP_PICTURES, SUFFIXES, Film, films_of, keep_film
from hwlib.explore.gan import attribute_panel, code_panel, generator_panel
from hwlib.explore.kl import kl_panel
from hwlib.explore.parts import button, problem_line, row
from hwlib.explore.vae import vae_panel
from hwlib.explore.words import PROBLEMS, panel_language, words
from hwlib.images import data_address
from hwlib.run import Run, default_runs_dir

if TYPE_CHECKING:
    from hwlib.data import Data

FOLDER = "play"  # of the run folder: what was kept
LINK_STYLE = "color:var(--jp-content-link-color);text-decoration:underline"  # widgets show none

LARGEST_FIRST = ("course", "quick", "preview", "smoke")

PANELS = {
    "gan": generator_panel,
    "acgan": attribute_panel,
    "infogan": code_panel,
    "kl": kl_panel,
}


def finished_runs(folder: str | Path | None = None) -> list[Run]:
    """Return the finished runs of a folder, the newest first.

    Args:
        folder: of the run folders; `hwlib.run.default_runs_dir()` where it is empty.

    Raises:
        UserError: there is none; the line says how to make one.
    """
    folder = Path(folder) if folder else default_runs_dir()
    found, strange = [], []
    for results in folder.glob("*/results.json"):
        try:
            found.append((-results.stat().st_mtime, results.parent.name, Run(results.parent)))
        except UserError:  # settings of another version of this package
            strange.append(results.parent.name)
    if strange:
        print(f"left out, of another version of hwlib: {', '.join(sorted(strange))}")
    if not found:
        raise UserError("no_finished_run", folder=folder)
    return [run for _, _, run in sorted(found, key=lambda entry: entry[:2])]


def in_order(runs: Sequence[Run]) -> list[Run]:
    """Return runs as a choice has them: by problem, those worth looking at before the others.

    A KL study's VAEs come after those that were asked for, and within each kind larger profiles
    before smaller ones.
    """
    studies = [run.results["studies"] for run in runs if run.config.problem == "kl"]
    members = {row["run"] for rows in studies for row in rows}

    def place(run: Run) -> tuple[int, bool, int]:
        config = run.config
        is_member = run.path.name in members
        return PROBLEMS.index(config.problem), is_member, LARGEST_FIRST.index(config.profile)

    return sorted(runs, key=place)


def run_labels(runs: Sequence[Run], lang: str = "en") -> list[str]:
    """Tell runs apart by problem, recipe, data, profile and seed, and what else differs."""
    settings = [run.config.to_json() for run in runs]
    plain = [_plain_label(run, lang) for run in runs]
    labels = []
    for run, own, label in zip(runs, settings, plain, strict=True):
        alike = [s for s, other in zip(settings, plain, strict=True) if other == label]
        differing = [k for k, v in own.items() if any(s[k] != v for s in alike)]
        more = [f"{name}={own[name]}" for name in differing]
        labels.append(" · ".join([label, *more, run.path.name.rpartition("-")[2]]))
    return labels


def _plain_label(run: Run, lang: str) -> str:
    """Return the first part of a run's label; of the data's path the last folder."""
    config = run.config
    problem = words(f"problems.{config.problem}", lang)
    seed = words("seed", lang, seed=config.seed)
    return " · ".join([problem, config.recipe, Path(config.data).name, config.profile, seed])


def data_of(run: Run) -> Data:
    """Open the pictures that a run learnt from.

    Raises:
        UserError: they are not there any more, or not the same.
    """
    facts, config = run.record["data"], run.config
    skip_bad = bool(facts["num_left_out"])
    data = load_data(config.data, config.image_size, crop=config.crop, skip_bad=skip_bad)
    if data.fingerprint != facts["fingerprint"]:
        raise UserError("data_since_run", data=config.data, run=run.path.name)
    return data


class Playground(widgets.VBox):
    """A choice of runs, the panel of the one that is chosen, and a row to keep what moves in it.

    Attributes:
        choice: the runs.
        panel: the panel that is shown: of a VAE one of two; None where the run cannot be opened.
        film: which of the panel's films.
        suffix: kind of file: ".gif", ".mp4", ".webp" or ".png".
        keep: the button that writes it.
        told: where the file lies, or what went wrong.
    """

    def __init__(self, runs: Sequence[Run], *, chosen: str = "", lang: str | None = None):
        """Build the panel.

        Args:
            runs: finished ones, from `finished_runs`.
            chosen: name of the run folder to begin with; "" is the first of `runs`.
            lang: language of the words; the first that `show.setup` was asked for where it is None.

        Raises:
            UserError: there is no run `chosen`.
        """
        super().__init__()
        self.lang = lang = panel_language(lang)
        names = [run.path.name for run in runs]
        if chosen and chosen not in names:
            raise UserError("no_such_run", name=chosen, known=names)
        first = runs[names.index(chosen) if chosen else 0]
        ordered = in_order(runs)
        options = zip(run_labels(ordered, lang), ordered, strict=True)
        self.choice = widgets.Dropdown(
            options=list(options),
            value=first,
            description=words("run", self.lang),
            layout={"width": "min(720px, 100%)"},
        )
        self._build_row()
        self.panel: widgets.Widget | None = None
        self.choice.observe(self._on_choice, "value")
        self.keep.on_click(self._on_keep)
        self._on_choice(None)

    def _build_row(self) -> None:
        """Make the row that keeps a film."""
        lang = self.lang
        self.film = widgets.Dropdown(description=words("moves", lang), layout={"width": "300px"})
        self.suffix = widgets.Dropdown(
            options=[(words(f"as_{suffix[1:]}", lang), suffix) for suffix in SUFFIXES],
            description=words("keep_as", lang),
            layout={"width": "230px"},
        )
        self.keep = button(lang, "keep", "download")
        self.told = widgets.HTML()
        self._row = row(self.film, self.suffix, self.keep)

    @property
    def run(self) -> Run:
        """The run that is chosen."""
        return self.choice.value

    @property
    def moving(self) -> Film:
        """What is chosen of what moves, from the state that the panel is in.

        Raises:
            UserError: the run cannot be opened, so there is no panel.
        """
        if self.panel is None:
            raise UserError("run_not_open", run=self.run.path.name)
        return films_of(self.panel)[self.film.index]

    def save(self, suffix: str | None = None) -> Path:
        """Write the chosen film into the run's folder `play`, and return its path.

        A film of the same name that shows something else stays: the new one gets a number.

        Args:
            suffix: ".gif", ".mp4", ".webp" or ".png"; the one that is chosen where it is None.

        Raises:
            UserError: an unknown suffix, or a folder that may not be written to.
        """
        suffix = suffix or self.suffix.value
        film = self.moving
        folder = self.run.path / FOLDER
        frames = film.frames(STRIP_PICTURES if suffix == ".png" else FILM_PICTURES)
        try:
            return keep_film(frames, folder, film.name, suffix)
        except OSError as error:
            raise UserError("folder_unwritable", folder=folder, why=error.strerror) from None

    def _on_choice(self, _change: Any) -> None:
        """Open the run that is chosen, or say why it cannot be opened."""
        self.told.value, self.panel = "", None
        try:
            shown = self._open()
        except UserError as error:
            self.told.value = problem_line(error, self.lang)
            self.children = [self.choice, self.told]
            return
        self.children = [self.choice, shown, self._row, self.told]

    def _open(self) -> widgets.Widget:
        """Build the chosen run's panel, a VAE's two on tabs; return what is to be shown."""
        try:
            if self.run.config.problem != "vae":
                self._set_panel(PANELS[self.run.config.problem](self.run, self.lang))
                return self.panel
            data = data_of(self.run)
            panels = {
                "tab_walk": vae_panel(self.run, data, self.lang),
                "tab_direction": direction_panel(self.run, data, self.lang),
            }
        except OSError as error:  # a folder that was copied in part
            raise UserError(
                "run_unreadable", run=self.run.path.name, file=error.filename or error
            ) from error
        except RuntimeError as error:  # weights of another shape: a recipe's file was edited
            if "loading state_dict" not in str(error):
                raise
            raise UserError("run_other_networks", run=self.run.path.name) from error
        panels = {name: panel for name, panel in panels.items() if panel is not None}
        tabs = widgets.Tab(
            list(panels.values()), titles=[words(name, self.lang) for name in panels]
        )
        tabs.observe(lambda change: self._set_panel(tabs.children[change.new]), "selected_index")
        self._set_panel(tabs.children[0])
        return tabs

    def _set_panel(self, panel: widgets.Widget) -> None:
        """Offer the films of the panel that is shown."""
        self.panel = panel
        self.film.options = [film.label for film in films_of(panel)]
        self.film.index = 0

    def _on_keep(self, _button: Any) -> None:
        """Write the file; show it, with a link that downloads it."""
        label = self.moving.label
        try:
            path = self.save()
        except UserError as error:
            self.told.value = problem_line(error, self.lang)
            return
        alt = html.escape(words("film_alt", self.lang, label=label))
        kind = "video" if path.suffix == ".mp4" else "image"
        source = data_address(path.read_bytes(), f"{kind}/{path.suffix[1:]}")
        shown = (
            f'<video controls loop autoplay muted aria-label="{alt}" src="{source}"></video>'
            if path.suffix == ".mp4"
            else f'<img alt="{alt}" src="{source}" style="max-width:100%">'
        )
        link = f'<a download="{path.name}" href="{source}" style="{LINK_STYLE}">{path.name}</a>'
        told = words("kept", self.lang, link=link, path=html.escape(str(path)))
        self.told.value = f'<p role="status">{told}</p>{shown}'
