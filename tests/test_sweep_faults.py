"""Sweeps and their folders among other processes, signals, damaged files and odd names: faults of once."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import pl_native as pl
from pl_native import cli, store, sweep
from pl_native._base import files, interrupts
from pl_native.store import Store, folder, manifest
from pl_native.sweep import chunks, functions, meter, worker
from sweeping import SEED, bits, broken_data, cell, plan, run

native = pytest.mark.skipif("native" not in pl.backends.available(), reason="needs the compiled core")


# ---------------------------------------------------------------- arrays of jobs


def test_fault_7_1_a_share_leaves_rows_csv_to_others(tmp_path, monkeypatch):
    """It would read the rows of all its neighbours, again and again while they write."""
    monkeypatch.setattr(folder, "write_csv", lambda store: pytest.fail("a share derives rows.csv"))
    for share in ((1, 2), (2, 2)):
        assert run(tmp_path, cell(replicates=4), share=share, chunk_seconds=1e-9)[0] == 2
        assert not (tmp_path / "rows.csv").exists()
    found = store.verify(tmp_path)
    assert found.ok
    assert found.csv_missing == 4
    assert "4 not yet in rows.csv" in str(found)
    monkeypatch.undo()
    assert run(tmp_path, cell(replicates=4))[0] == 0  # without a share: nothing to do, but rows.csv
    assert store.verify(tmp_path).csv_missing == 0


def test_fault_7_1_a_task_with_nothing_to_do_reads_ids_alone(tmp_path, monkeypatch):
    """Of 10^5 rows it once parsed every column: seconds where a few tenths do."""
    run(tmp_path, cell(replicates=4))
    monkeypatch.setattr(store.columns, "from_arrays", lambda arrays: pytest.fail("whole rows are read"))
    monkeypatch.setattr(store.shards, "from_arrays", lambda arrays: pytest.fail("whole rows are read"))
    todo = plan(cell(replicates=4))
    assert sweep.run(todo, tmp_path, share=(1, 2), progress=False) == 0
    assert sweep.status(tmp_path).missing == 0


@pytest.fixture
def odd_folder(tmp_path):
    """A folder whose name means something to sbatch, to a shell and to `%A`."""
    found = tmp_path / "a b#c%A'd\"e;$HOME(é)"
    found.mkdir()
    return found


def directives(script):
    """What sbatch makes of the lines of a script (its `_get_argument`)."""
    lines = [line.removeprefix("#SBATCH ") for line in script.splitlines() if line.startswith("#SBATCH ")]
    return dict(argument(line).removeprefix("--").split("=", 1) for line in lines)


def argument(line):
    """One word: a backslash takes the meaning from any character but a blank outside quotes, a bare # ends
    the line even between quotes. Nothing may follow."""
    found, quote, rest = "", "", iter(enumerate(line))
    for i, c in rest:
        if not quote and c.isspace():
            raise AssertionError(f"Invalid directive: {line[i:]}")
        if c == "\\":
            found += next(rest)[1]
        elif c == "#":
            raise AssertionError(f"cut at #: {line}")
        elif c in "\"'" and quote in ("", c):
            quote = "" if quote else c
        else:
            found += c
    assert not quote, f"unmatched {quote}: {line}"
    return found


def test_fault_7_2_slurm_scripts_survive_odd_names(odd_folder):
    text = sweep.slurm_script(odd_folder, "my sweep; é", 3, 2, 90, ["mine:f"])
    found = directives(text)
    pattern = str(odd_folder).replace("%", "%%") + "/slurm-%A_%a.log"
    assert found["output"] == pattern
    assert found["job-name"] == "my_sweep___"
    command = shlex.split(text.splitlines()[-1])
    assert command[:5] == ["exec", "pl-native", "sweep", "resume", str(odd_folder)]
    assert command[-2:] == ["--allow", "mine:f"]
    for name in ("back\\slash", "new\nline"):
        with pytest.raises(ValueError, match="without backslashes and control characters"):
            sweep.slurm_script(odd_folder / name, "x", 3, 2, 90)


@pytest.mark.skipif(shutil.which("sbatch") is None, reason="needs SLURM's sbatch")
def test_fault_7_2_sbatch_itself_reads_what_was_meant(odd_folder, tmp_path):
    script = odd_folder / "sweep.sbatch"
    script.write_text(sweep.slurm_script(odd_folder, "x", 3, 2, 90))
    done = subprocess.run(["sbatch", "-v", "--test-only", str(script)], capture_output=True, text=True,
                          timeout=60)  # fmt: skip
    told = done.stdout + done.stderr
    assert "Invalid directive" not in told
    options = dict(re.findall(r"^sbatch: ([a-z-]+) +: (.*)$", told, re.MULTILINE))
    assert options["output"] == str(odd_folder).replace("%", "%%") + "/slurm-%A_%a.log"
    assert options["array"] == "1-3"


def test_fault_7_2_printed_commands_can_be_pasted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    spec(tmp_path / "s.toml")
    assert cli.main(["sweep", "plan", "s.toml", "--out", "a b", "--slurm"]) == 0
    assert "To start it: sbatch 'a b/sweep.sbatch'" in capsys.readouterr().out


def spec(path, **fields):
    """A small sweep in TOML."""
    values = {"n": 12, "d": 6, "p": 5, "initialisation": "torch_linear", "t_end": 20.0, "replicates": 2}
    lines = [f"{name} = {json.dumps(value)}" for name, value in (values | fields).items()]
    path.write_text("\n".join(["seed = 7", 'backend = "numpy"', "[cell]", *lines]) + "\n")


# ---------------------------------------------------------------- Ctrl-C


def press_twice(delay=0.0, apart=0.0):
    """SIGINT twice, `apart` seconds between them."""
    time.sleep(delay)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(apart)
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(autouse=True)
def default_sigint():
    """Python's own handler, whatever the process was started with."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def on_call(monkeypatch, owner, name, which, act):
    """Does `act` before call number `which` of a function of `owner`."""
    real, calls = getattr(owner, name), itertools.count(1)

    def called(*arguments):
        if next(calls) == which:
            act()
        return real(*arguments)

    monkeypatch.setattr(owner, name, called)


