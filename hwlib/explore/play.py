"""One place to play with any finished run: its panel, and what moves in it written as a file."""

import html
import re
from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import ipywidgets as widgets
import numpy as np

from hwlib import plots
from hwlib.errors import UserError, explain
from hwlib.explore.base import Panel, error_line, row, to_strip, words
from hwlib.images import data_address, encode, to_image
from hwlib.io import write_bytes
from hwlib.registry import PROBLEMS, resolve
from hwlib.run import Run, runs_folder

NUM_FRAMES = 41  # of a way there; the animation goes back over the same ones
NUM_IN_STRIP = 9
HEIGHT_PX = 192  # about how high an animation is
DURATION_MS = 4_000  # of the way there
SUFFIXES = (".gif", ".mp4", ".webp", ".png")  # GIF has 256 colours an image, the others all

FOLDER = "play"  # of the run folder: what was exported
LINK_STYLE = "color:var(--jp-content-link-color);text-decoration:underline"  # widgets show none
LARGEST_FIRST = ("course", "quick", "preview", "smoke")


def finished_runs(folder: str | Path | None = None) -> list[Run]:
    """Return the finished runs of a folder, or else of the default one, the newest first."""
    folder = runs_folder(folder)
    found, unreadable = [], []
    by_age = sorted((-path.stat().st_mtime, path.parent) for path in folder.glob("*/results.json"))
    for _, path in by_age:
        try:
            found.append(Run(path))
        except UserError:  # settings of another version of this package
            unreadable.append(path.name)
    if unreadable:
        print(f"left out, of another version of hwlib: {', '.join(unreadable)}")
    if not found:
        raise UserError("no_finished_run", folder=folder)
    return found


def in_order(runs: Sequence[Run]) -> list[Run]:
    """Return runs as a choice has them: by problem, those worth looking at before the others.

    A KL study's VAEs come after those that were asked for, and within each kind larger profiles
    before smaller ones.
    """
    members = {row["run"] for run in runs for row in run.results.get("studies", ())}

    def rank(run: Run) -> tuple[int, bool, int]:
        problem = [*PROBLEMS].index(run.config.problem)
        return problem, run.path.name in members, LARGEST_FIRST.index(run.config.profile)

    return sorted(runs, key=rank)


def run_labels(runs: Sequence[Run], lang: str = "en") -> list[str]:
    """Name runs by problem, recipe, data, profile and seed, and by what else differs."""
    settings, plain = [run.config.to_json() for run in runs], []
    for run in runs:
        own = run.config
        problem, seed = words(f"problems.{own.problem}", lang), words("seed", lang, seed=own.seed)
        names = (problem, own.recipe, Path(own.data).name, own.profile, seed)
        plain.append(" · ".join(names))
    labels = []
    for run, own, label in zip(runs, settings, plain, strict=True):
        alike = [s for s, other in zip(settings, plain, strict=True) if other == label]
        more = [f"{name}={own[name]}" for name in own if any(s[name] != own[name] for s in alike)]
        labels.append(" · ".join([label, *more, run.path.name.rpartition("-")[2]]))
    return labels


def open_panels(run: Run, lang: str) -> dict[str, Panel]:
    """Return the panels of a run by the name of their tab."""
    named, name = PROBLEMS[run.config.problem].panels, run.path.name
    try:
        panels = {tab: resolve(make)(run, lang) for tab, make in named.items()}
    except OSError as error:  # a folder that was copied in part
        raise UserError("run_unreadable", run=name, file=error.filename or error) from error
    except RuntimeError as error:  # weights of another shape: a recipe's file was edited
        if "loading state_dict" not in str(error):
            raise
        raise UserError("run_other_networks", run=name) from error
    return {tab: panel for tab, panel in panels.items() if panel is not None}


