"""What a request is refused for: a status of HTTP and a sentence with the way out."""


class RequestRefusedError(Exception):
    """An answer that is none."""

    def __init__(self, status: int, said: str, retry: int | None = None) -> None:
        super().__init__(said)
        self.status, self.said, self.retry = status, said, retry
