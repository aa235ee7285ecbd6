"""Verdicts on claims as a reader meets them: words, figures, tables, notebook, page."""

import json
import re
from functools import partial
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
import report_notebook
from bs4 import BeautifulSoup
from claims_verdicts import NOT_APPLICABLE, SEEDS, decided, part, unsound, verdicts
from figure_checks import assert_fits
from nbformat.v4 import new_code_cell, new_notebook
from pypdf import PdfReader

from hwlib import plots, report, show
from hwlib.claims import CLAIMS, catalogue
from hwlib.claims.statistics import deciding_part
from hwlib.findings import claims as findings
from hwlib.parallel import ChildStopped
from hwlib.plots.claims import MARKS
from hwlib.report import runner
from hwlib.report.plan import plan
from hwlib.report.runs import read_facts
from hwlib.run import RUN_MIME
from hwlib.text import LANGUAGES, sentence, word

matplotlib.use("Agg")

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "06_claims.ipynb"
LANGS = tuple(LANGUAGES)


def texts(outputs, lang="en"):
    """Return all words that were displayed in one language."""
    mine = [(d, m["hwlib"]) for d, m in outputs if m.get("hwlib", {}).get("lang") == lang]
    return "\n\n".join(d["text/markdown"] for d, about in mine if about["kind"] == "text")


def title(id, one, lang):
    """Return a claim's heading."""
    return sentence("claims.title", lang, claim=CLAIMS[id], decided=one)


def only(*parts):
    """Return a claim of these measures alone."""
    verdict = parts[0]["verdict"] if len(parts) == 1 else None
    return {"verdict": verdict or "undecided", "parts": list(parts)}


# --------------------------------------------------------------------------------------- words


def test_a_measure_gives_every_arms_mean_and_real_images_where_they_stand_beside():
    one = part("C14")
    (found, *_) = findings.found("C14", decided("C14", "supported"))
    assert found.values == {"id": "C14", "part": one, "has_arms": True}
    assert "KL ×1 (for comparison)" in found.say("en")
    assert "real images at half resolution 7" in found.say("en")


def test_runs_that_decide_nothing_are_said_to_and_which_arm_lacks_what():
    one = only(unsound(part("C5", 0, "supported")))
    found = findings.found("C5", one)[0]
    assert {"VAE", "GAN"} <= set(re.findall(r"(VAE|GAN): ", found.say("en")))
    assert found.values["part"]["verdict"] == "undecided"
    trial = part("C5") | {"verdict": "undecided", "reason": {"name": "trial"}}
    assert "runs this short" in findings.found("C5", only(trial))[0].say("en")


@pytest.mark.parametrize("first", ["supported", "contradicted", "undecided", "not_applicable"])
@pytest.mark.parametrize("second", ["supported", "contradicted"])
def test_two_opposed_claims_stand_side_by_side_with_their_reports_and_the_data(first, second):
    own = NOT_APPLICABLE if first == "not_applicable" else decided("C1", first)
    made = {"C1": own, "C1'": decided("C1'", second), "C18": decided("C18", "supported", second)}
    pair, denied = findings.opposed(verdicts(**made))
    assert [claim.id for claim in pair.values["claims"]] == ["C1", "C1'"]
    assert pair.values["verdicts"] == [first, second]
    assert (pair.values["is_drawn"], pair.values["name"]) == (True, "faces")
    # report C has no claim of its own against C18; it is about the last measure
    assert (denied.values["claim"].denied, denied.values["verdict"]) == ("C", second)
    assert denied.values["is_denied"] == (second == "contradicted")
    (found,) = findings.opposed(verdicts(C1=own, spec="/some/where/celeba"))
    assert found.key == "claims.none_opposed"  # where only one was tried


def test_an_effect_has_its_sign_a_true_minus_and_its_unit():
    one = part("C1", 0)
    assert sentence("claims.effect", "en", part=one) == "−30 [−31, −29] %"
    assert sentence("claims.margin", "en", part=one) == "−10 %"
    assert sentence("claims.margin", "en", part=part("C20")) == "± 10 %"
    assert sentence("claims.effect", "en", part=part("C7")).startswith("240 [")  # no change
    assert sentence("claims.margin", "en", part=part("C13", 1)) == "20 ×"


