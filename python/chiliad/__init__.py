"""Prophet on an exact and fast native engine, for one series and for fleets.

    from chiliad import Prophet             the class of Prophet 1.5.0
    from chiliad import fit_many            one model for each series of a table, on all cores
    python -m chiliad.accelerate script.py  a script that says `from prophet import Prophet`, on this engine

What is the same and what differs: the page "Coming from Prophet", doc/python.md.
"""
from chiliad.fleet import Fleet, fit_many, predict_many
from chiliad.fleet_refresh import refresh_many
from chiliad.forecaster import Prophet

__version__ = "0.1.0"
__all__ = ["Fleet", "Prophet", "fit_many", "predict_many", "refresh_many"]
