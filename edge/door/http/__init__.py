"""What an edge answers over plain HTTP, and the sockets it accepts."""
