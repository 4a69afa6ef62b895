"""The HTTP endpoints of an edge, and its listening sockets."""
