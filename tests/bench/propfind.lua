-- PROPFIND with the Depth and the body that the environment names.
wrk.method = "PROPFIND"
wrk.headers["Depth"] = os.getenv("BENCH_DEPTH")
wrk.headers["Content-Type"] = "application/xml"
wrk.body = os.getenv("BENCH_BODY")
