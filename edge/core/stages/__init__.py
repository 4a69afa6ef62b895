"""The stages: their results, their failures and their silence. Pure."""
