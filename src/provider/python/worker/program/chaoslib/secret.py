"""Secrets, as far as they are plain or come from the environment."""

import os

from chaoslib.exceptions import InvalidExperiment


def load_secrets(secrets_info, configuration=None, extra_vars=None):
    given = extra_vars or {}
    return {scope: given.get(scope) or resolved(entry) for scope, entry in (secrets_info or {}).items()}


def resolved(entry):
    if not isinstance(entry, dict):
        return entry
    if entry.get("type") != "env":
        return {name: resolved(part) for name, part in entry.items()}
    name = entry["key"]
    if name not in os.environ:
        raise InvalidExperiment("secrets need the environment variable '{}', which is not set".format(name))
    return os.environ[name]
