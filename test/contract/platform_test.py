"""`chiliad up` as one process: who may start it where, how it starts and ends, what slow and many clients do to it, and an
endpoint that is updated under load."""
import contextlib
import json
import os
import pathlib
import resource
import signal
import socket
import struct
import threading
import time

import pytest

ROLE = "arn:aws:iam::123456789012:role/chiliad"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet:1"


@pytest.fixture(scope="module")
def endpoint(platform, trained):
    """An endpoint over a small fleet, in service: its name."""
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="platform")
    for archive in trained.glob("*.tar.gz"):
        s3.put_object(Bucket="platform", Key=f"models/{archive.name}", Body=archive.read_bytes())
    for name in ("first", "second"):
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
            "Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://platform/models/"})
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
            "VariantName": name, "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}])
    sagemaker.create_endpoint(EndpointName="fleet", EndpointConfigName="first")
    in_service(sagemaker, "fleet")
    return "fleet"


def in_service(sagemaker, name):
    deadline = time.monotonic() + 60
    while (answer := sagemaker.describe_endpoint(EndpointName=name))["EndpointStatus"] != "InService":
        assert answer["EndpointStatus"] != "Failed" and time.monotonic() < deadline, answer
        time.sleep(0.02)
    return answer


def refusal(chiliad, home, *arguments):
    done = chiliad.run("up", "--home", home, *arguments, check=False)
    assert done.returncode != 0
    return done.stderr


def test_one_server_a_home(platform, chiliad):
    assert "another chiliad up" in refusal(chiliad, platform.home, "--listen", "127.0.0.1:0")


def test_no_auth_is_for_this_machine_alone(chiliad, tmp_path):
    said = refusal(chiliad, tmp_path / "home", "--no-auth", "--listen", "0.0.0.0:0")
    assert "--no-auth" in said


def test_a_taken_port_is_named(platform, chiliad, tmp_path):
    said = refusal(chiliad, tmp_path / "home", "--listen", f"127.0.0.1:{platform.port}")
    assert str(platform.port) in said


def test_the_home_is_its_owners_alone(platform):
    assert platform.home.stat().st_mode & 0o077 == 0
    assert (platform.home / "credentials").stat().st_mode & 0o077 == 0


def test_env_without_a_server_says_what_to_do(chiliad, tmp_path):
    done = chiliad.run("env", "--home", tmp_path, check=False)
    assert done.returncode == 1 and "chiliad up --home" in done.stderr and done.stdout == ""


def listening(pid):
    """[(IPv4 address, port)] of the process, and how many IPv6 ones it listens at; from /proc, which needs no package."""
    inodes = set()
    for descriptor in os.scandir(f"/proc/{pid}/fd"):
        try:
            inodes.add(os.readlink(descriptor.path).removeprefix("socket:[").removesuffix("]"))
        except FileNotFoundError:
            pass
    kept = []
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                kept.append((address, int(port, 16)))
    return [(socket.inet_ntoa(struct.pack("<I", int(a, 16))), port) for a, port in kept if len(a) == 8], \
        sum(len(a) > 8 for a, _ in kept)


def test_it_listens_on_loopback_only(platform):
    ours, of_ipv6 = listening(platform.process.pid)
    # The services' port, and one where programs of users fetch keys.
    assert ("127.0.0.1", platform.port) in ours and len(ours) == 2
    assert all(address == "127.0.0.1" for address, _ in ours) and of_ipv6 == 0


def test_no_auth_serves_whoever_is_on_this_machine(start_platform):
    platform = start_platform("--no-auth")
    nobody = {"aws_access_key_id": "made-up", "aws_secret_access_key": "made-up"}
    assert platform.client("s3", **nobody).list_buckets()["Buckets"] == []
    assert platform.client("sts", **nobody).get_caller_identity()["Account"] == "123456789012"


def test_an_update_loses_no_request(platform, endpoint):
    sagemaker = platform.client("sagemaker")
    stop, failures, variants = threading.Event(), [], set()
    counts = [0] * 4

    def hammer(number):
        runtime = platform.client("sagemaker-runtime")
        while not stop.is_set():
            try:
                answer = runtime.invoke_endpoint(EndpointName=endpoint, TargetModel=f"{number}.tar.gz",
                                                 ContentType="application/json", Body=b'{"period": 2}')
                variants.add(answer["InvokedProductionVariant"])
                assert len(json.loads(answer["Body"].read())["yhat"]) == 2
                counts[number] += 1
            except Exception as error:  # Whatever it is, it is a lost request.
                failures.append(repr(error))
                return

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(10):
        config = ("second", "first")[turn % 2]
        sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
        assert in_service(sagemaker, endpoint)["EndpointConfigName"] == config
        time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert variants == {"first", "second"} and min(counts) > 10


