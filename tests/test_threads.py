"""Polite native calls: Ctrl-C, fork, many Python threads, spawned processes, an untouched environment."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import pl_native as pl
from children import end_bits
from pressing import CtrlC

_core = pytest.importorskip("pl_native._core")


own_threads = pytest.mark.skipif(
    _core.build_info()["parallel_runtime"].startswith("OpenMP"),
    reason="OpenMP's runtime spins at its barriers, and ends the interpreter where a thread is refused",
)


def problem(n=60, d=11, p=9, seed=0):
    return pl.data.sphere(n=n, d=d, seed=seed), pl.initial.asymmetric(p=p, d=d, seed=seed + 1)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_returns_within_a_fifth_of_a_second_with_finished_runs(threads):
    short, endless = problem(n=10), problem(n=300, d=30, p=31)
    ends = [1.0, 1e9, 1.0]  # the endless run comes first: it is the largest
    ctrl_c = CtrlC(0.5)
    with pytest.raises(KeyboardInterrupt) as caught:
        pl.simulate_ensemble([short, endless, short], t_end=ends, threads=threads)
    assert ctrl_c.late() < 0.2 * threads
    assert isinstance(caught.value, pl.Interrupted)
    by_index = dict(zip(caught.value.indices, caught.value.solutions, strict=True))
    assert by_index[1].status == pl.Status.INTERRUPTED
    assert by_index[1].stats["steps"] > 1000
    assert by_index[1].loss[-1] < by_index[1].loss[0]
    if threads == 2:  # the other thread had time for both short ones
        assert by_index[0].status == by_index[2].status == pl.Status.HORIZON


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_while_the_caller_only_waits():
    """The calling thread finished its own run; a worker goes on for ever."""
    problems = [problem(n=300, d=30, p=31), problem(n=5)]
    for order in ([0, 1], [1, 0]):
        ctrl_c = CtrlC(0.3)
        with pytest.raises(pl.Interrupted):
            pl.simulate_ensemble(
                [problems[k] for k in order], t_end=[(1e9, 1.0)[k] for k in order], threads=2
            )
        assert ctrl_c.late() < 0.4


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_in_one_large_problem_over_the_team():
    data, net = problem(n=20_000, d=50, p=60)
    ctrl_c = CtrlC(0.5)
    with pytest.raises(pl.Interrupted) as caught:
        pl.simulate(data, net, t_end=1e9, threads=2)
    assert ctrl_c.late() < 0.4
    assert caught.value.solutions[0].status == pl.Status.INTERRUPTED


def test_another_signal_handlers_exception_is_raised():
    class Alarm(Exception):  # noqa: N818
        pass

    def ring(number, frame):
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Alarm):
            pl.simulate(*problem(), t_end=1e9)
    finally:
        signal.signal(signal.SIGALRM, before)


FORK = """
import json, os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
sys.path.insert(0, {tests!r})
import children as t
expected = t.ensemble_bits()  # the parent has used its threads
read, write = os.pipe()
child = os.fork()
if child == 0:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        same = [t.ensemble_bits() == expected for _ in range(2)]
    texts = [str(w.message) for w in caught if w.category is RuntimeWarning]
    os.write(write, json.dumps([same, texts]).encode())
    os._exit(0)
os.waitpid(child, 0)
print(os.read(read, 10000).decode())
"""


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ | environment,
    ).stdout


def test_after_fork_a_call_runs_serially_with_one_warning_and_the_same_bits():
    same, warned = json.loads(run_python(FORK.format(tests=os.path.dirname(__file__))))
    assert same == [True, True]
    assert len(warned) == 1
    assert "fork" in warned[0]


def test_eight_python_threads_at_once_give_the_serial_bits():
    expected = [end_bits(seed) for seed in range(16)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(end_bits, range(16))) == expected


def test_spawned_processes_give_the_same_bits():
    expected = [end_bits(seed) for seed in range(2)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(end_bits, range(2))) == expected


ENVIRONMENT = """
import json, os, sys
import numpy as np
{first}
def state():
    tiny = np.finfo(np.float64).tiny
    tiny32 = np.float32(np.finfo(np.float32).tiny)
    facts = [float(np.nextafter(0.0, 1.0)) > 0, float(tiny / 2) > 0, float(tiny32 / np.float32(2)) > 0]
    facts += [1.0 + 2.0**-53 == 1.0, 1.0 + 2.0**-52 > 1.0, 0.1 + 0.2 == 0.30000000000000004]
    facts += [dict(os.environ), os.sched_getaffinity(0).__len__()]
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        facts += [torch.get_num_threads(), torch.get_num_interop_threads()]
        facts += [float(torch.tensor(1e-310, dtype=torch.float64) * 0.5)]
    return facts
