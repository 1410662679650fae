"""A consumer on loopback: with pybreaker around its calls, or with something that only looks like a breaker.

The log of transitions comes from pybreaker's own listener; a consumer without a breaker logs `none`. pybreaker goes
half-open with the next call, and holds its lock for as long as a call takes: calls that hang form a queue.
The innocents need only the standard library.
"""

import argparse
import http.client
import http.server
import json
import socketserver
import threading
import time

REAL, FAILED = 200, 503
FALLBACK = {"status": "degraded", "message": "the catalogue is not to be had now", "retry": True}
ERROR = {"error": "upstream unavailable"}


class Failed(Exception):
    """The provider did not answer in time, or answered with an error."""


class Provider:
    """The client of the provider; one connection per call."""

    def __init__(self, address, timeout):
        self.address, self.timeout = address, timeout

    def ask(self):
        deadline = time.monotonic() + self.timeout
        connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
        try:
            connection.request("GET", "/offer")
            connection.sock.settimeout(max(0.01, deadline - time.monotonic()))
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise Failed(f"the provider answers {answer.status}")
            return body
        except (OSError, http.client.HTTPException) as error:
            raise Failed(str(error)) from error
        finally:
            connection.close()


class Log:
    """Writes one JSON line per transition."""

    def __init__(self, path):
        self.file = open(path, "a", buffering=1)

    def tell(self, state):
        self.file.write(json.dumps({"t": time.time(), "state": state}) + "\n")


class Breaker:
    """pybreaker, with a page of prometheus_client as a real service would have."""

    def __init__(self, provider, log, reset, page, fallback):
        import pybreaker

        self.provider, self.log, self.fallback, self.error = provider, log, fallback, pybreaker.CircuitBreakerError
        outer = self

        class Listener(pybreaker.CircuitBreakerListener):
            def state_change(self, cb, old_state, new_state):
                outer.moved(new_state.name)

        self.breaker = pybreaker.CircuitBreaker(fail_max=3, reset_timeout=reset, listeners=[Listener()], name="provider")
        self.page, self.metric, self.text = page, None, None
        if page != "absent":
            import prometheus_client

            self.text = prometheus_client.generate_latest
            words = ["closed", "open", "half-open"]
            if page == "enum":
                self.metric = prometheus_client.Enum("circuit_breaker_state", "State of the circuit breaker", ["name"], states=words)
                self.metric = self.metric.labels("provider")
            elif page == "gauge":
                meaning = "Circuit breaker state (0=closed, 1=open, 2=half-open)"
                self.metric = prometheus_client.Gauge("pybreaker_state", meaning, ["breaker"]).labels("provider")
            else:
                raise SystemExit(f"pybreaker has no page {page!r}")
        self.log.tell("closed")
        self.show("closed")

    def moved(self, state):
        self.log.tell(state.replace("-", "_"))
        self.show(state)

    def show(self, state):
        if self.page == "enum":
            self.metric.state(state)
        elif self.page == "gauge":
            self.metric.set({"closed": 0, "open": 1, "half-open": 2}[state])

    @property
    def open(self):
        return self.breaker.current_state == "open"

    def invoke(self):
        try:
            return REAL, self.breaker.call(self.provider.ask)
        except (Failed, self.error):
            return (REAL, FALLBACK) if self.fallback else (FAILED, ERROR)

    def metrics(self):
        return self.text() if self.text else None


class Innocent:
    """A consumer without a breaker. Its page counts requests, as any service's does."""

    open = False
    series = ""

    def __init__(self, provider, log, page):
        self.provider, self.page, self.counts, self.lock = provider, page, {}, threading.Lock()
        log.tell("none")

    def invoke(self):
        status, body = self.answer()
        with self.lock:
            self.counts[status] = self.counts.get(status, 0) + 1
        return status, body

    def answer(self):
        try:
            return REAL, self.provider.ask()
        except Failed:
            return FAILED, ERROR

    def metrics(self):
        if self.page == "absent":
            return None
        lines = ["# HELP http_requests_total Requests served.", "# TYPE http_requests_total counter"]
        lines += [f'http_requests_total{{path="/invoke",code="{code}"}} {count}' for code, count in sorted(self.counts.items())]
        return ("\n".join(lines) + "\n" + self.series.format(**vars(self))).encode()


