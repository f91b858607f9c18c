"""deploy/ fits the program: its container has the libraries that the program loads, its systemd unit is one."""
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Of every Debian: apt itself needs them.
BASE = {"libc6", "libgcc-s1", "libstdc++6"}


def output_of(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def loaded_by(program):
    """Libraries that it is linked to, and those that it loads when they are first needed."""
    linked = re.findall(r"NEEDED +(\S+)", output_of("objdump", "-p", program))
    loaded = [name for path in ROOT.glob("src/**/*_library.cc")
              for name in re.findall(r'kName = "(lib[^"]+\.so\.\d+)"', path.read_text())]
    assert len(loaded) >= 2, "libcurl and libarchive are loaded, not linked"
    return {*linked, *loaded}


@pytest.mark.skipif(shutil.which("dpkg-query") is None or 'VERSION_ID="12"' not in pathlib.Path("/etc/os-release").read_text(),
                    reason="packages have the container's names on Debian 12")
def test_the_container_installs_the_libraries_that_the_program_loads(chiliad):
    lines = output_of("dpkg-query", "-S", *(f"*-linux-gnu*/{name}" for name in loaded_by(chiliad.path))).splitlines()
    needed = {line.split(":")[0] for line in lines} - BASE
    text = (ROOT / "deploy" / "Containerfile").read_text()
    (installed,) = re.findall(r"--no-install-recommends \\\n +(.*?) \$USER_CODE", text)
    libraries = {name for name in installed.split() if re.match(r"lib|zlib", name)}
    assert libraries == needed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_knows_every_line_of_the_unit(chiliad, tmp_path):
    text = (ROOT / "deploy" / "chiliad-serve.service").read_text()
    assert "ExecStart=/usr/local/bin/chiliad " in text
    unit = tmp_path / "chiliad-serve.service"
    unit.write_text(text.replace("/usr/local/bin/chiliad ", f"{chiliad.path} "))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60)
    # A word it does not know is a warning to it.
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert done.returncode == 0 and not complaints, done.stderr
