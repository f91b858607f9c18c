"""How many times faster than Prophet is a fit, on one core?

Expected: 500 x on the notebook's series (358 rows, trend only), 250 x with yearly + weekly additive, 100 x with yearly +
weekly multiplicative, 700 x in a fleet on one calendar (additive), 250 x on 2,905 rows with defaults.
    ./run bench fit

Checked before the clock counts: on every series that both fit, our log-posterior is not below Prophet's (by more than
1e-6 of it) and our optimality residual is below 1e-9. Both run on the same core; Prophet's constructor is outside its clock.
"""
import json
import resource
import statistics
import time

from data import fleet_series, page_views, prepare_one_core, write_series
from record import ROOT, RUNS, SCRATCH, Finished, expect

QUESTION = "How many times faster than Prophet is a fit, on one core?"

KINDS = {
    "notebook": dict(yearly_seasonality=False, weekly_seasonality=False, daily_seasonality=False,
                     seasonality_mode="multiplicative"),
    "additive": dict(yearly_seasonality=True, weekly_seasonality=True, daily_seasonality=False),
    "multiplicative": dict(yearly_seasonality=True, weekly_seasonality=True, daily_seasonality=False,
                           seasonality_mode="multiplicative"),
    "defaults": {},
}
TITLES = {
    "notebook": "fit, 358 rows, trend only",
    "additive": "fit, 358 rows, yearly + weekly, additive",
    "multiplicative": "fit, 358 rows, yearly + weekly, multiplicative",
    "defaults": "fit, 2,905 rows, defaults",
}
CPU = "; CPU time"  # Beside wall time: it hardly feels what else the machine does.
FLEET = "fit in a fleet of 1,000 on one calendar, yearly + weekly, additive"


def cpu_seconds():
    """Of this process and of those that it waited for: Prophet fits in a CmdStan process."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def prophet_fits(kind, series):
    """[(seconds, CPU seconds, log-posterior)]: the constructor is not timed."""
    from prophet import Prophet
    fits = []
    for _, frame in series:
        model = Prophet(**KINDS[kind])
        before, cpu_before = time.perf_counter(), cpu_seconds()
        model.fit(frame)
        fits.append((time.perf_counter() - before, cpu_seconds() - cpu_before, float(model.params["lp__"][0][0])))
    return fits


def our_fits(kind, path):
    """{benchmark: (seconds, CPU seconds) a fit}, [(log-posterior, residual)] by series."""
    check = SCRATCH / f"{kind}-check.csv"
    done = Finished([ROOT / "build/bin/fit_bench", kind, path, check, "--benchmark_format=json",
                     "--benchmark_min_time=0.5"])
    seconds = {}
    for row in json.loads(done.stdout)["benchmarks"]:
        series = row.get("series", 1)
        seconds[row["name"]] = row["real_time"] * 1e-9 / series, row["cpu_time"] * 1e-9 / series
    fits = [tuple(map(float, line.split(",")[1:])) for line in check.read_text().splitlines()]
    return seconds, fits


def check_fits(kind, series, ours, prophets):
    for (name, _), (lp, residual), (_, _, prophets_lp) in zip(series, ours, prophets):
        expect(lp >= prophets_lp - 1e-6 * abs(prophets_lp), f"{kind}, {name}: {lp!r} is below Prophet's {prophets_lp!r}")
        expect(residual < 1e-9, f"{kind}, {name}: optimality residual {residual}")


def measure(record):
    prepare_one_core(record)
    origin, views = page_views()
    record.note(f"2,905 rows: {origin}")
    fleet = fleet_series(1000)
    subjects = {"notebook": fleet, "additive": fleet, "multiplicative": fleet, "defaults": [("views", views)]}
    for kind, series in subjects.items():
        write_series(series, SCRATCH / f"{kind}.csv")
    prophet_fits("notebook", fleet[:2])  # The first fits of a process load the model's library.
    for run in range(RUNS):
        for kind, series in subjects.items():
            count = 2 if kind == "defaults" else 10
            # Other customers in every run; the one long series is fitted twice.
            chosen = series * 2 if len(series) == 1 else series[run * count:run * count + count]
            seconds, fits = our_fits(kind, SCRATCH / f"{kind}.csv")
            prophets = prophet_fits(kind, chosen)
            check_fits(kind, chosen, fits * 2 if len(series) == 1 else fits[run * count:run * count + count], prophets)
            rival = [statistics.median(column) for column in zip(*prophets)][:2]
            for title, name in ((TITLES[kind], "alone"), *([(FLEET, "fleet")] if kind == "additive" else [])):
                for measure_of, mine, theirs in zip((title, title + CPU), seconds[name], rival):
                    record.add(measure_of, "chiliad", "s", mine)
                    record.add(measure_of, "Prophet", "s", theirs)
