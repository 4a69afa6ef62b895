"""The bus of three of a test."""

from benchmarks.nats_cluster import NODES, NatsCluster

__all__ = ["NODES", "NatsCluster"]
