"""The client protocols, pure: one file a dialect; the call behind them knows neither."""
