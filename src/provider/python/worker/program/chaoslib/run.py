"""The handlers of the run's events."""

from chaos_tui_worker.events import EventHandlerRegistry, RunEventHandler  # noqa: F401
