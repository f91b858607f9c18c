"""bench/results/table.md: every kept figure beside its rival's and its target, made from the CSV files alone. The
figures of README.md are the same rows, shorter."""
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
    ("tune", tune.MEASURE, tune.TUNED, tune.DEFAULTS, "difference", None),
    ("conformal", conformal.coverage_measure(0.8), conformal.CALIBRATED, conformal.OWN, "difference", None),
    ("model", "model.json with history + tar.gz", OURS, None, "most", 250e-6),
    ("model", "load", OURS, PROPHET, "most", 250e-6),
    ("model", "forecast_new_frame", OURS, PROPHET, "most", 20e-6),
    ("model", "forecast_seen_frame", OURS, None, "most", 4e-6),
    ("model", "resident model", OURS, None, "most", 4096),
]
# Shown in the table and not in README.md.
TABLE_ALONE = {objects.ALONE, objects.ALONE + objects.SYNCED, listing.START, listing.END, listing.FOLDERS}


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


def readme_lines():
    yield "| work | chiliad | beside it | |"
    yield "|---|---|---|---|"
    for question, measure, subject, rival, kind, target in ROWS:
        series, _ = read(question)
        mine, theirs = series.get((measure, subject)), series.get((measure, rival))
        if question == "model" or mine is None or measure.endswith(fit.CPU) or measure in TABLE_ALONE:
            continue
        ratio, _, _ = verdict(kind, target, mine, theirs)
        beside = f"{rival}: {amount(spread(theirs[1])[0], theirs[0])}" if theirs else ""
        yield f"| {measure} | {amount(spread(mine[1])[0], mine[0])} | {beside} | {ratio if theirs else ''} |"


def write():
    RESULTS.mkdir(parents=True, exist_ok=True)
    text = "\n".join(["Written by `./run bench` from the CSV files beside it; a line a run is kept there.", "", *lines()])
    (RESULTS / "table.md").write_text(text + "\n")
    print(f"\n{text}")
    readme = ROOT / "README.md"
    before, begin, rest = readme.read_text().partition("<!-- figures: written by ./run bench -->\n")
    _, end, after = rest.partition("<!-- end of figures -->")
    if begin and end:
        readme.write_text(before + begin + "\n".join(readme_lines()) + "\n" + end + after)


if __name__ == "__main__":
    write()
