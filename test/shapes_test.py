"""The control plane's tables are those that its script makes of the service model."""
import importlib.util
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_tables_are_what_the_script_makes():
    if importlib.util.find_spec("botocore") is None:
        pytest.skip("no botocore: test/requirements.txt")
    import botocore
    committed = (ROOT / "src" / "control" / "shapes_generated.cc").read_text(encoding="utf-8")
    version = re.search(r"from botocore (\S+):", committed)[1]
    if botocore.__version__ != version:
        pytest.skip(f"the tables are of botocore {version}, here is {botocore.__version__}")
    done = subprocess.run([sys.executable, str(ROOT / "tool" / "make_shapes.py"), "--check"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
