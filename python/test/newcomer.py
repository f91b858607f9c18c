"""What a newcomer types first; without Prophet, in any supported Python."""
import json
import pickle

import numpy as np
import pandas as pd

import chiliad
from chiliad.serialize import model_from_json, model_to_json

days = np.arange(200)
y = 10 + 0.1 * days + np.sin(2 * np.pi * days / 7) + np.random.default_rng(1).normal(0, 0.2, 200)
df = pd.DataFrame({"ds": pd.date_range("2021-01-01", periods=200), "y": y})
model = chiliad.Prophet().fit(df)
future = model.make_future_dataframe(14)
forecast = model.predict(future)
assert len(forecast) == 214 and (forecast["yhat"] - 10 - 0.1 * np.arange(214)).abs().max() < 3
for other in (model_from_json(model_to_json(model)), pickle.loads(pickle.dumps(model))):
    np.testing.assert_allclose(other.predict(future)["yhat"], forecast["yhat"], rtol=1e-12)
assert json.loads(model_to_json(model))["__prophet_version"]
fleet = chiliad.fit_many(pd.concat([df.assign(id=number) for number in range(5)]), by="id")
assert len(chiliad.predict_many(fleet, 3)) == 15
more = pd.DataFrame({"ds": pd.date_range("2021-07-20", periods=20), "y": 30 + 0.1 * np.arange(20)})
for how, way in (("held", "statistics"), ("refit", "history")):
    kept = chiliad.Prophet().fit(df, keep_statistics=True).refresh(more, how=how)
    assert kept.last_update["way"] == way and len(kept.history) == 220
    fleet = chiliad.fit_many(pd.concat([df.assign(id=number) for number in range(3)]), by="id", keep_statistics=True)
    fleet = chiliad.refresh_many(fleet, pd.concat([more.assign(id=number) for number in range(4)]), how=how)
    assert [one["way"] for one in fleet.updates.values()] == [way] * 3 + ["cold"] and not fleet.failures
    np.testing.assert_allclose(fleet[1].predict(future)["yhat"], kept.predict(future)["yhat"], rtol=1e-9)
assert model.predictive_samples(future.tail(3))["yhat"].shape == (3, 1000)
