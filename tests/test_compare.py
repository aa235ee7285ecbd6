"""The comparison: recipes side by side, means over seeds, what the reports gave, pictures."""

import base64
import json
import re
from dataclasses import replace
from functools import cache
from io import BytesIO
from itertools import pairwise, product
from pathlib import Path
from statistics import fmean, stdev
from unittest.mock import Mock

import numpy as np
import pytest
import report_notebook
from bs4 import BeautifulSoup
from pypdf import PdfReader
from report_pages import assert_within, flat, opened_in

from hwlib import report
from hwlib.images import decode
from hwlib.objectives import reported_mses
from hwlib.registry import PAGES, PROBLEMS, metrics_of
from hwlib.report import compare, site, strips
from hwlib.report.book import About, Book, Page
from hwlib.report.cells import cell, format_metric
from hwlib.report.document import RenderError
from hwlib.report.html import COMPARE, render
from hwlib.report.language import read_notebook
from hwlib.report.pdf import render_pdf
from hwlib.report.runs import Facts, by_protocol, by_seed, measured, read_facts, rows_of
from hwlib.text import section

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("zh", "en")
SETS = {"faces": "73e4a6d3aaa86d0c", "hw4": "0f1e2d3c4b5a6978"}
SEEDS = (0, 1, 2)
# problem and recipe, on every data set and with every seed, but for the failed one
PAIRS = (("vae", "dcgan"), ("gan", "plain"), ("gan", "dcgan"), ("acgan", "dcgan"))
FAILED = "gan-dcgan-hw4-s2"
SPREAD = "{}: mean ± sample standard deviation over seeds"


def made_results(problem: str, recipe: str, data: str, seed: int) -> dict:
    """Return results whose distances hang on all that the run is, on data's own protocol."""
    worse = 1 + PAIRS.index((problem, recipe)) / 10 + seed / 100 + list(SETS).index(data)
    results = report_notebook.results_of(problem, worse, data=SETS[data])
    if problem == "vae":
        results |= {"test_mse_01": 0.005 * worse, "test_mse_11": 0.02 * worse}
    return results


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, tuple[report.Job, Path | None]]:
    """Return for each page its job and run: pairs, data sets and seeds; one of them failed."""
    folder = tmp_path_factory.mktemp("class")
    made: dict[str, tuple[report.Job, Path | None]] = {}
    for (problem, recipe), data, seed in product(PAIRS, SETS, SEEDS):
        name = f"{problem}-{recipe}-{data}-s{seed}"
        parameters = {"recipe": recipe, "data": data, "profile": "quick", "seed": seed}
        settings = {"data": data, "seed": seed, "z_dim": 100, "noise": "normal", "width": 0.5}
        results = made_results(problem, recipe, data, seed)
        run = report_notebook.write_run(folder, problem, recipe, results, **settings)
        made[name] = (
            report.Job(problem, recipe, folder, parameters),
            None if name == FAILED else run,
        )
    return made


@pytest.fixture(scope="module")
def pages(runs) -> dict[str, list[Page]]:
    """Return the pages of each language; those of one problem and recipe show the same."""
    made: dict[str, list[Page]] = {code: [] for code in LANGUAGES}
    read = cache(lambda *pair, code: read_notebook(report_notebook.executed(*pair), code))
    for code, (name, (job, run)) in product(LANGUAGES, runs.items()):
        known, why = read_facts(job, run, job.parameters), "the third batch is not finite"
        document = read(job.problem, job.recipe, code=code) if run else None
        made[code].append(Page(name, name, known, document, "" if run else why))
    return made


@pytest.fixture(scope="module")
def compared(pages) -> dict[str, BeautifulSoup]:
    """Return the comparison in each language."""
    texts = {c: render(Book(pages[c], c), COMPARE, languages=LANGUAGES) for c in LANGUAGES}
    return {code: BeautifulSoup(text, "html.parser") for code, text in texts.items()}


@pytest.fixture(scope="module")
def english(compared) -> BeautifulSoup:
    """The English comparison; a test below says that the Chinese one has the same numbers."""
    return compared["en"]


def table_rows(page: BeautifulSoup, caption: str, within: str = "main") -> list[dict[str, str]]:
    """Return a table's rows, each by its heads, of the one table with that caption."""
    found = [
        figure
        for figure in page.select_one(within).select("figure.table")
        if figure.figcaption.get_text(" ", strip=True).split(" ", 2)[2] == caption
    ]
    assert len(found) == 1, caption
    head, *rows = [
        [cell.get_text().replace("\u00a0", " ") for cell in row.select("th, td")]
        for row in found[0]("tr")
    ]
    return [dict(zip(head, row, strict=True)) for row in rows]


