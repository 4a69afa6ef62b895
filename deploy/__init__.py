"""Runs Aura: the bus, provisioning, supervision."""