before = state()
import pl_native as pl
assert state() == before, "importing changed it"
data, net = pl.data.sphere(n=60, d=9, seed=0), pl.initial.asymmetric(p=7, d=9, seed=1)
pl.simulate_ensemble([(data, net)] * 4, t_end=10.0, threads=2)
assert state() == before, "running changed it"
import numpy.random
print(json.dumps(before[:3]))
"""


@pytest.mark.parametrize("first", ["numpy", "torch"])
def test_environment_and_threads_are_left_alone(first):
    if first == "torch":
        pytest.importorskip("torch")
    assert json.loads(run_python(ENVIRONMENT.format(first=f"import {first}"))) == [True, True, True]


def test_import_loads_only_numpy_and_the_standard_library():
    code = """
import sys, numpy, numpy.random
before = set(sys.modules)
import pl_native
new = {name.split(".")[0] for name in set(sys.modules) - before}
print(sorted(new - set(sys.stdlib_module_names)))
"""
    assert run_python(code).strip() == "['numpy', 'pl_native']"


CORE = f"""
import sys, types
package = types.ModuleType("pl_native")  # the core alone, which is loaded in no time
package.__path__ = {pl.__path__!r}
sys.modules["pl_native"] = package
from pl_native import _core
"""


@pytest.mark.parametrize("level", _core.levels())
def test_level_is_forced_by_the_environment(level):
    assert run_python(CORE + "print(_core.level())", PL_NATIVE_ISA=level).strip() == level


def test_unknown_level_is_refused_with_what_there_is():
    code = """
import pl_native as pl
try:
    pl.simulate(pl.data.sphere(n=3, d=2, seed=0), pl.initial.asymmetric(p=2, d=2, seed=1), 1.0)
except ValueError as error:
    print(error)
"""
    assert "PL_NATIVE_ISA='v9'" in run_python(code, PL_NATIVE_ISA="v9")


def test_default_threads_follow_the_environment():
    code = CORE + "print(_core.default_threads())"
    assert run_python(code, OMP_NUM_THREADS="3").strip() == "3"
    assert run_python(code, OMP_NUM_THREADS="4,2").strip() == "4"
    cpus = len(os.sched_getaffinity(0))
    assert 1 <= int(run_python(code, OMP_NUM_THREADS="")) <= cpus


def test_progress_is_reported_and_ends_near_the_total():
    seen = []
    data, net = problem(n=300, d=30, p=31)
    pl.simulate(data, net, t_end=20_000.0, progress=lambda done, total: seen.append((done, total)))
    assert len(seen) >= 2
    assert all(0 <= done <= total for done, total in seen)
    assert np.all(np.diff([done for done, _ in seen]) >= 0)


BUSY = """
import os, statistics, subprocess, sys, time
import pl_native as pl
problems = [
    (pl.data.sphere(n=20, d=5, seed=k), pl.initial.asymmetric(p=5, d=5, seed=k + 1)) for k in range(4)
]
def seconds(threads):
    began = time.perf_counter()
    pl.simulate_ensemble(problems, t_end=50.0, threads=threads)
    return time.perf_counter() - began
others = len(os.sched_getaffinity(0)) - 1
busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(others)]
try:
    time.sleep(0.3)
    found = [(seconds(1), seconds(2)) for _ in range(100)]
    one, two = (statistics.median(column) for column in zip(*found))
    print(two / one)
finally:
    for process in busy:
        process.kill()
"""


@own_threads
def test_fault_7_3_two_threads_beside_busy_processes_cost_what_one_does():
    """Ensembles of tiny problems: a team that spins at a barrier takes 10 to 20 times as long."""
    ratios = []
    while len(ratios) < 5 and min(ratios, default=9.0) > 1.3:
        ratios.append(float(run_python(BUSY)))
    assert min(ratios) <= 1.3, ratios


REFUSED = """
import resource, warnings
import pl_native as pl
problems = [
    (pl.data.sphere(n=20, d=5, seed=k), pl.initial.asymmetric(p=5, d=5, seed=k + 1000)) for k in range(400)
]
def bits(threads):
    return [sol.network.W.tobytes() for sol in pl.simulate_ensemble(problems, t_end=5.0, threads=threads)]
expected = bits(1)
with open("/proc/self/statm") as file:
    held = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + 2**28, held + 2**28))  # room for some 30 stacks
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    same = [bits(300) == expected for _ in range(2)]
print(same, [str(w.message)[:26] for w in caught])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space")
@own_threads
def test_fault_2_7_refused_threads_are_done_without():
    """With one warning, and the same bits."""
    told = run_python(REFUSED).strip()
    assert told == "[True, True] ['threads: the system refuse']"
