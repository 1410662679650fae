"""Records of the logger `chaostoolkit`, by which extensions speak, on their way to the session."""

import json
import logging
import sys
import types

LONGEST_MESSAGE = 65536

logger = logging.getLogger("chaostoolkit")


class Forward(logging.Handler):
    def __init__(self, channel):
        super().__init__()
        self.channel = channel

    def emit(self, record):
        if getattr(record, "of_the_run", False):
            return
        try:
            text = json.dumps(
                {
                    "event": "log",
                    "level": record.levelno,
                    "message": self.format(record)[:LONGEST_MESSAGE],
                    "place": "{}:{}".format(record.module, record.lineno),
                },
                ensure_ascii=False,
            )
        except Exception:
            self.handleError(record)
            return
        self.channel.send(0, text)


def forward(channel, level):
    logger.propagate = False
    logger.setLevel(level)
    logger.addHandler(Forward(channel))
    # Older extensions log through logzero; the reference puts its own logger in that place.
    stand_in = types.ModuleType("logzero")
    stand_in.logger = logger
    sys.modules["logzero"] = stand_in


def are_heard():
    """Whether an extension has attached a handler of its own to the logger."""
    return any(not isinstance(handler, Forward) for handler in logger.handlers)


def of_the_run(request):
    """A line of the run, for the handlers that extensions have attached."""
    level, created = request["level"], request["created"]
    if logger.isEnabledFor(level):
        record = logger.makeRecord(
            logger.name, level, "chaos-tui", 0, request["message"], (), None, extra={"of_the_run": True}
        )
        record.created, record.msecs = created, created % 1 * 1000
        logger.handle(record)


def say_kept_as_text(request, types_of_parts):
    logger.warning(
        "%s.%s gave what JSON cannot hold, of type %s: only its text is kept",
        request["module"],
        request["func"],
        ", ".join(sorted(set(types_of_parts))),
    )
