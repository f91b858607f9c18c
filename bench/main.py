"""Runs the measurements named on the command line, or all of them, and writes bench/results/table.md."""
import importlib
import os
import sys
import time

import table

# In this order: the short ones first, then those that write gigabytes.
NAMES = ["fit", "refresh", "model", "split", "fleet", "serve", "cold_call", "freshness", "signed_calls", "objects",
         "listing", "api", "python_package", "m4_hourly", "tune", "conformal", "notebook", "resident", "scale"]


def main():
    names = sys.argv[1:] or NAMES
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        sys.exit(f"no measurement {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    from record import Record, clear
    failed = []
    cores = os.sched_getaffinity(0)
    for name in names:
        module = importlib.import_module(name)
        record = Record(name)
        os.sched_setaffinity(0, cores)  # The one before may have bound itself to a core.
        print(f"{name}: {module.QUESTION}", flush=True)
        before = time.perf_counter()
        try:
            module.measure(record)
        except SystemExit as stop:
            print(f"  {name}: {stop}", file=sys.stderr, flush=True)
            failed.append(name)
            continue
        if record.rows:
            record.write()
        print(f"  {name}: {time.perf_counter() - before:.0f} s", flush=True)
    clear()
    table.write()
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
