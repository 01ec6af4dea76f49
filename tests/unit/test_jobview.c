/*
 * The JSON of jobs, read back by a parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "src/jobview.h"

static const struct job_view running = {
    .id = "4f1c",
    .method = "COPY",
    .status_uri = "/.holdfast/jobs/4f1c",
    .source = "/a%20b",
    .destination = "/c",
    .state = JOB_VIEW_RUNNING,
    .members_done = 1204,
    .members_total = 5000,
    .bytes_done = 99,
    .started_ms = 784111777500,
    .elapsed_ms = 12345,
    .retry_after = 3,
};

static json_t *read_back(char *text, size_t size)
{
    json_error_t error;
    assert_int_equal(strlen(text), size);
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("%s: %s", error.text, text);
    free(text);
    return value;
}

static json_t *read_job(const struct job_view *view)
{
    size_t size;
    char *text = job_view_json(view, &size);
    return read_back(text, size);
}

static json_t *read_owncloud(const struct job_view *view)
{
    size_t size;
    char *text = job_view_owncloud(view, &size);
    return read_back(text, size);
}

/* Is `value` what jansson's format and what follows make? */
static void assert_json(json_t *value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *wanted = json_vpack_ex(NULL, 0, format, args);
    va_end(args);
    assert_non_null(wanted);
    if (!json_equal(value, wanted))
        fail_msg("%s\nis not\n%s", json_dumps(value, 0), json_dumps(wanted, 0));
    json_decref(wanted);
    json_decref(value);
}

static void a_running_job_tells_how_far_it_is(void **state)
{
    (void)state;
    assert_json(read_job(&running),
                "{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:i, s:i}, s:{s:i, s:n}, s:s, s:f, s:i}", "id", "4f1c",
                "method", "COPY", "source", "/a%20b", "destination", "/c", "state", "running", "status_uri",
                "/.holdfast/jobs/4f1c", "members", "done", 1204, "total", 5000, "bytes", "done", 99, "total",
                "started", "1994-11-06T08:49:37Z", "elapsed_seconds", 12.345, "try_again_in_seconds", 3);
}

static void an_ended_job_tells_its_result(void **state)
{
    (void)state;
    struct job_view view = running;
    view.state = JOB_VIEW_SUCCEEDED;
    view.status = 201;
    view.location = "/c/";
    view.etag = "\"e\"";
    view.message = "It is done.";
    json_t *job = read_job(&view);
    assert_null(json_object_get(job, "try_again_in_seconds"));
    assert_json(json_incref(json_object_get(job, "result")), "{s:i, s:s, s:s, s:s, s:s}", "status", 201,
                "reason", "Created", "location", "/c/", "etag", "\"e\"", "message", "It is done.");
    json_decref(job);

    view.location = view.etag = view.message = NULL;
    view.status = 204;
    job = read_job(&view);
    assert_json(json_incref(json_object_get(job, "result")), "{s:i, s:s}", "status", 204, "reason",
                "No Content");
    json_decref(job);
}

static void every_state_has_its_name_and_its_members(void **state)
{
    (void)state;
    static const struct {
        enum job_view_state state;
        const char *name, *owncloud;
        bool ended;
    } rows[] = {
        { JOB_VIEW_WAITING, "waiting", "init", false },
        { JOB_VIEW_RUNNING, "running", "started", false },
        { JOB_VIEW_SUCCEEDED, "succeeded", "finished", true },
        { JOB_VIEW_FAILED, "failed", "error", true },
        { JOB_VIEW_CANCELLED, "cancelled", "error", true },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_view view = running;
        view.state = rows[i].state;
        view.status = rows[i].ended ? 503 : 0;
        json_t *job = read_job(&view), *owncloud = read_owncloud(&view);
        assert_string_equal(json_string_value(json_object_get(job, "state")), rows[i].name);
        assert_string_equal(json_string_value(json_object_get(owncloud, "status")), rows[i].owncloud);
        assert_true((json_object_get(job, "result") != NULL) == rows[i].ended);
        assert_true((json_object_get(job, "try_again_in_seconds") == NULL) == rows[i].ended);
        assert_true(job_view_has_ended(&view) == rows[i].ended);
        json_decref(job);
        json_decref(owncloud);
    }
}

static void what_is_not_known_is_null_and_what_is_not_there_is_left_out(void **state)
{
    (void)state;
    const struct job_view view = {
        .id = "1", .method = "DELETE", .status_uri = "/j/1", .source = "/a", .state = JOB_VIEW_WAITING
    };
    assert_json(read_job(&view), "{s:s, s:s, s:s, s:s, s:s, s:{s:i, s:n}, s:{s:i, s:n}, s:n, s:f, s:i}", "id",
                "1", "method", "DELETE", "source", "/a", "state", "waiting", "status_uri", "/j/1", "members",
                "done", 0, "total", "bytes", "done", 0, "total", "started", "elapsed_seconds", 0.0,
                "try_again_in_seconds", 0);
}