# ----------------------------------------------------------------------- what is known elsewhere


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Verdicts that come with the project; C5 is undecided because its runs are unsound."""
    made = verdicts()
    made["claims"]["C5"] = only(unsound(part("C5"))) | {"rule": decided("C5", "supported")["rule"]}
    path = tmp_path / "claims-01234567-quick.json"
    path.write_text(json.dumps(made))
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path)
    monkeypatch.setattr(findings, "default_runs_dir", lambda: tmp_path / "runs")
    return made


def test_known_verdicts_are_given_together_and_what_is_not_known_is_left_out(shipped):
    (found,) = findings.over_seeds(["C2", "C7", "C5"], "0123456789abcdef")
    known = [("C7", "supported"), ("C5", "undecided")]
    assert found.values == {"known": known, "seeds": 3, "is_short": False}
    assert findings.summary("01234567").values["total"] == len(shipped["claims"])
    assert findings.over_seeds(["C2"], "01234567") == []
    assert findings.over_seeds(["C7"], "89abcdef") == []
    assert findings.summary("89abcdef") is None
    assert findings.reports_table("89abcdef")["en"].shape[1] == 2


@pytest.mark.parametrize("lang", LANGS)
def test_tables_have_the_known_verdicts_and_the_measure_that_decides(shipped, lang):
    supported = word("claims.verdicts.supported", lang)
    table = findings.all_known("0123456789abcdef")[lang]
    assert list(table.iloc[:, 0]) == [id for id in CLAIMS if id in shipped["claims"]]
    rows = table.set_index(table.columns[0])
    name = deciding_part(shipped["claims"]["C14"])["name"]
    assert list(rows.loc["C14"])[:2] == [supported, word(f"claims.C14.parts.{name}", lang)]
    assert rows.loc["C22"].iloc[0] == word("claims.verdicts.not_applicable", lang)
    table = findings.reports_table("0123456789abcdef")[lang]
    verdict = dict(zip(table.iloc[:, 0], table.iloc[:, 2], strict=True))
    not_tested = word("claims.not_tested", lang)
    assert [verdict[id] for id in ("C14", "C2", "A")] == [supported, not_tested, ""]


def test_the_table_of_reports_has_every_claim_once_and_every_report():
    for table in findings.reports_table().values():
        ids = list(table.iloc[:, 0])
        assert sorted(ids) == sorted([*CLAIMS, *"ABCDE"])
        for id, claim in CLAIMS.items():  # below the first report that says so
            assert max(set(ids[: ids.index(id)]) & set("ABCDE")) == claim.letters[0]


# ------------------------------------------------------------------------------------- figures


def test_a_claims_figure_has_a_point_for_each_seed_of_each_arm():
    one = part("C14")
    left, _ = plots.claim_values("C14", [one]).axes
    dots = [line for line in left.get_lines() if line.get_marker() == "o"]
    rows = [arm["values"] for arm in one["arms"].values()] + [one["beside"]["values"]]
    for line, values in zip(dots, rows, strict=True):
        assert np.array_equal(line.get_xdata(), values)
    names = [label.get_text().replace("\n", " ") for label in left.get_yticklabels()]
    assert names == ["KL ×100", "KL ×1", "real images at half resolution"]
    colours = [line.get_color() for line in dots]
    assert colours[0] == colours[2] != colours[1]  # ×1 is for comparison only


def test_the_effect_stands_with_its_interval_over_the_band_of_its_direction():
    for id, band in (("C6", (5.0, None)), ("C19", (None, -5.0)), ("C20", (-10, 10))):
        one = part(id)
        _, right = plots.claim_values(id, [one]).axes
        (interval,) = right.containers[0].lines[2][0].get_segments()
        assert list(interval[:, 0]) == pytest.approx([one["low"], one["high"]])
        low, high = right.get_xlim()
        wanted = (low if band[0] is None else band[0], high if band[1] is None else band[1])
        box = right.patches[0].get_extents().transformed(right.transData.inverted())
        assert (box.x0, box.x1) == pytest.approx(wanted)
        assert low < min(one["low"], 0, *one["effects"])
        assert high > max(one["high"], 0, *one["effects"])


@pytest.mark.parametrize(("verdict", "lang"), [*zip(MARKS, [*LANGS, LANGS[0]], strict=True)])
def test_a_verdict_is_told_by_word_and_shape_and_not_by_colour_alone(verdict, lang):
    _, right = plots.claim_values("C1", [part("C1", 0, verdict)], lang).axes
    assert right.get_title(loc="right") == word(f"claims.verdicts.{verdict}", lang)
    shapes = {mark["marker"] for mark in MARKS.values()}
    assert len(shapes) == len(MARKS)
    assert any(line.get_marker() == MARKS[verdict]["marker"] for line in right.get_lines())


def test_values_of_very_different_size_stand_on_a_log_axis_that_says_so():
    one = part("C10")
    assert plots.claim_values("C10", [one]).axes[0].get_xscale() == "linear"
    one["arms"]["half"]["values"] = [1.0, 1.0, 1.0]
    left, _ = plots.claim_values("C10", [one]).axes
    assert left.get_xscale() == "log"
    assert left.get_xlabel() == "%, log scale"


def test_an_arm_whose_values_are_the_effects_has_one_panel_over_the_whole_width():
    alone, beside = part("C18", 0), part("C18", 1)
    wide, _ = plots.claim_values("C18", [alone, beside]).axes
    assert wide.get_title(loc="left") == word("claims.C18.parts.probe", "en")
    dots = [line for line in wide.get_lines() if line.get_marker() == "o"]
    assert any(np.array_equal(line.get_xdata(), alone["effects"]) for line in dots)


def test_the_overview_keeps_claims_of_no_difference_apart_and_leaves_out_what_has_no_measure():
    made = verdicts()
    made["claims"]["C19"] = decided("C19", "supported", margins=3.0)  # a distance that is less
    rows = findings.overview_rows(made)
    differ, equal = plots.claims_overview(rows).axes
    names = [[t.get_text() for t in ax.get_yticklabels()] for ax in (differ, equal)]
    is_equal = {row[0]: row[2] for row in rows}
    assert names == [[id for id in is_equal if is_equal[id] == one] for one in (False, True)]
    assert "C15" in names[1]
    assert "C22" not in is_equal
    marks = [ln.get_xdata()[0] for ln in differ.get_lines() if ln.get_marker() == "o"]
    assert marks[-1] == pytest.approx(3.0)  # what was claimed is to the right, in margins
    with pytest.raises(ValueError, match="no claim has a measure"):
        plots.claims_overview(findings.overview_rows(verdicts(C22=NOT_APPLICABLE)))


def test_of_several_measures_the_overview_shows_the_one_that_decides():
    strong, weak = part("C1", 0, margins=5.0), part("C1", 1, margins=3.0)
    failed = part("C1", 1, "contradicted", margins=-2.0)
    for other, verdict, wanted in ((weak, "supported", 3.0), (failed, "contradicted", -2.0)):
        made = verdicts(C1={"verdict": verdict, "parts": [strong, other]})
        assert findings.overview_rows(made)[0][4] == pytest.approx(wanted)


# C1' and C3' are drawn as C1 and C3 are
@pytest.mark.parametrize("id", ["", *(id for id in CLAIMS if not id.endswith("'"))])
def test_every_figure_fits_the_column_with_every_glyph(id):
    lang = LANGS[len(id) % len(LANGS)]  # of some claims in one language, of the others in another
    if id:
        fig = plots.claim_values(id, decided(id, "supported")["parts"], lang)
    else:
        fig = plots.claims_overview(findings.overview_rows(verdicts()), lang)
    assert fig.get_figheight() < 9.5  # inches
    assert_fits(fig)


# -------------------------------------------------------------------------------------- tables


def test_the_table_of_verdicts_has_a_row_a_claim_in_the_claims_order():
    shuffled = dict(reversed(verdicts()["claims"].items()))
    tables = show.claims_tables(verdicts(**shuffled))
    for lang in LANGS:
        assert list(tables[lang].iloc[:, 0]) == list(verdicts()["claims"])
    row = list(tables["en"].iloc[0])
    assert row[2:] == ["A, B, D", "supported", "−30 [−31, −29] %", "−10 %"]
    assert list(tables["zh"].iloc[-1])[3:] == ["不適用", "–", "–"]


def test_the_table_of_runs_names_each_set_once_with_all_claims_that_use_it():
    made = verdicts(C13=decided("C13", "supported"), C4=decided("C4", "supported"))
    frame = show.claims_runs(made)["en"]
    assert frame.iloc[:, 0].is_unique
    used = dict(frame.itertuples(index=False, name=None))
    assert used[", ".join(f"vae-elbo-one{seed}" for seed in SEEDS)] == "C13, C4"
    assert used[", ".join(f"vae-elbo-zero{seed}" for seed in SEEDS)] == "C13"


def test_a_claim_is_shown_with_heading_statement_protocol_figure_and_finding(outputs):
    show.claims(("C1", "C22"), verdicts())
    for lang in LANGS:
        words = texts(outputs, lang)
        heading = title("C1", verdicts()["claims"]["C1"], lang)
        assert words.startswith(f"### {heading}\n\n**{word('claims.C1.statement', lang)}**\n\n")
        assert word("claims.C1.protocol", lang) in words
        (figure,) = [
            about["hwlib"]
            for _, about in outputs
            if about["hwlib"]["kind"] == "figure" and about["hwlib"]["lang"] == lang
        ]
        assert figure["name"] == "claim_c1"
        assert word("claims.C1.statement", lang) in figure["caption"]
        assert figure["alt"]
    assert "C1 is supported" in texts(outputs)
    assert "C22 is not applicable" in texts(outputs)


def test_claims_that_were_not_asked_for_are_passed_over_and_an_empty_section_says_so(outputs):
    made = verdicts(C7=NOT_APPLICABLE)
    for asked, end in (
        (("C7", "C8"), "were not asked for."),
        (("C8", "C9"), "None of these claims (C8 and C9) was asked for."),
    ):
        outputs.clear()
        show.claims(asked, made)
        assert texts(outputs).endswith(end)
    outputs.clear()
    show.claims(("C7",), made)
    assert "not asked for" not in texts(outputs)


# ------------------------------------------------------------------------------------ notebook


def code_cells():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def run_notebook(monkeypatch, folder, made, **parameters):
    """Run the notebook's cells here, on made-up verdicts in place of hours of training."""
    asked = {}

    def decide(ids, **more):
        asked.update(more, ids=ids)
        return made

    monkeypatch.setattr("hwlib.claims.decide", decide)
    space = {}
    for cell in code_cells():
        exec(compile(cell.source, cell.id, "exec"), space)
        if "parameters" in cell.metadata.get("tags", ()):
            space |= {"runs": str(folder), **parameters}
    return asked


