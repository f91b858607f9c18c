"""Runs a program and writes `seconds peak_kilobytes status` to a file:  python -I -S timed.py FILE PROGRAM ARGUMENT...

A process of its own, because Linux counts the memory of whoever starts a program into that program's peak: this one has
10 MB, a Python with pandas and Prophet has over 100.
"""
import os
import sys
import time

before = time.perf_counter()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
seconds = time.perf_counter() - before
with open(sys.argv[1], "w") as file:
    file.write(f"{seconds!r} {usage.ru_maxrss} {os.waitstatus_to_exitcode(status)}\n")
