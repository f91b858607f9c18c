"""Prophet: the class of Prophet 1.5.0 - arguments, methods, attributes, columns, errors - on chiliad's engine.

    fit(df)  --frames, engine_form-->  _engine.fit   --> params, scales, ...   (attributes; tables are made when asked for)
    predict(df)  <--DataFrame--  _engine.Fit.predict  <-- the attributes, as they are at that moment

The attributes are all there is of a model: what one changes in `params` or `interval_width` is in the next forecast, and
models pickle, copy and serialize. The fit ends at the optimum of Prophet's posterior, intervals are quantiles of its
law instead of those of 1,000 draws (doc/python.md).

Source: Prophet 1.5.0, forecaster.py.
Thread safety: a model is used by one thread at a time; different models never need care.
"""
import logging
from collections import OrderedDict
from copy import deepcopy

import numpy as np
import pandas as pd

from chiliad import _engine, engine_form, features, frames, models, sampling, trend
from chiliad.make_holidays import get_holiday_names, make_holidays_df

logger = logging.getLogger("chiliad")

MODES = ("additive", "multiplicative")
_BASE_NAMES = ["trend", "additive_terms", "daily", "weekly", "yearly", "holidays", "zeros", "extra_regressors_additive",
               "yhat", "extra_regressors_multiplicative", "multiplicative_terms"]
RESERVED_NAMES = frozenset(
    _BASE_NAMES + [name + bound for name in _BASE_NAMES for bound in ("_lower", "_upper")]
    + ["ds", "y", "cap", "floor", "y_scaled", "cap_scaled"])


REFRESH_WAYS = ("held", "refit")
ANEW = "changepoints are to be placed anew"  # Why a refresh reads the history where it need not.


def known_rows(count, last, first):
    """What a refresh says of rows at or before the model's last date."""
    return (f"{count} {'row' if count == 1 else 'rows'} at or before the model's last date, {pd.Timestamp(last)}, the first "
            f"at {pd.Timestamp(first)}: remove them, or leave them out with skip_known_rows=True")


def no_history(reason, remedy):
    return f"it has to be fitted from all its rows ({reason}), and the model keeps no history: {remedy}"


class Engine:
    """What Prophet calls its Stan backend: here it says that the native engine fits."""

    stan_fit = None

    def get_type(self):
        return "CHILIAD"

    def cleanup(self):
        pass

    def __eq__(self, other):
        return isinstance(other, Engine)


class _Unmade:
    """Where a fresh fit waits whose tables nobody has asked for, and what a fit was asked for (engine_form.asked_for());
    beside __dict__, which holds the attributes alone: those that a stored model has, too."""

    __slots__ = ("_fresh", "_asked", "__dict__", "__weakref__")


