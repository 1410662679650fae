#!/usr/bin/env python3
"""Grows the fuzz targets' first corpus from what the tests read: fuzz/corpus/TARGET/, which is not committed.

    fuzz/seed.py

Inputs are files, recordings, metrics pages and cases of this repository, brought into the form that each target reads
(the comment at the top of fuzz_targets/TARGET.rs). Running it again changes nothing; what libFuzzer found stays.
"""

import gzip
import hashlib
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
HEAD = '"title": "t", "description": "d"'


def put(target, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


def recordings():
    """Small sessions: of each recording up to five events of each kind, once with all fields and once with a few."""
    keys = [b"0", b"1z", b"2?", b"3w", b"4m", b"5L", b"3g", b"3p", b"2F", b"3q", b"4zz2zh", b"3\x06\x06[", b"2\x01u", b"3l", b"1/", b"3n"]
    for number, path in enumerate(sorted((ROOT / "tests/recordings").glob("*.ctui.gz"))):
        lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        for most in (1, 2, 5):
            counts, kept = {}, []
            for line in lines[1:]:
                what = json.loads(line)["what"]
                kind = what if isinstance(what, str) else next(iter(what))
                counts[kind] = counts.get(kind, 0) + 1
                if counts[kind] <= most:
                    kept.append(line)
            put("recording", lines[0] + b"".join(kept))
            for key in keys[number::3]:
                put("session", key + b"\n" + b"".join(kept))
        fired = next(at for at, line in enumerate(lines) if b"fault_fired" in line)
        # Around the fire: what was watched, then a minute in its order.
        watched = [line for line in lines[1:fired] if not re.search(rb'"(request_sent|answered|testified|believed|pod_logged|logged)"', line)]
        put("session", b"2\n" + b"".join(watched + lines[fired : fired + 60]))
        put("recording", b"".join(lines[:1] + watched + lines[fired : fired + 60]))


def cases():
    """The files of the fidelity corpus, and its tolerances."""
    kinds = {".json": b"\0", ".yaml": b"\3", ".yml": b"\3", ".env": b"\6"}
    for path in sorted((ROOT / "tests/fidelity/corpus").glob("*.cases")):
        for case in re.split(r"(?m)^=== ", path.read_text())[1:]:
            parts = re.split(r"(?m)^--- ", case)
            for part in parts[1:]:
                name, _, body = part.partition("\n")
                body = body.strip("\n").replace("@head", HEAD)
                suffix = Path(name.split()[0]).suffix if name.split() else ""
                kind = b"\5" if name.startswith("settings") else kinds.get(suffix)
                if kind is not None and len(body) < 4000:
                    put("loaders", kind + body.encode())
                    for declared in tolerances(body):
                        for output in ('"8"', '{"status": 200, "body": {"a": [1, 2.5, "x"]}}', "8.5"):
                            put("tolerances", b"\0" + declared.encode() + b"\0" + output.encode())
            lines = parts[0].splitlines()
            for word in re.findall(r"--var (\S+)", "\n".join(lines)):
                put("loaders", b"\7" + word.encode())


def tolerances(text):
    try:
        todo = [json.loads(text)]
    except ValueError:
        return
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            if "tolerance" in value:
                yield json.dumps(value["tolerance"])
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)


def experiments():
    for path in [*(ROOT / "experiments").glob("*.json"), *(ROOT / "tests").rglob("experiment*.json")]:
        data = path.read_bytes()
        put("loaders", b"\0" + data)
        # JSON is YAML, too.
        put("loaders", b"\3" + data)
    for path in (ROOT / "manifests").rglob("*.y*ml"):
        put("loaders", b"\3" + path.read_bytes()[:4000])
    put("loaders", b"\4" + f"title: t\ndescription: d\nconfiguration:\n  a: {{type: env, key: A, default: 1}}\nmethod:\n- &x\n  type: probe\n  name: p\n"
        "  provider: {type: process, path: 'true', timeout: 1.5}\n  pauses: {before: 1, after: ${a}}\n- ref: p\n- *x\nrollbacks: []\n".encode())


def patterns():
    """The literals of pyvalue's own tests."""
    crates = ROOT / "crates/pyvalue/src"
    literal = re.compile(r'r"([^"]*)"|r#"(.*?)"#|"((?:[^"\\]|\\.)*)"')

    def literals(path):
        for match in literal.finditer(path.read_text()):
            text = match[1] or match[2] or match[3] or ""
            if 0 < len(text) < 200:
                yield text.encode()

    for text in literals(crates / "regex/tests.rs"):
        put("tolerances", b"\3" + text + b"\0" + b"abc 123 \xc3\xa9 x-y_z")
    for path in [crates / "jsonpath/tests.rs", ROOT / "src/experiment/tolerance/tests.rs"]:
        for text in literals(path):
            if text.startswith(b"$") or text.startswith(b"a"):
                put("tolerances", b"\4" + text + b'\0{"a": [1, {"b": "x", "c": null}], "d": {"a": 2}}')
            elif text[:1] in b"[{":
                put("tolerances", b"\0" + text + b"\0" + b'{"status": 200, "stdout": "8"}')
    for text in [b"1", b"-0.5", b"1e400", b"NaN", b"-Infinity", b"sNaN12", b"1_000", b" 7 ", "٣".encode(), b"1E-999999", b"0x10"]:
        put("tolerances", b"\6" + text + b"\0" + text)
        put("tolerances", b"\7" + text + b"\0" + b"[1, 2]")


