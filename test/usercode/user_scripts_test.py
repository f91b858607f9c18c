"""Scripts that people wrote for SageMaker, run by its own SDKs as they are.

A notebook's: a pandas splitter, a training script with the real Prophet on ten instances, a handler behind the real Multi
Model Server, by the Python SDK 2.x, and once more by 3.x. A scikit-learn and an XGBoost script from training to a
multi-model endpoint. What comes out is compared, to the last byte, with what the same scripts do in plain Python, or with
what is known of the data.

Equal bytes can be asked for: Prophet's optimiser draws nothing at random, the handlers seed what is drawn for bounds, and
both sides have the same Prophet, CmdStan and numpy (test/requirements-prophet-1.1.4.txt).
"""
import json
import subprocess

import pytest

from plain_run import HERE, SOURCE, PlainRun, members

CUSTOMERS, ASKED = 50, ["8", "0", "35", "49"]
SLOPES = {"alice": (2.0, 1.0), "bob": (-3.0, 5.0)}  # y = slope x + offset + z
HEIGHTS = {"alice": (-10.0, 10.0), "bob": (4.0, 7.0)}  # y below and above x = 0.5


class Driver:
    """A client's program that runs while others do; its output is in a file beside what it leaves."""

    def __init__(self, platform, folder, *command):
        folder.mkdir()
        self.folder, self.log = folder, folder / "log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([str(part) for part in command], env=platform.environment(), stdout=log,
                                            stderr=subprocess.STDOUT)

    def result(self, limit=900):
        assert self.process.wait(timeout=limit) == 0, self.log.read_text()[-12000:]
        return json.loads((self.folder / "result.json").read_text())


def write_rows(folder, function):
    folder.mkdir(parents=True)
    (folder / "rows.csv").write_text("".join(f"{x / 20},{z},{function(x / 20, z)}\n" for x in range(20) for z in (0, 1)))


@pytest.fixture(scope="module")
def rows(chiliad, tmp_path_factory):
    """customers -> the table of so many, under the name that the splitter looks for."""
    def make(customers):
        path = tmp_path_factory.mktemp("rows") / "energy_consumption.csv"
        chiliad.run("generate", "--customers", customers, "--output", path)
        return path
    return make


@pytest.fixture(scope="module")
def drivers(platform, program, rows, tmp_path_factory):
    """All of them at once: the SDKs spend their time on waiting, they ask after a job every 30 s."""
    folder = tmp_path_factory.mktemp("drivers")
    for name, (slope, offset) in SLOPES.items():
        write_rows(folder / "lines" / name, lambda x, z: slope * x + offset + z)
    for name, (below, above) in HEIGHTS.items():
        write_rows(folder / "steps" / name, lambda x, z: below if x < 0.5 else above)
    sdk2, sdk3 = program("sagemaker-2/bin/python"), program("sagemaker-3/bin/python")
    started = {
        "notebook": Driver(platform, folder / "notebook", sdk2, HERE / "notebook_sdk2.py", rows(CUSTOMERS), SOURCE,
                           folder / "notebook", *ASKED),
        "sdk3": Driver(platform, folder / "sdk3", sdk3, HERE / "trainer_sdk3.py", rows(9), SOURCE, folder / "sdk3", "3", "8"),
        "sklearn": Driver(platform, folder / "sklearn", sdk2, HERE / "frameworks_sdk2.py", "sklearn", HERE / "scripts",
                          folder / "lines", folder / "sklearn" / "result.json"),
        "xgboost": Driver(platform, folder / "xgboost", sdk2, HERE / "frameworks_sdk2.py", "xgboost", HERE / "scripts",
                          folder / "steps", folder / "xgboost" / "result.json"),
    }
    yield started
    for driver in started.values():
        driver.process.kill()
        driver.process.wait()


@pytest.fixture
def plain_run(program, rows, tmp_path):
    """plain_run(customers): the same rows through the same scripts, by hand."""
    return lambda customers: PlainRun(program("prophet-1.1.4/bin/python"), rows(customers), tmp_path)


def fitted_to(archive, series):
    """Whether the model's history is this series without its last week; pandas stores ten decimals."""
    history = [row["y"] for row in json.loads(json.loads(archive["model.json"])["history"])["data"]]
    values = [float(line.split(",")[1]) for line in series.read_text().splitlines()[:-7]]
    return len(history) == len(values) and all(abs(mine - theirs) < 1e-9 for mine, theirs in zip(history, values))


def check_notebook(driver, plain, customers, asked):
    result = driver.result(limit=1800)
    print(result["seconds"])
    names = [str(customer) for customer in range(customers)]

    stored = {path.name: path.read_bytes() for path in (driver.folder / "series").iterdir()}
    assert stored == {path.name: path.read_bytes() for path in plain.series.iterdir()}
    archives = {path.name: members(path) for path in (driver.folder / "models").iterdir()}
    # Ten instances wrote /tmp/model.json at the same time: each model was fitted to the series it is named after.
    assert [name for name in names if not fitted_to(archives[f"{name}.tar.gz"], plain.series / f"{name}.csv")] == []
    assert archives == {path.name: members(path) for path in plain.models.iterdir()}

    by_key = sorted(names, key=lambda name: f"{name}.csv")
    assert result["trained_by"] == {name: f"algo-{index % 10 + 1}" for index, name in enumerate(by_key)}
    assert result["listed"] == customers
    plain_answers = {name: json.loads(answer) for name, answer in plain.forecasts(asked).items()}
    assert {name: answer for name, (answer, *_) in result["forecasts"].items()} == plain_answers
    assert result["left"] == 0


def test_a_notebooks_user_code_runs_as_in_plain_python(drivers, plain_run):
    check_notebook(drivers["notebook"], plain_run(CUSTOMERS), CUSTOMERS, ASKED)


@pytest.mark.long
def test_a_notebook_of_a_thousand_customers_runs_as_in_plain_python(platform, program, rows, plain_run, tmp_path):
    asked = [str(customer) for customer in range(8, 1000, 25)]
    driver = Driver(platform, tmp_path / "out", program("sagemaker-2/bin/python"), HERE / "notebook_sdk2.py", rows(1000),
                    SOURCE, tmp_path / "out", *asked)
    check_notebook(driver, plain_run(1000), 1000, asked)


def test_sdk_3_runs_user_scripts_as_plain_python_does(drivers, plain_run):
    plain = plain_run(9)
    result = drivers["sdk3"].result()
    stored = {path.name: members(path) for path in (drivers["sdk3"].folder / "models").iterdir()}
    assert len(stored) == 9 and stored == {path.name: members(path) for path in plain.models.iterdir()}
    assert result["answers"] == plain.forecasts(["3", "8"], "stored_handler.py", '{"period": 7}')


def test_scikit_learn_from_a_script_to_a_multi_model_endpoint(drivers):
    result = drivers["sklearn"].result()
    for name, (slope, offset) in SLOPES.items():
        assert result["answers"][name] == pytest.approx([slope * 0.25 + offset + 1, slope * 0.75 + offset], abs=1e-9)
        assert result["metrics"][name]["slope"] == pytest.approx(slope, abs=1e-5)
    assert result["last_by_csv"] == pytest.approx(result["answers"]["bob"], abs=1e-6)


def test_xgboost_from_a_script_to_a_multi_model_endpoint(drivers):
    result = drivers["xgboost"].result()
    assert result["answers"] == {name: pytest.approx(list(heights), abs=1e-6) for name, heights in HEIGHTS.items()}
    assert result["last_by_csv"] == result["answers"]["bob"]
