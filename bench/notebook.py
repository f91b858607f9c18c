"""The training job of a notebook on thousands of models, and calls of its endpoint: what do user scripts cost here, and
what does the native image save?

Expected: the python runtime takes as long as plain Python with one process a core, and the start of ten instances (a
second or two each) on top; with CHILIAD_ACCELERATE=1, on chiliad's engine, that start is most of it; native takes about a
second, most of it the start of ten processes. A warm call through Multi Model Server takes
Prophet's own 100 ms, a native one below 1 ms.
    ./run bench notebook

The same 1,000 customers, the same training script (test/usercode/scripts/energy) and the same Prophet 1.1.4 four times:
as two plain processes; as a job of ten instances of AWS's MXNet image, without and with CHILIAD_ACCELERATE=1; as a job of
ten native instances. Jobs are timed
from CreateTrainingJob until they are Completed and their archives lie in the bucket, after the environment was built.
Calls: one client; cold is a model's first call since the endpoint was deployed, warm the third. Checked: the archives of
the job hold the bytes that plain Python stored; accelerated and native ones hold every customer; forecasts of both endpoints agree within
1 % of each other.
"""
import io
import json
import os
import statistics
import subprocess
import tarfile
import time

from data import fleet_folder
from platform_server import IMAGE, ROLE, Platform
from record import ROOT, SCRATCH, expect, remove

QUESTION = "A notebook's training job and endpoint: what do user scripts cost, what does the native image save?"
SCRIPT = "a notebook's training job, 1,000 customers, its own scripts in 10 instances"
ACCELERATED = "the same job with CHILIAD_ACCELERATE=1, its scripts unedited"
NATIVE = "the same job with the native image in 10 instances"
COLD = "first call of one of its models through the SDK, 7 rows, p50"
WARM = "warm call of one of its models through the SDK, 7 rows, p50"
PLAIN = "plain Python, 2 processes"
SERVER, OURS = "Multi Model Server", "native"

SOURCE = ROOT / "test/usercode/scripts/energy"
PYTHON = ROOT / ".venv/prophet-1.1.4/bin/python"
MXNET = "763104351884.dkr.ecr.us-east-1.amazonaws.com/mxnet-training:1.9.0-cpu-py38"
SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.0-1-cpu-py3"
BUCKET = "notebook"
CALLED = 20  # Models of each endpoint.


def plain(series, folder):
    """Seconds of two processes, each with every other series."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    for part in range(2):
        share = folder / f"share-{part}"
        share.mkdir(parents=True)
        for path in series[part::2]:
            (share / path.name).symlink_to(path)
    began = time.perf_counter()
    processes = [subprocess.Popen(
        [PYTHON, SOURCE / "train_customers.py", "--output-dir", folder / "models", "--code-dir", SOURCE, "--scratch-file",
         folder / f"model-{part}.json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "SM_CHANNEL_TRAINING": str(folder / f"share-{part}"), "SM_CURRENT_HOST": "plain"},
        preexec_fn=lambda core=cores[part % len(cores)]: os.sched_setaffinity(0, {core})) for part in range(2)]
    codes = [process.wait() for process in processes]
    seconds = time.perf_counter() - began
    expect(codes == [0, 0], f"the training script ended with {codes}")
    return seconds


def train(platform, name, image, hyperparameters, prefix="series/", environment=None):
    """Seconds of a job of ten instances."""
    sagemaker = platform.client("sagemaker")
    began = time.perf_counter()
    sagemaker.create_training_job(
        TrainingJobName=name, RoleArn=ROLE, HyperParameters=hyperparameters,
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
        InputDataConfig=[{"ChannelName": "training", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}", "S3DataDistributionType": "ShardedByS3Key"}}}],
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out"},
        CheckpointConfig={"S3Uri": f"s3://{BUCKET}/{name}/", "LocalPath": "/opt/ml/checkpoints"},
        ResourceConfig={"InstanceType": "ml.c5.xlarge", "InstanceCount": 10, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 3600}, Environment=environment or {})
    while True:
        job = sagemaker.describe_training_job(TrainingJobName=name)
        if job["TrainingJobStatus"] not in ("InProgress", "Stopping"):
            break
        time.sleep(0.1)
    expect(job["TrainingJobStatus"] == "Completed", job.get("FailureReason"))
    return time.perf_counter() - began


def script_mode(platform):
    """The hyperparameters with which the SageMaker SDK sends a script; the source lies in the bucket from here on."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path in sorted(SOURCE.iterdir()):
            if path.is_file():
                archive.add(path, path.name)
    platform.client("s3").put_object(Bucket=BUCKET, Key="sourcedir.tar.gz", Body=packed.getvalue())
    values = {"sagemaker_submit_directory": f"s3://{BUCKET}/sourcedir.tar.gz", "sagemaker_program": "train_customers.py",
              "sagemaker_container_log_level": 20, "sagemaker_region": "us-east-1"}
    return {name: json.dumps(value) for name, value in values.items()}


