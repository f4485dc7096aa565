"""The documentation's page of verdicts is what one command makes of the rows committed beside it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pictures import drawn, filmed
from pl_native import cli, experiments, plots, report
from pl_native.experiments import compact
from pl_native.report import Note, Source

DOCS = Path(__file__).parent.parent / "docs"
ROWS = DOCS / "results" / "paper"

of_the_tree = pytest.mark.skipif(not ROWS.exists(), reason="needs the source tree")


@pytest.fixture
def two(tmp_path):
    """The first two figures, whose files are the small ones."""
    (tmp_path / "two").mkdir()
    for name in ("commands.json", "fig1.csv", "fig2.csv"):
        shutil.copy(ROWS / name, tmp_path / "two" / name)
    return report.read(tmp_path / "two")


@of_the_tree
@pytest.mark.slow
def test_the_page_is_rebuilt_from_the_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(
        plots, "available", lambda: False
    )  # words and numbers; the pictures are looked at below
    rows = shutil.copytree(ROWS, tmp_path / "docs" / "results" / "paper")
    page = tmp_path / "docs" / "reproduced.md"
    assert cli.main(["report", str(rows), "--page", str(page)]) == 0
    there = (DOCS / "reproduced.md").read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8") == re.sub(r"!\[[^\]]*\]\(figures/fig[^)]*\)\n\n", "", there)


@of_the_tree
def test_the_page_shows_every_figure_and_its_film():
    text = (DOCS / "reproduced.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]*\]\((figures/fig[^)]*)\)", text)
    assert [path.removeprefix("figures/") for path in shown] == [
        "fig1.png", "fig2.png", "fig2_film.gif", "fig3.png", "fig4.png", "fig5.png", "fig6.png",
    ]  # fmt: skip
    assert all((DOCS / path).stat().st_size > 10_000 for path in shown)
    assert sum(path.stat().st_size for path in ROWS.iterdir()) < 8e6


@of_the_tree
def test_a_page_of_two_figures(two, tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(plots.FILMS, "fig2", filmed)
        patch.setattr(plots, "save", drawn)
        report.keep(two, tmp_path / "rows")
        assert cli.main(["report", str(tmp_path / "rows"), "--page", str(tmp_path / "page.md")]) == 0
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert text.startswith(
        "# The paper's figures, run again\n\nMade by `pl-native report` from the rows in `rows`;"
    )
    assert "2 of 2 claims reproduced." in text
    assert "| Figure 1 | a group initialisation |" in text
    assert "z\\_ji" in text  # as text, not in italics
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "fig1.png",
        "fig2.png",
        "fig2_film.gif",
    ]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in lines} == {3, 8}


@of_the_tree
def test_compact_rows_are_the_rows(two, tmp_path):
    assert [one.name for one in two] == ["fig1", "fig2"]
    for one in two:
        again = tmp_path / "again.csv"
        compact.write(one.name, one.rows, again)
        assert again.read_bytes() == (ROWS / f"{one.name}.csv").read_bytes()
        assert experiments.experiment(one.name).summarise(one.rows).disagreements() == []


def test_a_folder_of_compact_rows_keeps_who_made_them(tmp_path):
    row = dict.fromkeys(compact.COLUMNS) | {
        "id": "0" * 64,
        "n": 50,
        "d": 30,
        "p": 50,
        "initialisation": "torch_linear",
    }
    source = Source("fig5", (row,), Note("plan", "pl-native reproduce fig5 --preset paper", 1e11))
    assert report.keep([source], tmp_path / "rows") == [tmp_path / "rows" / "fig5.csv"]
    (again,) = report.read(tmp_path / "rows")
    assert again.note == source.note
    (found,) = again.rows
    assert (found["id"], found["n"], found["step"]) == ("0" * 16, 50, 1.0)


def test_one_thing_at_a_time(tmp_path, capsys):
    assert cli.main(["report", str(tmp_path), "--page", "a.md", "--compact", "b"]) == 2
    assert "--page and --compact: expected one of them" in capsys.readouterr().err
