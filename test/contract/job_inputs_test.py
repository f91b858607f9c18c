"""What a training job reads and how long it may run, as boto3 asks for it: records dealt over instances, manifests,
packed channels, MaxRuntimeInSeconds, and changes while it runs."""
import csv
import datetime
import gzip
import io
import json
import time
import uuid

import botocore.exceptions
import pytest

ROLE = "arn:aws:iam::123456789012:role/chiliad"
PROPHET = "683313688378.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet:1"
BUCKET = "job-inputs"
START = datetime.date(2020, 1, 1)


@pytest.fixture(scope="module")
def s3(platform):
    client = platform.client("s3")
    client.create_bucket(Bucket=BUCKET)
    for customer in range(6):
        text = "".join(f"{day},{value}\n" for day, value in rows(customer)).encode()
        client.put_object(Bucket=BUCKET, Key=f"series/{customer}.csv", Body=text)
        client.put_object(Bucket=BUCKET, Key=f"packed/{customer}.csv.gz", Body=gzip.compress(text))
    return client


@pytest.fixture(scope="module")
def sagemaker(platform):
    return platform.client("sagemaker")


def rows(customer, days=90):
    return [(START + datetime.timedelta(day), 100 + customer + day * 0.5 + (day * (customer + 1)) % 7)
            for day in range(days)]


def channel(uri, kind="S3Prefix", distribution="ShardedByS3Key", **more):
    source = {"S3DataType": kind, "S3Uri": f"s3://{BUCKET}/{uri}", "S3DataDistributionType": distribution}
    source.update({key: more.pop(key) for key in ("AttributeNames",) if key in more})
    return {"ChannelName": "training", **{"ContentType": "text/csv", **more}, "DataSource": {"S3DataSource": source}}


