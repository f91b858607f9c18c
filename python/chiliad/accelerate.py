"""Runs code that says `from prophet import Prophet` on chiliad's engine, unchanged.

    python -m chiliad.accelerate script.py ARGUMENT ...
    python -m chiliad.accelerate -m module ARGUMENT ...
    CHILIAD_ACCELERATE=1 python script.py             where the package is installed

`prophet`, `fbprophet` and their modules are then chiliad's: forecaster, serialize, diagnostics, metrics, models, plot,
utilities and make_holidays, also in the Python processes that the code starts. Prophet itself need not be installed.
"""
import os
import runpy
import sys

from _chiliad_accelerate import install

USAGE = "usage: python -m chiliad.accelerate [-m MODULE | SCRIPT] [ARGUMENT ...]"


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__.strip() if arguments else USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    install()
    os.environ["CHILIAD_ACCELERATE"] = "1"  # For the processes that the script starts, such as those of a pool.
    if arguments[0] == "-m":
        if len(arguments) < 2:
            print(USAGE, file=sys.stderr)
            return 2
        sys.argv = arguments[1:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        if not os.path.exists(arguments[0]):
            print(f"chiliad.accelerate: no file {arguments[0]!r}\n{USAGE}", file=sys.stderr)
            return 2
        sys.argv = arguments
        sys.path.insert(0, os.path.dirname(os.path.abspath(arguments[0])))
        runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