def test_fault_7_5_ctrl_c_amid_finished_runs_keeps_all_of_them(tmp_path, monkeypatch):
    """While the rows of a chunk's finished runs are made: at the 15th of 20."""
    on_call(monkeypatch, worker, "outcome", 15, press_twice)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, cell(replicates=20), cell(n=13), chunk_seconds=100.0)
    assert len(Store(tmp_path)) == 22  # both cells are one call
    assert store.verify(tmp_path).ok


@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_fault_7_5_ctrl_c_between_a_backend_and_its_solutions_keeps_the_runs(backend, monkeypatch):
    """`simulate_ensemble` too: `Interrupted` carries what was finished when the signal came."""
    if backend not in pl.backends.available():
        pytest.skip(f"backend {backend} is not available")
    from pl_native._run import execute

    on_call(monkeypatch, execute, "solution_of", 2, press_twice)
    problems = [sweep.problem(cell(), SEED, k) for k in range(4)]
    with pytest.raises(pl.Interrupted) as stopped:
        pl.simulate_ensemble(problems, t_end=5.0, backend=backend)
    assert stopped.value.indices == [0, 1, 2, 3]
    assert {solution.status for solution in stopped.value.solutions} == {pl.Status.HORIZON}


def test_fault_7_5_ctrl_c_in_the_oracle_of_the_flow_keeps_finished_runs(monkeypatch):
    from pl_native.backends import numpy_flow

    def press():
        raise KeyboardInterrupt

    on_call(monkeypatch, numpy_flow.Oracle, "run", 3, press)
    problems = [sweep.problem(cell(), SEED, k) for k in range(4)]
    with pytest.raises(pl.Interrupted) as stopped:
        pl.simulate_ensemble(problems, t_end=0.1, method="flow", backend="numpy")
    assert stopped.value.indices == [0, 1]


