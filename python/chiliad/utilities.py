"""What is asked of a fitted model: the coefficients of its regressors, and its parameters as a start for another."""
import numpy as np
import pandas as pd


def regressor_index(m, name):
    """The regressor's column of X, and place in beta."""
    return m.train_component_cols.index[m.train_component_cols[name] == 1][0]


def regressor_coefficients(m):
    """A row a regressor: its mode, its center (mu, 0 where not standardized) and its coefficient in the data's units -
    added to y for a unit of an additive regressor, multiplied with the trend for a multiplicative one - with the
    interval over the draws, which is the coefficient itself where there is one set of parameters."""
    assert m.extra_regressors, "No extra regressors found."
    low = (1 - m.interval_width) / 2
    rows = []
    for name, properties in m.extra_regressors.items():
        values = m.params["beta"][:, regressor_index(m, name)] / properties["std"]
        if properties["mode"] == "additive":
            values = m.params["beta"][:, regressor_index(m, name)] * m.y_scale / properties["std"]
        lower, upper = np.quantile(values, [low, 1 - low])
        rows.append({"regressor": name, "regressor_mode": properties["mode"], "center": properties["mu"],
                     "coef_lower": lower, "coef": np.mean(values), "coef_upper": upper})
    return pd.DataFrame(rows)


def warm_start_params(m):
    """The parameters of a fitted model as fit(init=...) takes them: means over the draws where there are several."""
    start = {name: np.mean(m.params[name]) if m.mcmc_samples else m.params[name][0][0] for name in ("k", "m", "sigma_obs")}
    start.update({name: np.mean(m.params[name], axis=0) if m.mcmc_samples else m.params[name][0]
                  for name in ("delta", "beta")})
    return start
