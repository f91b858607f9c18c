"""Every List operation of the SageMaker API with boto3's own paginators: pages, orders, filters and tokens, each compared
with what the whole list says. Which members a list takes is read from the service model, so that none is left out."""
import itertools
import json
import time

import botocore.exceptions
import pytest

ROLE = "arn:aws:iam::123456789012:role/chiliad"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/chiliad-{}:1"
# Neither the order of the names nor its reverse.
NAMES = [f"listed-{letter}" for letter in "dagbfce"]
KINDS = ["training_jobs", "processing_jobs", "transform_jobs", "models", "endpoint_configs", "endpoints"]
FILTERS = {"NameContains", "StatusEquals", "CreationTimeAfter", "CreationTimeBefore", "LastModifiedTimeAfter",
           "LastModifiedTimeBefore"}
PLACE = {"NextToken", "MaxResults", "SortBy", "SortOrder"}
# Nothing here has a warm pool or a training plan: these find nothing.
FOREIGN = {"WarmPoolStatusEquals": "Available",
           "TrainingPlanArnEquals": "arn:aws:sagemaker:us-east-1:123456789012:training-plan/none"}


def create(sagemaker, name, works):
    """One of each kind; those that do not work fail."""
    prefix = "s3://listed/" if works else "s3://listed/nothing-"
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE.format("prophet"), "Mode": "MultiModel",
        "ModelDataUrl": "s3://listed/models/" if works else "s3://nothing-listed/models/"})
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
        "VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.create_training_job(
        TrainingJobName=name, RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": IMAGE.format("prophet"), "TrainingInputMode": "File"},
        InputDataConfig=[{"ChannelName": "training", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": prefix + "series/"}}}],
        OutputDataConfig={"S3OutputPath": "s3://listed/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 600})
    sagemaker.create_processing_job(
        ProcessingJobName=name, RoleArn=ROLE, AppSpecification={"ImageUri": IMAGE.format("split")},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large",
                                               "VolumeSizeInGB": 1}},
        ProcessingInputs=[{"InputName": "raw", "S3Input": {
            "S3Uri": prefix + "rows.csv", "LocalPath": "/opt/ml/processing/input", "S3DataType": "S3Prefix",
            "S3InputMode": "File"}}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "series", "S3Output": {
            "S3Uri": "s3://listed/split", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]})
    sagemaker.create_transform_job(
        TransformJobName=name, ModelName=name,
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": prefix + "batch/"}},
                        "ContentType": "application/json", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": "s3://listed/transformed", "AssembleWith": "Line"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})


class Listed:
    """A List operation as the service model and boto3's paginator describe it."""

    def __init__(self, sagemaker, kind):
        self.call = getattr(sagemaker, f"list_{kind}")
        self.paginator = sagemaker.get_paginator(f"list_{kind}")
        model = sagemaker.meta.service_model.operation_model(sagemaker.meta.method_to_api_mapping[f"list_{kind}"])
        self.members = model.input_shape.members
        self.key = self.paginator.result_keys[0].expression
        members = model.output_shape.members[self.key].member.members
        self.name = next(member for member in members if member.endswith("Name"))
        # Beside SecondaryStatus and WarmPoolStatus.
        self.status = next((member for member in members if member == self.name[:-len("Name")] + "Status"), None)

    def pages(self, size, **question):
        return [page[self.key] for page in self.paginator.paginate(PaginationConfig={"PageSize": size}, **question)]

    def names(self, **question):
        return [one[self.name] for page in self.pages(3, **question) for one in page]


@pytest.fixture(scope="module")
def sagemaker(platform):
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="listed")
    days = [f"2022-{1 + day // 28:02}-{1 + day % 28:02}" for day in range(120)]
    s3.put_object(Bucket="listed", Key="series/1.csv", Body="".join(f"{d},{i % 7}\n" for i, d in enumerate(days)))
    s3.put_object(Bucket="listed", Key="rows.csv", Body="customer_id,timestamp,consumption\n" + "".join(
        f"1,{d},{i % 7}\n" for i, d in enumerate(days)))
    # Without a line, so that no model is needed.
    s3.put_object(Bucket="listed", Key="batch/empty.json", Body=b"")
    for number, name in enumerate(NAMES):
        if number == len(NAMES) // 2:  # Clients send whole seconds: the second half is made in another one.
            second = int(time.time())
            while int(time.time()) == second:
                time.sleep(0.01)
        create(sagemaker, name, works=number % 2 == 0)
    deadline = time.monotonic() + 120
    for kind, busy in itertools.product(KINDS, ["InProgress", "Creating"]):
        listed = Listed(sagemaker, kind)
        if listed.status is None or busy not in listed.members["StatusEquals"].enum:
            continue
        while listed.call(StatusEquals=busy)[listed.key]:
            assert time.monotonic() < deadline, f"{kind} are still {busy}"
            time.sleep(0.05)
    return sagemaker


@pytest.fixture(params=KINDS)
def listed(request, sagemaker):
    return Listed(sagemaker, request.param)


def test_every_order_comes_whole_in_pages_of_every_size(listed):
    for by, order in itertools.product(listed.members["SortBy"].enum, listed.members["SortOrder"].enum):
        for size in (1, 3, len(NAMES), 100):
            pages = listed.pages(size, SortBy=by, SortOrder=order)
            assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
            assert len(pages) == -(-len(NAMES) // size), (by, order, size)
            found = [one for page in pages for one in page]
            assert sorted(one[listed.name] for one in found) == sorted(NAMES)
            keys = [one[{"Name": listed.name, "CreationTime": "CreationTime", "Status": listed.status}[by]]
                    for one in found]
            assert keys == sorted(keys, reverse=order == "Descending"), (by, order, size)
    assert listed.names(SortBy="CreationTime", SortOrder="Ascending") == NAMES


def test_every_filter_finds_what_the_whole_list_says(listed):
    assert set(listed.members) - PLACE - FILTERS <= set(FOREIGN), "a filter that this test does not know"
    everything = listed.call(MaxResults=100)[listed.key]

    def expect(question, matches):
        wanted = {one[listed.name] for one in everything if matches(one)}
        assert set(listed.names(**question)) == wanted, question
        return wanted

    assert expect({"NameContains": "listed-"}, lambda one: True) == set(NAMES)
    assert expect({"NameContains": "ed-f"}, lambda one: "ed-f" in one[listed.name]) == {"listed-f"}
    assert not expect({"NameContains": "nobody"}, lambda one: False)
    for time_member in ("CreationTime", "LastModifiedTime"):
        if f"{time_member}After" not in listed.members:
            continue
        for moment in {one[time_member].replace(microsecond=0) for one in everything}:
            expect({f"{time_member}After": moment}, lambda one: one[time_member] > moment)
            expect({f"{time_member}Before": moment}, lambda one: one[time_member] < moment)
    middle = max(one["CreationTime"] for one in everything).replace(microsecond=0)
    assert 0 < len(listed.names(CreationTimeBefore=middle)) < len(NAMES)
    if listed.status:
        counts = [len(expect({"StatusEquals": status}, lambda one: one[listed.status] == status))
                  for status in listed.members["StatusEquals"].enum]
        assert sorted(counts)[-2:] == [3, 4], "some work, some fail"
    for member in set(FOREIGN) & set(listed.members):
        assert listed.names(**{member: FOREIGN[member]}) == []


def test_a_list_goes_on_where_it_was_left(listed):
    question = {"SortBy": "Name", "SortOrder": "Ascending"}
    first = listed.paginator.paginate(PaginationConfig={"MaxItems": 3, "PageSize": 2}, **question).build_full_result()
    rest = listed.paginator.paginate(
        PaginationConfig={"StartingToken": first["NextToken"], "PageSize": 2}, **question).build_full_result()
    assert [one[listed.name] for one in first[listed.key] + rest[listed.key]] == sorted(NAMES)
    assert "NextToken" not in rest


def test_a_token_belongs_to_its_question(listed):
    token = listed.call(MaxResults=2, SortBy="Name")["NextToken"]
    for other in ({"SortBy": "CreationTime"}, {"SortBy": "Name", "NameContains": "listed"},
                  {"SortBy": "Name", "SortOrder": "Ascending", "CreationTimeAfter": 0}):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            listed.call(NextToken=token, **other)
        assert refused.value.response["Error"]["Code"] == "ValidationException", other


def test_tags_come_whole_in_pages(start_platform):
    # More than AWS allows a resource, so that there is a second page at all.
    sagemaker = start_platform("--limit", "tags=120").client("sagemaker")
    arn = sagemaker.create_model(ModelName="tagged", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE.format("prophet"), "Mode": "MultiModel", "ModelDataUrl": "s3://listed/models/"})["ModelArn"]
    tags = [{"Key": f"key-{number:03}", "Value": str(number)} for number in range(120)]
    for first in range(0, len(tags), 40):
        sagemaker.add_tags(ResourceArn=arn, Tags=tags[first:first + 40])
    # The smallest page that the service model allows.
    least = sagemaker.meta.service_model.shape_for("ListTagsMaxResults").metadata["min"]
    pages = [page["Tags"] for page in sagemaker.get_paginator("list_tags").paginate(
        ResourceArn=arn, PaginationConfig={"PageSize": least})]
    assert [len(page) for page in pages] == [least, least, len(tags) - 2 * least]
    found = [tag for page in pages for tag in page]
    assert sorted(found, key=json.dumps) == sorted(tags, key=json.dumps)