@native
@pytest.mark.parametrize(
    "apart", [0.03, *(pytest.param(s, marks=pytest.mark.slow) for s in (0.0, 0.001, 0.01, 0.1))]
)
def test_fault_2_10_ctrl_c_twice_keeps_rows(apart, tmp_path):
    """The second came while the first was answered, and the rows in hand were gone."""
    code = (
        "import sys\nfrom pl_native import sweep, Stop\n"
        "cells = sweep.grid(n=list(range(20, 60)), d=6, p=5, initialisation='torch_linear', t_end=4e4,"
        " replicates=50)\n"
        "plan = sweep.plan(cells, seed=1, backend='native')\nprint('ready', flush=True)\n"
        "sweep.run(plan, sys.argv[1], threads=1, chunk_seconds=100.0, progress=False)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    process.stdout.readline()
    while process.poll() is None and not (tmp_path / "manifest.json").exists():
        time.sleep(0.01)
    time.sleep(2.5)  # the problems are drawn, a few hundred runs are done, none is on disk
    process.send_signal(signal.SIGINT)
    time.sleep(apart)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Interrupted" in errors or "KeyboardInterrupt" in errors
    assert len(Store(tmp_path)) > 0
    assert store.verify(tmp_path).ok


def test_ctrl_c_in_a_slow_generator_is_answered(tmp_path, monkeypatch):
    """A problem that is being drawn has nothing to lose; the failures before it are rows."""

    def hang():
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        time.sleep(30.0)

    on_call(monkeypatch, worker, "problem", 3, hang)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, cell(data=broken_data, replicates=6))
    assert time.monotonic() - began < 10.0


def test_held_signals_are_raised_at_the_end_once_and_by_the_handler_of_before():
    seen = []
    signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    with interrupts.held() as outer:
        press_twice()
        with interrupts.held() as inner:
            assert inner is outer
        assert outer.pending
        assert seen == []
    assert seen == [signal.SIGINT]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        press_twice()
    with pytest.raises(KeyboardInterrupt), interrupts.held() as now, now.released():
        press_twice()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts.held():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


# ---------------------------------------------------------------- one pool of work, and its pace


def test_fault_7_6_cells_share_the_calls_of_a_backend(tmp_path, monkeypatch):
    """40 cells of one replicate, each with horizon, step and stop of its own: one call, the same rows."""
    grid = [cell(n=10 + k, replicates=1, t_end=10.0 + k, step=0.5 + k / 100, stop=pl.Stop(loss=0.01 * k))
            for k in range(40)]  # fmt: skip
    alone = [run(tmp_path / f"{k}", one)[1][0] for k, one in enumerate(grid[:4])]
    real, calls = worker.execute, []
    monkeypatch.setattr(
        worker, "execute", lambda works, *others: calls.append(len(works)) or real(works, *others)
    )
    _, rows = run(tmp_path / "all", *grid, chunk_seconds=100.0)
    assert calls == [40]
    assert bits(rows[:4]) == bits(alone)
    calls.clear()
    mixed = [
        cell(),
        cell(method="flow", stop=pl.Stop(), t_end=0.1),
        cell(method="flow", rtol=1e-3, stop=pl.Stop(), t_end=0.1),
    ]
    run(tmp_path / "mixed", *mixed, chunk_seconds=100.0)
    assert calls == [2, 2, 2]  # one of each method and tolerance


@native
def test_fault_7_6_many_cells_cost_what_many_replicates_do(tmp_path):
    """Processor time of 400 x 1 against 10 x 40; within 1.25 on a quiet machine, twice and more before."""

    def cost(cells, replicates, where):
        todo = plan(*(cell(scale=1 + k / 1e5, replicates=replicates) for k in range(cells)), backend="native")
        began = time.process_time()
        sweep.run(todo, where, progress=False, threads=1, chunk_seconds=100.0)
        return time.process_time() - began

    for k in range(5):  # other processes disturb single figures
        ratio = cost(400, 1, tmp_path / f"{k}a") / cost(10, 40, tmp_path / f"{k}b")
        if ratio < 1.5:
            return
    pytest.fail(f"{ratio:.2f} times the cost")


class Clock:
    """Seconds by a cost that is known, so that estimates can be judged without a machine."""

    def __init__(self, each, slowness):
        self.each, self.slowness, self.now = each, slowness, 0.0

    def of(self, runs):
        return self.each * len(runs) + self.slowness * chunks.arithmetic_of(runs)


