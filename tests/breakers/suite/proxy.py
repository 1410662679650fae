"""A proxy in front of two replicas: the requests for each path alternate between them, as behind a Service.

    python3 -m suite.proxy PORT UPSTREAM_PORT UPSTREAM_PORT...

It alternates by path, because the requests for users, health and pages have the same interval: with one common turn,
each path would always reach the same replica.
"""

import asyncio
import sys


class Proxy:
    def __init__(self, upstreams):
        self.upstreams, self.turns = upstreams, {}

    def turn(self, path):
        # Half of the paths start with the other replica.
        turn = self.turns.get(path, len(self.turns))
        self.turns[path] = turn + 1
        return self.upstreams[turn % len(self.upstreams)]

    async def serve(self, reader, writer):
        upstream = None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ")[1].split(b"?")[0]
            answers, upstream = await asyncio.open_connection("127.0.0.1", self.turn(path))
            lines = [line for line in head.split(b"\r\n") if line and not line.lower().startswith(b"connection:")]
            upstream.write(b"\r\n".join([*lines, b"connection: close", b"", b""]))
            while part := await answers.read(1 << 14):
                writer.write(part)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            if upstream:
                upstream.close()
            writer.close()


async def main():
    port, *upstreams = map(int, sys.argv[1:])
    server = await asyncio.start_server(Proxy(upstreams).serve, "127.0.0.1", port, reuse_address=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
