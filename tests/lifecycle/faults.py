"""Each exception at every place of ours, and a table of what came of it.

    make faults

plays the scripts with each exception at every place that they pass, on either client, with the usual settings
and with all that can be switched on.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections import Counter
from typing import Any

from .excuses import BOUNDARY, UNDEFENDED, excuse
from .injection import ERRORS, Place
from .more_scripts import ALL
from .rig import SETTINGS, rig


def main() -> None:
    """Try everything, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", nargs="*", default=["sync", "async"])
    parser.add_argument("--settings", nargs="*", default=list(SETTINGS))
    parser.add_argument("--each-script", action="store_true", help="each place in each script that passes it")
    given = parser.parse_args()
    excuses: set[Any] = set()
    bad = 0
    print(
        f"{'client':8}{'settings':10}{'scripts':>8}{'places':>8}{'raised':>8}{'faults':>8}{'spans lost':>12}"
    )
    for kind in given.clients:
        for settings in given.settings:
            told = try_all(kind, settings, excuses, each_script=given.each_script)
            row = (
                f"{told['scripts']:8}{told['places']:8}{told['raised']:8}{told['faults']:8}{told['lost']:12}"
            )
            print(f"{kind:8}{settings:10}{row}", flush=True)
            bad += told["faults"]
    stale = sorted(map(str, {*BOUNDARY, *UNDEFENDED} - excuses))
    if stale and (given.clients, given.settings) == (["sync", "async"], list(SETTINGS)):
        print("no more needed:", *stale, sep="\n  ")
        bad += len(stale)
    sys.exit(1 if bad else 0)


def try_all(kind: str, settings: str, excuses: set[Any], *, each_script: bool) -> Counter[str]:
    """Raise everything everywhere. Prints the faults, and adds the exceptions that were made use of."""
    told: Counter[str] = Counter()
    tried: set[Place] = set()
    with rig(kind, settings) as rigged:
        for script in ALL:
            places = [place for place in rigged.passed(script) if each_script or place not in tried]
            usual = rigged.play(script)
            tried.update(places)
            told += Counter(scripts=1, places=len(places))
            for place, error in itertools.product(places, ERRORS):
                if place.can_raise(error):
                    played = rigged.play(script, place, error)
                    told += Counter(raised=1, lost=max(usual.ended - played.ended, 0))
                    for complaint in rigged.complaints(script, played, error):
                        excused = excuse(place, error, complaint)
                        excuses.add(excused)
                        if excused is None:
                            told["faults"] += 1
                            line = f"{place.line.function}:{place.line.number} {place.line.text}"
                            print(f"{script.__name__}: {error.__name__}: {complaint}: {line}")
    return told


if __name__ == "__main__":
    main()
