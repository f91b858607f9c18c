"""The shipped model server: the real Multi Model Server and SageMaker's inference toolkit with our part around them."""
import io
import json
import pathlib
import textwrap
import time

import pytest

numpy = pytest.importorskip("numpy")

# Answers which code and which model it is, and how often this process was called.
HANDLER = """
    import json
    import os
    import helper

    calls = []

    def model_fn(model_dir):
        with open(os.path.join(model_dir, "name")) as file:
            return file.read()

    def input_fn(body, content_type):
        return json.loads(body)

    def predict_fn(data, model):
        calls.append(data)
        return {{"code": "{code}", "helper": helper.NAME, "model": model, "data": data, "calls": len(calls), "pid": os.getpid()}}

    def output_fn(prediction, accept):
        return json.dumps(json.dumps(prediction))
"""


def write_code(folder, code, program="inference.py", text=HANDLER):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / program).write_text(textwrap.dedent(text.format(code=code)))
    (folder / "helper.py").write_text(f"NAME = 'helper of {code}'\n")
    return folder


def write_model(folder, code=None, **keywords):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(folder.name)
    if code:
        write_code(folder / "code", code, **keywords)
    return folder


def answer_of(answer):
    status, _, body = answer
    assert status == 200, body.decode()
    return json.loads(json.loads(body))


def test_models_come_and_go_each_with_its_own_code(serve_models, tmp_path):
    server = serve_models("--framework", "mxnet", SAGEMAKER_MULTI_MODEL="true")
    for name in ("first", "second"):
        assert server.load(name, write_model(tmp_path / name, f"code of {name}")) == 200
    first = answer_of(server.invoke("first", b'{"period": 7}'))
    second = answer_of(server.invoke("second", b"[1]"))
    assert (first["code"], first["helper"], first["model"], first["data"]) == (
        "code of first", "helper of code of first", "first", {"period": 7})
    assert (second["code"], second["helper"], second["model"], second["calls"]) == (
        "code of second", "helper of code of second", "second", 1)
    assert first["pid"] != second["pid"]
    assert answer_of(server.invoke("first", b"1"))["calls"] == 2

    assert server.load("first", tmp_path / "first") == 409
    models = json.loads(server.call("GET", "/models")[2])["models"]
    assert [model["modelName"] for model in models] == ["first", "second"]
    assert server.call("DELETE", "/models/first")[0] == 200
    assert server.invoke("first", b"1")[0] == 404
    assert server.call("DELETE", "/models/first")[0] == 404
    assert answer_of(server.invoke("second", b"1"))["calls"] == 2


def test_the_submitted_code_wins_over_the_archives(serve_models, tmp_path):
    submitted = write_code(tmp_path / "submitted", "submitted", program="handler.py")
    server = serve_models(SAGEMAKER_MULTI_MODEL="true", SAGEMAKER_SUBMIT_DIRECTORY=str(submitted),
                          SAGEMAKER_PROGRAM="handler.py")
    for name in ("with-code", "without-code"):
        assert server.load(name, write_model(tmp_path / name, "archive" if name == "with-code" else None)) == 200
        answer = answer_of(server.invoke(name, b"1"))
        assert (answer["code"], answer["model"]) == ("submitted", name)


def test_a_program_that_is_nowhere_is_named(serve_models, tmp_path):
    submitted = write_code(tmp_path / "submitted", "submitted")
    server = serve_models("--framework", "scikit-learn", SAGEMAKER_MULTI_MODEL="true", SAGEMAKER_SUBMIT_DIRECTORY=str(submitted),
                          SAGEMAKER_PROGRAM="elsewhere.py")
    assert server.load("plain", write_model(tmp_path / "plain")) == 200
    status, _, body = server.invoke("plain", b"1")
    assert status == 500 and body.startswith(b"SAGEMAKER_PROGRAM: elsewhere.py is neither in SAGEMAKER_SUBMIT_DIRECTORY"), body


def test_without_the_submitted_folder_the_archives_code_is_taken(serve_models, tmp_path):
    server = serve_models(SAGEMAKER_MULTI_MODEL="true", SAGEMAKER_SUBMIT_DIRECTORY="/opt/ml/model/code/not/there",
                          SAGEMAKER_PROGRAM="handler.py")
    assert server.load("a", write_model(tmp_path / "a", "archive")) == 200
    assert answer_of(server.invoke("a", b"1"))["code"] == "archive"
    # A program with the name of a module of Python's own.
    assert server.load("b", write_model(tmp_path / "b", "statistics", program="handler.py")) == 200
    assert answer_of(server.invoke("b", b"1"))["code"] == "statistics"


def test_a_single_model(serve_models, tmp_path):
    model = write_model(tmp_path / "model", "its own", program="statistics.py")
    server = serve_models("--model", str(model), SAGEMAKER_PROGRAM="statistics.py")
    answer = answer_of(server.invoke(None, b"1"))
    assert (answer["code"], answer["model"]) == ("its own", "model")


