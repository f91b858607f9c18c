"""How many times faster than Prophet is the Python package, with the same calls and tables?

Expected: fits of logistic growth 100 x, with yearly + weekly, US holidays and two regressors 150 x, cross_validation of
2,905 rows 100 x Prophet's with 2 processes, fit_many of 1,000 customers 300 x a Python loop, sampling 3 x CmdStan's
effective draws a second.
    ./run bench python_package

bench/python_work.py does it in the package's own environment; it checks there that our log-posterior is not below
Prophet's and that cross-validations have the same rows before the clock counts. Seconds are wall time of the whole call,
pandas included.
"""
import json
import subprocess

from record import ROOT, RUNS, SCRATCH, expect
from data import fleet_folder, fleet_table, page_views

QUESTION = "How many times faster than Prophet is the Python package, with the same calls and tables?"
FIT = "Prophet().fit(df), 358 rows, defaults"
PREDICT = "predict(df) of 7 rows with intervals"
LOGISTIC = "Prophet(growth='logistic').fit(df), 358 rows"
RICH = "fit(df), 2 years, yearly + weekly, US holidays, 2 regressors"
VALIDATION = "cross_validation of 2,905 rows, 11 cut-offs"
SAMPLING = "mcmc_samples=1000, 358 rows, an effective draw"
FLEET = "fit_many of 1,000 customers, a customer"


def measure(record):
    fleet_folder(1000)
    origin, views = page_views()
    path = SCRATCH / "views.csv"
    views.to_csv(path, index=False)
    record.note(f"2,905 rows: {origin}")
    for _ in range(RUNS):
        done = subprocess.run([ROOT / ".venv/python/bin/python", ROOT / "bench/python_work.py", fleet_table(1000), path],
                              capture_output=True, text=True)
        expect(done.returncode == 0, done.stderr[-3000:])
        for line in done.stdout.splitlines():
            said = json.loads(line)
            if "note" in said:
                record.note(said["note"])
            else:
                record.add(said["measure"], said["subject"], "s", said["seconds"])