static void huge_numbers_stay_numbers(void **state)
{
    (void)state;
    struct job_view view = running;
    view.members_done = view.members_total = view.bytes_total = UINT64_MAX;
    view.bytes_done = INT64_MAX;
    view.elapsed_ms = view.started_ms = INT64_MAX;
    view.retry_after = UINT32_MAX;
    json_t *job = read_job(&view);
    assert_json(json_incref(json_object_get(job, "members")), "{s:I, s:I}", "done", (json_int_t)INT64_MAX,
                "total", (json_int_t)INT64_MAX);
    assert_json(json_incref(json_object_get(job, "bytes")), "{s:I, s:I}", "done", (json_int_t)INT64_MAX,
                "total", (json_int_t)INT64_MAX);
    assert_true(json_real_value(json_object_get(job, "elapsed_seconds")) > 9e15);
    assert_true(json_is_null(json_object_get(job, "started")));
    assert_json(json_incref(json_object_get(job, "try_again_in_seconds")), "I", (json_int_t)UINT32_MAX);
    json_decref(job);
}

static void no_text_breaks_the_json(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *read;
    } rows[] = {
        { "quotes and backslashes", "a\"b\\c\",\"x\":1}", "a\"b\\c\",\"x\":1}" },
        { "control characters", "a\n\t\x01\x7F", "a\n\t\x01\x7F" },
        { "UTF-8", "\xC3\xBC \xF0\x9F\x98\x80", "\xC3\xBC \xF0\x9F\x98\x80" },
        { "a byte alone", "a\xFFz", "a\xEF\xBF\xBDz" },
        { "good ones beside it", "\xC3\xBC\xFF\xC3\xBC", "\xC3\xBC\xEF\xBF\xBD\xC3\xBC" },
        { "cut off", "a\xC3", "a\xEF\xBF\xBD" },
        { "empty", "", "" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_view view = running;
        view.state = JOB_VIEW_FAILED;
        view.status = 500;
        view.message = rows[i].text;
        view.source = rows[i].text;
        json_t *job = read_job(&view), *owncloud = read_owncloud(&view);
        const char *message = json_string_value(json_object_get(json_object_get(job, "result"), "message"));
        if (strcmp(message, rows[i].read) != 0)
            fail_msg("%s: %s", rows[i].name, message);
        assert_string_equal(json_string_value(json_object_get(job, "source")), rows[i].read);
        assert_string_equal(json_string_value(json_object_get(owncloud, "errorMessage")), rows[i].read);
        json_decref(job);
        json_decref(owncloud);
    }
}

static void owncloud_clients_find_what_they_look_for(void **state)
{
    (void)state;
    struct job_view view = running;
    assert_json(read_owncloud(&view), "{s:s}", "status", "started");
    view.state = JOB_VIEW_SUCCEEDED;
    view.status = 201;
    assert_json(read_owncloud(&view), "{s:s}", "status", "finished");
    view.etag = "\"e\"";
    assert_json(read_owncloud(&view), "{s:s, s:s}", "status", "finished", "ETag", "\"e\"");
    view.state = JOB_VIEW_FAILED;
    view.status = 507;
    assert_json(read_owncloud(&view), "{s:s, s:i, s:s}", "status", "error", "errorCode", 507, "errorMessage",
                "Insufficient Storage");
    view.state = JOB_VIEW_CANCELLED;
    view.message = "It was cancelled.";
    assert_json(read_owncloud(&view), "{s:s, s:i, s:s}", "status", "error", "errorCode", 507, "errorMessage",
                "It was cancelled.");
}

static void a_list_keeps_its_order(void **state)
{
    (void)state;
    struct job_view views[3] = { running, running, running };
    size_t size;
    views[0].id = "z";
    views[1].id = "a";
    views[2].id = "m";
    char *text = job_view_list_json(views, 3, &size);
    json_t *list = read_back(text, size), *jobs = json_object_get(list, "jobs");
    assert_int_equal(json_array_size(jobs), 3);
    for (unsigned i = 0; i < 3; i++) {
        json_t *job = read_job(&views[i]);
        assert_true(json_equal(json_array_get(jobs, i), job));
        json_decref(job);
    }
    json_decref(list);

    text = job_view_list_json(NULL, 0, &size);
    assert_json(read_back(text, size), "{s:[]}", "jobs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_job_tells_how_far_it_is),
        cmocka_unit_test(an_ended_job_tells_its_result),
        cmocka_unit_test(every_state_has_its_name_and_its_members),
        cmocka_unit_test(what_is_not_known_is_null_and_what_is_not_there_is_left_out),
        cmocka_unit_test(huge_numbers_stay_numbers),
        cmocka_unit_test(no_text_breaks_the_json),
        cmocka_unit_test(owncloud_clients_find_what_they_look_for),
        cmocka_unit_test(a_list_keeps_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
