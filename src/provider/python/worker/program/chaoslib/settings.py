"""The settings the session has loaded."""

import contextvars
import os

CHAOSTOOLKIT_CONFIG_PATH = os.path.abspath(os.path.expanduser("~/.chaostoolkit/settings.yaml"))
loaded_settings = contextvars.ContextVar("loaded_settings", default={})


def get_loaded_settings():
    return loaded_settings.get()
