#!/usr/bin/env python3
"""Stan's own draws of three posteriors, as their means, standard deviations and Monte-Carlo errors: posterior.csv.

Run with prophet 1.5.0 (cmdstan 2.37.0 in its wheel) installed:   python3 test/golden/make_posterior.py
src/sample/posterior_test.cc makes the same series and compares its own draws.
"""
import logging
from pathlib import Path

import numpy as np
import pandas as pd
from prophet import Prophet

ROWS = 150
CASES = {
    "additive": {},
    "multiplicative": {"seasonality_mode": "multiplicative"},
    "logistic": {"growth": "logistic"},
}


def bent_series():
    i = np.arange(ROWS)
    noise = ((i * 7919) % 101 - 50) / 50.0
    y = 20 + 0.05 * i - 0.08 * np.maximum(0, i - ROWS // 2) + 2 * np.sin(2 * np.pi * i / 7) + noise
    return pd.DataFrame({"ds": pd.date_range("2021-01-01", periods=ROWS), "y": y, "cap": 40.0})


def main():
    logging.disable(logging.CRITICAL)
    lines = ["case,parameter,mean,sd,mcse,ess"]
    for name, options in CASES.items():
        model = Prophet(mcmc_samples=4000, n_changepoints=5, **options)
        model.fit(bent_series(), seed=1, show_progress=False)
        for parameter, row in model.stan_fit.summary(sig_figs=8).iterrows():
            if parameter.startswith("trend"):
                continue
            figures = [row["Mean"], row["StdDev"], row["MCSE"], row["ESS_bulk"]]
            lines.append(",".join([name, parameter] + [f"{value:.6g}" for value in figures]))
    (Path(__file__).parent / "posterior.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
