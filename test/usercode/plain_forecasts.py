"""What the handlers answer without any server: the four functions called in turn, as one line of JSON.

    python plain_forecasts.py HANDLER.py MODELS BODY CUSTOMER...
"""
import importlib.util
import json
import pathlib
import sys
import tarfile
import tempfile


def load(path):
    spec = importlib.util.spec_from_file_location("handler", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(handler, archive, body):
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as tar:
            tar.extractall(folder)
        model = handler.model_fn(folder)
    forecast = handler.predict_fn(handler.input_fn(body, "application/json"), model)
    return handler.output_fn(forecast, "application/json")


def main():
    handler, models, body = load(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    print(json.dumps({customer: answer(handler, models / f"{customer}.tar.gz", body) for customer in sys.argv[4:]}))


if __name__ == "__main__":
    main()
