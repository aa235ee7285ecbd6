"""Verdicts on claims as a reader meets them: words, figures, tables, notebook, page."""

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import report_notebook
from bs4 import BeautifulSoup
from claims_verdicts import CLAIMS, NOT_APPLICABLE, SEEDS, decided, part, verdicts
from nbformat.v4 import new_code_cell, new_notebook
from pypdf import PdfReader
from sentences import assert_each_in_its_language, assert_same_numbers, assert_tidy
from test_plots import render

from hwlib import cli, plots, report, show
from hwlib.discuss import Sentence, claim_counts, claim_method, claim_opposed, claims_words
from hwlib.discuss.claims import (
    VERDICTS,
    claim_found,
    claim_margins,
    claim_title,
    claim_words,
    place,
    signed,
)
from hwlib.plots.claims import MARKS, wrapped
from hwlib.report import runner
from hwlib.report.facts import read_facts
from hwlib.run import RUN_MIME

matplotlib.use("Agg")

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "06_claims.ipynb"
LANGS = ("zh", "en")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def texts(outputs, lang="en"):
    """Return all words that were displayed in one language."""
    mine = [(d, m["hwlib"]) for d, m in outputs if m.get("hwlib", {}).get("lang") == lang]
    return "\n\n".join(d["text/markdown"] for d, about in mine if about["kind"] == "text")


# --------------------------------------------------------------------------------------- words


def every_sentence():
    """Return what is said of every kind of verdict, of both kinds of data, of too few seeds."""
    all_of_them = verdicts()
    found = [claim_counts(all_of_them), *claim_opposed(all_of_them, CLAIMS)]
    found += [s for id, one in all_of_them["claims"].items() for s in claim_found(CLAIMS[id], one)]
    found += claim_method(all_of_them) + claim_method(verdicts(spec="/some/where/celeba"))
    found += claim_method(verdicts(profile="smoke"))
    found += claim_margins(verdicts()["claims"]["C1"])
    found += claim_opposed(verdicts(C7=decided(part())), CLAIMS)
    for direction in ("greater", "less", "equal"):
        for verdict in ("supported", "contradicted", "undecided"):
            found += claim_found(CLAIMS["C1"], decided(part(verdict, direction, unit="nats")))
    return found


def test_every_sentence_is_sound_in_both_languages():
    sentences = every_sentence()
    assert_same_numbers(sentences)
    assert_each_in_its_language(sentences)
    assert_tidy(sentences)


@pytest.mark.parametrize("verdict", ["supported", "contradicted", "undecided"])
@pytest.mark.parametrize("direction", ["greater", "less", "equal"])
def test_a_measures_sentence_gives_arms_effect_interval_margin_and_verdict(verdict, direction):
    one = part(verdict, direction, unit="%", value_unit="nats", margin=40.0, spread=9.0, base=700.0)
    said = claim_found(CLAIMS["C1"], decided(one))[0].en
    for arm in one["arms"].values():
        assert f"{np.mean(arm['values']):.0f} nats ({arm['text']['en']})" in said
    numbers = [signed(one[name]) for name in ("effect", "low", "high")]
    assert f"effect {numbers[0]} [{numbers[1]}, {numbers[2]}] %, margin 40 %" in said
    assert said.endswith(f"hence {verdict}.")


def test_where_the_interval_lies_is_told_from_the_numbers():
    def lies(direction, effect, **more):
        one = part("undecided", direction, effect=effect, margin=1.0, spread=0.1, **more)
        said = claim_found(CLAIMS["C1"], decided(one))[0].en.split("margin 1: ")[1]
        return re.split(", hence|, yet", said)[0]

    assert (
        lies("greater", 5.0)
        == lies("less", -5.0)
        == "the whole interval lies beyond it, as claimed"
    )
    other_way = "the whole interval lies beyond it the other way"
    assert lies("greater", -5.0) == lies("less", 5.0) == other_way
    assert lies("greater", 0.2) == lies("less", -0.2) == "the whole interval falls short of it"
    assert lies("greater", 1.0) == lies("less", -1.0) == "the interval lies across it"
    assert lies("equal", 0.1) == "the whole interval lies within it"
    assert lies("equal", -3.0) == lies("equal", 3.0) == "the whole interval lies beyond it"
    assert lies("equal", 1.0) == "the interval lies across it"