class Except(Innocent):
    """Answers with a fallback if the call fails."""

    def answer(self):
        try:
            return REAL, self.provider.ask()
        except Failed:
            return REAL, FALLBACK


class Cache(Innocent):
    """Answers with the last good answer if the call fails."""

    last = None

    def answer(self):
        try:
            self.last = self.provider.ask()
        except Failed:
            if self.last is None:
                return FAILED, ERROR
        return REAL, self.last


class Bulkhead(Innocent):
    """Two concurrent calls at most; a further call is answered by the fallback at once, as by an open breaker."""

    places = 2
    series = "# TYPE bulkhead_available_concurrent_calls gauge\nbulkhead_available_concurrent_calls{{name=\"provider\"}} {places}\n"

    def answer(self):
        with self.lock:
            if self.places == 0:
                return REAL, FALLBACK
            self.places -= 1
        try:
            return REAL, self.provider.ask()
        except Failed:
            return REAL, FALLBACK
        finally:
            with self.lock:
                self.places += 1


class Limiter(Innocent):
    """Up to four tries per call, limited by a token bucket of six at five a second: a failing provider empties it."""

    rate, store, tries = 5.0, 6.0, 4
    series = "# TYPE ratelimiter_available_permissions gauge\nratelimiter_available_permissions{{name=\"provider\"}} {tokens:.0f}\n"

    def __init__(self, *given):
        super().__init__(*given)
        self.tokens, self.filled = self.store, time.monotonic()

    def take(self):
        with self.lock:
            now = time.monotonic()
            self.tokens = min(self.store, self.tokens + (now - self.filled) * self.rate)
            self.filled = now
            if self.tokens < 1:
                return False
            self.tokens -= 1
            return True

    def answer(self):
        for _ in range(self.tries):
            if not self.take():
                return 429, {"error": "too many calls"}
            try:
                return REAL, self.provider.ask()
            except Failed:
                continue
        return REAL, FALLBACK


INNOCENTS = {"none": Innocent, "except": Except, "cache": Cache, "bulkhead": Bulkhead, "limiter": Limiter}


class Consumer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    within = provider = kind = None
    last = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/invoke":
            status, body = self.within.invoke()
            Consumer.last = status == REAL and body is not FALLBACK
            headers = {"retry-after": "1"} if status == 429 else {}
            return self.reply(status, body, "application/json", headers)
        if path == "/health":
            well = self.health()
            if well is not None:
                return self.reply(200 if well else 503, {"status": "UP" if well else "DOWN"})
        if path == "/metrics":
            page = self.within.metrics()
            if page is not None:
                return self.reply(200, page, "text/plain; version=0.0.4")
        return self.reply(404, {"error": "not found"})

    def health(self):
        if self.kind == "constant":
            return True
        if self.kind == "while-open":
            return not self.within.open
        if self.kind == "last-call":
            return Consumer.last
        if self.kind == "dependency":
            try:
                self.provider.ask()
                return True
            except Failed:
                return False
        return None

    def reply(self, status, body, kind="application/json", headers=()):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(raw)))
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)
        except OSError:
            self.close_connection = True  # the client has closed the connection


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "provider", "log", "library", "health", "page", "timeout", "reset", "fallback"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    provider, log = Provider(given.provider, float(given.timeout)), Log(given.log)
    if given.library == "pybreaker":
        within = Breaker(provider, log, float(given.reset), given.page, given.fallback == "yes")
    else:
        within = INNOCENTS[given.library](provider, log, given.page)
    Consumer.within, Consumer.provider, Consumer.kind = within, provider, given.health
    Server(("127.0.0.1", int(given.port)), Consumer).serve_forever()


if __name__ == "__main__":
    main()
