"""Endpoints behind a model server of one's own (examples/plain_server), and what becomes of calls when it fails."""
import concurrent.futures
import io
import json
import pathlib
import signal
import tarfile
import threading
import time
import uuid

import boto3
import botocore.exceptions
import pytest

from script_jobs import processes

HERE = pathlib.Path(__file__).parent
EXAMPLE = HERE.parent.parent / "examples" / "plain_server"
ROLE = "arn:aws:iam::123456789012:role/chiliad"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"
RUNTIMES = (EXAMPLE / "runtimes.toml").read_text() + """
[[runtime]]
name = "faulty-server"
images = ["faulty-server"]
kind = "python"
serve = ["python3", "/opt/ml/code/faulty_server.py"]
"""


def tar_gz(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def factor(number):
    return tar_gz({"model.json": json.dumps({"factor": number}).encode()})


def until(ready, limit=60):
    """What ready() answers once it is anything."""
    deadline = time.monotonic() + limit
    while not (answer := ready()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


class Servers:
    """A platform that knows the two servers, with models 0 to 39 in s3://models/m/."""

    def __init__(self, new_platform, home, *arguments):
        home.mkdir(mode=0o700, exist_ok=True)
        (home / "runtimes.toml").write_text(RUNTIMES)
        self.platform = new_platform(home, *arguments)
        self.word = f"chiliad-test-{uuid.uuid4()}"
        self.connect()
        self.s3.create_bucket(Bucket="models")
        code = {path.name: path.read_bytes() for path in (EXAMPLE / "plain_server.py", HERE / "faulty_server.py")}
        self.s3.put_object(Bucket="models", Key="code/sourcedir.tar.gz", Body=tar_gz(code))
        for number in range(40):
            self.put(f"{number}.tar.gz", factor(number))

    def connect(self):
        self.s3, self.sagemaker, self.runtime, self.logs, self.metrics = (
            self.platform.client(name) for name in ("s3", "sagemaker", "sagemaker-runtime", "logs", "cloudwatch"))

    def stored(self, uri):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None

    def put(self, model, body):
        self.s3.put_object(Bucket="models", Key=f"m/{model}", Body=body)

    def create(self, name, image="faulty-server", single=False, wait=True, variant=None, config=None, **environment):
        container = {"Image": REGISTRY + image, "Environment": {
            "SAGEMAKER_SUBMIT_DIRECTORY": "s3://models/code/sourcedir.tar.gz", "CHILIAD_TEST": self.word, **environment}}
        if single:
            container["ModelDataUrl"] = "s3://models/m/7.tar.gz"
        else:
            container.update(Mode="MultiModel", ModelDataUrl="s3://models/m/")
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
            "VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large",
            **(variant or {})}], **(config or {}))
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        if wait:
            assert self.status(name) == "InService", self.describe(name)

    def describe(self, name):
        return self.sagemaker.describe_endpoint(EndpointName=name)

    def status(self, name):
        return until(lambda: (status := self.describe(name)["EndpointStatus"]) != "Creating" and status, 120)

    def call(self, name, model, body="2", **more):
        target = {"TargetModel": f"{model}.tar.gz"} if model is not None else {}
        return self.runtime.invoke_endpoint(EndpointName=name, Body=body, ContentType="application/json", **target,
                                            **more)["Body"].read().decode()

    def error(self, name, model, body="2"):
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            self.call(name, model, body)
        return raised.value.response

    def call_again(self, name, model, body="2"):
        """As SDKs do: again while the answer is to come later. The answers on the way have to be 429 or 503."""
        def once():
            try:
                return self.call(name, model, body)
            except botocore.exceptions.ClientError as error:
                answer = error.response["ResponseMetadata"]
                assert answer["HTTPStatusCode"] in (429, 503), error.response
                assert answer["HTTPHeaders"]["retry-after"] == "1"
                return None
        return until(once)

    def lines(self, name):
        group = f"/aws/sagemaker/Endpoints/{name}"
        return [event["message"] for stream in self.logs.describe_log_streams(logGroupName=group)["logStreams"]
                for event in self.logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"],
                                                      startFromHead=True)["events"]]


@pytest.fixture(scope="module")
def servers(new_platform, tmp_path_factory):
    servers = Servers(new_platform, tmp_path_factory.mktemp("platform") / "home")
    yield servers
    assert servers.platform.stop() == 0, "".join(servers.platform.log)
    assert not processes(servers.word)


@pytest.fixture(scope="module")
def many(servers):
    """An endpoint whose server has room for four models."""
    servers.create("many", MOST_MODELS="4")
    return "many"


