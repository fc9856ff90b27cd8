-- What wrk sends and counts: GET on PATH, where each # is the number of one of JOBS jobs, chosen at random.
-- Its last line is a record in JSON.
local path, jobs = os.getenv("BENCH_PATH"), tonumber(os.getenv("BENCH_JOBS"))
local token = os.getenv("BENCH_TOKEN")
local isRandom = path:find("#", 1, true) ~= nil

function request()
    local asked = path
    if isRandom then asked = path:gsub("#", string.format("%026d", math.random(1, jobs))) end
    return wrk.format("GET", asked, { Authorization = "Bearer " .. token })
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"rate": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "answers": %d, "failed": %d}\n',
        summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        summary.requests, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
