#!/usr/bin/env python3
"""Prints the answers of the server as a small table:  print_forecasts.py CUSTOMER=FILE ..."""
import datetime
import json
import sys


def main():
    answers = [(name, json.load(open(path))) for name, _, path in (argument.partition("=") for argument in sys.argv[1:])]
    print("day         " + "".join(f"customer {name:<8} [  80 % interval  ]   " for name, _ in answers))
    for row, moment in answers[0][1]["ds"].items():
        day = datetime.datetime.fromtimestamp(moment / 1000, datetime.timezone.utc)
        cells = "".join(f"{answer['yhat'][row]:17.2f} [{answer['yhat_lower'][row]:8.2f}, {answer['yhat_upper'][row]:8.2f}]   "
                        for _, answer in answers)
        print(f"{day:%Y-%m-%d}  {cells}")


if __name__ == "__main__":
    main()
