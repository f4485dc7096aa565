"""What runs cost, measured: printed by `bench/bench_auto.py --fit`, not chosen by hand. Which turns a run
of method "auto" takes follows from these numbers.
"""

EVENTS = {"dense": (0.6, 1.7, 0.5, 0.06), "orthogonal": (0.24, 12.0, 0.6, 0.0)}
"""A, B, C, D: A (n p)^(1 + D) (1 - exp(-B s^C)) events of the flow to t = s t_inf"""

FLOW = {"dense": (2.1, 12.7), "orthogonal": (2.84, 3.93)}
"""per event, and D: D (n p)^0.6 log(1 + s) right-hand sides besides"""

CAPTURE = {"dense": (23.7, 0.3, 0.386, 1.18), "orthogonal": (210.0, 0.005, 0.365, 0.6)}
"""G, g, h, k: G (n p)^g (0.1 / rtol)^h s^k right-hand sides"""

SECONDS = {
    "flow": {"dense": (3e-6, 2e-10, 1.0, 9e-8), "orthogonal": (1.9e-6, 1e-9, 1.01, 1e-8)},
    "capture": {"dense": (3e-6, 1.15e-8, 0.77, 1e-8), "orthogonal": (8.6e-7, 9.5e-10, 0.98, 1e-8)},
}
"""of a right-hand side: fixed, c, e, f: fixed + c (n d p)^e + f p; of orthogonal inputs n p"""
