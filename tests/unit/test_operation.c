/*
 * One operation: its name, how it ends, and how it looks to its owner.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "tests/support/workshop.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))
#define TEST(name)  cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int set_up(void **state)
{
    *state = workshop_open(NULL);
    return 0;
}

static int tear_down(void **state)
{
    workshop_close(*state);
    return 0;
}

static const struct question copy = { "COPY", "/dir/", .headers = "Destination: /n%65w" };

/* As seen so long after it began. */
static struct job_view seen(struct workshop *w, struct operation *op, bool is_ended, int64_t elapsed_ms,
                            unsigned waiting, unsigned workers)
{
    struct job_view view;
    operation_view(op, w->x->pool, is_ended, op->started_ms + elapsed_ms, waiting, workers, &view);
    return view;
}

static struct job_view shown(struct workshop *w, struct caller *caller)
{
    struct job_view view;
    registry_view(w->registry, caller->operation, w->x->pool, &view);
    return view;
}

static void ids_are_long_and_never_the_same(void **state)
{
    struct workshop *w = *state;
    struct caller *callers[100];

    for (size_t i = 0; i < COUNT(callers); i++) {
        callers[i] = workshop_ask_slow(w, "ann");
        assert_int_equal(strlen(callers[i]->id), OPERATION_ID_SIZE - 1);
        assert_int_equal(strspn(callers[i]->id, "0123456789abcdef"), OPERATION_ID_SIZE - 1);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(callers[i]->id, callers[j]->id);
    }
    for (size_t i = 0; i < COUNT(callers); i++) {
        workshop_end(w, callers[i]->operation);
        caller_leave(callers[i], LEFT_DELIVERED);
    }
}

static void one_asks_again_soon_while_it_is_young_and_later_when_many_wait(void **state)
{
    static const struct {
        const char *name;
        int64_t elapsed_ms;
        unsigned waiting, workers, retry_after;
    } rows[] = {
        { "just begun", 0, 0, 4, 1 },
        { "before the first quarter", 7999, 0, 4, 1 },
        { "a quarter of its age", 8000, 0, 4, 2 },
        { "likewise", 60000, 0, 4, 15 },
        { "half a minute at most", 120000, 0, 4, 30 },
        { "after a day", 86400000, 0, 4, 30 },
        { "fewer wait than there are workers", 0, 3, 4, 1 },
        { "each worker has eight before it", 0, 32, 4, 8 },
        { "age and queue", 60000, 32, 4, 23 },
        { "a minute at most", 0, 20000, 4, 60 },
        { "both at most", 86400000, 20000, 1, 60 },
        { "no workers", 0, 10, 0, 1 },
        { "a clock that stood still", -5, 0, 4, 1 },
    };
    struct workshop *w = *state;
    struct caller *caller = workshop_ask_slow(w, "ann");

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct job_view view =
            seen(w, caller->operation, false, rows[i].elapsed_ms, rows[i].waiting, rows[i].workers);
        if (view.retry_after != rows[i].retry_after)
            fail_msg("%s: %u", rows[i].name, view.retry_after);
        assert_int_equal(view.elapsed_ms, rows[i].elapsed_ms);
    }
    workshop_end(w, caller->operation);
    caller_leave(caller, LEFT_DELIVERED);
}

static void the_state_follows_from_what_happened(void **state)
{
    static const struct {
        const char *name;
        bool is_running, is_cancelled;
        int status; /* 0: not ended */
        enum job_view_state state;
    } rows[] = {
        { "in the queue", false, false, 0, JOB_VIEW_WAITING },
        { "in the queue, to be stopped", false, true, 0, JOB_VIEW_WAITING },
        { "at work", true, false, 0, JOB_VIEW_RUNNING },
        { "at work, to be stopped", true, true, 0, JOB_VIEW_RUNNING },
        { "done", true, false, 201, JOB_VIEW_SUCCEEDED },
        { "done before the stop came", true, true, 204, JOB_VIEW_SUCCEEDED },
        { "failed", true, false, 412, JOB_VIEW_FAILED },
        { "failed hard", true, false, 507, JOB_VIEW_FAILED },
        { "stopped", true, true, 409, JOB_VIEW_CANCELLED },
        { "stopped by its time", true, true, 503, JOB_VIEW_CANCELLED },
    };
    struct workshop *w = *state;
    struct caller *caller = workshop_ask_slow(w, "ann");
    struct operation *op = caller->operation;
    struct dav_reply *reply = operation_reply(op);

    reply->headers = apr_table_make(w->x->pool, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        atomic_store(&op->is_running, rows[i].is_running);
        atomic_store(&op->cancelled, rows[i].is_cancelled ? DAV_STOP_CANCELLED + 1 : 0);
        reply->status = rows[i].status;
        struct job_view view = seen(w, op, rows[i].status != 0, 0, 0, 1);
        if (view.state != rows[i].state || view.status != rows[i].status)
            fail_msg("%s: %s", rows[i].name, job_view_state_name(view.state));
    }
    workshop_end(w, op);
    caller_leave(caller, LEFT_DELIVERED);
}

