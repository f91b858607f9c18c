"""One run of python_package.py, in the environment of the package: a JSON line a figure.

    python_work.py FLEET.csv VIEWS.csv
"""
import json
import logging
import statistics
import sys
import time

import numpy
import pandas
import prophet
import prophet.diagnostics
import prophet.forecaster

import chiliad
import chiliad.diagnostics

import python_package as names

prophet.forecaster.logger.setLevel(logging.ERROR)
logging.getLogger("prophet").setLevel(logging.ERROR)
logging.getLogger("cmdstanpy").disabled = True
logging.getLogger("chiliad").setLevel(logging.ERROR)


def tell(measure, subject, seconds):
    print(json.dumps({"measure": measure, "subject": subject, "seconds": seconds}), flush=True)


def seconds_of(act, times):
    """The median of `times` calls, and what the last returned."""
    measured = []
    for _ in range(times):
        before = time.perf_counter()
        result = act()
        measured.append(time.perf_counter() - before)
    return statistics.median(measured), result


def check(ours, theirs, what):
    lp, their_lp = ours.params["lp__"][0, 0], theirs.params["lp__"][0, 0]
    assert lp >= their_lp - 1e-6 * abs(their_lp), f"{what}: log-posterior {lp} is below Prophet's {their_lp}"


def fits(measure, build, tables):
    """The median over the tables; the last one's models."""
    measured = []
    for df in tables:
        theirs_seconds, theirs = seconds_of(lambda: build(prophet.Prophet).fit(df), 1 if len(tables) > 1 else 3)
        ours_seconds, ours = seconds_of(lambda: build(chiliad.Prophet).fit(df), 21)
        check(ours, theirs, measure)
        measured.append((theirs_seconds, ours_seconds))
    for subject, values in zip(("Prophet", "chiliad"), zip(*measured)):
        tell(measure, subject, statistics.median(values))
    return theirs, ours


def rich():
    random = numpy.random.default_rng(3)
    days = pandas.date_range("2020-01-01", periods=730)
    table = pandas.DataFrame({"ds": days, "heat": random.normal(20, 6, 730), "promotion": random.integers(0, 2, 730)})
    table["y"] = (100 + 0.05 * numpy.arange(730) + 5 * numpy.sin(2 * numpy.pi * numpy.arange(730) / 7)
                  + 0.5 * table["heat"] + 3 * table["promotion"] + random.normal(0, 2, 730))

    def build(Prophet):
        model = Prophet(yearly_seasonality=True, weekly_seasonality=True)
        model.add_country_holidays("US")
        model.add_regressor("heat")
        model.add_regressor("promotion")
        return model
    fits(names.RICH, build, [table])


def validate(views):
    arguments = dict(horizon="365 days", period="180 days", initial="730 days", disable_tqdm=True)
    theirs = prophet.Prophet().fit(views)
    ours = chiliad.Prophet().fit(views)
    their_seconds, expected = seconds_of(
        lambda: prophet.diagnostics.cross_validation(theirs, parallel="processes", **arguments), 1)
    our_seconds, found = seconds_of(lambda: chiliad.diagnostics.cross_validation(ours, **arguments), 3)
    assert (found["ds"] == expected["ds"]).all() and found["cutoff"].nunique() == 11
    tell(names.VALIDATION, "Prophet, 2 processes", their_seconds)
    tell(names.VALIDATION, "chiliad", our_seconds)


def fleet(table):
    few = [group for _, group in list(table.groupby("id", sort=False))[:12]]
    their_seconds, theirs = seconds_of(lambda: [prophet.Prophet().fit(group[["ds", "y"]]) for group in few], 1)
    our_seconds, ours = seconds_of(lambda: chiliad.fit_many(table, by="id"), 3)
    assert len(ours) == 1000
    for model, group in zip(theirs, few):
        check(ours[group["id"].iloc[0]], model, "fit_many")
    tell(names.FLEET, "Python loop", their_seconds / len(few))
    tell(names.FLEET, "chiliad", our_seconds / 1000)


def effective(draws, chains=4):
    """The effective sample size of one quantity: draws / (1 + 2 sum of autocorrelations), as far as pairs stay positive."""
    rows = draws.reshape(-1, chains).T
    n = rows.shape[1]
    centred = rows - rows.mean()
    spectrum = numpy.abs(numpy.fft.rfft(centred, 2 * n)) ** 2
    correlation = numpy.fft.irfft(spectrum)[:, :n].mean(axis=0) / n
    correlation /= correlation[0]
    pairs = correlation[0:-1:2] + correlation[1::2][:len(correlation[0:-1:2])]
    last = numpy.argmax(pairs < 0) if (pairs < 0).any() else len(pairs)
    return rows.size / (2 * numpy.minimum.accumulate(pairs[:last]).sum() - 1)


def sample(df):
    """Seconds for each effective draw of the parameter of which there are fewest."""
    sizes = {}
    for subject, Prophet in (("Prophet", prophet.Prophet), ("chiliad", chiliad.Prophet)):
        seconds, model = seconds_of(lambda: Prophet(mcmc_samples=1000).fit(df, seed=1, show_progress=False), 1)
        columns = [model.params[name].reshape(len(model.params["k"]), -1) for name in ("k", "m", "sigma_obs", "delta", "beta")]
        sizes[subject] = min(effective(column) for table in columns for column in table.T)
        tell(names.SAMPLING, subject, seconds / sizes[subject])
    assert sizes["chiliad"] > 0.5 * sizes["Prophet"], sizes


def main(fleet_path, views_path):
    print(json.dumps({"note": f"Prophet {prophet.__version__}, pandas {pandas.__version__}, numpy {numpy.__version__}"}))
    table = pandas.read_csv(fleet_path)
    table.columns = ["id", "ds", "y"]
    table["ds"] = pandas.to_datetime(table["ds"])
    tables = [group[["ds", "y"]].head(358).reset_index(drop=True) for _, group in list(table.groupby("id", sort=False))[:10]]
    theirs, ours = fits(names.FIT, lambda Prophet: Prophet(), tables)
    future = theirs.make_future_dataframe(7, include_history=False)
    tell(names.PREDICT, "Prophet", seconds_of(lambda: theirs.predict(future), 5)[0])
    tell(names.PREDICT, "chiliad", seconds_of(lambda: ours.predict(future), 101)[0])
    fits(names.LOGISTIC, lambda Prophet: Prophet(growth="logistic"), [one.assign(cap=1.2 * one["y"].max()) for one in tables])
    rich()
    sample(tables[0])
    validate(pandas.read_csv(views_path, parse_dates=["ds"]))
    fleet(table)


if __name__ == "__main__":
    main(*sys.argv[1:])
