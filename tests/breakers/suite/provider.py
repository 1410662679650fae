"""A provider on loopback that fails on command, in one of four ways.

    python3 -m suite.provider PORT CONTROL_PORT FAULT LOG [--after SECONDS]

refuse  the listener is closed, and every connection with it
hang    calls are accepted and never answered
slow    answers are right, and late
error   500, at once

`POST /on` and `POST /off` on the control port switch the fault; the log has a JSON line for each switch.
"""

import argparse
import asyncio
import itertools
import json
import time

FAULTS = ("refuse", "hang", "slow", "error")
ITEMS = ("lamp", "chair", "kettle", "ladder", "clock")


class Provider:
    def __init__(self, port, fault, log, after):
        self.port, self.fault, self.after = port, fault, after
        self.log = open(log, "a", buffering=1)
        self.on = False
        self.calls = itertools.count(1)
        self.server = None
        self.open = set()

    def tell(self):
        self.log.write(json.dumps({"t": time.time(), "fault": self.on}) + "\n")

    async def listen(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port, reuse_address=True)

    async def switch(self, on):
        if on == self.on:
            return
        if self.fault == "refuse":
            if on:
                self.server.close()
                for writer in list(self.open):
                    writer.transport.abort()
            else:
                await self.listen()
        self.on = on
        self.tell()

    async def serve(self, reader, writer):
        self.open.add(writer)
        try:
            await reader.readuntil(b"\r\n\r\n")
            late = self.after if self.on and self.fault == "slow" else 0.002
            if self.on and self.fault == "hang":
                await reader.read(1)  # until the client closes the connection
                return
            if self.on and self.fault == "error":
                reply(writer, 500, {"error": "out of order"})
            else:
                number = next(self.calls)
                await asyncio.sleep(late)
                reply(writer, 200, {"id": number, "item": ITEMS[number % len(ITEMS)], "price": 10 + number % 90})
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    async def control(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, path = head.split(b" ")[:2]
            length = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            if length:
                await reader.readexactly(int(length[0]))
            if method == b"POST" and path in (b"/on", b"/off"):
                await self.switch(path == b"/on")
                reply(writer, 200, {"fault": self.fault, "on": self.on})
            else:
                reply(writer, 200 if path == b"/" else 404, {"fault": self.fault, "on": self.on})
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


def reply(writer, status, body):
    raw = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(raw)}\r\nconnection: close\r\n\r\n"
    writer.write(head.encode() + raw)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("control", type=int)
    parser.add_argument("fault", choices=FAULTS)
    parser.add_argument("log")
    parser.add_argument("--after", type=float, default=2.5)
    given = parser.parse_args()
    provider = Provider(given.port, given.fault, given.log, given.after)
    await provider.listen()
    provider.tell()
    control = await asyncio.start_server(provider.control, "127.0.0.1", given.control, reuse_address=True)
    await control.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
