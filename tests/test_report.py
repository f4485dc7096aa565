"""The report of the figures: one file, everything inside, rebuilt from rows alone."""

from __future__ import annotations

import json
import platform
import re

import pytest

pytest.importorskip("matplotlib")

from pictures import drawn, filmed, small
from pl_native import cli, plots, report
from pl_native.experiments import _loss_curves, fig2, fig3, fig4, fig5, fig6
from pl_native.sweep import worker
from report_checks import Page


def short_film(stem):
    return plots.film(stem, frames=(1, 210))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """`reproduce all` with a tiny preset of each figure."""
    place = tmp_path_factory.mktemp("all")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(fig2.PRESETS, "paper", (100, 1000))
        patch.setitem(fig3.PRESETS, "paper", (fig3.Grid((1300, 12), 1, ("torch_linear",), 1),))
        patch.setitem(fig4.PRESETS, "paper", (fig4.Grid((10,), 1),))
        patch.setitem(fig5.PRESETS, "paper", {5: (range(10, 12), 2)})
        patch.setattr(fig6, "SIZES", (20, 30))
        patch.setattr(fig6, "D", 40)
        patch.setitem(fig6.PRESETS, "paper", (fig6.Grid(1, 0.01, 2),))
        patch.setitem(plots.FILMS, "fig2", short_film)
        patch.setattr(plots, "save", small)
        assert cli.main(["reproduce", "all", "--preset", "paper", "--out", str(place), "--seed", "1"]) == 0
    return place


def test_every_picture_is_inside_and_nothing_is_fetched(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    sources = [its["src"] for its in page.all("img")]
    assert len(sources) == 7  # six figures and the film
    assert all(source.startswith(("data:image/png;base64,", "data:image/gif;base64,")) for source in sources)
    assert not page.all("script")
    assert all(its["href"].startswith(("#", "data:")) for its in page.all("a") + page.all("link"))
    assert not re.search(r"https?://|url\(|@import", text)


def test_the_first_table_answers_for_every_figure(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    first = text[text.index("<table>") : text.index("</table>")]
    assert "<th>published</th><th>ours</th><th>runs</th><th>verdict</th>" in first
    for k in range(1, 6):
        assert f'<a href="#fig{k}">{k}</a>' in first
    assert all(f'<h2 id="fig{k}">' in text for k in range(1, 7))
    assert text.index("<table>") < text.index("<img")
    assert text.count("<table>") == 3
    assert "<td>[open]</td><td>N not located by these runs</td>" in first  # no reproduction by ignorance
    assert {row.count("<td>") for row in first.splitlines()[1:-1]} == {7}


def test_commands_rows_cost_and_provenance_are_there_and_no_host(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "pl-native reproduce fig6 --preset paper --seed 1 --out DIR" in text
    made = r"reproduce fig6 .*</code>; 4 rows, 0\.\d+ thread hours \(plan \w{16}, ids \w{12}, "
    assert re.search(made, text)
    assert "thread hours" in text
    assert "numerics of the rows" in text
    plain = re.sub(r"base64,[^\"]*", "", text)
    assert not re.search(rf"\b{re.escape(platform.node())}\b", plain)
    assert "platform" not in plain


def test_a_rebuild_simulates_nothing_and_writes_the_same_page(folder, monkeypatch):
    monkeypatch.setattr(fig6, "D", 40)
    monkeypatch.setitem(plots.FILMS, "fig2", filmed)
    monkeypatch.setattr(plots, "save", drawn)
    before = (folder / "report.html").read_text(encoding="utf-8")
    (folder / "report.html").unlink()
    (folder / "fig3.png").unlink()

    def refused(*_, **__):
        raise AssertionError("simulated")

    monkeypatch.setattr(worker, "compute", refused)
    monkeypatch.setattr("pl_native._run.execute.execute", refused)
    monkeypatch.setattr("pl_native.simulation.execute", refused)
    monkeypatch.setattr(_loss_curves, "simulate", refused)
    monkeypatch.setattr("pl_native.experiments._last_losses.simulate_ensemble", refused)
    assert cli.main(["report", str(folder)]) == 0
    after = (folder / "report.html").read_text(encoding="utf-8")
    plain = re.compile(r"base64,[^\"]*")
    assert plain.sub("", after) == plain.sub("", before)
    assert (folder / "fig3.png").exists()


def test_a_folder_without_figures_is_refused(tmp_path, capsys):
    assert cli.main(["report", str(tmp_path)]) == 2
    assert "holds no rows of a figure of the paper" in capsys.readouterr().err


def test_without_a_note_the_last_sweep_of_the_folder_is_shown(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(plots, "available", lambda: False)
    monkeypatch.setattr(fig6, "D", 40)
    notes = folder / "commands.json"
    kept = notes.read_text(encoding="utf-8")
    assert set(json.loads(kept)) == {"fig1", "fig2", "fig3", "fig4", "fig5", "fig6"}
    notes.unlink()
    try:
        text = report.rebuild(folder).read_text(encoding="utf-8")
    finally:
        notes.write_text(kept)
    assert "No picture: matplotlib was missing." in text
