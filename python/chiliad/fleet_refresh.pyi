from typing import Literal

from chiliad.fleet import Fleet
from chiliad.forecaster import _Table

def refresh_many(
    fleet: Fleet,
    df: _Table,
    *,
    ds: str = "ds",
    y: str = "y",
    how: Literal["held", "refit"] = "held",
    skip_known_rows: bool = False,
    threads: int = 0,
    progress: bool | None = None,
) -> Fleet: ...