TINY, LARGE = (
    cell(replicates=4000, n=2, d=2, p=2, t_end=5.0),
    cell(replicates=20, n=400, d=50, p=60, t_end=3e4),
)
FLOWS = [
    cell(method="flow", n=n, d=10, p=8, t_end=50.0, stop=pl.Stop(), replicates=100) for n in (20, 60, 120)
]


@pytest.mark.parametrize("truth", [(5e-4, 1.0), (8e-4, 1.0), (5e-4, 3.0), (3e-4, 0.5)], ids=str)
@pytest.mark.parametrize(
    "cells",
    [(TINY, LARGE), (LARGE, TINY), FLOWS, FLOWS[::-1]],
    ids=["tiny first", "large first", "flows up", "flows down"],
)
def test_fault_7_7_the_time_left_is_right_after_a_tenth_of_it(cells, truth, monkeypatch):
    """Within a factor of 2, also on machines on which what a run costs is not as guessed."""
    runs, clock, pace, told = list(plan(*cells, backend="native")), Clock(*truth), chunks.Pace("native"), []

    class Shown:
        poll = staticmethod(lambda done, total: told.append((clock.now, done / total)))

    monkeypatch.setattr(meter.time, "perf_counter", lambda: clock.now)
    shown = meter.Meter(runs, Shown, pace, 1)
    for chunk in chunks.chunks(runs, pace, 1, 0.5):
        took = clock.of(chunk)
        for tenth in range(10):
            clock.now += 0.1 * took
            shown.show(chunk, (tenth + 1) / 10 if tenth < 9 else 0.99)
        pace.learn(chunk, took)
        shown.show(chunk, 1.0)
    now = clock.now
    late = [(at, at * (1 - share) / share) for at, share in told if 0.1 * now < at < 0.9 * now]
    assert late
    for at, left in late:
        assert 0.5 < left / (now - at) < 2.0, (at, left, now)


# ---------------------------------------------------------------- files that are something else


def test_fault_2_9_a_pipe_among_the_shards_is_told(tmp_path):
    run(tmp_path, cell())
    good = next((tmp_path / "shards").glob("*.npz")).name
    for name in ("x.npz", f"f{good[1:]}"):
        os.mkfifo(tmp_path / "shards" / name)
    with pytest.warns(RuntimeWarning) as told:
        assert sweep.status(tmp_path).done == 2
    assert sorted(str(one.message).rpartition(": ")[2].partition(";")[0] for one in told) == [
        "expected a file, this is a pipe",
        "not the name of a shard",
    ]
    assert len(store.verify(tmp_path).damaged) == 2


@pytest.mark.parametrize("name", ["manifest.json", "rows.csv"])
def test_fault_2_9_other_pipes_are_told_too(name, tmp_path):
    run(tmp_path, cell())
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    if name == "rows.csv":
        assert not store.verify(tmp_path).ok
        return
    with pytest.raises(ValueError, match="expected a file, this is a pipe"):
        sweep.status(tmp_path)


