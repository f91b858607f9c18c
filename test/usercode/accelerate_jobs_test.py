"""CHILIAD_ACCELERATE=1: scripts that say `from prophet import Prophet` run on chiliad's engine in jobs and endpoints, as
they are, with the real Prophet of their own requirements beside it."""
import json
import os
import pathlib

import pytest

from plain_run import SOURCE, PlainRun, members
from script_jobs import BUCKET, ScriptJobs, channel
from user_endpoint import ENVIRONMENT, SKLEARN, Endpoint, tar_gz, upload_fleet

ROOT = pathlib.Path(__file__).resolve().parents[2]
ON = {"CHILIAD_ACCELERATE": "1"}
REQUIREMENTS = {"requirements.txt": (SOURCE / "requirements.txt").read_bytes()}
# Weekly waves on a line with one bend, and no noise but a fixed pattern.
SCRIPT = """
import json, os
import pandas
from prophet import Prophet
from prophet.serialize import model_to_json

days = pandas.date_range("2021-01-01", periods=200)
wave = [3, 1, 0, -1, -2, -2, 1]
table = pandas.DataFrame({"ds": days, "y": [50 + 0.2 * i + 0.3 * max(0, i - 90) + wave[i % 7] + 0.4 * (i * 7919 % 11 - 5)
                                            for i in range(200)]})
model = Prophet(weekly_seasonality=True, yearly_seasonality=False).fit(table)
forecast = model.predict(model.make_future_dataframe(7))
with open(os.path.join(os.environ["SM_MODEL_DIR"], "forecast.json"), "w") as file:
    json.dump({"engine": type(model).__module__, "yhat": forecast.yhat.tolist(), "model": model_to_json(model)}, file)
print("engine:", type(model).__module__)
"""
# The endpoint's own handler with the engine's name around what it answers.
HANDLER = b"""
import json
from forecast import input_fn, model_fn, output_fn as plain_output, predict_fn as plain_predict

def predict_fn(period, model):
    return type(model).__module__, plain_predict(period, model)

def output_fn(answer, accept):
    return json.dumps({"engine": answer[0], "forecast": json.loads(plain_output(answer[1], accept))})
"""


@pytest.fixture(scope="module")
def package():
    """A folder with a wheel of the Python package."""
    folder = pathlib.Path(os.environ.get("CHILIAD_PYTHON_PACKAGE", ROOT / "build" / "wheels"))
    if not list(folder.glob("chiliad-*.whl")):
        pytest.skip(f"no wheel in {folder}: ./run test makes it")
    return folder


@pytest.fixture(scope="module")
def jobs(new_platform, package, tmp_path_factory):
    jobs = ScriptJobs(new_platform, tmp_path_factory.mktemp("accelerate") / "home", "--python-package", package)
    yield jobs
    assert jobs.platform.stop() == 0, "".join(jobs.platform.log)


def test_a_script_runs_on_the_engine_that_its_environment_asks_for(jobs):
    asked = {"": {}, "on": {"Environment": ON}, "off": {"Environment": {"CHILIAD_ACCELERATE": "0"}}}
    started = {name: jobs.start(SCRIPT, image=SKLEARN, files=REQUIREMENTS, seconds=1800, **more)
               for name, more in asked.items()}
    results = {}
    for name, job in started.items():
        end = jobs.end_of(job, 1800)
        assert end["TrainingJobStatus"] == "Completed", (end["FailureReason"], jobs.lines(job))
        results[name] = json.loads(jobs.model_of(job)["forecast.json"])
    assert {name: result["engine"] for name, result in results.items()} == {
        "": "prophet.forecaster", "on": "chiliad.forecaster", "off": "prophet.forecaster"}
    assert "engine: chiliad.forecaster" in jobs.lines(started["on"])
    plain, ours = results[""]["yhat"], results["on"]["yhat"]
    assert results["off"]["yhat"] == plain
    # The range of y is 140; Prophet stops short of the optimum by parts in a thousand of that.
    assert len(ours) == 207 and max(abs(a - b) for a, b in zip(ours, plain)) < 0.5
    assert plain != ours


