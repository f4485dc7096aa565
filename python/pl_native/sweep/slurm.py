"""SLURM: a sweep as an array of jobs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from pl_native._base import checks

_MOST_MINUTES = 10**6  # two years


def slurm_script(
    folder: Path, name: str, parts: int, threads: int, minutes: int, functions: Sequence[str] = ()
) -> str:
    """An sbatch array script: `parts` jobs of `threads` CPUs; each does its share of what `folder` plans.

    It runs what the manifest says, whatever becomes of the file the sweep was described in; submitted again
    after a time limit or a lost node, it does what is left. `functions` of the user ("module:function") are
    those it may import. ValueError for a folder whose name SLURM cannot be told.
    """
    for argument, count in (("parts", parts), ("threads", threads)):
        checks.integer(argument, count, 1)
    checks.integer("minutes", minutes, 1, _MOST_MINUTES)
    where = checks.path("folder", folder).resolve()
    allowed = "".join(f" --allow {shlex.quote(one)}" for one in functions)
    return f"""#!/bin/bash
#SBATCH --job-name={re.sub("[^A-Za-z0-9_-]", "_", name)}
#SBATCH --array=1-{parts}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={threads}
#SBATCH --time={minutes // 60:02d}:{minutes % 60:02d}:00
#SBATCH --output="{_pattern(where)}/slurm-%A_%a.log"
# Any number of times: every job does what is missing of its share, and nothing twice.
set -euo pipefail
export OMP_NUM_THREADS="${{SLURM_CPUS_PER_TASK:-{threads}}}"
exec pl-native sweep resume {shlex.quote(str(where))} --shard "${{SLURM_ARRAY_TASK_ID}}/{parts}"{allowed}
"""


def _pattern(folder: Path) -> str:
    """`folder` in a directive, between double quotes: sbatch takes off a backslash before any character, cuts
    the line at a bare # even there, and gives %A a meaning. A backslash in the name itself would end that."""
    text = str(folder)
    if "\\" in text or not text.isprintable():
        raise ValueError(
            f"--out: expected a folder without backslashes and control characters for SLURM, got {text!r}"
        )
    return re.sub('["#]', r"\\\g<0>", text.replace("%", "%%"))
