"""Training: one Prophet model a CSV of this instance's share, and one archive a model in the folder of checkpoints.

Like many a script it assumes to be alone on its machine: every model goes through the same file in /tmp, and the
archives grow in place in a folder that is uploaded meanwhile. Each archive carries a handler (stored_handler.py).
"""
import argparse
import os
import pathlib
import tarfile

import pandas
from prophet import Prophet
from prophet.serialize import model_to_json

HOST = os.environ["SM_CURRENT_HOST"]


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--input-dir", type=pathlib.Path, default=os.environ["SM_CHANNEL_TRAINING"])
    parser.add_argument("--output-dir", type=pathlib.Path, default="/opt/ml/checkpoints")
    parser.add_argument("--code-dir", type=pathlib.Path, default="/opt/ml/code")
    parser.add_argument("--scratch-file", type=pathlib.Path, default="/tmp/model.json")
    parser.add_argument("--prediction-length", type=int, default=7)
    parser.add_argument("--seasonality-mode", default="multiplicative")
    for period in ("yearly", "weekly", "daily"):
        parser.add_argument(f"--{period}-seasonality", action="store_true")
    return parser.parse_args()


def fit(path, arguments):
    table = pandas.read_csv(path, names=["ds", "y"], parse_dates=["ds"])
    model = Prophet(seasonality_mode=arguments.seasonality_mode, yearly_seasonality=arguments.yearly_seasonality,
                    weekly_seasonality=arguments.weekly_seasonality, daily_seasonality=arguments.daily_seasonality)
    return model.fit(table.iloc[:-arguments.prediction_length])


def main():
    arguments = read_arguments()
    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    series = sorted(arguments.input_dir.glob("*.csv"))
    print(f"[{HOST}] {len(series)} series: {' '.join(path.stem for path in series)}")
    for path in series:
        arguments.scratch_file.write_text(model_to_json(fit(path, arguments)))
        archive = arguments.output_dir / f"{path.stem}.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(arguments.scratch_file, "model.json")
            tar.add(arguments.code_dir / "stored_handler.py", "code/inference.py")
            tar.add(arguments.code_dir / "requirements.txt", "code/requirements.txt")
        print(f"[{HOST}] saved {archive}")


if __name__ == "__main__":
    main()
