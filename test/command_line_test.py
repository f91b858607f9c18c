"""What the command line refuses, and how it says so: exit codes, the option to blame, the next step."""
import contextlib
import os
import shlex
import signal
import subprocess

import pytest


@pytest.fixture(scope="module")
def fleet(chiliad, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "data").mkdir()
    for name in ("a", "b"):
        rows = (f"2022-{1 + day // 28:02}-{1 + day % 28:02},{day % 7}\n" for day in range(60))
        (folder / "data" / f"{name}.csv").write_text("".join(rows))
    chiliad.run("train", "--data", folder / "data", "--models", folder / "models")
    (folder / "empty").mkdir()
    return folder


@pytest.mark.parametrize("arguments, words", [
    (["nope"], ["no command 'nope'", "chiliad --help"]),
    (["trian"], ["did you mean `chiliad train`?"]),
    ([], ["chiliad --help"]),
    (["split"], ["--input is required", "`chiliad split --help`"]),
    (["store", "scan"], ["--home is required", "`chiliad store scan --help`"]),
    (["train", "--data", "data", "--models", "m", "--holdout", "-3"], ["--holdout", "0 or more", "-3"]),
    (["train", "--data", "data", "--models", "m", "--threads", "-1"], ["--threads", "0 to 1024"]),
    (["evaluate", "--data", "data", "--holdout", "7", "--worst", "-1"], ["--worst", "0 or more"]),
    (["generate", "--customers", "-1", "--output", "x"], ["--customers"]),
    (["serve", "--models", "models", "--max-waiting-loads", "-1"], ["--max-waiting-loads"]),
    (["serve", "--models", "models", "--max-waiting-loads", "0"], ["--max-waiting-loads", "1 or more"]),
    (["serve", "--models", "models", "--max-connections", "0"], ["--max-connections", "1 or more"]),
    (["serve", "--models", "models", "--revalidate", "-5s"], ["--revalidate", "0 or more"]),
    (["serve", "--models", "models", "--revalidate", "-5s"], ["not -5s"]),
    (["serve", "--models", "models", "--drain", "5"], ["--drain", "with a unit", "500ms, 5s or 2m, not 5;"]),
    (["store", "scna"], ["no command 'scna'", "did you mean `chiliad store scan`?"]),
    (["runtimes", "nope"], ["no command 'nope'", "`chiliad runtimes --help`"]),
    (["forecast", "--models", "models", "--period", "abc"], ["--period: expected a number", "'abc'"]),
    (["holidays", "--country", "US", "--first-year", "2030", "--last-year", "2020"], ["2030", "not after the last"]),
    (["up", "--home", "h", "--max-connections", "0"], ["--max-connections", "1 or more"]),
    (["up", "--home", "h", "--memory-budget", "0"], ["--memory-budget", "more than 0"]),
    (["up", "--home", "h", "--tls-key", "key.pem"], ["--tls-certificate and --tls-key", "both or neither"]),
    (["up", "--home", "h", "--tls-certificate", "c.pem"], ["--tls-certificate and --tls-key", "both or neither"]),
    (["serve", "--models", "models", "--endpoint", "a/b c"], ["--endpoint", "letters, digits and hyphens", "a/b c"]),
    (["serve", "--models", "models", "--memory-budget", "0"], ["--memory-budget", "more than 0"]),
    (["forecast", "--models", "models", "--period", "2", "--columns", "yhatt"], ["'yhatt'", "yhat_lower", "trend"]),
    (["forecast", "--models", "models", "--period", "2", "--columns", "yhat,yhat"], ["--columns", "'yhat'", "twice"]),
    (["train", "--data", "data", "--models", "m", "--changepoint-prior-scale", "0"],
     ["--changepoint-prior-scale: Prior scale must be > 0"]),
    (["serve", "--models", "models", "--load-wait", "0s"], ["--load-wait", "more than 0"]),
    (["serve", "--models", "models", "--port-file", "none/port"], ["--port-file", "none/port", "no such folder"]),
    (["serve", "--models", "s3://a b/models"], ["--models", "a b", "bucket", "3 to 255"]),
    (["up", "--home", "h", "--port-file", "data"], ["--port-file", "is a folder"]),
    (["up", "--home", "h", "--region", "a b"], ["--region", "'a b'"]),
    (["up", "--home", "h", "--container-memory", "0"], ["--container-memory", "more than 0"]),
    (["up", "--home", "h", "--job-volume", "0"], ["--job-volume", "more than 0"]),
])
def test_wrong_usage_is_refused_with_the_option_to_blame(chiliad, fleet, arguments, words):
    done = chiliad.run(*arguments, check=False, cwd=fleet)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("chiliad: ") and done.stderr.count("\n") == 1, done.stderr
    assert not done.stdout
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("arguments", [
    ["evaluate", "--data", "data", "--models"],
    ["forecast", "--period", "2", "--models"],
    ["plot", "--model", "a", "--period", "2", "--models"],
    ["inspect", "--model", "a", "--models"],
    ["serve", "--models"],
])
def test_a_folder_of_models_that_is_not_there_is_one_error(chiliad, fleet, arguments):
    done = chiliad.run(*arguments, "nodir", check=False, cwd=fleet)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "nodir" in done.stderr
    assert not (fleet / "nodir").exists()


