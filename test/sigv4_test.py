"""The vectors that src/net/sigv4_test.cc holds our signatures against are what botocore signs."""
import json
import pathlib
import sys

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
sys.path.insert(0, str(GOLDEN))


def test_botocore_signs_the_vectors_the_same():
    import make_sigv4_vectors

    stored = json.loads((GOLDEN / "sigv4_vectors.json").read_text())
    assert stored["vectors"] == make_sigv4_vectors.vectors()
