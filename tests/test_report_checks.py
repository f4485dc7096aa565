"""The report of all six figures, of rows as the published law gives them: what has to hold of it does, and
each fault that is planted in the report is seen.
"""

from __future__ import annotations

import dataclasses
import html

import pytest

pytest.importorskip("matplotlib")

import published_rows
from pictures import drawn, filmed
from pl_native import experiments, plots, report, sweep
from pl_native.experiments import fig1, fig2, reproduced
from pl_native.report import Note, Source, content, figures
from pl_native.store import Store
from report_checks import claims_of, faults


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    """Figures 1 and 2 as run, small; the others as published."""
    place = tmp_path_factory.mktemp("report")
    rows = {
        "fig3": published_rows.as_published("fig3_published", 1, runs=40),
        "fig4": [row | {"initialisation": "torch_linear"} for row in published_rows.figure4()],
        "fig5": published_rows.figure5(),
        "fig6": [
            row | {"d": 2000} for which in ((1, 0.01), (4, 1.0)) for row in published_rows.figure6(which, 20)
        ],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(fig2.PRESETS, "quick", (100, 200))
        patch.setattr(plots, "save", drawn)
        patch.setitem(plots.FILMS, "fig2", filmed)
        for module in (fig1, fig2):
            name = module.__name__.rpartition(".")[2]
            plan = sweep.plan(module.tasks("quick"), seed=1, name=name)
            rows[name] = experiments.run(name, plan, Store(place / name), progress=False)
        named = [
            Source(name, tuple(complete(rows[name])), Note("plan", f"pl-native reproduce {name}"))
            for name in experiments.FIGURES
        ]
        return [report.entry(one, place) for one in named]


def complete(rows):
    """Rows with what the cost and the provenance of a report want."""
    known = {
        "method": "euler",
        "data": "sphere",
        "steps": 10,
        "numerics": 5,
        "backend": "native",
        "isa": "v3",
    }
    return [
        known | {name: cell for name, cell in row.items() if cell is not None} | nothing(row) for row in rows
    ]


def nothing(row):
    return {
        name: None
        for name, cell in row.items()
        if cell is None and name not in ("d", "method", "data", "steps")
    }


def page_of(entries, folder):
    return report.write(folder, entries).read_text(encoding="utf-8")


def found(entries, folder):
    return faults(page_of(entries, folder), [one.source for one in entries])


def test_nothing_is_wrong_with_the_report(entries, tmp_path):
    text = page_of(entries, tmp_path)
    assert faults(text, [one.source for one in entries]) == []
    listed = claims_of(text)
    assert {claim["figure"] for claim in listed} == set("123456")
    verdicts = {claim["figure"]: claim["verdict"] for claim in listed if claim["figure"] in "1235"}
    assert set(verdicts.values()) == {"[Re]"}


def test_two_published_versions_are_both_there_and_explained(entries, tmp_path):
    text = page_of(entries, tmp_path)
    for words in ("Two thresholds were published", "Two sets of slopes were published"):
        assert text.index(words) < text.index("<pre>", text.index(words))  # in sight, not in the details
    said = [claim["published"] for claim in claims_of(text)]
    assert any("1656" in one for one in said)
    assert {"-0.812 (-0.81 in the text)", "-0.574 (-0.57 in the text)"} <= set(said)
    assert "N = 2983 as published" in html.unescape(text)


def test_a_missing_picture_is_seen(entries, tmp_path):
    cut = [dataclasses.replace(one, pictures=()) if one.name == "fig4" else one for one in entries]
    assert found(cut, tmp_path) == ["fig4: no picture"]
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    cut = [dataclasses.replace(one, pictures=(empty,)) if one.name == "fig2" else one for one in entries]
    assert found(cut, tmp_path) == ["fig2: no picture"]


@pytest.mark.parametrize(
    ("name", "bare", "seen"),
    [
        ("_slope", lambda line: f"{line.slope:.2f}", ["N(d, 30) grows linearly", "N(30, p) grows slower"]),
        ("slope_text", lambda ours: f"{ours.slope.slope:.3f}", ["slope of mu_end in n, width 1x"]),
    ],
)
def test_a_number_without_interval_is_seen(entries, tmp_path, monkeypatch, name, bare, seen):
    monkeypatch.setattr(reproduced, name, bare)
    told = found(entries, tmp_path)
    assert all("without an interval" in one for one in told)
    for words in seen:
        assert any(one.startswith(words) for one in told)


@pytest.mark.parametrize(
    "planted",
    [
        '<img src="https://example.org/a.png">',
        "<script>1</script>",
        '<link rel="stylesheet" href="style.css">',
        "<style>@import 'a.css';</style>",
        "<p style='background: url(a.png)'>",
    ],
)
def test_an_outside_request_is_seen(entries, tmp_path, monkeypatch, planted):
    monkeypatch.setattr(figures, "_REPORT", figures._REPORT.replace("</body>", f"{planted}</body>"))
    told = found(entries, tmp_path)
    assert told
    assert all(one.startswith("asks for") for one in told)


def test_a_wrong_run_count_is_seen(entries, tmp_path, monkeypatch):
    right = content.claim_cells
    listed = claims_of(page_of(entries, tmp_path))
    first_of_each = [k for k, one in enumerate(listed) if k == 0 or one["figure"] != listed[k - 1]["figure"]]
    for k, one in ((k, listed[k]) for k in [*first_of_each, len(listed) - 1]):
        at = iter(range(100))

        def wrong(claim, at=at, k=k):
            cells = list(right(claim))
            if next(at) == k:
                cells[3] = f"{claim.runs + 1}"
            return tuple(cells)

        monkeypatch.setattr(content, "claim_cells", wrong)
        told = found(entries, tmp_path)
        assert len(told) == 1, one
        assert told[0].startswith(f"{one['claim']}: {int(one['runs']) + 1} runs")


def test_rows_left_out_are_seen(entries, tmp_path):
    """A page of other rows than those at hand."""
    text = page_of(entries, tmp_path)
    fewer = [dataclasses.replace(one.source, rows=one.source.rows[:-1]) for one in entries]
    assert len(faults(text, fewer)) >= 6


def test_few_runs_decide_nothing(entries, tmp_path):
    """A law a tenth off and three runs per n: nothing is rejected, and nothing called reproduced."""
    rows = tuple(complete(published_rows.as_published("fig3_published", 1, runs=3, every=4, shift=1.03)))
    source = Source("fig3", rows, Note("plan", "pl-native reproduce fig3"))
    (claim,) = report.Entry(source, experiments.experiment("fig3").summarise(rows), ()).claims()
    assert claim.verdict == "[open]"
    assert "a shift of n by" in claim.why
