"""Plays Chaos Toolkit many times for the price of one start.

Imports the command line once. Each request, a line of JSON on standard input, forks a child, which becomes what
`chaos` would be had it been started in that folder with those arguments and that environment, and calls its real
main. Two lines answer: the child's process id, and how it ended.

PACE=late lets threads of its pools start 100 ms late, PACE=early the one that started them go on 100 ms late: what
then differs from our program hangs on the machine, and is no case.
"""

import concurrent.futures
import json
import os
import sys
import time


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


def pace(hurry):
    """Delays threads of pools, or those who started them."""
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