@pytest.fixture(scope="module")
def trained(jobs, chiliad, program, tmp_path_factory):
    """(archives of the notebook's training script in an accelerated job, the same series by plain Prophet)."""
    folder = tmp_path_factory.mktemp("trained")
    chiliad.run("generate", "--customers", 5, "--output", folder / "rows.csv")
    (folder / "plain").mkdir()
    plain = PlainRun(program("prophet-1.1.4/bin/python"), folder / "rows.csv", folder / "plain")
    for path in plain.series.iterdir():
        jobs.put(f"series/{path.name}", path.read_bytes())
    files = {path.name: path.read_bytes() for path in SOURCE.iterdir() if path.is_file()}
    name = jobs.start((SOURCE / "train_customers.py").read_text(), image=SKLEARN, files=files, seconds=1800, instances=2,
                      channels=[channel("training", "series/", distribution="ShardedByS3Key")], Environment=ON,
                      CheckpointConfig={"S3Uri": f"s3://{BUCKET}/models/", "LocalPath": "/opt/ml/checkpoints"})
    end = jobs.end_of(name, 1800)
    assert end["TrainingJobStatus"] == "Completed", (end["FailureReason"], jobs.lines(name))
    (folder / "models").mkdir()
    for item in jobs.s3.list_objects_v2(Bucket=BUCKET, Prefix="models/")["Contents"]:
        body = jobs.s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        (folder / "models" / pathlib.PurePosixPath(item["Key"]).name).write_bytes(body)
    return folder / "models", plain


def test_the_notebooks_training_script_writes_archives_that_plain_prophet_reads(trained):
    models, plain = trained
    assert sorted(path.name for path in models.iterdir()) == sorted(path.name for path in plain.models.iterdir())
    forecasts = plain.forecasts("01234")
    plain.models, theirs = models, plain.models
    accelerated = plain.forecasts("01234")
    plain.models = theirs
    for customer in "01234":
        ours, reference = (json.loads(members(folder / f"{customer}.tar.gz")["model.json"]) for folder in (models, theirs))
        assert (ours["__prophet_version"], reference["__prophet_version"]) == ("1.5.0", "1.1.4"), "whose engine wrote it"
        assert json.loads(ours["history"])["data"] == json.loads(reference["history"])["data"]
        mine, plains = (json.loads(json.loads(answers[customer])) for answers in (accelerated, forecasts))
        scale = reference["y_scale"]
        assert list(mine["yhat"]) == list(plains["yhat"])
        for row, value in plains["yhat"].items():
            assert abs(mine["yhat"][row] - value) < 0.05 * scale, (customer, row)


def test_a_handler_behind_multi_model_server_runs_on_the_engine(jobs, trained):
    models, plain = trained
    upload_fleet(jobs.s3, models)
    jobs.s3.put_object(Bucket="fleet", Key="engine.tar.gz", Body=tar_gz({
        "which_engine.py": HANDLER, **{path.name: path.read_bytes() for path in SOURCE.iterdir() if path.is_file()}}))
    asked = {**ENVIRONMENT, "SAGEMAKER_PROGRAM": "which_engine.py", "SAGEMAKER_SUBMIT_DIRECTORY": "s3://fleet/engine.tar.gz"}
    plain.models, theirs = models, plain.models
    expected = {customer: json.loads(json.loads(answer)) for customer, answer in plain.forecasts("13").items()}
    plain.models = theirs
    for environment, engine in ((ON, "chiliad.forecaster"), ({}, "prophet.forecaster")):
        endpoint = Endpoint(jobs.platform, f"engine-{engine.split('.')[0]}", {**asked, **environment})
        for customer in "13":
            answer = json.loads(endpoint.call(f"{customer}.tar.gz"))
            assert answer["engine"] == engine
            forecast = json.loads(answer["forecast"])
            # The same parameters: the same forecast, but for bounds, which the one computes and the other draws.
            assert forecast["yhat"] == pytest.approx(expected[customer]["yhat"], rel=1e-9)
            assert forecast["ds"] == expected[customer]["ds"]
        endpoint.delete()


def test_without_a_wheel_the_job_says_what_is_missing(new_platform, tmp_path):
    (tmp_path / "empty").mkdir()
    jobs = ScriptJobs(new_platform, tmp_path / "home", "--python-package", tmp_path / "empty")
    try:
        end = jobs.end_of(jobs.start("print('ran')", Environment=ON))
        assert end["TrainingJobStatus"] == "Failed"
        for part in ("CHILIAD_ACCELERATE=1: no wheel of the package chiliad for Python 3", str(tmp_path / "empty"),
                     "pip wheel --no-deps", "--python-package"):
            assert part in end["FailureReason"], end["FailureReason"]
        assert jobs.end_of(jobs.start("print('ran')"))["TrainingJobStatus"] == "Completed"
    finally:
        jobs.platform.stop()


def test_a_wheel_that_is_named_has_to_be_there(chiliad, tmp_path):
    done = chiliad.run("up", "--home", tmp_path / "home", "--listen", "127.0.0.1:0", "--python-package", tmp_path / "none",
                       check=False)
    assert done.returncode == 2 and f"--python-package: {tmp_path / 'none'} is not there" in done.stderr