@pytest.fixture(scope="module")
def one(servers):
    servers.create("one", single=True, config={
        "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://models/answers",
                                                  "S3FailurePath": "s3://models/failures"}}})
    return "one"


def test_the_example_serves_as_its_page_says(servers):
    servers.create("plain", "plain-server")
    assert servers.call("plain", 3, "14") == "42"
    assert "chiliad: the server is ready" in servers.lines("plain")


def test_models_are_loaded_and_dropped_and_every_answer_is_right(servers, many):
    for number in [*range(10), *range(10)]:
        assert servers.call(many, number) == str(2 * number)


def test_errors_say_whose_they_are(servers, many):
    missing = servers.error(many, "none")
    assert missing["Error"]["Code"] == "ValidationError" and "key: m/none.tar.gz" in missing["Error"]["Message"]
    handler = servers.error(many, 3, "no number")
    assert (handler["Error"]["Code"], handler["OriginalStatusCode"]) == ("ModelError", 500)
    assert handler["OriginalMessage"].startswith("Expecting value")
    servers.put("damaged.tar.gz", factor(1)[:40])
    servers.put("hostile.tar.gz", tar_gz({"../../escaped": b"x"}))
    servers.put("empty.tar.gz", tar_gz({"other": b""}))
    for model, words in (("damaged", "damaged.tar.gz"), ("hostile", "'..'"), ("empty", "model.json")):
        error = servers.error(many, model)
        assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 500)
        assert words in error["OriginalMessage"], error
    assert servers.call(many, 3) == "6"


def test_an_overwritten_object_answers_the_next_call(servers, many):
    for number in range(12):
        servers.put("changing.tar.gz", factor(number))
        assert servers.call(many, "changing") == str(2 * number)
    servers.s3.delete_object(Bucket="models", Key="m/changing.tar.gz")
    assert servers.error(many, "changing")["Error"]["Code"] == "ValidationError"


def test_a_model_that_the_server_lost_is_loaded_again(servers, many):
    assert servers.call(many, 5) == "10"
    servers.call(many, 5, '{"do": "forget"}')
    assert servers.call(many, 5) == "10"


def test_what_is_no_http_is_answered_later(servers, many):
    error = servers.error(many, 5, '{"do": "garbage"}')
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert error["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"
    assert servers.call(many, 5) == "10"


def test_a_server_that_ends_is_started_again_and_its_models_come_back(servers, many):
    gone = servers.error(many, 6, '{"do": "crash"}')["ResponseMetadata"]
    assert (gone["HTTPStatusCode"], gone["HTTPHeaders"]["retry-after"]) == (503, "1")
    for number in (6, 7, 8):
        assert servers.call_again(many, number) == str(2 * number)
    ended = next(line for line in servers.lines(many) if line.startswith("chiliad: the server ended with exit code 13"))
    assert ended.endswith("Its last lines: about to crash")


def test_twenty_clients_get_right_answers_over_ten_times_the_models_that_fit(servers, many):
    def client(number):
        for call in range(20):
            model = (7 * number + 3 * call) % 40
            assert servers.call_again(many, model) == str(2 * model)
        return True

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert all(pool.map(client, range(20)))


def test_slow_calls_of_one_model_do_not_hold_up_another(servers, many):
    assert servers.call(many, 1) == "2"
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(servers.call, many, 2, '{"do": "hold", "until": "others answered"}') for _ in range(4)]
        for _ in range(5):
            assert servers.call(many, 1) == "2"
        assert servers.call(many, 1, '{"do": "release", "word": "others answered"}') == "said"
        assert [call.result() for call in slow] == ["released"] * 4


def test_a_server_that_does_not_start_fails_its_endpoint_with_its_last_words(servers):
    servers.create("failing", wait=False, FAIL_START="1")
    assert servers.status("failing") == "Failed"
    reason = servers.describe("failing")["FailureReason"]
    assert "ended with exit code 1. Its last lines: this server does not start" in reason
    assert "/aws/sagemaker/Endpoints/failing" in reason
    with pytest.raises(botocore.exceptions.ClientError, match="runtime"):
        servers.create("unknown", "nobodys-server")


def test_a_server_that_starts_slowly_is_waited_for(servers):
    servers.create("slow", SLOW_START="4", wait=False, variant={"ContainerStartupHealthCheckTimeoutInSeconds": 60})
    assert servers.describe("slow")["EndpointStatus"] == "Creating"
    assert servers.status("slow") == "InService"
    servers.sagemaker.delete_endpoint(EndpointName="slow")


