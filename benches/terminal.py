"""A program in a pseudo-terminal with the screen it draws, and functions that measure a process."""

import codecs
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import termios
import time

TICKS = os.sysconf("SC_CLK_TCK")
TOKEN = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|([\x20-\x7e\u00a0-\uffff]+)|([\r\n])")


class Terminal:
    """Runs a program; interprets only the escape sequences that chaos-tui uses."""

    def __init__(self, command, folder, width=120, height=36, **environment):
        self.cells = [[" "] * width for _ in range(height)]
        self.width, self.height, self.x, self.y = width, height, 0, 0
        self.rest, self.frames, self.bytes = "", 0, 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(str(command[0]), [str(word) for word in command], {**os.environ, "TERM": "xterm-256color", **environment})
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def press(self, keys):
        os.write(self.file, keys.encode())

    def contents(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)

    def read(self, seconds):
        """Reads output for at most this time; returns false if there was none."""
        if not select.select([self.file], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.file, 1 << 16)
        except OSError:  # the program has ended
            raise SystemExit(f"the program ended; its screen was:\n{self.contents()}")
        self.bytes += len(data)
        self.draw(self.decoder.decode(data))
        return True

    def watch(self, seconds):
        """Reads output for this long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)

    def wait(self, shows, patience=90, what="the screen"):
        """Reads until the screen contents satisfy `shows`; returns the time at which they did."""
        end = time.monotonic() + patience
        while not shows(self.contents()):
            if time.monotonic() > end:
                raise SystemExit(f"waited for {what}; there is:\n{self.contents()}")
            self.read(1)
        return time.monotonic()

    def wait_for(self, text, patience=90):
        return self.wait(lambda contents: text in contents, patience, repr(text))

    def draw(self, text):
        text = self.rest + text
        # An escape sequence split by the read is kept until the rest arrives.
        cut = text.rfind("\x1b", max(0, len(text) - 40))
        whole = cut < 0 or TOKEN.match(text, cut) is not None
        text, self.rest = (text, "") if whole else (text[:cut], text[cut:])
        for token in TOKEN.finditer(text):
            parameters, final, plain, control = token.groups()
            if plain:
                self.write(plain)
            elif control == "\r":
                self.x = 0
            elif control == "\n":
                self.y = min(self.y + 1, self.height - 1)
            elif final == "H":
                row, _, column = parameters.partition(";")
                self.y, self.x = int(row or 1) - 1, int(column or 1) - 1
            elif final == "J" and parameters == "2":
                self.cells = [[" "] * self.width for _ in range(self.height)]
            elif final == "h" and parameters == "?2026":
                self.frames += 1

    def write(self, plain):
        for character in plain:
            if self.y < self.height and self.x < self.width:
                self.cells[self.y][self.x] = character
            self.x += 1

    def end(self):
        """Ends the program and waits for it, so that its sandbox ends too."""
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                self.read(0.1)
            except SystemExit:
                break
        else:
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.file)


def cpu_seconds(pid):
    """Returns the user and system time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid, name="VmRSS"):
    """Returns the resident memory in MiB, or its peak with `VmHWM`."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def processes():
    """Yields the id, parent and command line of every process."""
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
                yield int(entry.name), parent, (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:  # the process has ended meanwhile
                pass


def below(pid):
    """Returns the descendants of a process, with their command lines."""
    children = {}
    for child, parent, command in processes():
        children.setdefault(parent, []).append((child, command))
    found, queue = [], [pid]
    while queue:
        for child, command in children.get(queue.pop(), []):
            found.append((child, command))
            queue.append(child)
    return found
