"""What do the steps beside the fit cost: stored form, archive, loading, a forecast of 7 rows, memory?

Expected: DESIGN's budgets: storing 250 us, loading 250 us, a forecast 20 us for a frame never seen and 4 us for one seen
before, 4 kB for a resident model.
    ./run bench model

model_bench checks that a model which was stored and read back forecasts the same bits. The rival's figures are those of
Prophet's own functions on the same models; its forecast has the 1,000 simulated futures that it draws by default.
"""
import json
import statistics
import time

from data import fleet_series, prepare_one_core, write_series
from fit import KINDS
from record import ROOT, RUNS, SCRATCH, Finished

QUESTION = "What do the steps beside the fit cost?"


def prophet_steps(series):
    from prophet import Prophet
    from prophet.serialize import model_from_json, model_to_json
    seconds = {"model_to_json": [], "load": [], "forecast_new_frame": []}

    def timed(step, function, *arguments):
        before = time.perf_counter()
        result = function(*arguments)
        seconds[step].append(time.perf_counter() - before)
        return result

    for _, frame in series:
        model = Prophet(**KINDS["notebook"]).fit(frame)
        loaded = timed("load", model_from_json, timed("model_to_json", model_to_json, model))
        timed("forecast_new_frame", lambda: loaded.predict(loaded.make_future_dataframe(7, include_history=False)))
    return {step: statistics.median(values) for step, values in seconds.items()}


def measure(record):
    prepare_one_core(record)
    fleet = fleet_series(1000)
    write_series(fleet, SCRATCH / "model.csv")
    prophet_steps(fleet[:2])
    for run in range(RUNS):
        done = json.loads(Finished([ROOT / "build/bin/model_bench", SCRATCH / "model.csv", "--benchmark_format=json",
                                    "--benchmark_min_time=0.3"]).stdout)
        seconds = {row["name"]: row["real_time"] * 1e-9 for row in done["benchmarks"]}
        rival = prophet_steps(fleet[run * 5:run * 5 + 5])
        for step, value in seconds.items():
            record.add(step, "chiliad", "s", value)
            if step in rival:
                record.add(step, "Prophet", "s", rival[step])
        record.add("model.json with history + tar.gz", "chiliad", "s", seconds["model_to_json"] + seconds["write_tar_gz"])
        record.add("resident model", "chiliad", "bytes", float(done["context"]["resident_model_bytes"]))
