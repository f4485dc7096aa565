"""The fuzzer: odd calls of the public API, of `_core`, and odd bytes in every file, each in a child process.

    PYTHONPATH=tests python -m fuzz --calls 100000 --log docs/results/fuzz

A call may give a result or refuse in words; it may not crash, hang, give NaN, go back in time or raise
anything else. What is found becomes a named test (tests/test_fuzz.py).
"""
