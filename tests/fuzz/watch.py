"""One call after the other, watched: what it is stands in a journal before it is made, a call that does not
return ends the process, and whatever is neither a result nor a refusal in words is a `Fault`.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import signal
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIMIT = 10.0
"""Seconds of processor time that a call may take beyond its own budget; of the clock, on a machine that may
be busy, twelve times as many."""

_NAMED = re.compile(
    r"^[\w./ ,'\[\]()_-]{1,300}: |unexpected keyword|missing \d| needs .* available are |"
    "incompatible function arguments"
)


class Fault(AssertionError):  # noqa: N818 (no error, a finding)
    """What no call may do."""


def is_named(error: BaseException) -> bool:
    """A refusal: of a kind that is promised, and its words begin with the name of what is wrong."""
    return type(error) in (ValueError, TypeError, MemoryError) and bool(_NAMED.search(str(error)))


class Watch:
    """Counts of outcomes by (entry, outcome), faults in words, and the journal of the example under way."""

    def __init__(self, journal: Path, limit: float = LIMIT) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.faults: list[str] = []
        self._limit = limit
        faulthandler.register(signal.SIGPROF, all_threads=True, chain=True)  # and then the process ends
        self._file = os.open(journal, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
        self.lines: list[str] = []

    def example(self) -> None:
        """What follows does not depend on what was before."""
        self.lines.clear()
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)

    def call(
        self,
        entry: str,
        words: str,
        function: Callable[[], Any],
        *,
        also: Callable[[BaseException], bool] = lambda error: False,
        budget: float = 0.0,
    ) -> Any:
        """What `function` gives, or None where it refuses. `words` make it again; `also` are refusals beyond
        the usual."""
        line = f"{entry}: {words}"[:4000]
        self.lines.append(line)
        os.write(self._file, f"{line}\n".encode(errors="replace"))
        faulthandler.dump_traceback_later(12 * (self._limit + budget), exit=True)
        signal.setitimer(signal.ITIMER_PROF, self._limit + budget)
        try:
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                result = function()
        except Exception as error:
            if is_named(error) or also(error):
                self.counts[entry, "refused"] += 1
                return None
            self.counts[entry, "fault"] += 1
            raise Fault(f"{type(error).__name__}: {str(error)[:500]}") from error
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.cancel_dump_traceback_later()
        odd = [w.message for w in seen if not issubclass(w.category, RuntimeWarning)]  # numbers beyond range
        self.counts[entry, "fault" if odd else "result"] += 1
        if odd:
            raise Fault(f"warned: {str(odd[0])[:300]}")
        return result

    def expect(self, entry: str, wrong: str | None) -> None:
        """`wrong` says what is wrong with the last result."""
        if wrong is not None:
            self.counts[entry, "fault"] += 1
            self.counts[entry, "result"] -= 1
            raise Fault(wrong)

    def note(self, fault: BaseException) -> None:
        """Kept with where it came from and the calls that led to it."""
        said = str(fault).splitlines()[0][:600] if isinstance(fault, Fault) else repr(fault)[:600]
        places = traceback.format_tb(fault.__traceback__)[-3:]
        where = [line.strip() for place in places for line in place.splitlines()[:1]]
        self.faults.append("\n    ".join([said, *where, *self.lines[-30:]]))

    def report(self) -> None:
        """For the parent, as the last line of standard output."""
        counts = [[*key, count] for key, count in sorted(self.counts.items())]
        print(json.dumps({"counts": counts, "faults": self.faults}), file=sys.stdout, flush=True)
