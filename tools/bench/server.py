"""A hub for `zoo bench pull`: one repository with one file, on the loopback, in a process of its own.

It answers the two requests that huggingface_hub's client makes for a file, HEAD and GET of
/owner/repo/resolve/<revision>/<file>, and sends the bytes straight from the disk's cache.
"""

import hashlib
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

COMMIT = "0" * 39 + "1"


class Handler(BaseHTTPRequestHandler):
    """Serves the one file under every name."""

    protocol_version = "HTTP/1.1"
    path_of_file: Path
    etag: str

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def do_HEAD(self) -> None:
        """Answer with the headers of the file."""
        self.send_response(200)
        self.send_header("ETag", f'"{self.etag}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(self.path_of_file.stat().st_size))
        self.end_headers()

    def do_GET(self) -> None:
        """Send the file."""
        self.do_HEAD()
        self.wfile.flush()
        with self.path_of_file.open("rb") as file:
            self.connection.sendfile(file)


def main(path: str) -> None:
    """Serve until the process is ended; the first line of output is the port."""
    Handler.path_of_file = Path(path)
    with Handler.path_of_file.open("rb") as file:
        Handler.etag = hashlib.file_digest(file, "sha256").hexdigest()
    server = HTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
