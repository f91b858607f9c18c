"""scikit-learn: the last column of a CSV as a linear function of the others. Serving needs model_fn alone: the framework's image calls
predict() itself."""
import argparse
import os
import pathlib

import joblib
import numpy
from sklearn.linear_model import LinearRegression


def model_fn(model_dir):
    return joblib.load(pathlib.Path(model_dir, "line.joblib"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
    parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
    parser.add_argument("--fit-intercept", type=int, default=1)
    arguments = parser.parse_args()
    rows = numpy.vstack([numpy.loadtxt(path, delimiter=",") for path in sorted(pathlib.Path(arguments.train).glob("*.csv"))])
    model = LinearRegression(fit_intercept=bool(arguments.fit_intercept)).fit(rows[:, :-1], rows[:, -1])
    print(f"rows={len(rows)}; slope={model.coef_[0]:.6f};")
    joblib.dump(model, pathlib.Path(arguments.model_dir, "line.joblib"))
