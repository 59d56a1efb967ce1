"""A scope for each task of Celery."""

from typing import Any

from celery.signals import task_postrun, task_prerun, worker_process_shutdown

from quell.guard import guarded
from quell.lineage._patches import installation
from quell.lineage.requests import begin_unit, end_unit
from quell.pipeline import logged_watch
from quell.production import storing

_UID = "quell.contrib.celery"
# Of the request of a task, which Celery makes anew for each run, also for one inside another.
_STATE = "quell_state"
_AT_EXIT_SECONDS = 5.0


def watch_tasks() -> None:
    """
    Watch each task that this process runs from now on, and report what it found as ``QuellMiddleware`` does.

    The label of the findings is the name of the task. Call it where the application of Celery is made; a second call
    changes nothing. Each run is a scope: a retry is another one, and a task that is run at once inside of something
    that is watched belongs to that.

    Cost: that of a watch per task; the hooks stay installed while the process lives, idle between tasks.
    """
    task_prerun.connect(_begin, dispatch_uid=_UID, weak=False)
    task_postrun.connect(_end, dispatch_uid=_UID, weak=False)
    worker_process_shutdown.connect(_fold, dispatch_uid=_UID, weak=False)


def unwatch_tasks() -> None:
    """Leave the tasks alone from now on."""
    task_prerun.disconnect(dispatch_uid=_UID)
    task_postrun.disconnect(dispatch_uid=_UID)
    worker_process_shutdown.disconnect(dispatch_uid=_UID)


def _begin(*, task: Any, **_: object) -> None:  # noqa: ANN401 -- Celery has no types
    # On and off with each task would slow QuerySet down for good.
    guarded(lambda: True, None, installation.keep)
    seen = logged_watch(label=str(task.name))
    # Two tasks that run at once, one after the other, are no loop.
    setattr(task.request, _STATE, (seen, begin_unit()))
    seen.__enter__()


def _end(*, task: Any, **_: object) -> None:  # noqa: ANN401 -- Celery has no types
    state = getattr(task.request, _STATE, None)
    if state is None:
        # It began before anybody watched.
        return
    delattr(task.request, _STATE)
    seen, token = state
    end_unit(token)
    seen.__exit__(None, None, None)


def _fold(**_: object) -> None:
    # A process of the pool ends by os._exit(), which runs nothing that was to run at exit.
    guarded(lambda: True, None, storing.flush, _AT_EXIT_SECONDS)
