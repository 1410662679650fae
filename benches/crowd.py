#!/usr/bin/env python3
"""A Kubernetes API server with many pods, some of which are replaced all the time.

    benches/crowd.py [PODS] [EVENTS_A_SECOND] [FOLDER]

Serves paged lists and watches on loopback, writes FOLDER/kubeconfig and prints its path. One of the pods belongs to
`my-provider-app`; it is replaced like any other, every five seconds.
"""

import asyncio
import collections
import json
import pathlib
import random
import sys
import time
from urllib.parse import parse_qs, urlsplit

PODS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
RATE = float(sys.argv[2]) if len(sys.argv) > 2 else 100.0
FOLDER = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else ".")
TEAMS = 40
VERDICTS = [("Running", True)] * 18 + [("CrashLoopBackOff", False), ("Error", False)]


def stamp():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def managed_fields(manager, depth):
    leaf = {f"f:field-{i}": {} for i in range(12)}
    fields = {f"f:part-{i}": {".": {}, **leaf} for i in range(depth)}
    return {"manager": manager, "operation": "Update", "apiVersion": "v1", "time": stamp(), "fieldsType": "FieldsV1", "fieldsV1": fields}


class Crowd:
    def __init__(self):
        self.version, self.born, self.pods, self.watchers = 1000, 0, {}, set()
        self.told, self.lists = collections.deque(maxlen=3000), {}
        for _ in range(PODS - 1):
            self.add(f"team-{random.randrange(TEAMS)}", *random.choice(VERDICTS))
        self.add("my-provider-app", "Running", True)

    def add(self, owner, word, ready):
        self.born += 1
        name = f"{owner}-7d9f8b6c5d-{self.born:06x}"
        self.pods[name] = self.pod(name, owner, word, ready)
        return name

    def pod(self, name, owner, word, ready):
        """Returns a pod object of realistic size."""
        self.version += 1
        running = word == "Running"
        state = {"running": {"startedAt": stamp()}} if running else {"waiting": {"reason": word, "message": "back-off 40s restarting"}}
        probe = {"httpGet": {"path": "/health", "port": 8080, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10, "failureThreshold": 3}
        labels = {"name": owner, "app.kubernetes.io/name": owner, "app.kubernetes.io/part-of": "crowd", "pod-template-hash": "7d9f8b6c5d"}
        return {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": name, "generateName": f"{owner}-7d9f8b6c5d-", "namespace": "default", "uid": f"uid-{name}",
                "resourceVersion": str(self.version), "creationTimestamp": stamp(), "labels": labels,
                "annotations": {"prometheus.io/scrape": "true", "checksum/config": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{owner}-7d9f8b6c5d", "uid": f"uid-{owner}", "controller": True}],
                "managedFields": [managed_fields("kube-controller-manager", 4), managed_fields("kubelet", 4)],
            },
            "spec": {
                "nodeName": f"node-{self.born % 97}", "restartPolicy": "Always", "serviceAccountName": "default", "schedulerName": "default-scheduler",
                "volumes": [{"name": "kube-api-access", "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]}}],
                "containers": [{
                    "name": owner, "image": f"registry.example/{owner}:1.42.0", "imagePullPolicy": "IfNotPresent",
                    "env": [{"name": f"SETTING_{i}", "value": f"value-{i}"} for i in range(12)],
                    "ports": [{"containerPort": 8080, "protocol": "TCP"}], "livenessProbe": probe, "readinessProbe": probe,
                    "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
                    "volumeMounts": [{"name": "kube-api-access", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True}],
                }],
            },
            "status": {
                "phase": "Pending" if word == "Pending" else "Running", "podIP": f"10.{self.born >> 16 & 255}.{self.born >> 8 & 255}.{self.born & 255}",
                "conditions": [{"type": kind, "status": str(ready), "lastTransitionTime": stamp()} for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")],
                "containerStatuses": [{
                    "name": owner, "image": f"registry.example/{owner}:1.42.0", "imageID": "registry.example/x@sha256:0", "containerID": f"containerd://{self.version:064x}",
                    "ready": ready, "started": ready, "restartCount": 0, "state": state, "lastState": {},
                }],
                "qosClass": "Burstable", "startTime": stamp(),
            },
        }

    def tell(self, kind, pod):
        line = json.dumps({"type": kind, "object": pod}).encode() + b"\n"
        self.told.append((self.version, line))
        for watcher in self.watchers:
            watcher.put_nowait(line)

    def watcher(self, since):
        """Returns a queue of the events after a version, to which later events are added."""
        lines = asyncio.Queue()
        for version, line in self.told:
            if version > since:
                lines.put_nowait(line)
        self.watchers.add(lines)
        return lines

    def page(self, items, query):
        """Returns a page of a list; all pages are of the snapshot taken for the first page."""
        size = int(query.get("limit", 0)) or len(items)
        number, _, begin = query.get("continue", "").partition(":")
        version, items = self.lists.pop(number, (self.version, items))
        begin = int(begin or 0)
        metadata = {"resourceVersion": str(version)}
        if begin + size < len(items):
            number = number or str(self.version)
            self.lists[number] = (version, items)
            metadata["continue"] = f"{number}:{begin + size}"
        return metadata, items[begin:begin + size]

    def lives(self):
        """Yields the four events of a pod's replacement, repeatedly."""
        turn = 0
        while True:
            turn += 1
            ours = turn % max(1, int(RATE / 4 * 5)) == 0
            name = next(n for n in reversed(self.pods) if n.startswith("my-provider")) if ours else random.choice(self.names())
            owner = self.pods[name]["metadata"]["labels"]["name"]
            going = self.pods[name]
            self.version += 1
            going["metadata"] |= {"resourceVersion": str(self.version), "deletionTimestamp": stamp()}
            yield "MODIFIED", going
            new = self.add(owner, "ContainerCreating", False)
            yield "ADDED", self.pods[new]
            self.pods[new] = self.pod(new, owner, *(("Running", True) if ours else random.choice(VERDICTS)))
            yield "MODIFIED", self.pods[new]
            self.version += 1
            going["metadata"]["resourceVersion"] = str(self.version)
            del self.pods[name]
            yield "DELETED", going

    def names(self):
        if self.born % 500 == 0 or not hasattr(self, "known"):
            self.known = list(self.pods)
        return [name for name in random.sample(self.known, 8) if name in self.pods and not name.startswith("my-")] or list(self.pods)

    async def churn(self):
        lives, begun, told = self.lives(), time.monotonic(), 0
        while True:
            await asyncio.sleep(0.01)
            while told < (time.monotonic() - begun) * RATE:
                told += 1
                self.tell(*next(lives))


async def serve(crowd, reader, writer):
    try:
        while line := await reader.readline():
            method, target, _ = line.decode().split()
            length = 0
            while (header := await reader.readline()) not in (b"\r\n", b""):
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            body = await reader.readexactly(length)
            url = urlsplit(target)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            if query.get("watch") in ("true", "1"):
                return await watch(crowd, url.path, int(query.get("resourceVersion") or 0), writer)
            answer(writer, *reply(crowd, method, url.path, query, body))
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def watch(crowd, path, since, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    lines = crowd.watcher(since) if path.endswith("/pods") else asyncio.Queue()
    try:
        while True:
            line = await lines.get()
            writer.write(b"%x\r\n%s\r\n" % (len(line), line))
            await writer.drain()
    finally:
        crowd.watchers.discard(lines)


def answer(writer, code, value):
    body = json.dumps(value).encode()
    writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (code, len(body)) + body)


def reply(crowd, method, path, query, body):
    kinds = {"pods": "PodList", "services": "ServiceList", "endpointslices": "EndpointSliceList", "deployments": "DeploymentList", "events": "EventList"}
    last = path.rpartition("/")[2]
    if method == "POST" and "accessreviews" in last:
        return 201, json.loads(body) | {"status": {"allowed": True}}
    if last == "version":
        return 200, {"major": "1", "minor": "33", "gitVersion": "v1.33.0", "gitCommit": "", "gitTreeState": "", "buildDate": stamp(), "goVersion": "", "compiler": "", "platform": ""}
    if last not in kinds:
        return 404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": f"{path} not found", "reason": "NotFound", "code": 404}
    version = "apps/v1" if last == "deployments" else "discovery.k8s.io/v1" if last == "endpointslices" else "v1"
    items = list(crowd.pods.values()) if last == "pods" else []
    if selector := query.get("labelSelector"):
        wanted = dict(pair.split("=", 1) for pair in selector.split(",") if "=" in pair)
        items = [pod for pod in items if wanted.items() <= pod["metadata"]["labels"].items()]
    metadata, items = crowd.page(items, query)
    return 200, {"apiVersion": version, "kind": kinds[last], "metadata": metadata, "items": items}


async def main():
    crowd = Crowd()
    server = await asyncio.start_server(lambda reader, writer: serve(crowd, reader, writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    named = {"clusters": {"cluster": {"server": f"http://127.0.0.1:{port}"}}, "users": {"user": {}}, "contexts": {"context": {"cluster": "crowd", "user": "crowd"}}}
    config = {"apiVersion": "v1", "kind": "Config", "current-context": "crowd", **{key: [{"name": "crowd", **value}] for key, value in named.items()}}
    (FOLDER / "kubeconfig").write_text(json.dumps(config))
    print(FOLDER / "kubeconfig", flush=True)
    await crowd.churn()


if __name__ == "__main__":
    asyncio.run(main())
