"""A server for looking at the catalogue, reachable from this machine alone."""

import functools
import webbrowser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from zoo.errors import ZooError

HOST = "127.0.0.1"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files of one folder, lists no folders and writes no line a request."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal shows the address, not the traffic."""

    def list_directory(self, path: Any) -> None:
        """Answer that there is no such page."""
        self.send_error(404, "No such page")

    def end_headers(self) -> None:
        """Ask the browser to look anew each time, since the site may be written again."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def bound(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of `folder` that has taken `port`; 0 takes any that is free."""
    try:
        return ThreadingHTTPServer((HOST, port), functools.partial(Quiet, directory=str(folder)))
    except OSError as error:
        raise ZooError(f"--port {port} cannot be taken ({error.strerror}); name another, or 0 for any") from error


def serve(folder: Path, port: int, browser: bool) -> None:
    """Serve `folder` until Ctrl-C, and open it in the browser if asked to."""
    with bound(folder, port) as server:
        address = f"http://{HOST}:{server.server_port}/"
        print(f"{address} shows the catalogue; Ctrl-C ends", flush=True)
        if browser:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("ended")
