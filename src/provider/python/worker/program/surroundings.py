"""What a call changed around it: environment variables and the current directory, which later processes inherit."""

import os
import threading


class Surroundings:
    def __init__(self):
        self.lock = threading.Lock()
        self.environment = dict(os.environ)
        self.directory = current_directory()

    def changes(self):
        """What has changed since the last time it was asked for; nothing is an empty mapping."""
        with self.lock:
            before, now = self.environment, dict(os.environ)
            changed = {name: text for name, text in now.items() if before.get(name) != text}
            changed.update((name, None) for name in before if name not in now)
            self.environment = now
            directory, self.directory = self.directory, current_directory()
        changes = {"environment": changed} if changed else {}
        if self.directory is not None and self.directory != directory:
            changes["directory"] = self.directory
        return changes


def current_directory():
    try:
        return os.getcwd()
    except OSError:
        return None
