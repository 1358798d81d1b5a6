"""`drawdown`: the front door for everything that is not a page."""

from __future__ import annotations

import typer

from dashboard.commands.backtest import backtest
from dashboard.commands.bench import bench
from dashboard.commands.check import check
from dashboard.commands.close import close
from dashboard.commands.forecast import forecast
from dashboard.commands.import_ import import_
from dashboard.commands.map_ import map_
from dashboard.commands.open import open_
from dashboard.commands.query import query
from dashboard.commands.snapshots import snapshots
from dashboard.commands.statement import StatementError, statement
from dashboard.commands.template import template
from data.closes import CloseError
from data.firm import FirmError
from data.mapping import MappingError
from data.snapshots import SnapshotError
from queries.catalog import FigureError
from queries.forecast.known import ForecastError
from queries.scenario import ScenarioError

app = typer.Typer(
    help="Burn-down, forecast of unused credits and revenue recognition for prepaid services.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("open")(open_)
app.command("import")(import_)
app.command("map")(map_)
app.command("template")(template)
app.add_typer(snapshots, name="snapshots")
app.command("query")(query)
app.command("statement")(statement)
app.command("check")(check)
app.command("close")(close)
app.command("forecast")(forecast)
app.command("backtest")(backtest)
app.command("bench")(bench)


def main() -> None:
    """Run the command line; a failure the user can mend is one message and exit 1."""
    try:
        app()
    except (
        *(CloseError, FigureError, FirmError, ForecastError, MappingError, ScenarioError, SnapshotError),
        StatementError,
    ) as error:
        typer.secho(str(error), fg="red", err=True)
        raise SystemExit(1) from error
