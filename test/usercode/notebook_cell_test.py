"""The AWS notebook's first cell: pip in a shell that `chiliad env` has set up, asked for an unpinned sagemaker and boto3 and
for prophet 1.1.4. Alone, that prophet gets a numpy, a pandas and a cmdstanpy with which it does not work."""
import json
import subprocess
import sys

import pytest

CELL = ["sagemaker", "boto3", "prophet==1.1.4"]
BELOW = {"sagemaker": (3,), "pandas": (3,), "numpy": (2,), "cmdstanpy": (1, 3), "packaging": (25,)}
FIT = """
import json, pandas, prophet, sagemaker
days = pandas.DataFrame({"ds": pandas.date_range("2024-01-01", periods=56), "y": [10.0 + day % 7 for day in range(56)]})
model = prophet.Prophet().fit(days)
forecast = model.predict(model.make_future_dataframe(7))
session = sagemaker.Session()
print(json.dumps({"sagemaker": sagemaker.__version__, "prophet": prophet.__version__,
                  "yhat": list(forecast["yhat"].tail(7)), "account": session.account_id(),
                  "bucket": session.default_bucket()}))
"""


@pytest.fixture
def python(tmp_path):
    """Of a new environment, as a notebook's kernel has it."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "notebook-venv"], check=True, timeout=120)
    return tmp_path / "notebook-venv" / "bin" / "python"


def version(text):
    return tuple(int(part) for part in text.split(".")[:2])


def test_the_notebooks_packages_resolve_to_versions_that_work_together(platform, python, tmp_path):
    platform.run(python, "-m", "pip", "install", "--dry-run", "--quiet", "--report", tmp_path / "report.json", *CELL)
    found = {item["metadata"]["name"]: item["metadata"]["version"]
             for item in json.loads((tmp_path / "report.json").read_text())["install"]}
    assert found["prophet"] == "1.1.4"
    for name, limit in BELOW.items():
        assert version(found[name]) < limit, (name, found[name])


@pytest.mark.long
def test_the_notebooks_packages_are_installed_fit_and_reach_the_server(platform, python):
    platform.run(python, "-m", "pip", "install", "--quiet", *CELL, limit=1200)
    told = json.loads(platform.run(python, "-c", FIT).splitlines()[-1])
    assert (version(told["sagemaker"]) < (3,), told["prophet"]) == (True, "1.1.4")
    # A week that repeats goes on.
    assert told["yhat"] == pytest.approx([10, 11, 12, 13, 14, 15, 16], abs=0.05)
    assert (told["account"], told["bucket"]) == ("123456789012", "sagemaker-us-east-1-123456789012")
