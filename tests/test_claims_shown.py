"""Verdicts on claims as a reader meets them: words, figures, tables, notebook, page."""

import json
import re
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
import report_notebook
from bs4 import BeautifulSoup
from claims_verdicts import NOT_APPLICABLE, SEEDS, decided, part, unsound, verdicts
from figure_checks import assert_fits
from pypdf import PdfReader

from hwlib import plots, report, show
from hwlib.claims import CLAIMS, catalogue
from hwlib.claims.catalogue import rule_of
from hwlib.claims.statistics import deciding_part
from hwlib.findings import claims as findings
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


def abouts(outputs, lang="en"):
    """Return what was displayed in one language: data, and what is known of it."""
    return [(d, m["hwlib"]) for d, m in outputs if m.get("hwlib", {}).get("lang") == lang]


def texts(outputs, lang="en"):
    """Return all words that were displayed in one language."""
    mine = abouts(outputs, lang)
    return "\n\n".join(d["text/markdown"] for d, about in mine if about["kind"] == "text")


def title(id, one, lang):
    """Return a claim's heading."""
    return sentence("claims.title", lang, claim=CLAIMS[id], decided=one)


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Verdicts that come with the project; C5 is undecided because its runs are unsound."""
    made = verdicts()
    one = {"verdict": "undecided", "parts": [unsound(part("C5"))], "rule": rule_of(CLAIMS["C5"])}
    made["claims"]["C5"] = one
    path = tmp_path / "claims-01234567-quick.json"
    path.write_text(json.dumps(made))
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path)
    monkeypatch.setenv("HWLIB_RUNS", str(tmp_path / "runs"))
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
    todays = word("claims.columns.todays", lang)
    assert todays not in table
    second = shipped | {"recipe": "modern", "claims": {"C14": shipped["claims"]["C22"]}}
    second["claims"]["C14"] |= {"rule": rule_of(CLAIMS["C14"])}
    (catalogue.SHIPPED / "claims-01234567-quick-modern.json").write_text(json.dumps(second))
    table = findings.all_known("0123456789abcdef")[lang].set_index(table.columns[0])
    cells = table.loc[["C14", "C22"], todays]
    assert list(cells) == [word("claims.verdicts.not_applicable", lang), findings.NONE]
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


def dots_of(axes):
    return [line for line in axes.get_lines() if line.get_marker() == "o"]


def test_a_claims_figure_has_a_point_for_each_seed_of_each_arm():
    one = part("C14")
    left, _ = plots.claim_values("C14", [one]).axes
    rows = [arm["values"] for arm in one["arms"].values()] + [one["beside"]["values"]]
    assert [list(line.get_xdata()) for line in dots_of(left)] == rows
    names = [label.get_text().replace("\n", " ") for label in left.get_yticklabels()]
    assert names == ["KL ×100", "KL ×1", "real images at half resolution"]
    colours = [line.get_color() for line in dots_of(left)]
    assert colours[0] == colours[2] != colours[1]  # ×1 is for comparison only


@pytest.mark.parametrize(
    ("id", "least", "most"), [("C6", 5, None), ("C19", None, -5), ("C20", -10, 10)]
)
def test_the_effect_stands_with_its_interval_over_the_band_of_its_direction(id, least, most):
    one = part(id)
    _, right = plots.claim_values(id, [one]).axes
    (interval,) = right.containers[0].lines[2][0].get_segments()
    assert list(interval[:, 0]) == pytest.approx([one["low"], one["high"]])
    low, high = right.get_xlim()
    box = right.patches[0].get_extents().transformed(right.transData.inverted())
    band = (low if least is None else least, high if most is None else most)
    assert (box.x0, box.x1) == pytest.approx(band)
    assert low < min(one["low"], 0, *one["effects"])
    assert high > max(one["high"], 0, *one["effects"])


@pytest.mark.parametrize(("verdict", "lang"), [*zip(MARKS, [*LANGS, LANGS[0]], strict=True)])
def test_a_verdict_is_told_by_word_and_shape_and_not_by_colour_alone(verdict, lang):
    _, right = plots.claim_values("C1", [part("C1", 0, verdict)], lang).axes
    assert right.get_title(loc="right") == word(f"claims.verdicts.{verdict}", lang)
    assert len({mark["marker"] for mark in MARKS.values()}) == len(MARKS)
    assert MARKS[verdict]["marker"] in {line.get_marker() for line in right.get_lines()}


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
    assert any(np.array_equal(line.get_xdata(), alone["effects"]) for line in dots_of(wide))


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
    # what was claimed is to the right, in margins
    assert dots_of(differ)[-1].get_xdata()[0] == pytest.approx(3.0)
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
        (figure,) = [about for _, about in abouts(outputs, lang) if about["kind"] == "figure"]
        assert figure["name"] == "claim_c1"
        assert word("claims.C1.statement", lang) in figure["caption"]
        assert figure["alt"]
    assert "C1 is supported" in texts(outputs)
    assert "C22 is not applicable" in texts(outputs)


def test_claims_that_were_not_asked_for_are_passed_over_and_said(outputs):
    for asked, end in (
        (("C7", "C8"), "were not asked for."),
        (("C8", "C9"), "None of these claims (C8 and C9) was asked for."),
        (("C7",), "C7 is not applicable"),
    ):
        show.claims(asked, verdicts(C7=NOT_APPLICABLE))
        assert end in texts(outputs).splitlines()[-1]


def code_cells():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def test_the_notebook_shows_every_claim_each_table_and_which_report_is_right(
    monkeypatch, tmp_path, outputs
):
    made, asked = verdicts(), {}
    made["claims"] = {id: made["claims"][id] for id in ("C1", "C1'", "C22")}

    def decide(ids, **more):
        asked.update(more, ids=ids)
        return made

    monkeypatch.setattr("hwlib.claims.decide", decide)
    given, space = {"runs": str(tmp_path), "seeds": [3, 4, 5], "ids": ["C1"]}, {}
    for cell in code_cells():  # here, on made-up verdicts in place of hours of training
        exec(compile(cell.source, cell.id, "exec"), space)
        if "parameters" in cell.metadata.get("tags", ()):
            space |= given
    assert asked == given | {"data": "faces", "profile": "quick", "skip_bad": False}
    for lang in LANGS:
        names = {about["name"] for _, about in abouts(outputs, lang) if "name" in about}
        assert names == {"verdicts", "claims", "runs", "claim_c1", "claim_c1_prime"}
        words = texts(outputs, lang)
        for id, one in made["claims"].items():
            assert title(id, one, lang) in words
            assert findings.found(id, one)[-1].say(lang) in words
        assert all(found.say(lang) in words for found in findings.opposed(made))
    (run,) = [d[RUN_MIME]["run"] for d, _ in outputs if RUN_MIME in d]
    assert Path(run) == tmp_path / "claims-01234567-quick.json"


def test_the_notebook_has_a_place_for_every_claim_once():
    groups = [c.source for c in code_cells() if c.source.startswith("claims((")]
    shown = [id for source in groups for id in re.findall(r"\"(C\d+'?)\"", source)]
    assert sorted(shown) == sorted(CLAIMS)


@pytest.fixture
def claims_job(tmp_path):
    """A job of the page of claims, and its file of verdicts on two runs."""
    runs = tmp_path / "runs"
    for seed in (0, 1):
        folder = runs / f"vae-elbo-small{seed}"
        folder.mkdir(parents=True)
        record = {"settings": {"seed": seed}, "num_threads": 2, "identity": {"code": str(seed)}}
        (folder / "config.json").write_text(json.dumps(record))
    path = runs / "claims-01234567-quick.json"
    path.write_text(json.dumps(verdicts()))
    return report.make_job("claims", "all", {"ids": [], "runs": str(runs)}), path


def test_the_page_of_claims_counts_verdicts_and_says_what_its_runs_have_in_common(claims_job):
    job, path = claims_job
    assert "recipe" not in job.parameters
    facts = read_facts(job, path, job.parameters)
    counts = {"supported": 3, "contradicted": 3, "undecided": 2, "not_applicable": 1}
    assert facts.results == {f"num_{name}": count for name, count in counts.items()}
    assert facts.problem == "claims"
    assert facts.setting("seed") == "0, 1, 2"
    assert facts.record["num_threads"] == 2
    assert "identity" not in facts.record  # the two runs differ in it
    found = read_facts(job, path, {**job.parameters, "ids": ["C1", "C22"]}).results
    assert (found["num_supported"], found["num_not_applicable"]) == (1, 1)
    assert found["num_contradicted"] == 0


def test_the_report_has_a_page_of_claims_beside_a_model_and_says_which_file_it_is_from(claims_job):
    job, path = claims_job
    folder, own = path.parents[1], {"runs": str(path.parent)}
    report_notebook.write_notebook(folder / "notebooks")
    vae = report.make_job("vae", "dcgan", own, notebooks=folder / "notebooks")
    run = report_notebook.write_run(path.parent, "vae", "dcgan", report_notebook.results_of("vae"))

    def execute(job, run):
        def kernel(_, task, on_line):
            nbformat.write(report_notebook.executed("vae", "dcgan"), task["output"])
            ended = json.dumps({"reason": {}, "trace": "", "runs": [str(run)]})
            Path(task["output"]).with_name(runner.ENDED).write_text(ended)

        places = {"name": f"{job.problem}-{job.recipe}", "folder": folder / "out" / "notebooks"}
        return runner.run_notebook(job, run=kernel, on_line=print, **places)

    assert execute(job, path).is_new
    assert execute(vae, run).is_new
    made = report.make_report([job, vae], out=folder / "out", languages=("zh",))
    assert made.ok
    assert [result.name for result in made.jobs] == ["vae-dcgan", "claims-all"]
    index = BeautifulSoup((made.out / "zh/index.html").read_text(), "html.parser")
    links = {link["href"].partition("#")[0] for link in index.select("a[href]")}
    assert {"vae-dcgan.html", "claims-all.html"} <= links
    assert not (made.out / "zh/compare.html").exists()  # claims are no second model
    assert any(path.name in page.read_text() for page in (made.out / "zh").glob("*.html"))
    assert len(PdfReader(made.out / "zh/report.pdf").pages) > 2

    assert not execute(job, path).is_new
    path.write_text(json.dumps(verdicts(C22=NOT_APPLICABLE)))  # another verdict: another page
    assert execute(job, path).is_new


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
    for words, wanted in (
        ((), []),
        (("claims", "vae", "--seed", "4"), [([], [4, 5, 6])]),
        (("claims", "--claim", "C5", "--claim", "C1'"), [(["C1'", "C5"], [0, 1, 2])]),
    ):
        asked.clear()
        assert call("report", *words, "--data", "faces:96", "--profile", "smoke")[0] == 0
        found = [job.parameters for job in asked if job.problem == "claims"]
        assert [(one["ids"], one["seeds"]) for one in found] == wanted


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
