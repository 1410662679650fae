"""Plays Chaos Toolkit many times for the price of one start.

Imports the command line once. Each request, a line of JSON on standard input, forks a child, which becomes what
`chaos` would be had it been started in that folder with those arguments and that environment, and calls its real
main. Two lines answer: the child's process id, and how it ended.
"""

import json
import os
import sys


def warm_up():
    """Imports what runs use, so that no child has to."""
    import chaostoolkit.__main__
    import chaoslib.provider.http, chaoslib.provider.process, chaoslib.provider.python  # noqa: E401, F401

    for optional in ("jsonpath2.path", "hvac", "yaml", "requests", "charset_normalizer"):
        try:
            __import__(optional)
        except ImportError:
            pass
    return chaostoolkit.__main__.cli


def become(request, chaos, cli):
    """Makes this process the `chaos` that was asked for."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, path in ((1, request["printed"]), (2, request["console"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    sys.stdin = open(0)
    sys.argv = [chaos] + request["arguments"]
    # What an interpreter does at its start: the script's folder first, then PYTHONPATH.
    searched = os.environ.get("PYTHONPATH", "")
    sys.path[0] = os.path.dirname(chaos)
    sys.path[1:1] = [folder for folder in searched.split(os.pathsep) if folder]
    # What the import has worked out from the home directory.
    for parameter in cli.params:
        if parameter.name == "settings":
            parameter.default = os.path.expanduser("~/.chaostoolkit/settings.yaml")


def main():
    chaos = sys.argv[1]
    cli = warm_up()
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
