"""The suite over two processes: each takes the next file that none has taken, the first tells of all tests.

    python -m pytest --processes 1      in one, as files named, few tests and the debugger are anyway

A test may so run beside others, as it may beside a busy neighbour (`tools/ci load`). The second process is
pytest with the same arguments; its reports come through a pipe, in the form in which pytest writes them. Both
look for tests at once, which takes each of them 12 s where nothing is remembered of assertions rewritten.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

_FEW = 500  # tests that are not worth another process
_PLACE = "PL_TESTS_PIPES"  # of a helper: from where it takes files, to where it reports
_ALONE = ("collectonly", "usepdb", "lf", "failedfirst", "newfirst", "stepwise", "keyword")
_TEAM = pytest.StashKey["_Team"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--processes", type=int, default=2, help="at most so many processes run the tests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    helpers = min(session.config.option.processes, _processors()) - 1
    if helpers > 0 and not _alone(session.config):
        session.config.stash[_TEAM] = team = _Team(session, helpers)
        session.config.add_cleanup(team.end)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if place := os.environ.pop(_PLACE, ""):
        files, reports = (int(number) for number in place.split())
        for pipe in (files, reports):
            os.set_inheritable(pipe, False)
        session.config.pluginmanager.register(_Reporting(session.config, Connection(reports, readable=False)))
        for _ in _run(session, files):
            pass
        return True
    team = session.config.stash.get(_TEAM, None)
    if team is None:
        return None
    if len(session.items) < _FEW or session.testsfailed:
        team.end()
        return None
    team.lead(session)
    return True


def _alone(config: pytest.Config) -> bool:
    """A helper, or a worker of pytest-xdist, where somebody has it; else what one process does best."""
    if _PLACE in os.environ or hasattr(config, "workerinput") or config.option.capture == "no":
        return True
    here = config.invocation_params.dir
    chosen = any(getattr(config.option, name, False) for name in _ALONE)
    return chosen or not all((here / place).is_dir() for place in config.args)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Reporting:
    """Sends every report of a helper to the first process."""

    def __init__(self, config: pytest.Config, to: Connection) -> None:
        self.config, self.to = config, to

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        hook = self.config.hook
        self.to.send((report.location, hook.pytest_report_to_serializable(config=self.config, report=report)))


class _Done:
    """Names of the tests that were reported to their end, by whichever process."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self.names.append(report.nodeid)


class _Team:
    """The helpers, and the pipe from which they and the first process take the numbers of files."""

    def __init__(self, session: pytest.Session, helpers: int) -> None:
        self.files, self.tasks = os.pipe()
        self.helpers = [_Helper(session, self.files) for _ in range(helpers)]

    def lead(self, session: pytest.Session) -> None:
        """Runs what it takes, tells of everything, and sees that nothing was lost."""
        done = _Done()
        session.config.pluginmanager.register(done)
        os.write(self.tasks, b"".join(k.to_bytes(2) for k in range(len(_by_file(session)))))
        os.close(self.tasks)
        self.tasks = -1  # nothing more to come
        for _ in _run(session, self.files):
            for one in self.helpers:
                one.tell(session, wait=False)
        for one in self.helpers:
            one.tell(session, wait=True)
        self.end()
        every = [item.nodeid for item in session.items]  # the same in each process: no addresses in names
        if sorted(done.names) != sorted(every):
            lost = set(every) - set(done.names)
            ends = "\n".join(
                f"a process ended with {one.process.returncode}:\n{one.said}" for one in self.helpers
            )
            session.shouldfail = (
                f"{len(lost)} tests not run to their end, as {min(lost, default='none')}\n{ends}"
            )
            raise session.Failed(session.shouldfail)

    def end(self) -> None:
        if self.files < 0:
            return
        for one in self.helpers:
            one.end(at_once=self.tasks >= 0)
        for pipe in (self.files, self.tasks):
            if pipe >= 0:
                os.close(pipe)
        self.files = self.tasks = -1


class _Helper:
    """Another process, and what it reports."""

    def __init__(self, session: pytest.Session, files: int) -> None:
        self.said = ""
        self.reports, theirs = Pipe(duplex=False)
        with suppress(AttributeError, OSError):  # room for hundreds of reports meanwhile
            fcntl.fcntl(theirs.fileno(), fcntl.F_SETPIPE_SZ, 2**20)
        self.output = tempfile.TemporaryFile("w+")  # noqa: SIM115
        called = session.config.invocation_params
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *called.args],
            cwd=called.dir,
            env=os.environ | {_PLACE: f"{files} {theirs.fileno()}"},
            pass_fds=(files, theirs.fileno()),
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )
        theirs.close()

    def tell(self, session: pytest.Session, wait: bool) -> None:
        """Tells what has come; if `wait`, until the process has no more to say."""
        hook = session.config.hook
        try:
            while wait or self.reports.poll():
                location, data = self.reports.recv()
                report = hook.pytest_report_from_serializable(config=session.config, data=data)
                if report.when == "setup":
                    hook.pytest_runtest_logstart(nodeid=report.nodeid, location=location)
                hook.pytest_runtest_logreport(report=report)
                if report.when == "teardown":
                    hook.pytest_runtest_logfinish(nodeid=report.nodeid, location=location)
                _stop_if_asked(session)
        except EOFError:
            pass

    def end(self, at_once: bool) -> None:
        self.reports.close()
        try:
            self.process.wait(timeout=0.0 if at_once else 10.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.seek(0)
        self.said = self.output.read()[-2000:]
        self.output.close()


def _by_file(session: pytest.Session) -> list[list[pytest.Item]]:
    found: dict[Path, list[pytest.Item]] = {}
    for item in session.items:
        found.setdefault(item.path, []).append(item)
    return list(found.values())


def _run(session: pytest.Session, files: int) -> Iterator[None]:
    """One test after another of the files that this process takes."""
    by_file = _by_file(session)

    def taken() -> Iterator[Any]:
        while number := os.read(files, 2):
            yield from by_file[int.from_bytes(number)]

    items = taken()
    item = next(items, None)
    while item is not None:
        following = next(items, None)  # what of the fixtures stays is decided by it
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        _stop_if_asked(session)
        yield
        item = following


def _stop_if_asked(session: pytest.Session) -> None:
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)