def part(anchor: str) -> str:
    return f'section[aria-labelledby="{anchor}"]'


# ---------------------------------------------------------------------- mean and spread


@pytest.mark.parametrize(
    ("name", "amounts", "text"),
    [
        ("frechet", (10.0, 12.0, 14.5), "12.2 ± 2.3"),  # over n - 1, to two digits
        ("recall", (0.5, 0.51, 0.52), "51.0 ± 1.0 %"),
        ("test_mse_01", (0.0048, 0.0049), "0.00485 ± 0.00007"),
        ("active_units", (40, 42), "41.0 ± 1.4"),
        ("neg_elbo_nats", (8000.0, 8400.0), "8,200 ± 283"),
        ("kid", (-0.0101, 0.0001), "−0.0050 ± 0.0072"),
        ("kid", (0.01, 0.03, None), "0.020 ± 0.014 (n = 2)"),
        ("kid", (None,), "–"),
        ("num_steps", (1200, 1200), "1,200"),
        ("frechet", (12.34,), "12.3"),
        ("code_variance_share", ([0.3, 0.1], [0.32, 0.1]), "31.0 ± 1.4 %, 10.0 %"),
        ("collapse", ([], [{"sign": "d_loss_zero", "step": 3}]), "1 of 2 runs"),
        ("attribute", ("Smiling", "Smiling"), "Smiling"),
        # three digits that count, no exponent, as the notebooks' tables have it
        *(("kid", (12.345,), "12.3"), ("kid", (0.012345,), "0.0123")),
        *(("kid", (4.1e-7,), "0.0000"), ("kid", (0.0,), "0.00")),
        *(("frechet", (1234.5,), "1,234"), ("precision", (1.0,), "100.0 %")),
        *(("recall_real", (0.0071,), "0.7 %"), ("code_information_nats", (-0.00846,), "−0.0085")),
        ("code_variance_share", ([0.31, 0.222],), "31.0 %, 22.2 %"),
    ],
)
def test_each_kind_of_number_has_its_form_and_its_mean(name, amounts, text):
    results = [{} if amount is None else {name: amount} for amount in amounts]
    assert cell(name, results, "en").replace("\u00a0", " ") == text


def entry(results=None, **settings) -> Facts:
    made = {"problem": "gan", "recipe": "dcgan", "data": "faces"} | settings
    job, run = report.Job(made["problem"], made["recipe"], ROOT, {}), json.dumps(settings)
    return Facts(job, {}, run, {"settings": made}, results or {"num_steps": 1}, page="page")


def test_only_runs_that_differ_by_seed_alone_are_taken_together():
    a, b = entry(seed=0), entry(seed=1)
    apart = [entry(seed=0, z_dim=50), entry(seed=0, data="hw4"), entry(seed=1, data="hw4")]
    failed = replace(a, is_failed=True)
    assert by_seed([a, *apart, b, failed, a]) == [[a, b], [apart[0]], apart[1:]]


def test_every_group_has_one_row_of_means_and_data_sets_are_never_averaged_over(english):
    rows = table_rows(english, SPREAD.format("Discriminator and checkpoints"), part("gan"))
    assert [tuple(row.values())[:3] for row in rows] == [
        *(("plain", "faces", "3 (0–2)"), ("dcgan", "faces", "3 (0–2)")),
        *(("plain", "hw4", "3 (0–2)"), ("dcgan", "hw4", "2 (0, 1)")),
    ]
    assert rows[0]["D accuracy (real)"] == "71.0 %"  # the same in all runs
    rows = table_rows(english, SPREAD.format("Reconstruction and latent space"), part("vae"))
    for data, row in zip(SETS, rows, strict=True):
        own = [made_results("vae", "dcgan", data, s)["test_mse_01"] for s in SEEDS]
        mean, deviation = row["Test MSE [0, 1]"].split(" ± ")
        assert float(mean) == pytest.approx(fmean(own), abs=5e-6)
        assert float(deviation) == pytest.approx(stdev(own), abs=5e-6)


# ---------------------------------------------------------------------- several problems


