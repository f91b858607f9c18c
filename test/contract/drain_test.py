"""The process of a server: it tells its port; SIGTERM under load answers every request that was sent on an open connection,
then ends with 0."""
import http.client
import os
import signal
import stat
import subprocess
import threading

from fleet import ENDPOINT, TARGET


class Load(threading.Thread):
    """Calls one after the other, on a connection kept open, until the server lets no more in."""

    def __init__(self, port, model):
        super().__init__()
        self.port, self.model = port, model
        self.answered, self.lost = 0, []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while True:
            try:
                connection.connect()
            except OSError:
                return  # Closed: nothing was sent.
            try:
                closing = False
                while not closing:
                    connection.request("POST", f"/endpoints/{ENDPOINT}/invocations", '{"period": 7}', {TARGET: self.model})
                    response = connection.getresponse()
                    body = response.read()
                    if response.status != 200 or len(body) != int(response.headers["Content-Length"]):
                        self.lost.append((response.status, body))
                    self.answered += 1
                    closing = response.headers.get("Connection") == "close"
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
            connection.close()


def test_sigterm_loses_no_request(serve, models):
    server = serve("--models", models, "--endpoint", ENDPOINT)
    load = [Load(server.port, f"{i}.tar.gz") for i in range(8)]
    for client in load:
        client.start()
    while min(client.answered for client in load) < 50:
        assert not any(client.lost for client in load)
    server.process.send_signal(signal.SIGTERM)
    for client in load:
        client.join(timeout=60)
    assert [client.lost for client in load] == [[] for _ in load]
    assert server.stop() == 0


def test_the_port_goes_into_a_pipe_that_stays_one(chiliad, models, tmp_path):
    pipe = tmp_path / "port"
    os.mkfifo(pipe)
    server = subprocess.Popen([chiliad.path, "serve", "--models", str(models), "--listen", "127.0.0.1:0", "--port-file", str(pipe)],
                              stderr=subprocess.DEVNULL)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", int(pipe.read_text()), timeout=30)
        connection.request("GET", "/ping")
        assert connection.getresponse().status == 200
        assert stat.S_ISFIFO(pipe.stat().st_mode)
    finally:
        server.terminate()
    assert server.wait(timeout=60) == 0
