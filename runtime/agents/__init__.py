"""Agents: files, kept in the bucket AURA_AGENTS, resolved to a session's configuration.

Its errors, and what their callers do:

ValueError
├── ConfigFileError         tell the author: the file is wrong, at these lines (`config_file.py`)
├── BrokenFilesError        tell the author: so are several files (`config_file.py`)
├── YamlError               make it a ConfigFileError: the text is no YAML (`yaml_tree.py`)
└── VariableError           refuse the call: a variable of its agent is wrong (`resolve.py`)
LookupError
└── NotAppliedError         tell the operator: no such agent or tenant was applied (`store.py`)
"""
