"""What every process has: logs, metrics, health, memory, the version."""
