"""The live session in a pseudo-terminal of 80x24, and its `--record` recording."""

import datetime
import json
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "benches"))
from terminal import Terminal  # noqa: E402

TYPED = re.compile(r"Type (\S.*?) and press ENTER")


class Ended(Exception):
    """The program ended too early."""


class Session:
    def __init__(self, binary, folder, url, control, cycles, arguments=()):
        self.folder, self.record = folder, folder / "session.ctui"
        (folder / "experiment.json").write_text(json.dumps(experiment(control, cycles), indent=1))
        command = [
            binary, folder / "experiment.json", "--watch", url, "--record", self.record, "--journal-path", folder / "journal.json",
            "--guard", "off", "--theme", "mono", *arguments,
        ]
        quiet = {"HOME": folder, "XDG_CONFIG_HOME": folder, "KUBECONFIG": folder / "none", "LANG": "C.UTF-8"}
        quiet = {name: str(value) for name, value in quiet.items()}
        try:
            self.terminal = Terminal(command, str(folder), 80, 24, **quiet)
        except SystemExit as ended:
            raise Ended(str(ended)) from None
        self.pid = self.terminal.pid

    def wait_for(self, text, patience):
        try:
            self.terminal.wait_for(text, patience)
        except SystemExit as ended:
            raise Ended(str(ended)) from None

    def watch(self, seconds):
        try:
            self.terminal.watch(seconds)
        except SystemExit as ended:
            raise Ended(str(ended)) from None

    def fire(self, done, patience=6.0):
        """Fires the step on the card and types the name, if requested. `done()` returns whether the step has acted."""
        start, pressed, typed = time.monotonic(), 0.0, False
        while not done():
            now = time.monotonic()
            if now - start > patience:
                raise Ended(f"a step was not fired; the screen was:\n{self.terminal.contents()}")
            asked = TYPED.search(self.terminal.contents())
            if asked and not typed:
                self.terminal.press(asked[1] + "\r")
                typed = True
            elif not asked and now - pressed > 2.0:
                # The step's target card may not be shown yet: then F had no effect and is pressed again.
                self.terminal.press("F")
                pressed, typed = now, False
            self.watch(0.05)

    def end(self):
        try:
            self.terminal.end()
        except (OSError, SystemExit):
            pass  # the program has already ended

    def events(self):
        with open(self.record, encoding="utf-8") as file:
            for line in file:
                try:
                    yield json.loads(line)
                except ValueError:
                    pass  # an incomplete last line

    def beliefs(self):
        """Returns each change of the belief with its reason: [t, state, confidence, because]."""
        found = []
        for event in self.events():
            what = event.get("what")
            if isinstance(what, dict) and "believed" in what:
                belief = what["believed"]
                new = [stamp(event["at"]), belief["state"], belief["confidence"], belief["because"]]
                if not found or found[-1][1:] != new[1:]:
                    found.append(new)
        return found


def experiment(control, cycles):
    method = []
    for cycle in range(1, cycles + 1):
        for switch in ("on", "off"):
            provider = {"type": "http", "url": f"http://127.0.0.1:{control}/{switch}", "method": "POST", "timeout": 3}
            method.append({"type": "action", "name": f"fault-{switch}-{cycle}", "provider": provider})
    # Never executed: it keeps the run from ending before the last period does.
    last = {"type": "http", "url": f"http://127.0.0.1:{control}/", "timeout": 3}
    method.append({"type": "probe", "name": "the-provider-is-there", "provider": last})
    return {
        "version": "1.0.0", "title": "A real breaker", "description": "The provider fails and is well again.",
        "method": method, "rollbacks": [],
    }


def stamp(text):
    """Returns seconds since the epoch; the fraction may have any number of digits."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() + float(f"0.{fraction or 0}")
