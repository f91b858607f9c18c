"""`chiliad runtimes`: what images stand for, environments built ahead, hostile packages, an end by kill -9."""
import os
import signal
import subprocess
import tarfile
import textwrap
import time

import pytest

# No packages: an environment takes seconds.
CATALOG = """
[[runtime]]
name = "tiny"
images = ["tiny"]
kind = "python"
"""


@pytest.fixture
def runtimes(chiliad, tmp_path, monkeypatch):
    """runtimes("find", ...): the subcommand with a home of its own and packages from a folder."""
    home, packages = tmp_path / "home", tmp_path / "packages"
    home.mkdir()
    packages.mkdir()
    (home / "runtimes.toml").write_text(CATALOG)
    monkeypatch.delenv("CHILIAD_ENVIRONMENTS", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(packages))

    def run(command, *arguments, **keywords):
        return chiliad.run("runtimes", command, *arguments, "--home", home, **keywords)

    run.home, run.packages, run.path = home, packages, chiliad.path
    probe = run("prepare", "tiny", check=False)
    if "bwrap" in probe.stderr and probe.returncode != 0:
        pytest.skip(probe.stderr.strip())
    assert probe.returncode == 0, probe.stderr
    return run


def write_source(packages, setup):
    """A source distribution whose setup.py is `setup`."""
    folder = packages / "evil-1.0"
    folder.mkdir()
    (folder / "setup.py").write_text(textwrap.dedent(setup))
    (folder / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: evil\nVersion: 1.0\n")
    with tarfile.open(packages / "evil-1.0.tar.gz", "w:gz") as archive:
        archive.add(folder, "evil-1.0")


def requirements(runtimes, text):
    path = runtimes.home / "requirements.txt"
    path.write_text(text)
    return path


def test_images_are_looked_up(runtimes):
    assert runtimes("find", "registry.example.com:5000/team/tiny:3").stdout.startswith("tiny  (")
    assert "kind         native" in runtimes("find", "chiliad-prophet").stdout
    unknown = runtimes("find", "registry.example.com/other:3", check=False)
    assert unknown.returncode == 1
    assert f"no runtime claims it; add one to {runtimes.home}/runtimes.toml" in unknown.stderr
    assert runtimes("list").stdout.splitlines()[1].split()[:2] == ["tiny", "python"]


def test_the_built_in_file_is_shown(chiliad):
    assert 'name = "scikit-learn"' in chiliad.run("runtimes", "show").stdout


def test_a_file_with_a_mistake_is_refused_with_its_line(runtimes):
    (runtimes.home / "runtimes.toml").write_text("[[runtime]]\nname = 'a'\nimages = ['a']\npakages = []\n")
    done = runtimes("list", check=False)
    assert done.returncode == 2
    assert f"{runtimes.home}/runtimes.toml:4: runtime 'a': pakages: a runtime of kind python has no such key" in done.stderr


def test_environments_are_listed_and_removed(runtimes):
    name = runtimes("prepare", "tiny").stdout.split(": ")[1].split(",")[0]
    assert name in runtimes("environments").stdout
    runtimes("remove", name)
    assert name not in runtimes("environments").stdout
    assert runtimes("remove", name, check=False).returncode == 1


def test_setup_code_sees_and_changes_nothing_of_the_server(runtimes, tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("of the server's")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-servers-environment")
    write_source(runtimes.packages, f"""
        import os, pathlib, setuptools
        found = [name for name, value in os.environ.items() if "of-the-servers" in value]
        for path in [{str(secret)!r}, "/opt/chiliad/pip-cache", "/root/.ssh", "/etc/shadow", {str(runtimes.home)!r}]:
            if os.path.exists(path):
                found.append(path)
        written = []
        for path in ["/opt/chiliad/base/evil", "/opt/chiliad/constraints.txt", "/usr/evil", {str(runtimes.packages / "evil.whl")!r}]:
            try:
                pathlib.Path(path).write_text("evil")
                written.append(path)
            except OSError:
                pass
        setuptools.setup(name="evil", version="1.0", py_modules=[], description=repr((found, written)))
        """)
    done = runtimes("prepare", "tiny", "--requirements", requirements(runtimes, "evil\n"))
    name = done.stdout.split(": ")[1].split(",")[0]
    told = next((runtimes.home / "environments" / name).rglob("evil*/PKG-INFO"), None) or next(
        (runtimes.home / "environments" / name).rglob("evil*/METADATA"))
    assert "Summary: ([], [])" in told.read_text()


def test_after_kill_9_nothing_runs_and_nothing_is_half_there(runtimes):
    write_source(runtimes.packages, """
        import time
        print("the setup code runs", flush=True)
        open("/tmp/runs", "w").close()
        time.sleep(600)
        """)
    wanted = requirements(runtimes, "evil\n")
    environments = runtimes.home / "environments"
    before = sorted(path.name for path in environments.iterdir())
    process = subprocess.Popen([runtimes.path, "runtimes", "prepare", "tiny", "--home", runtimes.home, "--requirements", wanted],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not any(environments.glob("building/*/scratch/**/runs")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    assert programs_of(environments)
    process.send_signal(signal.SIGKILL)
    process.wait()
    while programs_of(environments):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert any(environments.glob("building/*"))
    assert "layer-" not in runtimes("environments").stdout
    assert not any(environments.glob("building/*"))
    assert sorted(path.name for path in environments.iterdir()) == before


def programs_of(environments):
    """Processes that have a file of a build under way mounted."""
    found = []
    building = "/".join(environments.parts[-3:]) + "/building/"  # The kernel tells paths within a file system: /tmp may be one.
    for mounts in os.scandir("/proc"):
        if not mounts.name.isdigit():
            continue
        try:
            with open(f"/proc/{mounts.name}/mountinfo") as file:
                if building in file.read():
                    found.append(mounts.name)
        except OSError:
            pass
    return found
