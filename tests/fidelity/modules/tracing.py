"""A control that appends each of its calls to `trace.txt`.

`label` names the control; `interrupt` and `fail` name functions that raise.
"""

from chaoslib.exceptions import InterruptExecution


def trace(function, label="", context=None, state=None, interrupt=None, fail=None):
    name = context if isinstance(context, str) else (context or {}).get("name", (context or {}).get("title"))
    with open("trace.txt", "a") as file:
        file.write(f"{function} {label} {name} {told(state)}\n")
    if function == interrupt:
        raise InterruptExecution(f"{label} interrupts {function}")
    if function == fail:
        raise RuntimeError(f"{label} fails {function}")


def told(state):
    """Summarizes a state."""
    if isinstance(state, list):
        return [entry.get("status") for entry in state]
    if isinstance(state, dict):
        keys = ["status", "output", "tolerance_met", "steady_state_met", "deviated"]
        return {key: state[key] for key in keys if key in state and not isinstance(state[key], dict)}
    return state


def configure_control(label="", **kwargs):
    trace("configure", label, None, None, **kwargs)


def cleanup_control():
    trace("cleanup")


def before_experiment_control(context, label="", **kwargs):
    trace("before-experiment", label, context, None, **kwargs)


def after_experiment_control(context, state, label="", **kwargs):
    trace("after-experiment", label, context, state, **kwargs)


def before_hypothesis_control(context, label="", **kwargs):
    trace("before-hypothesis", label, context, None, **kwargs)


def after_hypothesis_control(context, state, label="", **kwargs):
    trace("after-hypothesis", label, context, state, **kwargs)


def before_method_control(context, label="", **kwargs):
    trace("before-method", label, context, None, **kwargs)


def after_method_control(context, state, label="", **kwargs):
    trace("after-method", label, context, state, **kwargs)


def before_rollback_control(context, label="", **kwargs):
    trace("before-rollback", label, context, None, **kwargs)


def after_rollback_control(context, state, label="", **kwargs):
    trace("after-rollback", label, context, state, **kwargs)


def before_activity_control(context, label="", **kwargs):
    trace("before-activity", label, context, None, **kwargs)


def after_activity_control(context, state, label="", **kwargs):
    trace("after-activity", label, context, state, **kwargs)


def before_loading_experiment_control(context, label="", **kwargs):
    trace("before-loading", label, context, None, **kwargs)


def after_loading_experiment_control(context, state, label="", **kwargs):
    trace("after-loading", label, context, (state or {}).get("title"), **kwargs)
