"""What becomes of a call, in the words of experiment-format 13.4."""

import sys
import traceback

def summary(error):
    """`RuntimeError: boom`; the class is qualified unless it is built in."""
    return traceback.format_exception_only(type(error), error)[0].strip()


def failed(error):
    answer = {"kind": "failed", "message": summary(error), "trace": trace(error)}
    if is_of_the_engine(error):
        answer["words"] = str(error)
    return answer


def broke(error):
    return {"kind": "broke", "message": summary(error)}


def ended(error):
    """Of an exception that no activity may handle: most are meant to end the program."""
    if isinstance(error, SystemExit):
        return {"kind": "exit", "code": exit_code(error.code)}
    if isinstance(error, KeyboardInterrupt):
        return {"kind": "keyboard_interrupt"}
    return broke(error)


def exit_code(code):
    """The code as the run tells it: a number, a truth or nothing as it is, all else as text."""
    return code if code is None or type(code) in (int, bool) else str(code)


def trace(error):
    """The formatted trace without the worker's own frames."""
    frames = error.__traceback__
    while frames and frames.tb_frame.f_globals.get("__name__", "").startswith("chaos_tui_worker."):
        frames = frames.tb_next
    return traceback.format_exception(type(error), error, frames)


def asks_to_interrupt(error):
    """Whether this is the engine's interrupt exception."""
    return is_of_the_engine(error, "InterruptExecution")


def is_of_the_engine(error, kind="ChaosException"):
    """Whether the engine knows this exception; it cannot where their module was never imported."""
    exceptions = sys.modules.get("chaoslib.exceptions")
    return exceptions is not None and isinstance(error, getattr(exceptions, kind))
