"""The least there can be to wait for: one query of the newest lots and one chart, as `streamlit run` serves them."""

import os
from pathlib import Path

import duckdb
import plotly.express as px
import streamlit as st

lots = max(Path(os.environ["DRAWDOWN_STORE"]).glob("snapshots/*/lots.parquet"))
rows = duckdb.sql(
    "SELECT date_trunc('month', expires_on) AS month, sum(amount)::DOUBLE AS amount"
    f" FROM read_parquet('{lots}') GROUP BY ALL ORDER BY ALL"
).df()
st.title("Lots by the month they end in")
st.plotly_chart(px.bar(rows, x="month", y="amount"))