def stored(body):
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        return archive.extractfile("model.json").read()


def check_archives(platform, name, names, models=None):
    s3 = platform.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{name}/")
    keys = {entry["Key"].rpartition("/")[2] for page in pages for entry in page.get("Contents", [])}
    expect(set(names) <= keys, f"{name}: {len(set(names) - keys)} archives are missing")
    for archive in names if models else ():
        body = s3.get_object(Bucket=BUCKET, Key=f"{name}/{archive}")["Body"].read()
        expect(stored(body) == stored((models / archive).read_bytes()), f"{archive} is not what plain Python stored")


def deploy(platform, name, image, prefix, environment):
    sagemaker = platform.client("sagemaker")
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": image, "Mode": "MultiModel", "ModelDataUrl": f"s3://{BUCKET}/{prefix}/", "Environment": environment})
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
        "VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.c5.xlarge"}])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 600})


def call(platform, name, names):
    """(model -> the seven values of yhat, seconds of each model's first call, of its third)."""
    client, cold, warm, values = platform.client("sagemaker-runtime"), [], [], {}
    for model in names:
        for seconds in (cold, [], warm):
            began = time.perf_counter()
            body = client.invoke_endpoint(EndpointName=name, TargetModel=model, ContentType="application/json",
                                          Accept="application/json", Body=json.dumps('{"period": 7}'))["Body"].read()
            seconds.append(time.perf_counter() - began)
        answer = json.loads(json.loads(body))
        values[model] = list(answer["yhat"].values())
        expect(len(values[model]) == 7, f"{model}: {body[:200]!r}")
    return values, cold, warm


def measure(record):
    expect(PYTHON.exists(), f"{PYTHON} does not exist: ./run test makes it")
    record.note(subprocess.run([PYTHON, "-c", "import prophet, pandas, numpy; print(f'Prophet {prophet.__version__}, pandas "
                                "{pandas.__version__}, numpy {numpy.__version__}')"], capture_output=True,
                               text=True).stdout.strip())
    series = sorted(fleet_folder(1000).glob("*.csv"))
    names = [f"{path.stem}.tar.gz" for path in series]
    folder = SCRATCH / "notebook"
    remove(folder)
    os.environ.setdefault("CHILIAD_ENVIRONMENTS", str(ROOT / ".venv/environments"))
    with Platform("notebook") as platform:
        s3 = platform.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for path in series:
            s3.put_object(Bucket=BUCKET, Key=f"series/{path.name}", Body=path.read_bytes())
        script = script_mode(platform)
        # The environment is built before the clock runs, by a job of one customer.
        accelerate = {"CHILIAD_ACCELERATE": "1"}
        train(platform, "warm-up", MXNET, script, f"series/{series[0].name}", accelerate)

        # The native job comes first: for minutes ext4 looks at each inode of the boxes that script jobs leave behind whenever
        # a file is made.
        seconds = {PLAIN: plain(series, folder),
                   NATIVE: train(platform, "native", IMAGE.format("prophet"), {
                       "holdout": "7", "seasonality_mode": "multiplicative", "yearly_seasonality": "false",
                       "weekly_seasonality": "false", "daily_seasonality": "false"}),
                   SCRIPT: train(platform, "script", MXNET, script),
                   ACCELERATED: train(platform, "accelerated", MXNET, script, environment=accelerate)}
        check_archives(platform, "script", names, folder / "models")
        check_archives(platform, "accelerated", names)
        check_archives(platform, "native", names)
        for measure in (SCRIPT, ACCELERATED, NATIVE):
            record.add(measure, "chiliad", "s", seconds[measure])
            record.add(measure, PLAIN, "s", seconds[PLAIN])

        deploy(platform, "user-code", SKLEARN, "script", {
            "SAGEMAKER_PROGRAM": "forecast.py", "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{BUCKET}/sourcedir.tar.gz",
            "SAGEMAKER_REGION": "us-east-1", "SAGEMAKER_CONTAINER_LOG_LEVEL": "20"})
        deploy(platform, "native", IMAGE.format("prophet"), "native", {})
        called = names[::len(names) // CALLED]
        answered = {SERVER: call(platform, "user-code", called), OURS: call(platform, "native", called)}
        apart = max(abs(mine - theirs) / abs(theirs) for model in called
                    for mine, theirs in zip(answered[OURS][0][model], answered[SERVER][0][model]))
        expect(apart < 0.01, f"forecasts differ by {apart:.2%}")
        for subject, (_, cold, warm) in answered.items():
            record.add(COLD, subject, "s", statistics.median(cold))
            record.add(WARM, subject, "s", statistics.median(warm))
        record.note(f"forecasts of both endpoints differ by {apart:.3%} at most")
