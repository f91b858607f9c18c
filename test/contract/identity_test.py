"""IAM and STS as boto3 calls them, and what the keys that they make may do, over the one port."""
import datetime
import json
import os
import pathlib
import re
import subprocess

import botocore.exceptions
import pytest

BINARY = pathlib.Path(
    os.environ.get("CHILIAD_BINARY", pathlib.Path(__file__).resolve().parents[2] / "build" / "bin" / "chiliad"))


def has_up():
    text = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    return re.search(r"^ +up ", text, re.MULTILINE)


pytestmark = pytest.mark.skipif(BINARY.exists() and not has_up(), reason="this build has no `chiliad up`")

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"},
    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}]}


def allow(action, resource="*", **condition):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def iam(platform):
    return platform.client("iam")


@pytest.fixture(scope="module")
def sts(platform):
    return platform.client("sts")


@pytest.fixture
def user(platform, iam):
    """user(name, policy): a new user; client(service) calls with its key."""
    made = []

    def make(name, policy=None):
        iam.create_user(UserName=name)
        made.append(name)
        if policy:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return lambda service, **more: platform.client(
            service, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"], **more)

    yield make
    for name in made:
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
            iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])
        iam.delete_user(UserName=name)


def as_session(platform, credentials):
    return lambda service: platform.client(
        service, aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"], aws_session_token=credentials["SessionToken"])


def refusal(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_the_caller_leads_to_the_execution_role(iam, sts):
    identity = sts.get_caller_identity()
    assert identity["Account"] == "123456789012"
    role = iam.get_role(RoleName=identity["Arn"].rsplit("/", 1)[1])["Role"]
    assert role["Arn"] == "arn:aws:iam::123456789012:role/chiliad"
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert isinstance(role["CreateDate"], datetime.datetime)


def test_users_keys_and_policies(iam, user):
    alice = user("alice", allow("iam:GetUser", "arn:aws:iam::*:user/${aws:username}"))
    assert alice("sts").get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/alice"
    assert alice("iam").get_user()["User"]["UserName"] == "alice"
    assert refusal(alice("iam").get_user, UserName="chiliad") == ("AccessDenied", 403)
    assert iam.get_user_policy(UserName="alice", PolicyName="p")["PolicyDocument"]["Version"] == "2012-10-17"
    iam.create_access_key(UserName="alice")
    assert refusal(iam.create_access_key, UserName="alice") == ("LimitExceeded", 409)
    assert refusal(iam.create_user, UserName="alice") == ("EntityAlreadyExists", 409)
    assert refusal(iam.delete_user, UserName="alice") == ("DeleteConflict", 409)
    assert refusal(iam.get_user, UserName="nobody") == ("NoSuchEntity", 404)
    assert refusal(iam.put_user_policy, UserName="alice", PolicyName="q", PolicyDocument="{}") == (
        "MalformedPolicyDocument", 400)
    assert refusal(iam.get_role, RoleName="a b") == ("ValidationError", 400)
    for key in iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]:
        iam.update_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refusal(alice("sts").get_caller_identity) == ("InvalidClientTokenId", 403)


def test_lists_page(iam, user):
    names = [f"page-{number:02}" for number in range(12)]
    for name in names:
        user(name)
    pages = list(iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 5}))
    assert len(pages) > 1
    seen = [one["UserName"] for page in pages for one in page["Users"]]
    assert seen == sorted(set(seen)) and set(names) <= set(seen)


