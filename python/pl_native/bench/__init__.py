"""Benchmarks: what `pl-native bench` runs and what the scripts of bench/ in the source tree are made of.

`harness` interleaves and compares, `machine` knows the peak and the facts, `problems` and `rivals` are what
competes, `contest` checks before it times, `dense` is the question that every installation can answer.
"""
