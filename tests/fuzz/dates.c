/*
 * Dates, Timeout and X-OC-Mtime: a moment that is read is written as the same moment, and a lock lasts between a
 * second and its bound, whatever is asked for.
 *
 * Lines: a date, Timeout, X-OC-Mtime, eight bytes of a moment.
 */
#include <assert.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "webdav/httpdate.h"
#include "webdav/locks.h"
#include "webdav/method.h"
#include "webdav/request.h"

#define SECOND_NS INT64_C(1000000000)

static void check_written(int64_t time_ns)
{
    char text[HTTPDATE_SIZE], iso[HTTPDATE_SIZE];
    int64_t again;

    assert(httpdate_format(time_ns, text) == strlen(text) && strlen(text) < sizeof text);
    assert(httpdate_format_iso(time_ns, iso) == strlen(iso) && strlen(iso) < sizeof iso);
    assert(httpdate_parse(text, &again));
    if (time_ns > INT64_MIN + SECOND_NS) /* which is no whole second */
        assert(again <= time_ns && time_ns - again < SECOND_NS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct dav_request request = { 0 };
    int64_t time_ns, moment = 0;

    request.pool = fuzz_begin(data, size, &in);
    if (httpdate_parse(fuzz_line(&in), &time_ns))
        check_written(time_ns);
    request.headers = fuzz_header(request.pool, "Timeout", fuzz_line(&in));
    const char *mtime = fuzz_line(&in);
    if (*mtime)
        apr_table_addn(request.headers, "X-OC-Mtime", mtime);
    assert(lock_timeout(&request) >= 1 && lock_timeout(&request) <= LOCK_TIMEOUT_MAX_S);
    if (method_oc_mtime(&request, &time_ns))
        check_written(time_ns);
    memcpy(&moment, in.at, in.left < sizeof moment ? in.left : sizeof moment);
    check_written(moment);
    return 0;
}
