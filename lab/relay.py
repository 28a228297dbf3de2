#!/usr/bin/env python3
"""The consoles of the lab's two nodes on this machine's loopback: relay.py PORT NAMESPACE [PORT NAMESPACE ...]

What connects to 127.0.0.1 or ::1 at PORT is connected to 127.0.0.1:9010 within the network name space of that name. A node that is
down refuses, and so does the relay. It ends when the first name space is gone: it must not outlive the lab.
"""
import asyncio
import ctypes
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

CONSOLE = ("127.0.0.1", 9010)
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
LOOK_SECONDS = 1
PIECE = 65536  # bytes
LIBC = ctypes.CDLL(None, use_errno=True)


def enter(space):
    """The calling thread's sockets are made in that name space from now on."""
    handle = os.open(f"/run/netns/{space}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if LIBC.setns(handle, NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), f"the name space {space} cannot be entered")
    finally:
        os.close(handle)


async def pump(reader, writer):
    try:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass  # One end broke off: both connections are closed.
    finally:
        writer.close()


def answer(space):
    # A thread of its own stays in the node's name space; all it does is to make sockets.
    maker = ThreadPoolExecutor(1, initializer=enter, initargs=(space,))

    async def serve(reader, writer):
        loop = asyncio.get_running_loop()
        try:
            inside = await loop.run_in_executor(maker, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            inside.setblocking(False)
            await loop.sock_connect(inside, CONSOLE)
            from_node, to_node = await asyncio.open_connection(sock=inside)
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(pump(reader, to_node), pump(from_node, writer))

    return serve


async def main(pairs):
    for port, space in pairs:
        serve = answer(space)
        for address in ("127.0.0.1", "::1"):
            try:
                await asyncio.start_server(serve, address, port)
            except OSError as error:
                if address == "127.0.0.1":
                    sys.exit(f"relay: port {port} of this machine cannot be had: {error.strerror}.")
    print("listening", flush=True)
    while os.path.exists(f"/run/netns/{pairs[0][1]}"):
        await asyncio.sleep(LOOK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main([(int(port), space) for port, space in zip(sys.argv[1::2], sys.argv[2::2])]))
