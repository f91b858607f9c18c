#!/usr/bin/env python3
"""Makes future_dates.json: what pandas.date_range and pandas.infer_freq answer, for src/forecast/future_test.cc.

    python3 make_future_dates.py > future_dates.json

"after": [last, freq, periods, pandas' spelling of freq, the dates that Prophet.make_future_dataframe would give], or
null for the last when pandas refuses. "infer": [dates, what infer_freq answers or null]. Deterministic for one pandas.
"""
import json
import random
import sys
import warnings

import pandas as pd

warnings.simplefilter("ignore")  # The older spellings are meant to be here.

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
FIXED = ["ns", "us", "ms", "s", "min", "h", "D", "H", "T", "S", "L", "U", "N"]
PLAIN = ["B", "W", "SMS", "SME", "SM", "MS", "ME", "M", "BMS", "BME", "BM", "QS", "QE", "Q", "BQS", "BQE", "BQ",
         "YS", "YE", "AS", "A", "Y", "BYS", "BYE", "BAS", "BA"]
ANCHORED_MONTH = ["QS", "QE", "BQS", "BQE", "YS", "YE", "BYS", "BYE", "Q", "A", "AS"]
COMBINED = ["1h30min", "1D12h", "90s500ms", "2h60min"]


def random_freq(rng):
    multiple = rng.choice(["", "", "", "2", "3", "5", "7", "13"])
    kind = rng.randrange(6)
    if kind == 0:
        return multiple + rng.choice(FIXED)
    if kind == 1:
        return multiple + "W-" + rng.choice(DAYS)
    if kind == 2:
        return multiple + rng.choice(ANCHORED_MONTH) + "-" + rng.choice(MONTHS)
    if kind == 3:
        return multiple + rng.choice(["SMS", "SME"]) + "-" + str(rng.randint(2, 27))
    if kind == 4 and rng.random() < 0.3:
        return rng.choice(COMBINED)
    return multiple + rng.choice(PLAIN)


def random_last(rng):
    last = pd.Timestamp("1950-01-01") + pd.Timedelta(days=rng.randrange(40000))
    kind = rng.randrange(6)
    if kind == 0:  # The ends of months and years decide most.
        last = last + pd.offsets.MonthEnd(1)
    if kind == 1:
        last = last + pd.offsets.MonthBegin(1)
    if rng.random() < 0.3:
        last += pd.Timedelta(milliseconds=rng.randrange(86_400_000))
    return last


def after(last, freq, periods):
    dates = pd.date_range(start=last, periods=periods + 1, freq=freq)
    return [d.isoformat() for d in dates[dates > last][:periods]]


def random_infer(rng):
    """Five moments on a random frequency, now and then with one moved."""
    dates = pd.date_range(start=random_last(rng), periods=5, freq=random_freq(rng))
    if rng.random() < 0.15:
        moved = list(dates)
        moved[rng.randrange(5)] += pd.Timedelta(days=rng.choice([1, 2, 3]))
        dates = pd.DatetimeIndex(sorted(set(moved)))
    return dates


def main():
    rng = random.Random(20)
    out = {"pandas": pd.__version__, "after": [], "infer": []}
    for _ in range(500):
        last, freq, periods = random_last(rng), random_freq(rng), rng.randint(0, 9)
        name = pd.tseries.frequencies.to_offset(freq).freqstr
        out["after"].append([last.isoformat(), freq, periods, name, after(last, freq, periods)])
    for freq in ["", "X", "W-XYZ", "QS-13", "0D", "1.D.", "MS-JAN", "D-MON", "-", "5"]:
        out["after"].append(["2020-01-01T00:00:00", freq, 3, None, None])
    for _ in range(250):
        dates = random_infer(rng)
        name = pd.infer_freq(dates) if len(dates) >= 3 else None
        out["infer"].append([[d.isoformat() for d in dates], name])
    json.dump(out, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
