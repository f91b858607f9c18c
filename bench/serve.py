"""Warm forecasts over HTTP: how many a second beside one nginx worker that answers a fixed body of the same size?

Expected: half of nginx, or better. 7 rows, intervals and all columns, POST over keep-alive, 1,000 models in turn.
    ./run bench serve

Server on one core, wrk on another, the same Lua script on both sides, 32 connections, both servers taking turns of 5
seconds in one run. Checked: every one of the 1,000 models answers with 7 rows whose yhat lies within its interval, and
wrk counts no answer but 200.
"""
import json
import os
import subprocess

from data import first_line
from record import ROOT, RUNS, SCRATCH, Finished, expect
from server import Server, ask, is_forecast, models

QUESTION = "Warm forecasts over HTTP: how many a second beside one nginx worker that answers a fixed body of the same size?"
RATE = "warm forecasts of 7 rows, server on one core"
P50, P99 = "p50 of it, 32 connections", "p99 of it, 32 connections"
SECONDS = 5

NGINX = """
worker_processes 1;
daemon off;
pid {scratch}/nginx.pid;
error_log {scratch}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  client_body_temp_path {scratch}/nginx-body;
  proxy_temp_path {scratch}/nginx-proxy;
  fastcgi_temp_path {scratch}/nginx-fastcgi;
  uwsgi_temp_path {scratch}/nginx-uwsgi;
  scgi_temp_path {scratch}/nginx-scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type application/json; return 200 '{body}'; }}
  }}
}}
"""


class Nginx:
    """One nginx worker that answers everything with one body."""

    def __init__(self, body, core):
        import socket
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        path = SCRATCH / "nginx.conf"
        path.write_text(NGINX.format(scratch=SCRATCH, port=self.port, body=body))
        self.process = subprocess.Popen(["nginx", "-c", str(path), "-e", str(SCRATCH / "nginx-error.log")],
                                        preexec_fn=lambda: os.sched_setaffinity(0, {core}))

    def __enter__(self):
        import socket
        import time
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                expect(self.process.poll() is None, "nginx ended: see build/bench/nginx-error.log")
        raise SystemExit("nginx does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)


def load(port, core, seconds, connections=32):
    done = Finished(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", ROOT / "bench/invocations.lua",
                     f"http://127.0.0.1:{port}"], cores={core})
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(record):
    cores = sorted(os.sched_getaffinity(0))
    expect(len(cores) >= 2, "server and load generator need a core each")
    server_core, load_core = cores[:2]
    record.note(first_line("nginx", "-v"))
    record.note(first_line("wrk", "-v"))
    with Server(models(), cores={server_core}) as ours:
        connection = ours.connection()
        bodies = []
        for model in range(1000):
            status, body = ask(connection, f"{model}.tar.gz")
            expect(is_forecast(status, body), f"model {model} answered {status}: {body[:200]!r}")
            bodies.append(body)
        body = sorted(bodies, key=len)[len(bodies) // 2].decode()
        record.note(f"answer of {len(body)} bytes")
        with Nginx(body, server_core) as rival:
            for port in (ours.port, rival.port):
                load(port, load_core, 1)
            for _ in range(RUNS):
                for subject, port in (("chiliad", ours.port), ("nginx, fixed body", rival.port)):
                    seen = load(port, load_core, SECONDS)
                    expect(seen["bad"] == 0, f"{subject}: {seen['bad']} bad answers")
                    record.add(RATE, subject, "1/s", seen["requests"] / seen["seconds"])
                    record.add(P50, subject, "us", seen["p50_us"])
                    record.add(P99, subject, "us", seen["p99_us"])
