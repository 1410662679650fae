"""Signals and cancels as exceptions in a call (experiment-format 10.6).

Python handles signals on the main thread, which does one job at a time. An exception is raised only while a job may be
interrupted, once, and never while the channel writes; what comes too late is ignored. SIGTERM ends more than a job: the
run decides, and cancels the job.
"""

import contextlib
import ctypes
import os
import queue
import signal
import threading
import time

EXIT_CODES = {signal.SIGUSR1: 20, signal.SIGUSR2: 30}
# Does nothing but end the system call that the main thread is in.
KICK = signal.SIGURG
# Seconds after a signal.
KICKS = (0.01, 0.04, 0.16)


class Interrupts:
    def __init__(self, on_exit, on_sigterm):
        self.on_exit = on_exit
        self.on_sigterm = on_sigterm
        self.process = os.getpid()
        self.sigterms = queue.SimpleQueue()
        self.job = None
        self.cancelled = None
        self.holds = 0
        self.kept = None
        self.threads = {}
        self.lock = threading.Lock()

    def install(self):
        signal.signal(signal.SIGINT, self.handle_sigint)
        signal.signal(signal.SIGTERM, self.handle_sigterm)
        for number in EXIT_CODES:
            signal.signal(number, self.handle_exit)
        signal.signal(KICK, lambda number, frame: None)
        threading.Thread(target=kick_main_thread, args=(wakeups(),), name="kicks", daemon=True).start()
        threading.Thread(target=self.pass_on_sigterms, name="sigterms", daemon=True).start()

    @contextlib.contextmanager
    def on_main(self, job):
        """The job may be interrupted from here on."""
        self.job = job
        try:
            cancelled, self.cancelled = self.cancelled, None
            if cancelled == job:
                self.interrupt(KeyboardInterrupt())
            yield
        finally:
            self.job = self.kept = None

    @contextlib.contextmanager
    def in_thread(self, job):
        """The same for a job in the background."""
        thread = threading.get_ident()
        with self.lock:
            self.threads[job] = thread
        try:
            yield
        finally:
            with self.lock:
                del self.threads[job]
            raise_in(thread, None)

    def cancel(self, job, main_job):
        """Ends the job, if it is still going on. The reading thread calls this."""
        if job == main_job:
            self.cancelled = job
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            return
        from chaoslib.exceptions import ExperimentExitedException

        with self.lock:
            thread = self.threads.get(job)
            if thread is not None:
                raise_in(thread, ExperimentExitedException)

    def handle_sigint(self, number, frame):
        if self.cancelled in (None, self.job):
            self.cancelled = None
            self.interrupt(KeyboardInterrupt())

    def handle_sigterm(self, number, frame):
        from chaoslib.exceptions import InterruptExecution

        if os.getpid() == self.process:
            self.sigterms.put(number)
        else:
            # A forked child, which is nothing to the run.
            self.interrupt(InterruptExecution("SIGTERM signal received"))

    def pass_on_sigterms(self):
        """A handler may have stopped the main thread in the middle of an answer, so another thread tells of it."""
        while self.sigterms.get():
            self.on_sigterm()

    def handle_exit(self, number, frame):
        """The engine's functions that end the run signal the process they are in."""
        code = EXIT_CODES[number]
        if self.job is None:
            self.on_exit(code)
        else:
            self.interrupt(SystemExit(code))

    def interrupt(self, exception):
        if self.job is None:
            return
        if self.holds:
            self.kept = exception
            return
        self.job = None
        raise exception

    @contextlib.contextmanager
    def held(self):
        """Puts exceptions off; other threads than the main one do not get any."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self.holds += 1
        try:
            yield
        finally:
            self.holds -= 1
        kept, self.kept = self.kept, None
        if kept is not None and not self.holds:
            self.interrupt(kept)


def wakeups():
    """A pipe that gets a byte with every signal, whichever thread the system gave it to."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def kick_main_thread(signals):
    """Python runs its handlers between two instructions of the main thread. A signal that comes just before that thread
    begins to wait, or that another thread got, would not end the wait."""
    while True:
        if set(os.read(signals, 4096)) != {KICK}:
            for pause in KICKS:
                time.sleep(pause)
                signal.pthread_kill(threading.main_thread().ident, KICK)


def raise_in(thread, exception):
    """Python's only way to end a thread: the exception is raised when the thread next runs Python code. `None` takes
    back one that was not raised yet."""
    wanted = ctypes.py_object(exception) if exception else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), wanted)
