"""A loopback TCP proxy with a rate limit and a round-trip time: it plays an ordinary SSH connection on one machine.

python slow_link.py LISTEN_PORT TARGET_PORT KBIT_PER_SECOND ROUND_TRIP_MS
"""

import asyncio
import sys
import time
from typing import TypeAlias

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


async def carry(reader: Reader, writer: Writer, rate: float | None, delay: float) -> None:
    """Pass bytes on, each `delay` seconds late, at most `rate` bytes a second (None: as fast as they come)."""
    queue: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue(maxsize=64)

    async def feed() -> None:
        while data := await reader.read(8192):
            await queue.put((time.monotonic(), data))
        await queue.put(None)

    async def drain() -> None:
        free = 0.0
        while (item := await queue.get()) is not None:
            arrived, data = item
            free = max(free, time.monotonic()) + (len(data) / rate if rate else 0.0)
            if (wait := max(arrived + delay, free) - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            writer.write(data)
            await writer.drain()
        writer.close()

    await asyncio.gather(feed(), drain(), return_exceptions=True)


async def main(listen: int, target: int, kbit: float, round_trip_ms: float) -> None:
    """Serve for ever.  Only the way back to the client is limited: it carries what a program writes."""
    rate, delay = kbit * 1000 / 8, round_trip_ms / 2000

    async def connect(reader: Reader, writer: Writer) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(
            carry(reader, far_writer, None, delay),
            carry(far_reader, writer, rate, delay),
            return_exceptions=True,
        )

    server = await asyncio.start_server(connect, "127.0.0.1", listen, limit=65536)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
