"""JupyterLab as a student meets it: no warning while a notebook runs, and controls that answer."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[1]
WAIT_MS = 240_000  # a kernel imports torch first


@pytest.fixture
def lab(tmp_path, small_runs):
    """The address of a JupyterLab over a copy of the playground, with one finished run."""
    run = small_runs["vae"].path
    shutil.copytree(run, tmp_path / "runs" / run.name)
    text = (ROOT / "notebooks" / "explore.ipynb").read_text()
    assert text.count(r"[\"zh\", \"en\"]") == 1
    (tmp_path / "explore.ipynb").write_text(text.replace(r"[\"zh\", \"en\"]", r"[\"zh\"]"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    places = (*places, "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    own = {name: str(tmp_path / name) for name in places} | {"HWLIB_RUNS": str(tmp_path / "runs")}
    options = ("--no-browser", "--allow-root", "--LabApp.expose_app_in_browser=True")
    server_options = (f"port={port}", "port_retries=0", f"root_dir={tmp_path}")
    options += (*(f"--ServerApp.{o}" for o in server_options), "--IdentityProvider.token=t")
    with open(tmp_path / "log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env={name: v for name, v in os.environ.items() if name != "HWLIB_BATCH"} | own,
            stdout=log,
            stderr=log,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api/status?token=t", server)
        yield address
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


def test_the_playground_answers_to_the_keyboard_and_keeps_a_file(browser, lab):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{lab}/lab/tree/explore.ipynb?token=t&reset")
    # else JupyterLab asks which kernel is meant
    page.wait_for_function(
        "globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
        " === 'idle'"
    )
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    saved = ".jp-OutputArea-output:has-text('between-0-1.png')"  # what the last cell prints
    page.locator(saved).first.wait_for()
    mime = ".jp-RenderedText[data-mime-type='application/vnd.jupyter.{}']"
    for trouble in (mime.format("error"), mime.format("stderr"), ".jp-Dialog"):
        assert page.locator(trouble).count() == 0, page.locator(trouble).first.inner_text()
    panel = page.locator(".jupyter-widgets.widget-vbox").first
    assert "試跑" in panel.inner_text()

    picture = panel.locator("img").nth(2)
    before = picture.get_attribute("src")
    panel.get_by_role("slider").first.press("End")
    page.wait_for_function(
        "([picture, before]) => picture.src !== before", arg=[picture.element_handle(), before]
    )

    panel.locator("button", has_text="存檔").press("Enter")
    with page.expect_download() as download:
        panel.locator("a[download]").click()
    assert download.value.suggested_filename == "between-0-1.gif"
    assert Path(download.value.path()).read_bytes().startswith(b"GIF89a")
    page.close()


@pytest.mark.parametrize("name", ["README.md", "README.zh-TW.md"])
def test_the_launcher_names_every_notebook_and_each_link_leads_somewhere(name):
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / "notebooks" / name).read_text())
    assert all((ROOT / "notebooks" / link).exists() for link in links)
    linked = [link for link in links if link.endswith(".ipynb")]
    assert linked == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
