"""Scripts that say `from prophet import Prophet` run on this engine, unchanged."""
import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys
import pandas as pd
from prophet import Prophet
from prophet.serialize import model_to_json, model_from_json
from prophet.diagnostics import cross_validation
import prophet.plot, prophet.utilities, prophet.make_holidays
import prophet
df = pd.DataFrame({"ds": pd.date_range("2021-01-01", periods=60), "y": range(60)})
model = model_from_json(model_to_json(Prophet().fit(df)))
print(Prophet.__module__, prophet.__version__, sys.argv[1:], __name__, round(float(model.predict(df)["yhat"].iloc[-1]), 6))
"""
SAID = "chiliad.forecaster 1.5.0 ['--rate', '3'] __main__ 59.0\n"


def run(*arguments, cwd, env=None):
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120,
                          env={**os.environ, **(env or {})})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "beside.py").write_text("VALUE = 1\n")
    (tmp_path / "job.py").write_text("import beside\n" + SCRIPT)
    return tmp_path


def test_a_script_with_its_arguments(folder):
    done = run("-m", "chiliad.accelerate", "job.py", "--rate", "3", cwd=folder)
    assert (done.returncode, done.stdout) == (0, SAID), done.stderr


def test_a_module(folder):
    done = run("-m", "chiliad.accelerate", "-m", "job", "--rate", "3", cwd=folder)
    assert (done.returncode, done.stdout) == (0, SAID), done.stderr


def test_the_environment_variable(folder):
    done = run("job.py", "--rate", "3", cwd=folder, env={"CHILIAD_ACCELERATE": "1"})
    assert (done.returncode, done.stdout) == (0, SAID), done.stderr
    plain = run("-c", "from prophet import Prophet; print(Prophet.__module__)", cwd=folder)
    assert plain.stdout == "prophet.forecaster\n"


POOL = """
import multiprocessing
from prophet import Prophet

def engine(_):
    return Prophet.__module__

if __name__ == "__main__":
    with multiprocessing.get_context("KIND").Pool(1) as pool:
        print(engine(0), pool.map(engine, [0]))
"""


@pytest.mark.parametrize("kind", ["spawn", "forkserver"])
def test_processes_that_a_script_starts(folder, kind):
    (folder / "pool.py").write_text(POOL.replace("KIND", kind))
    done = run("-m", "chiliad.accelerate", "pool.py", cwd=folder)
    assert done.stdout == "chiliad.forecaster ['chiliad.forecaster']\n", done.stderr


def test_the_exit_code_is_the_scripts(folder):
    (folder / "job.py").write_text("import sys; sys.exit(7)\n")
    assert run("-m", "chiliad.accelerate", "job.py", cwd=folder).returncode == 7


@pytest.mark.parametrize("arguments, code, says", [
    ([], 2, "usage:"), (["-m"], 2, "usage:"), (["none.py"], 2, "no file 'none.py'"), (["--help"], 0, "CHILIAD_ACCELERATE")])
def test_usage(folder, arguments, code, says):
    done = run("-m", "chiliad.accelerate", *arguments, cwd=folder)
    assert done.returncode == code and says in done.stdout + done.stderr
