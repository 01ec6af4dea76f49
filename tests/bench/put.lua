-- PUT of 1 KiB, each under a name of its own: 1,000 names a thread, then over the first again.
local threads = 0

function setup(thread)
    thread:set("id", threads)
    threads = threads + 1
end

function init(args)
    count = 0
    body = string.rep("x", 1024)
end

function request()
    count = count + 1
    return wrk.format("PUT", wrk.path .. id .. "-" .. count % 1000, nil, body)
end
