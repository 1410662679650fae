"""The worker's loop: a thread reads requests, the main thread does what the run waits for, others do the rest."""

import json
import os
import queue
import sys
import threading

from chaos_tui_worker import controls, events, functions, outcomes, records, values
from chaos_tui_worker.channel import Channel
from chaos_tui_worker.interrupts import Interrupts
from chaos_tui_worker.surroundings import Surroundings


def serve(requests, descriptor):
    Loop(descriptor).run(requests)


class Loop:
    def __init__(self, descriptor):
        self.interrupts = Interrupts(
            on_exit=lambda code: self.jobs.put(lambda: self.ask_to_exit(code)),
            on_sigterm=lambda: self.channel.send(0, json.dumps({"event": "sigterm"})),
        )
        self.channel = Channel(descriptor, self.interrupts)
        self.surroundings = Surroundings()
        self.limit = 0
        self.jobs = queue.SimpleQueue()
        self.main_job = None
        self.duties = {
            "hello": self.hello,
            "settings": change_settings,
            "describe": functions.describe,
            "call": functions.call,
            "control": controls.call,
            "check": controls.check,
            "event": events.call,
        }
        self.heard = []

    def run(self, requests):
        self.interrupts.install()
        threading.Thread(target=self.read, args=(requests,), name="requests", daemon=True).start()
        while True:
            job = self.jobs.get()
            if job is None:
                return
            job()

    def read(self, requests):
        for line in requests:
            request = values.from_json(line)
            if request["op"] == "cancel":
                self.interrupts.cancel(request["of"], self.main_job)
            elif request["op"] == "record":
                # In the order of the requests, and by the same thread.
                self.jobs.put(lambda request=request: hand_on(request))
            elif request["op"] == "shutdown":
                self.jobs.put(None)
                return
            elif request["foreground"] and self.main_job is None:
                self.main_job = request["id"]
                self.jobs.put(lambda request=request: self.do_on_main(request))
            else:
                threading.Thread(target=self.do_in_thread, args=(request,), daemon=True).start()
        # Whoever asked is gone: nothing more may happen to the system.
        os._exit(1)

    def do_on_main(self, request):
        try:
            with self.interrupts.on_main(request["id"]):
                answer = self.do(request)
        except BaseException as error:
            answer = outcomes.ended(error)
        self.main_job = None
        self.answer(request, answer)

    def do_in_thread(self, request):
        try:
            with self.interrupts.in_thread(request["id"]):
                answer = self.do(request)
        except BaseException as error:
            answer = outcomes.ended(error)
        self.answer(request, answer)

    def do(self, request):
        self.surroundings.hold(request.get("held") or {})
        return self.duties[request["op"]](request)

    def hello(self, request):
        self.limit = request["limit"]
        records.forward(self.channel, request["level"])
        # An empty mapping is what there is anyway.
        if request["settings"] != {}:
            from chaoslib.settings import loaded_settings

            loaded_settings.set(request["settings"])
        return {"kind": "ok"}

    def answer(self, request, answer):
        if not self.channel.ours:
            os._exit(0)
        answer.update(self.surroundings.changes())
        self.tell_what_is_heard(answer)
        text, strange = values.to_json(answer)
        if len(text) > self.limit:
            text = json.dumps({"kind": "too_large", "size": len(text)})
            self.heard = None
        elif strange:
            records.say_kept_as_text(request, strange)
            function = "{}.{}".format(request["module"], request["func"])
            self.channel.send(0, json.dumps({"event": "unserialisable", "function": function}))
        flush()
        self.channel.send(request["id"], text)

    def tell_what_is_heard(self, answer):
        """The run sends events and lines only if something in here listens to them."""
        heard = [name for name, it in (("events", events.are_heard()), ("records", records.are_heard())) if it]
        if heard != self.heard:
            answer["heard"] = self.heard = heard

    def ask_to_exit(self, code):
        self.channel.send(0, json.dumps({"event": "exit", "code": code}))


def hand_on(request):
    try:
        records.of_the_run(request)
    except BaseException:
        # Of a handler or filter that does not handle its own errors: no line may cost the run.
        pass


def change_settings(request):
    """The mapping stays the one that modules may have kept."""
    from chaoslib.settings import loaded_settings

    loaded_settings.get().update(request["settings"])
    return {"kind": "ok"}


def flush():
    """Everything printed is out before the answer is, as far as the streams are still there."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass
