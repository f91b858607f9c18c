"""A customer whose key may call its own model and read its own objects, against a real endpoint with everybody's models:
more than a hundred ways to another's, none of which succeeds."""
import contextlib
import json
import re
import urllib.error
import urllib.request

import botocore.config
import botocore.exceptions
import pytest

from fleet import CUSTOMERS

BUCKET, ENDPOINT = "fleet", "forecasts"
ROLE = "arn:aws:iam::123456789012:role/chiliad"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-{}:1"
BODY = b'{"period": 7}'
MINE, OTHERS = "1.tar.gz", "2.tar.gz"
# Ways to write another's name, or one's own so that it means another's.
NAMES = [OTHERS, "0.tar.gz", f"./{OTHERS}", f"//{OTHERS}", f"/{OTHERS}", f"{MINE}/../{OTHERS}", f"../models/{OTHERS}",
         f"1/../{OTHERS}", "%32.tar.gz", "2%2Etar.gz", "2.TAR.GZ", "*", "?.tar.gz", "[12].tar.gz", "{1,2}.tar.gz",
         f"{MINE},{OTHERS}", f"{MINE};{OTHERS}", f"{MINE} {OTHERS}", f"{MINE}%00", f"{MINE}?x={OTHERS}", f"{MINE}#",
         "${aws:username}", f"s3://{BUCKET}/models/{OTHERS}", f"models/{OTHERS}", "02.tar.gz", "2.tar", "2"]


def policy():
    endpoint = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{ENDPOINT}"
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint*", "Resource": endpoint,
         "Condition": {"StringEquals": {"sagemaker:TargetModel": MINE}}},
        {"Effect": "Allow", "Action": ["s3:GetObject*", "s3:PutObject*", "s3:DeleteObject"],
         "Resource": [f"arn:aws:s3:::{BUCKET}/models/{MINE}", f"arn:aws:s3:::{BUCKET}/mine/*"]},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}",
         "Condition": {"StringLike": {"s3:prefix": "mine/*"}}}]})


