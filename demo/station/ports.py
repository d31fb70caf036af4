"""TCP ports of the loopback address for servers that are about to start."""

import socket

HOST = "127.0.0.1"


def free_port(preferred: int = 0) -> int:
    """Return `preferred` when it can be claimed, else another port, claimed for as long as this process lives."""
    if preferred and claim(preferred):
        return preferred
    while not claim(port := _bind(0)):
        pass
    return port


def claim(port: int) -> bool:
    """Claim that port; tell whether nothing listens there and no other station has claimed it.

    A server may need ten seconds before it listens. Until then a UDP socket on the same number, which no TCP
    server minds, tells other stations on this machine that the port is spoken for.
    """
    spoken_for = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        _bind(port)
        spoken_for.bind((HOST, port))
    except OSError:
        spoken_for.close()
        return False
    spoken_for.detach()  # stays open, and the claim with it, until this process ends
    return True


def _bind(port: int) -> int:
    """Listen nowhere, but see that one could: return the port, which the system picks for 0."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        return int(probe.getsockname()[1])