def test_read_regular_refuses_what_may_never_end(tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 10)
    assert files.read_regular(tmp_path / "f") == b"x" * 10
    for path, kind in ((tmp_path, "folder"), (Path("/dev/zero"), "device")):
        with pytest.raises(ValueError, match=f"expected a file, this is a {kind}"):
            files.read_regular(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m["plans"]["x"]["cells"][0].update(replicates=10**12), "at most 10000000 runs in all"),
        (lambda m: m["plans"]["x"]["cells"][0].update(zz=1), "plan x: .*unexpected keyword argument 'zz'"),
        (lambda m: m["plans"]["x"].update(cells=[3]), "plan x: "),
        (lambda m: m["plans"]["x"].update(cells=[]), "plan x: cells: expected at least one"),
        (lambda m: m["plans"]["x"].update(backend="zz"), "plan x: backend: expected one of"),
        (lambda m: m["plans"]["x"].update(backend=[]), "plan x: backend: "),
        (lambda m: m["plans"]["x"].update(seed=-1), "plan x: seed: expected an integer >= 0"),
        (lambda m: m["plans"]["x"].update(seed="1"), "plan x: seed: "),
        (lambda m: m["plans"]["x"].pop("cells"), "plans: expected plans by id"),
        (lambda m: m.pop("plans"), "plans: expected plans by id.* got nothing"),
        (lambda m: m.update(plans=[]), "plans: expected plans by id"),
        (lambda m: m.pop("name"), "name: expected the name of a sweep, got nothing"),
        (lambda m: m.update(name=3), "name: expected the name of a sweep, got 3"),
        (lambda m: m.update(numerics="4"), "numerics: expected a whole number, or whole numbers by method"),
        (lambda m: m.update(sessions=[{}]), "sessions: expected a list of sessions"),
        (lambda m: m["plans"]["x"]["cells"][0].update(data_options="[" * 10**5), "plan x: data_options: "),
    ],
)  # fmt: skip
def test_fault_4_6_nonsense_in_a_manifest_is_a_message(change, words, tmp_path, capsys):
    run(tmp_path, cell())
    path = tmp_path / "manifest.json"
    content = json.loads(path.read_text())
    content["plans"] = {"x": next(iter(content["plans"].values()))}
    change(content)
    path.write_text(json.dumps(content))
    for verb in ("status", "resume"):
        assert cli.main(["sweep", verb, str(tmp_path)]) == 2
        assert re.search(words, capsys.readouterr().err)


def test_fault_4_6_deep_nesting_is_a_message(tmp_path):
    run(tmp_path, cell())
    (tmp_path / "manifest.json").write_text("[" * 10**5)
    with pytest.raises(ValueError, match="damaged, it is not a manifest"):
        sweep.status(tmp_path)
    (tmp_path / "s.toml").write_text("a = " + "[" * 10**5)
    with pytest.raises(ValueError, match=r"s\.toml: "):
        sweep.load(tmp_path / "s.toml")


def test_fault_4_6_huge_grids_are_a_message(tmp_path):
    with pytest.raises(ValueError, match="n: expected at most 1000000 values or cells"):
        sweep.grid(n={"from": 1, "to": 10**12}, d=1, p=1, initialisation="balanced", t_end=1.0, replicates=1)
    with pytest.raises(ValueError, match="grid: expected at most 1000000"):
        sweep.grid(
            n=range(1, 2000), d=range(1, 2000), p=1, initialisation="balanced", t_end=1.0, replicates=1
        )
    with pytest.raises(
        ValueError, match="replicates: expected at most 10000000 runs in all, got 1000000000000"
    ):
        plan(cell(replicates=10**12))


@pytest.fixture
def nothing_allowed(monkeypatch):
    monkeypatch.setattr(functions, "_allowed", set())


def test_fault_4_6_what_a_file_names_is_not_imported(tmp_path, nothing_allowed, monkeypatch, capsys):
    """`data = "os:system"` in a manifest, a TOML file or a row: refused, unless it was allowed by name."""
    called = []
    monkeypatch.setattr(os, "system", lambda *arguments, **named: called.append(arguments))
    run(tmp_path / "a", cell())
    path = tmp_path / "a" / "manifest.json"
    path.write_text(path.read_text().replace('"sphere"', '"os:system"'))
    spec(tmp_path / "s.toml", data="os:system")
    out = str(tmp_path / "b")
    for arguments in (["resume", str(tmp_path / "a")], ["status", str(tmp_path / "a")],
                      ["run", str(tmp_path / "s.toml"), "--out", out]):  # fmt: skip
        assert cli.main(["sweep", *arguments]) == 2
        assert "'os:system' is imported only when you allow it" in capsys.readouterr().err
    assert called == []
    assert not Path(out).exists()
    with pytest.raises(ValueError, match="only when you allow it"):
        sweep.problem(cell(data="os:system"), SEED, 0)
    with pytest.raises(ValueError, match="expected a function or 'module:function', got 'os'"):
        sweep.allow("os")


