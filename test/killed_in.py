"""In which phases of which jobs and endpoint changes a server was when it was killed, by what it had written down."""
import collections
import contextlib
import json
import shutil
import sqlite3
import tempfile

KINDS = {1: "training", 2: "processing", 3: "transform", 6: "endpoint"}
# Those of the service; what is left after a kill is none of them.
ENDED = {"Completed", "Failed", "Stopped", "InService"}
# In a campaign of fifty kills each of these is among them, whatever the machine does beside.
OFTEN = {("training", "Downloading"), ("training", "Training"), ("processing", "InProgress"),
         ("transform", "InProgress"), ("endpoint", "Creating"), ("endpoint", "Updating")}
# Short ones, for whose beginning the campaign of scripts waits now and then.
SHORT = {("processing", "Stopping"), ("endpoint", "Deleting")}


def phases(home):
    """("training", "Downloading"): how many. Of a copy: an SQLite that looks at the file itself would repair it."""
    found = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for file in (home / "state").glob("control.db*"):
            shutil.copy(file, folder)
        with contextlib.closing(sqlite3.connect(f"{folder}/control.db")) as database:
            for kind, status, state in database.execute("SELECT kind, status, state FROM resource"):
                if kind in KINDS and status not in ENDED:
                    found[KINDS[kind], json.loads(state).get("SecondaryStatus", status)] += 1
    return found


def told(found):
    return ", ".join(f"{kind} {phase}: {count}" for (kind, phase), count in sorted(found.items()))