def test_roles_and_managed_policies(iam, platform, sts):
    role = iam.create_role(RoleName="reader", Path="/service-role/", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    assert role["Arn"] == "arn:aws:iam::123456789012:role/service-role/reader"
    assert role["AssumeRolePolicyDocument"] == TRUST
    policy = iam.create_policy(PolicyName="read", PolicyDocument=allow("iam:Get*"))["Policy"]
    iam.attach_role_policy(RoleName="reader", PolicyArn=policy["Arn"])
    assert iam.list_attached_role_policies(RoleName="reader")["AttachedPolicies"] == [
        {"PolicyName": "read", "PolicyArn": policy["Arn"]}]
    reader = as_session(platform, sts.assume_role(RoleArn=role["Arn"], RoleSessionName="s1")["Credentials"])
    assert reader("sts").get_caller_identity()["Arn"] == "arn:aws:sts::123456789012:assumed-role/reader/s1"
    assert reader("iam").get_role(RoleName="reader")["Role"]["RoleId"] == role["RoleId"]
    assert refusal(reader("iam").list_users) == ("AccessDenied", 403)
    version = iam.create_policy_version(PolicyArn=policy["Arn"], PolicyDocument=allow("iam:List*"), SetAsDefault=True)
    assert version["PolicyVersion"]["VersionId"] == "v2"
    assert reader("iam").list_users()["Users"]
    assert refusal(reader("iam").get_role, RoleName="reader") == ("AccessDenied", 403)
    assert refusal(iam.delete_policy, PolicyArn=policy["Arn"]) == ("DeleteConflict", 409)
    iam.update_role(RoleName="reader", MaxSessionDuration=7200)
    assert iam.get_role(RoleName="reader")["Role"]["MaxSessionDuration"] == 7200
    iam.detach_role_policy(RoleName="reader", PolicyArn=policy["Arn"])
    iam.delete_policy_version(PolicyArn=policy["Arn"], VersionId="v1")
    iam.delete_policy(PolicyArn=policy["Arn"])
    iam.delete_role(RoleName="reader")
    assert refusal(reader("sts").get_caller_identity) == ("InvalidClientTokenId", 403), "a session ends with its role"
    assert iam.list_instance_profiles()["InstanceProfiles"] == []


def test_session_policies_take_away(platform, sts):
    narrow = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/chiliad", RoleSessionName="s1",
                             DurationSeconds=900, Policy=allow("iam:GetRole"))
    left = (narrow["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert 800 < left <= 900
    session = as_session(platform, narrow["Credentials"])
    assert session("iam").get_role(RoleName="chiliad")
    assert refusal(session("iam").list_users) == ("AccessDenied", 403)
    stolen = dict(narrow["Credentials"], SessionToken=narrow["Credentials"]["SessionToken"][:-8] + "AAAAAAA=")
    assert refusal(as_session(platform, stolen)("sts").get_caller_identity) == ("InvalidClientTokenId", 403)


def test_session_tokens_of_users(platform, user):
    alice = user("alice", allow("iam:GetUser"))
    session = as_session(platform, alice("sts").get_session_token()["Credentials"])
    assert session("iam").get_user()["User"]["UserName"] == "alice"
    assert refusal(session("sts").get_session_token) == ("AccessDenied", 403)


def test_what_the_sdk_asks_of_its_role_is_evaluated(iam, user):
    actions = ["sagemaker:CreateTrainingJob", "s3:*", "iam:PassRole", "logs:PutLogEvents"]
    results = iam.simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::123456789012:role/chiliad", ActionNames=actions)["EvaluationResults"]
    assert [(one["EvalActionName"], one["EvalDecision"]) for one in results] == [(one, "allowed") for one in actions]
    user("alice", allow("s3:GetObject", "arn:aws:s3:::b/*"))
    results = iam.simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::123456789012:user/alice", ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::b/k"])["EvaluationResults"]
    assert [one["EvalDecision"] for one in results] == ["allowed", "implicitDeny"]


def test_a_key_without_permission_reaches_no_service(user):
    alice = user("alice")
    assert refusal(alice("s3").list_buckets) == ("AccessDenied", 403)
    assert refusal(alice("sagemaker").list_endpoints)[0] == "AccessDeniedException"
    assert refusal(alice("iam").list_roles) == ("AccessDenied", 403)
    assert alice("sts").get_caller_identity()["Account"] == "123456789012"


# One customer's key against the others' models: every name is refused before anybody looks whether it exists.
OTHERS = ["9.tar.gz", "88.tar.gz", "8.TAR.GZ", "./8.tar.gz", "//8.tar.gz", "9/../8.tar.gz", "8.tar.gz/../9.tar.gz",
          "../models/9.tar.gz", "*", "?.tar.gz", "8*", "8%2Etar.gz", "%38.tar.gz", "8.tar.gz%00", "8.tar.gz/", "8.tar",
          "8.tar.gz,9.tar.gz", "8.tar.gz;9.tar.gz", "${aws:username}", "08.tar.gz", "8.tar.gz.gz"]


def test_a_customers_key_invokes_its_own_model_alone(user):
    runtime = user("customer-8", allow(
        "sagemaker:InvokeEndpoint", "arn:aws:sagemaker:us-east-1:123456789012:endpoint/forecasts",
        StringEquals={"sagemaker:TargetModel": "8.tar.gz"}))("sagemaker-runtime")
    call = {"EndpointName": "forecasts", "Body": b'{"period": 7}', "ContentType": "application/json"}
    for name in OTHERS:
        assert refusal(runtime.invoke_endpoint, TargetModel=name, **call)[0] == "AccessDeniedException", name
    assert refusal(runtime.invoke_endpoint, **call)[0] == "AccessDeniedException"
    assert refusal(runtime.invoke_endpoint, TargetModel="8.tar.gz", **{**call, "EndpointName": "other"})[0] == (
        "AccessDeniedException")
    # Its own, with or without the '/' in front that SageMaker takes too: let in, and told that there is no such endpoint.
    for name in ["8.tar.gz", "/8.tar.gz"]:
        assert refusal(runtime.invoke_endpoint, TargetModel=name, **call)[0] != "AccessDeniedException", name


