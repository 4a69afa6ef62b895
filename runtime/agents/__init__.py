"""Agents: files, kept in the bucket AURA_AGENTS, resolved to a session's configuration."""
