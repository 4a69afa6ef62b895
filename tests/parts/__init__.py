"""A part of Aura with the socket, process, codec or thread that it drives; no nats-server."""
