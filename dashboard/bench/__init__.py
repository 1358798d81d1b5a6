"""What `drawdown bench` measures: the stages from publishing to the forecast, their floors, and the same in pandas."""
