"""Requests to stop, from the first second to the last."""

import os
import signal
import subprocess
import sys

import pytest
from killing import smoke
from typer.testing import CliRunner

import hwlib
from hwlib import cli, stop
from hwlib.training import loop
from hwlib.training.loop import Stopped

EARLY = """
import os, signal, sys
from hwlib import __main__ as command, stop
def press(name, *_):
    os.kill(os.getpid(), signal.Signals[sys.argv[1]])
for number in stop.SIGNALS:  # a shell's background ignores some
    signal.signal(number, signal.SIG_DFL)
sys.meta_path.insert(0, type("Press", (), {"find_spec": staticmethod(press)}))
command.main()
"""


@pytest.mark.parametrize("number", stop.SIGNALS)
def test_a_training_saves_its_state_before_it_stops(number, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "WATCH_SECONDS", -1.0)
    before = signal.signal(number, signal.SIG_DFL)  # a shell's background may ignore it

    def press(records):
        if records[-1]["step"] == 5:
            os.kill(os.getpid(), number)

    with pytest.raises(Stopped) as stopped:
        hwlib.fit(smoke(), runs=tmp_path, watch=press)
    assert stop.exit_code(stopped.value) == 128 + number
    newest = max(path.name for path in tmp_path.glob("*/checkpoint/*"))
    assert newest.startswith("step-000000005-")
    assert signal.signal(number, before) is signal.SIG_DFL


def test_a_second_request_interrupts_at_once_and_what_nohup_ignores_stays_ignored(monkeypatch):
    with stop.collected() as asked:
        os.kill(os.getpid(), signal.SIGINT)
        assert asked == [signal.SIGINT]
        with pytest.raises(stop.StopRequest) as ended:
            os.kill(os.getpid(), signal.SIGTERM)
    assert ended.value.number == signal.SIGTERM
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop.collected() as asked:
            os.kill(os.getpid(), signal.SIGHUP)
            assert asked == []
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_stop_while_the_command_loads_is_one_line(name):
    command = [sys.executable, "-c", EARLY, name]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (128 + signal.Signals[name], "hwlib: stopped\n")


def test_a_command_that_is_stopped_ends_in_one_line(monkeypatch):
    def press(*_):
        raise stop.StopRequest(signal.SIGTERM)

    monkeypatch.setattr("hwlib.data.commands.find_source", press)
    ended = CliRunner().invoke(cli.app, ["data", "info", "faces:100"])
    assert ended.exit_code == 128 + signal.SIGTERM
    assert ended.stderr == "hwlib: stopped; the same command goes on from the last checkpoint\n"
