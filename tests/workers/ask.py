"""Ask a worker of processes for some tasks, and wait for their results."""

import os


def main() -> None:
    """Send four tasks that work and one that fails."""
    from tests.workers.celery_tasks import failing, slow, use_folder

    use_folder(os.environ["WORKER_FOLDER"])
    results = [slow.delay() for _ in range(4)]
    failed = failing.delay()
    assert [len(result.get(timeout=120)) for result in results] == [3] * 4
    assert isinstance(failed.get(timeout=120, propagate=False), ValueError)


if __name__ == "__main__":
    main()