@pytest.mark.parametrize("arguments", [["train", "--models", "m"], ["cross-validate", "--horizon", "7 days"]])
def test_data_that_are_not_there_are_told_by_their_option(chiliad, fleet, arguments):
    done = chiliad.run(*arguments, "--data", "nodir", check=False, cwd=fleet)
    assert (done.returncode, done.stderr) == (1, "chiliad: --data: open nodir: No such file or directory\n")


def test_a_bucket_that_is_not_there_is_told_at_the_start(chiliad, start_platform):
    platform = start_platform("--no-auth")
    variables = {**os.environ, **platform.environment(), "AWS_ENDPOINT_URL_S3": platform.url}
    done = chiliad.run("serve", "--models", "s3://no-such-bucket/models", "--listen", "127.0.0.1:0", check=False,
                       env=variables)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "--models" in done.stderr and "no-such-bucket" in done.stderr


@pytest.mark.parametrize("command", [["evaluate", "--data", "data"], ["forecast", "--period", "2"]])
def test_a_folder_without_models_is_one_error(chiliad, fleet, command):
    done = chiliad.run(*command, "--models", "empty", check=False, cwd=fleet)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "empty: no model (<id>.tar.gz) in it" in done.stderr


def test_a_column_that_only_some_models_have_is_no_error(chiliad, fleet, tmp_path):
    chiliad.run("train", "--data", fleet / "data", "--models", tmp_path, "--add-seasonality", "monthly:30.5:3")
    (tmp_path / "a.tar.gz").write_bytes((fleet / "models" / "a.tar.gz").read_bytes())
    done = chiliad.run("forecast", "--models", tmp_path, "--period", "1", "--columns", "yhat,monthly")
    header, first, second = done.stdout.splitlines()
    assert header == "customer_id,ds,yhat,monthly"
    assert first.endswith(",") and not second.endswith(",")


def test_a_short_series_is_told_with_the_rows_that_were_held_back(chiliad, tmp_path):
    (tmp_path / "short.csv").write_text("2022-01-01,1\n2022-01-02,2\n2022-01-03,3\n")
    done = chiliad.run("evaluate", "--data", tmp_path, "--holdout", "7", check=False)
    assert done.returncode == 3
    assert f"{tmp_path}/short.csv: without the 3 rows held back: Dataframe has less than 2 non-NaN rows." in done.stderr