def test_an_update_to_a_server_that_fails_leaves_the_old_one_in_service(servers, many):
    sagemaker = servers.sagemaker
    servers.create("updated", MOST_MODELS="4")
    sagemaker.update_endpoint(EndpointName="updated", EndpointConfigName="failing")
    described = until(lambda: (now := servers.describe("updated"))["EndpointStatus"] != "Updating" and now)
    assert described["EndpointStatus"] == "InService" and "this server does not start" in described["FailureReason"]
    assert servers.call("updated", 9) == "18"
    sagemaker.update_endpoint(EndpointName="updated", EndpointConfigName="many")
    until(lambda: servers.describe("updated")["EndpointStatus"] == "InService")
    assert servers.call("updated", 9) == "18"
    sagemaker.delete_endpoint(EndpointName="updated")


def test_a_single_model_its_fields_and_its_stream(servers, one):
    assert servers.call(one, None) == "14"
    answer = servers.runtime.invoke_endpoint(EndpointName=one, Body='{"do": "fields"}', ContentType="text/x-own",
                                             Accept="text/csv", CustomAttributes="a=1", InferenceId="i-1")
    assert answer["CustomAttributes"] == "from the container"
    seen = json.loads(answer["Body"].read())
    assert (seen["content-type"], seen["accept"]) == ("text/x-own", "text/csv")
    assert seen["x-amzn-sagemaker-custom-attributes"] == "a=1" and seen["x-amzn-sagemaker-inference-id"] == "i-1"
    stream = servers.runtime.invoke_endpoint_with_response_stream(
        EndpointName=one, Body='{"do": "stream", "until": "the first came"}')
    assert stream["ContentType"] == "text/plain"
    pieces = (event["PayloadPart"]["Bytes"] for event in stream["Body"])
    assert next(pieces) == b"one "  # While the server holds back the next.
    assert servers.call(one, None, '{"do": "release", "word": "the first came"}') == "said"
    assert b"".join(pieces) == b"two three"


def test_its_environment_has_keys_of_the_models_role(servers, one):
    environment = json.loads(servers.call(one, None, '{"do": "environment"}'))
    assert environment["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/code" and environment["AWS_ENDPOINT_URL"] == servers.platform.url
    assert not {"AWS_ACCESS_KEY_ID", "SAGEMAKER_MULTI_MODEL"} & set(environment)
    keys = json.loads(servers.call(one, None, '{"do": "keys"}'))
    sts = boto3.client("sts", endpoint_url=servers.platform.url, region_name="us-east-1",
                       aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                       aws_session_token=keys["Token"])
    assert sts.get_caller_identity()["Arn"] == "arn:aws:sts::123456789012:assumed-role/chiliad/SageMaker"


def test_asynchronous_calls_and_transform_jobs_are_answered_by_it(servers, one):
    for name, body in (("good", b"3"), ("bad", b"no number")):
        servers.s3.put_object(Bucket="models", Key=f"inputs/{name}", Body=body)
    good, bad = (servers.runtime.invoke_endpoint_async(EndpointName=one, InputLocation=f"s3://models/inputs/{name}")
                 for name in ("good", "bad"))
    assert until(lambda: servers.stored(good["OutputLocation"])) == b"21"
    assert b"Expecting value" in until(lambda: servers.stored(bad["FailureLocation"]))
    servers.s3.put_object(Bucket="models", Key="records/all.jsonl", Body=b"1\n2\n3\n")
    servers.sagemaker.create_transform_job(
        TransformJobName="transform", ModelName="one",
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://models/records/"}},
                        "SplitType": "Line", "ContentType": "application/json"},
        TransformOutput={"S3OutputPath": "s3://models/transformed", "AssembleWith": "Line"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})
    job = until(lambda: (now := servers.sagemaker.describe_transform_job(TransformJobName="transform"))[
        "TransformJobStatus"] != "InProgress" and now)
    assert job["TransformJobStatus"] == "Completed", job
    assert servers.stored("s3://models/transformed/all.jsonl.out") == b"7\n14\n21\n"


