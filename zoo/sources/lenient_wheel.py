"""Fetch one wheel with pip's own finder and session, without reading the wheel's metadata.

Run as a script with pip's download options: `python -P lenient_wheel.py --dest FOLDER [pip options] name==version`.
pip (since 24.1) refuses wheels whose metadata violate the standard, even where only a file inside is wanted. There is
no public option for it, so this uses three inner pieces of pip that have been stable since 2020, in a process of
their own: the command's session, its package finder, and the response of a plain request.
"""

import sys
from hashlib import new
from optparse import Values
from pathlib import Path

from pip._internal.commands.download import DownloadCommand
from pip._vendor.packaging.requirements import Requirement


class LenientDownload(DownloadCommand):
    """`pip download` of one wheel that ends before pip would look into it."""

    def run(self, options: Values, args: list[str]) -> int:
        """Write the best wheel of the one requirement in `args` to the folder `options.download_dir`."""
        requirement = Requirement(args[0])
        session = self.get_default_session(options)
        finder = self._build_package_finder(
            options=options, session=session, ignore_requires_python=options.ignore_requires_python
        )
        best = finder.find_best_candidate(requirement.name, requirement.specifier).best_candidate
        if best is None:
            print(f"ERROR: no wheel of {requirement} was found", file=sys.stderr)
            return 1
        link = best.link
        with session.get(link.url_without_fragment, headers={"Accept-Encoding": "identity"}, stream=True) as response:
            response.raise_for_status()
            check = new(link.hash_name) if link.hash_name else None
            with (Path(options.download_dir) / link.filename).open("wb") as target:
                for chunk in response.iter_content(1 << 20):
                    target.write(chunk)
                    if check is not None:
                        check.update(chunk)
        if check is not None and check.hexdigest() != link.hash:
            print(
                f"ERROR: {link.filename} has {check.name} {check.hexdigest()}, the index says {link.hash}",
                file=sys.stderr,
            )
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(LenientDownload("download", "fetch one wheel").main(sys.argv[1:]))
