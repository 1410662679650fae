"""Activities for cases of the corpus."""

import os
import signal
import sys
import time

from chaoslib.exceptions import ActivityFailed, InterruptExecution


def give(value=None):
    return value


def note(text, file="notes.txt"):
    """Appends a line to a file."""
    with open(file, "a") as notes:
        notes.write(f"{text}\n")
    return text


def boom(message="boom", kind="RuntimeError"):
    raise {
        "RuntimeError": RuntimeError, "KeyError": KeyError, "ValueError": ValueError, "OSError": OSError,
        "ActivityFailed": ActivityFailed, "InterruptExecution": InterruptExecution, "TimeoutError": TimeoutError,
        "KeyboardInterrupt": KeyboardInterrupt,
    }[kind](message)


def leave(code=None):
    sys.exit(code)


def wait_for(file, lines=0):
    """Returns once a file exists and has at least that many lines."""
    while not os.path.exists(file):
        time.sleep(0.01)
    while lines > 0 and len(open(file).readlines()) < lines:
        time.sleep(0.01)
    return file


def in_method(value=None, file="started"):
    """For continuous checks: returns once the activity of the method that creates the file has started."""
    wait_for(file)
    return note(value, "passed")


def counted(file="count.txt", met_until=1):
    """Returns true for the first `met_until` calls, then false."""
    with open(file, "a+") as count:
        count.seek(0)
        calls = len(count.read()) + 1
        count.write("x")
    return calls <= met_until


def take(secrets=None, configuration=None, value=None):
    return {"secrets": secrets, "configuration": configuration, "value": value}


def raise_signal(name):
    """Sends a signal to the process that runs this function."""
    os.kill(os.getpid(), getattr(signal, name))
    time.sleep(5)
