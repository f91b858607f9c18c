"""The contract of multi-model containers, as the platform that stands outside would use it."""
import json
import os

import pytest

from fleet import ENDPOINT


def load(call, server, name, url):
    return call(server, "POST", "/models", json.dumps({"model_name": name, "url": str(url)}))


@pytest.fixture
def container(serve, models):
    return serve("--container", "--models", models)


def test_models_come_and_go(container, call, models):
    assert call(container, "GET", "/ping").status == 200
    assert call(container, "GET", "/models").json() == {"models": []}
    assert load(call, container, "m1", models / "1.tar.gz").status == 200
    assert load(call, container, "m1", models / "1.tar.gz").status == 409
    assert call(container, "GET", "/models/m1").json() == {"modelName": "m1", "modelUrl": str(models / "1.tar.gz")}
    answer = call(container, "POST", "/models/m1/invoke", '{"period": 3}')
    assert answer.status == 200 and len(answer.json()["yhat"]) == 3
    assert call(container, "POST", "/models/m1/invoke", '{"period": "x"}').status == 400
    assert call(container, "DELETE", "/models/m1").status == 200
    for method, path in (("DELETE", "/models/m1"), ("GET", "/models/m1"), ("POST", "/models/m1/invoke")):
        assert call(container, method, path, '{"period": 3}').status == 404, (method, path)


def test_a_folder_that_the_platform_unpacked(container, call, models, tmp_path):
    import tarfile
    with tarfile.open(models / "1.tar.gz") as archive:
        (models / "m" / "model").mkdir(parents=True)
        (models / "m" / "model" / "model.json").write_bytes(archive.extractfile("model.json").read())
    assert load(call, container, "m", models / "m" / "model").status == 200
    assert call(container, "POST", "/models/m/invoke", '{"period": 1}').status == 200


def test_a_full_memory_is_507_and_nothing_is_dropped(serve, call, models):
    server = serve("--container", "--models", models, "--memory-budget", "8K")
    statuses = [load(call, server, f"m{i}", models / f"{i}.tar.gz").status for i in range(8)]
    assert 507 in statuses and statuses[0] == 200
    loaded = statuses.count(200)
    assert len(call(server, "GET", "/models").json()["models"]) == loaded
    full = statuses.index(507)
    assert call(server, "DELETE", "/models/m0").status == 200
    assert load(call, server, f"m{full}", models / f"{full}.tar.gz").status == 200


def test_urls_stay_below_the_folder(container, call, models, tmp_path):
    outside = tmp_path / "outside.tar.gz"
    outside.write_bytes((models / "1.tar.gz").read_bytes())
    os.symlink(outside, models / "link.tar.gz")
    for url in (outside, models / ".." / "outside.tar.gz", models / "link.tar.gz", "1.tar.gz", "http://127.0.0.1/m",
                "s3://bucket/m", ""):
        assert load(call, container, "m", url).status == 400, url
    assert load(call, container, "m", models / "none").status == 404
    assert call(container, "GET", "/models").json() == {"models": []}


def test_bad_requests_to_load(container, call):
    for body in ("", "[]", "{}", '{"model_name": "a"}', '{"model_name": 1, "url": "/x"}', '{"model_name": "../a", "url": "/x"}'):
        assert call(container, "POST", "/models", body).status == 400, body
    assert call(container, "PUT", "/models", "").status == 405
    assert call(container, "DELETE", "/models/..%2Fx").status == 400


def test_environment_of_a_sagemaker_container(serve, call, models):
    env = {**os.environ, "SAGEMAKER_MULTI_MODEL": "true", "SAGEMAKER_MAX_REQUEST_SIZE": "1000"}
    server = serve("--container", "--models", models, env=env)
    assert load(call, server, "m", models / "1.tar.gz").status == 200
    assert call(server, "POST", "/models/m/invoke", " " * 1001).status == 413


def test_a_list_of_models_in_pages(server, call, invoke):
    for i in range(12):
        assert invoke(server, f"{i}.tar.gz").status == 200
    names, token = [], ""
    while token is not None:
        page = call(server, "GET", f"/models?limit=5&next_page_token={token}").json()
        names += [model["modelName"] for model in page["models"]]
        token = page.get("nextPageToken")
    assert names == sorted(f"{i}.tar.gz" for i in range(12))
    for limit in ("0", "-1", "x", "99999999999999999999"):
        assert call(server, "GET", f"/models?limit={limit}").status == 400, limit


def test_outside_a_container_models_are_those_of_the_store(server, call, models):
    assert load(call, server, "4.tar.gz", "4.tar.gz").status == 200
    assert load(call, server, "4.tar.gz", "4.tar.gz").status == 409
    assert load(call, server, "5.tar.gz", "s3://elsewhere/5.tar.gz").status == 400
    assert load(call, server, "none.tar.gz", "none.tar.gz").status == 404
    assert call(server, "POST", "/models/6.tar.gz/invoke", '{"period": 1}').status == 200
    assert call(server, "POST", "/models/none.tar.gz/invoke", '{"period": 1}').status == 404
    assert call(server, "DELETE", "/models/4.tar.gz").status == 200
    assert call(server, "DELETE", "/models/4.tar.gz").status == 404
    assert call(server, "GET", f"/endpoints/{ENDPOINT}/invocations").status == 405
    assert call(server, "GET", "/elsewhere").status == 404
