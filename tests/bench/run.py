"""Measures throughput, memory and latency beside a bare asyncio loop. Run by `make bench`.

Everything is real: a server process on SQLite at full durability, a worker process, and this
process as the client. It says what was met and what was missed, and passes no judgement.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    # Started by its path: modules are found from the root, as pytest finds them.
    sys.path[0] = str(ROOT)

from tests.bench.bench import Bench  # noqa: E402
from tests.bench.comparison import comparison_postgres, comparison_sqlite  # noqa: E402
from tests.bench.cpu import cpu  # noqa: E402
from tests.bench.delivery import delivery_postgres, delivery_sqlite  # noqa: E402
from tests.bench.facts import facts_postgres, facts_sqlite  # noqa: E402
from tests.bench.figures import Figure, as_json, heading, lines  # noqa: E402
from tests.bench.large import throughput_100k  # noqa: E402
from tests.bench.latency import first_result  # noqa: E402
from tests.bench.machine import machine  # noqa: E402
from tests.bench.million import million_postgres, million_sqlite  # noqa: E402
from tests.bench.million_run import million_run_postgres, million_run_sqlite  # noqa: E402
from tests.bench.normaliser import normaliser  # noqa: E402
from tests.bench.otlp_ingest import otlp_ingest_postgres, otlp_ingest_sqlite  # noqa: E402
from tests.bench.overlap import overlap  # noqa: E402
from tests.bench.page import put_into_page  # noqa: E402
from tests.bench.rescore import rescore_postgres, rescore_sqlite  # noqa: E402
from tests.bench.resume import resume_postgres, resume_sqlite  # noqa: E402
from tests.bench.throughput import throughput_10k  # noqa: E402
from tests.bench.traced_run import traced_run_postgres, traced_run_sqlite  # noqa: E402
from tests.bench.writers import writers_postgres, writers_sqlite  # noqa: E402

CASES: dict[str, Callable[[Bench], list[Figure]]] = {
    case.__name__: case
    for case in (
        throughput_10k,
        throughput_100k,
        overlap,
        first_result,
        cpu,
        writers_sqlite,
        writers_postgres,
        facts_sqlite,
        facts_postgres,
        delivery_sqlite,
        delivery_postgres,
        million_sqlite,
        million_postgres,
        comparison_sqlite,
        comparison_postgres,
        rescore_sqlite,
        rescore_postgres,
        resume_sqlite,
        resume_postgres,
        million_run_sqlite,
        million_run_postgres,
        otlp_ingest_sqlite,
        otlp_ingest_postgres,
        normaliser,
        traced_run_sqlite,
        traced_run_postgres,
    )
}


def main(arguments: list[str] | None = None) -> None:
    """Measure the cases that are wanted."""
    options = _parser().parse_args(arguments)
    about = machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    if options.share < 1 or options.profile:
        print("The figures are not those that are asked for: see --help.")
    figures = _measure(options.only or list(CASES), options.share, profile=options.profile)
    if options.json is not None:
        told = [as_json(case, figure) for case, figure in figures]
        document = {"machine": about, "share": options.share, "figures": told}
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if options.page is not None:
        put_into_page(options.page, about, figures)


def _measure(names: list[str], share: float, *, profile: bool) -> list[tuple[str, Figure]]:
    print(heading())
    measured: list[tuple[str, Figure]] = []
    # On the disk of the clone: temporary folders often lie in memory.
    parent = ROOT / ".trialbook"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=parent) as folder:
        bench = Bench(Path(folder), share, profile=profile)
        for name in names:
            figures = CASES[name](bench)
            print("\n".join(lines(name, figures)), flush=True)
            measured += [(name, figure) for figure in figures]
    return measured


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--only", choices=CASES, action="append", help="measure this case; may be repeated"
    )
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures to a file")
    parser.add_argument(
        "--page", type=Path, metavar="PATH", help="put the figures into a page of the documentation"
    )
    parser.add_argument(
        "--share",
        type=_share,
        default=1.0,
        metavar="SHARE",
        help="a share of the size, such as 0.01: to see that the bench works",
    )
    parser.add_argument(
        "--quick", action="store_const", dest="share", const=0.1, help="a tenth of the size"
    )
    parser.add_argument(
        "--profile",
        action="store_true",
        help="print the most expensive functions of server and worker; all is slower meanwhile",
    )
    return parser


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 1")
    return share


if __name__ == "__main__":
    main()
