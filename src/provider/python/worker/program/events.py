"""The registry of handlers of the run's events, which a control's `configure_control` gets if it asks for it.

The classes are those of the installed engine; without it, or with one that is too old to have them, those below.
"""

from chaos_tui_worker import values
from chaos_tui_worker.records import logger

EVENTS = (
    "started running finish interrupted signal_exit start_continuous_hypothesis continuous_hypothesis_iteration "
    "continuous_hypothesis_completed start_hypothesis_before hypothesis_before_completed start_hypothesis_after "
    "hypothesis_after_completed start_method method_completed start_rollbacks rollbacks_completed start_cooldown "
    "cooldown_completed start_activity activity_completed"
).split()


class RunEventHandler:
    """Handles the events whose methods a subclass overrides."""


class EventHandlerRegistry:
    def __init__(self):
        self.handlers = []

    def register(self, handler):
        self.handlers.append(handler)


def ignored(*arguments, **named):
    pass


def passed_on(event):
    def call_handlers(self, *arguments, **named):
        for handler in self.handlers:
            try:
                getattr(handler, event)(*arguments, **named)
            except Exception:
                logger.debug("Handler %s failed", type(handler).__name__, exc_info=True)

    return call_handlers


for name in EVENTS:
    setattr(RunEventHandler, name, ignored)
    setattr(EventHandlerRegistry, name, passed_on(name))


registry = None


def the_registry():
    global registry
    if registry is None:
        try:
            from chaoslib.run import EventHandlerRegistry as Registry
        except ImportError:
            Registry = EventHandlerRegistry
        registry = Registry()
    return registry


def are_heard():
    return registry is not None and bool(registry.handlers)


def call(request):
    """Calls the handlers of an event. What they change in the journal when the run has finished is answered."""
    event, arguments = request["func"], request["arguments"]
    if event == "running":
        arguments[4] = schedule(arguments[4])
    elif event == "continuous_hypothesis_completed" and arguments[2] is not None:
        arguments[2] = exception(**arguments[2])
    before = values.to_json({"journal": arguments}) if event == "finish" else None
    getattr(the_registry(), event, ignored)(*arguments)
    changed = before is not None and values.to_json({"journal": arguments}) != before
    return {"kind": "ok", "changed": {"state": arguments[0]} if changed else {}}


def schedule(fields):
    try:
        from chaoslib.types import Schedule
    except ImportError:
        from types import SimpleNamespace as Schedule
    return Schedule(**fields)


def exception(interrupts, message):
    from chaoslib.exceptions import InterruptExecution

    return InterruptExecution(message) if interrupts else Exception(message)