def test_the_notebook_shows_every_claim_each_table_and_which_report_is_right(
    monkeypatch, tmp_path, outputs
):
    made = verdicts()
    made["claims"] = {id: made["claims"][id] for id in ("C1", "C1'", "C22")}
    asked = run_notebook(monkeypatch, tmp_path, made, seeds=[3, 4, 5], ids=["C1"])
    assert asked == {
        "ids": ["C1"],
        "data": "faces",
        "profile": "quick",
        "seeds": [3, 4, 5],
        "runs": str(tmp_path),
        "skip_bad": False,
    }
    abouts = [m["hwlib"] for _, m in outputs if "hwlib" in m]
    for lang in LANGS:
        names = [a["name"] for a in abouts if a["lang"] == lang and "name" in a]
        claimed = [f"claim_{id.lower().replace(chr(39), '_prime')}" for id in made["claims"]]
        assert set(names) == {"verdicts", "claims", "runs", *claimed[:-1]}
        words = texts(outputs, lang)
        for id, one in made["claims"].items():
            assert title(id, one, lang) in words
            assert findings.found(id, one)[-1].say(lang) in words
        for found in findings.opposed(made):
            assert found.say(lang) in words
    (run,) = [d for d, _ in outputs if RUN_MIME in d]
    assert Path(run[RUN_MIME]["run"]) == tmp_path / "claims-01234567-quick.json"


