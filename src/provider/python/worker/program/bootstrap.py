"""Starts the worker: its modules come as the first line of the request pipe, so that none of our files lies around.

The modules are looked for after everything that is installed, so that the real `chaoslib` wins over the stand-in.
"""

import json
import os
import sys
from importlib.machinery import ModuleSpec


class Library:
    """Finds and loads the modules of which the sources are given.

    Has no base class of `importlib.abc`, the import of which takes a third of the worker's start.
    """

    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, name, path=None, target=None):
        parent = sys.modules.get(name.rpartition(".")[0])
        if name not in self.sources or (parent is not None and parent.__spec__.loader is not self):
            return None
        return ModuleSpec(name, self, is_package=self.is_package(name))

    def is_package(self, name):
        return any(other.startswith(name + ".") for other in self.sources)

    def get_source(self, name):
        return self.sources[name]  # Shown in tracebacks.

    def create_module(self, spec):
        return None  # The default.

    def exec_module(self, module):
        name = module.__spec__.name
        path = "<chaos-tui>/{}.py".format(name.replace(".", "/"))
        exec(compile(self.sources[name], path, "exec", dont_inherit=True), module.__dict__)


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
