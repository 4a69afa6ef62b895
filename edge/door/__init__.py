"""The clients' side of an edge: HTTP, WebSockets, tokens, limits."""