def test_a_claim_of_several_measures_says_which_one_decides():
    one, other = part(), part("contradicted", "less")
    other["name"] = {"zh": "樣本的 KID", "en": "KID of samples"}
    last = claim_found(CLAIMS["C1"], decided(one, other))[-1]
    assert last.en == "So **C1 is contradicted**; what decides is: KID of samples."
    assert last.zh == "所以 **C1 不成立**，決定的是這一項：「樣本的 KID」。"
    last = claim_found(CLAIMS["C1"], decided(one, one))[-1]
    assert last.en == "Both measures hold, so **C1 is supported**."
    assert claim_found(CLAIMS["C1"], decided(one))[-1].en == "So **C1 is supported**."


def test_a_claim_that_the_data_cannot_try_gives_its_reason_and_no_number():
    (said,) = claim_found(CLAIMS["C22"], NOT_APPLICABLE)
    assert said.en == "**C22 is not applicable**: the data has no attributes."
    assert said.zh == "**C22 不適用**：資料沒有屬性標記。"


def one_pair(first, second):
    """Return what is said of C1 and C1' with these verdicts."""
    made = [NOT_APPLICABLE if v == "not_applicable" else decided(part(v)) for v in (first, second)]
    (said,) = claim_opposed(verdicts(**dict(zip(("C1", "C1'"), made, strict=True))), CLAIMS)
    return said


def test_of_two_opposed_claims_the_supported_one_is_named_with_its_reports_and_the_data():
    said = one_pair("supported", "contradicted")
    assert said.en == (
        "C1 and C1' contradict each other. On the drawn faces the measurement bears out C1 (reports"
        " A, B, D); C1' (report C) is contradicted."
    )
    assert "支持 C1（報告 A、B、D），而 C1'（報告 C）的判定是不成立" in said.zh
    assert (
        "bears out C1' (report C); C1 (reports A, B, D) is undecided"
        in one_pair("undecided", "supported").en
    )


@pytest.mark.parametrize("first", ["contradicted", "undecided", "not_applicable"])
@pytest.mark.parametrize("second", ["contradicted", "undecided", "not_applicable"])
def test_no_report_is_borne_out_where_neither_claim_is_supported(first, second):
    said = one_pair(first, second)
    assert "neither is borne out" in said.en
    assert f"C1 (reports A, B, D) is {VERDICTS[first].en}" in said.en
    assert said.en.endswith(f"C1' (report C) {VERDICTS[second].en}.")
    assert "都沒有得到支持" in said.zh


def test_two_opposed_claims_that_are_both_supported_are_not_called_a_contradiction_of_data():
    assert "they speak of different things" in one_pair("supported", "supported").en


@pytest.mark.parametrize(
    ("verdict", "right"),
    [("supported", "out report E."), ("contradicted", "out report C."), ("undecided", "neither")],
)
def test_c18_is_held_against_report_c_which_has_no_claim_of_its_own(verdict, right):
    (said,) = claim_opposed(verdicts(C18=decided(part(verdict))), CLAIMS)
    assert f"bears {right}" in said.en or f"bears out {right}" in said.en
    assert "報告 C 反對" in said.zh


def test_a_pair_is_told_once_and_only_where_both_were_tried():
    assert len(claim_opposed(verdicts(), CLAIMS)) == 3
    (said,) = claim_opposed(verdicts(C1=decided(part())), CLAIMS)
    assert "none contradicts another" in said.en


def test_a_trial_is_said_to_decide_nothing():
    assert "verdicts mean nothing" in claim_method(verdicts(profile="smoke"))[1].en
    (said,) = claim_method(verdicts())
    assert "on the drawn faces, profile quick, with the seeds 0, 1, 2" in said.en


def test_one_arm_whose_values_are_the_effects_is_told_once():
    said = claim_found(CLAIMS["C7"], decided(part(arms=1)))[0].en
    assert said.startswith(f"{'M' + part()['name']['en'][1:]}: effect +0.006 [")


def test_an_interval_that_would_decide_but_for_runs_too_short_says_so():
    one = part("undecided", effect=0.1)
    assert claim_found(CLAIMS["C1"], decided(one))[0].en.endswith(
        "as claimed, yet runs this short bear out nothing: undecided."
    )


