"""Configuration entries, as far as they are plain or come from the environment."""

import os

from chaoslib.exceptions import InvalidExperiment


def load_configuration(config_info, extra_vars=None):
    given = extra_vars or {}
    return {name: resolved(given.get(name) or entry) for name, entry in (config_info or {}).items()}


def resolved(entry):
    if not isinstance(entry, dict) or entry.get("type") != "env":
        return entry
    name = entry["key"]
    if name not in os.environ and "default" not in entry:
        raise InvalidExperiment("configuration needs the environment variable '{}', which is not set".format(name))
    return os.environ.get(name, entry.get("default"))
