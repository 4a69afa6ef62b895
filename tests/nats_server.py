"""The nats-server of a test."""

from benchmarks.nats_server import NatsServer

__all__ = ["NatsServer"]
