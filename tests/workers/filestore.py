"""A store that writes each total to a file of its process."""

import json
import os

from quell.store.folding import Batch


class FileStore:
    """What ``QUELL_STORE`` of a worker names."""

    def fold(self, batch: Batch) -> None:
        """Append the endpoint and the requests of each total."""
        with open(f"{os.environ['WORKER_FOLDER']}/folded-{os.getpid()}", "a") as file:
            for total in batch.totals:
                file.write(json.dumps([total.facts.endpoint, total.requests]) + "\n")
