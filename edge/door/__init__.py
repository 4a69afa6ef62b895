"""Who may come in, and how: HTTP, WebSockets, tokens, limits."""
