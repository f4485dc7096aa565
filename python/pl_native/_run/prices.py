"""What runs cost, measured: printed by `bench/bench_auto.py --fit`, not chosen by hand. Which turns a run
of method "auto" takes follows from these numbers.
"""

CALL = 8e-4
"""seconds that a call takes, whatever it computes"""

EVENTS = {"dense": (0.168, 2.81, 0.682, 0.568), "orthogonal": (0.186, 12.0, 0.394, 0.0467)}
"""A, B, C, D: A n p min(n, d)^D (1 - exp(-B s^C)) events of the flow to t = s t_inf"""

FLOW = {"dense": (2.21, 28.9), "orthogonal": (3.02, 7.77)}
"""per event, and D: D (n p)^0.6 log(1 + s) right-hand sides besides"""

CAPTURE = {"dense": (23.4, 0.3, 0.386, 1.17), "orthogonal": (222.0, -0.0045, 0.378, 0.609)}
"""G, g, h, k: G (n p)^g (0.1 / rtol)^h s^k right-hand sides"""

SECONDS = {
    "flow": {"dense": (2.07e-6, 6.32e-9, 0.73, 7.7e-10), "orthogonal": (3.12e-6, 2.76e-10, 1.15, 9.61e-9)},
    "capture": {"dense": (2.72e-6, 3.41e-9, 0.852, 7.74e-8), "orthogonal": (1.08e-6, 1.9e-9, 0.911, 1.1e-8)},
}
"""of a right-hand side: fixed, c, e, f: fixed + c (n d p)^e + f p; of orthogonal inputs n p"""
