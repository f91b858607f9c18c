-- wrk: sends requests that were written down beforehand, signatures included, in turn. REQUESTS names a file: each
-- request as a line with its length in bytes, then the bytes. Prints what came out as one line of JSON.
local requests = {}
local turn = 0
local threads = {}

setup = function(thread) table.insert(threads, thread) end

init = function()
  local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
  while true do
    local size = file:read("*l")
    if not size then break end
    requests[#requests + 1] = file:read(tonumber(size))
  end
  file:close()
end

request = function()
  turn = turn % #requests + 1
  return requests[turn]
end

bad = 0
response = function(status) if status ~= 200 then bad = bad + 1 end end

done = function(summary, latency)
  local wrong = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("bad") end
  io.write(string.format('{"requests": %d, "seconds": %.6f, "bad": %d, "p50_us": %d, "p99_us": %d}\n', summary.requests,
    summary.duration / 1e6, wrong, latency:percentile(50), latency:percentile(99)))
end
