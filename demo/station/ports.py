"""Free TCP ports of the loopback address."""

import socket

HOST = "127.0.0.1"


def free_port(preferred: int = 0) -> int:
    """Return `preferred` when nothing listens there, else a port that the system picks."""
    return preferred if preferred and is_free(preferred) else _bind(0)


def is_free(port: int) -> bool:
    """Tell whether a server could listen on that port now."""
    try:
        return _bind(port) == port
    except OSError:
        return False


def _bind(port: int) -> int:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        return int(probe.getsockname()[1])