static void a_request_shows_what_it_is_about_and_how_far_it_is(void **state)
{
    struct workshop *w = *state;

    workshop_halt(w);
    struct caller *caller = workshop_ask(w, &copy);
    workshop_await_halt(w);
    struct progress *progress = dav_request_progress(caller->operation->request);
    assert_ptr_equal(operation_progress(caller->operation), progress);
    atomic_store(&progress->members_done, 3);
    atomic_store(&progress->members_total, 7);
    atomic_store(&progress->bytes_done, 1000);
    atomic_store(&progress->bytes_total, 5000);
    struct job_view view = shown(w, caller);
    assert_int_equal(view.members_done, 3);
    assert_int_equal(view.members_total, 7);
    assert_int_equal(view.bytes_done, 1000);
    assert_int_equal(view.bytes_total, 5000);
    assert_string_equal(view.id, caller->id);
    assert_string_equal(view.status_uri, apr_pstrcat(w->x->pool, OPERATION_URI_BASE, caller->id, NULL));
    assert_string_equal(view.method, "COPY");
    assert_string_equal(view.source, "/dir");
    assert_string_equal(view.destination, "/new");
    assert_int_equal(view.state, JOB_VIEW_RUNNING);
    assert_int_equal(view.status, 0);
    assert_true(view.started_ms > 1600000000000);
    workshop_go_on(w);
    caller_status(caller);
    caller_leave(caller, LEFT_DELIVERED);
}

static void time_stands_still_when_it_has_ended(void **state)
{
    struct workshop *w = *state;
    struct caller *caller = workshop_ask(w, &copy);

    caller_status(caller);
    caller->operation->ended_ms = caller->operation->started_ms + 1234;
    struct job_view view = seen(w, caller->operation, true, 999999, 100, 1);
    assert_int_equal(view.elapsed_ms, 1234);
    assert_int_equal(view.retry_after, 0);
    caller_leave(caller, LEFT_DELIVERED);
}

static void a_result_shows_its_status_place_and_etag(void **state)
{
    struct workshop *w = *state;
    struct caller *caller = workshop_ask(w, &(struct question){ "PUT", "/new", .body = "text" });

    assert_int_equal(caller_status(caller), 201);
    struct job_view view = shown(w, caller);
    const apr_table_t *headers = operation_reply(caller->operation)->headers;
    assert_int_equal(view.status, 201);
    assert_string_equal(view.etag, apr_table_get(headers, "ETag"));
    apr_table_setn((apr_table_t *)headers, "Location", "/there");
    assert_string_equal(shown(w, caller).location, "/there");
    assert_null(view.destination);
    caller_leave(caller, LEFT_DELIVERED);
}

