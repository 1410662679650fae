#!/usr/bin/env python3
"""A Kubernetes API server with only the ten pods of a consumer, whose pages are read through `pods/proxy`.

    benches/sources.py KIND [PODS] [FOLDER]

KIND is what the pods serve: `none` (404 on every path), `spring` (an actuator, 700 lines of metrics), `plain` (700 lines of metrics, a
health page), `huge` (200 MB of metrics), `endless`, `drip` (a byte now and then). The users' address is the same port. Writes
FOLDER/kubeconfig and FOLDER/sources.json, an experiment, and prints the folder.
"""

import asyncio
import json
import pathlib
import sys
import time
from urllib.parse import urlsplit

KIND = sys.argv[1] if len(sys.argv) > 1 else "spring"
PODS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
FOLDER = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else ".")
TEXT, JSON = "text/plain; version=0.0.4; charset=utf-8", "application/json"
STATES = ["closed", "disabled", "forced_open", "half_open", "metrics_only", "open"]
LINE = 'http_server_requests_seconds_bucket{exception="none",method="GET",outcome="SUCCESS",status="200",uri="/some/path/of/it",le="0.05"} 17\n'


def metrics():
    """Returns metrics as Micrometer writes them: counters change between two reads, the breaker's state does not."""
    now = int(time.time() * 10)
    lines = []
    for uri in range(10):
        labels = f'exception="none",method="GET",outcome="SUCCESS",status="200",uri="/path/{uri}"'
        lines += ["# HELP http_server_requests_seconds Duration of requests", "# TYPE http_server_requests_seconds histogram"]
        lines += [f'http_server_requests_seconds_bucket{{{labels},le="{le / 1000}"}} {now + le}' for le in range(1, 61)]
        lines += [f"http_server_requests_seconds_count{{{labels}}} {now}", f"http_server_requests_seconds_sum{{{labels}}} {now / 7}"]
    lines += ["# HELP resilience4j_circuitbreaker_state The states of the circuit breaker", "# TYPE resilience4j_circuitbreaker_state gauge"]
    lines += [f'resilience4j_circuitbreaker_state{{group="none",name="provider",state="{state}"}} {float(state == "closed")}' for state in STATES]
    lines += [f'jvm_memory_used_bytes{{area="heap",id="pool {n}"}} {now * 1000 + n}.0' for n in range(60)]
    return "\n".join(lines) + "\n"


def page(path):
    """Returns content type and body, or None for a 404."""
    if KIND == "spring":
        if path == "/actuator/circuitbreakers":
            breaker = {"failureRate": "-1.0%", "failureRateThreshold": "50.0%", "bufferedCalls": 3, "failedCalls": 0, "notPermittedCalls": 0, "state": "CLOSED"}
            return JSON, json.dumps({"circuitBreakers": {"provider": breaker}})
        if path.startswith("/actuator/circuitbreakerevents/"):
            return JSON, json.dumps({"circuitBreakerEvents": []})
        if path == "/actuator/health":
            return JSON, json.dumps({"status": "UP", "components": {"ping": {"status": "UP"}}})
        return (TEXT, metrics()) if path == "/actuator/prometheus" else None
    if KIND == "none":
        return None
    if path == "/health":
        return JSON, '{"status":"UP"}'
    return (TEXT, metrics()) if path == "/metrics" else None


async def flood(writer):
    """Sends a page that is too long or too slow to be read completely."""
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {TEXT}\r\nConnection: close\r\n\r\n".encode())
    piece = (LINE * 500).encode()
    sent = 0
    while KIND != "huge" or sent < 200 * 1024 * 1024:
        if KIND == "drip":
            await asyncio.sleep(0.05)
        part = piece[sent % len(piece):][:1] if KIND == "drip" else piece
        writer.write(part)
        sent += len(part)
        await writer.drain()


def pod(number):
    name = f"my-consumer-app-7d9f8b6c5d-{number:05x}"
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "uid": name, "resourceVersion": "1", "labels": {"name": "my-consumer-app"}},
        "spec": {"containers": [{"name": "consumer", "image": "consumer", "ports": [{"containerPort": 8080, "name": "http"}]}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "consumer", "ready": True, "restartCount": 0, "image": "consumer", "imageID": "", "state": {"running": {}}}]},
    }


def api(port, method, path, body):
    last = path.rpartition("/")[2]
    if method == "POST" and "accessreviews" in last:
        return 201, json.loads(body) | {"status": {"allowed": True}}
    if last == "version":
        return 200, {"major": "1", "minor": "33", "gitVersion": "v1.33.0", "gitCommit": "", "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "my-consumer-service", "namespace": "default", "resourceVersion": "1"},
        "spec": {"type": "NodePort", "selector": {"name": "my-consumer-app"}, "ports": [{"port": 80, "targetPort": 8080, "nodePort": port}]},
    }
    kinds = {
        "pods": ("PodList", "v1", [pod(number) for number in range(PODS)]), "services": ("ServiceList", "v1", [service]),
        "endpointslices": ("EndpointSliceList", "discovery.k8s.io/v1", []), "deployments": ("DeploymentList", "apps/v1", []), "events": ("EventList", "v1", []),
    }
    if last not in kinds:
        return 404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": f"{path} not found", "reason": "NotFound", "code": 404}
    kind, version, items = kinds[last]
    return 200, {"apiVersion": version, "kind": kind, "metadata": {"resourceVersion": "1"}, "items": items}


async def serve(reader, writer):
    port = writer.get_extra_info("sockname")[1]
    try:
        while line := await reader.readline():
            method, target, _ = line.decode().split()
            length = 0
            while (header := await reader.readline()) not in (b"\r\n", b""):
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            body = await reader.readexactly(length)
            url = urlsplit(target)
            if "watch=" in url.query:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(3600)
            _, proxied, path = url.path.partition(":8080/proxy")
            if proxied and path == "/metrics" and KIND in ("huge", "endless", "drip"):
                return await flood(writer)
            if proxied or not url.path.startswith(("/api", "/version")):
                found = page(path) if proxied else (JSON, '{"id":7,"item":"bread"}') if url.path == "/invoke" else None
                code, (kind, text) = (200, found) if found else (404, (JSON, "{}"))
            else:
                code, value = api(port, method, url.path, body)
                kind, text = JSON, json.dumps(value)
            body = text.encode()
            writer.write(b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (code, kind.encode(), len(body)) + body)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    named = {"clusters": {"cluster": {"server": f"http://127.0.0.1:{port}"}}, "users": {"user": {}}, "contexts": {"context": {"cluster": "sources", "user": "sources"}}}
    config = {"apiVersion": "v1", "kind": "Config", "current-context": "sources", **{key: [{"name": "sources", **value}] for key, value in named.items()}}
    (FOLDER / "kubeconfig").write_text(json.dumps(config))
    ask = {"type": "probe", "name": "users-get-an-answer", "provider": {"type": "http", "url": f"http://127.0.0.1:{port}/invoke"}}
    look = {"type": "python", "module": "chaosk8s.pod.probes", "func": "pods_in_phase", "arguments": {"ns": "default", "phase": "Running", "label_selector": "name=my-consumer-app"}}
    steps = [ask, {"type": "probe", "name": "look", "provider": look}]
    (FOLDER / "sources.json").write_text(json.dumps({"title": "sources", "description": "sources", "method": steps}))
    print(FOLDER, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