def test_fault_4_6_functions_are_allowed_by_hand_or_on_the_command_line(
    tmp_path, nothing_allowed, monkeypatch
):
    module = tmp_path / "laws_of_mine.py"
    module.write_text("from pl_native import data\ndef law(n, d, *, seed, dtype):\n"
                      "    return data.sphere(n, d, seed=seed, dtype=dtype)\n")  # fmt: skip
    spec(tmp_path / "s.toml", data="laws_of_mine:law")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert cli.main(["sweep", "run", "s.toml", "--out", "a"]) == 2
    assert cli.main(["sweep", "run", "s.toml", "--out", "a", "--allow", "laws_of_mine:law"]) == 0
    functions._allowed.clear()
    row = Store("a").rows()[0]
    with pytest.raises(ValueError, match="only when you allow it"):
        sweep.rebuild(row["id"], "a")
    import laws_of_mine

    cell(data=laws_of_mine.law)  # handed over: allowed from here on
    assert sweep.rebuild(row["id"], "a").loss[-1] == row["loss_end"]


def test_fault_4_6_shards_of_odd_columns_are_told(tmp_path):
    """The right hash and columns of other kinds or shapes: damage, not a traceback."""
    _, rows = run(tmp_path, cell())
    arrays = store.row_arrays.as_arrays(rows)
    for change in ({"id": np.arange(2)}, {"status": np.array("x")}, {"n": np.array([1.5, 2.5])}):
        odd = arrays | change
        with pytest.raises(ValueError, match="column"):
            store.row_arrays.from_arrays(odd)


# ---------------------------------------------------------------- modes, owners, links, folders that vanish


@pytest.fixture
def umask():
    """Sets the umask; the old one comes back."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o002, 0o664), (0o022, 0o644)])
def test_fault_3_5_files_have_the_mode_the_umask_gives(mask, mode, umask, tmp_path):
    umask(mask)
    run(tmp_path / "a", cell())
    sol = pl.simulate(
        *sweep.problem(cell(), SEED, 0), t_end=2.0, backend="numpy", checkpoint=tmp_path / "c.npz"
    )
    sol.save(tmp_path / "s.npz")
    sweep.export(tmp_path / "a", tmp_path / "x.csv")
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {".lock", ".lock-manifest", "manifest.json", "rows.csv", "c.npz", "s.npz", "x.csv"} <= {
        p.name for p in found
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {mode}


def test_fault_3_5_what_replaces_a_file_keeps_its_mode(tmp_path, umask):
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o640)
    with files.replacing(path) as file:
        file.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs a second user")
@pytest.mark.parametrize("mask", [0o002, 0o022], ids=oct)
def test_fault_3_5_a_second_user_of_a_group_s_folder_goes_on(mask, tmp_path):
    """Two users of one group in a setgid folder; with umask 022 the first user's locks are only readable."""
    run(tmp_path, cell())  # all that is imported late, before users that cannot read it
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        shared = Path(place) / "shared"
        for made in (shared, shared / "shards"):
            made.mkdir()
            os.chown(made, 5001, 4321)
            made.chmod(0o2775)
        for user, replicates in ((5001, 2), (5002, 4), (5001, 6)):
            assert as_user(user, 4321, mask, partial(run, shared, cell(replicates=replicates))) == 0
        assert len(Store(shared)) == 6
        assert {path.stat().st_gid for path in shared.rglob("*")} == {4321}
        assert {path.stat().st_uid for path in shared.rglob("*.npz")} == {5001, 5002}


