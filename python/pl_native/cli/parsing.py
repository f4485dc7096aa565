"""The parser of the command line, and what it reads."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Errors in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def place(text: str) -> Path:
    """An argparse type: the path of a file or folder. An empty one, as a shell makes of an unset variable,
    would be the current folder.
    """
    if not text:
        raise argparse.ArgumentTypeError("expected a file or folder, got ''")
    return Path(text)


def whole(least: int) -> type[int]:
    """An argparse type: a whole number >= least."""

    class Whole(int):
        def __new__(cls, text: str) -> Whole:
            try:
                value = super().__new__(cls, text)
            except ValueError:
                raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}") from None
            if value < least:
                raise argparse.ArgumentTypeError(f"expected a whole number >= {least}, got {text}")
            return value

    return Whole