MIXED = (  # in another order than the report's
    *(("infogan", "dcgan"), ("gan", "plain"), ("gan", "wide"), ("gan", "dcgan")),
    *(("acgan", "dcgan"), ("vae", "dcgan"), ("acgan", "plain")),
)
BESIDE = {("infogan", "dcgan"): ("infogan", {"num_codes": 2}), ("gan", "dcgan"): ("vae", {})}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory) -> dict[str, compare.Section]:
    """The sections of a comparison of four problems, by their anchors.

    The GAN of `wide` was measured in another way, the ACGAN of `plain` failed, the InfoGAN has a
    second run with two codes, and the GAN of `dcgan` stands beside a VAE of its own.
    """
    folder = tmp_path_factory.mktemp("mixed")
    runs = []
    for number, (problem, recipe) in enumerate(MIXED):
        protocol = {"num_samples": 500} if recipe == "wide" else {}
        results = report_notebook.results_of(problem, 1 + number / 10, **protocol)
        run, others = None, ()
        if (problem, recipe) in BESIDE:
            other, changed = BESIDE[problem, recipe]
            own = report_notebook.results_of(other, 2.0) | changed
            settings = changed or {"num_steps": 77}
            others = (report_notebook.write_run(folder, other, recipe, own, **settings),)
        if is_run := (problem, recipe) != ("acgan", "plain"):
            run = report_notebook.write_run(folder, problem, recipe, results)
        known = read_facts(report.Job(problem, recipe, folder, {}), run, {}, others)
        runs.append(replace(known, page=f"{problem}-{recipe}", is_failed=not is_run))
    return {part.anchor: part for part in compare.Comparison(rows_of(runs), "en", {}).sections()}


def texts_of(table) -> list[tuple[str, ...]]:
    return [tuple(row.cells.values()) for row in table.rows]


def test_the_comparison_opens_with_each_problems_own_numbers(mixed):
    tables = compare.tables_of(mixed.values())
    assert "±" not in repr(tables)  # of one seed there are no means
    vae, gan, acgan, infogan = (
        [dict(row.cells) for row in table.rows] for table in mixed["overview"].tables
    )
    assert gan[0]["D accuracy (real)"] == "71.0 %"
    assert gan[0]["Fréchet distance (real images)"] == "13.2\u00a0(2.00)"
    assert acgan[0]["Attribute"] == "Smiling"
    assert list(acgan[1].values())[:4] == ["plain", "FAILED", "–", "–"]
    assert infogan[0]["Code information (nats) (maximum)"] == "2.21\u00a0(2.30)"
    assert [row["Recipe"] for row in infogan] == ["dcgan", "dcgan · num_codes = 2"]
    assert "Class accuracy of the code" not in infogan[0]  # no run has it
    assert {"Test MSE [0, 1]", "KID"} < vae[0].keys()


def test_one_table_ranks_every_model_of_one_protocol_above_the_real_row(mixed):
    (table,) = mixed["quality"].tables
    assert [cells[:2] for cells in texts_of(table)] == [
        *(("VAE", "dcgan"), ("VAE", "dcgan · num_steps = 77"), ("GAN", "plain"), ("GAN", "dcgan")),
        *(("ACGAN", "dcgan"), ("InfoGAN", "dcgan"), ("InfoGAN", "dcgan · num_codes = 2")),
        ("Real images", ""),
    ]
    assert texts_of(table)[-1][2:] == (
        *("2.00", "−0.0004", "92.0 %", "90.0 %", "1.02", "95.0 %", "2,100", "44.0", "14.0"),
    )
    best = [row.cells[head] for row in table.rows for head in row.best]
    assert best == ["12.0", "0.0310", "55.0 %", "62.0 %"]  # not the precision of a blur


def test_numbers_of_another_protocol_stand_apart_and_never_in_a_ranking(mixed):
    (apart,) = mixed["quality"].parts
    (table,) = apart.tables
    assert [cells[:2] for cells in texts_of(table)] == [("GAN", "wide"), ("Real images", "")]
    assert not any(row.best for row in table.rows)
    assert "500" in apart.text[0]
    found = [*mixed["overview"].tables, *compare.tables_of(mixed["gan"].parts)]
    rows = [row for own in found for row in texts_of(own) if row[:2] == ("wide", "done")]
    assert "≠" in [text for row in rows for text in row]
    assert texts_of(table)[0][2] not in [text for row in rows for text in row]
    assert section("compare", "en")["not_comparable"] in found[1].notes


def test_a_distance_without_its_protocol_is_not_compared(tmp_path):
    known = {"frechet": 1.0, "frechet_protocol": {"num_samples": 10}}
    runs = [
        entry(results, recipe=name)
        for name, results in (("plain", known), ("wide", {"frechet": 1.0}), ("dcgan", {"x": 3}))
    ]
    groups, without = by_protocol(runs)
    assert groups == [[runs[0]]]
    assert without == [(runs[1], "no_protocol"), (runs[2], "no_distance")]


