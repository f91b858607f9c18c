"""examples/plain_server with faults: what it does wrong, a call's body or its environment says.

    {"do": "crash"}      ends without a word            SLOW_START=3   seconds until it listens
    {"do": "hang"}       answers nothing any more       FAIL_START=1   ends at once
    {"do": "stall"}      this load of the model answers nothing any more
    {"do": "leak", "mb": 100}   keeps memory for ever   CHILIAD_TEST   a word to be found by among all processes
    {"do": "forget"}     drops its models by itself
    {"do": "garbage"}    answers what is no HTTP
    {"do": "sleep", "seconds": 1}
    {"do": "hold", "until": "a word"}, {"do": "release", "word": "a word"}: answers once another call says the word
    {"do": "environment"}, {"do": "fields"}: answers its environment, the call's fields
    {"do": "stream", "until": "a word"}: answers in three pieces, the second once another call says the word
    {"do": "keys"}       fetches the keys of its role
"""
import json
import os
import sys
import threading
import time
import urllib.request

import plain_server

kept = []
hangs = False
stalled = set()  # Paths.
words = {}  # word -> an event: it was said.


class Handler(plain_server.Handler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        while hangs:
            time.sleep(0.05)
        super().do_GET()

    def do_POST(self):
        while hangs or self.path in stalled:
            time.sleep(0.05)
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.peek(length)[:length] if length else b""
        action = None
        if b'"do"' in body and self.path != "/models":
            action = json.loads(self.rfile.read(length))
            return getattr(self, "do_" + action.pop("do"))(**action)
        return super().do_POST()

    def do_crash(self):
        print("about to crash", flush=True)
        os._exit(13)

    def do_hang(self):
        global hangs
        hangs = True
        while True:
            time.sleep(1)

    def do_stall(self):
        stalled.add(self.path)
        while True:
            time.sleep(1)

    def do_leak(self, mb):
        kept.append(os.urandom(1 << 20) * mb)
        self.answer(200, b"kept")

    def do_forget(self):
        plain_server.models.clear()
        self.answer(200, b"forgot")

    def do_garbage(self):
        self.wfile.write(b"SSH-2.0-OpenSSH\r\n")
        self.close_connection = True

    def do_sleep(self, seconds):
        time.sleep(seconds)
        self.answer(200, b"slept")

    def is_said(self, word):
        return words.setdefault(word, threading.Event()).wait(timeout=60)

    def do_hold(self, until):
        self.answer(200, b"released" if self.is_said(until) else b"forgotten")

    def do_release(self, word):
        words.setdefault(word, threading.Event()).set()
        self.answer(200, b"said")

    def do_environment(self):
        self.answer(200, json.dumps(dict(os.environ)).encode())

    def do_fields(self):
        self.send_response(200)
        self.send_header("X-Amzn-SageMaker-Custom-Attributes", "from the container")
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_stream(self, until):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in (b"one ", b"two ", b"three"):
            if piece == b"two " and not self.is_said(until):
                break
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def do_keys(self):
        request = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers={
            "Authorization": os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]})
        with urllib.request.urlopen(request) as answer:
            self.answer(200, answer.read())


if os.environ.get("FAIL_START"):
    sys.exit("this server does not start")
time.sleep(float(os.environ.get("SLOW_START", "0")))
plain_server.serve(Handler)
