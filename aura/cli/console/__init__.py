"""The operator's console: a web server that shows what goes on, and the page it serves."""
