"""The report in a real browser: Chromium without a window, at the width of a phone and of a desk."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pl_native import cli, report
from report_checks import claims_of, faults

ROWS = Path(__file__).parent.parent / "docs" / "results" / "paper"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium"),
    pytest.mark.skipif(not ROWS.exists(), reason="needs the source tree"),
]

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=20000 --dump-dom"
)

PROBE = """<script>addEventListener("load", () => {
  const images = [...document.images], wide = document.documentElement;
  parent.postMessage(JSON.stringify({
    images: images.length, loaded: images.filter(i => i.complete && i.naturalWidth > 1).length,
    tables: [...document.querySelectorAll("table")].map(t => t.rows.length),
    widest: Math.max(...[...images, ...document.querySelectorAll("table")].map(
      i => i.closest(".wide").getBoundingClientRect().right)), inner: innerWidth,
    pictures: [...document.querySelectorAll(".picture")].map(i => i.getBoundingClientRect().width),
    scrolled: [...document.querySelectorAll(".wide")].every(i => getComputedStyle(i).overflowX == "auto"),
    overflow: wide.scrollWidth - wide.clientWidth, font: parseFloat(getComputedStyle(document.body).fontSize),
    fetched: performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith("data:"))
  }), "*");
});</script>"""
FRAME = """<!doctype html><link rel="icon" href="data:,"><iframe src="report.html" width="{width}"
height="900"></iframe><output></output><script>
onmessage = e => document.querySelector("output").textContent = e.data
</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The report of all figures, from the rows of the paper's preset."""
    pytest.importorskip("matplotlib")
    place = tmp_path_factory.mktemp("report")
    assert cli.main(["report", str(ROWS), "--out", str(place)]) == 0
    text = (place / "report.html").read_text(encoding="utf-8")
    assert faults(text, report.read(ROWS)) == []
    return text


def seen(page, folder, width):
    """What the page says of itself in a frame `width` pixels wide, and what the browser logged of it."""
    (folder / "report.html").write_text(page.replace("</body>", PROBE + "</body>"))
    (folder / "frame.html").write_text(FRAME.format(width=width))
    command = [
        CHROMIUM,
        *FLAGS.split(),
        f"--user-data-dir={folder / 'profile'}",
        f"file://{folder / 'frame.html'}",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    found = re.search(r"<output>(.*?)</output>", ran.stdout, re.DOTALL)
    assert found is not None, ran.stderr[-2000:]
    return json.loads(html.unescape(found[1])), [
        line for line in ran.stderr.splitlines() if "CONSOLE" in line
    ]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_is_readable(page, tmp_path, width):
    found, console = seen(page, tmp_path, width)
    assert console == []
    assert found["images"] == found["loaded"] == 7  # six figures and the film
    assert found["tables"][0] == 1 + len(claims_of(page))
    assert len(found["tables"]) == 3
    assert min(found["pictures"]) >= 1000  # a picture keeps the size at which it can be read, and scrolls
    assert found["scrolled"]
    assert found["inner"] == width
    assert found["overflow"] <= 0
    assert found["widest"] <= width
    assert found["font"] >= 13
    assert found["fetched"] == []


def test_what_is_wrong_with_a_page_is_seen(tmp_path):
    page = (
        '<body><div class=wide><img src="http://127.0.0.1:9/missing.png"></div>'
        '<div style="width: 3000px">wide</div><div class=wide><table></table></div>'
        "<script>console.error('x')</script></body>"
    )
    found, console = seen(page, tmp_path, 390)
    assert (found["images"], found["loaded"]) == (1, 0)
    assert found["overflow"] > 0
    assert found["fetched"]
    assert console
