"""The files of agents and tenants: checked, compared, applied."""
