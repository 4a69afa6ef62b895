"""Runs Aura: the bus, provisioning, supervision.

Its errors, and what their callers do:

Exception
├── ProvisionError          tell the operator: the bus cannot be provisioned (`provision.py`)
├── ServerMissingError      tell the operator: no nats-server is installed (`nats_server.py`)
└── HopelessError           stop: a process ended as no restart would mend (`supervisor.py`)
"""