def as_user(user, group, mask, act):
    """Exit code of a process of that user that does `act`."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            os.umask(mask)
            act()
            code = 0
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_fault_3_6_links_are_followed(tmp_path):
    """A checkpoint, a saved solution, rows.csv and the manifest as symbolic links stay links."""
    real = tmp_path / "real"
    real.mkdir()
    for name in ("c.npz", "s.npz", "dangling.npz"):
        (tmp_path / name).symlink_to(real / name)
    problem = sweep.problem(cell(), SEED, 0)
    sol = pl.simulate(*problem, t_end=2.0, backend="numpy", checkpoint=tmp_path / "c.npz")
    sol.save(tmp_path / "s.npz")
    run(tmp_path / "a", cell())
    for name in ("rows.csv", "manifest.json"):
        shutil.move(tmp_path / "a" / name, real / name)
        (tmp_path / "a" / name).symlink_to(real / name)
    run(tmp_path / "a", cell(replicates=3))
    for link in (
        tmp_path / "c.npz",
        tmp_path / "s.npz",
        tmp_path / "a" / "rows.csv",
        tmp_path / "a" / "manifest.json",
    ):
        assert link.is_symlink(), link
        assert (real / link.name).is_file()
    assert len(store.rows_from_csv((real / "rows.csv").read_text())) == 3
    assert not list(tmp_path.rglob(f"{files.TEMPORARY}*"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OSError, match="symbolic links"), files.replacing(tmp_path / "loop"):
        pass


def test_fault_3_6_a_folder_deleted_while_rows_are_made_is_told_truly(tmp_path, monkeypatch, capsys):
    real, out = worker.execute, tmp_path / "a"

    def deleted(*arguments):
        shutil.rmtree(out)
        return real(*arguments)

    monkeypatch.setattr(worker, "execute", deleted)
    spec(tmp_path / "s.toml")
    assert cli.main(["sweep", "run", str(tmp_path / "s.toml"), "--out", str(out)]) == 1
    told = capsys.readouterr().err
    assert f"its folder {out}/shards is gone, moved or deleted while this ran" in told
    assert "rows written before are kept" not in told


def test_fault_3_6_interrupted_in_a_deleted_folder_does_not_say_kept(tmp_path, monkeypatch, capsys):
    out = tmp_path / "a"

    def deleted(*arguments):
        shutil.rmtree(out)
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "problem", deleted)
    spec(tmp_path / "s.toml")
    assert cli.main(["sweep", "run", str(tmp_path / "s.toml"), "--out", str(out)]) == 130
    told = capsys.readouterr().err
    assert "is gone" in told
    assert "kept" not in told


def test_fault_3_6_a_manifest_deleted_meanwhile_is_written_anew(tmp_path):
    todo, there = plan(cell()), Store(tmp_path)
    with there.writing("sweep", todo.claim):
        manifest.path_of(tmp_path).unlink()
    found = there.manifest()
    assert (found.name, set(found.plans), len(found.sessions)) == ("sweep", {todo.id}, 1)


def test_fault_3_6_a_checkpoint_s_folder_deleted_does_not_end_the_run(tmp_path, monkeypatch):
    from pl_native._run import checkpoint

    place = tmp_path / "gone"
    place.mkdir()
    real = checkpoint._slice

    def deleted(*arguments):
        shutil.rmtree(place, ignore_errors=True)
        return real(*arguments)

    monkeypatch.setattr(checkpoint, "_slice", deleted)
    with pytest.warns(RuntimeWarning, match=f"not written .the folder {place} is gone.; the run goes on"):
        sol = pl.simulate(
            *sweep.problem(cell(), SEED, 0), t_end=5.0, backend="numpy", checkpoint=place / "c.npz"
        )
    assert sol.status == pl.Status.HORIZON


# ---------------------------------------------------------------- pipes


@pytest.mark.parametrize(
    "arguments",
    [["doctor"], ["sweep", "run", "s.toml", "--out", "a"],
     *(pytest.param(some.split(), marks=pytest.mark.slow) for some in (
         "--help", "--version", "sweep status b", "sweep plan s.toml", "sweep verify b",
         "sweep export b x.csv", "sweep compact b", "sweep resume b", "sweep merge c b"))],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["at the end", "at once"])
def test_fault_3_7_a_closed_pipe_is_no_error(arguments, unbuffered, tmp_path):
    """`pl-native ... | true`: quiet, and what was to be done is done."""
    spec(tmp_path / "s.toml")
    loaded = sweep.load(tmp_path / "s.toml")
    sweep.run(sweep.plan(loaded.cells, seed=7, backend="numpy"), tmp_path / "b", progress=False)
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "pl_native", *arguments]
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, cwd=tmp_path, env=environment, timeout=60
    )
    assert "rror" not in done.stderr.decode()
    assert "roken" not in done.stderr.decode()
    assert done.returncode == 0
    os.close(write)
    if arguments[1:2] == ["run"]:
        assert len(Store(tmp_path / "a")) == 2
