"""Run it: the bus, provisioning, supervision."""
