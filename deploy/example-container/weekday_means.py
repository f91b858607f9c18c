"""One model a customer: the mean of each weekday. `train` and `serve`, as SageMaker starts them; Python alone."""
import csv, datetime, http.server, io, json, os, pathlib, statistics, sys, tarfile

ML = pathlib.Path("/opt/ml")


def train():
    """Each CSV of channel `training` (ds,y) becomes an archive in the checkpoint folder, which chiliad stores meanwhile."""
    settings = json.loads((ML / "input/config/hyperparameters.json").read_text())
    weeks = int(settings.get("weeks", "8"))
    for path in sorted((ML / "input/data/training").rglob("*.csv")):
        rows = [(datetime.date.fromisoformat(row["ds"][:10]), float(row["y"])) for row in csv.DictReader(path.open())]
        rows = sorted(rows)[-7 * weeks:]
        values = [[y for ds, y in rows if ds.weekday() == day] for day in range(7)]
        model = {"last": rows[-1][0].isoformat(), "means": [statistics.fmean(one) if one else None for one in values]}
        text = json.dumps(model).encode()
        entry = tarfile.TarInfo("model.json")
        entry.size = len(text)
        (ML / "checkpoints").mkdir(exist_ok=True)
        with tarfile.open(ML / "checkpoints" / f"{path.stem}.tar.gz", "w:gz") as archive:
            archive.addfile(entry, io.BytesIO(text))
        print(f"{path.stem}: {len(rows)} days")


class Contract(http.server.BaseHTTPRequestHandler):
    """What a container of a multi-model endpoint answers: /ping, /models, /models/<name>, /models/<name>/invoke."""
    protocol_version = "HTTP/1.1"
    models = {}

    def answer(self, status, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_call(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name, _, verb = self.path.removeprefix("/models").strip("/").partition("/")
        if self.path == "/ping":
            return self.answer(200)
        if self.command == "GET" and not name:
            return self.answer(200, {"models": [{"modelName": one, "modelUrl": m["url"]} for one, m in self.models.items()]})
        if self.command == "POST" and not name:
            asked = json.loads(body)
            if asked["model_name"] in self.models:
                return self.answer(409, {"error": "loaded already"})
            model = json.loads((pathlib.Path(asked["url"]) / "model.json").read_text())
            self.models[asked["model_name"]] = model | {"url": asked["url"]}
            return self.answer(200, {"modelName": asked["model_name"]})
        if name not in self.models:
            return self.answer(404, {"error": f"{name} is not loaded"})
        if self.command == "DELETE":
            del self.models[name]
            return self.answer(200, {"modelName": name})
        if verb == "invoke":
            model = self.models[name]
            days = [datetime.date.fromisoformat(model["last"]) + datetime.timedelta(n + 1)
                    for n in range(int(json.loads(body)["period"]))]
            return self.answer(200, {"ds": [str(day) for day in days], "yhat": [model["means"][day.weekday()] for day in days]})
        self.answer(200, {"modelName": name, "modelUrl": self.models[name]["url"]})

    do_GET = do_POST = do_DELETE = handle_call


def serve():
    place = os.environ.get("LISTEN_HOST", "0.0.0.0"), int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    http.server.ThreadingHTTPServer(place, Contract).serve_forever()


if __name__ == "__main__":
    {"train": train, "serve": serve}[sys.argv[1]]()
