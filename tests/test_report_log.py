"""What a report run tells while it works, by a clock of the test's own."""

import json
from unittest.mock import Mock

import pytest

from hwlib.log import PROGRESS
from hwlib.report import log as report_log
from hwlib.report.log import RunLog


@pytest.fixture
def clock():
    """A clock that a test sets: its `return_value`."""
    return Mock(return_value=0.0)


@pytest.fixture
def lines(capfd):
    """A function that returns the lines since it was last asked."""
    return lambda: capfd.readouterr().err.splitlines()


def progress(step: int, left_s: float) -> str:
    news = {"run": "vae-dcgan-01234567", "step": step, "steps": 1_000, "left_s": left_s}
    return PROGRESS + json.dumps(news)


def test_the_plan_says_how_many_at_once_and_how_long(clock, lines):
    expected = {"a": [570], "b": [270], "c": [270]}
    RunLog(expected, at_once=2, expected=expected, clock=clock).plan()
    first, *each = lines()
    # b and c stand one after the other beside a
    wanted = ("3 notebooks", "2 at a time", "10 min")
    assert [part for part in wanted if part not in first] == []
    assert [line.split(":")[0].strip() for line in each] == ["a", "b", "c"]


def test_without_a_calibration_no_time_is_made_up(clock, lines):
    log = RunLog(["a"], clock=clock)
    log.plan()
    log.begin("a", "data faces")
    log.tick()
    assert not any("min" in line for line in lines())


def test_a_tick_is_one_line_a_running_job_with_share_step_and_time_left(clock, lines):
    log = RunLog("ab", expected={"a": [70], "b": [70]}, clock=clock)
    log.begin("a", "")
    clock.return_value = 50
    log.on_line("a", progress(500, 50.0))
    log.on_line("a", "the classifier is trained again")
    assert lines()[-1].endswith("a: the classifier is trained again")  # other lines are passed on
    log.tick()
    (line,) = lines()
    wanted = ("a 38 %", "500 of 1,000", "left")  # 50 s of the 50, 50 and 30 that it takes
    assert [part for part in wanted if part not in line] == []
    clock.return_value = 10_000
    assert log.share(log.works["a"]) < 1  # it has not ended


def test_a_machine_slower_than_expected_moves_the_end(clock):
    log = RunLog("ab", expected={"a": [100], "b": [100]}, clock=clock)
    log.begin("a", "")
    log.on_line("a", progress(1, 900.0))
    clock.return_value = 100
    log.on_line("a", progress(100, 900.0))
    # a trains 900 s more, and b takes as many times longer as a: ten times 100 s
    assert log.left_s() == pytest.approx(900 + 30 + 1_000 + 30)


@pytest.mark.parametrize("is_quiet", [True, False])
def test_the_closing_table_has_a_row_a_job_and_a_quiet_log_tells_failures_alone(
    clock, lines, is_quiet
):
    log = RunLog(["vae-dcgan", "gan-dcgan"], quiet=is_quiet, clock=clock)
    log.plan()
    for name in log.works:
        log.begin(name, "")
    clock.return_value = 120
    log.on_line("vae-dcgan", "news")
    log.tick()
    log.end("vae-dcgan", "done", headline="test MSE 0.02")
    log.end("gan-dcgan", "failed", reason="no such folder")
    told = lines()
    log.table()
    table = "\n".join(lines())
    assert ["no such folder" in line for line in told][-1:] == [True]
    assert (len(told) == 1) == is_quiet
    for word in ("vae-dcgan", "gan-dcgan", "2.0", "test MSE 0.02"):
        assert (word in table) != is_quiet


def test_ticks_come_by_themselves_and_end_with_the_log(lines, monkeypatch):
    monkeypatch.setattr(report_log, "TICK_S", 0.01)
    with RunLog(["a"]) as log:
        log.begin("a", "")
        found = []
        for _ in range(500):
            if len(found := found + lines()) > 2:
                break
            log._stop.wait(0.01)
    log._ticker.join(timeout=5)
    assert len(found) > 2
    assert not log._ticker.is_alive()
