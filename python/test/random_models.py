"""Models and series drawn at random, as keyword arguments and tables that Prophet and chiliad both take."""
import numpy as np
import pandas as pd


class Drawn:
    """One model with its history and future; `describe` is what a failure says."""

    def __init__(self, seed):
        self.seed = seed
        self.random = np.random.default_rng(seed)
        self.calls = []
        self.arguments = {}
        self.history = self._rows()
        self.future = None
        self._draw_options()
        self._draw_parts()
        self._split()

    def describe(self):
        calls = "".join(f".{name}({', '.join(f'{k}={v!r}' for k, v in given.items())})" for name, given in self.calls)
        shown = {k: v if not isinstance(v, pd.DataFrame) else f"<{len(v)} rows>" for k, v in self.arguments.items()}
        return f"seed {self.seed}: Prophet({shown}){calls}, {len(self.history)} rows"

    def build(self, prophet_class):
        """A fresh model of either class with these options."""
        arguments = {k: v.copy() if isinstance(v, pd.DataFrame) else v for k, v in self.arguments.items()}
        model = prophet_class(**arguments)
        for name, given in self.calls:
            getattr(model, name)(**given)
        return model

    def _chance(self, share):
        return self.random.random() < share

    def _rows(self):
        random = self.random
        step, rows = [("D", random.integers(40, 900)), ("D", random.integers(40, 400)), ("h", random.integers(60, 700)),
                      ("W", random.integers(40, 200)), ("MS", random.integers(40, 90))][random.integers(5)]
        ds = pd.date_range("2017-03-01", periods=int(rows), freq=step)
        days = (ds - ds[0]).total_seconds().to_numpy() / 86_400
        trend = 50 + random.normal(0, 20) * days / days[-1] + 10 * np.maximum(0, days - 0.5 * days[-1]) / days[-1]
        season = random.uniform(0, 5) * np.sin(2 * np.pi * days / 7) + random.uniform(0, 8) * np.cos(2 * np.pi * days / 365.25)
        y = (trend + season + random.normal(0, random.uniform(0.5, 4), len(ds))) * 10.0 ** random.integers(-1, 4)
        df = pd.DataFrame({"ds": ds, "y": y})
        if self._chance(0.2):
            df.loc[random.choice(len(df), len(df) // 10, replace=False), "y"] = np.nan
        if self._chance(0.2):
            df = df.sample(frac=1, random_state=int(random.integers(1000))).reset_index(drop=True)
        return df

    def _draw_options(self):
        random, arguments = self.random, self.arguments
        if self._chance(0.5):
            arguments["seasonality_mode"] = "multiplicative"
        if self._chance(0.3):
            arguments["scaling"] = "minmax"
        if self._chance(0.3):
            arguments["changepoint_prior_scale"] = float(10 ** random.uniform(-3, 0))
        if self._chance(0.2):
            arguments["n_changepoints"] = int(random.integers(0, 40))
        if self._chance(0.2):
            arguments["changepoint_range"] = float(random.uniform(0.3, 1))
        if self._chance(0.2):
            dates = self.history["ds"].sort_values().iloc[[len(self.history) // 3, len(self.history) // 2]]
            arguments["changepoints"] = [str(date) for date in dates]
            arguments.pop("n_changepoints", None)
        if self._chance(0.3):
            arguments["weekly_seasonality"] = [True, False, 2][random.integers(3)]
        if self._chance(0.15):
            arguments["yearly_seasonality"] = [False, 3][random.integers(2)]
        growth = random.random()
        if growth < 0.2:
            arguments["growth"] = "logistic"
            top = self.history["y"].max()
            self.history["cap"] = top + 0.3 * abs(top)
            if self._chance(0.5):
                self.history["floor"] = self.history["y"].min() - 0.5 * abs(self.history["y"].min())
        elif growth < 0.3:
            arguments["growth"] = "flat"

    def _draw_parts(self):
        random = self.random
        days = self.history["ds"]
        if self._chance(0.3):
            chosen = pd.to_datetime(days.sample(6, random_state=1).dt.date.to_numpy())
            table = pd.DataFrame({"holiday": ["fair", "feast"] * 3, "ds": chosen})
            if self._chance(0.5):
                table["lower_window"], table["upper_window"] = -1, 1
            if self._chance(0.5):
                table["prior_scale"] = [2.0, 7.0] * 3
            self.arguments["holidays"] = table
        if self._chance(0.15):
            self.calls.append(("add_country_holidays", {"country_name": ["US", "DE", "TU"][random.integers(3)]}))
        if self._chance(0.3):
            self.calls.append(("add_seasonality", {"name": "monthly", "period": 30.5, "fourier_order": 3,
                                                   "prior_scale": 0.5, "mode": ["additive", "multiplicative"][random.integers(2)]}))
        if self._chance(0.2):
            self.history["open"] = days.dt.dayofweek < 5
            self.calls.append(("add_seasonality", {"name": "open_week", "period": 7, "fourier_order": 2, "condition_name": "open"}))
        for name in ("heat", "rain")[:random.integers(0, 3)]:
            self.history[name] = random.normal(20, 6, len(days)) if name == "heat" else (random.random(len(days)) < 0.3) * 1
            given = {"name": name}
            if self._chance(0.3):
                given["standardize"] = bool(random.integers(2))
            if self._chance(0.3):
                given["prior_scale"] = 0.5
            self.calls.append(("add_regressor", given))

    def _split(self):
        ordered = self.history.sort_values("ds", kind="stable")
        held = min(30, len(ordered) // 5)
        self.future = ordered.drop(columns="y").tail(held + 20).reset_index(drop=True)  # Some of the history, too.
        self.history = self.history[self.history["ds"] <= ordered["ds"].iloc[-held - 1]].reset_index(drop=True)
