"""What `pip install .` compiles needs no library beside the compiler's, Python's and nanobind's."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "src", ROOT / "python/engine")
AT_HAND = re.compile(r"[a-z_]+|[ei]mmintrin\.h|Python\.h|nanobind/.+")  # The standard library's have no ending.


def compiled():
    """The sources that python/CMakeLists.txt names, by its own patterns."""
    text = (ROOT / "python/CMakeLists.txt").read_text()
    found = [path for pattern in re.findall(r"\$\{CMAKE_SOURCE_DIR\}/(\S+\*\.cc)", text) for path in ROOT.glob(pattern)]
    left_out = re.search(r'EXCLUDE REGEX "(.*)"\)', text)[1].replace("\\\\", "\\")
    named = re.findall(r"(src/\w+|engine)(/\w+\.cc)", text)
    return [path for path in found if not re.search(left_out, str(path))] + [
        ROOT / ("" if folder.startswith("src") else "python") / (folder + name) for folder, name in named]


def foreign_includes(path, seen):
    """(file, header) for each header of another library that a source includes, through our own headers."""
    if path in seen:
        return []
    seen.add(path)
    found = []
    for quote, name in re.findall(r'^#include ([<"])([^>"]+)[>"]', path.read_text(), re.MULTILINE):
        if quote == '"':
            found += foreign_includes(next(folder / name for folder in FOLDERS if (folder / name).exists()), seen)
        elif not AT_HAND.fullmatch(name):
            found.append((str(path.relative_to(ROOT)), name))
    return found


def test_no_source_includes_another_library():
    sources, seen = compiled(), set()
    assert {"module.cc", "calendar.cc", "posterior.cc", "time.cc"} <= {path.name for path in sources}
    assert not [one for source in sources for one in foreign_includes(source, seen)]
