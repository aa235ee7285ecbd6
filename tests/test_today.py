"""The page on today's recipe: what it trains, where it stands, and what it says."""

import adversarial_results as adversarial
import pytest
from conftest import mistake_of

from hwlib import make_config
from hwlib.findings import today
from hwlib.recipes import EVERY_PAIR, PAIRS, beside_todays
from hwlib.registry import TODAY
from hwlib.report.book import Book, Page
from hwlib.report.html import to_html
from hwlib.report.plan import expected, plan
from hwlib.report.runs import Facts
from hwlib.text import LANGUAGES

LEVELS = {"better": 5.0, "equal": 10.5, "worse": 30.0}  # beside 12, where the floor is 2


def planned(*problems, **options):
    return plan(problems, data=["faces:96"], profile="smoke", **options)


def test_a_report_of_all_ends_with_todays_page_once_and_naming_problems_leaves_it_out(tmp_path):
    for recipe, own in ((None, "dcgan"), ("wide", "wide"), ("all", "dcgan")):
        jobs = [one.job for one in planned(recipe=recipe)]
        assert (jobs[-1].problem, jobs[-1].recipe) == (TODAY, own)
        assert TODAY not in [job.problem for job in jobs[:-1]]
    for some in (
        planned("gan"),
        planned(recipe="elbo"),
        planned(recipe="modern"),
    ):  # nothing to set beside
        assert TODAY not in [one.job.problem for one in some]
    assert mistake_of(planned, TODAY, recipe="elbo").key == "recipe_lacks_problem"
    assert mistake_of(planned, TODAY, recipe="modern").key == "today_itself"
    seconds = expected(planned("gan", "acgan", TODAY), tmp_path, threads=1)  # and the GAN's VAE
    assert [len(each) for each in seconds] == [2, 1, 2]


def test_all_recipes_are_the_homeworks_pairs_and_todays():
    pairs = [(one.job.recipe, one.job.problem) for one in planned(recipe="all")]
    assert sorted(pairs[:-1]) == sorted(EVERY_PAIR)
    assert len(pairs) - 1 == len(PAIRS) + 4
    todays = [one.job.problem for one in planned(recipe="modern")]
    assert todays == ["vae", "gan", "acgan", "infogan"]


def test_todays_runs_take_a_third_of_their_steps_and_of_the_reports_what_is_compared():
    given = {"attribute": "Male", "num_steps": 30, "image_size": 32}
    own, todays = beside_todays("wide", "faces:96", "quick", 3, **given, class_weight=2.0)
    for problem, more in (("gan", {}), ("acgan", {"class_weight": 2.0})):
        assert own[problem] == make_config(problem, "wide", "faces:96", seed=3, **given, **more)
        same = given | {"num_steps": round(make_config(problem, "modern").num_steps / 3)}
        assert todays[problem] == make_config(problem, "modern", "faces:96", seed=3, **same)
    assert mistake_of(beside_todays, "dcgan", kl_weight=2).key == "setting_of_problem"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("level", LEVELS)
def test_what_is_said_holds_where_today_is_better_equal_or_worse(level, language):
    own = {"gan": adversarial.gan_results(), "acgan": adversarial.acgan_results()}
    changes = {"frechet": LEVELS[level], "train_time_s": 71.8, "recall": 0.31}
    todays = {problem: results | changes for problem, results in own.items()}
    *nearer, variety = today.compared(own, todays)
    assert [one.values["level"] for one in nearer] == [level] * 2
    assert all("33 %" in one.say(language) for one in nearer)
    assert all(share in variety.say(language) for share in ("31 %", "55 %", "90 %"))
    ((job, *_),) = planned(TODAY)  # a book says it on three places, and of no problem
    beside = Facts(job, {}, record={"settings": {"problem": "gan"}}, results=own["gan"])
    facts = Facts(job, {}, record=beside.record, results=todays["gan"], others=(beside,))
    book = Book([Page(TODAY, "", facts, document=None)], language)
    assert book.problems[0].result == nearer[0].say(language).replace("**", "")
    for shown in (book.findings, book.place("conclusion").document):
        assert "215" in to_html(shown)
