"""XGBoost: one tree of one split, so that what it has to answer is known exactly."""
import argparse
import os
import pathlib

import numpy
import xgboost


def model_fn(model_dir):
    model = xgboost.Booster()
    model.load_model(pathlib.Path(model_dir, "step.json"))
    return model


def input_fn(body, content_type):
    if content_type != "text/csv":
        raise ValueError(f"only text/csv is understood, not {content_type}")
    text = body.decode() if isinstance(body, bytes) else body
    return xgboost.DMatrix(numpy.array([[float(value) for value in line.split(",")] for line in text.split()]))


def predict_fn(matrix, model):
    return model.predict(matrix)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--max_depth", type=int)
    parser.add_argument("--eta", type=float)
    parser.add_argument("--num_round", type=int)
    arguments = parser.parse_args()
    rows = numpy.loadtxt(pathlib.Path(os.environ["SM_CHANNEL_TRAIN"], "rows.csv"), delimiter=",")
    matrix = xgboost.DMatrix(rows[:, :-1], label=rows[:, -1])
    options = {"max_depth": arguments.max_depth, "eta": arguments.eta, "lambda": 0, "base_score": 0,
               "objective": "reg:squarederror"}
    model = xgboost.train(options, matrix, num_boost_round=arguments.num_round, evals=[(matrix, "train")])
    model.save_model(pathlib.Path(os.environ["SM_MODEL_DIR"], "step.json"))
