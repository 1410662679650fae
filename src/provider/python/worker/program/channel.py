"""The pipe for answers: one line a message, `<id> <json>`; a notice that nobody asked for has the id 0."""

import os
import threading


class Channel:
    def __init__(self, descriptor, interrupts):
        self.descriptor = descriptor
        self.interrupts = interrupts
        self.lock = threading.Lock()
        self.ours = True
        os.register_at_fork(after_in_child=self.leave_to_parent)

    def leave_to_parent(self):
        """A forked child must not answer in our name, nor keep the pipe open when we are gone."""
        self.ours = False
        os.close(self.descriptor)

    def send(self, number, text):
        if not self.ours:
            return
        view = memoryview("{} {}\n".format(number, text).encode("utf-8", "replace"))
        # An exception raised by a signal must not leave half a line behind.
        with self.interrupts.held(), self.lock:
            while view:
                view = view[os.write(self.descriptor, view) :]
