"""Ending the experiment from within an activity: the worker hears the signal."""

import os
import signal


def exit_gracefully():
    """Ends the run; rollbacks follow their strategy."""
    os.kill(os.getpid(), signal.SIGUSR1)


def exit_ungracefully():
    """Ends the run without rollbacks."""
    os.kill(os.getpid(), signal.SIGUSR2)