class Playground(Panel):
    """A choice of runs, the panel of the one that is chosen, and a row to export what moves in it.

    `panel` is None where the run cannot be opened.
    """

    def __init__(self, runs: Sequence[Run], *, chosen: str = "", lang: str | None = None):
        """Build the panel over finished runs, beginning with the folder `chosen` or the first."""
        super().__init__(lang)
        names = [run.path.name for run in runs]
        if chosen and chosen not in names:
            raise UserError("no_such_run", name=chosen, known=names)
        first, ordered = runs[names.index(chosen) if chosen else 0], in_order(runs)
        about = {"options": list(zip(run_labels(ordered, self.lang), ordered, strict=True))}
        about |= {"value": first, "layout": {"width": "min(720px, 100%)"}}
        self.choice = self.control(widgets.Dropdown, "run", **about)
        kinds = [(self.words(f"as_{suffix[1:]}"), suffix) for suffix in SUFFIXES]
        self.animation, self.suffix = (
            widgets.Dropdown(options=options, description=self.words(name), layout={"width": width})
            for name, width, options in (("moves", "300px", []), ("keep_as", "230px", kinds))
        )
        self.export = self.button("keep", "download", self._on_export)
        self.panel: Panel | None = None
        self.render()

    @property
    def run(self) -> Run:
        """The run that is chosen."""
        return self.choice.value

    def frames(self, num: int) -> np.ndarray:
        """Return images of the chosen animation from the state that the panel is in."""
        if self.panel is None:
            raise UserError("run_not_open", run=self.run.path.name)
        return self.panel.sweep(self.animation.value, num)

    def save(self, suffix: str | None = None) -> Path:
        """Write the chosen animation into the run's folder `play`, and return its path.

        Without a suffix it is the kind of file that is chosen; see `export`.
        """
        suffix, folder = suffix or self.suffix.value, self.run.path / FOLDER
        frames = self.frames(NUM_IN_STRIP if suffix == ".png" else NUM_FRAMES)
        return export(frames, folder, self.panel.stem(self.animation.value), suffix)

    def render(self) -> None:
        """Open the run that is chosen, a VAE's panels on tabs, or say why it cannot be opened."""
        self.status.value, self.panel = "", None
        try:
            panels = open_panels(self.run, self.lang)
        except UserError as error:
            self.status.value = error_line(error, self.lang)
            self.children = [self.choice, self.status]
            return
        shown, *others = panels.values()
        self._set_panel(shown)
        if others:
            tabs, titles = [shown, *others], [self.words(name) for name in panels]
            shown = widgets.Tab(tabs, titles=titles)
            shown.observe(lambda change: self._set_panel(tabs[change.new]), "selected_index")
        below = row(self.animation, self.suffix, self.export)
        self.children = [self.choice, shown, below, self.status]

    def _set_panel(self, panel: Panel) -> None:
        """Offer the animations of the panel that is shown."""
        self.panel = panel
        self.animation.options = [(panel.controls[n].description, n) for n in panel.stems]
        self.animation.index = 0

    def _on_export(self) -> None:
        """Write the file; show it, with a link that downloads it."""
        try:
            path = self.save()
        except (UserError, OSError) as error:
            self.status.value = error_line(explain(error), self.lang)
            return
        alt = html.escape(self.words("export_alt", label=self.animation.label))
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


# ---- files --------------------------------------------------------------------------------------


def animate(frames: np.ndarray, suffix: str) -> bytes:
    """Return frames, uint8 (T, H, W, C), as a file: an animation without end, or a strip.

    `.gif`, `.mp4` and `.webp` go there and back again, `.png` is the strip.
    """
    if suffix == ".png":
        return to_strip(frames)
    large = plots.enlarge(frames, max(1, round(HEIGHT_PX / frames.shape[1])))
    there_and_back = np.concatenate([large, large[-2:0:-1]])
    duration_ms = DURATION_MS // len(frames)
    if suffix != ".mp4":
        first, *rest = map(to_image, there_and_back)
        options = {"duration": duration_ms, "loop": 0, "quality": 90}  # GIF has no quality
        return encode(first, suffix[1:], save_all=True, append_images=rest, **options)
    import av

    # H.264 in the colour format that every player knows, whose sides are even
    height, width = (side // 2 * 2 for side in large.shape[1:3])
    content, shape = BytesIO(), (*there_and_back.shape[:3], 3)  # grey ones too
    with av.open(content, "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=Fraction(1_000, duration_ms))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "18"}
        for frame in np.broadcast_to(there_and_back, shape)[:, :height, :width]:
            pixels = np.ascontiguousarray(frame)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode())
    return content.getvalue()


def export(frames: np.ndarray, folder: Path, name: str, suffix: str) -> Path:
    """Write frames as `animate` does, beside other files of that name; return the file.

    What a file's name may not hold becomes "_", as an attribute's name is the data's own. From the
    second file on that shows something else, a number follows the name.

    Raises:
        UserError: another suffix than those of `animate`.
    """
    if suffix not in SUFFIXES:
        raise UserError("animation_suffix", name=name + suffix, known=list(SUFFIXES))
    name, content = re.sub(r"[^\w.-]", "_", name), animate(frames, suffix)
    path, number = folder / f"{name}{suffix}", 1
    while path.exists() and path.read_bytes() != content:
        number += 1
        path = folder / f"{name}-no{number}{suffix}"
    write_bytes(path, content)
    return path
