from typing import Any

from chiliad.forecaster import Prophet

SIMPLE_ATTRIBUTES: list[str]
PD_SERIES: list[str]
PD_TIMESTAMP: list[str]
PD_TIMEDELTA: list[str]
PD_DATAFRAME: list[str]
NP_ARRAY: list[str]
ORDEREDDICT: list[str]

def model_to_dict(model: Prophet) -> dict[str, Any]: ...
def model_to_json(model: Prophet) -> str: ...
def model_from_dict(model_dict: dict[str, Any]) -> Prophet: ...
def model_from_json(model_json: str) -> Prophet: ...
