"""Statistics of simulated experiments: intervals, thresholds, slopes, comparison of convergence curves.

NumPy only. Every estimate is a frozen object that carries its interval and its number of runs; counts of runs
are integers, probabilities are plain floats, n is the number of data points of a problem.
"""

from __future__ import annotations

from pl_native.stats._tails import chi2_tail, f_tail, student_quantile
from pl_native.stats.curves import CurveTest, two_sample_test
from pl_native.stats.fits import FORMS, Fit, fit
from pl_native.stats.intervals import Interval, Proportion, clopper_pearson, hoeffding, overlap, wilson
from pl_native.stats.slopes import MeanEstimate, Slope, loglog_slope, mean_interval
from pl_native.stats.threshold import Threshold, logistic_threshold, published_threshold

__all__ = [
    "FORMS",
    "CurveTest",
    "Fit",
    "Interval",
    "MeanEstimate",
    "Proportion",
    "Slope",
    "Threshold",
    "chi2_tail",
    "clopper_pearson",
    "f_tail",
    "fit",
    "hoeffding",
    "logistic_threshold",
    "loglog_slope",
    "mean_interval",
    "overlap",
    "published_threshold",
    "student_quantile",
    "two_sample_test",
    "wilson",
]
