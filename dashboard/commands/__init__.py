"""One command of `drawdown` each."""