def test_each_margin_is_told_once_with_its_reason():
    one, other = part(), part(margin=0.3)
    said = [s.en for s in claim_margins(decided(one, one, other))]
    assert said == ["Margin 0.002: Less cannot be seen.", "Margin 0.3: Less cannot be seen."]


def test_the_counts_are_those_of_the_verdicts():
    assert claim_counts(verdicts()).en == (
        "Of 8 claims: 2 supported, 3 contradicted, 2 undecided, 1 not applicable."
    )


def test_no_sentence_shows_where_the_data_lies():
    assert place({"spec": "/some/where/celeba"}).en == "the data set celeba"
    assert place({"spec": "faces:200"}) == place({"spec": "faces"})


def test_a_difference_has_its_sign_and_a_true_minus():
    assert [signed(x) for x in (0.0123, -1234.6, 0.0, -0.0)] == ["+0.0123", "−1,235", "0", "0"]


# ------------------------------------------------------------------------------------- figures


def test_a_claims_figure_has_a_point_for_each_seed_of_each_arm():
    one = part()
    left, _ = plots.claim_values([one]).axes
    dots = [line for line in left.get_lines() if line.get_marker() == "o"]
    for line, arm in zip(dots, one["arms"].values(), strict=True):
        assert np.array_equal(line.get_xdata(), arm["values"])
    assert left.get_yticklabels()[0].get_text() == "KL ×1"


def test_the_effect_stands_with_its_interval_over_the_band_of_its_direction():
    for direction, band in (("greater", (2.0, None)), ("less", (None, -2.0)), ("equal", (-2, 2))):
        one = part("supported", direction, margin=2.0, spread=0.4)
        _, right = plots.claim_values([one]).axes
        interval = next(ln for ln in right.get_lines() if ln.get_linewidth() == 2.2)
        assert list(interval.get_xdata()) == [one["low"], one["high"]]
        low, high = right.get_xlim()
        wanted = (low if band[0] is None else band[0], high if band[1] is None else band[1])
        box = right.patches[0].get_extents().transformed(right.transData.inverted())
        assert (box.x0, box.x1) == pytest.approx(wanted)
        assert low < min(one["low"], 0, *one["effects"])
        assert high > max(one["high"], 0, *one["effects"])


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("verdict", MARKS)
def test_a_verdict_is_told_by_word_and_shape_and_not_by_colour_alone(verdict, lang):
    _, right = plots.claim_values([part(verdict)], lang).axes
    assert right.get_title(loc="right") == getattr(VERDICTS[verdict], lang)
    shapes = {mark["marker"] for mark in MARKS.values()}
    assert len(shapes) == len(MARKS)
    assert any(line.get_marker() == MARKS[verdict]["marker"] for line in right.get_lines())


def test_values_of_very_different_size_stand_on_a_log_axis_that_says_so():
    left, _ = plots.claim_values([part(effect=3.0, value_unit="nats")], "en").axes
    assert left.get_xscale() == "log"
    assert left.get_xlabel() == "nats, log scale"
    assert plots.claim_values([part()], "en").axes[0].get_xscale() == "linear"


def test_an_arm_whose_values_are_the_effects_has_one_panel_over_the_whole_width():
    two, alone = part(), part(arms=1, effect=0.7, margin=0.6, spread=0.1)
    left, _, wide = plots.claim_values([two, alone]).axes
    assert wide.get_title(loc="left") == alone["name"]["en"]
    dots = [line for line in wide.get_lines() if line.get_marker() == "o"]
    assert any(np.array_equal(line.get_xdata(), alone["effects"]) for line in dots)
    assert left.get_title(loc="left").replace("\n", " ") == two["name"]["en"]


def test_the_overview_puts_what_was_claimed_to_the_right_in_units_of_the_margin():
    one = {"C1": decided(part("supported", "less", effect=-6.0, margin=2.0))}
    (ax,) = plots.claims_overview(one).axes
    middle = next(ln for ln in ax.get_lines() if ln.get_marker() == "o")
    assert list(middle.get_xdata()) == [pytest.approx(3.0, abs=1e-6)]


