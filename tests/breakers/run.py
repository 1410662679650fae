#!/usr/bin/env python3
"""Plays real circuit breakers before the program and scores what it says of them, second by second.

    tests/breakers/run.py --binary target/debug/chaos-tui --part ci

README.md beside this file says what is played and how it is scored. Python's standard library only; what the consumers
need is installed into --cache. Everything stays on the loopback.

Exit code: 0 when every limit is held (or with --report-only), 1 when one is missed, 2 when a case could not be played,
3 when the machine stalled so much that the figures say nothing.
"""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from suite import limits, matrix, needs, score  # noqa: E402

PORTS_A_CASE = 8
# Below the kernel's ephemeral ports: another process's connection must not take the port of a closed listener.
PORTS = range(20000, 30000)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="the program to be scored")
    parser.add_argument("--part", choices=("ci", "full"), default="ci", help="24 cases of 4 cycles, about 4 minutes (the default); 64 of 30, under an hour")
    parser.add_argument("--cycles", type=int, help="another number of cycles")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="only cases whose name holds this (several: any of them)")
    parser.add_argument("--jobs", type=int, default=8, help="cases played at a time (8)")
    parser.add_argument("--out", type=pathlib.Path, help="keep what was played and said here, one JSON line a case")
    parser.add_argument("--table", type=pathlib.Path, help="write the Markdown here too")
    parser.add_argument("--cache", type=pathlib.Path, default=HERE.parent.parent / "target/breakers", help="where the libraries go (target/breakers)")
    parser.add_argument("--keep", type=pathlib.Path, help="keep the folders of the cases: recordings, logs, screens")
    parser.add_argument("--argument", action="append", default=[], metavar="WORD", help="a further argument of the program, such as --argument=--rate=4")
    parser.add_argument("--report-only", action="store_true", help="a missed limit is no failure")
    parser.add_argument("--list", action="store_true", help="only name the cases and how long they take")
    parser.add_argument("--score", type=pathlib.Path, metavar="RESULTS", help="score what was kept with --out, and play nothing")
    parser.add_argument("--show", metavar="TEXT", help="with --score: also what was true and said, moment by moment, in cases whose name holds this")
    given = parser.parse_args()
    if not (given.list or given.score or given.binary):
        parser.error("--binary is missing")
    return given


def free_ports(count, taken):
    """Returns ports that are free and were not handed out before."""
    found = []
    while len(found) < count:
        port = random.choice(PORTS)
        if port in taken:
            continue
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        taken.add(port)
        found.append(port)
    return found


class Lanes:
    """Runs several cases at a time, each in a process of its own."""

    def __init__(self, given, cycles, folder, commands, environment):
        self.given, self.cycles, self.folder = given, cycles, folder
        self.commands, self.environment = commands, environment
        self.running, self.taken = {}, set()

    def start(self, case):
        folder = self.folder / case.name
        folder.mkdir()
        order = {
            "case": dataclasses.asdict(case), "cycles": self.cycles, "binary": str(pathlib.Path(self.given.binary).resolve()),
            "arguments": self.given.argument, "ports": free_ports(PORTS_A_CASE, self.taken), "commands": self.commands,
            "environment": self.environment, "folder": str(folder), "outcome": str(folder / "outcome.json"),
        }
        (folder / "order.json").write_text(json.dumps(order))
        errors = open(folder / "play.log", "wb")
        command = [sys.executable, "-m", "suite.play", str(folder / "order.json")]
        self.running[case.name] = (subprocess.Popen(command, cwd=HERE, stdin=subprocess.DEVNULL, stderr=errors), case, folder, order["ports"])

    def finished(self):
        """Yields the outcomes of the cases that have ended since the last call."""
        for name, (process, case, folder, ports) in list(self.running.items()):
            if process.poll() is None:
                continue
            del self.running[name]
            self.taken.difference_update(ports)
            try:
                yield json.loads((folder / "outcome.json").read_text())
            except (OSError, ValueError):
                failed = (folder / "play.log").read_text()[-2000:]
                yield {**dataclasses.asdict(case), "name": name, "failed": failed or "its process ended"}

    def play(self, cases):
        waiting, count = list(cases), len(cases)
        done = 0
        try:
            while waiting or self.running:
                if waiting and len(self.running) < self.given.jobs:
                    self.start(waiting.pop(0))
                    time.sleep(0.4)  # so that the cases are out of step with each other
                    continue
                for outcome in self.finished():
                    done += 1
                    say(f"{done}/{count} {outcome['name']}: {brief(outcome)}")
                    yield outcome
                time.sleep(0.2)
        finally:
            for process, *_ in self.running.values():
                process.terminate()
            for process, *_ in self.running.values():
                process.wait()


def say(text):
    print(text, file=sys.stderr, flush=True)


def brief(outcome):
    """Summarizes a case in one line."""
    if "failed" in outcome:
        return "NOT PLAYED: " + outcome["failed"]
    counts, _ = score.score(outcome)
    of = score.figures([(outcome, counts)])
    shares = [f"{word} {100 * (of.share(seconds) or 0):.0f} %" for word, seconds in (("right", of.right), ("withheld", of.withheld), ("wrong", of.wrong))]
    words = ", ".join(shares) + f", sure and wrong {of.sure_wrong:.1f} s"
    stalled = stalled_share(outcome)
    return words + (f"; the machine stalled for {100 * stalled:.0f} % of it" if stalled > 0.01 else "")


