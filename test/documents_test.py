"""The documents keep their word: marked commands run, links lead somewhere, DEPENDENCIES.md names what is installed."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("doc/**/*.md")])
BLOCK = re.compile(r"<!-- commands -->\n```sh\n(.*?)```\n<!-- end -->", re.DOTALL)
BLOCKS = [(path.relative_to(ROOT).as_posix(), index, block)
          for path in DOCUMENTS for index, block in enumerate(BLOCK.findall(path.read_text()))]


@pytest.mark.parametrize("name, index, block", BLOCKS, ids=[f"{name}-{index}" for name, index, _ in BLOCKS])
def test_marked_commands_run(name, index, block, tmp_path, chiliad):
    # The commands may write build/... and find ./run: a folder that shows the tree and keeps what they make.
    for entry in ROOT.iterdir():
        if entry.name not in (".git", "build"):
            (tmp_path / entry.name).symlink_to(entry)
    (tmp_path / "build" / "bin").mkdir(parents=True)
    (tmp_path / "build" / "bin" / "chiliad").symlink_to(chiliad.path)
    env = {**os.environ, "PATH": f"{pathlib.Path(chiliad.path).parent}:{os.environ['PATH']}", "CHILIAD_PACKAGES": "present"}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, env=env, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, f"{name}: {block}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_that_exist(path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def anchors(path):
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_headings_that_exist(path):
    for target, anchor in re.findall(r"\]\(([^)#:]*\.md)?#([^)]+)\)", path.read_text()):
        there = path.parent / target if target else path
        assert anchor in anchors(there), f"{path.name} links to {target}#{anchor}"


def test_dependencies_names_every_package_and_no_other_is_installed():
    text = (ROOT / "DEPENDENCIES.md").read_text()
    packages = [line.split()[1] for line in (ROOT / "tool/debian_packages.txt").read_text().splitlines()
                if line and not line.startswith("#")]
    # A library is listed under its run-time package: libfoo-dev as libfoo<version>.
    missing = [name for name in packages if name.removesuffix("-dev").split("4-")[0] not in text]
    assert not missing, f"DEPENDENCIES.md does not name {missing}"


# Rows of DEPENDENCIES.md whose name is not that of the target in CMakeLists.txt.
TARGETS = {"Boost.Beast, Boost.Asio": "Boost", "nlohmann JSON": "nlohmann_json", "libdeflate": "deflate",
           "SQLite": "sqlite3", "ISA-L": "isal"}
# Headers alone, in the compiler's own path, and what is loaded while the program runs.
NOT_LINKED = {"toml++", "libcurl", "libarchive"}


def test_dependencies_names_the_folders_that_each_library_is_linked_to():
    table = (ROOT / "DEPENDENCIES.md").read_text().split("## In the binary")[1].split("##")[0]
    named = {}
    for row in table.splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) == 6 and "`" in cells[4]:
            if cells[0] in NOT_LINKED:
                continue
            named[TARGETS.get(cells[0], cells[0]).lower()] = set(re.findall(r"`(\w+)/`", cells[4]))
    linked = {}
    for folder, targets in re.findall(r"^chiliad_uses\((\w+) ([^)]+)\)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE):
        for target in targets.split():
            library = target.removeprefix("PkgConfig::").split("::")[0].lower()
            linked.setdefault(library, set()).add(folder)
    assert named == linked


def test_no_python_package_is_left_unpinned():
    for path in ROOT.glob("test/**/requirements*.txt"):
        for line in path.read_text().splitlines():
            assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9A-Za-z.]*", line), f"{path.name}: {line}"