def test_the_reason_of_a_failed_series_names_its_file_once(chiliad, tmp_path):
    (tmp_path / "bad.csv").write_text("2022-01-01,1\n2022-01-02,x\n")
    done = chiliad.run("evaluate", "--data", tmp_path, "--holdout", "1", check=False)
    assert done.returncode == 3
    assert done.stderr.count("bad.csv") == 1, done.stderr


def test_the_operator_is_told_which_model_cannot_be_loaded(serve, tmp_path):
    import urllib.error
    import urllib.request
    (tmp_path / "8.tar.gz").write_bytes(b"rubbish")
    server = serve("--models", tmp_path, "--endpoint", "e")
    for _ in range(3):
        request = urllib.request.Request(f"{server.url}/endpoints/e/invocations", b'{"period": 1}',
                                         {"X-Amzn-SageMaker-Target-Model": "8.tar.gz"})
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request)
    server.stop()
    lines = [line for line in server.log if "cannot be loaded" in line]
    assert len(lines) == 1 and lines[0].startswith("chiliad: model '8.tar.gz' cannot be loaded: 8.tar.gz"), server.log


def examples_of(chiliad, command):
    _, _, text = chiliad.run(command, "--help").stdout.partition("Examples:\n")
    return [line.strip() for line in text.splitlines() if line.startswith("  chiliad ")]


def test_the_examples_of_the_help_run_in_the_order_of_the_commands(chiliad, tmp_path):
    for command in ("generate", "split", "train", "forecast", "evaluate", "cross-validate", "inspect", "plot"):
        examples = examples_of(chiliad, command)
        assert examples, command
        for example in examples:
            program, *arguments = shlex.split(example)
            assert (program, arguments[0]) == ("chiliad", command)
            if not any(argument.startswith("s3://") for argument in arguments):
                chiliad.run(*arguments, cwd=tmp_path)
    assert (tmp_path / "forecasts.csv").read_text().startswith("customer_id,ds,yhat,yhat_lower,yhat_upper\n")
    assert "<svg" in (tmp_path / "8.svg").read_text()


@pytest.mark.parametrize("command", ["serve", "up"])
def test_servers_have_examples_too(chiliad, command):
    assert examples_of(chiliad, command)


@pytest.mark.parametrize("arguments", [["inspect", "models"], ["plot", "--period", "2", "--model", "models"]])
def test_a_folder_in_a_models_place_is_told(chiliad, fleet, arguments):
    done = chiliad.run(*arguments, check=False, cwd=fleet)
    assert (done.returncode, done.stderr) == (1, "chiliad: models is a folder: name one of its models with --model\n")


def test_a_stopped_split_leaves_nothing(chiliad, tmp_path):
    os.mkfifo(tmp_path / "rows.csv")
    split = subprocess.Popen([chiliad.path, "split", "--input", "rows.csv", "--output", "series"], cwd=tmp_path,
                             stderr=subprocess.PIPE, text=True)
    with contextlib.suppress(BrokenPipeError), open(tmp_path / "rows.csv", "w") as rows:
        rows.write("customer_id,timestamp,value\n" + "1,2022-01-01,1\n" * 20_000)
        rows.flush()
        split.send_signal(signal.SIGINT)
    _, told = split.communicate(timeout=60)
    assert split.returncode == 1, told
    assert told.splitlines()[-1] == "chiliad: split: stopped by a signal; nothing is kept", told
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_a_stopped_generate_leaves_nothing(chiliad, tmp_path):
    generate = subprocess.Popen([chiliad.path, "generate", "--customers", "1000000", "--output", "rows.csv"], cwd=tmp_path,
                                stderr=subprocess.PIPE, text=True)
    while not any(tmp_path.iterdir()):  # Its file has another name until it is whole.
        assert generate.poll() is None
    generate.send_signal(signal.SIGINT)
    _, told = generate.communicate(timeout=60)
    assert generate.returncode == 1, told
    assert told.splitlines()[-1] == "chiliad: generate: stopped by a signal; nothing is kept", told
    assert not list(tmp_path.iterdir())