def test_nobody_else_reaches_it(serve_models):
    server = serve_models(SAGEMAKER_MULTI_MODEL="true", MMS_INFERENCE_ADDRESS="http://0.0.0.0:8080")
    listening = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            address, port = line.split()[1].split(":")
            if int(port, 16) == server.port and line.split()[3] == "0A":
                listening.append(address)
    assert listening and all(address.endswith("0100007F") for address in listening), listening


def test_it_ends_when_it_is_told_to(serve_models):
    server = serve_models(SAGEMAKER_MULTI_MODEL="true")
    began = time.monotonic()
    server.terminate()
    assert time.monotonic() - began < 10


# ---------------------------------------------------------------------------------------------------
# What goes wrong
# ---------------------------------------------------------------------------------------------------


def test_a_handlers_error_keeps_its_message_and_status(serve_models, tmp_path):
    server = serve_models(SAGEMAKER_MULTI_MODEL="true")
    text = """
        from sagemaker_inference.errors import BaseInferenceToolkitError

        def model_fn(model_dir):
            return None

        def transform_fn(model, body, content_type, accept):
            if body == "teapot":
                raise BaseInferenceToolkitError(418, "I am a {code}", "Teapot")
            raise ValueError("no such period")
    """
    assert server.load("a", write_model(tmp_path / "a", "teapot", text=text)) == 200
    status, _, body = server.invoke("a", b"teapot")
    assert (status, body.decode().splitlines()[0]) == (418, "I am a teapot")
    status, _, body = server.invoke("a", b"x")
    assert (status, body.decode().splitlines()[0]) == (500, "no such period")
    assert "Traceback" in body.decode()


def test_a_call_that_takes_too_long_ends_its_models_process_alone(serve_models, tmp_path):
    text = """
        import os, time
        def model_fn(model_dir): return None
        def input_fn(body, content_type): return float(body)
        def predict_fn(seconds, model): time.sleep(seconds); return os.getpid()
        def output_fn(pid, accept): return str(pid)
    """
    server = serve_models("--framework", "mxnet", SAGEMAKER_MULTI_MODEL="true", SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS="30")
    for name in ("a", "b"):
        assert server.load(name, write_model(tmp_path / name, name, text=text)) == 200
    pids = {name: good(server.invoke(name, b"0")) for name in ("a", "b")}
    began = time.monotonic()
    assert server.invoke("a", b"80")[0] == 500
    assert time.monotonic() - began < 60
    assert good(server.invoke("b", b"0")) == pids["b"]
    assert good(server.invoke("a", b"0")) != pids["a"]


def test_a_model_that_cannot_be_loaded_says_why_and_is_tried_again(serve_models, tmp_path):
    server = serve_models(SAGEMAKER_MULTI_MODEL="true")
    model = write_model(tmp_path / "a", "a")
    (model / "name").unlink()
    assert server.load("a", model) == 200
    status, _, body = server.invoke("a", b"1")
    assert status == 500
    assert "No such file or directory" in body.decode().splitlines()[0]
    (model / "name").write_text("late")
    assert answer_of(server.invoke("a", b"1"))["model"] == "late"


def test_a_model_without_code_says_what_is_missing(serve_models, tmp_path):
    server = serve_models("--framework", "scikit-learn", SAGEMAKER_MULTI_MODEL="true")
    assert server.load("a", write_model(tmp_path / "a")) == 200
    status, _, body = server.invoke("a", b"1")
    assert status == 500
    assert "Please provide a model_fn implementation" in body.decode()


def test_no_memory_is_answered_to_the_load(serve_models, tmp_path):
    server = serve_models(SAGEMAKER_MULTI_MODEL="true")
    text = """
        def model_fn(model_dir):
            raise MemoryError("{code}")
    """
    assert server.load("a", write_model(tmp_path / "a", "a", text=text)) == 507


# ---------------------------------------------------------------------------------------------------
# Requirements of a model's code
# ---------------------------------------------------------------------------------------------------


def write_package(folder, name, version):
    """A wheel of one module."""
    import zipfile
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = '{version}'\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


PACKAGE_HANDLER = """
    import tinypackage

    def model_fn(model_dir):
        return tinypackage.VERSION

    def transform_fn(model, body, content_type, accept):
        return model
"""


def test_requirements_of_a_models_code_are_installed(serve_models, tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for version in ("1.0", "2.0"):
        write_package(wheels, "tinypackage", version)
    server = serve_models(SAGEMAKER_MULTI_MODEL="true", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels))
    for name, version in (("a", "1.0"), ("b", "1.0"), ("c", "2.0")):
        model = write_model(tmp_path / name, name, text=PACKAGE_HANDLER)
        (model / "code" / "requirements.txt").write_text(f"# pinned\ntinypackage=={version}\nnumpy<2\n")
        assert server.load(name, model) == 200
    assert server.invoke("a", b"1")[2] == b"1.0"
    assert server.invoke("b", b"1")[2] == b"1.0"
    # One process serves all of an endpoint's models with one set of packages.
    status, _, body = server.invoke("c", b"1")
    assert status == 500
    assert "pip install -r" in body.decode() and "tinypackage==2.0" in body.decode()
    assert server.invoke("a", b"1")[2] == b"1.0"


