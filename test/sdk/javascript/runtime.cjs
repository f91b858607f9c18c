// Asks one endpoint of a multi-model endpoint for forecasts, as a JavaScript program on AWS would: only the environment
// (AWS_ENDPOINT_URL, keys, region) says where. Prints one line of JSON.
//
//   node runtime.cjs ENDPOINT MODEL   with @aws-sdk/client-sagemaker-runtime in NODE_PATH
const { SageMakerRuntimeClient, InvokeEndpointCommand } = require("@aws-sdk/client-sagemaker-runtime");

async function main() {
  const [endpoint, model] = process.argv.slice(2);
  const client = new SageMakerRuntimeClient({ maxAttempts: 1 });
  const invoke = (target, body) =>
    client.send(
      new InvokeEndpointCommand({
        EndpointName: endpoint,
        TargetModel: target,
        ContentType: "application/json",
        Accept: "application/json",
        Body: body,
      }),
    );
  const answer = await invoke(model, JSON.stringify({ period: 7 }));
  const forecast = JSON.parse(Buffer.from(answer.Body).toString());
  const problems = [];
  for (const [target, body] of [
    ["there-is-no-such-model.tar.gz", JSON.stringify({ period: 7 })],
    [model, "this is no JSON"],
  ]) {
    try {
      await invoke(target, body);
      problems.push("none");
    } catch (error) {
      problems.push({ name: error.name, status: error.$metadata?.httpStatusCode ?? null });
    }
  }
  console.log(
    JSON.stringify({
      contentType: answer.ContentType,
      variant: answer.InvokedProductionVariant,
      rows: Object.keys(forecast.yhat).length,
      columns: Object.keys(forecast),
      problems,
    }),
  );
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
