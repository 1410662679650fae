"""A control that writes what it hears of the run: events to `heard.txt`, records of the logger to `lines.txt`.

`stop` names an activity before which the control interrupts the run, `fail` an event whose handler raises.
"""

import logging

from chaoslib.exceptions import InterruptExecution
from chaoslib.run import RunEventHandler

LOGGER = logging.getLogger("chaostoolkit")
EVENTS = [name for name in dir(RunEventHandler) if not name.startswith("_")]
stops_before = None


def shown(thing):
    """What there is of a thing besides times and texts that the journal is compared by anyway."""
    if isinstance(thing, list):
        return [shown(member) for member in thing]
    if isinstance(thing, BaseException):
        return f"{type(thing).__name__}: {thing}"
    if type(thing).__name__ == "Schedule":
        return sorted(vars(thing).items())
    if not isinstance(thing, dict):
        return thing
    if "steady_states" in thing:
        passes = {when: shown(state) for when, state in thing["steady_states"].items()}
        return ["journal", thing["status"], thing["deviated"], passes, len(thing["run"]), len(thing["rollbacks"]), "end" in thing]
    if "steady_state_met" in thing:
        return [thing["steady_state_met"], [shown(probe) for probe in thing["probes"]]]
    if "method" in thing:
        return ["experiment", thing["title"]]
    if "provider" in thing:
        return ["activity", thing["name"]]
    if "activity" in thing:
        return [thing["activity"]["name"], thing.get("status"), thing["output"], thing.get("tolerance_met"), sorted(thing)]
    return thing


class Handler(RunEventHandler):
    def __init__(self, fail):
        self.fail = fail


def hears(event):
    def heard(self, *arguments):
        with open("heard.txt", "a") as file:
            file.write(f"{event} {shown(list(arguments))}\n")
        if event == self.fail:
            raise RuntimeError(event)

    return heard


for event in EVENTS:
    setattr(Handler, event, hears(event))


class Lines(logging.Handler):
    def emit(self, record):
        if record.levelno >= logging.INFO:
            with open("lines.txt", "a") as file:
                file.write(f"{record.name} {record.levelname} {record.getMessage()}\n")


def configure_control(event_registry, events=True, lines=False, stop=None, fail=None):
    global stops_before
    stops_before = stop
    if events:
        event_registry.register(Handler(fail))
    if lines:
        LOGGER.addHandler(Lines())


def before_activity_control(context, **rest):
    if context["name"] == stops_before:
        raise InterruptExecution("enough")
