"""The user scripts run by hand, in an environment that chiliad has not made: what jobs and endpoints are compared with."""
import json
import pathlib
import subprocess
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE / "scripts" / "energy"


class PlainRun:
    """Splits and trains the rows of a table; series and archives lie in `folder`."""

    def __init__(self, python, rows, folder):
        self.python, self.series, self.models = python, folder / "series", folder / "models"
        self.series.mkdir()
        self.run(SOURCE / "split_customers.py", "--input-file", rows, "--output-dir", self.series)
        self.run(SOURCE / "train_customers.py", "--output-dir", self.models, "--code-dir", SOURCE, "--scratch-file",
                 folder / "model.json", SM_CHANNEL_TRAINING=str(self.series), SM_CURRENT_HOST="plain")

    def run(self, *command, **variables):
        done = subprocess.run([self.python, *map(str, command)], env={"PATH": "/usr/bin:/bin", **variables},
                              capture_output=True, text=True, timeout=1200)
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def forecasts(self, customers, handler="forecast.py", body=json.dumps('{"period": 7}')):
        """customer -> the text with which the handler answers."""
        return json.loads(self.run(HERE / "plain_forecasts.py", SOURCE / handler, self.models, body, *customers))


def members(path):
    """name -> bytes of an archive."""
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}