# ---------------------------------------------------------------------------------------------------
# Frameworks' defaults
# ---------------------------------------------------------------------------------------------------

SUM_HANDLER = """
    class Sum:
        def predict(self, rows):
            return rows.sum(axis=1)

    def model_fn(model_dir):
        return Sum()
"""


def good(answer):
    status, _, body = answer
    assert status == 200, body.decode()
    return body


def npy(array):
    file = io.BytesIO()
    numpy.save(file, array)
    return file.getvalue()


def test_scikit_learn_needs_model_fn_alone(serve_models, tmp_path):
    server = serve_models("--framework", "scikit-learn", SAGEMAKER_MULTI_MODEL="true")
    assert server.load("a", write_model(tmp_path / "a", "a", text=SUM_HANDLER)) == 200
    rows = numpy.array([[1.0, 2.0], [3.0, 4.5]])
    status, headers, body = server.invoke("a", npy(rows), "application/x-npy", "application/x-npy")
    assert (status, headers["Content-Type"]) == (200, "application/x-npy"), body
    assert numpy.load(io.BytesIO(body)).tolist() == [3.0, 7.5]
    assert json.loads(good(server.invoke("a", b"1,2\n3,4.5\n", "text/csv"))) == [3.0, 7.5]
    assert good(server.invoke("a", b"[[1, 2], [3, 4.5]]", accept="text/csv")) == b"3.0\n7.5\n"
    assert json.loads(good(server.invoke("a", b"[[1, 2]]", accept="*/*"))) == [3.0]
    status, _, body = server.invoke("a", b"x", "application/xml")
    assert (status, body.decode().splitlines()[0]) == (
        415, "Content type application/xml is not supported: define input_fn, or output_fn for an answer")


# As for TensorFlow Serving's container, but for the model: TensorFlow is no part of this environment.
SERVING_HANDLERS = """
    import json

    def input_handler(data, context):
        assert context.request_content_type == "text/csv", context
        return json.dumps({{"instances": [[float(cell) for cell in line.split(",")] for line in data.read().decode().split()]}})

    def output_handler(response, context):
        assert response.status_code == 200
        return json.dumps(response.json()["predictions"] + [context.accept_header]), "application/x-mine"

    def model_fn(model_dir):
        return sum

    def predict_fn(data, model):
        return {{"predictions": [model(row) for row in data["instances"]]}}
"""


def test_handlers_of_tensorflow_servings_container_are_called(serve_models, tmp_path):
    server = serve_models("--framework", "tensorflow", SAGEMAKER_MULTI_MODEL="true")
    assert server.load("a", write_model(tmp_path / "a", "a", text=SERVING_HANDLERS)) == 200
    status, headers, body = server.invoke("a", b"1,2\n3,4.5\n", "text/csv", "application/json")
    assert (status, headers["Content-Type"], json.loads(body)) == (200, "application/x-mine", [3.0, 7.5, "application/json"])
    own = "def handler(data, context): pass\ndef model_fn(model_dir): pass\n"
    assert server.load("b", write_model(tmp_path / "b", "b", text=own)) == 200
    status, _, body = server.invoke("b", b"1", "text/csv")
    assert status == 500 and b"define input_handler and output_handler" in body


def test_xgboost_serves_a_booster_without_code(serve_models, own_environment, tmp_path):
    import subprocess
    model = tmp_path / "model"
    model.mkdir()
    server = serve_models("--framework", "xgboost", runtime="xgboost", SAGEMAKER_MULTI_MODEL="true")
    python = tmp_path / "own" / "bin" / "python3"
    expected = json.loads(subprocess.run([python, "-c", textwrap.dedent(f"""
        import json, numpy, xgboost
        rows = numpy.random.default_rng(0).normal(size=(200, 3))
        booster = xgboost.train({{"max_depth": 3}}, xgboost.DMatrix(rows, label=rows @ [1.0, 2.0, 3.0]), 20)
        booster.save_model({str(model / "xgboost-model")!r})
        ask = numpy.array([[0.5, 0.0, 1.0], [0.0, -1.0, 0.0]])
        print(json.dumps(booster.predict(xgboost.DMatrix(ask)).tolist()))""")], check=True, capture_output=True, text=True).stdout)
    assert server.load("a", model) == 200
    for body, kind in ((b"0.5,0,1\n0,-1,0\n", "text/csv"), (b"[[0.5, 0, 1], [0, -1, 0]]", "application/json")):
        status, _, answer = server.invoke("a", body, kind)
        assert status == 200, answer.decode()
        assert json.loads(answer) == pytest.approx(expected)
    one = json.loads(server.invoke("a", b"0.5,0,1", "text/csv")[2])
    assert one == pytest.approx(expected[:1])
    # libsvm leaves out what is missing.
    status, _, answer = server.invoke("a", b"0 0:0.5 1:0 2:1\n", "text/libsvm")
    assert status == 200, answer.decode()
    assert json.loads(answer) == pytest.approx(expected[:1])
