"""The door: HTTP, WebSockets, turn-taking, playback."""
