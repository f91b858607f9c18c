"""The engine in the place of Stan under Prophet's own Python: everything is Prophet's but the optimiser and the sampler.

    import chiliad.backend                          # from then on Prophet knows the name
    m = prophet.Prophet(stan_backend="CHILIAD")
    m.stan_backend = chiliad.backend.ChiliadBackend()       # or so

Prophet hands its backend scaled rows, the columns of X and a starting point; it gets the mode of the posterior, or
draws. Models pickle, are cross-validated in other processes and forecast their regressors as with Stan.

Source: Prophet 1.5.0, models.py: IStanBackend, CmdStanPyBackend. Prophet 1.1.4 asks for the same.
"""
from collections import OrderedDict

import numpy as np
from prophet import models

from chiliad import _engine, engine_form, trend
from chiliad.models import TrendIndicator

NAME = "CHILIAD"
GROWTHS = {indicator.value: indicator.name.lower() for indicator in TrendIndicator}
ARRAYS = ("y", "t", "cap", "t_change", "X", "sigmas", "s_a", "s_m")


class ChiliadBackend(models.IStanBackend):
    """Prophet's interface to Stan. `stan_fit` is what the engine reports of the last fit or sampling: a dictionary."""

    @staticmethod
    def get_type():
        return NAME

    def load_model(self):
        """There is nothing to load."""
        return None

    def fit(self, stan_init, stan_data, **kwargs):
        """lp__, k, m, delta, sigma_obs, beta and trend, each of shape (1, n), at the posterior's mode.

        `init` or `inits`: where to start, see prophet.utilities.warm_start_params(). Other arguments are Stan's and have
        no effect: there is an optimum to reach."""
        start = kwargs.get("inits", kwargs.get("init"))
        found = _engine.fit_stan_data(_data(stan_data), _start(stan_init, start), start is not None)
        self.stan_fit = found.pop("report")
        found["lp__"] = np.array([self.stan_fit["log_posterior"]])
        found = {name: values.reshape(1, -1) for name, values in found.items()}
        return _params(found, stan_data)

    def sampling(self, stan_init, stan_data, samples, **kwargs):
        """Draws of the same: delta, beta and trend have a row a draw, the others a value. Half of `samples` are warm-up.

        `chains`, `iter_warmup`, `adapt_delta`, `max_treedepth`, `seed` and `init` or `inits` are taken as by Stan."""
        start = kwargs.get("inits", kwargs.get("init"))
        draws = _engine.sample_stan_data(_data(stan_data), _start(stan_init, start), engine_form.nuts_options(samples, kwargs))
        self.stan_fit = {name: draws.pop(name) for name in ("chains", "largest_rhat", "least_ess", "divergent", "gradients")}
        return _params(draws, stan_data)


def _data(stan_data):
    data = {name: np.ascontiguousarray(stan_data[name], dtype=np.float64) for name in ARRAYS}
    return {"growth": GROWTHS[stan_data["trend_indicator"]], "tau": float(stan_data["tau"]), **data}


def _start(stan_init, given):
    """Prophet's starting point with what is given of it; what does not fit in number, the engine leaves out."""
    return {**engine_form.warm_start(stan_init), **(engine_form.warm_start(given) or {})}


def _params(found, stan_data):
    trends = trend.of_draws(GROWTHS[stan_data["trend_indicator"]], np.asarray(stan_data["t"]), np.asarray(stan_data["cap"]),
                            found, np.asarray(stan_data["t_change"]))
    names = ("lp__", "k", "m", "delta", "sigma_obs", "beta")
    return OrderedDict([(name, found[name]) for name in names] + [("trend", trends)])


def register():
    """Makes the name known to Prophet: Prophet(stan_backend="CHILIAD"). Importing this module does it."""
    known = models.StanBackendEnum.get_backend_class
    if getattr(known, "knows_chiliad", False):
        return

    def get_backend_class(name):
        return ChiliadBackend if name == NAME else known(name)

    get_backend_class.knows_chiliad = True
    models.StanBackendEnum.get_backend_class = staticmethod(get_backend_class)


register()
