"""`python -m servers [name …]` finds or builds the servers and says where each one is."""

import sys
import time

from servers.cache import find
from servers.go import BuildError
from servers.releases import RELEASES


def main(names: list[str]) -> int:
    unknown = set(names) - set(RELEASES)
    if unknown:
        print(f"{', '.join(sorted(unknown))}: unknown; there are {', '.join(RELEASES)}")
        return 2
    failed = False
    for release in (RELEASES[name] for name in names or RELEASES):
        start = time.monotonic()
        try:
            found = find(release)
        except BuildError as error:
            print(f"{release.name} {release.version}: {error}", flush=True)
            failed = True
            continue
        took = f"{time.monotonic() - start:.0f} s"
        where = " ".join(map(str, found.values())) if found else f"absent. {release.remedy}"
        print(f"{release.name} {release.version}: {where} ({took})", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