def test_a_customers_key_lists_its_own_prefix_alone(platform, user):
    platform.client("s3").create_bucket(Bucket="customers")
    s3 = user("customer-8", json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::customers/8/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::customers",
         "Condition": {"StringLike": {"s3:prefix": "8/*"}}}]}))("s3")
    s3.put_object(Bucket="customers", Key="8/rows.csv", Body=b"x")
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="customers", Prefix="8/")["Contents"]] == ["8/rows.csv"]
    for prefix in ["", "9/", "8", "/8/", "88/"]:
        assert refusal(s3.list_objects_v2, Bucket="customers", Prefix=prefix) == ("AccessDenied", 403), prefix
    assert refusal(s3.list_objects_v2, Bucket="customers") == ("AccessDenied", 403)
    for key in ["9/rows.csv", "8", "88/x", "/8/x", "*", "8%2Fx", "../customers/8/x"]:
        assert refusal(s3.put_object, Bucket="customers", Key=key, Body=b"x") == ("AccessDenied", 403), key
    # A key is a text, not a path: this one is below 8/ and stays there.
    s3.put_object(Bucket="customers", Key="8/../9/rows.csv", Body=b"x")
    assert [one["Key"] for one in platform.client("s3").list_objects_v2(Bucket="customers")["Contents"]] == [
        "8/../9/rows.csv", "8/rows.csv"]


def test_a_job_reaches_no_further_than_its_role(platform, iam, user):
    s3 = platform.client("s3")
    for bucket in ["mine", "theirs"]:
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="in/8.csv", Body=b"customer_id,ds,y\n8,2020-01-01,1\n")
    s3.put_object(Bucket="mine", Key="list", Body=b'[{"prefix": "s3://theirs/in/"}, "8.csv"]')
    role = iam.create_role(RoleName="mine-alone", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="mine-alone", PolicyName="p", PolicyDocument=allow(
        ["s3:GetObject", "s3:PutObject", "s3:ListBucket"], ["arn:aws:s3:::mine", "arn:aws:s3:::mine/*"]))
    # Who calls may use no bucket at all, and pass no other role.
    sagemaker = user("operator", json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role}]}))("sagemaker")

    def run(name, source, target, kind="S3Prefix"):
        folder = "/opt/ml/processing/input"
        sagemaker.create_processing_job(
            ProcessingJobName=name, RoleArn=role,
            AppSpecification={"ImageUri": "x/chiliad-split", "ContainerArguments": ["--output", "/opt/ml/processing/out"]},
            ProcessingResources={"ClusterConfig": {
                "InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
            ProcessingInputs=[{"InputName": "i", "S3Input": {
                "S3Uri": source, "LocalPath": folder, "S3DataType": kind, "S3InputMode": "File"}}],
            ProcessingOutputConfig={"Outputs": [{"OutputName": "o", "S3Output": {
                "S3Uri": target, "LocalPath": folder, "S3UploadMode": "EndOfJob"}}]})
        sagemaker.get_waiter("processing_job_completed_or_stopped").wait(
            ProcessingJobName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})

    def failure(*arguments):
        with pytest.raises(botocore.exceptions.WaiterError) as caught:
            run(*arguments)
        return caught.value.last_response["FailureReason"]

    run("good", "s3://mine/in/", "s3://mine/out")
    who = "User: arn:aws:sts::123456789012:assumed-role/mine-alone/SageMaker is not authorized to perform: "
    assert who + "s3:ListBucket on resource: arn:aws:s3:::theirs" in failure("a", "s3://theirs/in/", "s3://mine/out")
    assert who + "s3:GetObject on resource: arn:aws:s3:::theirs/in/8.csv" in failure(
        "b", "s3://mine/list", "s3://mine/out", "ManifestFile")
    assert who + "s3:PutObject on resource: arn:aws:s3:::theirs/out/8.csv" in failure(
        "c", "s3://mine/in/", "s3://theirs/out")
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="theirs")["Contents"]] == ["in/8.csv"]
    assert refusal(sagemaker.create_processing_job, ProcessingJobName="d", RoleArn=role.replace("mine-alone", "other"),
                   AppSpecification={"ImageUri": "x/chiliad-split"}, ProcessingResources={"ClusterConfig": {
                       "InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}})[0] == (
                           "AccessDeniedException")
