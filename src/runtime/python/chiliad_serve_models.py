"""The command of model servers: Multi Model Server with SageMaker's inference toolkit, as a container of SageMaker serves.

    SAGEMAKER_BIND_TO_PORT        the port on 127.0.0.1 (8080)
    SAGEMAKER_MULTI_MODEL         true: models come and go by /models; else the one in --model is loaded
    SAGEMAKER_MODEL_SERVER_WORKERS  processes a model (1)
    SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS, SAGEMAKER_MODEL_SERVER_TIMEOUT  seconds, or else minutes (60), that a load or a
                                  call may take before its process is ended and started again
    SAGEMAKER_PROGRAM, SAGEMAKER_SUBMIT_DIRECTORY   chiliad_model_service.py
    MMS_...                       Multi Model Server's own settings, but for its addresses

The program becomes the server: there is no process between the two, and SIGTERM ends it.
"""
import argparse
import glob
import os
import sys
import tempfile

import mms

import chiliad_model_service as service

_HERE = os.path.dirname(os.path.abspath(__file__))

# To standard output alone: the box's lines are the endpoint's log. Calls are counted by who sends them.
_LOG_CONFIGURATION = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration>
  <Appenders>
    <Console name="STDOUT" target="SYSTEM_OUT"><PatternLayout pattern="%d{ISO8601} [%-5p] %t %c - %m%n"/></Console>
  </Appenders>
  <Loggers>
    <Logger name="ACCESS_LOG" level="off"/>
    <Logger name="MODEL_METRICS" level="off"/>
    <Logger name="MMS_METRICS" level="off"/>
    <Logger name="io.netty" level="error"/>
    <Logger name="org.apache" level="off"/>
    <Root level="info"><AppenderRef ref="STDOUT"/></Root>
  </Loggers>
</Configuration>
"""


def write_settings(folder, multi_model, model):
    """Multi Model Server's properties, and which file they are in."""
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    timeout = int(os.environ.get("SAGEMAKER_MODEL_SERVER_TIMEOUT", "60"))
    workers = int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or "1")
    settings = {
        "inference_address": f"http://127.0.0.1:{port}",
        "management_address": f"http://127.0.0.1:{port}",
        "model_store": "/",
        "default_service_handler": f"{_HERE}/chiliad_model_service.py:handle",
        "default_workers_per_model": workers,
        # Minutes. In seconds there is another setting, which wins over it.
        "default_response_timeout": timeout,
        # Batch transform sends up to 100 MB.
        "max_request_size": 100 << 20,
        "max_response_size": 100 << 20,
        "decode_input_request": "false",
        "async_logging": "true",
        "enable_envvars_config": "true",
    }
    if os.environ.get("SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS"):
        settings["default_response_timeout_seconds"] = int(os.environ["SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS"])
    if not multi_model:
        settings["load_models"] = f"model={model}"
    path = os.path.join(folder, "config.properties")
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
    return path


def java_command(folder, settings):
    home = os.path.dirname(os.path.dirname(os.path.abspath(mms.__file__)))
    log_configuration = os.path.join(folder, "log4j2.xml")
    with open(log_configuration, "w", encoding="ascii") as file:
        file.write(_LOG_CONFIGURATION)
    jars = ":".join(sorted(glob.glob(os.path.join(home, "mms", "frontend", "*.jar"))))
    java = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java"
    return [java,
            # The models' memory is in their own processes; what is here are bodies on their way.
            *os.environ.get("CHILIAD_JAVA_OPTIONS", "-Xmx512m -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1").split(),
            f"-Dmodel_server_home={home}", f"-Djava.io.tmpdir={folder}",
            f"-Dlog4j.configurationFile=file://{log_configuration}",
            "-cp", jars, "com.amazonaws.ml.mms.ModelServer", "--python", sys.executable, "-f", settings]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--framework", default="none", help="whose defaults stand in for what the code does not define")
    parser.add_argument("--model", default="/opt/ml/model", help="the folder of a single model")
    flags = parser.parse_args()
    multi_model = os.environ.get("SAGEMAKER_MULTI_MODEL", "false").lower() == "true"

    # Once for all models, and not within the time that a load may take.
    for folder in [os.environ.get(service.SUBMIT_DIRECTORY, "")] + ([] if multi_model else [os.path.join(flags.model, "code")]):
        requirements = os.path.join(folder, "requirements.txt")
        if folder and os.path.isfile(requirements):
            service.install_requirements(requirements)

    for name in ("MMS_INFERENCE_ADDRESS", "MMS_MANAGEMENT_ADDRESS", "MMS_CONFIG_FILE"):
        os.environ.pop(name, None)
    os.environ[service.FRAMEWORK] = flags.framework
    # Short: names of sockets lie in it.
    folder = tempfile.mkdtemp(prefix="mms-", dir="/tmp")
    command = java_command(folder, write_settings(folder, multi_model, flags.model))
    os.chdir(folder)
    sys.stdout.flush()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
