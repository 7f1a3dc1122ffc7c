"""Where the web server is to listen, and under which address people find it."""

import socket
from typing import Final

_ANY: Final = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}
"""Addresses that mean all those of the machine, and the one under which the machine itself gets there."""


def free_port(host: str, wished: int = 0) -> int | None:
    """The port `wished`, or for 0 any; None if it is taken, or the address is none of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host.strip("[]"), wished))
            return int(probe.getsockname()[1])
    except OSError:
        return None


def page(address: str) -> str:
    """The address of the dashboard for a browser on this machine, from the one that the server listens on (http://HOST:PORT)."""
    scheme, host_and_port = address.split("//")
    host, _, port = host_and_port.rpartition(":")
    return f"{scheme}//{_ANY.get(host, host)}:{port}/"
