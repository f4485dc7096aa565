"""Ctrl-C at any moment of a call, and observers of the user's own that misbehave."""

from __future__ import annotations

import signal
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import pl_native as pl


def pressed(function: Callable[[], Any], seconds: float) -> Any:
    """What `function` gives, or the `pl.Interrupted` that SIGINT after so many seconds makes of it; None
    where the signal came before or after what a call computes.
    """
    main, armed, found = threading.main_thread().ident or 0, True, None

    def handler(number: int, frame: Any) -> None:
        if armed:
            raise KeyboardInterrupt

    # an import that was cut short leaves its file to the collector
    warnings.filterwarnings("ignore", r"unclosed file .*\.pyc", ResourceWarning)
    before = signal.signal(signal.SIGINT, handler)
    timer = threading.Timer(seconds, lambda: signal.pthread_kill(main, signal.SIGINT))
    try:
        timer.start()
        found = function()
    except pl.Interrupted as stopped:
        found = stopped
    except KeyboardInterrupt:
        pass
    finally:
        armed = False
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGINT, before)
    return found


def size(t: float, network: pl.Network) -> float:
    return float(np.abs(network.a).max())


def outer(t: float, network: pl.Network) -> Any:
    return network.a


def late(t: float, network: pl.Network) -> float:
    if t > 0.1:
        raise ZeroDivisionError
    return t


def shifting(t: float, network: pl.Network) -> Any:
    return np.zeros(int(t) % 3)


def nothing(t: float, network: pl.Network) -> None:
    return None


def whole(t: float, network: pl.Network) -> Any:
    return {"network": network}


def words(t: float, network: pl.Network) -> str:
    return f"{t}"


OBSERVERS = (size, outer, late, shifting, nothing, whole, words)
"""Of any type and shape; some raise, or change their minds."""
