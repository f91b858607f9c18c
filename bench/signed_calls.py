"""InvokeEndpoint with and without a signature to check: how much of the rate is left?

Expected: at least 60 %. 1,000 models in turn, 20,000 distinct signatures, server on one core and wrk on the other, both
servers taking turns in one run; the rate without comes from a server with --no-auth and the same requests.
    ./run bench signed_calls

Checked: every answer is 200; one answer a server is compared with the other's.
"""
import os

from platform_server import IMAGE, ROLE, Platform, replay, signed, write_requests
from record import RUNS, expect
from server import BODY, models

QUESTION = "InvokeEndpoint with and without a signature to check: how much of the rate is left?"
RATE = "InvokeEndpoint, 7 rows, chiliad up on one core"
WITH, WITHOUT = "signatures checked", "--no-auth"


def deploy(platform, archives):
    s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="bench")
    for archive in archives:
        s3.put_object(Bucket="bench", Key=f"models/{archive.name}", Body=archive.read_bytes())
    sagemaker.create_model(ModelName="bench", ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE.format("prophet"), "Mode": "MultiModel", "ModelDataUrl": "s3://bench/models/"})
    sagemaker.create_endpoint_config(EndpointConfigName="bench", ProductionVariants=[{
        "VariantName": "AllTraffic", "ModelName": "bench", "InitialInstanceCount": 1, "InstanceType": "ml.c5.xlarge"}])
    sagemaker.create_endpoint(EndpointName="bench", EndpointConfigName="bench")
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="bench", WaiterConfig={"Delay": 1})


def measure(record):
    cores = sorted(os.sched_getaffinity(0))
    expect(len(cores) >= 2, "server and load generator need a core each")
    archives = sorted(models().glob("*.tar.gz"))
    with Platform("signed", cores={cores[0]}) as checked, \
            Platform("unsigned", "--no-auth", cores={cores[0]}) as open_to_all:
        subjects, paths, answers = ((WITH, checked), (WITHOUT, open_to_all)), {}, []
        for name, platform in subjects:
            deploy(platform, archives)
            answers.append(platform.client("sagemaker-runtime").invoke_endpoint(
                EndpointName="bench", TargetModel=archives[0].name, ContentType="application/json",
                Body=BODY)["Body"].read())
            paths[name] = write_requests(f"invoke-{platform.port}", (
                signed("POST", f"{platform.url}/endpoints/bench/invocations", BODY.encode(),
                       {"X-Amzn-SageMaker-Target-Model": archives[turn % len(archives)].name,
                        "Content-Type": "application/json", "X-Turn": str(turn)},
                       "sagemaker", platform.key, platform.secret) for turn in range(20000)))
        expect(answers[0] == answers[1], "the two servers answer differently")
        for name, platform in subjects:
            replay(paths[name], platform.port, 2, cores={cores[1]})
        for _ in range(RUNS):
            for name, platform in subjects:
                seen = replay(paths[name], platform.port, 5, cores={cores[1]})
                record.add(RATE, name, "1/s", seen["requests"] / seen["seconds"])
