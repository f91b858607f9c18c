"""What Multi Model Server runs in the process of each model: the caller's model_fn, input_fn, predict_fn, output_fn or
transform_fn, by SageMaker's inference toolkit.

Where the code is taken from, for each model by itself:
  1. SAGEMAKER_SUBMIT_DIRECTORY, when that folder is there: the program SAGEMAKER_PROGRAM in it, for all models
  2. <model>/code: SAGEMAKER_PROGRAM, else inference.py
  3. <model>: likewise
  4. none: the framework's defaults (chiliad_framework_defaults.py)
A process holds one model, so modules of one model's code are never seen by another's.

The model is loaded when Multi Model Server loads it. What model_fn raises is answered to each call, which tries again, as
in SageMaker's containers; no memory is answered to the load, so that room can be made.
"""
import fcntl
import importlib
import importlib.metadata
import importlib.util
import logging
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import traceback

# This folder comes first in a worker's path; a module of the caller must not be hidden by one of it.
_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _HERE]

SUBMIT_DIRECTORY = "SAGEMAKER_SUBMIT_DIRECTORY"
PROGRAM = "SAGEMAKER_PROGRAM"
FRAMEWORK = "CHILIAD_FRAMEWORK"
DEFAULT_PROGRAM = "inference.py"


def find_code(model_dir):
    """(folder, program's path) of a model's code, or None."""
    program = os.environ.get(PROGRAM) or DEFAULT_PROGRAM
    submitted = os.environ.get(SUBMIT_DIRECTORY, "")
    places = [(os.path.join(model_dir, "code"), program), (os.path.join(model_dir, "code"), DEFAULT_PROGRAM),
              (model_dir, program), (model_dir, DEFAULT_PROGRAM)]
    if os.path.isdir(submitted):
        places.insert(0, (submitted, program))
    for folder, name in places:
        path = os.path.join(folder, name if name.endswith(".py") else name + ".py")
        if os.path.isfile(path):
            return folder, path
    return None


def _load_own(name):
    spec = importlib.util.spec_from_file_location(name, os.path.join(_HERE, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def import_program(folder, path):
    """The module of the program, also under a name that a library has."""
    for entry in (folder, os.path.dirname(path)):
        if entry in sys.path:
            sys.path.remove(entry)
        sys.path.insert(0, entry)
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        # The next call tries again.
        del sys.modules[name]
        raise
    return name


# ---------------------------------------------------------------------------------------------------
# requirements.txt of a model's code
# ---------------------------------------------------------------------------------------------------


def is_satisfied(file):
    """Whether all that a requirements.txt names is there; a line that only pip understands counts as not."""
    from packaging.requirements import InvalidRequirement, Requirement

    with open(file, encoding="utf-8") as lines:
        for line in lines:
            text = line.split(" #")[0].strip()
            if not text or text.startswith("#"):
                continue
            try:
                wanted = Requirement(text)
                if wanted.marker is not None and not wanted.marker.evaluate():
                    continue
                if wanted.url or wanted.extras:
                    return False
                if not wanted.specifier.contains(importlib.metadata.version(wanted.name), prereleases=True):
                    return False
            except (InvalidRequirement, importlib.metadata.PackageNotFoundError):
                return False
    return True


def install_requirements(file):
    """Installs what is missing. What another model of this server was given stays as it is: a requirements.txt that
    wants another version of that fails, and with it the load of its model."""
    if is_satisfied(file):
        return
    with open(os.path.join(tempfile.gettempdir(), "chiliad-pip.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        own = sysconfig.get_paths()["purelib"]
        fixed = [f"{found.metadata['Name']}=={found.version}" for found in importlib.metadata.distributions(path=[own])]
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
            constraints.write("\n".join(fixed))
            constraints.flush()
            command = [sys.executable, "-m", "pip", "install", "--progress-bar", "off", "-r", file, "-c", constraints.name]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  cwd=os.path.dirname(file), check=False)
        print(done.stdout, flush=True)
        if done.returncode != 0:
            said = [line for line in done.stdout.splitlines() if line.startswith("ERROR")] or done.stdout.splitlines()[-5:]
            raise RuntimeError(f"pip install -r {file}: " + " | ".join(said))
    importlib.invalidate_caches()


# ---------------------------------------------------------------------------------------------------
# The service
# ---------------------------------------------------------------------------------------------------


class ModelService:
    def __init__(self, model_dir):
        self._model_dir = model_dir
        self._transformer = None

    def load(self, context):
        from sagemaker_inference.transformer import Transformer

        defaults = _load_own("chiliad_framework_defaults").BY_NAME[os.environ.get(FRAMEWORK, "none")]
        began = time.monotonic()
        code = find_code(self._model_dir)
        if code is not None:
            folder, path = code
            requirements = os.path.join(folder, "requirements.txt")
            if os.path.isfile(requirements):
                install_requirements(requirements)
            # The toolkit asks for the module by this name and finds it loaded.
            os.environ[PROGRAM] = import_program(folder, path)
        else:
            submitted, program = os.environ.get(SUBMIT_DIRECTORY, ""), os.environ.get(PROGRAM)
            if program and os.path.isdir(submitted):
                raise FileNotFoundError(f"{PROGRAM}: {program} is neither in {SUBMIT_DIRECTORY} ({submitted}) nor in the model "
                                        f"({self._model_dir}) or its code folder")
            os.environ[PROGRAM] = "chiliad_no_program"
        transformer = Transformer(default_inference_handler=defaults())
        transformer.validate_and_initialize(model_dir=self._model_dir, context=context)
        self._transformer = transformer
        print(f"model in {self._model_dir} loaded in {time.monotonic() - began:.3f} s by "
              f"{code[1] if code else 'the defaults of the framework'}", flush=True)

    def answer(self, data, context):
        if self._transformer is None:
            self.load(context)
        return self._transformer.transform(data, context)


_service = None


def handle(data, context):
    """Multi Model Server's entry point: without data to load the model, then for each call."""
    global _service
    if _service is None:
        _service = ModelService(context.system_properties["model_dir"])
    program = os.environ.get(PROGRAM)
    try:
        if data is None:
            _service.load(context)
            return None
        return _service.answer(data, context)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001: whatever the caller's code raises is the answer
        os.environ.pop(PROGRAM, None) if program is None else os.environ.__setitem__(PROGRAM, program)
        trace = traceback.format_exc()
        logging.error("%s", trace)
        if data is None:
            return None
        context.set_all_response_status(code=500, phrase="Internal Server Error")
        return [f"{error}\n{trace}"] * len(data)
