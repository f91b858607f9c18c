"""Amazon SageMaker's runtime call, by boto3 and by curl."""
import json
import subprocess

import botocore.exceptions
import pytest

from fleet import ENDPOINT, ROWS, TARGET


def refused(client, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        client.invoke_endpoint(**{"EndpointName": ENDPOINT, "ContentType": "application/json", **arguments})
    return raised.value.response


def test_boto3_gets_seven_days_after_the_history(server, runtime):
    response = runtime(server).invoke_endpoint(
        EndpointName=ENDPOINT, TargetModel="8.tar.gz", ContentType="application/json", Body='{"period": 7}')
    assert response["ContentType"] == "application/json"
    assert response["InvokedProductionVariant"] == "AllTraffic"
    assert response["ResponseMetadata"]["RequestId"]
    answer = json.loads(response["Body"].read())
    assert list(answer)[:6] == ["ds", "trend", "yhat_lower", "yhat_upper", "trend_lower", "trend_upper"]
    assert list(answer)[-1] == "yhat"
    rows = [str(ROWS + i) for i in range(7)]
    for column, values in answer.items():
        assert list(values) == rows, column
    dates = list(answer["ds"].values())
    assert [later - earlier for earlier, later in zip(dates, dates[1:])] == [86_400_000] * 6
    for row in rows:
        assert answer["yhat_lower"][row] < answer["yhat"][row] < answer["yhat_upper"][row]


def test_the_notebooks_client_gets_a_string_that_holds_json(server, runtime):
    body = json.dumps(json.dumps({"period": 7}))
    response = runtime(server).invoke_endpoint(
        EndpointName=ENDPOINT, TargetModel="3.tar.gz", ContentType="application/json", Accept="application/json", Body=body)
    text = json.loads(response["Body"].read())
    assert isinstance(text, str)
    assert len(json.loads(text)["yhat"]) == 7


def test_the_answer_is_the_table_that_chiliad_forecasts(chiliad, models, server, invoke, tmp_path):
    chiliad.run("forecast", "--models", models, "--period", 7, "--output", tmp_path / "all.csv")
    header, *lines = (tmp_path / "all.csv").read_text().splitlines()
    table = [dict(zip(header.split(","), line.split(","))) for line in lines]
    answer = invoke(server, "5.tar.gz").json()
    for column in ("yhat", "yhat_lower", "yhat_upper"):
        expected = [float(row[column]) for row in table if row["customer_id"] == "5"]
        assert list(answer[column].values()) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_csv_has_the_same_numbers(server, invoke):
    answer = invoke(server, "1.tar.gz").json()
    csv = invoke(server, "1.tar.gz", accept="text/csv")
    assert csv.fields["Content-Type"] == "text/csv"
    header, *lines = csv.body.decode().splitlines()
    assert header.split(",") == list(answer)
    assert len(lines) == 7
    last = dict(zip(header.split(","), lines[-1].split(",")))
    assert float(last["yhat"]) == pytest.approx(answer["yhat"][str(ROWS + 6)], abs=1e-10)


def test_fields_choose_dates_frequency_columns_and_quantiles(server, invoke):
    hours = invoke(server, "1.tar.gz", '{"period": 3, "freq": "h", "columns": ["ds", "yhat"]}').json()
    assert list(hours) == ["ds", "yhat"]
    dates = list(hours["ds"].values())
    assert dates[1] - dates[0] == 3_600_000
    chosen = invoke(server, "1.tar.gz", '{"ds": ["2022-12-01", 1669939200000], "columns": ["ds"]}').json()
    assert chosen == {"ds": {"0": 1669852800000, "1": 1669939200000}}
    quantiles = invoke(server, "1.tar.gz", '{"period": 1, "quantiles": [0.05, 0.95]}').json()
    row = str(ROWS)
    assert quantiles["yhat_q0.05"][row] < quantiles["yhat_lower"][row] < quantiles["yhat_q0.95"][row]
    both = invoke(server, "1.tar.gz", '{"period": 1, "columns": ["yhat"], "quantiles": [0.05, 0.95]}').json()
    assert both == {column: quantiles[column] for column in ("yhat", "yhat_q0.05", "yhat_q0.95")}
    none = invoke(server, "1.tar.gz", '{"period": 1, "uncertainty": "none"}').json()
    assert "yhat_lower" not in none
    seeded = '{"period": 2, "uncertainty": "simulated", "seed": 3}'
    assert invoke(server, "1.tar.gz", seeded).body == invoke(server, "1.tar.gz", seeded).body


def test_a_kept_frame_gives_the_same_answer(server, invoke):
    first = invoke(server, "2.tar.gz").body
    other = invoke(server, "2.tar.gz", '{"period": 9}').json()
    assert invoke(server, "2.tar.gz").body == invoke(server, "2.tar.gz").body == first
    assert len(other["yhat"]) == 9


def test_errors_have_the_names_that_aws_gives_them(server, runtime):
    client = runtime(server)
    unknown = refused(client, TargetModel="none.tar.gz", Body='{"period": 7}')
    assert (unknown["Error"]["Code"], unknown["ResponseMetadata"]["HTTPStatusCode"]) == ("ValidationError", 400)
    assert "none.tar.gz" in unknown["Error"]["Message"]
    body = refused(client, TargetModel="8.tar.gz", Body='{"periods": 7}')
    assert (body["Error"]["Code"], body["ResponseMetadata"]["HTTPStatusCode"]) == ("ModelError", 424)
    assert body["OriginalStatusCode"] == 400
    assert "'periods'" in body["OriginalMessage"]
    endpoint = refused(client, EndpointName="other", TargetModel="8.tar.gz", Body='{"period": 7}')
    assert endpoint["Error"]["Code"] == "ValidationError"
    assert endpoint["Error"]["Message"] == "Endpoint other of account 000000000000 not found."
    assert refused(client, Body='{"period": 7}')["Error"]["Code"] == "ValidationError"


def test_curl_and_its_expectation_of_100_continue(server):
    done = subprocess.run(
        ["curl", "-sS", "--fail-with-body", "-H", "Expect: 100-continue", "-H", f"{TARGET}: 8.tar.gz", "-d",
         '{"period": 1}', f"{server.url}/endpoints/{ENDPOINT}/invocations"], capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["yhat"]) == 1


def test_a_batch_lists_what_failed(server, call):
    models = [f"{i}.tar.gz" for i in range(12)] + ["none.tar.gz", "../8.tar.gz"]
    answer = call(server, "POST", f"/endpoints/{ENDPOINT}/invocations-batch",
                  json.dumps({"models": models, "period": 2, "columns": ["yhat"]}))
    assert answer.status == 200
    assert answer.fields["Transfer-Encoding"] == "chunked"
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert [line.get("model") for line in lines[:-1]] == models
    assert lines[-1] == {"done": True, "succeeded": 12, "failed": 2}
    assert all(len(line["forecast"]["yhat"]) == 2 for line in lines[:12])
    assert [line["status"] for line in lines[12:14]] == [400, 400]


def test_metrics_count_under_sagemakers_names(server, call, invoke):
    for model in ("1.tar.gz", "1.tar.gz", "2.tar.gz", "none.tar.gz"):
        invoke(server, model)
    text = call(server, "GET", "/metrics").body.decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert values["chiliad_Invocations"] == "4"
    assert values["chiliad_Invocation4XXErrors"] == "1"
    assert values["chiliad_ModelCacheHit"] == "1"
    assert values["chiliad_LoadedModelCount"] == "2"
    assert values["chiliad_ModelLatency_count"] == "3"
    assert values['chiliad_TopErrors{model="none.tar.gz"}'] == "1"
    assert int(values["chiliad_memory_bytes"]) > 0