def stalled_share(outcome):
    begin, end = outcome["begin"], outcome["end"]
    lost = sum(max(0.0, min(end, to) - max(begin, start)) for start, to in outcome["stalls"])
    return lost / (end - begin)


def report(outcomes, head):
    """Returns the report as Markdown, and the exit code."""
    played = [outcome for outcome in outcomes if "failed" not in outcome]
    failed = [outcome for outcome in outcomes if "failed" in outcome]
    told = [(outcome, *score.score(outcome)) for outcome in played]
    scored = [(outcome, counts) for outcome, counts, _ in told]
    short = limits.few(played)
    lines = [head, "", limits.table(scored), "", limits.verdicts(scored, short), ""]
    wrongs = sorted(((wrong, outcome) for outcome, _, wrongs in told for wrong in wrongs), key=lambda found: (found[0]["confidence"] != "sure", -found[0]["seconds"]))
    if wrongs:
        lines += ["What was wrong longest, the sure first:", ""]
        lines += [
            f"- {outcome['name']} T{wrong['from']:+.1f}: {wrong['state']} ({wrong['confidence']}) for {wrong['seconds']:.1f} s, truth {wrong['truth']}: {wrong['because']}"
            for wrong, outcome in wrongs[:20]
        ]
        lines.append("")
    stalled = [(outcome["name"], stalled_share(outcome)) for outcome in played]
    lost = sum(share for _, share in stalled) / len(stalled) if stalled else 0.0
    latest = max((outcome["latest_s"] for outcome in played), default=0.0)
    cpu = sum(outcome["cpu"] for outcome in played) / len(played) if played else 0.0
    lines.append(f"The machine stalled for {100 * lost:.1f} % of the time, which is not scored; the latest wake-up was {latest:.2f} s late. A session took {100 * cpu:.1f} % of a core.")
    lines += [f"- {name}: stalled for {100 * share:.0f} % of its time" for name, share in stalled if share > limits.STALLED]
    lines += [f"- NOT PLAYED: {outcome['name']}: {outcome['failed']}" for outcome in failed]
    missed = any(limit.held is False for limit in limits.limits(scored, short))
    code = 2 if failed else 3 if lost > limits.STALLED else 1 if missed else 0
    if code == 3:
        lines.append("**The machine was too busy: these figures say nothing of the program.**")
    return "\n".join(lines) + "\n", code


def story(outcome):
    """Lists faults, true states and beliefs, in seconds since the first fault."""
    zero = next(t for t, on in outcome["faults"] if on)
    found = [(t, f"fault {'on' if on else 'off'}") for t, on in outcome["faults"]]
    for number, points in enumerate(outcome["truth"]):
        found += [(t, f"    breaker {number}: {state}") for t, state in points]
    last = None
    for t, state, confidence, because in outcome["beliefs"]:
        if last != (state, confidence):
            found.append((t, f"        said: {state} ({confidence}): {because}"))
        last = state, confidence
    found += [(start, f"the machine stalled for {end - start:.1f} s") for start, end in outcome["stalls"]]
    return "\n".join([f"### {outcome['name']}", *(f"{t - zero:+8.2f} {words}" for t, words in sorted(found))])


def main():
    given = arguments()
    # On SIGTERM, exits normally so that the child processes are ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if given.score:
        outcomes = [json.loads(line) for line in given.score.read_text().splitlines()]
        head = f"Scored from {given.score}."
        for outcome in outcomes:
            if given.show and given.show in outcome["name"] and "failed" not in outcome:
                print(story(outcome), end="\n\n")
    else:
        cases, cycles = matrix.part(given.part)
        cycles = given.cycles or cycles
        cases = [case for case in cases if not given.only or any(text in case.name for text in given.only)]
        cases.sort(key=lambda case: -matrix.seconds(case, cycles))
        each = [matrix.seconds(case, cycles) for case in cases]
        lasts = max(sum(each) / given.jobs, max(each, default=0.0)) / 60
        if given.list:
            print("\n".join(case.name for case in cases))
            return print(f"{len(cases)} cases of {cycles} cycles, {given.jobs} at a time: about {lasts:.1f} minutes")
        commands, environment = needs.all_of(given.cache.resolve())
        say(f"{len(cases)} cases of {cycles} cycles, {given.jobs} at a time: about {lasts:.1f} minutes")
        folder = given.keep or pathlib.Path(tempfile.mkdtemp(prefix="breakers-"))
        folder.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        outcomes = []
        try:
            with open(given.out or os.devnull, "w") as out:
                for outcome in Lanes(given, cycles, folder.resolve(), commands, environment).play(cases):
                    outcomes.append(outcome)
                    out.write(json.dumps(outcome) + "\n")
                    out.flush()
        finally:
            if not given.keep:
                shutil.rmtree(folder, ignore_errors=True)
        minutes = (time.monotonic() - begun) / 60
        version = subprocess.run([given.binary, "--version"], capture_output=True, text=True).stdout.strip()
        head = f"{datetime.date.today()}, {version}: {len(cases)} cases of {cycles} cycles, {given.jobs} at a time, in {minutes:.1f} minutes (`{' '.join(sys.argv)}`)"
    text, code = report(outcomes, head)
    print(text)
    if given.table:
        given.table.write_text(text)
    sys.exit(0 if given.report_only and code == 1 else code)


if __name__ == "__main__":
    main()