def test_the_overview_keeps_claims_of_no_difference_apart_and_leaves_out_what_has_no_measure():
    differ, equal = plots.claims_overview(verdicts()["claims"]).axes
    names = [[t.get_text() for t in ax.get_yticklabels()] for ax in (differ, equal)]
    assert names == [["C1", "C1'", "C3", "C3'", "C7", "C18"], ["C15"]]
    with pytest.raises(ValueError, match="no claim has a measure"):
        plots.claims_overview({"C22": NOT_APPLICABLE})


def test_of_several_measures_the_overview_shows_the_one_that_decides():
    strong, weak = part(effect=0.02), part(effect=0.01)
    failed = part("contradicted", effect=-0.004)
    for parts, wanted in (((strong, weak), 5.0), ((strong, failed, weak), -2.0)):
        (ax,) = plots.claims_overview({"C1": decided(*parts)}).axes
        marks = [ln.get_xdata()[0] for ln in ax.get_lines() if ln.get_marker() in ("o", "s")]
        assert marks == [pytest.approx(wanted)]


def all_figures(lang):
    made = verdicts()["claims"]
    figures = [plots.claim_values(one["parts"], lang) for one in made.values() if "parts" in one]
    return [*figures, plots.claims_overview(made, lang)]


@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_fits_the_column_with_every_glyph(lang):
    for fig in all_figures(lang):
        assert render(fig).std() > 1  # a missing glyph is a warning, and warnings are errors
        assert fig.get_figwidth() <= plots.COLUMN_IN
        with plots.style():
            box = fig.get_tightbbox()
        assert box.x0 > -0.03
        assert box.y0 > -0.03
        assert box.x1 < fig.get_figwidth() + 0.03
        assert box.y1 < fig.get_figheight() + 0.03


def test_long_names_are_broken_between_words_and_never_before_a_stop():
    assert wrapped("pixels in [0, 1] of it", 12) == "pixels in\n[0, 1] of it"
    assert wrapped("重建誤差，像素", 8) == "重建誤差，\n像素"
    assert max(map(len, wrapped("KL ×100 with all else equal", 12).splitlines())) <= 12


# -------------------------------------------------------------------------------------- tables


def test_the_table_of_verdicts_has_a_row_a_claim_in_the_claims_order():
    shuffled = dict(reversed(verdicts()["claims"].items()))
    tables = show.claims_tables(verdicts(**shuffled), CLAIMS)
    for lang in LANGS:
        assert list(tables[lang].iloc[:, 0]) == list(CLAIMS)
    row = tables["en"].iloc[0]
    assert row["report"] == "A, B, D"
    assert row["verdict"] == "supported"
    assert row["effect [interval]"] == "−120 [−142, −97.5] nats"  # nearer to its margin
    assert tables["zh"].iloc[-1]["判定"] == "不適用"
    assert tables["zh"].iloc[-1].iloc[-1] == "–"


def test_the_short_table_is_markdown_for_the_readme():
    markdown = show.claims_markdown(verdicts(), CLAIMS)
    lines = markdown["en"].splitlines()
    assert lines[0] == "| id | claim | report | verdict |"
    assert lines[2].startswith("| C1 | A larger KL weight")
    assert lines[2].endswith("| A, B, D | supported |")
    assert len(lines) == len(markdown["zh"].splitlines()) == 2 + len(CLAIMS)


def test_the_table_of_runs_names_each_set_once_with_all_claims_that_use_it():
    frame = show.claims_runs(verdicts())["en"]
    assert frame["run folders"][0] == ", ".join(f"vae-elbo-0{s}abcdef" for s in SEEDS)
    assert frame["run folders"].is_unique
    assert frame["claims that use them"][0] == "C1, C1', C3, C3', C7, C15, C18"


def test_a_claim_is_shown_with_heading_statement_protocol_figure_and_finding(outputs):
    show.claims(("C1", "C22"), verdicts(), CLAIMS)
    for lang in LANGS:
        said = texts(outputs, lang)
        assert f"### {getattr(claim_title(CLAIMS['C1'], verdicts()['claims']['C1']), lang)}" in said
        assert f"**{getattr(CLAIMS['C1'].statement, lang)}**" in said
        assert getattr(CLAIMS["C1"].protocol, lang) in said
    figures = [about["hwlib"] for _, about in outputs if about["hwlib"]["kind"] == "figure"]
    assert [(f["name"], f["lang"]) for f in figures] == [("claim_c1", "zh"), ("claim_c1", "en")]
    assert "C1 is supported" in texts(outputs)
    assert "C22 is not applicable" in texts(outputs)


