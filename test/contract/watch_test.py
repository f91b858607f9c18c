"""CloudWatch Logs and metrics with boto3: what the SDKs poll, what user code writes, both of CloudWatch's protocols."""
import datetime
import time
import urllib.request
import uuid

import botocore.exceptions
import pytest

UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def logs(platform):
    return platform.client("logs")


@pytest.fixture(scope="module")
def cloudwatch(platform):
    return platform.client("cloudwatch")


@pytest.fixture
def group(logs):
    name = f"/test/{uuid.uuid4()}"
    logs.create_log_group(logGroupName=name, tags={"team": "forecast"})
    return name


def put(logs, group, stream, *messages, at=None):
    now = at or int(time.time() * 1000)
    try:
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    except logs.exceptions.ResourceAlreadyExistsException:
        pass
    events = [{"timestamp": now + i, "message": message} for i, message in enumerate(messages)]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def error_code(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


def test_polling_as_the_sagemaker_sdk_does(logs, group):
    """sagemaker.logs: streams by prefix on every poll, each read from the head until a page is empty."""
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.describe_log_streams(logGroupName="/absent", logStreamNamePrefix="job/", orderBy="LogStreamName", limit=1)
    for instance in range(1, 4):
        put(logs, group, f"job/algo-{instance}", f"hello from {instance}", "bye")
    put(logs, group, "other/algo-1", "not ours")
    found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="job/", orderBy="LogStreamName", limit=2)
    assert [s["logStreamName"] for s in found["logStreams"]] == ["job/algo-1", "job/algo-2", "job/algo-3"]
    assert "nextToken" not in found
    seen = []
    for stream in found["logStreams"]:
        arguments = {"startTime": stream["firstEventTimestamp"], "startFromHead": True}
        while True:
            page = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], **arguments)
            if not page["events"]:
                break
            seen += [event["message"] for event in page["events"]]
            arguments["nextToken"] = page["nextForwardToken"]
        assert page["nextForwardToken"] == arguments["nextToken"]
    assert seen == ["hello from 1", "bye", "hello from 2", "bye", "hello from 3", "bye"]


def test_filtering_with_the_paginator(logs, group):
    now = int(time.time() * 1000)
    for instance in range(2):
        put(logs, group, f"job/{instance}", *[f"{'ERROR' if i % 3 == 0 else 'INFO'} {instance} {i}" for i in range(30)],
            at=now + instance)
    pages = list(logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, logStreamNamePrefix="job/", filterPattern="ERROR", PaginationConfig={"PageSize": 7}))
    events = [event for page in pages for event in page["events"]]
    assert len(pages) == 3 and len(events) == 20
    assert [e["timestamp"] for e in events] == sorted(e["timestamp"] for e in events)
    assert len({e["eventId"] for e in events}) == 20
    assert error_code(logs.filter_log_events, logGroupName=group,
                      filterPattern="{ $.level = \"ERROR\" }") == "InvalidParameterException"


def test_listing_with_paginators(logs, group):
    for i in range(60):
        logs.create_log_stream(logGroupName=group, logStreamName=f"s{i:02}")
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group)
    assert [s["logStreamName"] for page in pages for s in page["logStreams"]] == [f"s{i:02}" for i in range(60)]
    groups = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group)
    assert [g["logGroupName"] for page in groups for g in page["logGroups"]] == [group]


def test_groups_are_tagged_expire_and_go(logs, group):
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "forecast"}
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 7
    answer = put(logs, group, "s", "too old", at=int(time.time() * 1000) - 20 * 86_400_000)
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 1}
    logs.delete_log_stream(logGroupName=group, logStreamName="s")
    logs.delete_log_group(logGroupName=group)
    assert error_code(logs.get_log_events, logGroupName=group, logStreamName="s") == "ResourceNotFoundException"


def test_what_is_answered_survives_kill_9(start_platform):
    platform = start_platform()
    logs, cloudwatch = platform.client("logs"), platform.client("cloudwatch")
    logs.create_log_group(logGroupName="g")
    put(logs, "g", "s", "kept")
    cloudwatch.put_metric_data(Namespace="Kept", MetricData=[{"MetricName": "m", "Value": 1}])
    platform.stop(9)
    again = start_platform()
    events = again.client("logs").get_log_events(logGroupName="g", logStreamName="s")["events"]
    assert [event["message"] for event in events] == ["kept"]
    assert [m["MetricName"] for m in again.client("cloudwatch").list_metrics(Namespace="Kept")["Metrics"]] == ["m"]


