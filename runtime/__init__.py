"""What every process of Aura stands on: settings, logs, metrics, audio, bus, stored sessions."""
