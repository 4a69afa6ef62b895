"""The edge: HTTP, WebSockets, turn-taking, playback."""
