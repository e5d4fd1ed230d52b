"""``cgx convert --engine dask``: the same jobs on a Dask cluster.

Nothing is lost: the scheduler gives the jobs of a worker that died to another one. Nothing is done
twice: a job whose target was finished is found done by content, and originals are removed here, by
the one who hears of all outcomes, never by a worker.

Sources and targets must mean the same on all workers: a shared folder, or URLs.
"""

import importlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from pillow_colorgrid.commands.convert import Job, Outcome, convert
from pillow_colorgrid.commands.places import extra
from pillow_colorgrid.commands.targets import Settings
from pillow_colorgrid.runtime import execution

AHEAD = 4
"""Jobs given to the cluster for each of its threads: enough that none waits, few enough for a
million pictures, and little to do again when a worker dies."""


def run(
    jobs: Sequence[Job], settings: Settings, scheduler: str | None, workers: int | None
) -> Iterator[Outcome]:
    """Convert `jobs` on the cluster at `scheduler`; outcomes come as they are done.

    Args:
        scheduler: its address; None: a cluster of so many `workers` on this machine
            (None: one for each core).

    Raises:
        MissingExtraError: Dask is not installed.
        OSError: the scheduler does not answer.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise extra("dist", "--engine dask needs dask and distributed") from error
    if scheduler is None:
        with (
            distributed.LocalCluster(
                n_workers=workers or execution.threads(),
                threads_per_worker=1,
                dashboard_address=None,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield from _outcomes(client, distributed.as_completed, jobs, settings)
    else:
        with distributed.Client(scheduler) as client:
            yield from _outcomes(client, distributed.as_completed, jobs, settings)


def _outcomes(
    client: Any, as_completed: Any, jobs: Sequence[Job], settings: Settings
) -> Iterator[Outcome]:
    ahead = AHEAD * max(1, sum(client.nthreads().values()))
    waiting = iter(jobs)
    running: dict[Any, Job] = {}

    def give(job: Job) -> Any:
        future = client.submit(_work, job, settings, pure=False)
        running[future] = job
        return future

    first = [give(job) for job in islice(waiting, ahead)]
    done = as_completed(first)
    for future in done:
        job = running.pop(future)
        # A picture that kills its workers again and again comes back as KilledWorker.
        error = future.exception()
        yield Outcome(job, "failed", reason=str(error)) if error else future.result()
        following = next(waiting, None)
        if following:
            done.add(give(following))


def _work(job: Job, settings: Settings) -> Outcome:
    """On a worker: one thread for each picture, as the worker's threads share its cores."""
    execution.choose(threads=1)
    return convert(job, settings)
