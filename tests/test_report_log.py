"""What a report run tells while it works, by a clock of the test's own."""

from __future__ import annotations

import io
import json

import pytest

from hwlib.log import PROGRESS
from hwlib.report.log import RunLog
from hwlib.text import LANGUAGES


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def make(clock, *names, **options) -> RunLog:
    return RunLog(names, stream=io.StringIO(), clock=clock, **options)


def lines(log: RunLog) -> list[str]:
    return log._stream.getvalue().splitlines()


def progress(step: int, steps: int, left_s: float, run: str = "vae-dcgan-01234567") -> str:
    return PROGRESS + json.dumps({"run": run, "step": step, "steps": steps, "left_s": left_s})


def test_the_plan_says_how_many_at_once_and_how_long(clock):
    log = make(clock, "a", "b", "c", at_once=2, expected={"a": [570], "b": [270], "c": [270]})
    log.plan()
    first, *each = lines(log)
    assert "3 notebooks" in first
    assert "2 at a time" in first
    assert "10 min" in first  # b and c stand one after the other beside a
    assert [line.split(":")[0].strip() for line in each] == ["a", "b", "c"]


def test_without_a_calibration_no_time_is_made_up(clock):
    log = make(clock, "a")
    log.plan()
    log.begin("a", "data faces")
    log.tick()
    assert not any("min" in line for line in lines(log))


def test_a_tick_is_one_line_a_running_job_with_share_step_and_time_left(clock):
    log = make(clock, "a", "b", expected={"a": [70], "b": [70]})
    log.begin("a", "")
    clock.now = 50
    log.on_line("a", progress(500, 1_000, 50.0))
    before = len(lines(log))
    log.tick()
    (line,) = lines(log)[before:]
    assert "a 38 %" in line  # 50 s of the 50, 50 and 30 that it takes
    assert "500 of 1,000" in line
    assert "left" in line


def test_a_machine_slower_than_expected_moves_the_end(clock):
    log = make(clock, "a", "b", expected={"a": [100], "b": [100]})
    log.begin("a", "")
    log.on_line("a", progress(1, 1_000, 900.0))
    clock.now = 100
    log.on_line("a", progress(100, 1_000, 900.0))
    # a trains 900 s more, and b takes as many times longer as a: ten times 100 s
    assert log.left_s() == pytest.approx(900 + 30 + 1_000 + 30)


def test_a_running_job_is_never_all_done(clock):
    log = make(clock, "a", expected={"a": [10]})
    log.begin("a", "")
    clock.now = 1_000
    assert log.share(log.works["a"]) < 1


def test_other_lines_of_a_job_are_passed_on_with_its_name(clock):
    log = make(clock, "a")
    log.begin("a", "")
    log.on_line("a", "the classifier is trained again")
    assert lines(log)[-1].endswith("a: the classifier is trained again")


def test_a_quiet_log_tells_failures_alone(clock):
    log = make(clock, "a", "b", quiet=True)
    log.plan()
    for name in ("a", "b"):
        log.begin(name, "")
    log.on_line("a", "news")
    log.tick()
    log.end("a", "done")
    log.end("b", "failed", reason="no such folder")
    log.table()
    (line,) = lines(log)
    assert "no such folder" in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_closing_table_has_a_row_a_job(clock, language):
    log = make(clock, "vae-dcgan", "gan-dcgan", language=language)
    for name in log.works:
        log.begin(name, "")
    clock.now = 120
    log.end("vae-dcgan", "done", headline="test MSE 0.02")
    log.end("gan-dcgan", "failed", reason="stopped")
    before = len(lines(log))
    log.table()
    table = "\n".join(lines(log)[before:])
    for word in ("vae-dcgan", "gan-dcgan", "2.0", "test MSE 0.02"):
        assert word in table


def test_ticks_come_by_themselves_and_end_with_the_log():
    log = RunLog(["a"], stream=io.StringIO(), tick_s=0.01)
    with log:
        log.begin("a", "")
        for _ in range(500):
            if len(lines(log)) > 2:
                break
            log._stop.wait(0.01)
    log._ticker.join(timeout=5)
    assert len(lines(log)) > 2
    assert not log._ticker.is_alive()
