"""What was decided of a site, a file each: numbered, chained by the hash of the one before, and signed with Ed25519.

The signature is over the canonical JSON (RFC 8785 for what stands here: sorted keys, no spaces) of all but itself. What is
changed, taken out or put in between is found by `audit`; so is a last file that was taken away, since it names the version that
`current` must hold. Keep the key elsewhere (ZOO_SITE_KEY) where those who may write into the folder must not be able to sign.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.files import atomic_write, finite
from zoo.sites.extras import extra
from zoo.sites.numbered import NumberedFiles

#: The hash that the first decision is chained to.
BEGIN = "0" * 64
PRIVATE, PUBLIC = "key.pem", "key.pub"


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return content as the one JSON text that is signed and hashed."""
    text = json.dumps(finite(content), sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


class Key:
    """The key of a site: the private half signs, the public half, which may be given away, tells whether it was that key."""

    def __init__(self, folder: Path) -> None:
        self.private = Path(os.environ.get("ZOO_SITE_KEY") or folder / PRIVATE)
        self.public = folder / PUBLIC

    def make(self) -> None:
        """Make a key, where there is none yet."""
        kinds, forms = extra("cryptography.hazmat.primitives.asymmetric.ed25519"), self.forms()
        if self.private.exists():
            key = self.load()
        else:
            key = kinds.Ed25519PrivateKey.generate()
            text = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
            number = os.open(self.private, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(number, "wb") as file:
                file.write(text)
        public = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
        with atomic_write(self.public) as part:
            part.write_bytes(public)

    @staticmethod
    def forms() -> Any:
        """Return the module of encodings."""
        return extra("cryptography.hazmat.primitives.serialization")

    def load(self) -> Any:
        """Read the private half."""
        try:
            return self.forms().load_pem_private_key(self.private.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise ZooError(
                f"the key {self.private} cannot be read ({error}); ZOO_SITE_KEY names another file"
            ) from error

    def sign(self, content: bytes) -> str:
        """Return the signature of content, in base64."""
        return base64.b64encode(self.load().sign(content)).decode()

    def verify(self, content: bytes, signature: str) -> bool:
        """Tell whether a signature is that of content by this key."""
        invalid = extra("cryptography.exceptions").InvalidSignature
        try:
            public = self.forms().load_pem_public_key(self.public.read_bytes())
            public.verify(base64.b64decode(signature, validate=True), content)
        except (invalid, ValueError, TypeError):
            return False
        except OSError as error:
            raise ZooError(f"the public key {self.public} cannot be read ({error.strerror})") from error
        return True


class Decisions(NumberedFiles):
    """The folder `decisions/` of a site."""

    noun = "decision "

    def __init__(self, folder: Path, key: Key) -> None:
        super().__init__(folder)
        self.key = key

    def read(self, path: Path) -> dict[str, Any]:
        """Read one decision."""
        found = self.load(path)
        if not isinstance(found, dict):
            raise ZooError(f"decision {path} is no record; put it back from a copy of the site")
        return found

    def all(self) -> list[dict[str, Any]]:
        """Return all decisions, the first first; one that was changed is refused."""
        self.audit()
        return [self.read(path) for path in self.files()]

    def audit(self) -> None:
        """Refuse a chain in which anything was changed, taken out, put in, or signed by another key."""
        before = BEGIN
        for number, path in enumerate(self.files(), 1):
            found = self.read(path)
            signature = str(found.pop("signature", ""))
            said = f"decision {path}"
            if path.name != name_of(number) or found.get("number") != number:
                raise ZooError(
                    f"{said} should be number {number}: one was taken out or put in; restore a copy of the site"
                )
            if found.get("previous") != before:
                raise ZooError(f"{said} follows another than the one before it; restore a copy of the site")
            if not self.key.verify(canonical(found), signature):
                raise ZooError(f"{said} was changed, or signed by another key than {self.key.public}; restore a copy")
            before = hashlib.sha256(path.read_bytes()).hexdigest()

    def add(self, kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Write the next decision, signed, and return it."""
        self.audit()
        files = self.files()
        previous = hashlib.sha256(files[-1].read_bytes()).hexdigest() if files else BEGIN
        number = len(files) + 1
        time = datetime.now(UTC).isoformat(timespec="seconds")
        made = {"number": number, "time": time, "kind": kind, "previous": previous, **finite(facts)}
        made["signature"] = self.key.sign(canonical(made))
        with atomic_write(self.folder / name_of(number)) as part:
            part.write_text(json.dumps(made, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        return made

    def serving(self) -> str | None:
        """Return the version that was decided last to answer."""
        switches = [found["serving"] for found in self.all() if found.get("serving")]
        return str(switches[-1]) if switches else None


def name_of(number: int) -> str:
    """Return the name of the file of a decision."""
    return f"{number:06d}.json"