@pytest.fixture(scope="module")
def owner(platform, trained):
    """The owner's clients by service; the endpoint serves every customer's model."""
    owner = {name: platform.client(name) for name in ("s3", "sagemaker", "sagemaker-runtime", "iam")}
    owner["s3"].create_bucket(Bucket=BUCKET)
    for customer in range(CUSTOMERS):
        name = f"{customer}.tar.gz"
        owner["s3"].put_object(Bucket=BUCKET, Key=f"models/{name}", Body=(trained / name).read_bytes())
    owner["s3"].put_object(Bucket=BUCKET, Key="mine/in.json", Body=BODY)
    owner["sagemaker"].create_model(ModelName="everybodys", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE.format("prophet"), "Mode": "MultiModel", "ModelDataUrl": f"s3://{BUCKET}/models/"})
    owner["sagemaker"].create_endpoint_config(
        EndpointConfigName="everybodys", ProductionVariants=[{
            "VariantName": "a", "ModelName": "everybodys", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/answers"}})
    owner["sagemaker"].create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="everybodys")
    owner["sagemaker"].get_waiter("endpoint_in_service").wait(EndpointName=ENDPOINT, WaiterConfig={"Delay": 1})
    return owner


@pytest.fixture(scope="module")
def customer(platform, owner):
    """customer(service): a client with the customer's key."""
    owner["iam"].create_user(UserName="customer-1")
    owner["iam"].put_user_policy(UserName="customer-1", PolicyName="own", PolicyDocument=policy())
    key = owner["iam"].create_access_key(UserName="customer-1")["AccessKey"]
    return lambda service, **more: platform.client(service, **{
        "aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"], **more})


def naming(runtime, operation):
    """The runtime's calls that have no member for the model: it stands in the field that InvokeEndpoint uses."""
    def name_model(params, **_):
        params["headers"]["X-Amzn-SageMaker-Target-Model"] = name_model.target
    runtime.meta.events.register(f"before-call.sagemaker-runtime.{operation}", name_model)
    return name_model


def test_the_calls_that_name_a_model_in_a_field_are_allowed_ones_own(customer):
    """So that the refusals of others' models below are refusals of the model, not of the call."""
    runtime = customer("sagemaker-runtime")
    for operation in ("InvokeEndpointWithResponseStream", "InvokeEndpointAsync"):
        naming(runtime, operation).target = MINE
    later = runtime.invoke_endpoint_async(EndpointName=ENDPOINT, InputLocation=f"s3://{BUCKET}/mine/in.json")
    assert later["ResponseMetadata"]["HTTPStatusCode"] == 202
    with contextlib.suppress(runtime.exceptions.ValidationError):  # What is streamed has one model, whoever asks.
        runtime.invoke_endpoint_with_response_stream(EndpointName=ENDPOINT, Body=BODY)


def calls(customer):
    runtime = customer("sagemaker-runtime")
    session = customer("sts").get_session_token()["Credentials"]
    temporary = customer("sagemaker-runtime", aws_access_key_id=session["AccessKeyId"],
                         aws_secret_access_key=session["SecretAccessKey"], aws_session_token=session["SessionToken"])
    streamed, later = (naming(runtime, name) for name in ("InvokeEndpointWithResponseStream", "InvokeEndpointAsync"))
    for name in NAMES:
        for client in (runtime, temporary):
            yield f"call {name}", lambda: client.invoke_endpoint(EndpointName=ENDPOINT, TargetModel=name, Body=BODY)
        streamed.target = later.target = name
        yield f"stream {name}", lambda: runtime.invoke_endpoint_with_response_stream(EndpointName=ENDPOINT, Body=BODY)
        yield f"call later {name}", lambda: runtime.invoke_endpoint_async(
            EndpointName=ENDPOINT, InputLocation=f"s3://{BUCKET}/mine/in.json")
    yield "no name", lambda: runtime.invoke_endpoint(EndpointName=ENDPOINT, Body=BODY)
    yield "a variant's name", lambda: runtime.invoke_endpoint(
        EndpointName=ENDPOINT, TargetModel=OTHERS, TargetVariant="a", Body=BODY)


def objects(customer):
    s3, key = customer("s3"), f"models/{OTHERS}"
    at, mine = {"Bucket": BUCKET, "Key": key}, {"Bucket": BUCKET, "Key": f"models/{MINE}"}
    theirs = {"Bucket": BUCKET, "Key": key}
    for name in (key, "models/0.tar.gz", f"models/{MINE}/", f"../{key}", f"/{key}", "models/", "*", "models/*"):
        yield f"get {name}", lambda: s3.get_object(Bucket=BUCKET, Key=name)
        yield f"head {name}", lambda: s3.head_object(Bucket=BUCKET, Key=name)
        yield f"put {name}", lambda: s3.put_object(Bucket=BUCKET, Key=name, Body=b"mine now")
        yield f"delete {name}", lambda: s3.delete_object(Bucket=BUCKET, Key=name)
    yield "a range", lambda: s3.get_object(Range="bytes=0-0", **at)
    yield "attributes", lambda: s3.get_object_attributes(ObjectAttributes=["ETag"], **at)
    yield "tags", lambda: s3.get_object_tagging(**at)
    yield "new tags", lambda: s3.put_object_tagging(Tagging={"TagSet": []}, **at)
    yield "a copy of another's", lambda: s3.copy_object(CopySource=theirs, Bucket=BUCKET, Key="mine/copy")
    yield "a copy over another's", lambda: s3.copy_object(CopySource=mine, **at)
    yield "parts for another's", lambda: s3.create_multipart_upload(**at)
    upload = {"Bucket": BUCKET, "Key": "mine/parts",
              "UploadId": s3.create_multipart_upload(Bucket=BUCKET, Key="mine/parts")["UploadId"]}
    yield "a part that is another's", lambda: s3.upload_part_copy(CopySource=theirs, PartNumber=1, **upload)
    yield "a part into another's", lambda: s3.upload_part(PartNumber=1, Body=b"x", **{**upload, "Key": key})
    for prefix in ("", "models/", key, "mine", "/mine/", "min"):
        yield f"list {prefix}", lambda: s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        yield f"list {prefix}, version 1", lambda: s3.list_objects(Bucket=BUCKET, Prefix=prefix)
    yield "list from there", lambda: s3.list_objects_v2(Bucket=BUCKET, StartAfter="models/")
    yield "uploads", lambda: s3.list_multipart_uploads(Bucket=BUCKET)
    yield "buckets", lambda: s3.list_buckets()
    yield "a bucket", lambda: s3.create_bucket(Bucket="another")
    yield "the bucket's end", lambda: s3.delete_bucket(Bucket=BUCKET)
    yield "the bucket's tags", lambda: s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": []})


def resources(customer):
    sagemaker = customer("sagemaker")
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{ENDPOINT}"
    container = {"Image": IMAGE.format("prophet"), "Mode": "MultiModel", "ModelDataUrl": f"s3://{BUCKET}/models/"}
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    yield "describe", lambda: sagemaker.describe_endpoint(EndpointName=ENDPOINT)
    yield "describe the model", lambda: sagemaker.describe_model(ModelName="everybodys")
    yield "list", lambda: sagemaker.list_models()
    yield "a model of one's own", lambda: sagemaker.create_model(
        ModelName="own", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    yield "an endpoint of one's own", lambda: sagemaker.create_endpoint(EndpointName="own", EndpointConfigName="everybodys")
    yield "an update", lambda: sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="everybodys")
    yield "weights", lambda: sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT, DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredWeight": 0}])
    yield "its end", lambda: sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    yield "its model's end", lambda: sagemaker.delete_model(ModelName="everybodys")
    yield "its configuration's end", lambda: sagemaker.delete_endpoint_config(EndpointConfigName="everybodys")
    yield "a tag", lambda: sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}])
    yield "a batch", lambda: sagemaker.create_transform_job(
        TransformJobName="own", ModelName="everybodys", TransformInput={"DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/mine/"}}},
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/mine/out"},
        TransformResources={"InstanceCount": 1, "InstanceType": "ml.m5.large"})
    yield "a job over them", lambda: sagemaker.create_processing_job(
        ProcessingJobName="own", RoleArn=ROLE, AppSpecification={"ImageUri": IMAGE.format("split")},
        ProcessingResources={"ClusterConfig": cluster})
    yield "a training over them", lambda: sagemaker.create_training_job(
        TrainingJobName="own", RoleArn=ROLE, AlgorithmSpecification={
            "TrainingImage": IMAGE.format("prophet"), "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/mine/"}, ResourceConfig=cluster,
        StoppingCondition={"MaxRuntimeInSeconds": 60})