class Prophet(_Unmade):
    """Prophet forecaster. Arguments as Prophet's; `stan_backend` is accepted and has no effect."""

    _MADE_WHEN_ASKED_FOR = ("history", "history_dates", "changepoints", "train_component_cols", "component_modes",
                            "train_holiday_names")

    def __init__(self, growth="linear", changepoints=None, n_changepoints=25, changepoint_range=0.8,
                 yearly_seasonality="auto", weekly_seasonality="auto", daily_seasonality="auto", holidays=None,
                 seasonality_mode="additive", seasonality_prior_scale=10.0, holidays_prior_scale=10.0,
                 changepoint_prior_scale=0.05, mcmc_samples=0, interval_width=0.80, uncertainty_samples=1000,
                 stan_backend=None, scaling="absmax", holidays_mode=None):
        self._fresh = self._asked = None
        self.growth = growth
        self.specified_changepoints = changepoints is not None
        self.changepoints = None
        self.n_changepoints = n_changepoints
        if changepoints is not None:
            given = frames.dates(pd.Series(pd.to_datetime(changepoints)), "Argument changepoints")
            self.changepoints = pd.Series(given, name="ds")
            self.n_changepoints = len(self.changepoints)
        self.changepoint_range = changepoint_range
        self.yearly_seasonality = yearly_seasonality
        self.weekly_seasonality = weekly_seasonality
        self.daily_seasonality = daily_seasonality
        self.holidays = holidays
        self.seasonality_mode = seasonality_mode
        self.holidays_mode = holidays_mode or seasonality_mode
        self.seasonality_prior_scale = float(seasonality_prior_scale)
        self.changepoint_prior_scale = float(changepoint_prior_scale)
        self.holidays_prior_scale = float(holidays_prior_scale)
        self.mcmc_samples = mcmc_samples
        self.interval_width = interval_width
        self.uncertainty_samples = uncertainty_samples
        if scaling not in ("absmax", "minmax"):
            raise ValueError("scaling must be one of 'absmax' or 'minmax'")
        self.scaling = scaling
        self.start = self.y_min = self.y_scale = self.t_scale = self.changepoints_t = None
        self.logistic_floor = False
        self.seasonalities = OrderedDict()
        self.extra_regressors = OrderedDict()
        self.country_holidays = None
        self.stan_fit = None
        self.params = {}
        self.history = self.history_dates = self.train_component_cols = self.component_modes = None
        self.train_holiday_names = None
        self.fit_kwargs = {}
        self._regressor_name = None
        self._rows = None  # Of a history that was not kept: how many they were.
        self.statistics = None  # What fit(keep_statistics=True) keeps for refresh().
        self._statistics_of = None
        self.last_update = None  # Of refresh(): the way it was done and why.
        self.validate_inputs()
        self.stan_backend = Engine()

    # ---- what a fit leaves and nobody may want --------------------------------------------------------------------

    def __getattr__(self, name):
        if name in Prophet._MADE_WHEN_ASKED_FOR and self.__dict__:
            value = getattr(self, "_make_" + name)()
            self.__dict__[name] = value
            return value
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _make_history(self):
        rows = self._fresh["rows"]
        return self.setup_dataframe(self._no_rows() if rows is None else rows.copy())

    def _no_rows(self):
        """The columns of a history of which no row was kept."""
        conditions = [p["condition_name"] for p in self.seasonalities.values() if p["condition_name"] is not None]
        limits = ["cap"] * (self.growth == "logistic") + ["floor"] * bool(self.logistic_floor)
        names = dict.fromkeys(["y", *self.extra_regressors, *conditions, *limits])
        return pd.DataFrame({"ds": np.empty(0, dtype="datetime64[ns]"), **{name: np.empty(0) for name in names}})

    def _make_history_dates(self):
        fitted = self._fresh["fitted"]
        dates = fitted.get("history_dates", fitted["last_dates"]).view("datetime64[ns]")
        return pd.Series(dates, name="ds")

    def _make_changepoints(self):
        if self.specified_changepoints:
            return self._fresh["given_changepoints"]
        fitted = self._fresh["fitted"]
        if "changepoints" not in fitted:  # Without the history: from the scaled ones.
            times = self.changepoints_t if self.n_changepoints > 0 else np.empty(0)
            moments = fitted["start"] + np.rint(times * fitted["t_scale"]).astype(np.int64)
            return pd.Series(moments.view("datetime64[ns]"), name="ds")
        return pd.Series(fitted["changepoints"].view("datetime64[ns]"), index=fitted["changepoint_rows"], name="ds")

    def _make_train_holiday_names(self):
        if self.holidays is None and self.country_holidays is None:
            return None
        return pd.Series(self._fresh["fitted"]["train_holiday_names"], dtype=object)

    def _make_train_component_cols(self):
        self._make_components()
        return self.__dict__["train_component_cols"]

    def _make_component_modes(self):
        self._make_components()
        return self.__dict__["component_modes"]

    def _make_components(self):
        history = self.history
        self.__dict__.setdefault("train_component_cols", None)
        _, _, columns, modes = self.make_all_seasonality_features(history)
        self.train_component_cols, self.component_modes = columns, modes

    def _make_all(self):
        for name in Prophet._MADE_WHEN_ASKED_FOR:
            getattr(self, name)

    def __getstate__(self):
        self._make_all()
        return {**self.__dict__, "_asked": self._asked}

    def __setstate__(self, state):
        self._fresh, self._asked = None, state.get("_asked")
        self.__dict__.update({"_rows": None, "statistics": None, "_statistics_of": None, "last_update": None,
                              **{name: value for name, value in state.items() if name != "_asked"}})

    def _is_fitted(self):
        return self.__dict__.get("history", self) is not None

    def _row_count(self):
        if self._rows is not None:
            return self._rows
        return len(self.history) if "history" in self.__dict__ else self._fresh["fitted"]["rows"]

    def _history_step(self):
        """The mean distance of the history's rows in scaled time."""
        return 1 / max(1, self._row_count() - 1)

    # ---- what a model is made of ----------------------------------------------------------------------------------

    def validate_inputs(self):
        """Raises ValueError for arguments that cannot be."""
        if self.growth not in ("linear", "logistic", "flat"):
            raise ValueError('Parameter "growth" should be "linear", "logistic" or "flat".')
        if not isinstance(self.changepoint_range, (int, float)):
            raise ValueError("changepoint_range must be a number in [0, 1]'")
        if not 0 <= self.changepoint_range <= 1:
            raise ValueError('Parameter "changepoint_range" must be in [0, 1]')
        if self.holidays is not None:
            self._validate_holidays()
        if self.seasonality_mode not in MODES:
            raise ValueError('seasonality_mode must be "additive" or "multiplicative"')
        if self.holidays_mode not in MODES:
            raise ValueError('holidays_mode must be "additive" or "multiplicative"')

    def _validate_holidays(self):
        table = self.holidays
        if not (isinstance(table, pd.DataFrame) and "ds" in table and "holiday" in table):
            raise ValueError('holidays must be a DataFrame with "ds" and "holiday" columns.')
        table["ds"] = pd.to_datetime(table["ds"])
        if table["ds"].isna().any() or table["holiday"].isna().any():
            raise ValueError("Found a NaN in holidays dataframe.")
        windows = [name for name in ("lower_window", "upper_window") if name in table]
        if len(windows) == 1:
            raise ValueError("Holidays must have both lower_window and upper_window, or neither")
        if windows:
            if table["lower_window"].max() > 0:
                raise ValueError("Holiday lower_window should be <= 0")
            if table["upper_window"].min() < 0:
                raise ValueError("Holiday upper_window should be >= 0")
        for name in table["holiday"].unique():
            self.validate_column_name(name, check_holidays=False)

    def validate_column_name(self, name, check_holidays=True, check_seasonalities=True, check_regressors=True):
        """Raises ValueError where a seasonality, holiday or regressor cannot have this name."""
        if not isinstance(name, str):
            raise TypeError(f"Name {name!r} is not text")
        if features.DELIMITER in name:
            raise ValueError('Name cannot contain "_delim_"')
        if name in RESERVED_NAMES:
            raise ValueError(f"Name {name!r} is reserved.")
        if check_holidays and self.holidays is not None and name in set(self.holidays["holiday"]):
            raise ValueError(f"Name {name!r} already used for a holiday.")
        if check_holidays and self.country_holidays is not None and name in get_holiday_names(self.country_holidays):
            raise ValueError(f"Name {name!r} is a holiday name in {self.country_holidays}.")
        if check_seasonalities and name in self.seasonalities:
            raise ValueError(f"Name {name!r} already used for a seasonality.")
        if check_regressors and name in self.extra_regressors:
            raise ValueError(f"Name {name!r} already used for an added regressor.")

    def add_seasonality(self, name, period, fourier_order, prior_scale=None, mode=None, condition_name=None):
        """Adds a smooth periodic effect of `period` days; `condition_name`: the column that says where it acts."""
        if self._is_fitted():
            raise Exception("Seasonality must be added prior to model fitting.")
        if name not in ("daily", "weekly", "yearly"):
            self.validate_column_name(name, check_seasonalities=False)
        scale = self.seasonality_prior_scale if prior_scale is None else float(prior_scale)
        if scale <= 0:
            raise ValueError("Prior scale must be > 0")
        if fourier_order <= 0:
            raise ValueError("Fourier Order must be > 0")
        mode = self.seasonality_mode if mode is None else mode
        if mode not in MODES:
            raise ValueError('mode must be "additive" or "multiplicative"')
        if condition_name is not None:
            self.validate_column_name(condition_name)
        self.seasonalities[name] = {"period": period, "fourier_order": fourier_order, "prior_scale": scale, "mode": mode,
                                    "condition_name": condition_name}
        return self

    def add_regressor(self, name, prior_scale=None, standardize="auto", mode=None, regressor_predictor=None):
        """Adds a column as a regressor. `regressor_predictor`: True, or arguments of a Prophet that forecasts it."""
        if self._is_fitted():
            raise Exception("Regressors must be added prior to model fitting.")
        self.validate_column_name(name, check_regressors=False)
        scale = float(self.holidays_prior_scale) if prior_scale is None else prior_scale
        mode = self.seasonality_mode if mode is None else mode
        if scale <= 0:
            raise ValueError("Prior scale must be > 0")
        if mode not in MODES:
            raise ValueError("mode must be 'additive' or 'multiplicative'")
        specification = None
        if regressor_predictor:
            specification = deepcopy(regressor_predictor) if isinstance(regressor_predictor, dict) else {}
        self.extra_regressors[name] = {"prior_scale": scale, "standardize": standardize, "mu": 0.0, "std": 1.0,
                                       "mode": mode, "predictor_spec": specification, "predictor": None}
        return self

    def add_country_holidays(self, country_name):
        """Adds the holidays of a country, by the names of the package `holidays`."""
        if self._is_fitted():
            raise Exception("Country holidays must be added prior to model fitting.")
        for name in get_holiday_names(country_name):
            self.validate_column_name(name, check_holidays=False)
        if self.country_holidays is not None:
            logger.warning("country holidays of %r replace those of %r", country_name, self.country_holidays)
        self.country_holidays = country_name
        return self

    # ---- fit -------------------------------------------------------------------------------------------------------

    def fit(self, df, **kwargs):
        """Fits the model to the columns ds and y of df (cap, floor, regressors and conditions where it has them).

        Afterwards `params` holds k, m, delta, beta and sigma_obs, each of shape (1, n). `init`: where to start, see
        utilities.warm_start_params(). With mcmc_samples they are draws of the posterior, a row each; `seed`, `chains`,
        `iter_warmup`, `adapt_delta` and `max_treedepth` steer the sampler. keep_statistics=True keeps what refresh() needs
        of the rows. Other arguments for Stan are kept in fit_kwargs and have no effect."""
        if self._is_fitted():
            raise Exception("Prophet object can only be fit once. Instantiate a new object.")
        keep_statistics = bool(kwargs.pop("keep_statistics", False))
        df = frames.table(df)
        self._fit_rows(df, kwargs, engine_form.warm_start(kwargs.get("init")), keep_statistics)
        self._fit_regressor_models(df)
        return self

    def _fit_rows(self, df, kwargs, start, keep_statistics):
        ds, y, columns, has_value = frames.training_rows(self, df)
        options = engine_form.fit_options(self, ds[has_value])
        self._asked = deepcopy(self.seasonalities), self.n_changepoints
        fitted = _engine.fit(options, frames.nanoseconds(ds), y, columns, start, keep_statistics).to_dict()
        constant = fitted["report"]["constant_series"]
        draws = None
        if self.mcmc_samples > 0 and not constant:
            draws = _engine.sample(options, frames.nanoseconds(ds), y, columns,
                                   engine_form.nuts_options(self.mcmc_samples, kwargs), start)
        self.fit_kwargs = deepcopy(kwargs)
        self._take(fitted, df.copy() if has_value.all() and len(has_value) == len(df) else df[frames.has_value(df)].copy())
        if draws is not None:
            self._take_draws(draws)
            self._take_statistics(None)

    def refresh(self, df, skip_known_rows=False, how="held"):
        """Takes new rows into a fitted model, as `chiliad train --refresh` does. df: rows after the model's last date, with
        the columns of fit(); skip_known_rows leaves out others instead of an error.

        how="held": from the statistics that fit(keep_statistics=True) kept, at a cost that does not depend on the old rows.
        Changepoints, seasonalities, the holidays seen and regressors' mu and std are held; the result is the optimum over
        all rows, old and new. Regressors' own models stay as they were fitted. Where the statistics do not do, and with
        how="refit", the history is read again and everything placed anew, also regressors' own models: the result is that
        of a plain fit of all rows, begun at the old parameters where there is one optimum.

        `last_update` says which was done: {"way": "statistics" or "history", "note": why}. Raises ValueError, and leaves
        the model as it was, where neither can be done."""
        if not self._is_fitted():
            raise Exception("Model has not been fit.")
        if how not in REFRESH_WAYS:
            raise ValueError(f"refresh: how must be 'held' or 'refit', not {how!r}")
        df = frames.table(df)
        last = self.history_dates.max()
        ds, y, columns, has_value = frames.training_rows(self, df, least=0)
        known = ds <= np.datetime64(last)
        if known.any() and not skip_known_rows:
            raise ValueError("refresh: " + known_rows(known.sum(), last, ds[known].min()))
        if known.all():
            if skip_known_rows:
                return self
            raise ValueError("refresh: there are no new rows")
        ds, y = ds[~known], y[~known]
        columns = {name: values[~known] for name, values in columns.items()}
        way, reason = "statistics", ANEW if how == "refit" else self._refresh_held(ds, y, columns)
        if reason:
            if not len(self.history):
                raise ValueError("refresh: " + no_history(reason, "fit a new model to them"))
            self._refit(pd.DataFrame({"ds": ds, "y": y, **columns}))
            way, reason = "history", "fitted from all rows: " + reason
        self.last_update = {"way": way, "note": reason}
        return self

    def _refresh_held(self, ds, y, columns):
        """Takes in these rows by the statistics; why it was not done, or ""."""
        if self.statistics is None:
            return "the model has no statistics"
        if self.statistics.get("version") != 1:
            return "the model's statistics are of a later version"
        if self._statistics_of != engine_form.what_was_fitted(self):
            return "parameters or scales were changed since the fit"
        done = _engine.refresh(engine_form.state_to_refresh(self, ds), frames.nanoseconds(ds), y, columns)
        if isinstance(done, str):
            return done
        self._take_refreshed(done.to_dict(), ds, y, columns)
        return ""

    def _refit(self, new):
        """Becomes the model of a plain fit of the history and the rows of `new`."""
        from chiliad.diagnostics import prophet_copy
        fresh = prophet_copy(self)
        for name in engine_form.CHOICES:
            setattr(fresh, name, getattr(self, name))
        seasonalities, number = self._asked or engine_form.asked_for(self)
        fresh.seasonalities, fresh.n_changepoints = deepcopy(seasonalities), number
        rows = self._history_as_given().drop(columns=["t", "y_scaled", "cap_scaled"], errors="ignore")
        if not self.logistic_floor:
            rows = rows.drop(columns="floor")
        without = self.history_dates[~self.history_dates.isin(rows["ds"])]
        parts = [rows, pd.DataFrame({"ds": without.to_numpy()}), new]
        rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
        fresh._fit_rows(rows, self.fit_kwargs, self._start_of_refit(), True)
        known = [name for name, one in fresh.extra_regressors.items() if one.get("predictor") is not None]
        for name in known:  # From its own history: it may have rows where y has none.
            own = new[["ds", name]].rename(columns={name: "y"}).dropna()
            if len(own):
                fresh.extra_regressors[name]["predictor"].refresh(own, how="refit")
        fresh._fit_regressor_models(rows, known)
        for name in Prophet._MADE_WHEN_ASKED_FOR:
            self.__dict__.pop(name, None)
        self.__dict__.update(fresh.__dict__)
        self._fresh, self._asked = fresh._fresh, fresh._asked

    def _start_of_refit(self):
        """Where a fit of more rows begins: at the parameters, unless another start would end at another optimum."""
        if self.mcmc_samples == 0:
            model = _engine.Fit.from_dict(engine_form.fitted_state(self, self.history_dates.to_numpy()))
            if model.has_one_mode:
                return engine_form.warm_start(self.params)
        return engine_form.warm_start(self.fit_kwargs.get("init"))

    def _take_refreshed(self, fitted, ds, y, columns):
        """Becomes the model of all rows. ds, y, columns: the new ones."""
        held = {name: getattr(self, name) for name in ("changepoints", "train_holiday_names", "train_component_cols",
                                                       "component_modes")}
        rows = None
        if self._rows is None:  # It keeps its history.
            has_value = ~np.isnan(y)
            new = pd.DataFrame({"ds": ds, "y": y, **columns})[has_value]
            rows = self._history_as_given().drop(columns=["t", "y_scaled", "floor", "cap_scaled"], errors="ignore")
            rows = pd.concat([rows, new.sort_values("ds", kind="mergesort")], ignore_index=True)
            dates = np.unique(np.concatenate([frames.nanoseconds(self.history_dates.to_numpy()), frames.nanoseconds(ds)]))
            fitted = {**fitted, "history_dates": dates}
        for name in Prophet._MADE_WHEN_ASKED_FOR:
            self.__dict__.setdefault(name, None)
        self._take(fitted, rows)
        self.__dict__.update(held)
        if rows is not None and "lp__" in self.params:
            self.params["trend"] = self._scaled_trend(self.history["t"].to_numpy(), None, None).reshape(1, -1)

    def _take_statistics(self, statistics):
        """statistics: those of the parameters as they are now; None: there are none."""
        self.statistics = statistics
        self._statistics_of = None if statistics is None else engine_form.what_was_fitted(self)

    def _take_draws(self, draws):
        """The parameters are draws of the posterior, one a row, instead of its mode."""
        self.params = {name: draws[name] for name in ("lp__", "k", "m", "delta", "sigma_obs", "beta")}
        cap = self.history["cap_scaled"].to_numpy() if self.growth == "logistic" else None
        self.params["trend"] = trend.of_draws(self.growth, self.history["t"].to_numpy(), cap, draws, self.changepoints_t)
        if draws["divergent"] or not draws["largest_rhat"] < 1.05:
            logger.warning("sampling: %d draws diverged, R-hat is up to %.3f: more samples or another model may be needed",
                           draws["divergent"], draws["largest_rhat"])

    def _take(self, fitted, rows):
        """Becomes a fitted model. rows: the table's rows with a value, for the history; None: it has none."""
        short = fitted["t_scale"] < 730 * 86_400 * 10**9
        if short and "yearly" in {one[0] for one in fitted["seasonalities"]} and self.yearly_seasonality not in ("auto", False):
            logger.warning("yearly seasonality is fitted to less than 730 days of history: it may not be identified; "
                           "a lower fourier_order or a smaller prior scale helps")
        if fitted["report"]["note"]:
            logger.info("fit: %s", fitted["report"]["note"])
        self._fresh = {"fitted": fitted, "rows": rows, "given_changepoints": self.changepoints}
        for name in Prophet._MADE_WHEN_ASKED_FOR:
            self.__dict__.pop(name)
        self.start = pd.Timestamp(fitted["start"])
        self.t_scale = pd.Timedelta(fitted["t_scale"], "ns")
        self.y_min, self.y_scale = fitted["y_min"], fitted["y_scale"]
        self.logistic_floor = fitted["logistic_floor"]
        self.n_changepoints = fitted["n_changepoints"]
        self.changepoints_t = fitted["changepoints_t"]
        self.seasonalities = engine_form.seasonalities_of(fitted)
        for name, mu, std in fitted["regressors"]:
            self.extra_regressors[name].update(mu=mu, std=std)
        self.params = engine_form.params_of(fitted)
        self._rows = fitted["rows"] if rows is None else None
        self._take_statistics(engine_form.statistics_of(fitted))

    def _fit_regressor_models(self, df, but=()):
        """Fits a Prophet to each regressor that is to be predicted, `but` those."""
        for name, properties in self.extra_regressors.items():
            if properties.get("predictor_spec") is None or name in but:
                continue
            known = df[["ds", name]][df[name].notna()].rename(columns={name: "y"})
            if len(known) < 2:
                raise ValueError(f"Not enough data to fit regressor model for '{name}'.")
            predictor = self.__class__(**deepcopy(properties["predictor_spec"]))
            predictor._regressor_name = name
            properties["predictor"] = predictor.fit(known, **self.fit_kwargs)

    def preprocess(self, df, **kwargs):
        """The numbers that a fit is made of: a models.ModelInputData. Sets every attribute but the parameters.

        fit() does not come by here: the engine makes its own. It is for looking at them, or for an optimiser of one's
        own."""
        df = frames.table(df)
        frames.training_rows(self, df)  # Raises for what cannot be.
        dates = np.sort(frames.dates(pd.Series(frames.column(df, "ds").unique()).dropna()))
        self.history_dates = pd.Series(dates, name="ds")
        self.history = self.setup_dataframe(df[frames.has_value(df)].copy(), initialize_scales=True)
        self.set_auto_seasonalities()
        X, sigmas, columns, modes = self.make_all_seasonality_features(self.history)
        self.train_component_cols, self.component_modes = columns, modes
        self.fit_kwargs = deepcopy(kwargs)
        self.set_changepoints()
        cap = self.history["cap_scaled"] if self.growth == "logistic" else np.zeros(len(self.history))
        return models.ModelInputData(
            T=len(self.history), S=len(self.changepoints_t), K=X.shape[1], tau=self.changepoint_prior_scale,
            trend_indicator=models.TrendIndicator[self.growth.upper()].value, y=self.history["y_scaled"],
            t=self.history["t"], cap=cap, t_change=self.changepoints_t, s_a=columns["additive_terms"],
            s_m=columns["multiplicative_terms"], X=X, sigmas=sigmas)

    def calculate_initial_params(self, num_total_regressors):
        """Where a fit begins, after preprocess(): a models.ModelParams for so many columns of X."""
        start = {"linear": self.linear_growth_init, "flat": self.flat_growth_init, "logistic": self.logistic_growth_init}
        k, m = start[self.growth](self.history)
        return models.ModelParams(k=k, m=m, delta=np.zeros_like(self.changepoints_t), beta=np.zeros(num_total_regressors),
                                  sigma_obs=1.0)

    # ---- the tables behind a fit -----------------------------------------------------------------------------------

    def setup_dataframe(self, df, initialize_scales=False):
        """df, sorted, with t, y_scaled, floor, cap_scaled and standardized regressors; sets the scales if asked to."""
        if "y" in df:
            df["y"] = pd.to_numeric(df["y"])
            if np.isinf(df["y"].to_numpy(dtype=float, na_value=np.nan)).any():
                raise ValueError("Found infinity in column y.")
        df["ds"] = frames.dates(df["ds"])
        everywhere = np.ones(len(df), dtype=bool)
        for name in self.extra_regressors:
            frames.regressor(df, name, everywhere)
            df[name] = pd.to_numeric(df[name])
        for properties in self.seasonalities.values():
            name = properties["condition_name"]
            if name is not None:
                df[name] = frames.condition(df, name, everywhere).astype(bool)
        if df.index.name == "ds":
            df.index.name = None
        df = df.sort_values("ds", kind="mergesort").reset_index(drop=True)
        self.initialize_scales(initialize_scales, df)
        if self.logistic_floor:
            if "floor" not in df:
                raise ValueError('Expected column "floor".')
        else:
            df["floor"] = 0.0 if self.scaling == "absmax" else self.y_min
        if self.growth == "logistic":
            if "cap" not in df:
                raise ValueError('Capacities must be supplied for logistic growth in column "cap"')
            for name in ("cap", "floor"):
                df[name] = pd.to_numeric(df[name])
            if (df["cap"] <= df["floor"]).any():
                raise ValueError("cap must be greater than floor (which defaults to 0).")
            df["cap_scaled"] = (df["cap"] - df["floor"]) / self.y_scale
        df["t"] = (df["ds"] - self.start) / self.t_scale
        if "y" in df:
            df["y_scaled"] = (df["y"] - df["floor"]) / self.y_scale
        for name, properties in self.extra_regressors.items():
            df[name] = (df[name] - properties["mu"]) / properties["std"]
        return df

    def initialize_scales(self, initialize_scales, df):
        """Sets y_min, y_scale, start, t_scale and the regressors' mu and std from df."""
        if not initialize_scales:
            return
        y = df["y"]
        if self.growth == "logistic" and "floor" in df:
            self.logistic_floor = True
            above = (y - df["floor"]).abs()
            self.y_min, self.y_scale = float(above.min()), float(above.max())
            if self.scaling == "minmax":
                self.y_min = float(df["floor"].min())
                self.y_scale = float(df["cap"].max() - self.y_min)
        elif self.scaling == "absmax":
            self.y_min, self.y_scale = 0.0, float(y.abs().max())
        else:
            self.y_min = float(y.min())
            self.y_scale = float(y.max() - self.y_min)
        self.y_scale = self.y_scale or 1.0
        self.start = df["ds"].min()
        self.t_scale = df["ds"].max() - self.start
        for name, properties in self.extra_regressors.items():
            values = set(df[name].unique())
            standardize = properties["standardize"]
            if standardize == "auto":
                standardize = values != {0, 1}
            if standardize and len(values) > 1:
                properties.update(mu=float(df[name].mean()), std=float(df[name].std()))

    def set_changepoints(self):
        """Sets changepoints and changepoints_t from the history."""
        history = self.history
        if self.changepoints is not None:
            if len(self.changepoints) > 0:
                if self.changepoints.min() < history["ds"].min() or self.changepoints.max() > history["ds"].max():
                    raise ValueError("Changepoints must fall within training data.")
        else:
            rows = int(np.floor(len(history) * self.changepoint_range))
            if self.n_changepoints + 1 > rows:
                self.n_changepoints = rows - 1
                logger.info("n_changepoints greater than number of observations: using %d", self.n_changepoints)
            if self.n_changepoints > 0:
                chosen = np.linspace(0, rows - 1, self.n_changepoints + 1).round().astype(int)
                self.changepoints = history.iloc[chosen]["ds"].tail(-1)
            else:
                self.changepoints = pd.Series(pd.to_datetime([]), name="ds")
        if len(self.changepoints) > 0:
            self.changepoints_t = np.sort(((self.changepoints - self.start) / self.t_scale).to_numpy())
        else:
            self.changepoints_t = np.array([0.0])

    def set_auto_seasonalities(self):
        """Adds the built-in seasonalities that are asked for, or that the history's length and spacing allow."""
        ds = self.history["ds"]
        span = ds.max() - ds.min()
        steps = ds.diff()
        shortest = steps[steps > pd.Timedelta(0)].min()
        too_short = {"yearly": span < pd.Timedelta(days=730),
                     "weekly": span < pd.Timedelta(weeks=2) or shortest >= pd.Timedelta(weeks=1),
                     "daily": span < pd.Timedelta(days=2) or shortest >= pd.Timedelta(days=1)}
        for name, period, order in engine_form.BUILT_IN:
            terms = self.parse_seasonality_args(name, getattr(self, name + "_seasonality"), too_short[name], order)
            if terms > 0:
                self.seasonalities[name] = {"period": period, "fourier_order": terms, "mode": self.seasonality_mode,
                                            "prior_scale": self.seasonality_prior_scale, "condition_name": None}

    def parse_seasonality_args(self, name, arg, auto_disable, default_order):
        """How many Fourier terms a built-in seasonality has; 0: it is off."""
        if arg == "auto":
            if name in self.seasonalities:
                logger.info("a custom seasonality named %r replaces the built-in one", name)
                return 0
            if auto_disable:
                logger.info("%s seasonality is off: the history is too short or too coarse (%s_seasonality=True turns "
                            "it on)", name, name)
                return 0
            return default_order
        return default_order if arg is True else 0 if arg is False else int(arg)

    def construct_holiday_dataframe(self, dates):
        """The holidays that matter at these dates: own ones and the country's; after the fit those that it saw."""
        table = pd.DataFrame() if self.holidays is None else self.holidays.copy()
        if self.country_holidays is not None:
            years = sorted({date.year for date in pd.to_datetime(pd.Series(dates))})
            table = pd.concat([table, make_holidays_df(years, self.country_holidays)], sort=False, ignore_index=True)
        if self.train_holiday_names is not None:
            table = table[table["holiday"].isin(self.train_holiday_names)] if len(table) else table
            there = set(table["holiday"]) if len(table) else set()
            missing = [name for name in self.train_holiday_names if name not in there]
            if missing:
                rows = pd.DataFrame({"holiday": missing, "ds": pd.Series([pd.NaT] * len(missing), dtype="datetime64[ns]")})
                table = pd.concat([table, rows], sort=False)
            table = table.reset_index(drop=True)
        return table

    def make_holiday_features(self, dates, holidays):
        """(a column for each holiday and day of its window, their prior scales, the holidays' names)."""
        table, scales, names = features.holiday_features(dates, holidays, self.holidays_prior_scale)
        if self.train_holiday_names is None:
            self.train_holiday_names = pd.Series(names)
        return table, scales, names

    def make_all_seasonality_features(self, df):
        """(X, the prior scale of each column, which column is of which component, the components of each mode)."""
        tables, scales = [], []
        modes = {mode: [] for mode in MODES}
        for name, properties in self.seasonalities.items():
            table = features.seasonality_features(df["ds"], properties["period"], properties["fourier_order"], name)
            if properties["condition_name"] is not None:
                table[~df[properties["condition_name"]].to_numpy(dtype=bool)] = 0
            tables.append(table)
            scales += [properties["prior_scale"]] * table.shape[1]
            modes[properties["mode"]].append(name)
        holidays = self.construct_holiday_dataframe(df["ds"])
        if len(holidays) > 0:
            table, holiday_scales, names = self.make_holiday_features(df["ds"], holidays)
            tables.append(table)
            scales += holiday_scales
            modes[self.holidays_mode] += names
        for name, properties in self.extra_regressors.items():
            tables.append(pd.DataFrame({name: df[name].to_numpy()}))
            scales.append(properties["prior_scale"])
            modes[properties["mode"]].append(name)
        if not tables:
            tables.append(pd.DataFrame({"zeros": np.zeros(len(df))}))
            scales.append(1.0)
        X = pd.concat(tables, axis=1)
        columns, modes = self.regressor_column_matrix(X, modes)
        return X, scales, columns, modes

    def regressor_column_matrix(self, seasonal_features, modes):
        """(which column is of which component, modes with the groups)."""
        groups = {}
        if self.train_holiday_names is not None:
            groups["holidays"] = set(self.train_holiday_names)
        for mode in MODES:
            groups[mode + "_terms"] = set(modes[mode])
            groups["extra_regressors_" + mode] = {n for n, p in self.extra_regressors.items() if p["mode"] == mode}
            modes[mode] += [mode + "_terms", "extra_regressors_" + mode]
        modes[self.holidays_mode].append("holidays")
        columns = features.component_columns(seasonal_features.columns, groups)
        if self.__dict__.get("train_component_cols") is not None:
            columns = columns[self.train_component_cols.columns]
            if not np.array_equal(columns.to_numpy(), self.train_component_cols.to_numpy()):
                raise Exception("the columns of X are not those of the fit")
        return columns, modes

    fourier_series = staticmethod(features.fourier_series)
    make_seasonality_features = staticmethod(features.seasonality_features)
    linear_growth_init = staticmethod(trend.linear_growth_init)
    logistic_growth_init = staticmethod(trend.logistic_growth_init)
    flat_growth_init = staticmethod(trend.flat_growth_init)
    piecewise_linear = staticmethod(trend.piecewise_linear)
    piecewise_logistic = staticmethod(trend.piecewise_logistic)
    flat_trend = staticmethod(trend.flat_trend)

    # ---- forecasts -------------------------------------------------------------------------------------------------

    def make_future_dataframe(self, periods, freq="D", include_history=True):
        """A table with ds: `periods` dates after the history, every `freq` of pandas; None: the history's own."""
        if not self._is_fitted():
            raise Exception("Model has not been fit.")
        if periods < 0:
            raise ValueError(f"periods must be >= 0, not {periods}")
        if freq is None:
            freq = pd.infer_freq(self.history_dates.tail(5))
            if freq is None:
                raise Exception("Unable to infer `freq`")
        last = self.history_dates.max()
        dates = pd.date_range(start=last, periods=periods + 1, freq=freq)
        dates = dates[dates > last][:periods]
        if include_history:
            dates = np.concatenate([self.history_dates.to_numpy(), dates.to_numpy()])
        return pd.DataFrame({"ds": dates})

    def predict(self, df=None, vectorized=True):
        """The forecast of the rows of df, or of the history: trend, components, yhat, their intervals.

        `vectorized` is Prophet's and has no effect: intervals are computed from the law."""
        if not self._is_fitted():
            raise Exception("Model has not been fit.")
        df = None if df is None else frames.table(df)
        if df is not None and df.shape[0] == 0:
            raise ValueError("Dataframe has no rows.")
        if df is None and not len(self.history):
            raise ValueError("predict() without a table forecasts the history, which this model was fitted or stored without")
        if self._needs_draws():
            return self._predict_from_draws(df)
        return pd.DataFrame(self._forecast(self._history_as_given() if df is None else df))

    def _needs_draws(self):
        return self.params["k"].shape[0] > 1 or self._predicts_regressors()

    def _forecast(self, rows):
        """The columns of predict(), of a model that has no draws and forecasts no regressors."""
        ds = frames.dates(frames.column(rows, "ds"))
        columns = frames.columns_of(self, rows)
        fitted = _engine.Fit.from_dict(engine_form.fitted_state(self, ds))
        at, values = fitted.predict(frames.nanoseconds(ds), columns, engine_form.predict_options(self))
        table = {"ds": at.view("datetime64[ns]"), "trend": values.pop("trend")}
        if "cap" in rows and "cap" not in values:
            table["cap"] = rows["cap"].to_numpy()[np.argsort(ds, kind="stable")]
        table.update(values)
        return table

    def _history_as_given(self):
        """The history with regressors as they were before they were standardized."""
        history = self.history.copy()
        for name, properties in self.extra_regressors.items():
            history[name] = history[name] * properties["std"] + properties["mu"]
        return history

    def predict_trend(self, df):
        """The trend at the rows of df, as setup_dataframe() left it."""
        cap = df["cap_scaled"] if self.growth == "logistic" else None
        return self._scaled_trend(df["t"].to_numpy(), cap, None) * self.y_scale + df["floor"]

    def _scaled_trend(self, t, cap, draw):
        """Of one draw of the parameters, or of their means."""
        k, m = (np.nanmean(self.params[name]) if draw is None else np.ravel(self.params[name])[draw] for name in ("k", "m"))
        deltas = np.nanmean(self.params["delta"], axis=0) if draw is None else self.params["delta"][draw]
        if self.growth == "flat":
            return self.flat_trend(t, m)
        if self.growth == "linear":
            return self.piecewise_linear(t, deltas, k, m, self.changepoints_t)
        return self.piecewise_logistic(t, cap, deltas, k, m, self.changepoints_t)

    def predict_seasonal_components(self, df):
        """The components at the rows of df, as setup_dataframe() left it, with their intervals over the draws."""
        X, _, columns, _ = self.make_all_seasonality_features(df)
        bounds = self._percentiles() if self.uncertainty_samples else {}
        data = {}
        for name in columns.columns:
            values = X.to_numpy() @ (self.params["beta"] * columns[name].to_numpy()).T
            if name in self.component_modes["additive"]:
                values = values * self.y_scale
            data[name] = np.nanmean(values, axis=1)
            for bound, percentile in bounds.items():
                data[name + bound] = self.percentile(values, percentile, axis=1)
        return pd.DataFrame(data)

    def predict_uncertainty(self, df, vectorized=True, regressor_samples=None):
        """Intervals of yhat and trend at the rows of df, as setup_dataframe() left it, from draws."""
        draws = self.sample_posterior_predictive(df, vectorized, regressor_samples)
        return pd.DataFrame({key + bound: self.percentile(draws[key], percentile, axis=1)
                             for key in ("yhat", "trend") for bound, percentile in self._percentiles().items()})

    def _percentiles(self):
        return {"_lower": 100 * (1.0 - self.interval_width) / 2, "_upper": 100 * (1.0 + self.interval_width) / 2}

    def percentile(self, a, *args, **kwargs):
        """numpy's percentile, of the values that are numbers."""
        return (np.nanpercentile if np.isnan(a).any() else np.percentile)(a, *args, **kwargs)

    def sample_posterior_predictive(self, df, vectorized=True, regressor_samples=None):
        """{"yhat", "trend"}: (rows, samples), of the rows of df as setup_dataframe() left it."""
        X, _, columns, _ = self.make_all_seasonality_features(df)
        return sampling.posterior_predictive(self, df, X, columns, regressor_samples)

    def add_group_component(self, components, name, group):
        """The table of (col, component) with the columns of the components in `group` under another name as well."""
        columns = components.loc[components["component"].isin(set(group)), "col"].unique()
        if not len(columns):
            return components
        return pd.concat([components, pd.DataFrame({"col": columns, "component": name})], ignore_index=True)

    def sample_predictive_trend(self, df, iteration):
        """One possible trend of that draw of the parameters, at the rows of df as setup_dataframe() left it."""
        return sampling.poisson_trend(self, df, iteration)

    def sample_predictive_trend_vectorized(self, df, n_samples, iteration=0):
        """(n_samples, rows): the same n times, by the law of predict()."""
        return sampling.future_trends(self, df, n_samples, iteration)

    def sample_model(self, df, seasonal_features, iteration, s_a, s_m):
        """One possible future: {"yhat", "trend"}, of that draw of the parameters. seasonal_features, s_a, s_m: from
        make_all_seasonality_features(df), the last two its columns additive_terms and multiplicative_terms."""
        trend = self.sample_predictive_trend(df, iteration)
        return {"yhat": sampling.observations(self, seasonal_features, iteration, s_a, s_m, trend), "trend": trend}

    def sample_model_vectorized(self, df, seasonal_features, iteration, s_a, s_m, n_samples):
        """A list of n_samples possible futures, by the law of predict()."""
        trends = self.sample_predictive_trend_vectorized(df, n_samples, iteration)
        values = sampling.observations(self, seasonal_features, iteration, s_a, s_m, trends)
        return [{"yhat": yhat, "trend": trend} for yhat, trend in zip(values, trends)]

    def predictive_samples(self, df, vectorized=True):
        """Possible futures: {"yhat", "trend"}, each of shape (rows, samples). numpy.random.seed() makes them again."""
        df, draws = self._prepare_regressors_for_predict(frames.table(df).copy(), self.uncertainty_samples or None)
        df = self.setup_dataframe(df)
        return self.sample_posterior_predictive(df, vectorized, self._standardized(draws))

    def _predict_from_draws(self, df):
        """A forecast where there is more than one set of parameters, or of a regressor's values."""
        draws = None
        if df is None:
            df = self.history.copy()
        else:
            df, draws = self._prepare_regressors_for_predict(df.copy(), self.uncertainty_samples or None)
            df = self.setup_dataframe(df)
        df["trend"] = self.predict_trend(df)
        components = self.predict_seasonal_components(df)
        intervals = [self.predict_uncertainty(df, True, self._standardized(draws))] if self.uncertainty_samples else []
        kept = ["ds", "trend"] + ["cap"] * ("cap" in df) + ["floor"] * bool(self.logistic_floor)
        table = pd.concat([df[kept], *intervals, components], axis=1)
        table["yhat"] = table["trend"] * (1 + table["multiplicative_terms"]) + table["additive_terms"]
        return table

    # ---- regressors that are predicted -----------------------------------------------------------------------------

    def _predicts_regressors(self):
        return any(p.get("predictor_spec") is not None and p.get("predictor") is not None
                   for p in self.extra_regressors.values())

    def _standardized(self, draws):
        return {name: (values - self.extra_regressors[name]["mu"]) / self.extra_regressors[name]["std"]
                for name, values in (draws or {}).items()}

    def _prepare_regressors_for_predict(self, df, n_samples=None):
        """df with the columns that are predicted, and draws of them: {name: (rows, draws)}."""
        draws = {}
        for name, properties in self.extra_regressors.items():
            predictor = properties.get("predictor")
            if properties.get("predictor_spec") is None or predictor is None:
                continue
            df["ds"] = frames.dates(df["ds"])
            if name not in df:
                df[name] = np.nan
            future = (df["ds"] > self.history["ds"].max()).to_numpy()
            gaps = ~future & df[name].isna().to_numpy()
            if gaps.any():
                known = self._history_as_given().drop_duplicates("ds").set_index("ds")[name]
                df.loc[gaps, name] = known.reindex(df.loc[gaps, "ds"]).to_numpy()
            rows = pd.DataFrame({"ds": df.loc[future, "ds"]})
            if future.any():
                df.loc[future, name] = predictor.predict(rows)["yhat"].to_numpy()
            if n_samples:
                values = df[name].to_numpy(dtype=float)[:, None]
                if future.any():
                    drawn = predictor.predictive_samples(rows)["yhat"]
                    values = np.repeat(values, drawn.shape[1], axis=1)
                    values[future] = drawn
                draws[name] = values
        return df, draws

    # ---- pictures --------------------------------------------------------------------------------------------------

    def plot(self, fcst, ax=None, uncertainty=True, plot_cap=True, xlabel="ds", ylabel="y", figsize=(10, 6),
             include_legend=False):
        """A picture of the history and the forecast, by matplotlib."""
        from chiliad.plot import plot
        return plot(self, fcst, ax=ax, uncertainty=uncertainty, plot_cap=plot_cap, xlabel=xlabel, ylabel=ylabel,
                    figsize=figsize, include_legend=include_legend)

    def plot_components(self, fcst, uncertainty=True, plot_cap=True, weekly_start=0, yearly_start=0, figsize=None):
        """A picture of each component, by matplotlib."""
        from chiliad.plot import plot_components
        return plot_components(self, fcst, uncertainty=uncertainty, plot_cap=plot_cap, weekly_start=weekly_start,
                               yearly_start=yearly_start, figsize=figsize)
