"""Controls' functions, which get live objects and may change them (experiment-format 10)."""

import importlib

from chaos_tui_worker import functions, outcomes, values


def call(request):
    """Calls the function with its arguments and the live objects, and tells which of these it changed."""
    live = linked(request["live"])
    before = {name: values.to_json({name: thing}) for name, thing in live.items()}
    try:
        functions.find(request)(**dict(request["arguments"], **live))
        answer = {"kind": "ok"}
    except Exception as error:
        answer = failure(error)
    changed = {name: thing for name, thing in live.items() if values.to_json({name: thing}) != before[name]}
    answer["changed"] = changed
    return answer


def check(request):
    """Lets the module judge its declaration, if it wants to."""
    try:
        module = importlib.import_module(request["module"])
    except ImportError as error:
        return {"kind": "import_error", "message": outcomes.summary(error)}
    except Exception as error:
        return outcomes.failed(error)
    judge = getattr(module, "validate_control", None)
    try:
        if judge:
            judge(request["declaration"])
        return {"kind": "ok"}
    except Exception as error:
        return outcomes.failed(error)


def failure(error):
    if outcomes.asks_to_interrupt(error):
        return {"kind": "interrupt", "message": str(error)}
    return outcomes.failed(error)


def linked(live):
    """Where the context or a part of the state is a part of the experiment, a change of one is a change of both."""
    experiment = live.get("experiment")
    if experiment is not None:
        if "context" in live:
            live["context"] = part_like(experiment, live["context"])
        state = live.get("state")
        if isinstance(state, dict) and state.get("experiment") == experiment:
            state["experiment"] = experiment
    return live


def part_like(experiment, context):
    hypothesis = experiment.get("steady-state-hypothesis") or {}
    entries = [hypothesis.get("probes"), experiment.get("method"), experiment.get("rollbacks")]
    parts = [experiment, hypothesis]
    for entry in entries:
        parts.extend(entry if isinstance(entry, list) else [])
    return next((part for part in parts if part == context), context)
