"""Lines with audio apart from messages, 20 ms at a time: WebRTC and telephones."""
