-- PROPPATCH of one dead property, of 100 files in turn, a new value each time. The body comes from the environment.
local threads = 0

function setup(thread)
    thread:set("id", threads)
    threads = threads + 1
end

function init(args)
    count = id * 50
    text = os.getenv("BENCH_BODY")
    wrk.headers["Content-Type"] = "application/xml"
end

function request()
    count = count + 1
    return wrk.format("PROPPATCH", string.format("%sf%05d", wrk.path, count % 100), nil, string.format(text, "v" .. count))
end
