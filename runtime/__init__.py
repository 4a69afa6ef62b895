"""The common base of all processes: settings, logs, metrics, audio, bus, stored sessions."""
