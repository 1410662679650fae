"""Python values as JSON, the way the reference writes them into its journal (experiment-format 5.2)."""

import datetime
import decimal
import json
import uuid

LONGEST_TEXT = 10000


DATE = "chaos-tui:date"


def from_json(line):
    """The request in a line; a mapping with the key above stands for a date."""
    return json.loads(line, object_hook=dated if DATE.encode() in line else None)


def dated(mapping):
    text = mapping.get(DATE)
    if not isinstance(text, str) or len(mapping) > 1:
        return mapping
    kind = datetime.datetime if "T" in text else datetime.date
    return kind.fromisoformat(text)


def to_json(fields):
    """The fields as one line of JSON, and the names of the types for which only a text stands there."""
    strange = []
    members = ["{}: {}".format(json.dumps(name), member(value, strange)) for name, value in fields.items()]
    return "{{{}}}".format(", ".join(members)), strange


def member(value, strange):
    def stand_in(part):
        if isinstance(part, datetime.date):
            return part.isoformat()
        if isinstance(part, (decimal.Decimal, uuid.UUID)):
            return str(part)
        strange.append(type(part).__qualname__)
        return shown(part)

    try:
        return json.dumps(value, default=stand_in, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        # Keys that are no text, a container that holds itself, nested too deep.
        strange.append(type(value).__qualname__)
        return json.dumps(shown(value), ensure_ascii=False)


def shown(value):
    """The value's own text, cut where it gets long."""
    try:
        text = repr(value)
    except Exception as error:
        text = "<{} that cannot be shown: {}>".format(type(value).__qualname__, type(error).__name__)
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "..."
