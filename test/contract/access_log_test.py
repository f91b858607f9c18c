"""The access log: a line a request, there when the answer is; and a disk that does not take it."""
import json

from fleet import ENDPOINT


def test_a_line_is_in_the_file_before_its_answer(serve, models, invoke, tmp_path):
    log = tmp_path / "access.log"
    server = serve("--models", models, "--endpoint", ENDPOINT, "--access-log", log)
    for number, (model, status) in enumerate([("8.tar.gz", 200), ("none.tar.gz", 400), ("8.tar.gz", 200)], 1):
        answer = invoke(server, model)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert len(lines) == number
        assert (lines[-1]["model"], lines[-1]["status"], lines[-1]["bytes"]) == (model, status, len(answer.body))
    assert server.stop() == 0
    assert not [line for line in server.log if "access-log" in line]


def test_a_log_goes_on_where_an_earlier_server_ended(serve, models, invoke, tmp_path):
    for count in (1, 2):
        server = serve("--models", models, "--endpoint", ENDPOINT, "--access-log", tmp_path / "access.log")
        invoke(server, "8.tar.gz")
        assert server.stop() == 0
        assert len((tmp_path / "access.log").read_text().splitlines()) == count


def test_lines_that_a_full_disk_does_not_take_are_counted_and_told(serve, models, invoke):
    server = serve("--models", models, "--endpoint", ENDPOINT, "--access-log", "/dev/full")  # Opened to append.
    assert [invoke(server, "8.tar.gz").status for _ in range(3)] == [200] * 3
    assert server.stop() == 0
    told = [line for line in server.log if "--access-log" in line]
    assert len(told) == 2, told
    assert "/dev/full: No space left on device" in told[0]
    assert "3 lines could not be written to /dev/full" in told[1]
