"""WebSockets: frames read strictly, and paced."""
