"""Runs Chaos Toolkit many times with a single start of Python.

Imports the command line once. Each request, a line of JSON on standard input, forks a child, which takes the folder,
arguments and environment of the request, as if `chaos` had been started with them, and calls the real main function.
The answer is two lines: the child's process id, and its exit code.

PACE=late delays the start of pool threads by 100 ms, PACE=early delays the threads that submit to pools: a difference
from chaos-tui that occurs only then depends on the timing of the machine, and is not suitable as a case.
"""

import concurrent.futures
import json
import os
import sys
import time


def warm_up():
    """Imports the modules that runs use, so that no child has to."""
    import chaostoolkit.__main__
    import chaoslib.provider.http, chaoslib.provider.process, chaoslib.provider.python  # noqa: E401, F401

    for optional in ("jsonpath2.path", "hvac", "yaml", "requests", "charset_normalizer"):
        try:
            __import__(optional)
        except ImportError:
            pass
    return chaostoolkit.__main__.cli


def pace(hurry):
    """Delays the start of pool threads, or delays the threads that submit to pools."""
    submit = concurrent.futures.ThreadPoolExecutor.submit

    def late(function, *arguments, **named):
        time.sleep(0.1)
        return function(*arguments, **named)

    def submit_late(pool, function, *arguments, **named):
        return submit(pool, late, function, *arguments, **named)

    def submit_early(*arguments, **named):
        future = submit(*arguments, **named)
        time.sleep(0.1)
        return future

    concurrent.futures.ThreadPoolExecutor.submit = {"late": submit_late, "early": submit_early}[hurry]


def become(request, chaos, cli):
    """Turns this process into the requested `chaos` process."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, path in ((1, request["printed"]), (2, request["console"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    sys.stdin = open(0)
    sys.argv = [chaos] + request["arguments"]
    # Sets the import path as an interpreter does at its start: the script's folder first, then PYTHONPATH.
    searched = os.environ.get("PYTHONPATH", "")
    sys.path[0] = os.path.dirname(chaos)
    sys.path[1:1] = [folder for folder in searched.split(os.pathsep) if folder]
    # Recomputes the default that the import derived from the home directory.
    for parameter in cli.params:
        if parameter.name == "settings":
            parameter.default = os.path.expanduser("~/.chaostoolkit/settings.yaml")


def main():
    chaos = sys.argv[1]
    cli = warm_up()
    if "PACE" in os.environ:
        pace(os.environ["PACE"])
    for line in sys.stdin:
        request = json.loads(line)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            become(request, chaos, cli)
            return cli()
        print(json.dumps({"pid": child}), flush=True)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"exit": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