def test_claims_that_were_not_asked_for_are_passed_over_and_an_empty_section_says_so(outputs):
    made = verdicts(C7=decided(part()))
    show.claims(("C7", "C8"), made, CLAIMS, languages=["en"])
    assert "C8" not in texts(outputs)
    assert texts(outputs).endswith("The other claims of this section were not asked for this time.")
    outputs.clear()
    show.claims(("C7",), made, CLAIMS)
    assert "not asked for" not in texts(outputs)
    outputs.clear()
    show.claims(("C8", "C9"), made, CLAIMS)
    assert texts(outputs) == "None of these (C8, C9) was asked for this time."


def test_the_words_of_figures_have_the_same_numbers_in_both_languages():
    made = verdicts()
    words = [claim_words(CLAIMS[id], one) for id, one in made["claims"].items() if "parts" in one]
    for kinds in (*words, *claims_words(made).values()):
        for kind in kinds.values():
            assert set(kind) == set(LANGS)
            numbers = [sorted(re.findall(r"\d[\d,.]*\d|\d", kind[lang])) for lang in LANGS]
            assert numbers[0] == numbers[1]
    assert isinstance(claim_title(CLAIMS["C1"], made["claims"]["C1"]), Sentence)


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

    def claims_path(runs, fingerprint, profile):
        path = Path(runs) / f"claims-{fingerprint[:8]}-{profile}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(made))
        return path

    module = ModuleType("hwlib.claims")
    vars(module).update(CLAIMS=CLAIMS, decide=decide, claims_path=claims_path)
    monkeypatch.setitem(sys.modules, "hwlib.claims", module)
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
        said = texts(outputs, lang)
        for id, one in made["claims"].items():
            assert getattr(claim_title(CLAIMS[id], one), lang) in said
            assert getattr(claim_found(CLAIMS[id], one)[-1], lang) in said
        for sentence in claim_opposed(made, CLAIMS):
            assert getattr(sentence, lang) in said
    (run,) = [d for d, _ in outputs if RUN_MIME in d]
    assert Path(run[RUN_MIME]["run"]) == tmp_path / "claims-01234567-quick.json"


def test_the_notebook_stands_where_no_claim_can_be_tried(monkeypatch, tmp_path, outputs):
    run_notebook(monkeypatch, tmp_path, verdicts(C22=NOT_APPLICABLE))
    assert not any(m.get("hwlib", {}).get("kind") == "figure" for _, m in outputs)
    assert "C22 is not applicable" in texts(outputs)


def test_only_the_languages_asked_for_are_shown(monkeypatch, tmp_path, outputs):
    run_notebook(monkeypatch, tmp_path, verdicts(), languages=["en"])
    assert {m["hwlib"]["lang"] for _, m in outputs if "hwlib" in m} == {"en"}


def test_the_notebook_has_a_place_for_every_claim_once():
    from hwlib.claims import CLAIMS as ALL

    groups = [c.source for c in code_cells() if c.source.startswith("claims((")]
    shown = [id for source in groups for id in re.findall(r"\"(C\d+'?)\"", source)]
    assert sorted(shown) == sorted(ALL)


def test_every_real_claim_can_be_shown(outputs):
    from hwlib.claims import CLAIMS as ALL
    from hwlib.claims.deciding import judge_values

    for claim in ALL.values():
        parts = []
        for one in claim.parts:
            values = one.margin * (2 + 0.1 * np.arange(3.0 * len(one.arms))).reshape(-1, 3)
            arms = {
                label: {"text": claim.arms[label].text._asdict(), "values": own.tolist(),
                        "runs": ["vae-elbo-0"] * 3}
                for label, own in zip(one.arms, values, strict=True)
            }  # fmt: skip
            parts.append(judge_values(one, values) | {"arms": arms})
        found = [*claim_found(claim, decided(*parts)), *claim_margins(decided(*parts))]
        assert_same_numbers(found)
        assert_each_in_its_language(found)
        assert_tidy([s for s in found if "upsample" not in s.zh])
        for lang in LANGS:
            fig = plots.claim_values(parts, lang)
            with plots.style():
                fig.canvas.draw()  # a missing glyph is a warning, and warnings are errors
            assert fig.get_figheight() < 9.5  # inches: it fits a page
            plt.close(fig)


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
        folder = runs / f"vae-elbo-0{seed}abcdef"
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
        "num_supported": 2,
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


