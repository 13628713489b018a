"""A relay between workers and their master that keeps every byte which passes: what is on the wire, and what was acknowledged."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import msgpack

_CHUNK = 1 << 16
_RECEIPT = msgpack.packb("streamsoak.shipped")
_ARRAY_OF_THREE = b"\x93"


class Relay:
    """Listens on `host`, and passes everything to `to` and back."""

    def __init__(self, to: tuple[str, int], host: str = "127.0.0.4") -> None:
        self._to = to
        self._kept: list[bytearray] = []
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server((host, 0))
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    @property
    def wire(self) -> bytes:
        """All that has passed, either way."""
        return b"\n".join(bytes(kept) for kept in self._kept)

    def receipts(self) -> dict[str, int]:
        """Up to where the workers were told that the master has each of their files."""
        lengths: dict[str, int] = {}
        for name, length in self._receipts():
            lengths[name] = max(length, lengths.get(name, 0))
        return lengths

    def _receipts(self) -> Iterator[tuple[str, int]]:
        for kept in self._kept:
            data, at = bytes(kept), 0
            while (at := data.find(_ARRAY_OF_THREE + _RECEIPT, at)) >= 0:
                unpacker = msgpack.Unpacker()
                unpacker.feed(data[at : at + 1000])
                with contextlib.suppress(msgpack.OutOfData):
                    yield tuple(unpacker.unpack()[1])
                at += 1

    def _accept(self) -> None:
        while True:
            try:
                worker, _ = self._listener.accept()
            except OSError:
                return
            try:
                master = socket.create_connection(self._to, timeout=5)
            except OSError:
                # As if nobody listened: the worker tries again.
                worker.close()
                continue
            master.settimeout(None)
            self._sockets += [worker, master]
            for ends in ((worker, master), (master, worker)):
                kept = bytearray()
                self._kept.append(kept)
                threading.Thread(target=_pass_on, args=(*ends, kept), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            # What the other end may have seen has been kept before.
            kept += data
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
