"""One customer's key, which may ask its own model and use its own prefix, tries to reach another's: a hundred ways over
an endpoint and a bucket that do hold what is asked for. Each has to be refused, and nothing may be changed by it."""
import http.client
import json

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

ROLE = "arn:aws:iam::123456789012:role/chiliad"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet"
TARGET = "X-Amzn-SageMaker-Target-Model"
BODY = b'{"period": 7}'
PATH = "/endpoints/fleet/invocations"
# What identity.md gives a customer, and every other action on the customer's own things.
POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync",
                                   "sagemaker:InvokeEndpointWithResponseStream"],
     "Resource": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/fleet",
     "Condition": {"StringEquals": {"sagemaker:TargetModel": "8.tar.gz"}}},
    {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::data/8/*"},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
     "Condition": {"StringLike": {"s3:prefix": "8/*"}}}]}


@pytest.fixture(scope="module")
def fleet(platform, trained):
    s3, sagemaker, iam = platform.client("s3"), platform.client("sagemaker"), platform.client("iam")
    s3.create_bucket(Bucket="data")
    for archive in trained.glob("*.tar.gz"):
        s3.put_object(Bucket="data", Key=f"models/{archive.name}", Body=archive.read_bytes())
    for customer in ("8", "9"):
        s3.put_object(Bucket="data", Key=f"{customer}/rows.csv", Body=b"2022-01-01,1\n")
    sagemaker.create_model(ModelName="fleet", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://data/models/"})
    for name in ("fleet", "other"):
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
            "VariantName": "v", "ModelName": "fleet", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}],
            AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://data/8/answers"}})
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1})
    iam.create_user(UserName="customer-8")
    iam.put_user_policy(UserName="customer-8", PolicyName="own", PolicyDocument=json.dumps(POLICY))
    iam.create_user(UserName="customer-9")
    return {name: iam.create_access_key(UserName=name)["AccessKey"] for name in ("customer-8", "customer-9")}


class Customer:
    """The key of customer 8, in boto3's hands and in those of somebody who writes requests himself."""

    def __init__(self, platform, keys):
        self.platform, self.key, self.other = platform, keys["customer-8"], keys["customer-9"]
        self.clients = {}

    def client(self, service, **more):
        if more or service not in self.clients:
            client = self.platform.client(service, **{"aws_access_key_id": self.key["AccessKeyId"],
                                                      "aws_secret_access_key": self.key["SecretAccessKey"], **more})
            if more:
                return client
            self.clients[service] = client
        return self.clients[service]

    def send(self, method, path, body, fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.platform.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in fields:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            return connection.getresponse().status
        finally:
            connection.close()

    def raw(self, model="8.tar.gz", path=PATH, service="sagemaker", more=(), add=(), signed_path=None, sent_body=BODY,
            drop=(), access_key=None, method="POST"):
        """A call signed by hand. `more` is signed, `add` is put to it afterwards, `drop` is taken away."""
        host = f"127.0.0.1:{self.platform.port}"
        request = botocore.awsrequest.AWSRequest(method, f"http://{host}{signed_path or path}", data=BODY, headers={
            "Content-Type": "application/json", **({TARGET: model} if model is not None else {}), **dict(more)})
        signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(
            access_key or self.key["AccessKeyId"], self.key["SecretAccessKey"]), service, "us-east-1")
        signer.add_auth(request)
        fields = [(name, value) for name, value in request.headers.items() if name not in drop]
        return self.send(method, path, sent_body, [("Host", host), *fields, *add])


def invoke(model, **more):
    return lambda customer: customer.client("sagemaker-runtime").invoke_endpoint(
        **{"EndpointName": "fleet", "TargetModel": model, "Body": BODY, "ContentType": "application/json", **more})


def calls(service, operation, **arguments):
    return lambda customer: getattr(customer.client(service), operation)(**arguments)


def by_hand(**arguments):
    return lambda customer: customer.raw(**arguments)


NAMES = ["9.tar.gz", "0.tar.gz", "10.tar.gz", "88.tar.gz", "8.TAR.GZ", "./8.tar.gz", "./9.tar.gz", "/9.tar.gz",
         "8.tar.gz/../9.tar.gz", "../models/9.tar.gz", "8/../9.tar.gz", "*", "?.tar.gz", "[89].tar.gz", "9*",
         "%39.tar.gz", "9%2Etar.gz", "8.tar.gz%00", "9.tar.gz%00", "8.tar.gz,9.tar.gz", "9.tar.gz;8.tar.gz",
         "8.tar.gz 9.tar.gz", "${aws:username}", "09.tar.gz", "9.tar.gz?8.tar.gz", "9.tar.gz#8.tar.gz", "9.tar.gz/",
         "s3://data/models/9.tar.gz", "http://127.0.0.1/9.tar.gz", "9.tar", "fleet/9.tar.gz"]
WAYS = {f"the model {name!r}": invoke(name) for name in NAMES}
WAYS |= {f"a stream of {name!r}": (lambda customer, name=name: customer.raw(
    name, path="/endpoints/fleet/invocations-response-stream")) for name in NAMES[:3]}
WAYS |= {f"later, {name!r}": (lambda customer, name=name: customer.raw(
    name, path="/endpoints/fleet/async-invocations",
    more={"X-Amzn-SageMaker-InputLocation": "s3://data/8/rows.csv"})) for name in NAMES[:3]}
WAYS |= {
    "another endpoint": invoke("9.tar.gz", EndpointName="other"),
    "its model at another endpoint": invoke("8.tar.gz", EndpointName="other"),
    "no model": by_hand(model=None),
    "a second model, not signed": by_hand(add=[(TARGET, "9.tar.gz")]),
    "a second model in small letters": by_hand(add=[(TARGET.lower(), "9.tar.gz")]),
    "a second model, signed with the first": by_hand(model="8.tar.gz,9.tar.gz"),
    "the model changed after signing": by_hand(drop=[TARGET], add=[(TARGET, "9.tar.gz")]),
    "the model, not signed": by_hand(model=None, add=[(TARGET, "9.tar.gz")]),
    "its model, not signed": by_hand(model=None, add=[(TARGET, "8.tar.gz")]),
    "a blank around the name": by_hand(drop=[TARGET], add=[(TARGET, " 9.tar.gz ")]),
    "the path changed after signing": by_hand(model="8.tar.gz", path="/endpoints/other/invocations", signed_path=PATH),
    "a path that leads back": by_hand(model="9.tar.gz", path="/endpoints/other/../fleet/invocations"),
    "a path with an empty part": by_hand(model="9.tar.gz", path="//endpoints/fleet/invocations"),
    "a path with escapes": by_hand(model="9.tar.gz", path="/endpoints/%66leet/invocations"),
    "a model in the query": by_hand(model=None, path=PATH + "?TargetModel=8.tar.gz"),
    "a field of the query": by_hand(model="9.tar.gz", path=PATH + f"?{TARGET}=8.tar.gz"),
    "the body changed after signing": by_hand(sent_body=b'{"period": 8}'),
    "signed for S3": by_hand(service="s3"),
    "signed for S3, another's": by_hand(model="9.tar.gz", service="s3"),
    "signed for IAM": by_hand(service="iam"),
    "no signature": by_hand(drop=["Authorization"]),
    "no date": by_hand(drop=["X-Amz-Date"]),
    "as the JSON service": by_hand(model="9.tar.gz", path="/", more={"X-Amz-Target": "SageMaker.InvokeEndpoint"}),
    "with a JSON target": by_hand(model="9.tar.gz", more={"X-Amz-Target": "SageMaker.ListModels"}),
    "another's key id": lambda customer: customer.raw("9.tar.gz", access_key=customer.other["AccessKeyId"]),
    "the first key's id": lambda customer: customer.raw(
        "9.tar.gz", access_key=customer.platform.environment()["AWS_ACCESS_KEY_ID"]),
    "a batch of two": by_hand(model=None, path="/endpoints/fleet/batch-invocations"),
    "another method": by_hand(model="9.tar.gz", method="PUT"),
    # The archive itself, and another's rows.
    "the archive": calls("s3", "get_object", Bucket="data", Key="models/9.tar.gz"),
    "its own archive": calls("s3", "get_object", Bucket="data", Key="models/8.tar.gz"),
    "a head": calls("s3", "head_object", Bucket="data", Key="9/rows.csv"),
    "a range": calls("s3", "get_object", Bucket="data", Key="9/rows.csv", Range="bytes=0-3"),
    "the attributes": calls("s3", "get_object_attributes", Bucket="data", Key="9/rows.csv", ObjectAttributes=["ETag"]),
    "the tags": calls("s3", "get_object_tagging", Bucket="data", Key="9/rows.csv"),
    "a path of S3": calls("s3", "get_object", Bucket="data", Key="8/../9/rows.csv"),
    "an escaped path of S3": calls("s3", "get_object", Bucket="data", Key="8/%2e%2e/9/rows.csv"),
    "a key that begins alike": calls("s3", "put_object", Bucket="data", Key="88/rows.csv", Body=b"x"),
    "a key with a slash before": calls("s3", "put_object", Bucket="data", Key="/8/rows.csv", Body=b"x"),
    "a copy from another's": calls("s3", "copy_object", Bucket="data", Key="8/stolen",
                                   CopySource={"Bucket": "data", "Key": "9/rows.csv"}),
    "a copy of the archive": calls("s3", "copy_object", Bucket="data", Key="8/stolen",
                                   CopySource="data/models/9.tar.gz"),
    "a copy to another's": calls("s3", "copy_object", Bucket="data", Key="9/rows.csv", CopySource="data/8/rows.csv"),
    "a copy by a path": calls("s3", "copy_object", Bucket="data", Key="8/stolen", CopySource="data/8/../9/rows.csv"),
    "another archive for everybody": calls("s3", "put_object", Bucket="data", Key="models/9.tar.gz", Body=b"x"),
    "an archive of a new name": calls("s3", "put_object", Bucket="data", Key="models/8b.tar.gz", Body=b"x"),
    "another's rows replaced": calls("s3", "put_object", Bucket="data", Key="9/rows.csv", Body=b"x"),
    "another's rows deleted": calls("s3", "delete_object", Bucket="data", Key="9/rows.csv"),
    "parts": calls("s3", "create_multipart_upload", Bucket="data", Key="9/rows.csv"),
    "a list of all": calls("s3", "list_objects_v2", Bucket="data"),
    "a list of another's": calls("s3", "list_objects_v2", Bucket="data", Prefix="9/"),
    "a list of the older kind": calls("s3", "list_objects", Bucket="data", Prefix="9/"),
    "a list that starts inside": calls("s3", "list_objects_v2", Bucket="data", StartAfter="8/"),
    "a list of uploads": calls("s3", "list_multipart_uploads", Bucket="data"),
    "a list of buckets": calls("s3", "list_buckets"),
    "the bucket deleted": calls("s3", "delete_bucket", Bucket="data"),
    "a bucket of its own": calls("s3", "create_bucket", Bucket="mine-alone"),
    # Somebody else does it.
    "a job over all": calls(
        "sagemaker", "create_training_job", TrainingJobName="t", RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": "s3://data/8/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60}),
    "a batch over all": calls(
        "sagemaker", "create_transform_job", TransformJobName="t", ModelName="fleet",
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/8/"}}},
        TransformOutput={"S3OutputPath": "s3://data/8/out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1}),
    "a model": calls("sagemaker", "create_model", ModelName="mine", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE, "ModelDataUrl": "s3://data/models/9.tar.gz"}),
    "a configuration": calls("sagemaker", "create_endpoint_config", EndpointConfigName="mine", ProductionVariants=[{
        "VariantName": "v", "ModelName": "fleet", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}]),
    "an endpoint": calls("sagemaker", "create_endpoint", EndpointName="mine", EndpointConfigName="fleet"),
    "an update": calls("sagemaker", "update_endpoint", EndpointName="fleet", EndpointConfigName="other"),
    "the weights": calls("sagemaker", "update_endpoint_weights_and_capacities", EndpointName="fleet",
                         DesiredWeightsAndCapacities=[{"VariantName": "v", "DesiredWeight": 0}]),
    "the end of the endpoint": calls("sagemaker", "delete_endpoint", EndpointName="fleet"),
    "a look at the endpoint": calls("sagemaker", "describe_endpoint", EndpointName="fleet"),
    "a look at the model": calls("sagemaker", "describe_model", ModelName="fleet"),
    "a list of models": calls("sagemaker", "list_models"),
    "the endpoint's log": calls("logs", "filter_log_events", logGroupName="/aws/sagemaker/Endpoints/fleet"),
    "all logs": calls("logs", "describe_log_groups"),
    "all metrics": calls("cloudwatch", "list_metrics"),
    # Another right, or another self.
    "a wider policy": calls(
        "iam", "put_user_policy", UserName="customer-8", PolicyName="own", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})),
    "a managed policy": calls("iam", "attach_user_policy", UserName="customer-8",
                              PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
    "a key of the first user": calls("iam", "create_access_key", UserName="chiliad"),
    "a key of the other customer": calls("iam", "create_access_key", UserName="customer-9"),
    "a list of users": calls("iam", "list_users"),
    "the role": calls("sts", "assume_role", RoleArn=ROLE, RoleSessionName="mine"),
    "a session of its own": lambda customer: as_session(customer).invoke_endpoint(
        EndpointName="fleet", TargetModel="9.tar.gz", Body=BODY, ContentType="application/json"),
    "a session with another's token": lambda customer: as_session(customer, token="x" * 400).invoke_endpoint(
        EndpointName="fleet", TargetModel="8.tar.gz", Body=BODY, ContentType="application/json"),
}


def as_session(customer, token=None):
    made = customer.client("sts").get_session_token()["Credentials"]
    return customer.client("sagemaker-runtime", aws_access_key_id=made["AccessKeyId"],
                           aws_secret_access_key=made["SecretAccessKey"],
                           aws_session_token=token or made["SessionToken"])


@pytest.fixture(scope="module")
def customer(platform, fleet):
    return Customer(platform, fleet)


def test_there_are_a_hundred():
    assert len(WAYS) >= 100


@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_to_anothers(customer, way):
    try:
        status = WAYS[way](customer)
    except botocore.exceptions.ClientError as refused:
        status = refused.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status in (400, 403, 404, 405), f"{way}: {status}"


def test_its_own_is_open_and_nothing_has_changed(platform, customer):
    assert customer.raw() == 200
    assert len(json.loads(invoke("8.tar.gz")(customer)["Body"].read())["yhat"]) == 7
    customer.client("s3").put_object(Bucket="data", Key="8/more.csv", Body=b"x")
    s3 = platform.client("s3")
    assert s3.get_object(Bucket="data", Key="9/rows.csv")["Body"].read() == b"2022-01-01,1\n"
    keys = {one["Key"] for one in s3.list_objects_v2(Bucket="data")["Contents"]}
    assert {key for key in keys if not key.startswith("models/")} == {"8/rows.csv", "8/more.csv", "9/rows.csv"}
    assert "models/8b.tar.gz" not in keys
    assert platform.client("sagemaker").describe_endpoint(EndpointName="fleet")["EndpointStatus"] == "InService"
