from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from chiliad.forecaster import Prophet, _Table, _Update

class Fleet(Mapping[Any, Prophet]):
    template: Prophet
    by: str
    failures: dict[Any, str]
    updates: dict[Any, _Update]
    keep_history: bool
    seed: int

    def __init__(
        self,
        template: Prophet,
        by: str,
        fits: dict[Any, Any],
        failures: dict[Any, str],
        keep_history: bool = True,
        seed: int = 0,
        updates: dict[Any, _Update] | None = None,
    ) -> None: ...
    def __getitem__(self, key: Any) -> Prophet: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def predict(
        self,
        periods: int | None = None,
        freq: str = "D",
        columns: str | Sequence[str] | None = None,
        include_history: bool = False,
        *,
        df: _Table | None = None,
        ds: str = "ds",
    ) -> pd.DataFrame: ...
    def refresh(
        self,
        df: _Table,
        *,
        ds: str = "ds",
        y: str = "y",
        how: Literal["held", "refit"] = "held",
        skip_known_rows: bool = False,
        threads: int = 0,
        progress: bool | None = None,
    ) -> Fleet: ...

def fit_many(
    df: _Table,
    by: str,
    *,
    ds: str = "ds",
    y: str = "y",
    threads: int = 0,
    progress: bool | None = None,
    prepare: Callable[[Prophet], object] | None = None,
    keep_history: bool = True,
    keep_statistics: bool = False,
    seed: int = 0,
    **arguments: Any,
) -> Fleet: ...
def predict_many(
    fleet: Fleet,
    periods: int | None = None,
    freq: str = "D",
    columns: str | Sequence[str] | None = None,
    include_history: bool = False,
    *,
    df: _Table | None = None,
    ds: str = "ds",
) -> pd.DataFrame: ...