def test_asynchronous_calls_beside_one_that_ends_the_server_are_answered(servers, one):
    def call(action):
        name = f"inputs/{uuid.uuid4()}"
        servers.s3.put_object(Bucket="models", Key=name, Body=json.dumps(action).encode())
        return servers.runtime.invoke_endpoint_async(EndpointName=one, InputLocation=f"s3://models/{name}",
                                                     ContentType="application/json")

    # Three of them are in the server for the seconds in which the fourth ends it.
    beside = [call({"do": "sleep", "seconds": 2}) for _ in range(3)]
    killer = call({"do": "crash"})
    failure = until(lambda: servers.stored(killer["FailureLocation"]), 120)
    assert b"broke off" in failure, failure
    for one_of_them in beside:
        ended = until(lambda: servers.stored(one_of_them["OutputLocation"]) or servers.stored(one_of_them["FailureLocation"]), 120)
        assert ended == b"slept"
    # It was in company at most once, and by itself three times.
    ends = [line for line in servers.lines(one) if line.startswith("chiliad: the server ended with exit code 13")]
    assert 3 <= len(ends) <= 4, ends


def test_metrics_tell_of_loads(servers, many):
    def loads():
        now = time.time()
        points = servers.metrics.get_metric_statistics(
            Namespace="AWS/SageMaker", MetricName="ModelLoadingTime", StartTime=now - 3600, EndTime=now + 60, Period=3600,
            Statistics=["SampleCount"],
            Dimensions=[{"Name": "EndpointName", "Value": many}, {"Name": "VariantName", "Value": "AllTraffic"}])
        return sum(point["SampleCount"] for point in points["Datapoints"]) > 4
    assert servers.call(many, 1) == "2"
    until(loads)


def test_a_deleted_endpoint_leaves_no_process(servers):
    servers.create("gone", MOST_MODELS="1", CHILIAD_TEST=f"{servers.word}-gone")
    assert servers.call("gone", 4) == "8"
    assert processes(f"{servers.word}-gone")
    servers.sagemaker.delete_endpoint(EndpointName="gone")
    until(lambda: not processes(f"{servers.word}-gone"))


def test_a_leak_ends_the_server_and_nothing_else(new_platform, tmp_path):
    servers = Servers(new_platform, tmp_path / "home", "--container-memory", "200M")
    try:
        servers.create("leaking")
        assert servers.call("leaking", 3) == "6"
        for _ in range(4):
            try:
                servers.call("leaking", 3, '{"do": "leak", "mb": 100}')
            except botocore.exceptions.ClientError as error:
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (429, 503)
        until(lambda: any("memory" in line and "the server was ended" in line for line in servers.lines("leaking")))
        assert servers.call_again("leaking", 3) == "6"
    finally:
        assert servers.platform.stop() == 0


def test_kill_9_of_the_platform_leaves_no_process_and_endpoints_come_back(new_platform, tmp_path):
    home = tmp_path / "home"
    servers = Servers(new_platform, home)
    servers.create("many", MOST_MODELS="4")
    assert servers.call("many", 3) == "6"
    assert processes(servers.word)
    servers.platform.stop(signal.SIGKILL)
    until(lambda: not processes(servers.word), 20)
    servers.platform = new_platform(home)
    servers.connect()
    assert servers.describe("many")["EndpointStatus"] == "InService"
    assert servers.call_again("many", 4) == "8"
    assert servers.platform.stop() == 0
    assert not processes(servers.word)


@pytest.mark.long
def test_a_server_that_hangs_is_started_again_and_no_caller_hangs(new_platform, tmp_path):
    servers = Servers(new_platform, tmp_path / "home")
    try:
        servers.create("hanging")
        assert servers.call("hanging", 3) == "6"
        began, outcomes = time.monotonic(), []

        def client():
            try:
                outcomes.append(servers.call("hanging", 3, '{"do": "hang"}'))
            except botocore.exceptions.ClientError as error:
                outcomes.append(error.response["ResponseMetadata"]["HTTPStatusCode"])

        threads = [threading.Thread(target=client) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(90)
        assert not any(thread.is_alive() for thread in threads)
        assert set(outcomes) <= {424, 503} and time.monotonic() - began < 75
        assert servers.call_again("hanging", 3) == "6"
        assert any("did not answer GET /ping" in line for line in servers.lines("hanging"))
    finally:
        assert servers.platform.stop() == 0


@pytest.mark.long
def test_a_model_that_does_not_answer_is_loaded_anew(new_platform, tmp_path):
    servers = Servers(new_platform, tmp_path / "home")
    try:
        servers.create("stalling")
        assert (servers.call("stalling", 3), servers.call("stalling", 4)) == ("6", "8")
        error = servers.error("stalling", 3, '{"do": "stall"}')
        assert (error["ResponseMetadata"]["HTTPStatusCode"], error["OriginalStatusCode"]) == (424, 0)
        assert (servers.call("stalling", 3), servers.call("stalling", 4)) == ("6", "8")
        assert not any("the server was ended" in line for line in servers.lines("stalling"))
    finally:
        assert servers.platform.stop() == 0
