"""The control plane: how many Describe calls a second, how long 1,000 jobs take, what an idle server costs, how soon one
with 10,000 stored jobs answers?

Expected: 2,000 Describe calls a second on 2 cores, server and load generator together, each with a signature of its own;
under 40 MB idle; under 200 ms from the start of the process to the first answer.
    ./run bench api

Checked: every answer is 200; the last Describe is compared with what was created; all 1,000 jobs end as Completed and are
listed; the first answer after a start is a Describe of the last of the stored jobs.
"""
import time

from platform_server import (Platform, count, json_call, pages, replay, tiny_training_job, write_requests)
from record import RUNS, expect

QUESTION = "The control plane: Describe calls a second, 1,000 jobs, an idle server's memory, a start with 10,000 jobs"
RATE = "Describe calls, 2 cores, signed"
JOBS = "1,000 training jobs created, run and listed"
IDLE = "memory of an idle chiliad up"
START = "start to first answer with 10,000 stored jobs"


def measure(record):
    with Platform("api") as platform:
        time.sleep(2)
        record.add(IDLE, "chiliad", "MB", platform.memory_mb())
        s3, sagemaker = platform.client("s3"), platform.client("sagemaker")
        s3.create_bucket(Bucket="bench")
        rows = "".join(f"2022-01-{day:02},{day}.5\n" for day in range(1, 32))
        s3.put_object(Bucket="bench", Key="one/1.csv", Body=rows.encode())

        began = time.perf_counter()
        for job in range(1000):
            sagemaker.create_training_job(**tiny_training_job(f"tiny-{job}", "bench", "one"))
        created = time.perf_counter() - began
        while True:
            done = count(pages(sagemaker.list_training_jobs, "TrainingJobSummaries", NameContains="tiny-",
                               StatusEquals="Completed", MaxResults=100))
            if done == 1000:
                break
            expect(time.perf_counter() - began < 600, f"{done} of 1,000 jobs are done after 10 minutes")
            time.sleep(0.5)
        record.add(JOBS, "chiliad", "s", time.perf_counter() - began)
        record.add("of these: created, one after the other", "chiliad", "s", created)

        requests = [json_call(platform, "DescribeTrainingJob", {"TrainingJobName": f"tiny-{job % 1000}"})
                    for job in range(20000)]
        path = write_requests("describe", requests)
        described = sagemaker.describe_training_job(TrainingJobName="tiny-999")
        expect(described["TrainingJobStatus"] == "Completed", "a job that was listed as Completed is not")
        for _ in range(RUNS):
            record.add(RATE, "chiliad", "1/s", (lambda seen: seen["requests"] / seen["seconds"])(
                replay(path, platform.port, 5)))

        for job in range(1000, 10000):
            sagemaker.create_training_job(**tiny_training_job(f"tiny-{job}", "bench", "one"))
        while count(pages(sagemaker.list_training_jobs, "TrainingJobSummaries", StatusEquals="InProgress",
                          MaxResults=100)) > 0:
            time.sleep(1)
    for _ in range(RUNS):
        began = time.perf_counter()
        with Platform("api", keep=True) as platform:
            # A signed call by hand: importing and building a client takes Python longer than the server's start.
            import http.client
            raw = json_call(platform, "DescribeTrainingJob", {"TrainingJobName": "tiny-9999"})
            head, _, body = raw.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
            connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=30)
            connection.request("POST", "/", body, fields)
            answer = connection.getresponse()
            text = answer.read()
            took = time.perf_counter() - began
            expect(answer.status == 200 and b"tiny-9999" in text, f"the first answer is {answer.status}: {text[:200]}")
            record.add(START, "chiliad", "s", took)