def test_metrics_are_put_listed_and_read(cloudwatch):
    # GetMetricData's periods start at multiples of the period.
    start = datetime.datetime.fromtimestamp(time.time() // 300 * 300 - 1800, UTC)
    dimensions = [{"Name": "Fleet", "Value": "energy"}]
    cloudwatch.put_metric_data(Namespace="Mine", MetricData=[
        {"MetricName": "Loss", "Dimensions": dimensions, "Value": 10 + i, "Unit": "None",
         "Timestamp": start + datetime.timedelta(minutes=i)} for i in range(10)])
    cloudwatch.put_metric_data(Namespace="Mine", MetricData=[
        {"MetricName": "Size", "Dimensions": dimensions, "Timestamp": start, "Unit": "Bytes",
         "StatisticValues": {"SampleCount": 4, "Sum": 100, "Minimum": 10, "Maximum": 40}}])
    listed = cloudwatch.get_paginator("list_metrics").paginate(Namespace="Mine", Dimensions=[{"Name": "Fleet"}])
    assert [m["MetricName"] for page in listed for m in page["Metrics"]] == ["Loss", "Size"]
    answer = cloudwatch.get_metric_statistics(
        Namespace="Mine", MetricName="Loss", Dimensions=dimensions, StartTime=start,
        EndTime=start + datetime.timedelta(minutes=10), Period=300, Statistics=["Average", "SampleCount"],
        ExtendedStatistics=["p100"])
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    assert [(p["Timestamp"], p["Average"], p["SampleCount"]) for p in points] == [
        (start, 12.0, 5.0), (start + datetime.timedelta(minutes=5), 17.0, 5.0)]
    assert points[1]["ExtendedStatistics"]["p100"] == 19
    data = cloudwatch.get_metric_data(
        StartTime=start, EndTime=start + datetime.timedelta(minutes=10), ScanBy="TimestampAscending",
        MetricDataQueries=[
            {"Id": "m1", "ReturnData": False, "MetricStat": {
                "Metric": {"Namespace": "Mine", "MetricName": "Loss", "Dimensions": dimensions},
                "Period": 300, "Stat": "Sum"}},
            {"Id": "e1", "Expression": "m1 / 5 - 12", "Label": "above"}])
    assert data["MetricDataResults"] == [{
        "Id": "e1", "Label": "above", "StatusCode": "Complete", "Values": [0.0, 5.0],
        "Timestamps": [start, start + datetime.timedelta(minutes=5)]}]


def test_values_made_of_nothing_are_bounded(cloudwatch):
    now = datetime.datetime.now(UTC)
    metric = {"Id": "m", "MetricStat": {"Metric": {"Namespace": "Nothing", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}}

    def ask(days, fills):
        queries = [metric] + [{"Id": f"f{at}", "Expression": "FILL(m, 0)"} for at in range(fills)]
        return cloudwatch.get_metric_data(StartTime=now - datetime.timedelta(days), EndTime=now,
                                          MetricDataQueries=queries)["MetricDataResults"]

    assert 1440 <= len(ask(1, 1)[1]["Values"]) <= 1441
    for days, fills in ((15, 400), (50 * 365, 1)):
        with pytest.raises(botocore.exceptions.ClientError, match="ask for less time"):
            ask(days, fills)


def test_large_measurements_come_compressed(cloudwatch):
    """Over 10 kB boto3 sends PutMetricData with Content-Encoding: gzip."""
    data = [{"MetricName": f"m{i:03}", "Values": [float(v) for v in range(100)], "Unit": "Count"} for i in range(100)]
    cloudwatch.put_metric_data(Namespace="Large", MetricData=data)
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace="Large")
    assert sum(len(page["Metrics"]) for page in pages) == 100


def test_metric_errors_have_the_codes_of_the_query_protocol(cloudwatch):
    now = datetime.datetime.now(UTC)
    wrong = {"Namespace": "N", "MetricName": "m", "StartTime": now - datetime.timedelta(hours=1), "EndTime": now}
    with pytest.raises(cloudwatch.exceptions.InvalidParameterValueException) as refused:
        cloudwatch.get_metric_statistics(**wrong, Period=61, Statistics=["Sum"])
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert error_code(cloudwatch.get_metric_statistics, **wrong, Period=60) == "InvalidParameterCombination"
    assert error_code(cloudwatch.get_metric_data, MetricDataQueries=[{"Id": "e", "Expression": "SEARCH('x', 'Sum')"}],
                      StartTime=wrong["StartTime"], EndTime=now) == "ValidationError"
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert error_code(cloudwatch.delete_alarms, AlarmNames=["a"]) == "UnsupportedOperation"


def test_the_query_protocol(platform):
    """Older clients: forms with XML answers, signed for `monitoring`."""
    import urllib.error
    import urllib.parse
    import urllib.request
    import xml.etree.ElementTree as xml

    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials

    environment = platform.environment()
    credentials = botocore.credentials.Credentials(environment["AWS_ACCESS_KEY_ID"],
                                                   environment["AWS_SECRET_ACCESS_KEY"])

    def call(**form):
        request = botocore.awsrequest.AWSRequest(
            "POST", platform.url + "/", data=urllib.parse.urlencode({"Version": "2010-08-01", **form}),
            headers={"Content-Type": "application/x-www-form-urlencoded"})
        botocore.auth.SigV4Auth(credentials, "monitoring", environment["AWS_REGION"]).add_auth(request)
        prepared = request.prepare()
        body = prepared.body if isinstance(prepared.body, bytes) else prepared.body.encode()
        try:
            answer = urllib.request.urlopen(urllib.request.Request(prepared.url, body, dict(prepared.headers.items())))
        except urllib.error.HTTPError as refused:
            answer = refused
        return xml.fromstring(answer.read())

    names = {"": "http://monitoring.amazonaws.com/doc/2010-08-01/"}
    call(Action="PutMetricData", Namespace="Old", **{
        "MetricData.member.1.MetricName": "m", "MetricData.member.1.Value": "2.5",
        "MetricData.member.1.Dimensions.member.1.Name": "d", "MetricData.member.1.Dimensions.member.1.Value": "7"})
    listed = call(Action="ListMetrics", Namespace="Old")
    assert listed.find(".//Metrics/member/MetricName", names).text == "m"
    assert listed.find(".//Dimensions/member/Value", names).text == "7"
    now = datetime.datetime.now(UTC)
    read = call(Action="GetMetricStatistics", Namespace="Old", MetricName="m", Period="60",
                StartTime=(now - datetime.timedelta(minutes=5)).isoformat().replace("+00:00", "Z"),
                EndTime=(now + datetime.timedelta(minutes=5)).isoformat().replace("+00:00", "Z"),
                **{"Statistics.member.1": "Sum", "Dimensions.member.1.Name": "d", "Dimensions.member.1.Value": "7"})
    assert read.find(".//Datapoints/member/Sum", names).text == "2.5"
    assert call(Action="GetMetricStatistics").find(".//Error/Code", names).text == "MissingParameter"


def test_what_is_kept_and_lost_is_counted(platform, logs, cloudwatch, group):
    def counters():
        with urllib.request.urlopen(f"{platform.url}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return {name: int(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}

    before = counters()
    put(logs, group, "s", "one", "two", "three")
    now = datetime.datetime.now(UTC)
    cloudwatch.put_metric_data(Namespace="Counted", MetricData=[{"MetricName": "m", "Value": 1, "Timestamp": now}] * 2)
    grown = {name: value - before[name] for name, value in counters().items() if value != before[name]}
    assert grown.pop("chiliad_log_bytes") > 0
    assert grown.pop("chiliad_http_accepted_total") > 0 and "chiliad_capture_dropped_total" in before
    # Of calls and connections there were more than one can count here.
    assert {name: by for name, by in grown.items() if not name.startswith(("chiliad_gateway", "chiliad_http"))} == {
        "chiliad_log_lines_total": 3, "chiliad_log_streams": 1, "chiliad_metric_values_total": 2}
