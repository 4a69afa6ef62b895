"""Documents of the contract, written by `schemas/generate.py`: AsyncAPI, OpenAPI, tables."""