def start(sagemaker, training, instances=1, seconds=600, **hyperparameters):
    name = f"t-{uuid.uuid4().hex[:12]}"
    sagemaker.create_training_job(
        TrainingJobName=name, RoleArn=ROLE, HyperParameters={key: str(hyperparameters[key]) for key in hyperparameters},
        AlgorithmSpecification={"TrainingImage": PROPHET, "TrainingInputMode": "File"}, InputDataConfig=[training],
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out", "CompressionType": "NONE"},
        CheckpointConfig={"S3Uri": f"s3://{BUCKET}/models/{name}/"},
        ResourceConfig={"InstanceType": "ml.c5.xlarge", "InstanceCount": instances, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": seconds})
    return name


def end_of(sagemaker, name, seconds=120):
    deadline = time.monotonic() + seconds
    while (job := sagemaker.describe_training_job(TrainingJobName=name))["TrainingJobStatus"] in ("InProgress",
                                                                                                    "Stopping"):
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
    return job


def run(sagemaker, *arguments, **keywords):
    name = start(sagemaker, *arguments, **keywords)
    job = end_of(sagemaker, name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return name


def names_below(s3, prefix):
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [entry["Key"].removeprefix(prefix) for entry in listed]


def report(s3, name, host):
    """The series that an instance trained: name -> rows."""
    body = s3.get_object(Bucket=BUCKET, Key=f"out/{name}/output/data/report-{host}.csv")["Body"].read().decode()
    return {row["customer_id"]: int(row["rows"]) for row in csv.DictReader(io.StringIO(body))}


def archives(*customers):
    return [f"{customer}.tar.gz" for customer in sorted(map(str, customers))]


def test_records_are_dealt_by_their_customer_over_the_instances(s3, sagemaker):
    customers = range(1, 21)
    lines = [f"{customer},{day},{value}" for customer in customers for day, value in rows(customer)]
    for part in range(2):
        text = "customer_id,timestamp,consumption\n" + "\n".join(lines[part::2]) + "\n"
        s3.put_object(Bucket=BUCKET, Key=f"tables/{part}.csv", Body=text.encode())
    dealt = {"distribution": "ShardedByRecord", "ContentType": "text/csv; header=present"}
    name = run(sagemaker, channel("tables/", AttributeNames=["customer_id"], **dealt), instances=3)
    assert names_below(s3, f"models/{name}/") == archives(*customers)
    reports = [report(s3, name, f"algo-{at}") for at in (1, 2, 3)]
    assert all(reports) and sum(map(len, reports)) == len(customers)
    assert {series: count for one in reports for series, count in one.items()} == {str(c): 90 for c in customers}
    # Without the column a customer's rows would lie on several instances.
    name = start(sagemaker, channel("tables/", **dealt), instances=3)
    assert "AttributeNames" in end_of(sagemaker, name)["FailureReason"]


def test_a_manifest_names_the_files_of_a_channel(s3, sagemaker):
    s3.put_object(Bucket=BUCKET, Key="lists/some", Body=json.dumps(
        [{"prefix": f"s3://{BUCKET}/series/"}, "1.csv", "4.csv", "5.csv"]).encode())
    name = run(sagemaker, channel("lists/some", "ManifestFile"), instances=2)
    assert names_below(s3, f"models/{name}/") == archives(1, 4, 5)
    assert (len(report(s3, name, "algo-1")), len(report(s3, name, "algo-2"))) == (2, 1)
    s3.put_object(Bucket=BUCKET, Key="lists/missing", Body=json.dumps(
        [{"prefix": f"s3://{BUCKET}/series/"}, "77.csv"]).encode())
    job = end_of(sagemaker, start(sagemaker, channel("lists/missing", "ManifestFile")))
    assert job["TrainingJobStatus"] == "Failed" and "series/77.csv" in job["FailureReason"]


@pytest.mark.parametrize("key", ["odd//1.csv", "odd/a/../1.csv", "odd/./1.csv", "odd/.chiliad-x/1.csv"])
def test_a_key_that_can_be_no_file_fails_the_job_by_name(s3, sagemaker, key):
    prefix = f"{uuid.uuid4().hex}/"
    for name in (prefix, f"{prefix}odd/", f"{prefix}1.csv"):  # Markers of folders are no such keys.
        s3.put_object(Bucket=BUCKET, Key=name, Body="".join(f"{day},{value}\n" for day, value in rows(1)).encode())
    run(sagemaker, channel(prefix))
    s3.put_object(Bucket=BUCKET, Key=prefix + key, Body=b"x")
    job = end_of(sagemaker, start(sagemaker, channel(prefix)))
    assert job["TrainingJobStatus"] == "Failed" and f"key '{prefix}{key}': " in job["FailureReason"], job


def test_a_packed_channel_is_unpacked_on_its_way(s3, sagemaker):
    name = run(sagemaker, channel("packed/", CompressionType="Gzip"))
    assert names_below(s3, f"models/{name}/") == archives(*range(6))
    plain = run(sagemaker, channel("series/"))
    for archive in archives(*range(6)):
        etags = {s3.head_object(Bucket=BUCKET, Key=f"models/{job}/{archive}")["ETag"] for job in (name, plain)}
        assert len(etags) == 1, archive
    whole = s3.get_object(Bucket=BUCKET, Key="packed/3.csv.gz")["Body"].read()
    s3.put_object(Bucket=BUCKET, Key="torn/3.csv.gz", Body=whole[:-9])
    job = end_of(sagemaker, start(sagemaker, channel("torn/", CompressionType="Gzip")))
    assert job["TrainingJobStatus"] == "Failed" and "torn/3.csv.gz" in job["FailureReason"]


@pytest.fixture
def slow(s3):
    """A channel of more than a minute's work, a second of it after a few series, with the setting that makes it so."""
    s3.put_object(Bucket=BUCKET, Key="slow/0.csv", Body="".join(f"{d},{v}\n" for d, v in rows(1, 5000)).encode())
    for copy in range(1, 400):
        s3.copy_object(Bucket=BUCKET, Key=f"slow/{copy}.csv", CopySource=f"{BUCKET}/slow/0.csv")
    return channel("slow/"), {"threads": 1, "n_changepoints": 2000}


def test_a_job_over_its_time_is_stopped_and_keeps_what_it_stored(s3, sagemaker, slow):
    training, settings = slow
    name = start(sagemaker, training, seconds=3, **settings)
    job = end_of(sagemaker, name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded"), job
    assert "MaxRuntimeInSeconds" in job["SecondaryStatusTransitions"][-1]["StatusMessage"]
    assert 3 <= job["TrainingTimeInSeconds"] < 60
    assert 0 < len(names_below(s3, f"models/{name}/")) < 400
    assert job["ModelArtifacts"]["S3ModelArtifacts"].startswith(f"s3://{BUCKET}/out/{name}/")


def test_a_running_job_alone_is_changed(sagemaker, slow):
    training, settings = slow
    name = start(sagemaker, training, **settings)
    sagemaker.update_training_job(TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 600},
                                  ProfilerConfig={"DisableProfiler": True})
    job = sagemaker.describe_training_job(TrainingJobName=name)
    assert job["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 600
    assert job["ResourceConfig"]["InstanceCount"] == 1 and job["ProfilerConfig"]["DisableProfiler"]
    sagemaker.stop_training_job(TrainingJobName=name)
    assert end_of(sagemaker, name)["TrainingJobStatus"] == "Stopped"
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        sagemaker.update_training_job(TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 60})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert "in status Stopped" in refused.value.response["Error"]["Message"]
