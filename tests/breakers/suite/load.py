"""Detects stalls of the machine, so that the program is not blamed for a slow machine."""

import os
import threading
import time

# A sleeper that wakes this late, or a thread that waited this long for a core between two checks, counts as a stall.
LATE_S, WAITED_S, LOOK_S = 0.25, 0.25, 0.5
# Seconds before and after a stall that are not scored, since the observations are affected.
BEFORE_S, AFTER_S = 0.3, 1.6


class Load(threading.Thread):
    """Checks for stalls, and twice a second how long the threads waited for a core, until it is stopped."""

    def __init__(self, pids):
        super().__init__(daemon=True)
        self.pids, self.over = pids, threading.Event()
        self.late, self.latest = [], 0.0  # late wake-ups as (time, seconds), and the longest delay
        self.waited = []

    def run(self):
        due, look, before = time.monotonic(), time.monotonic(), self.waiting()
        while not self.over.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            self.latest = max(self.latest, now - due)
            if now - due > LATE_S:
                self.late.append((time.time(), now - due))
                due = now
            due += 0.05
            if now - look >= LOOK_S:
                after = self.waiting()
                longest = max((waited - before.get(thread, waited) for thread, waited in after.items()), default=0.0)
                if longest > WAITED_S:
                    self.waited.append((time.time(), longest))
                look, before = now, after

    def waiting(self):
        """Returns for each thread of the processes how long it was runnable without a core so far, in seconds."""
        found = {}
        for pid in self.pids:
            try:
                for thread in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                        found[thread] = int(file.read().split()[1]) / 1e9
            except (OSError, IndexError, ValueError):
                pass  # the process has ended, or the kernel does not provide schedstat
        return found

    def stop(self):
        self.over.set()
        self.join()

    def stalls(self):
        """Returns the time spans that are not scored, with overlapping spans merged."""
        spans = [(at - late - BEFORE_S, at + AFTER_S) for at, late in self.late]
        spans += [(at - LOOK_S - BEFORE_S, at + AFTER_S) for at, _ in self.waited]
        joined = []
        for start, end in sorted(spans):
            if joined and start <= joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], end)
            else:
                joined.append([start, end])
        return joined


def cpu_seconds(pid):
    """Returns the user and system time of a process so far."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
