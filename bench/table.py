"""bench/results/table.md: every kept figure beside its rival's and its target, made from the CSV files alone. The
figures and the picture of README.md are some of these rows, shorter."""
import api
import cold_call
import conformal
import fit
import fleet
import freshness
import listing
import m4_hourly
import notebook
import objects
import picture
import python_package
import refresh
import resident
import scale
import serve
import signed_calls
import split
import tune
from record import RESULTS, ROOT, read, spread

# (question, measure, subject, rival, what is compared, target). "faster": rival / subject of seconds; "rate": subject /
# rival of rates, at least the target; "grows": subject / rival, at most the target; "most": the subject itself, at most
# the target; "least": at least; "slower by": subject - rival, at most the target; "difference": subject - rival, no target.
PROPHET, OURS = "Prophet", "chiliad"
LARGE = f"{scale.LARGE:,} customers"
ROWS = [
    ("fit", fit.TITLES["notebook"], OURS, PROPHET, "faster", 500),
    ("fit", fit.TITLES["notebook"] + fit.CPU, OURS, PROPHET, "faster", 500),
    ("fit", fit.TITLES["additive"], OURS, PROPHET, "faster", 250),
    ("fit", fit.TITLES["additive"] + fit.CPU, OURS, PROPHET, "faster", 250),
    ("fit", fit.TITLES["multiplicative"], OURS, PROPHET, "faster", 100),
    ("fit", fit.TITLES["multiplicative"] + fit.CPU, OURS, PROPHET, "faster", 100),
    ("fit", fit.FLEET, OURS, PROPHET, "faster", 700),
    ("fit", fit.FLEET + fit.CPU, OURS, PROPHET, "faster", 700),
    ("fit", fit.TITLES["defaults"], OURS, PROPHET, "faster", 250),
    ("fit", fit.TITLES["defaults"] + fit.CPU, OURS, PROPHET, "faster", 250),
    ("refresh", refresh.TITLES["year"], refresh.OURS, refresh.HELD, "faster", 10),
    ("refresh", refresh.TITLES["year"], refresh.OURS, refresh.SHARED, "times", None),
    ("refresh", refresh.TITLES["years"], refresh.OURS, refresh.HELD, "faster", 10),
    ("refresh", refresh.TITLES["hours"], refresh.OURS, refresh.HELD, "faster", 10),
    ("refresh", refresh.COMMAND, refresh.OURS, refresh.ANEW, "times", None),
    ("fleet", fleet.MEASURE, OURS, "Python loop, 2 processes", "faster", 100),
    ("fleet", fleet.AGAIN, OURS, None, "report", None),
    ("notebook", notebook.SCRIPT, OURS, notebook.PLAIN, "times", None),
    ("notebook", notebook.ACCELERATED, OURS, notebook.PLAIN, "times", None),
    ("notebook", notebook.NATIVE, OURS, notebook.PLAIN, "times", None),
    ("notebook", notebook.COLD, notebook.OURS, notebook.SERVER, "times", None),
    ("notebook", notebook.WARM, notebook.OURS, notebook.SERVER, "times", None),
    ("split", split.MEASURE, OURS, "pandas script", "faster", 20),
    ("serve", serve.RATE, OURS, "nginx, fixed body", "rate", 0.5),
    ("serve", serve.P50, OURS, "nginx, fixed body", "report", None),
    ("serve", serve.P99, OURS, "nginx, fixed body", "report", None),
    ("cold_call", cold_call.MEASURE, cold_call.COLD, cold_call.WARM, "slower by", 1e-3),
    ("freshness", freshness.MOST, OURS, None, "most", 1),
    ("freshness", freshness.MEDIAN, OURS, None, "report", None),
    ("signed_calls", signed_calls.RATE, signed_calls.WITH, signed_calls.WITHOUT, "rate", 0.6),
    ("objects", objects.PUT, OURS, "versitygw", "rate", 1),
    ("objects", objects.GET, OURS, "versitygw", "rate", 1),
    ("objects", objects.PUT + objects.SYNCED, OURS, None, "report", None),
    ("objects", objects.ALONE, OURS, "versitygw", "report", None),
    ("objects", objects.ALONE + objects.SYNCED, OURS, None, "report", None),
    ("listing", listing.START, OURS, "versitygw", "times", None),
    ("listing", listing.MIDDLE, OURS, "versitygw", "times", None),
    ("listing", listing.END, OURS, "versitygw", "times", None),
    ("listing", listing.FOLDERS, OURS, "versitygw", "times", None),
    ("listing", listing.MEMORY, OURS, "versitygw", "report", None),
    ("api", api.RATE, OURS, None, "least", 2000),
    ("api", api.JOBS, OURS, None, "report", None),
    ("api", api.IDLE, OURS, None, "most", 40),
    ("api", api.START, OURS, None, "most", 0.2),
    ("resident", resident.EACH, OURS, None, "most", 4096),
    ("resident", resident.ALL, OURS, None, "report", None),
    ("scale", scale.RATE, LARGE, "1,000 customers", "rate", 0.9),
    ("scale", scale.PEAK, LARGE, "1,000 customers", "grows", 1.25),
    ("python_package", python_package.FIT, OURS, PROPHET, "faster", 100),
    ("python_package", python_package.PREDICT, OURS, PROPHET, "faster", 50),
    ("python_package", python_package.LOGISTIC, OURS, PROPHET, "faster", 100),
    ("python_package", python_package.RICH, OURS, PROPHET, "faster", 150),
    ("python_package", python_package.SAMPLING, OURS, PROPHET, "faster", 3),
    ("python_package", python_package.VALIDATION, OURS, "Prophet, 2 processes", "faster", 100),
    ("python_package", python_package.FLEET, OURS, "Python loop", "faster", 300),
    ("m4_hourly", m4_hourly.MEASURE, OURS, PROPHET, "difference", None),
    ("m4_hourly", m4_hourly.MEASURE, OURS, m4_hourly.NAIVE, "difference", None),
    ("tune", tune.MEASURE, tune.TUNED, tune.DEFAULTS, "difference", None),
    ("conformal", conformal.coverage_measure(0.8), conformal.CALIBRATED, conformal.OWN, "difference", None),
    ("model", "model.json with history + tar.gz", OURS, None, "most", 250e-6),
    ("model", "load", OURS, PROPHET, "most", 250e-6),
    ("model", "forecast_new_frame", OURS, PROPHET, "most", 20e-6),
    ("model", "forecast_seen_frame", OURS, None, "most", 4e-6),
    ("model", "resident model", OURS, None, "most", 4096),
]
# One screen of them for README.md, under shorter names.
SHORT = [
    (("fit", fit.TITLES["additive"], OURS, PROPHET), "fit, 358 rows, yearly + weekly"),
    (("fit", fit.TITLES["notebook"], OURS, PROPHET), fit.TITLES["notebook"]),
    (("fit", fit.TITLES["multiplicative"], OURS, PROPHET), "fit, 358 rows, yearly + weekly, multiplicative"),
    (("fit", fit.FLEET, OURS, PROPHET), "the first in a fleet on one calendar"),
    (("fit", fit.TITLES["defaults"], OURS, PROPHET), "fit, 2,905 rows, defaults"),
    (("refresh", refresh.TITLES["year"], refresh.OURS, refresh.HELD), "one new day for a year of days"),
    (("refresh", refresh.TITLES["years"], refresh.OURS, refresh.HELD), "one new day for 2,905 days"),
    (("python_package", python_package.FIT, OURS, PROPHET), "Python: Prophet().fit(df)"),
    (("python_package", python_package.LOGISTIC, OURS, PROPHET), "Python: logistic growth"),
    (("python_package", python_package.RICH, OURS, PROPHET), "Python: holidays and two regressors"),
    (("python_package", python_package.VALIDATION, OURS, "Prophet, 2 processes"), "Python: cross_validation, 11 cut-offs"),
    (("python_package", python_package.SAMPLING, OURS, PROPHET), "Python: mcmc_samples, an effective draw"),
    (("python_package", python_package.FLEET, OURS, "Python loop"), "Python: fit_many, a customer of 1,000"),
    (("fleet", fleet.MEASURE, OURS, "Python loop, 2 processes"), "1,000 customers, files to archives"),
    (("split", split.MEASURE, OURS, "pandas script"), split.MEASURE),
    (("scale", scale.RATE, LARGE, "1,000 customers"), f"trained a second, {LARGE}"),
    (("notebook", notebook.SCRIPT, OURS, notebook.PLAIN), "a notebook's training job, its scripts in 10 boxes"),
    (("notebook", notebook.NATIVE, OURS, notebook.PLAIN), "the same job with the native image"),
    (("notebook", notebook.COLD, notebook.OURS, notebook.SERVER), "first call of a model through the SDK"),
    (("notebook", notebook.WARM, notebook.OURS, notebook.SERVER), "warm call through the SDK"),
    (("serve", serve.RATE, OURS, "nginx, fixed body"), "warm forecasts over HTTP, a core"),
    (("cold_call", cold_call.MEASURE, cold_call.COLD, cold_call.WARM), "cold call, model on local disk"),
    (("resident", resident.EACH, OURS, None), resident.EACH),
    (("objects", objects.PUT, OURS, "versitygw"), "S3: PutObject of 13 kB"),
    (("objects", objects.GET, OURS, "versitygw"), "S3: GetObject of 13 kB"),
    (("listing", listing.MIDDLE, OURS, "versitygw"), "S3: a page of 1,000,000 keys"),
    (("m4_hourly", m4_hourly.MEASURE, OURS, PROPHET), m4_hourly.MEASURE),
]