def pages():
    folder = ROOT / "tests/expositions"
    formats = {"txt": b"\0", "sse": b"\x0d", "json": b"\x0b", "html": b"\0"}
    table = json.loads((folder / "table.json").read_text())
    for case in table["cases"]:
        of = {}
        for page in case["pages"]:
            of.setdefault(page["file"].rsplit(".", 1)[-1], []).append((folder / page["file"]).read_bytes())
        for suffix, contents in of.items():
            joined = b"\0".join(content.replace(b"\0", b"") for content in contents)
            if len(joined) > 40_000:
                joined = joined[:8000]
            put("exposition", formats[suffix] + joined)
            if suffix == "txt":
                put("exposition", b"\x0a" + joined)
            if suffix == "json":
                put("exposition", b"\x0c" + joined)
                put("exposition", b"\x0e" + joined)


def watches():
    meta = {"name": "app-1", "namespace": "default", "uid": "u1", "resourceVersion": "7", "labels": {"app": "a", "pod-template-hash": "6c"},
            "creationTimestamp": "2026-11-28T11:33:33Z",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-6c", "uid": "u0", "controller": True}]}
    state = {"name": "main", "image": "m:2", "imageID": "", "ready": True, "restartCount": 2, "state": {"running": {}},
             "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-28T11:34:33Z"}}}
    pod = {"metadata": meta, "spec": {"nodeName": "n", "containers": [{"name": "main", "image": "m:2", "livenessProbe": {
        "httpGet": {"path": "/health", "port": 80}, "periodSeconds": 5, "failureThreshold": 3}}], "initContainers": [{"name": "i", "restartPolicy": "Always"}]},
        "status": {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [state], "initContainerStatuses": [state],
                   "conditions": [{"type": "Ready", "status": "True"}], "reason": "Evicted"}}
    service = {"metadata": meta, "spec": {"selector": {"app": "a"}, "ports": [{"port": 80, "nodePort": 30080, "targetPort": "web"}], "clusterIP": "10.0.0.9"}}
    ports = {"metadata": {**meta, "labels": {"kubernetes.io/service-name": "app-1"}}, "addressType": "IPv4", "endpoints": [
        {"addresses": ["10.0.0.1"], "conditions": {"ready": True, "terminating": False}, "targetRef": {"kind": "Pod", "name": "app-1"}}]}
    deployment = {"metadata": {**meta, "generation": 2}, "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "a"}}, "template": {}},
                  "status": {"replicas": 2, "readyReplicas": 1, "updatedReplicas": 2, "observedGeneration": 2}}
    event = {"metadata": meta, "involvedObject": {"kind": "Pod", "name": "app-1", "namespace": "default", "uid": "u1", "fieldPath": "spec.containers{main}"},
             "reason": "Killing", "message": "Stopping container main", "type": "Normal", "count": 3, "lastTimestamp": "2026-11-28T11:34:33Z",
             "firstTimestamp": "2026-11-28T11:33:33Z", "eventTime": "2026-11-28T11:34:33.000001Z", "series": {"count": 4, "lastObservedTime": "2026-11-28T11:34:34.000001Z"}}
    objects = [("v1", "Pod", pod), ("v1", "Service", service), ("discovery.k8s.io/v1", "EndpointSlice", ports), ("apps/v1", "Deployment", deployment),
               ("v1", "Event", event)]
    gone = {"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "code": 410, "message": "too old"}}
    refused = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "pods is forbidden"}
    for number, (version, kind, body) in enumerate(objects):
        whole = {"apiVersion": version, "kind": kind, **body}

        def said(change, body=whole, **over):
            return json.dumps({"type": change, "object": {**body, "metadata": {**meta, **over}}})
        other = {**whole, "metadata": {**whole["metadata"], "name": "b-2", "uid": "u2"}}
        mark = json.dumps({"type": "BOOKMARK", "object": {"apiVersion": version, "kind": kind, "metadata": {"resourceVersion": "12"}}})
        empty = json.dumps({"apiVersion": version, "kind": f"{kind}List", "metadata": {"resourceVersion": "5"}, "items": []})
        full = json.dumps({"apiVersion": version, "kind": f"{kind}List", "metadata": {"resourceVersion": "5"}, "items": [whole, other]})
        first = json.dumps({"apiVersion": version, "kind": f"{kind}List", "metadata": {"resourceVersion": "5", "continue": "more"}, "items": [whole]})
        news = "\n".join([said("ADDED", other), said("MODIFIED", deletionTimestamp="2026-11-28T11:35:00Z"), said("DELETED"), mark])
        at = bytes([number])
        put("watches", at + full.encode() + b"\n\0" + news.encode() + b"\n")
        put("watches", at + empty.encode() + b"\n\0" + said("ADDED").encode() + b"\n" + json.dumps(gone).encode() + b"\n\0" + full.encode())
        put("watches", at + first.encode() + b"\n\0" + full.encode() + b"\n\0" + news.encode())
        put("watches", at + b"!403" + json.dumps(refused).encode() + b"\n\0" + full.encode())


if __name__ == "__main__":
    for grow in (recordings, cases, experiments, patterns, pages, watches):
        grow()
    for folder in sorted(CORPUS.iterdir()):
        files = list(folder.iterdir())
        print(f"{folder.name}: {len(files)} files, {sum(file.stat().st_size for file in files) // 1024} kB")
