"""A model server of one's own in plain Python: the contract of SageMaker's containers, for one model and for many.

A model is a folder with a model.json, {"factor": 3}. A call's body is a number; the answer is the product.
README.md beside it says how an endpoint gets it.
"""
import http.server
import json
import os
import pathlib
import threading

models = {}
lock = threading.Lock()
most_models = int(os.environ.get("MOST_MODELS", "8"))  # What fits this server's memory, so to say.


def load(folder):
    return json.loads((pathlib.Path(folder) / "model.json").read_text())


def predict(model, body):
    return json.dumps(model["factor"] * json.loads(body)).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Head and body leave in two pieces; the second must not wait for an answer.

    def answer(self, status, body=b"", content_type="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        name = self.path.removeprefix("/models/")
        self.answer(200 if self.path == "/ping" or name in models else 404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            if self.path == "/models":
                self.answer(*self.add(**json.loads(body)))
            elif self.path == "/invocations":
                self.answer(200, predict(load("/opt/ml/model"), body))
            else:
                model = models.get(self.path.removeprefix("/models/").removesuffix("/invoke"))
                self.answer(200, predict(model, body)) if model else self.answer(404)
        except (ValueError, OSError) as error:
            self.answer(500, str(error).encode(), "text/plain")

    def do_DELETE(self):
        with lock:
            self.answer(200 if models.pop(self.path.removeprefix("/models/"), None) else 404)

    def add(self, model_name, url):
        with lock:
            if model_name in models:
                return 409, b"loaded already"
            if len(models) >= most_models:
                return 507, b"no memory for one more model"
            models[model_name] = load(url)
            return 200, b"loaded"


def serve(handler):
    http.server.ThreadingHTTPServer.request_queue_size = 128
    address = "127.0.0.1", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    http.server.ThreadingHTTPServer(address, handler).serve_forever()


if __name__ == "__main__":
    serve(Handler)
