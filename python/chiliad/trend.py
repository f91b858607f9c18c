"""The trend's three forms and where a fit of each begins. Times and values are scaled: t in [0, 1] over the history."""
import numpy as np


def piecewise_linear(t, deltas, k, m, changepoint_ts):
    """k t + m, the slope changed by deltas[j] from changepoint_ts[j] on, without a jump."""
    t, deltas, changepoint_ts = np.asarray(t), np.asarray(deltas), np.asarray(changepoint_ts)
    after = t[:, None] >= changepoint_ts
    slope = k + after @ deltas
    offset = m - after @ (changepoint_ts * deltas)
    return slope * t + offset


def piecewise_logistic(t, cap, deltas, k, m, changepoint_ts):
    """cap / (1 + exp(-k (t - m))), the rate changed by deltas[j] from changepoint_ts[j] on, without a jump."""
    t, cap = np.asarray(t), np.asarray(cap)
    rate, offset = float(k), float(m)
    rates, offsets = [rate], [offset]
    for change, moment in zip(np.asarray(deltas), np.asarray(changepoint_ts)):
        after = rate + change
        offset += (moment - offset) * (1 - rate / after)
        rate = after
        rates.append(rate)
        offsets.append(offset)
    piece = np.searchsorted(changepoint_ts, t, side="right")
    return cap / (1 + np.exp(-np.asarray(rates)[piece] * (t - np.asarray(offsets)[piece])))


def flat_trend(t, m):
    return np.full(len(t), m, dtype=float) if np.ndim(m) == 0 else m * np.ones_like(t)


def of_draws(growth, t, cap, params, changepoint_ts):
    """The trend at t of each draw of the parameters: a row a draw. cap: of logistic growth alone."""
    rows = []
    for k, m, deltas in zip(np.ravel(params["k"]), np.ravel(params["m"]), params["delta"]):
        if growth == "flat":
            rows.append(flat_trend(t, m))
        elif growth == "linear":
            rows.append(piecewise_linear(t, deltas, k, m, changepoint_ts))
        else:
            rows.append(piecewise_logistic(t, cap, deltas, k, m, changepoint_ts))
    return np.stack(rows)


def first_and_last(df):
    """The rows with the earliest and the latest ds."""
    return df["ds"].to_numpy().argmin(), df["ds"].to_numpy().argmax()


def linear_growth_init(df):
    """(k, m) of the line through the first and the last row."""
    first, last = first_and_last(df)
    t, y = df["t"].to_numpy(), df["y_scaled"].to_numpy()
    k = (y[last] - y[first]) / (t[last] - t[first])
    return k, y[first] - k * t[first]


def logistic_growth_init(df):
    """(k, m) of the curve through the first and the last row, values kept between 1 and 99 % of the cap."""
    first, last = first_and_last(df)
    t, y, cap = (df[name].to_numpy(dtype=float) for name in ("t", "y_scaled", "cap_scaled"))
    ratios = [cap[row] / np.clip(y[row], 0.01 * cap[row], 0.99 * cap[row]) for row in (first, last)]
    if abs(ratios[0] - ratios[1]) <= 0.01:
        ratios[0] *= 1.05
    begin, end = (np.log(ratio - 1) for ratio in ratios)
    span = t[last] - t[first]
    return (begin - end) / span, begin * span / (begin - end)


def flat_growth_init(df):
    return 0, df["y_scaled"].mean()
