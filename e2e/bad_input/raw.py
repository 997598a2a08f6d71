"""Bytes on a socket, for what no HTTP client would send."""

import http.client
import socket

from keybearer import Server
from wire import Answer

TIMEOUT_SECONDS = 5


def exchange(server: Server, data: bytes) -> Answer | None:
    """Sends the bytes and reads one answer; None if the server closes the connection or waits for the rest."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_SECONDS) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            # The server has refused before it had read everything; its answer is still to be read.
            pass
        response = http.client.HTTPResponse(connection)
        try:
            response.begin()
            return Answer(response.status, response.getheaders(), response.read())
        except (http.client.BadStatusLine, ConnectionResetError, TimeoutError):
            return None
