"""Controls' functions, which get live objects and may change them (experiment-format 10)."""

import copy
import importlib
import sys

from chaos_tui_worker import events, functions, outcomes, values


def call(request):
    """Calls the function with its arguments and the live objects, and tells which of these it changed."""
    live = linked(request["live"], request["place"])
    whole = live.get("context") if request["place"] == [] else live.get("experiment")
    members = dict(whole or {})
    before = {name: values.to_json({name: thing}) for name, thing in live.items()}
    given = dict(request["arguments"], **live)
    try:
        function = functions.find(request)
        if "event_registry" in given:
            given["event_registry"] = events.the_registry()
        remember_activities(live.get("experiment") or (whole if request["place"] == [] else None))
        function(**given)
        answer = {"kind": "ok"}
    except Exception as error:
        answer = failure(error)
    changed = {name: thing for name, thing in live.items() if values.to_json({name: thing}) != before[name]}
    answer["changed"] = changed
    answer["reassigned"] = [key for key, member in members.items() if whole.get(key) is not member]
    return answer


cached = None


def remember_activities(experiment):
    """Fills chaoslib's cache of activities, as its `run_experiment` does before a run, for controls that look activities up
    by name (`chaoslib.caching.lookup_activity`). Does nothing unless such a control has imported that module."""
    global cached
    caching = sys.modules.get("chaoslib.caching")
    if caching is None or not isinstance(experiment, dict):
        return
    activities = (experiment.get("method"), experiment.get("steady-state-hypothesis"))
    if activities != cached:
        caching.clear_cache()
        caching.cache_activities(experiment)
        cached = copy.deepcopy(activities)


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


def linked(live, place):
    """What is the same object in the run is made the same object here: a change of one is a change of the other."""
    experiment = live.get("experiment")
    if experiment is None:
        experiment = live.get("context") if place == [] else None
    elif place is not None:
        live["context"] = part(experiment, place, live["context"])
    state = live.get("state")
    if experiment is not None and isinstance(state, dict):
        share(state.get("experiment"), experiment)
    return live


def part(experiment, place, context):
    """What the steps of a place lead to, unless something else stands there by now."""
    found = experiment
    try:
        for step in place:
            found = found[step]
    except (LookupError, TypeError):
        return context
    return found if context is None or found == context else context


def share(journalled, experiment):
    """The journal has a copy of the experiment's mapping, not of what is in it."""
    if isinstance(journalled, dict):
        for key, member in journalled.items():
            if experiment.get(key) == member:
                journalled[key] = experiment[key]