def test_a_client_that_never_finishes_its_request_harms_nobody(platform, endpoint):
    slow = [begin(platform, HALF_A_HEAD), begin(platform, upload(platform, 100_000, b"half"))]
    began = time.monotonic()
    assert platform.client("sagemaker").list_models()["Models"]
    assert time.monotonic() - began < 5
    for client in slow:
        client.close()


HALF_A_HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: SageMaker.ListModels\r\n"


def upload(platform, size, body):
    """The bytes of a PutObject that is allowed, with this much of its body."""
    url = platform.client("s3").generate_presigned_url(
        "put_object", Params={"Bucket": "platform", "Key": "slow"}, ExpiresIn=600)
    path = url.removeprefix(platform.url)
    return (f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{platform.port}\r\nContent-Length: {size}\r\n\r\n").encode() + body


def begin(platform, request):
    client = socket.create_connection(("127.0.0.1", platform.port), timeout=90)
    client.sendall(request)
    return client


def seconds_until_cut(client, more=b""):
    """How long the server bears with a client that sends a byte now and then, or nothing; and its last words."""
    began, said = time.monotonic(), b""
    client.settimeout(0.5 if more else 90)
    while True:
        try:
            if not (piece := client.recv(4096)):
                return time.monotonic() - began, said
            said += piece
        except TimeoutError:
            assert more and time.monotonic() - began < 90
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.sendall(more)
        except ConnectionResetError:  # It was still sending when it was cut.
            return time.monotonic() - began, said


def test_a_client_that_never_finishes_its_head_is_cut(platform):
    silent, trickling = begin(platform, HALF_A_HEAD), begin(platform, HALF_A_HEAD + b"X-Long: ")
    seconds, said = seconds_until_cut(trickling, b"x")
    assert 8 < seconds < 20 and (not said or said.startswith(b"HTTP/1.1 408 ")), (seconds, said)
    seconds, said = seconds_until_cut(silent)
    assert seconds < 5 and (not said or said.startswith(b"HTTP/1.1 408 ")), (seconds, said)


@pytest.mark.long
def test_a_client_that_never_finishes_its_body_is_cut(platform, endpoint):
    object_of_one = begin(platform, upload(platform, 100_000, b"half"))
    trickling = begin(platform, upload(platform, 100_000, b"half"))
    seconds, _ = seconds_until_cut(trickling, b"x")
    assert 50 < seconds < 80
    seconds, _ = seconds_until_cut(object_of_one)
    assert seconds < 20
    s3 = platform.client("s3")
    assert "slow" not in [one["Key"] for one in s3.list_objects_v2(Bucket="platform")["Contents"]]
    assert list((platform.home / "store/.chiliad/new").iterdir()) == []


def test_ten_thousand_connections(platform, endpoint):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 10_500:
        pytest.skip(f"the limit of open files is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    clients = []
    try:
        for number in range(9_900):
            # One source address has 28,000 ports: enough, but others may be using some.
            client = socket.socket()
            client.bind((f"127.0.0.{2 + number % 4}", 0))
            client.connect(("127.0.0.1", platform.port))
            clients.append(client)
        request = b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        for client in clients[::100]:
            client.settimeout(10)
            client.sendall(request)
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
        answer = platform.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint, TargetModel="1.tar.gz", ContentType="application/json", Body=b'{"period": 2}')
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    finally:
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_sigterm_ends_it_in_order_with_a_job_that_runs(start_platform, tmp_path):
    platform = start_platform()
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="drain")
    for customer in range(300):
        s3.put_object(Bucket="drain", Key=f"series/{customer}.csv",
                      Body="".join(f"2022-01-{day:02},{day}\n" for day in range(1, 31)).encode())
    sagemaker.create_training_job(
        TrainingJobName="t", RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        InputDataConfig=[{"ChannelName": "training", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://drain/series/", "S3DataDistributionType": "FullyReplicated"}}}],
        OutputDataConfig={"S3OutputPath": "s3://drain/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 600})
    assert platform.stop(signal.SIGTERM) == 0, "".join(platform.log)
    again = start_platform()
    deadline = time.monotonic() + 60
    while (status := again.client("sagemaker").describe_training_job(TrainingJobName="t")["TrainingJobStatus"]) \
            != "Completed":
        assert status == "InProgress" and time.monotonic() < deadline, status
        time.sleep(0.1)