def test_the_classifiers_accuracy_is_not_given_for_another_feature_network():
    results = report_notebook.results_of("gan", features="inception:0cc3")
    (line,) = measured([entry(results)], "en")
    assert "0cc3" in line
    assert "95.8 %" not in line


def test_a_studys_weights_have_no_number_of_all_weights_together():
    study = {"kl_weight": 1.0, "run": "vae-elbo-01234567", "kid": 0.5, "train_time_s": 10.0}
    results = {"studies": [study], "kl_weights": [1.0], "images_per_s": 42.7, "num_images": 640}
    (row,) = rows_of([entry(results, problem="kl", recipe="elbo")])
    assert row.results["train_time_s"] == 10.0
    assert not row.results.keys() & {"images_per_s", "num_images"}


def test_runs_have_names_of_their_own_after_a_first_one_that_failed():
    one, two = (entry(num_codes=codes) for codes in (1, 2))
    failed = replace(one, run="", record={}, parameters=one.settings, is_failed=True)
    assert len({found.name for found in rows_of([failed, replace(one, others=(two,))])}) == 2


def test_one_recipe_data_set_and_seed_of_each_problem_leaves_nothing_to_compare():
    jobs = [report.Job(problem, "dcgan", ROOT, {}) for problem in ("vae", "gan", "acgan")]
    assert not compare.has_comparison(jobs)
    assert compare.has_comparison([*jobs, report.Job("gan", "dcgan", ROOT, {"seed": 1})])


def test_numbers_of_small_trials_come_with_a_warning():
    books = (
        Book([Page("a", "A", entry(profile=profile), None)], "en")
        for profile in ("smoke", "preview", "quick")
    )
    assert [len(book.warnings) for book in books] == [1, 1, 0]


def test_every_number_that_a_table_may_show_has_a_label_and_a_meaning():
    topics = {topic for page in PAGES.values() for topic in page.topics}
    names = {name for page in PAGES.values() for name in page.overview}
    names |= {name for topic in (*topics, "quality") for name in metrics_of(topic)}
    for code in LANGUAGES:
        metrics = section("metrics", code)
        assert names <= metrics.keys()
        assert all(metric["label"] and metric["meaning"] for metric in metrics.values())
        assert topics == section("compare", code)["topics"].keys()


# ---------------------------------------------------------------------- data sets


def test_each_data_set_has_its_own_ranking_and_none_is_called_another_protocol(english):
    assert not re.search("≠", english.main.get_text())
    for number, data in enumerate(SETS, start=1):
        title = english.find(id=f"quality-{number}")
        assert title.get_text().startswith(data)
        ranked = title.find_next("table")
        row = [cell.get_text() for cell in ranked.select("tbody tr")[0].select("th, td")]
        assert row[:3] == ["VAE", "dcgan", "0"]
        assert format_metric("frechet", made_results("vae", "dcgan", data, 0)["frechet"]) in row
        assert len(ranked.select("td strong")) == 4  # of the metrics with a better end
    assert "do not compare across data sets" in english.find(id="gan-numbers").parent.get_text()


# ---------------------------------------------------------------------- the reports' own numbers


def test_the_mean_is_set_beside_the_number_that_the_report_prints(english):
    (reading,) = [one for one in reported_mses() if one.recipe == "dcgan"]
    rows = table_rows(english, section("compare", "en")["reported_caption"], part("vae"))
    assert len(rows) == len(SETS)
    own = fmean(made_results("vae", "dcgan", "hw4", s)["test_mse_01"] for s in SEEDS)
    cells = list(rows[1].values())
    assert cells[:3] == ["dcgan", "hw4", "3 (0–2)"]
    assert cells[3] == "3.8 % (×0.5)"  # 1,200 steps of 64 pictures of 50 epochs of 40,000
    assert cells[6:10] == ["0.0197", "[−1, 1]", "0.00492", "0.01970"]
    assert float(cells[-1]) == pytest.approx(own / reading.mse_01, rel=5e-3)


def test_a_report_that_leaves_its_range_open_has_a_row_for_each_reading():
    results = report_notebook.results_of("vae")
    known = entry(results, problem="vae", recipe="plain", num_steps=1200, batch_size=64)
    (found,) = compare.Comparison([known], "en", {}).reported("vae")
    one, two = (list(row.cells.values()) for row in found.tables[0].rows)
    assert (one[-4], two[-4]) == ("[0, 1]", "[−1, 1]")
    assert float(two[-1]) == pytest.approx(4 * float(one[-1]), 0.01)


