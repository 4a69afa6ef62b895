"""The operator's console: a web server with a page about calls, workers and events."""