def identities(customer):
    iam, sts, logs = customer("iam"), customer("sts"), customer("logs")
    everything = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    yield "the role", lambda: sts.assume_role(RoleArn=ROLE, RoleSessionName="own")
    yield "a policy", lambda: iam.put_user_policy(UserName="customer-1", PolicyName="more", PolicyDocument=everything)
    yield "no policy", lambda: iam.delete_user_policy(UserName="customer-1", PolicyName="own")
    yield "a managed policy", lambda: iam.create_policy(PolicyName="more", PolicyDocument=everything)
    yield "the owner's key", lambda: iam.create_access_key(UserName="chiliad")
    yield "a user", lambda: iam.create_user(UserName="customer-2")
    yield "a role's policy", lambda: iam.put_role_policy(RoleName="chiliad", PolicyName="p", PolicyDocument=everything)
    yield "users", lambda: iam.list_users()
    yield "logs", lambda: logs.describe_log_groups()
    yield "the endpoint's log", lambda: logs.filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{ENDPOINT}")
    yield "metrics", lambda: customer("cloudwatch").list_metrics()


def test_a_hundred_ways_to_anothers_all_end_in_a_refusal(owner, customer):
    def stored():
        listed = owner["s3"].list_objects_v2(Bucket=BUCKET, Prefix="models/")["Contents"]
        return [(one["Key"], one["ETag"]) for one in listed]

    before, tries = stored(), 0
    for ways in (calls, objects, resources, identities):
        for what, way in ways(customer):
            tries += 1
            try:
                answer = way()
            except botocore.exceptions.ClientError as error:
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403), (what, error)
                assert error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException", "403"), (what, error)
            else:
                pytest.fail(f"{what}: {answer}")
    assert tries >= 100
    assert stored() == before
    assert owner["sagemaker"].describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"] == "InService"
    # What is its own is let in all the same.
    own = customer("sagemaker-runtime").invoke_endpoint(EndpointName=ENDPOINT, TargetModel=MINE, Body=BODY,
                                                        ContentType="application/json")
    assert len(json.loads(own["Body"].read())["yhat"]) == 7
    assert customer("s3").get_object(Bucket=BUCKET, Key=f"models/{MINE}")["Body"].read()
    assert customer("s3").list_objects_v2(Bucket=BUCKET, Prefix="mine/")["KeyCount"] == 1


def test_a_batch_deletes_what_is_ones_own_alone(owner, customer):
    owner["s3"].put_object(Bucket=BUCKET, Key="mine/old", Body=b"x")
    answer = customer("s3").delete_objects(Bucket=BUCKET, Delete={"Objects": [
        {"Key": f"models/{OTHERS}"}, {"Key": "mine/old"}, {"Key": "models/0.tar.gz"}]})
    assert [one["Key"] for one in answer["Deleted"]] == ["mine/old"]
    assert {(one["Key"], one["Code"]) for one in answer["Errors"]} == {
        (f"models/{OTHERS}", "AccessDenied"), ("models/0.tar.gz", "AccessDenied")}
    assert owner["s3"].head_object(Bucket=BUCKET, Key=f"models/{OTHERS}")


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_an_address_signed_for_ones_own_opens_nothing_else(customer, version):
    s3 = customer("s3", config=botocore.config.Config(signature_version=version))
    own = s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": f"models/{MINE}"})
    with urllib.request.urlopen(own) as answer:
        assert answer.status == 200
    later = re.sub(r"(Expires=)(\d+)", lambda found: f"{found[1]}{int(found[2]) + 1000}", own)
    ways = [own.replace(MINE, OTHERS), own.replace(MINE, f"{MINE}/../{OTHERS}"), own.replace("/models/", "//models/"),
            later, own + "&versionId=x",
            s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": f"models/{OTHERS}"}),
            s3.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": f"models/{OTHERS}"})]
    for way in ways:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(way)
        assert refused.value.code == 403, way