static void only_plain_text_is_a_message_and_it_has_an_end(void **state)
{
    static char large[10000];
    static const struct {
        const char *name, *type, *data, *message;
    } rows[] = {
        { "a line", "text/plain; charset=utf-8", "gone\n", "gone" },
        { "empty lines behind it", "text/plain", "gone\n\n\n", "gone" },
        { "lines", "text/plain", "a\nb\n", "a\nb" },
        { "nothing", "text/plain", "", "" },
        { "only lines", "text/plain", "\n\n", "" },
        { "a page", "text/html", "<p>gone", NULL },
        { "no type", NULL, "gone", NULL },
    };
    struct workshop *w = *state;
    struct caller *caller = workshop_ask_slow(w, "ann");
    struct dav_reply *reply = operation_reply(caller->operation);

    for (size_t i = 0; i < COUNT(rows); i++) {
        *reply = (struct dav_reply){ .status = 404,
                                     .headers = apr_table_make(w->x->pool, 1),
                                     .kind = DAV_BUFFER,
                                     .data = rows[i].data,
                                     .size = strlen(rows[i].data) };
        if (rows[i].type)
            apr_table_setn(reply->headers, "Content-Type", rows[i].type);
        struct job_view view = seen(w, caller->operation, true, 0, 0, 1);
        if (!view.message != !rows[i].message || (view.message && strcmp(view.message, rows[i].message) != 0))
            fail_msg("%s: \"%s\"", rows[i].name, view.message ? view.message : "NULL");
    }
    memset(large, 'x', sizeof large);
    apr_table_setn(reply->headers, "Content-Type", "text/plain");
    reply->data = large;
    reply->size = sizeof large;
    assert_int_equal(strlen(seen(w, caller->operation, true, 0, 0, 1).message), 512);
    reply->status = 507;
    apr_table_setn(reply->headers, "Content-Type", "application/xml; charset=utf-8");
    assert_non_null(strstr(seen(w, caller->operation, true, 0, 0, 1).message, "free space"));
    workshop_end(w, caller->operation);
    caller_leave(caller, LEFT_DELIVERED);
}

static void the_first_reason_to_stop_is_the_one_that_is_told(void **state)
{
    static const struct {
        enum dav_stop_reason first, second;
        int status;
        const char *text;
    } rows[] = {
        { DAV_STOP_CANCELLED, DAV_STOP_TIMEOUT, 409, "was cancelled" },
        { DAV_STOP_TIMEOUT, DAV_STOP_CANCELLED, 503, "longer than this server allows" },
        { DAV_STOP_SERVER, DAV_STOP_CANCELLED, 503, "stop" },
    };
    struct workshop *w = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        workshop_hold(w);
        struct caller *caller = workshop_ask(w, &copy);
        operation_cancel(caller->operation, rows[i].first);
        operation_cancel(caller->operation, rows[i].second);
        workshop_let_go(w);
        assert_int_equal(caller_status(caller), rows[i].status);
        assert_int_equal(atomic_load(&caller->operation->cancelled), rows[i].first + 1);
        struct job_view view = shown(w, caller);
        assert_int_equal(view.state, JOB_VIEW_CANCELLED);
        assert_non_null(strstr(view.message, rows[i].text));
        caller_leave(caller, LEFT_DELIVERED);
    }
    assert_false(exchange_exists(w->x, "new"));
}

/* Behind the head of a 207 that has gone out: an element, or nothing for what streams itself. */
static void a_result_can_be_told_in_a_begun_207_unless_it_is_a_stream(void **state)
{
    static const struct {
        struct question question;
        bool is_told;
    } rows[] = {
        { { "MOVE", "/a", .headers = "Destination: /b" }, true },
        { { "PROPFIND", "/dir", .headers = "Depth: 1" }, false },
    };
    struct workshop *w = *state;

    for (int i = 0; i < 300; i++)
        exchange_write(w->x, apr_psprintf(w->x->pool, "dir/file-%d", i), "");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct caller *caller = workshop_ask(w, &rows[i].question);
        struct buffer out;
        caller_status(caller);
        bool is_stream = operation_reply(caller->operation)->kind == DAV_STREAM;
        assert_int_equal(is_stream, !rows[i].is_told);
        buffer_init(&out, 10000);
        assert_int_equal(operation_multistatus(caller->operation, &out), rows[i].is_told);
        assert_int_equal(out.size != 0, rows[i].is_told);
        if (rows[i].is_told) {
            assert_non_null(memmem(out.data, out.size, "HTTP/1.1 201 ", 13));
            assert_null(memmem(out.data, out.size, "<?xml", 5));
        }
        buffer_release(&out);
        caller_leave(caller, LEFT_DELIVERED);
    }
}

static void freeing_nothing_is_nothing(void **state)
{
    (void)state;
    operation_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ids_are_long_and_never_the_same),
        TEST(one_asks_again_soon_while_it_is_young_and_later_when_many_wait),
        TEST(the_state_follows_from_what_happened),
        TEST(a_request_shows_what_it_is_about_and_how_far_it_is),
        TEST(time_stands_still_when_it_has_ended),
        TEST(a_result_shows_its_status_place_and_etag),
        TEST(only_plain_text_is_a_message_and_it_has_an_end),
        TEST(the_first_reason_to_stop_is_the_one_that_is_told),
        TEST(a_result_can_be_told_in_a_begun_207_unless_it_is_a_stream),
        TEST(freeing_nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
