"""What transform jobs over hostile objects take of memory: small gzip files that unpack into records as large as
MaxPayloadInMB allows and larger, lines by the million, and records of a few bytes that ask for megabytes of forecast."""
import gzip
import time

ROLE = "arn:aws:iam::123456789012:role/chiliad"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet:1"
MIB = 1 << 20


def peak_mib(process):
    status = open(f"/proc/{process.pid}/status").read()
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def start(sagemaker, name, kind, payload_mib, split):
    sagemaker.create_transform_job(
        TransformJobName=name, ModelName="fleet", MaxConcurrentTransforms=16, MaxPayloadInMB=payload_mib,
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://hostile/{kind}/"}},
                        "ContentType": "application/json", "CompressionType": "Gzip", "SplitType": split},
        TransformOutput={"S3OutputPath": f"s3://hostile/out/{name}", "AssembleWith": "Line"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})


def end_of(sagemaker, name):
    deadline = time.monotonic() + 300
    while True:
        job = sagemaker.describe_transform_job(TransformJobName=name)
        if job["TransformJobStatus"] in ("Completed", "Failed", "Stopped"):
            return job
        assert time.monotonic() < deadline
        time.sleep(0.2)


def spaces(mib):
    """A record of so many MiB that is right JSON."""
    return b'{"period": 1' + b" " * (mib * MIB - 20) + b"}"


#       what lies in each of the 20 objects, MaxPayloadInMB, SplitType, how the job ends
CASES = {
    "endless": (lambda: b" " * (120 * MIB), 100, "None", "larger than MaxPayloadInMB, 100 MB"),
    "large": (lambda: spaces(90), 100, "None", "the body is larger than 6291456 bytes"),
    "lines": (lambda: (spaces(5) + b"\n") * 2, 6, "Line", None),
    "tiny": (lambda: b"x\n" * MIB, 6, "Line", "the body is not JSON"),
    "greedy": (lambda: b'{"period": 20000}\n' * 4, 6, "Line", None),
}


def test_two_jobs_over_hostile_objects_stay_within_their_memory(start_platform, trained):
    platform = start_platform()
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="hostile")
    model = next(trained.glob("*.tar.gz"))
    s3.put_object(Bucket="hostile", Key=f"models/{model.name}", Body=model.read_bytes())
    sagemaker.create_model(ModelName="fleet", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE, "ModelDataUrl": f"s3://hostile/models/{model.name}"})
    for kind, (make, *_) in CASES.items():
        packed = gzip.compress(make(), 6)
        for at in range(20):
            s3.put_object(Bucket="hostile", Key=f"{kind}/{at}.json.gz", Body=packed)
    for kind, (_, payload_mib, split, reason) in CASES.items():
        names = [f"{kind}-{at}" for at in range(2)]
        for name in names:
            start(sagemaker, name, kind, payload_mib, split)
        for name in names:
            job = end_of(sagemaker, name)
            assert job["TransformJobStatus"] == ("Failed" if reason else "Completed"), job
            assert not reason or reason in job["FailureReason"]
    assert peak_mib(platform.process) < 600
