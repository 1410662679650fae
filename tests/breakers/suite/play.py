"""Runs one case and writes its outcome as JSON. A separate process, so that cases do not wait for each other.

    python3 -m suite.play ORDER.json

The order names the case, the binary, the ports, the commands of the consumers, a folder and the path of the outcome.
"""

import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from . import matrix
from .load import Load, cpu_seconds
from .session import Ended, Session

HERE = pathlib.Path(__file__).resolve().parent.parent


class Processes:
    """The processes that a case runs beside the session; killed by their own ids."""

    def __init__(self, folder):
        self.folder, self.running = folder, []

    def start(self, name, command, **more):
        log = open(self.folder / f"{name}.log", "wb")
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **more)
        self.running.append((name, process))
        return process.pid

    def check(self):
        for name, process in self.running:
            if process.poll() is not None:
                raise Ended(f"{name} ended with {process.returncode}: {(self.folder / f'{name}.log').read_text()[-500:]}")

    def end(self):
        for _, process in self.running:
            process.kill()
        for _, process in self.running:
            process.wait()


def listening(port, processes, patience=20):
    end = time.monotonic() + patience
    while True:
        processes.check()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise Ended(f"nobody listens on port {port}") from None
            time.sleep(0.05)


def warm(port, path="/invoke", calls=5):
    """Sends a few calls first: a watched service is already in use, so users do not see its slow first call."""
    for _ in range(calls):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            answer.read()


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def consumer(case, commands, port, provider, log):
    kind = {"opossum": "node", "tower": "rust", "failsafe": "rust", "recloser": "rust"}.get(case.library, "python")
    words = {
        "library": case.library, "port": port, "provider": f"127.0.0.1:{provider}", "log": log, "health": case.health,
        "page": case.page, "timeout": case.timeout_s, "reset": matrix.RESET_S, "fallback": "yes" if case.fallback else "no",
    }
    if case.counts_slow_s:
        words["slow"] = case.counts_slow_s
    return commands[kind] + [word for name, value in words.items() for word in (f"--{name}", str(value))]


def play(order, case, folder, processes):
    ports = iter(order["ports"])
    sick, control = next(ports), next(ports)
    python = [sys.executable, "-m", "suite.provider"]
    slow = ["--after", case.slow_after_s]
    processes.start("provider", [*python, sick, control, case.fault, folder / "faults.jsonl", *slow], cwd=HERE)
    providers = [sick] * case.replicas
    if case.sick == "first":
        providers = [sick, next(ports)]
        processes.start("provider-well", [*python, providers[1], next(ports), case.fault, folder / "no-faults.jsonl"], cwd=HERE)
    logs = [folder / f"truth-{number}.jsonl" for number in range(case.replicas)]
    served = [next(ports) for _ in logs]
    environment = {**os.environ, **order["environment"]}
    listening(sick, processes)
    pids = []
    for number, (port, provider, log) in enumerate(zip(served, providers, logs)):
        command = consumer(case, order["commands"], port, provider, log)
        pids.append(processes.start(f"consumer-{number}", command, env=environment))
    for port in served:
        listening(port, processes)
        warm(port)
    front = served[0]
    if case.replicas > 1:
        front = next(ports)
        processes.start("proxy", [sys.executable, "-m", "suite.proxy", front, *served], cwd=HERE)
        listening(front, processes)

    session = Session(order["binary"], folder, f"http://127.0.0.1:{front}/invoke", control, order["cycles"], order["arguments"])
    load = Load([session.pid, *pids])
    try:
        session.wait_for("READY", 60)
        session.terminal.press("o")
        begun = time.time()
        load.start()
        cpu = cpu_seconds(session.pid)
        session.watch(matrix.STEADY_S)
        begin = time.time() - matrix.SCORED_BEFORE_S
        switched = lambda on: lambda: lines(folder / "faults.jsonl")[-1]["fault"] is on  # noqa: E731
        due = time.time()
        for seconds_on, seconds_off in case.periods(order["cycles"]):
            for on, seconds in ((True, seconds_on), (False, seconds_off)):
                session.fire(switched(on))
                # Periods are counted from their due time, so that the time firing takes does not add up.
                due = max(due, time.time() - 1.0) + seconds
                session.watch(max(0.0, due - time.time()))
                processes.check()
        end = time.time()
        cpu = (cpu_seconds(session.pid) - cpu) / (end - begun)
    finally:
        if load.is_alive():
            load.stop()
        (folder / "screen.txt").write_text(session.terminal.contents())
        session.end()
    truth = [[[line["t"], line["state"]] for line in lines(log)] for log in logs]
    beliefs = session.beliefs()
    if not beliefs:
        raise Ended("the recording has no belief about a breaker")
    return {
        "begin": begin, "end": end, "truth": truth, "beliefs": beliefs,
        "faults": [[line["t"], line["fault"]] for line in lines(folder / "faults.jsonl")],
        "stalls": load.stalls(), "latest_s": round(load.latest, 2),
        "waited_s": round(sum(waited for _, waited in load.waited), 2), "cpu": round(cpu, 4),
    }


def main():
    order = json.loads(pathlib.Path(sys.argv[1]).read_text())
    os.environ.pop("CHAOS_TUI_CONFIG", None)
    case = matrix.Case(**order["case"])
    folder = pathlib.Path(order["folder"])
    outcome = {**dataclasses.asdict(case), "name": case.name, "breaker": case.breaker, "readable": case.readable}
    processes = Processes(folder)
    # On SIGTERM, exits normally so that the child processes are ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        outcome |= play(order, case, folder, processes)
    except Ended as ended:
        outcome["failed"] = "\n".join(line for line in str(ended).splitlines() if line.strip())
    finally:
        processes.end()
    pathlib.Path(order["outcome"]).write_text(json.dumps(outcome))


if __name__ == "__main__":
    main()
