"""JupyterLab as a student meets it: no warning while a notebook runs, one line for a mistake."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

import hwlib
from hwlib.recipes import make_config

ROOT = Path(__file__).resolve().parents[1]
WAIT_MS = 240_000  # a kernel imports torch first


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab over copies of the notebooks, with one finished run."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    for path in (ROOT / "notebooks").iterdir():
        if path.suffix in {".ipynb", ".md"}:
            (folder / "notebooks" / path.name).write_bytes(path.read_bytes())
    hwlib.fit(make_config("vae", "dcgan", "faces:96", "smoke"), runs=folder / "runs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    places = (*places, "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    own = {name: str(folder / name) for name in places} | {"HWLIB_RUNS": str(folder / "runs")}
    options = ("--no-browser", "--allow-root", "--LabApp.expose_app_in_browser=True")
    server_options = (f"port={port}", "port_retries=0", f"root_dir={folder}")
    options += (*(f"--ServerApp.{o}" for o in server_options), "--IdentityProvider.token=t")
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env={name: v for name, v in os.environ.items() if name != "HWLIB_BATCH"} | own,
            stdout=log,
            stderr=log,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api/status?token=t", server)
        yield address, folder / "notebooks"
    finally:
        server.terminate()
        server.wait(60)


def wait_for(address, server):
    """Wait until the server answers."""
    for _ in range(600):
        assert server.poll() is None, "JupyterLab ended"
        try:
            urlopen(address).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("JupyterLab does not answer")


def change(path, old, new):
    """Change a notebook's parameters cell, as a student does."""
    notebook = json.loads(path.read_text())
    cell = next(c for c in notebook["cells"] if c["id"] == "parameters")
    source = "".join(cell["source"])
    assert old in source
    cell["source"] = source.replace(old, new)
    path.write_text(json.dumps(notebook))


def run_all(browser, address, name, *, until):
    """Open a notebook, run all its cells, wait for `until` to be seen; return the page."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{address}/lab/tree/notebooks/{name}.ipynb?token=t&reset")
    # else JupyterLab asks which kernel is meant
    page.wait_for_function(
        "globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
        " === 'idle'"
    )
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    page.locator(until).first.wait_for()
    return page


ERRORS = ".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']"
STDERR = ".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']"


def test_the_playground_answers_to_the_keyboard_and_keeps_a_file(browser, lab):
    address, folder = lab
    change(folder / "explore.ipynb", '["zh", "en"]', '["zh"]')
    saved = ".jp-OutputArea-output:has-text('between-0-1.png')"  # what the last cell prints
    page = run_all(browser, address, "explore", until=saved)
    for trouble in (ERRORS, STDERR, ".jp-Dialog"):
        assert page.locator(trouble).count() == 0, page.locator(trouble).first.inner_text()
    panel = page.locator(".jupyter-widgets.widget-vbox").first
    assert "試跑" in panel.inner_text()

    picture = panel.locator("img").nth(2)
    before = picture.get_attribute("src")
    panel.get_by_role("slider").first.press("ArrowRight")
    page.wait_for_function(
        "([picture, before]) => picture.src !== before", arg=[picture.element_handle(), before]
    )

    panel.locator("button", has_text="存檔").press("Enter")
    with page.expect_download() as download:
        panel.locator("a[download]").click()
    assert download.value.suggested_filename == "between-0-1.gif"
    assert Path(download.value.path()).read_bytes().startswith(b"GIF89a")
    page.close()


def test_a_students_mistake_is_one_line_and_stops_what_follows(browser, lab):
    address, folder = lab
    change(folder / "01_vae.ipynb", 'recipe = "dcgan"', 'recipe = "dcgn"')
    page = run_all(browser, address, "01_vae", until=f"{STDERR}:has-text('✗')")
    (lines,) = page.locator(STDERR).all_text_contents()
    zh, en = lines.strip().splitlines()
    assert re.fullmatch(r"✗ 沒有「dcgn」這份報告（是不是 dcgan？）；vae 可以選：[a-z、]+", zh)
    assert re.fullmatch(r"✗ unknown recipe 'dcgn' \(did you mean dcgan\?\); vae has: [a-z, ]+", en)
    assert page.locator(ERRORS).count() == 0
    page.close()


@pytest.mark.parametrize("name", ["README.md", "README.zh-TW.md"])
def test_the_launcher_names_every_notebook_and_each_link_leads_somewhere(name):
    text = (ROOT / "notebooks" / name).read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert all((ROOT / "notebooks" / link).exists() for link in links)
    linked = [link for link in links if link.endswith(".ipynb")]
    assert linked == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
