"""What every process has: logs, metrics, health, memory, signals, the version."""
