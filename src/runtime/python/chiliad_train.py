"""The command of training jobs: SageMaker's training toolkit, which runs the caller's script (script mode).

Beyond the toolkit's own command, `train`:
  - What the script wrote to standard error at its end is in output/failure and so in FailureReason, as in SageMaker's
    framework containers. (Their way, capture_error, breaks lines wherever a read of the pipe ends, and with them what
    metric definitions look for. Here the script's standard output is the job's own.)
  - The script hears SIGTERM. The toolkit leaves it to itself alone, would end, and the script with it at once; here the
    script has the job's grace to store what it has.
  - torch_distributed starts the script by torchrun, as in SageMaker's PyTorch containers; MASTER_ADDR and MASTER_PORT are
    set for scripts that make their process group themselves.
"""
import collections
import os
import signal
import sys
import threading
import zlib

import psutil
from sagemaker_training import entry_point, environment, errors, params, runner, torch_distributed
from sagemaker_training.cli.train import main

_MESSAGE_CHARACTERS = 700  # FailureReason has 1,024 for all.
_TORCH_DISTRIBUTED_ENABLED = "sagemaker_torch_distributed_enabled"
_INVOKING = "Invoking script with the following command:"
_OF_THE_TOOLKIT = " sagemaker-training-toolkit "


class StandardError:
    """Standard error of this process and its children, handed on line by line; its last lines are kept."""

    def __init__(self):
        self._lines = collections.deque(maxlen=200)
        self._to = os.dup(2)
        reading, writing = os.pipe()
        os.dup2(writing, 2)
        os.close(writing)
        self._reader = threading.Thread(target=self._hand_on, args=(reading,), daemon=True)
        self._reader.start()

    def _hand_on(self, reading):
        with os.fdopen(reading, "rb") as pipe:
            for line in pipe:
                os.write(self._to, line)
                self._lines.append(line.decode("utf-8", "replace").rstrip())

    def finish(self):
        """The script's last lines, from the last traceback on where there is one."""
        os.dup2(self._to, 2)
        # Children that still run keep the pipe open.
        self._reader.join(timeout=5)
        lines = [line for line in self._lines if line.strip()]
        # The toolkit tells of the job and of the command before it starts the script.
        if _INVOKING in lines:
            lines = lines[lines.index(_INVOKING) + 2:]
        lines = [line for line in lines if _OF_THE_TOOLKIT not in line]
        starts = [index for index, line in enumerate(lines) if line.startswith("Traceback")]
        return "\n".join(lines[starts[-1]:] if starts else lines[-10:])[-_MESSAGE_CHARACTERS:]


def launcher(env):
    """Who starts the script: the distribution that the job asks for, else nobody between it and the toolkit."""
    if env.current_instance_group not in env.distribution_instance_groups:
        return runner.RunnerType.Process
    if env.additional_framework_parameters.get(params.MPI_ENABLED):
        if len(env.hosts) > 1:
            raise errors.ClientError("MPI over several instances does not run here: it starts its processes through an ssh "
                                     "daemon at port 22 of each instance, which a box cannot have. torch_distributed and "
                                     "scripts that call one another by their hosts' names do")
        return runner.RunnerType.MPI
    if env.additional_framework_parameters.get(_TORCH_DISTRIBUTED_ENABLED):
        return runner.RunnerType.TorchDistributed
    return runner.RunnerType.Process


def set_meeting_place(env):
    """Where torch's processes meet. Jobs share the network of the machine, and the port is bound on all its addresses:
    it follows from the job's name, below those that the system gives out by itself, unless the job's Environment has a
    MASTER_PORT."""
    by_name = str(20000 + zlib.crc32(os.environ.get("TRAINING_JOB_NAME", "").encode()) % 10000)
    torch_distributed.MASTER_PORT = os.environ.get("MASTER_PORT", by_name)
    os.environ.setdefault("MASTER_ADDR", env.master_hostname)
    os.environ.setdefault("MASTER_PORT", torch_distributed.MASTER_PORT)


def train():
    """What the toolkit calls for the framework: as it does for none, but with what the script says of its error."""
    env = environment.Environment()
    who = launcher(env)
    set_meeting_place(env)
    said = StandardError()
    try:
        entry_point.run(uri=env.module_dir, user_entry_point=env.user_entry_point, args=env.to_cmd_args(),
                        env_vars=env.to_env_vars(), capture_error=who is runner.RunnerType.MPI, runner_type=who)
    except errors.ExecuteUserScriptError as error:
        error.output = error.output or said.finish()
        raise
    finally:
        said.finish()


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
    # This folder comes first in the path of this process; the script is another one.
    os.environ[params.FRAMEWORK_TRAINING_MODULE_ENV] = "chiliad_train:train"
    sys.stdout.flush()
    main()
