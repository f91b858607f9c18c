"""The command of training jobs: SageMaker's training toolkit, which runs the caller's script (script mode).

The toolkit's own command, `train`, leaves SIGTERM to itself alone: it would end, and the script with it at once. Here the
script hears it and has the job's grace to store what it has.
"""
import os
import signal

import psutil
from sagemaker_training.cli.train import main


def _pass_on(number, _frame):
    for process in psutil.Process().children(recursive=True):
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            pass


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _pass_on)
    # What the script prints is told as it comes, whoever started it.
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