# ---------------------------------------------------------------------- figures


def test_every_figure_of_the_matrix_is_made_by_a_notebook_and_explained():
    for problem in PROBLEMS.values():
        source = (ROOT / "notebooks" / problem.notebook).read_text()
        for name in problem.figures:
            numbered = re.sub(r"\d$", "{k + 1}", name)
            assert rf"\"{name}\"" in source or rf"f\"{numbered}\"" in source, name
    listed = {name for problem in PROBLEMS.values() for name in problem.figures}
    for code in LANGUAGES:
        assert set(section("compare", code)["figure_meanings"]) == listed


def test_the_matrix_links_each_figure_to_its_place(english, runs):
    rows = table_rows(english, section("compare", "en")["figures_caption"])
    assert [tuple(row.values())[:3] for row in rows] == [
        (recipe, data, seed) for data, recipe, seed in product(SETS, ("dcgan", "plain"), "012")
    ]
    assert (rows[0]["fig1_4"], rows[0]["fig1_2"]) == ("Figure 1", "none")
    number = 1 + list(runs).index("gan-plain-faces-s0")  # counted through the whole report
    assert (rows[3]["fig1_4"], rows[3]["fig2_3"]) == ("–", f"Figure {number}")
    links = [a["href"] for a in english.select_one(part("figures")).select("td a")]
    assert len(links) == len(PAIRS) * len(SETS) * len(SEEDS) - 1
    assert links[0] == "vae-dcgan-faces-s0.html#figure-1"
    assert {link.partition(".")[0] for link in links} == runs.keys() - {FAILED}


# ---------------------------------------------------------------------- pictures


def galleries(page: BeautifulSoup, anchor: str) -> list[tuple[str, str]]:
    """Return label and picture of each strip under a heading."""
    strips_ = page.find(id=anchor).find_next("ul", class_="strips")
    return [(li.get_text(strip=True), li.img["src"]) for li in strips_("li")]


def test_reconstructions_stand_below_the_test_pictures_that_they_are_of(english):
    shown = galleries(english, "vae-reconstructions")
    real = "Real images"
    assert [label for label, _ in shown] == [real, "dcgan · faces", real, "dcgan · hw4"]
    assert len({picture for _, picture in shown}) == 4
    samples = galleries(english, "gan-samples")
    assert samples[0][1] == shown[0][1]  # the GANs' real row is that of the same data
    assert [label for label, _ in samples] == [
        *(real, "plain · faces", "dcgan · faces", real, "plain · hw4", "dcgan · hw4")
    ]
    assert section("compare", "en")["first_seed"] in english.get_text()


def test_an_acgans_pairs_have_the_label_on_above_off(compared, runs):
    _, run = runs["acgan-dcgan-faces-s0"]
    with np.load(run / "samples.npz") as arrays:
        pairs = arrays["pairs"]
    shown = galleries(compared["en"], "acgan-pairs")[:2]
    assert [label for label, _ in shown] == [
        f"dcgan · faces · Smiling {state}" for state in ("on", "off")
    ]
    for place, (_, source) in enumerate(shown):
        assert source.startswith("data:image/jpeg;base64,")
        assert strips.encode_strip(pairs[:, place]) == base64.b64decode(source.partition(",")[2])


def test_a_code_goes_through_its_values_from_left_to_right(tmp_path):
    rows = np.zeros((1, 10, 10, 16, 16, 3), np.uint8)
    rows[0, 0] = np.arange(0, 250, 25)[:, None, None, None]
    results = report_notebook.results_of("infogan")
    run = report_notebook.write_run(tmp_path, "infogan", "dcgan", results)
    np.savez(run / "samples.npz", code_rows=rows)
    job = report.Job("infogan", "dcgan", tmp_path, {})
    own = [read_facts(job, run, {})]
    ((name, _, (first, *_)),) = strips.make_galleries(own, own, "en")
    assert (name, first.label) == ("codes", "dcgan · code 1")
    shades = np.asarray(decode(first.jpeg), int)[8, 8 :: 16 + strips.GAP_PX, 0]
    assert np.abs(shades - np.arange(0, 250, 25)).max() <= 2


