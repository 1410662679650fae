"""Controls' functions, which get live objects and may change them (experiment-format 10)."""

import importlib

from chaos_tui_worker import functions, outcomes, values


def call(request):
    """Calls the function with its arguments and the live objects, and tells which of these it changed."""
    live = linked(request["live"], request["place"])
    whole = live.get("context") if request["place"] == [] else live.get("experiment")
    members = dict(whole or {})
    seen = whole or around(request["place"], live.get("context"))
    declared = [(place, activity, dict(activity)) for place, activity in activities(seen)]
    before = {name: values.to_json({name: thing}) for name, thing in live.items()}
    try:
        functions.find(request)(**dict(request["arguments"], **live))
        answer = {"kind": "ok"}
    except Exception as error:
        answer = failure(error)
    changed = {name: thing for name, thing in live.items() if values.to_json({name: thing}) != before[name]}
    answer["changed"] = changed
    answer["reassigned"] = [key for key, member in members.items() if whole.get(key) is not member]
    present = {id(activity): place for place, activity in activities(seen)}
    answer["parted"] = [
        place + [key]
        for place, activity, before in declared
        for key, member in before.items()
        if present.get(id(activity)) != place or activity.get(key) is not member
    ]
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
    declared = [activity for _, activity in activities(experiment or around(place, live.get("context")))]
    for entry in entries(state):
        same = [activity for activity in declared if activity == entry.get("activity")]
        if same:
            share(entry["activity"], same[0])
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


def around(place, context):
    """As much of an experiment as a part of it is, for functions that get no more."""
    whole = context
    for step in reversed(place or []):
        whole = {step: whole} if isinstance(step, str) else [None] * step + [whole]
    return whole if place else None


def activities(experiment):
    """Every activity of an experiment with the steps that lead to it."""
    for path in (["method"], ["rollbacks"], ["steady-state-hypothesis", "probes"]):
        found = part(experiment, path, None)
        if isinstance(found, list):
            yield from ((path + [index], it) for index, it in enumerate(found) if isinstance(it, dict))


def entries(state):
    """The journal's entries in what a level came to: one of them, some, or all."""
    if isinstance(state, list):
        for item in state:
            yield from entries(item)
    elif isinstance(state, dict):
        if isinstance(state.get("activity"), dict):
            yield state
        for key in ("run", "rollbacks", "probes", "before", "during", "after", "steady_states"):
            yield from entries(state.get(key))


def share(journalled, experiment):
    """The journal has a copy of the experiment's mapping, not of what is in it."""
    if isinstance(journalled, dict):
        for key, member in journalled.items():
            if experiment.get(key) == member:
                journalled[key] = experiment[key]