def test_the_notebook_has_a_place_for_every_claim_once():
    groups = [c.source for c in code_cells() if c.source.startswith("claims((")]
    shown = [id for source in groups for id in re.findall(r"\"(C\d+'?)\"", source)]
    assert sorted(shown) == sorted(CLAIMS)


# ---------------------------------------------------------------------------------- the report

SHOWS_VERDICTS = """
from pathlib import Path
from IPython.display import display
path = Path(runs) / "claims-01234567-quick.json"
display({"application/vnd.hwlib.run+json": {"run": str(path)}}, raw=True)
"""


@pytest.fixture
def claims_job(tmp_path):
    """A job of the page of claims, with a notebook of one cell and a file of verdicts."""
    cells = [
        new_code_cell('ids = []\nruns = ""\ndata = ""', metadata={"tags": ["parameters"]}),
        new_code_cell(SHOWS_VERDICTS.strip()),
    ]
    made = new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    (tmp_path / "notebooks").mkdir()
    nbformat.write(made, tmp_path / "notebooks" / "06_claims.ipynb")
    runs = tmp_path / "runs"
    for number, seed in enumerate((0, 1)):
        folder = runs / f"vae-elbo-small{seed}"
        folder.mkdir(parents=True)
        record = {"settings": {"seed": seed}, "num_threads": 2, "identity": {"code": str(number)}}
        (folder / "config.json").write_text(json.dumps(record))
    (runs / "claims-01234567-quick.json").write_text(json.dumps(verdicts()))
    return report.make_job("claims", "all", {"ids": []}, notebooks=tmp_path / "notebooks"), runs