def amount(value, unit):
    if unit == "s":
        for scale_of, name in ((1, "s"), (1e-3, "ms"), (1e-6, "us")):
            if abs(value) >= 0.9995 * scale_of:  # Not "1e+03 us".
                return f"{value / scale_of:.3g} {name}"
        return f"{value * 1e9:.3g} ns"
    if unit == "1/s":
        return f"{value:,.0f}/s"
    return f"{value:,.4g} {unit}" if abs(value) < 1000 else f"{value:,.0f} {unit}"


def cell(entry):
    unit, values = entry
    middle, low, high = spread(values)
    if low == high:
        return amount(middle, unit)
    return f"{amount(middle, unit)} ({amount(low, unit)} - {amount(high, unit)})"


def verdict(kind, target, subject, rival):
    """(what came out, what was aimed at, reached or not)."""
    middle = spread(subject[1])[0]
    other = spread(rival[1])[0] if rival else None
    unit = subject[0]
    if kind == "faster":
        return f"{other / middle:,.0f} x", f"{target} x", other / middle >= target
    if kind == "times":
        return f"{other / middle:,.3g} x", "", None
    if kind == "rate":
        return f"{middle / other:.2f} x", f"{target} x", middle / other >= target
    if kind == "grows":
        return f"{middle / other:.2f} x", f"<= {target} x", middle / other <= target
    if kind == "most":
        return amount(middle, unit), f"<= {amount(target, unit)}", middle <= target
    if kind == "least":
        return amount(middle, unit), f">= {amount(target, unit)}", middle >= target
    if kind == "slower by":
        return f"+{amount(middle - other, unit)}", f"<= +{amount(target, unit)}", middle - other <= target
    if kind == "difference":
        return f"{middle - other:+.3f}", "", None
    return "", "", None


