"""Draws from the predictive law: possible futures of the trend and of y.

The law is that of Prophet's vectorised simulation. Draws come from numpy's global generator, uniforms before Laplace
numbers before normal ones: numpy.random.seed() makes them again, and for linear and flat growth they are Prophet's.
"""
import numpy as np


class TrendLaw:
    """What may become of the trend of one draw of the parameters. t, cap: scaled, ascending, one a row."""

    def __init__(self, model, draw):
        self.growth = model.growth
        self.changepoints_t = np.asarray(model.changepoints_t)
        self.k, self.m = (np.ravel(model.params[name])[draw] for name in ("k", "m"))
        self.deltas = np.asarray(model.params["delta"][draw])
        self.history_step = model._history_step

    def departures(self, t, cap, n_samples):
        """(n_samples, rows): how far each possible trend departs from the fitted one, in units of y_scale."""
        out = np.zeros((n_samples, len(t)))
        future = t > 1
        if self.growth == "flat" or not future.any():
            return out
        times = t[future]
        step = np.diff(times).mean() if len(times) > 1 else self.history_step()
        changes = self._changes(n_samples, len(times), step)
        if self.growth == "linear":
            out[:, future] = changes.cumsum(axis=1).cumsum(axis=1) * step
        else:
            out[:, future] = self._logistic(changes, times, cap[future], step)
        return out

    def _changes(self, n_samples, steps, step):
        """Changes of the slope, in the middle between two rows: half of each counts for the row before."""
        happens = np.random.uniform(size=(n_samples, steps)) < len(self.changepoints_t) * step
        sizes = np.random.laplace(0, np.mean(np.abs(self.deltas)) + 1e-8, size=happens.shape) * happens
        before = np.zeros_like(sizes)
        before[:, 1:] = sizes[:, :-1]
        return (before + sizes) / 2

    def _logistic(self, changes, times, cap, step):
        """The curve is followed from t = 0 on a grid of steps, with the fitted changes on it, into the future."""
        grid = np.arange(0, 1 + step, step)
        fitted = np.zeros(len(grid))
        for moment, delta in zip(self.changepoints_t, self.deltas):
            fitted[np.nonzero(grid > moment)[0][0]] = delta
        n_samples = len(changes)
        rate, offset = np.full(n_samples, float(self.k)), np.full(n_samples, float(self.m))

        def change(moment, sizes):
            nonlocal rate, offset
            after = rate + sizes
            offset = np.where(sizes != 0, offset + (moment - offset) * (1 - rate / after), offset)
            rate = after

        for moment, size in zip(grid, fitted):
            if size != 0:
                change(moment, np.full(n_samples, size))
        trends = np.empty_like(changes)
        for row, moment in enumerate(times):
            change(moment, changes[:, row])
            trends[:, row] = cap[row] / (1 + np.exp(-rate * (moment - offset)))
        return trends - trends.mean(axis=0)


def future_trends(model, df, n_samples, draw):
    """(n_samples, rows): possible trends of one draw of the parameters, in y's unit; df as setup_dataframe() left it."""
    t = df["t"].to_numpy()
    cap = df["cap_scaled"].to_numpy() if model.growth == "logistic" else None
    departures = TrendLaw(model, draw).departures(t, cap, n_samples)
    return (model._scaled_trend(t, cap, draw) + departures) * model.y_scale + df["floor"].to_numpy(dtype=float)


def poisson_trend(model, df, draw):
    """One possible trend by Prophet's simulation that is not vectorised: a Poisson number of changes at any moments, in
    the order of its random numbers."""
    t = df["t"].to_numpy()
    changepoints, deltas = np.asarray(model.changepoints_t), np.asarray(model.params["delta"][draw])
    last = t.max()
    changes = np.random.poisson(len(changepoints) * (last - 1)) if last > 1 else 0
    moments = 1 + np.sort(np.random.rand(changes)) * (last - 1) if changes else np.empty(0)
    sizes = np.random.laplace(0, np.mean(np.abs(deltas)) + 1e-8, changes)
    k, m = (np.ravel(model.params[name])[draw] for name in ("k", "m"))
    if model.growth == "flat":
        trend = model.flat_trend(t, m)
    else:
        changed = np.concatenate([deltas, sizes]), k, m, np.concatenate([changepoints, moments])
        trend = (model.piecewise_linear(t, *changed) if model.growth == "linear"
                 else model.piecewise_logistic(t, df["cap_scaled"].to_numpy(), *changed))
    return trend * model.y_scale + df["floor"]


def observations(model, features, draw, s_a, s_m, trend):
    """y on these trends, (samples, rows) or of the rows alone, with noise: what sample_model() draws."""
    beta = np.asarray(model.params["beta"][draw])
    values = features.to_numpy()
    additive = values @ (beta * s_a.to_numpy()) * model.y_scale
    multiplicative = values @ (beta * s_m.to_numpy())
    noise = np.random.normal(0, np.ravel(model.params["sigma_obs"])[draw], np.shape(trend)) * model.y_scale
    return trend * (1 + multiplicative) + additive + noise


def posterior_predictive(model, df, X, component_cols, regressor_draws=None):
    """{"yhat", "trend"}: (rows, samples) of the rows of df, as setup_dataframe() left it.

    X, component_cols: make_all_seasonality_features(df). regressor_draws: {name: (rows, draws)}, standardized, for
    regressors that are not known but predicted."""
    draws = model.params["k"].shape[0]
    each = max(1, int(np.ceil(model.uncertainty_samples / float(draws))))
    additive, multiplicative = (component_cols[name].to_numpy() for name in ("additive_terms", "multiplicative_terms"))
    values = X.to_numpy()
    trends, yhats = [], []
    for draw in range(draws):
        beta = model.params["beta"][draw]
        trend = future_trends(model, df, each, draw)
        terms = {"add": values @ (beta * additive) * model.y_scale, "mul": values @ (beta * multiplicative)}
        for name, samples in (regressor_draws or {}).items():
            place = X.columns.get_loc(name)
            chosen = samples[:, np.arange(draw * each, (draw + 1) * each) % samples.shape[1]].T
            moved = (chosen - values[:, place]) * beta[place]
            if additive[place]:
                terms["add"] = terms["add"] + moved * model.y_scale
            else:
                terms["mul"] = terms["mul"] + moved
        noise = np.random.normal(0, np.ravel(model.params["sigma_obs"])[draw], size=trend.shape) * model.y_scale
        trends.append(trend)
        yhats.append(trend * (1 + terms["mul"]) + terms["add"] + noise)
    return {"yhat": np.concatenate(yhats).T, "trend": np.concatenate(trends).T}
