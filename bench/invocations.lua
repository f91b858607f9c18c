-- wrk: POST a forecast request over keep-alive, the models in turn. MODELS (1000) and PREFIX ("") by environment.
local count = tonumber(os.getenv("MODELS") or "1000")
local prefix = os.getenv("PREFIX") or ""
local path = "/endpoints/bench/invocations"
local body = '{"period": 7}'
local requests = {}
local turn = 0

init = function()
  for i = 0, count - 1 do
    requests[i] = wrk.format("POST", path,
      {["X-Amzn-SageMaker-Target-Model"] = prefix .. i .. ".tar.gz", ["Content-Type"] = "application/json"}, body)
  end
end

request = function()
  turn = (turn + 1) % count
  return requests[turn]
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %.6f, "bytes": %d, "p50_us": %.1f, "p99_us": %.1f, "bad": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
