"""Activities' functions: what they look like, and calling them."""

import importlib
import inspect

from chaos_tui_worker import outcomes, values


def describe(request):
    """Import error, or the kind of thing under that name with its parameters."""
    try:
        module = importlib.import_module(request["module"])
    except ImportError as error:
        return {"kind": "import_error", "message": outcomes.summary(error)}
    except (Exception, SystemExit) as error:
        return {"kind": "broken", "message": outcomes.summary(error)}
    try:
        function = getattr(module, request["func"])
        listed = request["func"] in dir(module)
    except AttributeError as error:
        return {"kind": "missing", "message": outcomes.summary(error), "functions": public_functions(module)}
    if not listed:
        # The reference goes through what a module lists, and so misses what its `__getattr__` would make.
        message = f"{module.__name__} does not list {request['func']}"
        return {"kind": "missing", "message": message, "functions": public_functions(module)}
    try:
        return {"kind": kind(function), "parameters": parameters(function), "functions": public_functions(module)}
    except (TypeError, ValueError) as error:
        return {"kind": "broken", "message": outcomes.summary(error)}


def kind(thing):
    if inspect.isfunction(thing):
        return "function"
    return "builtin" if inspect.isbuiltin(thing) else "other"


def public_functions(module):
    names = vars(module).items()
    return sorted(name for name, thing in names if inspect.isfunction(thing) and not name.startswith("_"))


def parameters(function):
    """Name, kind (`VAR_KEYWORD` for a catch-all) and whether a call must give it."""
    return [
        [parameter.name, parameter.kind.name, parameter.default is parameter.empty]
        for parameter in inspect.signature(function).parameters.values()
    ]


def find(request):
    return getattr(importlib.import_module(request["module"]), request["func"])


def call(request):
    try:
        function = find(request)
    except Exception as error:
        return outcomes.broke(error)
    arguments, changed = shared_configuration(request)
    try:
        answer = {"kind": "ok", "value": function(**arguments)}
    except Exception as error:
        answer = outcomes.failed(error)
    answer.update(changed())
    return answer


def shared_configuration(request):
    """The arguments, and what tells how the function has changed the configuration: it gets a shallow copy, so what it
    does to top-level keys is lost, and what it does inside their values is seen by all that follow."""
    arguments = request["arguments"]
    configuration = arguments.get("configuration")
    if not request["shared"] or not isinstance(configuration, dict):
        return arguments, dict
    before = values.to_json(configuration)

    def changed():
        return {} if values.to_json(configuration) == before else {"configuration": configuration}

    return dict(arguments, configuration=dict(configuration)), changed