def test_strips_look_like_their_pictures_and_are_small():
    y, x = np.mgrid[0:64, 0:64]
    one = np.stack([x * 4, y * 4, 255 - 2 * (x + y)], axis=2).astype(np.uint8)
    jpeg = strips.encode_strip(np.stack([one] * 10))
    shown = decode(jpeg)
    assert shown.size == (10 * 64 + 9 * strips.GAP_PX, 64)
    assert np.abs(np.asarray(shown, int)[2:-2, 2:60] - one[2:-2, 2:60]).mean() < 2
    assert len(jpeg) < 40_000
    assert strips.encode_strip(np.zeros((10, 28, 28, 1), np.uint8))


def test_the_same_z_is_claimed_only_of_as_many_values_and_one_seed():
    same = [entry(recipe="plain", z_dim=100, seed=0), entry(recipe="dcgan", z_dim=100, seed=0)]
    said = strips.same_z([*same, entry(recipe="wide", z_dim=256, seed=0)], "en")
    assert "plain, dcgan" in said
    assert "(100 values)" in said
    others = [same[0], entry(recipe="dcgan", z_dim=100, seed=1), entry(recipe="wide", z_dim=256)]
    assert strips.same_z(others, "en") == section("compare", "en")["own_z"]


# ---------------------------------------------------------------------- what cannot be set


def test_a_pdf_that_cannot_be_set_costs_no_page(pages, monkeypatch, tmp_path):
    good = "vae-dcgan-faces-s0"
    some = [page for page in pages["en"] if page.name in (good, FAILED)]
    monkeypatch.setattr(site, "render_pdf", Mock(side_effect=RenderError("PDF: no")))
    engine = site._Report([], tmp_path, LANGUAGES, About(), report.FULL, Mock())
    files, reasons = engine.typeset(some, "en")
    assert files.keys() == {"index.html", "appendix.html", f"{good}.html", f"{FAILED}.html"}
    assert b"<figure" in files[f"{good}.html"]
    assert reasons == {good: "PDF: no", FAILED: "the third batch is not finite"}


# ---------------------------------------------------------------------- both media, both languages


def test_both_languages_have_the_same_numbers_and_pictures_and_explain_every_column(compared):
    found = []
    for page in compared.values():
        anchors = [tag["id"] for tag in page.find_all(id=True)]
        assert len(set(anchors)) == len(anchors)
        headings = page.find_all(re.compile("^h[1-6]$"))
        assert all(int(b.name[1]) <= int(a.name[1]) + 1 for a, b in pairwise(headings))
        explained = {dt.get_text() for dt in page.select(".glossary dt")}
        for head in {th.get_text() for th in page.select("thead th.right")}:
            assert any(head == name or head.startswith(f"{name} (") for name in explained), head
        numbers = [re.findall(r"\d[\d,.]*|[≠–±]", cell.get_text()) for cell in page.select("td")]
        sections = [heading.get("id") for heading in page.select("h2, h3")]
        found.append((numbers, [image["src"] for image in page("img")], sections))
    assert found[0] == found[1]


def test_the_pdf_holds_all_of_it_within_the_page(pages):
    names = ["vae-dcgan-faces-s0", "vae-dcgan-faces-s1", "vae-dcgan-hw4-s0", "acgan-dcgan-hw4-s0"]
    book = Book([p for p in pages["zh"] if p.name in names], "zh", About(is_short=True))
    page = BeautifulSoup(render(book, COMPARE, languages=LANGUAGES), "html.parser").main
    reader = PdfReader(BytesIO(render_pdf(book)))
    text = flat("".join(page.extract_text() for page in reader.pages))
    for part in page.select("figcaption, td, .strips li, .note"):
        assert flat(part.get_text()) in text
    widths = {round(float(page.mediabox.width)) for page in reader.pages}
    assert widths == {595, 842}  # the comparison lies on its side
    for page in reader.pages:
        assert_within(page)


def test_wide_tables_scroll_in_a_narrow_window_and_no_page_does(english, browser, tmp_path):
    path = tmp_path / "compare.html"
    path.write_text(str(english), encoding="utf-8")
    width = "e => [e.scrollWidth, e.clientWidth, getComputedStyle(e).overflowX, e.tabIndex]"
    with opened_in(browser) as open_page:
        page = open_page(path, 390)
        scrolled, shown, *_ = page.locator("html").evaluate(width)
        assert scrolled == shown
        regions = page.locator("figure.table .scroll").evaluate_all(f"all => all.map({width})")
    assert sum(scrolled > shown for scrolled, shown, *_ in regions) > 5
    assert all(how == "auto" and place == 0 for *_, how, place in regions)