def lines():
    notes = {}
    yield "| work | chiliad: median (least - most) | beside it: median (least - most) | ratio | target | |"
    yield "|---|---|---|---|---|---|"
    for question, measure, subject, rival, kind, target in ROWS:
        series, said = read(question)
        mine = series.get((measure, subject))
        if mine is None:
            yield f"| {measure} | not measured | | | {target or ''} | |"
            continue
        notes[question] = said
        theirs = series.get((measure, rival)) if rival else None
        ratio, aim, reached = verdict(kind, target, mine, theirs)
        mark = {True: "reached", False: "**missed**", None: ""}[reached]
        beside = f"{rival}: {cell(theirs)}" if theirs else ""
        yield f"| {measure} | {cell(mine)} | {beside} | {ratio} | {aim} | {mark} |"
    yield ""
    for question, said in notes.items():
        yield f"- `{question}.csv`: " + "; ".join(said)


def short():
    """(name, its entry, the rival's, kind, target) of each row of README.md that was measured."""
    known = {row[:4]: row[4:] for row in ROWS}
    for key, name in SHORT:
        question, measure, subject, rival = key
        series, _ = read(question)
        mine, theirs = series.get((measure, subject)), series.get((measure, rival))
        if mine and (theirs or not rival):
            yield name, rival, mine, theirs, *known[key]


def readme_lines():
    yield "| work | chiliad | beside it | |"
    yield "|---|---|---|---|"
    for name, rival, mine, theirs, kind, target in short():
        ratio, aim, reached = verdict(kind, target, mine, theirs)
        missed = f" (aimed at: {aim})" if reached is False else ""
        beside = f"{rival}: {amount(spread(theirs[1])[0], theirs[0])}" if theirs else ""
        yield f"| {name} | {amount(spread(mine[1])[0], mine[0])} | {beside} | {ratio if theirs else ''}{missed} |"


# And of these the picture's.
DRAWN = ["fit, 358 rows, yearly + weekly", "the first in a fleet on one calendar", "fit, 2,905 rows, defaults", "one new day for a year of days",
         "Python: Prophet().fit(df)", "Python: logistic growth", "Python: fit_many, a customer of 1,000", "1,000 customers, files to archives",
         "first call of a model through the SDK", "warm call through the SDK", "warm forecasts over HTTP, a core", "S3: GetObject of 13 kB",
         "S3: a page of 1,000,000 keys"]


def bars():
    for name, rival, mine, theirs, kind, _ in short():
        if name not in DRAWN:
            continue
        ours, other = spread(mine[1])[0], spread(theirs[1])[0]
        yield name, rival, ours / other if kind == "rate" else other / ours


def write():
    RESULTS.mkdir(parents=True, exist_ok=True)
    text = "\n".join(["Written by `./run bench` from the CSV files beside it; a line a run is kept there.", "", *lines()])
    (RESULTS / "table.md").write_text(text + "\n")
    print(f"\n{text}")
    (ROOT / "doc/pictures/ratios.svg").write_text(picture.draw(list(bars())))
    readme = ROOT / "README.md"
    before, begin, rest = readme.read_text().partition("<!-- figures: written by ./run bench -->\n")
    _, end, after = rest.partition("<!-- end of figures -->")
    if begin and end:
        readme.write_text(before + begin + "\n".join(readme_lines()) + "\n" + end + after)


if __name__ == "__main__":
    write()
