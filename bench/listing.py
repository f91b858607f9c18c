"""A bucket of 1,000,000 keys: how long does a page of a list take at its start, in its middle and at its end?

Expected: the same everywhere, a few milliseconds, and a server whose memory does not know of the keys. Files of some bytes
(hard links: the index knows each for itself) in 1,000 folders of 1,000, put there by hand and taken in by `chiliad store
scan`. versitygw lists the same folder: posix backend, no options beside those of its README.
    ./run bench listing

A page is 1,000 keys by ListObjectsV2, signed, on one connection; with the delimiter it is the 1,000 folders.
Checked: each page's number of keys, its first and its last; the walk over all pages brings every key, in order.
"""
import http.client
import json
import os
import re
import socket
import statistics
import time
import urllib.parse

from objects import Versitygw
from platform_server import Platform, signed
from record import CHILIAD, RUNS, SCRATCH, Finished, expect, remove

QUESTION = "A bucket of 1,000,000 keys: how long does a page of a list take?"
KEYS = int(os.environ.get("CHILIAD_BENCH_KEYS", "1000000"))
PAGE, PAGES_OF_A_RUN = 1000, 21
LINKS = 60_000  # Of a file; ext4 allows 65,000.
START, MIDDLE, END = (f"page of 1,000 keys of {KEYS:,}, at the {where}" for where in ("start", "middle", "end"))
FOLDERS = f"page of {KEYS // PAGE:,} folders of {KEYS:,} keys"
WALK = f"all pages of {KEYS:,} keys"
SCAN, BEGIN = f"store scan, {KEYS:,} new files", f"start of a server with {KEYS:,} keys"
MEMORY = f"resident memory of a server with {KEYS:,} keys, listed"


def key(number):
    return f"{number // PAGE:03}/{number:06}.csv"


def make_files(bucket):
    for number in range(KEYS):
        if number % PAGE == 0:
            (bucket / f"{number // PAGE:03}").mkdir()
        if number % LINKS == 0:
            first = bucket / key(number)
            first.write_text(f"{number}\n")
        else:
            os.link(first, bucket / key(number))


class Lister:
    """One connection to a server, made anew outside of what is timed where the server closes it."""

    def __init__(self, server):
        self.server = server
        self.connect()

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.server.port), timeout=600)

    def page(self, **query):
        """Seconds, and the body."""
        target = urllib.parse.urlencode({"list-type": "2", "max-keys": str(PAGE), **query})
        request = signed("GET", f"{self.server.url}/bench?{target}", b"", {}, "s3", self.server.key, self.server.secret)
        began = time.perf_counter()
        self.socket.sendall(request)
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        body = answer.read()
        seconds = time.perf_counter() - began
        if answer.will_close:
            self.connect()
        expect(answer.status == 200, f"{answer.status}: {body[:300]!r}")
        return seconds, body.decode()


def keys_of(body):
    return re.findall("<Key>([^<]*)</Key>", body)


def check_page(body, first):
    keys = keys_of(body)
    expect(len(keys) == PAGE and keys[0] == key(first) and keys[-1] == key(first + PAGE - 1),
           f"the page after {first} keys has {len(keys)}: {keys[:1]} to {keys[-1:]}")


def measure_pages(record, name, server, pages):
    lister = Lister(server)
    for measure, first in ((START, 0), (MIDDLE, KEYS // 2), (END, KEYS - PAGE)):
        after = {"start-after": key(first - 1)} if first else {}
        timed = [lister.page(**after) for _ in range(pages)]
        check_page(timed[0][1], first)
        record.add(measure, name, "s", statistics.median(seconds for seconds, _ in timed))
    timed = [lister.page(delimiter="/") for _ in range(pages)]
    expect(timed[0][1].count("<CommonPrefixes>") == KEYS // PAGE, "not every folder is listed")
    record.add(FOLDERS, name, "s", statistics.median(seconds for seconds, _ in timed))


def measure_walk(record, server):
    lister, token, seconds, seen = Lister(server), {}, 0.0, 0
    while True:
        taken, body = lister.page(**token)
        seconds += taken
        check_page(body, seen)
        seen += PAGE
        further = re.search("<NextContinuationToken>([^<]*)<", body)
        if not further:
            break
        token = {"continuation-token": further[1]}
    expect(seen == KEYS, f"the pages bring {seen} keys")
    record.add(WALK, "chiliad", "s", seconds)


def processor_seconds(process):
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_scan(process):
    """The scan with which a server starts has ended: it takes no more processor time."""
    before = -1.0
    while (now := processor_seconds(process)) - before > 0.02:
        before = now
        time.sleep(1)


def measure(record):
    with Platform("listing") as made:
        made.client("s3").create_bucket(Bucket="bench")
        home = made.home
    remove(home / "store" / "bench")
    (home / "store" / "bench").mkdir()
    make_files(home / "store" / "bench")
    scan = Finished([CHILIAD, "store", "scan", "--home", home, "--json"])
    expect(json.loads(scan.stdout.splitlines()[-1])["added"] == KEYS, f"the scan did not take in every file: {scan.stdout}")
    record.add(SCAN, "chiliad", "s", scan.seconds)
    record.add(SCAN + ", peak memory", "chiliad", "MB", scan.peak_mb)
    rival = Versitygw(folder=home / "store")
    try:
        for _ in range(RUNS):
            with Platform("listing", keep=True) as ours:
                record.add(BEGIN, "chiliad", "s", ours.start_seconds)
                wait_for_scan(ours.process)
                measure_pages(record, "chiliad", ours, PAGES_OF_A_RUN)
                measure_walk(record, ours)
                record.add(MEMORY, "chiliad", "MB", ours.memory_mb())
            # A page takes it long enough for one to be timed alone.
            measure_pages(record, "versitygw", rival, 1)
            record.add(MEMORY, "versitygw", "MB", rival.memory_mb())
    finally:
        rival.__exit__()
        remove(home)