def test_the_report_has_the_verdicts_beside_a_model_and_ranks_the_model_alone(claims_job):
    job, runs = claims_job
    folder = runs.parent
    report_notebook.write(folder / "notebooks")
    vae = report.make_job("vae", "dcgan", notebooks=folder / "notebooks")
    made = report.make_report([job, vae], out=folder / "out", runs=runs)
    assert made.ok
    assert [result.name for result in made.jobs] == ["vae-dcgan", "claims-all"]
    for code, caption in (("zh", "報告的結論與判定"), ("en", "The reports' claims")):
        index = BeautifulSoup((made.out / code / "index.html").read_text(), "html.parser")
        tables = [t for t in index.select("figure.table") if caption in t.figcaption.get_text()]
        cells = [cell.get_text(strip=True) for cell in tables[0].select("tbody tr")[0]("td")]
        assert cells[-4:] == ["2", "3", "2", "1"]
        side = BeautifulSoup((made.out / code / "compare.html").read_text(), "html.parser")
        assert "C1–C22" not in side.get_text()
        assert caption in side.get_text()
    trust = BeautifulSoup((made.out / "en" / "claims-all.html").read_text(), "html.parser")
    assert "claims-01234567-quick.json" in trust.find("section", class_="trust").get_text()
    assert len(PdfReader(made.out / "en" / "report.pdf").pages) > 2


def test_verdicts_that_changed_make_the_page_anew(claims_job):
    job, runs = claims_job
    given = {**job.parameters, "runs": str(runs)}
    job = report.Job(job.problem, job.recipe, job.notebook, given)
    folder = runs.parent / "executed"
    assert runner.run_notebook(job, name="claims-all", folder=folder).is_new
    assert not runner.run_notebook(job, name="claims-all", folder=folder).is_new
    (runs / "claims-01234567-quick.json").write_text(json.dumps(verdicts(C22=NOT_APPLICABLE)))
    assert runner.run_notebook(job, name="claims-all", folder=folder).is_new


def test_a_page_without_its_file_of_verdicts_is_a_failed_one(claims_job):
    job, runs = claims_job
    (runs / "claims-01234567-quick.json").unlink()
    made = report.make_report([job], out=runs.parent / "out", runs=runs)
    assert not made.ok
    assert "claims-01234567-quick.json" in made.failed[0].reason


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


def call(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["hwlib", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code or 0


def test_claims_come_only_where_they_are_named(monkeypatch, asked):
    data = ("--data", "faces:96", "--profile", "smoke")
    assert call(monkeypatch, "report", *data) == 0
    assert "claims" not in {job.problem for job in asked}
    asked.clear()
    assert call(monkeypatch, "report", "claims", "vae", *data, "--seed", "4") == 0
    assert [job.problem for job in asked] == ["claims", "vae"]
    assert asked[0].parameters["seeds"] == [4, 5, 6]
    assert asked[0].parameters["ids"] == []
    asked.clear()
    assert call(monkeypatch, "report", "claims", *data, "--claim", "C5", "--claim", "C1'") == 0
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
def test_a_mistake_with_claims_is_one_line_before_anything_is_trained(
    monkeypatch, capfd, asked, words, message
):
    assert call(monkeypatch, "report", *words) == 2
    out, err = capfd.readouterr()
    assert message in err.splitlines()[-1]
    assert out == ""
    assert asked == []


def test_the_job_of_claims_knows_every_parameter_of_the_notebook():
    asked = {"data": "faces:96", "profile": "smoke", "seeds": [0], "skip_bad": False}
    job = report.make_job("claims", "all", cli.claims_parameters(["C1"], **asked))
    assert runner.check_parameters(job)["languages"] == ["zh", "en"]
