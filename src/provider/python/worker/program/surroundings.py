"""What a call changed around it: environment variables and the current directory, which later processes inherit."""

import os
import sys
import threading


class Surroundings:
    def __init__(self):
        self.lock = threading.Lock()
        self.environment = dict(os.environ)
        self.directory = current_directory()

    def hold(self, variables):
        """What the command line decides holds in every call, whatever functions have set; it is no change of theirs."""
        with self.lock:
            for name, text in variables.items():
                if text is None:
                    os.environ.pop(name, None)
                    self.environment.pop(name, None)
                else:
                    os.environ[name] = self.environment[name] = text
        follow_kubeconfig()

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


def follow_kubeconfig():
    """The client of Kubernetes reads KUBECONFIG when it is imported, `chaosk8s` at every call: they must mean the same file."""
    for name in ("kubernetes.config", "kubernetes.config.kube_config"):
        module = sys.modules.get(name)
        if hasattr(module, "KUBE_CONFIG_DEFAULT_LOCATION"):
            module.KUBE_CONFIG_DEFAULT_LOCATION = os.environ.get("KUBECONFIG", "~/.kube/config")


def current_directory():
    try:
        return os.getcwd()
    except OSError:
        return None
