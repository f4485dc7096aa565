"""From runs to rows, on whatever machine. A run that fails becomes a row that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pl_native._base.interrupts import Interrupts, held
from pl_native._problem import Dataset, Network, Status
from pl_native._run.call_options import checked_options
from pl_native._run.execute import execute
from pl_native._run.interrupted import Interrupted
from pl_native._run.solution import Solution
from pl_native._run.task import work_of
from pl_native.backends.contract import Poll
from pl_native.store import Row
from pl_native.sweep.cells import Cell, problem
from pl_native.sweep.chunks import arithmetic
from pl_native.sweep.result_row import Settings, cost, failed, heads, outcome

# Runs done by one call of a backend: those that ended when Ctrl-C comes are still made rows of, a third of a
# millisecond each, and a chunk of tiny runs has thousands (0.7 s for 2000).
_TOGETHER = 256


@dataclass(slots=True)
class Result:
    """Rows of the runs that ended; `interrupted` when Ctrl-C left some out."""

    rows: list[Row] = field(default_factory=list)
    interrupted: KeyboardInterrupt | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A run whose problem is drawn; `head` are the columns of its row that are known before it is done."""

    cell: Cell
    head: Row
    data: Dataset
    network: Network


def compute(
    runs: Iterable[tuple[Cell, int]], settings: Settings, within: Callable[[float], None] | None = None
) -> Result:
    """Do some runs, each a cell and a replicate, those of one method together whatever their cells.

    Never raises for what a run does. `within` is told the share of the arithmetic done. Ctrl-C ends it with
    the rows of the runs that ended.
    """
    result = Result()
    with held() as interrupts:
        drawn = _draw(runs, settings, result, interrupts)
        done, total = 0.0, sum(arithmetic(one.cell) for one in drawn)
        for group in _groups(drawn):
            if result.interrupted is not None:
                break
            part = sum(arithmetic(one.cell) for one in group)
            _simulate(group, settings, result, _part(within, done / total, part / total))
            done += part
    return result


def _draw(
    runs: Iterable[tuple[Cell, int]], settings: Settings, result: Result, interrupts: Interrupts
) -> list[Drawn]:
    """The problems; one that cannot be drawn is a row at once."""
    drawn: list[Drawn] = []
    last: Cell | None = None
    for cell, replicate in runs:
        if cell is not last:
            last, head_of = cell, heads(cell, settings)
        head = head_of(replicate)
        try:
            with interrupts.released():
                data, network = problem(cell, settings.seed, replicate)
            drawn.append(Drawn(cell, head, data, network))
        except KeyboardInterrupt as stopped:
            result.interrupted = stopped
            return []
        except (Exception, SystemExit) as error:  # whatever a user's function does: that run's outcome
            result.rows.append(failed(head, settings, error))
    return drawn


def _groups(drawn: Sequence[Drawn]) -> list[list[Drawn]]:
    """Those that one call of a backend can do; of the flow, the longest first, so that none is left for the
    end."""
    found: dict[tuple[object, ...], list[Drawn]] = {}
    for one in drawn:
        cell = one.cell
        tolerances = () if cell.method == "euler" else (cell.rtol, cell.atol)
        found.setdefault((cell.method, *tolerances), []).append(one)
    for key, group in found.items():
        if key[0] != "euler":  # whose backend sorts by itself
            group.sort(key=lambda one: -arithmetic(one.cell))
    return [
        group[first : first + _TOGETHER]
        for group in found.values()
        for first in range(0, len(group), _TOGETHER)
    ]


def _simulate(group: Sequence[Drawn], settings: Settings, result: Result, poll: Poll | None) -> None:
    """Rows of runs that one call of a backend can do."""
    try:
        found = list(enumerate(_solutions(group, settings, poll)))
    except Interrupted as stopped:
        ended = zip(stopped.indices, stopped.solutions, strict=True)
        found = [(i, solution) for i, solution in ended if solution.status is not Status.INTERRUPTED]
        result.interrupted = stopped
    except KeyboardInterrupt as stopped:  # it came while rows of the call before were made
        result.interrupted = stopped
        return
    except Exception as error:  # one of them cannot be run; which one shows when each is alone
        if len(group) == 1:
            result.rows.append(failed(group[0].head, settings, error))
            return
        for one in group:
            if result.interrupted is None:
                _simulate([one], settings, result, None)
        return
    result.rows += [_row(group[i], settings, solution) for i, solution in found]


def _solutions(group: Sequence[Drawn], settings: Settings, poll: Poll | None) -> list[Solution]:
    stops = {
        stop: checked_options(**group[0].cell.options | {"stop": stop}, save=None, backend=settings.backend,
                              threads=settings.threads)
        for stop in {one.cell.stop for one in group}
    }  # fmt: skip
    works = [
        work_of(i, one.data, one.network, one.cell.t_end, one.cell.step, stops[one.cell.stop])
        for i, one in enumerate(group)
    ]
    return execute(works, stops[group[0].cell.stop], poll)  # each task has its own stop


def _part(within: Callable[[float], None] | None, before: float, size: float) -> Poll | None:
    if within is None:
        return None
    return lambda done, total: within(before + size * done / max(total, 1))


def _row(one: Drawn, settings: Settings, sol: Solution) -> Row:
    try:
        return one.head | outcome(one.data, sol) | cost(settings, float(sol.stats["seconds"]))
    except Exception as error:  # the metrics of its end state
        return failed(one.head, settings, error)
