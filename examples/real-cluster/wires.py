#!/usr/bin/env python3
"""The wires between the etcd members of `./cluster`, which can be cut without root.

Each argument `LISTEN:TO` is a member: what connects to the port LISTEN reaches the port TO, where the member listens. The
file in the first argument lists what is cut, a member per line: its port LISTEN and its id. Bytes of a wire that is cut wait, as
in a network that drops packets. A connection is not closed, so neither side knows.

A wire is that of its target, and of its source, whose id is in the first request of each connection (etcd: `X-Server-From`).
"""

import asyncio
import re
import sys

CUTS = sys.argv[1]
POLL = 0.02
cut = set()


async def watch():
    while True:
        with open(CUTS) as file:
            cut.clear()
            cut.update(file.read().split())
        await asyncio.sleep(POLL)


async def carry(reader, writer, ends):
    try:
        while data := await reader.read(65536):
            source = re.search(rb"(?i)x-server-from: *([0-9a-f]+)", data) if len(ends) == 1 else None
            if source:
                ends.append(source[1].decode())
            while cut.intersection(ends):
                await asyncio.sleep(POLL)
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(listen, to):
    async def connect(reader, writer):
        ends = [listen]
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", int(to))
        except OSError:
            return writer.close()
        await asyncio.gather(carry(reader, far_writer, ends), carry(far_reader, writer, ends))

    await asyncio.start_server(connect, "127.0.0.1", int(listen))


async def main():
    await asyncio.gather(watch(), *(serve(*member.split(":")) for member in sys.argv[2:]))


asyncio.run(main())