def test_the_page_of_claims_counts_verdicts_and_says_what_its_runs_have_in_common(claims_job):
    job, runs = claims_job
    assert "recipe" not in job.parameters
    facts = read_facts(job, runs / "claims-01234567-quick.json", job.parameters)
    assert facts.results == {
        "num_supported": 3,
        "num_contradicted": 3,
        "num_undecided": 2,
        "num_not_applicable": 1,
    }
    assert facts.problem == "claims"
    assert facts.setting("seed") == "0, 1, 2"
    assert facts.record["num_threads"] == 2
    assert "identity" not in facts.record  # the two runs differ in it
    only = {**job.parameters, "ids": ["C1", "C22"]}
    facts = read_facts(job, runs / "claims-01234567-quick.json", only)
    assert facts.results["num_supported"] == facts.results["num_not_applicable"] == 1
    assert facts.results["num_contradicted"] == 0


def no_kernel(*_):
    raise ChildStopped


def test_the_report_has_a_page_of_claims_beside_a_model_and_says_which_file_it_is_from(claims_job):
    job, runs = claims_job
    folder, path = runs.parent, runs / "claims-01234567-quick.json"
    report_notebook.write_notebook(folder / "notebooks")
    vae = report.make_job("vae", "dcgan", notebooks=folder / "notebooks")
    made = report.make_report([job, vae], out=folder / "out", runs=runs, languages=("zh",))
    assert made.ok
    assert [result.name for result in made.jobs] == ["vae-dcgan", "claims-all"]
    index = BeautifulSoup((made.out / "zh/index.html").read_text(), "html.parser")
    links = {link["href"].partition("#")[0] for link in index.select("a[href]")}
    assert {"vae-dcgan.html", "claims-all.html"} <= links
    assert not (made.out / "zh/compare.html").exists()  # claims are no second model
    assert any(path.name in page.read_text() for page in (made.out / "zh").glob("*.html"))
    assert len(PdfReader(made.out / "zh/report.pdf").pages) > 2

    given = {**job.parameters, "runs": str(runs)}
    job = report.Job(job.problem, job.recipe, job.notebook, given)
    again = partial(runner.run_notebook, job, name="claims-all", folder=folder / "out/notebooks")
    assert not again(run=no_kernel, on_line=print).is_new
    path.write_text(json.dumps(verdicts(C22=NOT_APPLICABLE)))  # another verdict: another page
    with pytest.raises(ChildStopped):
        again(run=no_kernel, on_line=print)


# --------------------------------------------------------------------------------- command line


@pytest.fixture
def asked(monkeypatch):
    """Collect the jobs that the command line asks a report for."""
    found = []

    def make_report(jobs, **_):
        found.extend(jobs)
        return report.ReportResult(Path(), (), ())

    monkeypatch.setattr(report, "make_report", make_report)
    return found


def test_claims_come_only_where_they_are_named(call, asked):
    data = ("--data", "faces:96", "--profile", "smoke")
    assert call("report", *data)[0] == 0
    assert "claims" not in {job.problem for job in asked}
    asked.clear()
    assert call("report", "claims", "vae", *data, "--seed", "4")[0] == 0
    assert [job.problem for job in asked] == ["claims", "vae"]
    assert asked[0].parameters["seeds"] == [4, 5, 6]
    assert asked[0].parameters["ids"] == []
    asked.clear()
    assert call("report", "claims", *data, "--claim", "C5", "--claim", "C1'")[0] == 0
    assert [job.parameters["ids"] for job in asked] == [["C1'", "C5"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["claims", "--claim", "C99"], "unknown claim 'C99'"),
        (["vae", "--claim", "C1"], "--claim goes with claims"),
        (["C5"], "C5 is a claim: hwlib report claims --claim C5"),
        (["claims", "--set", "width=1"], "claims have their own recipes and settings"),
        (["claims", "--recipe", "wide"], "claims have their own recipes and settings"),
        (["claims", "--data", "no/such/folder"], "no/such/folder"),
        (["claims", "--profile", "fast"], "setting profile = 'fast'"),
    ],
)
def test_a_mistake_with_claims_is_one_line_before_anything_is_trained(call, asked, words, message):
    code, out, err = call("report", *words)
    assert (code, out, asked) == (2, "", [])
    assert message in err.splitlines()[-1]


def test_the_job_of_claims_knows_every_parameter_of_the_notebook():
    ((job, *_),) = plan(["claims"], claims=["C1"], data=["faces:96"], profile="smoke")
    assert runner.check_parameters(job)["languages"] == ["zh", "en"]
