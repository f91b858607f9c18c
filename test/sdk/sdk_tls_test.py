"""The same fleet over TLS: every client finds the authority of the server's certificate in what `chiliad env` prints."""
import json
import os
import pathlib

import botocore.exceptions
import pytest

HERE = pathlib.Path(__file__).resolve().parent


def test_a_fleet_is_trained_and_served_over_tls(start_platform, chiliad, program, tmp_path):
    """With the certificate that the server made for itself; who does not know its authority is not served."""
    chiliad.run("generate", "--customers", 30, "--output", tmp_path / "energy.csv")
    platform = start_platform("--tls")
    assert platform.url.startswith("https://")
    result = json.loads(platform.run(program("sagemaker-2/bin/python"), HERE / "fleet_sdk2.py",
                                     tmp_path / "energy.csv", 30).splitlines()[-1])
    assert result["models"] == 30 and sorted(result["forecasts"]) == ["29", "8"]
    aws = program("cli/bin/aws")
    platform.run(aws, "s3", "cp", tmp_path / "energy.csv", f"s3://{result['bucket']}/by-cli/energy.csv")
    assert "by-cli/energy.csv" in platform.run(aws, "s3", "ls", "--recursive", f"s3://{result['bucket']}/by-cli/")
    # An answer that is not read would keep node alive until the server ends the idle connection.
    ask = ("require('https').get(process.env.AWS_ENDPOINT_URL + '/ping',"
           " (answer) => { console.log(answer.statusCode); answer.resume(); })")
    assert platform.run(os.environ.get("CHILIAD_NODE", "node"), "-e", ask).strip() == "200"
    with pytest.raises(botocore.exceptions.SSLError):
        platform.client("s3").list_buckets()
