"""What a fit is made of, as Prophet's preprocess() and calculate_initial_params() return it.

Source: Prophet 1.5.0, models.py.
"""
from dataclasses import dataclass
from enum import Enum
from typing import Any


class TrendIndicator(Enum):
    LINEAR = 0
    LOGISTIC = 1
    FLAT = 2


@dataclass
class ModelInputData:
    """Scaled rows and the columns of X, under the names of Prophet's Stan program."""
    T: int                # Rows,
    S: int                # changepoints,
    K: int                # and columns of X.
    tau: float            # changepoint_prior_scale
    trend_indicator: int  # A value of TrendIndicator.
    y: Any                # T
    t: Any                # T
    cap: Any              # T, zeros unless growth is logistic.
    t_change: Any         # S
    s_a: Any              # K ones and zeros: additive,
    s_m: Any              # multiplicative.
    X: Any                # T x K
    sigmas: Any           # K


@dataclass
class ModelParams:
    """Where Prophet's optimiser begins."""
    k: float
    m: float
    delta: Any  # S
    beta: Any   # K
    sigma_obs: float
