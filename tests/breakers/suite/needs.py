"""Installs the consumers' pinned dependencies once into a folder outside the sources, with each language's own tool."""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent.parent


def print_of(*paths):
    """Returns a fingerprint of the files that define the dependencies."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def once(folder, fingerprint, make):
    """Makes the folder unless it was made with the same fingerprint."""
    mark = folder / ".made-of"
    if mark.exists() and mark.read_text() == fingerprint:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make(folder)
    mark.write_text(fingerprint)


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def node(cache):
    sources = HERE / "consumers/node"
    named = [sources / "package.json", sources / "package-lock.json"]

    def make(folder):
        for path in named:
            shutil.copy(path, folder)
        # opossum-hystrix declares only old versions of Node; it works with newer ones, with a warning.
        run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)

    once(cache / "node", print_of(*named), make)
    return ["node", str(sources / "consumer.js")], {"NODE_PATH": str(cache / "node/node_modules")}


def python(cache):
    sources = HERE / "consumers/python"
    needs = sources / "requirements.txt"

    def make(folder):
        venv.create(folder, with_pip=True)
        run(folder / "bin/pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", needs)

    once(cache / "python", print_of(needs) + sys.version, make)
    return [str(cache / "python/bin/python3"), str(sources / "consumer.py")], {"PYTHONDONTWRITEBYTECODE": "1"}


def rust(cache):
    target = cache / "rust"
    run("cargo", "build", "-q", "--locked", "--manifest-path", HERE / "rust/Cargo.toml", "--target-dir", target)
    return [str(target / "debug/breaker-consumer")], {}


def all_of(cache):
    """Returns the commands of the three consumers, and the environment they need."""
    cache.mkdir(parents=True, exist_ok=True)
    commands, environment = {}, {}
    for kind, make in (("node", node), ("python", python), ("rust", rust)):
        commands[kind], more = make(cache)
        environment |= more
    return commands, environment
