"""How far runs scatter whose weights differ by a little, against what one of them tells.

Ensembles of copies of one problem, the weights W_jk (1 + eps xi_jk), xi standard normal, on the exact flow
and on capture: the standard deviation of log L over the copies at t_inf/16, t_inf/4 and t_inf, and beside it
what the unperturbed run told of its passes of repelling kinks by then. Rows go to a CSV as they come; those
there are not run again. Then the loss along a line of starts. `--draw` makes the figure of
docs/sensitivity.md and prints its tables; nothing is run.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import pl_native as pl

Row = dict[str, Any]
Problem = tuple[pl.Dataset, pl.Network]
SHARES = (1 / 16, 1 / 4, 1.0)  # of t_inf
TINY = 1e-10
LADDER = (TINY, *(float(f"{eps:.3g}") for eps in 10.0 ** np.arange(-6, -0.9, 0.5)))
FLOW_RTOL = 1e-9


@dataclass(frozen=True)
class Question:
    """Ensembles of one size, by one method, over draws."""

    size: tuple[int, int, int]
    method: str
    rtol: float
    draws: int
    copies: int
    eps: tuple[float, ...]


QUESTIONS = (
    Question((300, 30, 31), "capture", 0.1, 6, 20, (TINY, 1e-6)),
    Question((600, 60, 33), "capture", 0.1, 6, 20, (TINY, 1e-6)),
    Question((1000, 100, 35), "capture", 0.1, 4, 20, (TINY, 1e-6)),
    Question((1700, 100, 37), "capture", 0.1, 2, 10, (TINY, 1e-6)),
    Question((60, 5, 6), "flow", FLOW_RTOL, 20, 20, LADDER),
    Question((120, 10, 8), "flow", FLOW_RTOL, 12, 20, LADDER),
    Question((300, 30, 31), "capture", 1e-2, 4, 20, (TINY,)),
    Question((300, 30, 31), "flow", FLOW_RTOL, 3, 20, (TINY,)),
    Question((300, 30, 31), "flow", FLOW_RTOL, 3, 5, (1e-5, 1e-4, 1e-3, 1e-2)),
    Question((600, 60, 33), "capture", 1e-2, 2, 8, (TINY,)),
)
LINE, LINE_DRAW = Question((120, 10, 8), "flow", FLOW_RTOL, 1, 401, (1e-2,)), 2
COLUMNS = (
    "method", "rtol", "n", "d", "p", "draw", "eps", "copies", "share", "scatter", "furthest",
    "closest", "close", "told", "flips",
)  # fmt: skip
KEY = COLUMNS[:8]


def draw(size: Sequence[int], seed: int) -> Problem:
    n, d, p = size
    return pl.data.sphere(n, d, seed=seed), pl.initial.asymmetric(p, d, seed=seed + 1)


def shaken(network: pl.Network, eps: float, seed: Sequence[int]) -> pl.Network:
    """A copy whose weights are off by eps of themselves."""
    xi = np.random.default_rng(seed).standard_normal(network.W.shape)
    return pl.Network(network.W * (1 + eps * xi), network.a)


def follow(problem: Problem, question: Question, shares: Sequence[float]) -> pl.Solution:
    """Rows at these shares of t_inf, and the run to the last."""
    data, network = problem
    end = pl.horizon(data.n, network.p)
    times = [0.0, *(share * end for share in shares)]
    method, rtol = question.method, question.rtol
    return pl.simulate(data, network, times[-1], method=method, rtol=rtol, save=times, threads=1)


def told(problem: Problem, question: Question) -> list[Row]:
    """What the unperturbed run tells by each share: of its passes; loss there."""
    found = []
    for share in SHARES:
        sol = follow(problem, question, [share])
        found.append(
            {
                "log_loss": float(np.log(sol.loss[-1])),
                "closest": sol.stats["closest_pass"],
                "close": sol.stats["close_passes"],
                "told": sol.stats["branch_scatter"],
                "flips": sol.stats.get("branch_flips", 0.0),
            }
        )
    return found


def ensemble(question: Question, seed: int, eps: float, base: Sequence[Row]) -> Iterator[Row]:
    """One row per share: how far the copies are apart, and from the run itself."""
    data, network = draw(question.size, seed)
    logs = []
    for copy in range(question.copies):
        other = shaken(network, eps, [seed, copy])
        logs.append(np.log(follow((data, other), question, SHARES).loss[1:]))
    n, d, p = question.size
    same = {"method": question.method, "rtol": question.rtol, "n": n, "d": d, "p": p, "draw": seed}
    for k, (share, here) in enumerate(zip(SHARES, base, strict=True)):
        column = np.array(logs)[:, k]
        yield (
            same
            | {
                "eps": eps,
                "copies": question.copies,
                "share": share,
                "scatter": float(column.std(ddof=1)),
                "furthest": float(np.abs(column - here["log_loss"]).max()),
            }
            | {name: here[name] for name in ("closest", "close", "told", "flips")}
        )


def written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def read(path: Path) -> list[Row]:
    """Rows of the file, numbers as numbers."""
    if not path.exists():
        return []
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [{k: v if k == "method" else float(v) for k, v in row.items()} for row in rows]


def measure(path: Path, questions: Sequence[Question] = QUESTIONS) -> None:
    """Runs what the file does not hold yet."""
    done = {tuple(written(row[name]) for name in KEY) for row in read(path)}
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(",".join(COLUMNS) + "\n")
    for question in questions:
        for seed in range(question.draws):
            head = (question.method, question.rtol, *map(float, question.size), float(seed))
            keys = {eps: tuple(map(written, (*head, eps, float(question.copies)))) for eps in question.eps}
            missing = [eps for eps, key in keys.items() if key not in done]
            base = told(draw(question.size, seed), question) if missing else []
            for eps in missing:
                rows = list(ensemble(question, seed, eps, base))
                with path.open("a", newline="") as out:
                    csv.writer(out, lineterminator="\n").writerows(
                        [written(row[name]) for name in COLUMNS] for row in rows
                    )


def measure_line(path: Path) -> None:
    """Loss at t_inf and closest pass of runs along a line of starts, W (1 + shift xi)."""
    data, network = draw(LINE.size, LINE_DRAW)
    lines = ["shift,loss,closest"]
    for shift in np.linspace(-LINE.eps[0], LINE.eps[0], LINE.copies):
        sol = follow((data, shaken(network, float(shift), [LINE_DRAW, 0])), LINE, SHARES[-1:])
        lines.append(f"{shift:.6g},{sol.loss[-1]:.6g},{sol.stats['closest_pass']:.4g}")
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of ensembles.csv and line.csv")
    parser.add_argument("--draw", type=Path, help="folder for the figure; nothing is run")
    given = parser.parse_args()
    ensembles, line = given.out / "ensembles.csv", given.out / "line.csv"
    if given.draw is None:
        measure(ensembles)
        if not line.exists():
            measure_line(line)
        return
    import sensitivity_figure

    sensitivity_figure.draw(read(ensembles), read(line), given.draw)
    print("\n".join(sensitivity_figure.summary(read(ensembles))))


if __name__ == "__main__":
    main()
