"""`drawdown forecast`: what will be left of lots at expiry, from files, for files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console

from dashboard.commands.progress import progress_bar
from queries.forecast.distribution import QUANTILES, quantiles
from queries.forecast.forecaster import forecast as forecast_units
from queries.forecast.known import ForecastError, known


def forecast(
    *,
    lots: Annotated[
        Path,
        typer.Option(
            help="Parquet: lot_id, account_id, service, quantity, valid_from, expires_on (its last day); owner, unit."
        ),
    ],
    consumption: Annotated[Path, typer.Option(help="Parquet: lot_id, service_date, quantity.")],
    requests: Annotated[Path, typer.Option(help="Parquet: lot_id, as_of: what to forecast, and from which day.")],
    out: Annotated[Path, typer.Option(help="Parquet to write: lot_id, as_of, q05 to q95, mean, in units.")],
) -> None:
    """Forecast the units left at expiry of each requested lot, from what was known on the requested day alone.

    drawdown forecast --lots L.parquet --consumption C.parquet --requests R.parquet --out F.parquet
    """
    asked = _read(requests)
    facts = known(_read(lots), _read(consumption))
    with progress_bar("forecasting") as on_progress:
        found = forecast_units(facts, asked, on_progress)
    levels = quantiles(found)
    rows = asked.select("lot_id", "as_of").with_columns(
        *(pl.Series(name, levels[:, column]) for column, name in enumerate(QUANTILES)),
        pl.Series("mean", found.mean * found.remaining),
    )
    try:
        rows.write_parquet(out)
    except OSError as error:
        raise ForecastError(f"{out} can't be written: {error}") from error
    Console().print(f"{rows.height:,} forecasts written to {out}.")


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ForecastError(f"{path} can't be read as Parquet: {error}") from error
