/*
 * jansson keeps members in the order in which they are set, so the text reads from the general to the
 * particular. It refuses strings that are not UTF-8, so these are mended first.
 */
#include "src/jobview.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "webdav/buffer.h"
#include "webdav/httpdate.h"
#include "webdav/status.h"

#define NS_PER_MS 1000000

/* Three significant digits behind the point for weeks to come, and no 0.10000000000000001. */
#define DUMP_FLAGS (JSON_INDENT(2) | JSON_REAL_PRECISION(12))

const char *job_view_state_name(enum job_view_state state)
{
    static const char *const names[] = {
        [JOB_VIEW_WAITING] = "waiting",     [JOB_VIEW_RUNNING] = "running",
        [JOB_VIEW_SUCCEEDED] = "succeeded", [JOB_VIEW_FAILED] = "failed",
        [JOB_VIEW_CANCELLED] = "cancelled",
    };
    assert(state < sizeof names / sizeof *names);
    return names[state];
}

bool job_view_has_ended(const struct job_view *view)
{
    return view->state != JOB_VIEW_WAITING && view->state != JOB_VIEW_RUNNING;
}

/* ---- values ---- */

/* A copy of the text in which every byte that belongs to no character is U+FFFD. */
static json_t *mended_string(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    const uint8_t *end = at + strlen(text);
    struct buffer copy;

    buffer_init(&copy, SIZE_MAX / 2); /* three times the text at most */
    while (at < end) {
        ucs4_t character;
        uint8_t bytes[6];
        at += u8_mbtouc(&character, at, (size_t)(end - at));
        buffer_append(&copy, bytes, (size_t)u8_uctomb(bytes, character, sizeof bytes));
    }
    json_t *string = json_stringn(copy.data, copy.size);
    buffer_release(&copy);
    return string;
}

static json_t *string_of(const char *text)
{
    json_t *string = json_string(text);
    return string ? string : mended_string(text);
}

static json_t *integer_of(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static void set(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) != 0)
        abort(); /* out of memory: names and values are sound */
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text)
        set(object, name, string_of(text));
}

/* ---- a job ---- */

static json_t *count_of(uint64_t done, uint64_t total)
{
    json_t *count = json_object();
    set(count, "done", integer_of(done));
    set(count, "total", total ? integer_of(total) : json_null());
    return count;
}

static json_t *date_of(int64_t time_ms)
{
    char date[HTTPDATE_SIZE];
    if (time_ms <= 0 || time_ms > INT64_MAX / NS_PER_MS)
        return json_null();
    httpdate_format_iso(time_ms * NS_PER_MS, date);
    return json_string(date);
}

static json_t *result_of(const struct job_view *view)
{
    json_t *result = json_object();
    if (view->status) {
        set(result, "status", json_integer(view->status));
        set(result, "reason", json_string(status_phrase(view->status)));
    }
    set_text(result, "location", view->location);
    set_text(result, "etag", view->etag);
    set_text(result, "message", view->message);
    return result;
}

static json_t *job_of(const struct job_view *view)
{
    json_t *job = json_object();
    set_text(job, "id", view->id);
    set_text(job, "method", view->method);
    set_text(job, "source", view->source);
    set_text(job, "destination", view->destination);
    set_text(job, "state", job_view_state_name(view->state));
    set_text(job, "status_uri", view->status_uri);
    set(job, "members", count_of(view->members_done, view->members_total));
    set(job, "bytes", count_of(view->bytes_done, view->bytes_total));
    set(job, "started", date_of(view->started_ms));
    set(job, "elapsed_seconds", json_real((double)view->elapsed_ms / 1000));
    if (job_view_has_ended(view))
        set(job, "result", result_of(view));
    else
        set(job, "try_again_in_seconds", json_integer(view->retry_after));
    return job;
}

/* ---- text ---- */

static int append(const char *text, size_t len, void *out)
{
    buffer_append(out, text, len);
    return 0;
}

/* The value's text with a line end; takes the value. */
static char *dump(json_t *value, size_t *out_size)
{
    struct buffer out;

    buffer_init(&out, SIZE_MAX / 2);
    if (json_dump_callback(value, append, &out, DUMP_FLAGS) != 0)
        abort();
    json_decref(value);
    buffer_append(&out, "\n", sizeof "\n");
    *out_size = out.size - 1;
    return out.data;
}

char *job_view_json(const struct job_view *view, size_t *out_size)
{
    return dump(job_of(view), out_size);
}

char *job_view_list_json(const struct job_view *views, size_t count, size_t *out_size)
{
    json_t *list = json_object();
    json_t *jobs = json_array();

    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(jobs, job_of(&views[i])) != 0)
            abort();
    set(list, "jobs", jobs);
    return dump(list, out_size);
}

char *job_view_owncloud(const struct job_view *view, size_t *out_size)
{
    static const char *const names[] = {
        [JOB_VIEW_WAITING] = "init", [JOB_VIEW_RUNNING] = "started", [JOB_VIEW_SUCCEEDED] = "finished",
        [JOB_VIEW_FAILED] = "error", [JOB_VIEW_CANCELLED] = "error",
    };
    json_t *job = json_object();

    set_text(job, "status", names[view->state]);
    if (view->state == JOB_VIEW_SUCCEEDED) {
        set_text(job, "ETag", view->etag);
    } else if (job_view_has_ended(view)) {
        set(job, "errorCode", json_integer(view->status));
        set_text(job, "errorMessage", view->message ? view->message : status_phrase(view->status));
    }
    return dump(job, out_size);
}
