"""The rival of bench/fleet.py: one Prophet model a customer the way a notebook does it.

    python notebook_loop.py FOLDER_OF_CSV OUTPUT_FOLDER PROCESSES
"""
import io
import logging
import multiprocessing
import pathlib
import sys
import tarfile

import pandas
from prophet import Prophet
from prophet.serialize import model_to_json


def train(source, output):
    frame = pandas.read_csv(source, names=["ds", "y"], header=None).iloc[:-7]
    model = Prophet(yearly_seasonality=False, weekly_seasonality=False, daily_seasonality=False,
                    seasonality_mode="multiplicative")
    model.fit(frame)
    text = model_to_json(model).encode()
    with tarfile.open(output / f"{source.stem}.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("model.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))


def work(arguments):
    logging.getLogger("prophet").setLevel(logging.ERROR)
    logging.getLogger("cmdstanpy").disabled = True
    sources, output = arguments
    for source in sources:
        train(source, output)


def main():
    sources = sorted(pathlib.Path(sys.argv[1]).glob("*.csv"))
    output = pathlib.Path(sys.argv[2])
    processes = int(sys.argv[3])
    output.mkdir(parents=True, exist_ok=True)
    with multiprocessing.Pool(processes) as pool:
        pool.map(work, [(sources[part::processes], output) for part in range(processes)])


if __name__ == "__main__":
    main()
