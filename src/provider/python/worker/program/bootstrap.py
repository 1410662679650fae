"""Starts the worker: its modules come as the first line of the request pipe, so that none of our files lies around.

The modules are looked for after everything that is installed, so that the real `chaoslib` wins over the stand-in.
"""

import importlib.abc
import importlib.util
import json
import os
import sys


class Library(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, name, path=None, target=None):
        parent = sys.modules.get(name.rpartition(".")[0])
        if name not in self.sources or (parent is not None and parent.__spec__.loader is not self):
            return None
        return importlib.util.spec_from_loader(name, self, is_package=self.is_package(name))

    def is_package(self, name):
        return any(other.startswith(name + ".") for other in self.sources)

    def get_source(self, name):
        return self.sources[name]

    def get_code(self, name):
        return self.source_to_code(self.get_source(name), "<chaos-tui>/{}.py".format(name.replace(".", "/")))


# `-c` puts the current directory first, where the reference does not look for modules.
if sys.path and sys.path[0] == "":
    del sys.path[0]
descriptors = [int(argument) for argument in sys.argv[1:3]]
sys.argv[:] = ["chaos-tui"]
for descriptor in descriptors:
    os.set_inheritable(descriptor, False)
requests = open(descriptors[0], "rb")
sys.meta_path.append(Library(json.loads(requests.readline())))

from chaos_tui_worker import loop  # noqa: E402

loop.serve(requests, descriptors[1])
