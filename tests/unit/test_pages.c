/*
 * The server's own URL space: which targets are in it, and what HTTP puts around the answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "src/jobpage.h"
#include "src/pages.h"
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

/* ---- which page ---- */

static const struct {
    const char *target;
    enum page_kind kind;
    const char *id;
} targets[] = {
    { "/.holdfast/jobs", PAGE_JOBS, NULL },
    { "/.holdfast/jobs/", PAGE_JOBS, NULL },
    { "/.holdfast/jobs?x=y", PAGE_JOBS, NULL },
    { "/.holdfast/jobs/?x=/", PAGE_JOBS, NULL },
    { "/.holdfast//jobs//", PAGE_JOBS, NULL },
    { "/%2eholdfast/jobs", PAGE_JOBS, NULL },
    { "/.%68oldf%61st/j%6Fbs", PAGE_JOBS, NULL },
    { "/%2E%68%6F%6C%64%66%61%73%74/%6A%6F%62%73", PAGE_JOBS, NULL },
    { "http://dav.example/.holdfast/jobs", PAGE_JOBS, NULL },
    { "HTTPS://dav.example:8443/.holdfast/jobs/", PAGE_JOBS, NULL },
    { "http://[::1]:80/%2eholdfast/jobs", PAGE_JOBS, NULL },
    { "/.holdfast/jobs/0123abcd", PAGE_JOB, "0123abcd" },
    { "/.holdfast/jobs/0123abcd/", PAGE_JOB, "0123abcd" },
    { "/.holdfast/jobs//0123abcd", PAGE_JOB, "0123abcd" },
    { "/.holdfast/jobs/0123abcd?form=owncloud", PAGE_JOB, "0123abcd" },
    { "/.holdfast/jobs/%30123%61bcd", PAGE_JOB, "0123abcd" },
    { "http://dav.example/.holdfast/jobs/0123abcd", PAGE_JOB, "0123abcd" },
    { "/.holdfast/jobs/no%20such%3Cjob%3E", PAGE_JOB, "no such<job>" },
    { "/.holdfast/slow", PAGE_SLOW, NULL },
    { "/.holdfast/slow/", PAGE_SLOW, NULL },
    { "/.holdfast/slow?for=60&every=1", PAGE_SLOW, NULL },
    { "/.holdfast/%73low", PAGE_SLOW, NULL },
    { "http://dav.example/.holdfast/slow?for=1", PAGE_SLOW, NULL },

    { "/", PAGE_NONE, NULL },
    { "*", PAGE_NONE, NULL },
    { "", PAGE_NONE, NULL },
    { "/holdfast/jobs", PAGE_NONE, NULL },
    { "//.holdfast/jobs", PAGE_JOBS, NULL },
    { "/.holdfast", PAGE_NONE, NULL },
    { "/.holdfast/", PAGE_NONE, NULL },
    { "/.holdfast/other", PAGE_NONE, NULL },
    { "/.holdfast/jobsx", PAGE_NONE, NULL },
    { "/.holdfast/JOBS", PAGE_NONE, NULL },
    { "/.Holdfast/jobs", PAGE_NONE, NULL },
    { "/.holdfast-1/jobs", PAGE_NONE, NULL },
    { "/.holdfast.jobs", PAGE_NONE, NULL },
    { "/.holdfast/jobs/id/more", PAGE_NONE, NULL },
    { "/.holdfast/slow/more", PAGE_NONE, NULL },
    { "/.holdfast/slower", PAGE_NONE, NULL },
    { "/sub/.holdfast/jobs", PAGE_NONE, NULL },
    { "/a?/.holdfast/jobs", PAGE_NONE, NULL },
    { ".holdfast/jobs", PAGE_NONE, NULL },
    { "/./.holdfast/jobs", PAGE_NONE, NULL },
    { "/x/../.holdfast/jobs", PAGE_NONE, NULL },
    { "/x/%2e%2e/.holdfast/jobs", PAGE_NONE, NULL },
    { "/.holdfast/jobs/a%2fb", PAGE_NONE, NULL },
    { "/.holdfast%2fjobs", PAGE_NONE, NULL },
    { "/.holdfast/jobs/%00", PAGE_NONE, NULL },
    { "/.holdfast/jobs%", PAGE_NONE, NULL },
    { "/.holdfast/jobs#part", PAGE_NONE, NULL },
    { "/%252eholdfast/jobs", PAGE_NONE, NULL },
    { "ftp://dav.example/.holdfast/jobs", PAGE_NONE, NULL },
    { "http://.holdfast/jobs", PAGE_NONE, NULL },
};

static void a_page_is_found_however_it_is_spelt_and_nothing_else_is(void **state)
{
    struct workshop *w = *state;

    for (size_t i = 0; i < COUNT(targets); i++) {
        struct page page = page_find(w->x->pool, targets[i].target, true);
        if (page.kind != targets[i].kind || !page.id != !targets[i].id ||
            (page.id && strcmp(page.id, targets[i].id) != 0))
            fail_msg("%s: %d, %s", targets[i].target, (int)page.kind, page.id ? page.id : "no id");
        page = page_find(w->x->pool, targets[i].target, false);
        assert_int_equal(page.kind, targets[i].kind == PAGE_SLOW ? PAGE_NONE : targets[i].kind);
    }
}

/* ---- answers ---- */

static struct dav_reply *ask(struct workshop *w, const char *method, const char *target, const char *accept,
                             const char *user)
{
    struct head head = { .method = method, .target = target, .headers = apr_table_make(w->x->pool, 1) };
    if (accept)
        apr_table_setn(head.headers, "Accept", accept);
    const struct page page = page_find(w->x->pool, target, true);
    struct dav_reply *reply = page_answer(w->registry, w->x->pool, &page, &head, user);
    assert_int_equal(reply->kind, DAV_BUFFER);
    assert_int_equal(reply->fd, -1);
    assert_false(reply->close);
    return reply;
}

static const char *header(const struct dav_reply *reply, const char *name)
{
    const char *value = apr_table_get(reply->headers, name);
    return value ? value : "";
}

static bool says(const struct dav_reply *reply, const char *text)
{
    return memmem(reply->data, reply->size, text, strlen(text)) != NULL;
}

static const char *page_of(struct workshop *w, const char *id)
{
    return apr_pstrcat(w->x->pool, OPERATION_URI_BASE, id, NULL);
}

static const struct question copy = { "COPY", "/dir", .headers = "Destination: /new" };

/* One that waits in the queue until workshop_let_go. */
static struct caller *queued(struct workshop *w)
{
    workshop_hold(w);
    return workshop_ask(w, &copy);
}

static void end(struct workshop *w, struct caller *caller)
{
    workshop_let_go(w);
    caller_status(caller);
    caller_leave(caller, LEFT_DELIVERED);
}

static void a_job_that_runs_is_200_with_when_to_ask_again(void **state)
{
    static const struct {
        const char *method, *query, *accept, *type, *text;
    } rows[] = {
        { "GET", "", NULL, "application/json", "\"state\": \"waiting\"" },
        { "HEAD", "", NULL, "application/json", "\"state\": \"waiting\"" },
        { "GET", "", "*/*", "application/json", "\"try_again_in_seconds\": 1" },
        { "GET", "", "text/html", JOB_PAGE_TYPE, "<html" },
        { "GET", "?form=owncloud", NULL, "application/json", "\"status\": \"init\"" },
        { "GET", "?form=owncloud", "text/html", "application/json", "\"status\": \"init\"" },
        { "GET", "?form=other", NULL, "application/json", "\"state\": \"waiting\"" },
    };
    struct workshop *w = *state;
    struct caller *caller = queued(w);

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *target = apr_pstrcat(w->x->pool, page_of(w, caller->id), rows[i].query, NULL);
        const struct dav_reply *reply = ask(w, rows[i].method, target, rows[i].accept, "");
        if (reply->status != 200 || strcmp(header(reply, "Content-Type"), rows[i].type) != 0 ||
            !says(reply, rows[i].text))
            fail_msg("row %zu: %d %.*s", i, reply->status, (int)reply->size, reply->data);
        assert_string_equal(header(reply, "Retry-After"), "1");
        assert_string_equal(header(reply, "Cache-Control"), "no-store");
        assert_string_equal(header(reply, "Vary"), "Accept");
    }
    end(w, caller);
}

static void pages_for_people_run_nothing_that_is_not_ours(void **state)
{
    struct workshop *w = *state;
    struct caller *caller = queued(w);
    const char *pages[] = { page_of(w, caller->id), "/.holdfast/jobs" };

    for (size_t i = 0; i < COUNT(pages); i++) {
        const struct dav_reply *reply = ask(w, "GET", pages[i], "text/html", "");
        assert_string_equal(header(reply, "Content-Security-Policy"), JOB_PAGE_POLICY);
    }
    end(w, caller);
}

static void an_ended_job_shows_its_result_until_it_is_gone(void **state)
{
    struct workshop *w = *state;
    struct caller *caller = workshop_ask(w, &copy);
    const char *target = page_of(w, caller->id);

    assert_int_equal(caller_status(caller), 201);
    const struct dav_reply *reply = ask(w, "GET", target, NULL, "");
    assert_int_equal(reply->status, 200);
    assert_true(says(reply, "\"state\": \"succeeded\""));
    assert_true(says(reply, "\"status\": 201"));
    assert_string_equal(header(reply, "Retry-After"), "");
    assert_true(says(ask(w, "GET", apr_pstrcat(w->x->pool, target, "?form=owncloud", NULL), NULL, ""),
                     "\"status\": \"finished\""));
    caller_leave(caller, LEFT_DELIVERED);
    assert_int_equal(ask(w, "GET", target, NULL, "")->status, 404);
}

static void an_unknown_job_and_somebody_elses_are_404_for_every_method(void **state)
{
    static const char *const methods[] = { "GET", "HEAD", "DELETE", "OPTIONS", "PUT", "PROPFIND" };
    struct workshop *w = *state;
    struct caller *caller = queued(w);

    for (size_t i = 0; i < COUNT(methods); i++) {
        const struct dav_reply *unknown = ask(w, methods[i], "/.holdfast/jobs/none", NULL, "");
        const struct dav_reply *foreign = ask(w, methods[i], page_of(w, caller->id), NULL, "eve");
        assert_int_equal(unknown->status, 404);
        assert_int_equal(foreign->status, 404);
        assert_string_equal(unknown->data, foreign->data);
    }
    assert_int_equal(atomic_load(&caller->operation->cancelled), 0);
    end(w, caller);
}

static void other_methods_are_405_and_options_tells_which_are_not(void **state)
{
    static const struct {
        bool is_job;
        const char *method;
        int status;
        const char *allow;
    } rows[] = {
        { false, "OPTIONS", 200, "GET, HEAD, OPTIONS" },
        { false, "DELETE", 405, "GET, HEAD, OPTIONS" },
        { false, "PUT", 405, "GET, HEAD, OPTIONS" },
        { false, "get", 405, "GET, HEAD, OPTIONS" },
        { true, "OPTIONS", 200, "GET, HEAD, DELETE, OPTIONS" },
        { true, "POST", 405, "GET, HEAD, DELETE, OPTIONS" },
        { true, "PROPFIND", 405, "GET, HEAD, DELETE, OPTIONS" },
        { true, "MOVE", 405, "GET, HEAD, DELETE, OPTIONS" },
    };
    struct workshop *w = *state;
    struct caller *caller = queued(w);

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *target = rows[i].is_job ? page_of(w, caller->id) : "/.holdfast/jobs";
        const struct dav_reply *reply = ask(w, rows[i].method, target, NULL, "");
        if (reply->status != rows[i].status || strcmp(header(reply, "Allow"), rows[i].allow) != 0)
            fail_msg("%s: %d", rows[i].method, reply->status);
    }
    assert_int_equal(atomic_load(&caller->operation->cancelled), 0);
    end(w, caller);
}

static void delete_stops_a_job_that_goes_on_and_is_409_afterwards(void **state)
{
    struct workshop *w = *state;
    struct caller *caller = queued(w);

    const struct dav_reply *reply = ask(w, "DELETE", page_of(w, caller->id), NULL, "");
    assert_int_equal(reply->status, 202);
    assert_string_equal(header(reply, "Content-Type"), "application/json");
    assert_string_equal(header(reply, "Retry-After"), "1");
    assert_int_equal(ask(w, "DELETE", page_of(w, caller->id), NULL, "")->status, 202);
    workshop_let_go(w);
    assert_int_equal(caller_status(caller), 409);
    assert_false(exchange_exists(w->x, "new"));
    assert_true(says(ask(w, "GET", page_of(w, caller->id), NULL, ""), "\"state\": \"cancelled\""));
    reply = ask(w, "DELETE", page_of(w, caller->id), NULL, "");
    assert_int_equal(reply->status, 409);
    assert_string_equal(header(reply, "Retry-After"), "");
    caller_leave(caller, LEFT_DELIVERED);
}

static void the_list_has_ones_own_jobs_in_either_form(void **state)
{
    struct workshop *w = *state;
    struct caller *caller = queued(w);

    const struct dav_reply *reply = ask(w, "GET", "/.holdfast/jobs", NULL, "");
    assert_int_equal(reply->status, 200);
    assert_string_equal(header(reply, "Content-Type"), "application/json");
    assert_string_equal(header(reply, "Cache-Control"), "no-store");
    assert_string_equal(header(reply, "Vary"), "Accept");
    assert_true(says(reply, caller->id));
    assert_false(says(ask(w, "GET", "/.holdfast/jobs", NULL, "eve"), caller->id));
    reply = ask(w, "GET", "/.holdfast/jobs", "text/html", "");
    assert_string_equal(header(reply, "Content-Type"), JOB_PAGE_TYPE);
    assert_true(says(reply, caller->id));
    end(w, caller);
}

static void a_202_says_where_to_ask_and_when(void **state)
{
    struct workshop *w = *state;
    struct caller *caller = queued(w);
    const char *place = page_of(w, caller->id);

    const struct dav_reply *reply = page_accepted(w->registry, w->x->pool, caller->operation, false);
    assert_int_equal(reply->status, 202);
    assert_string_equal(header(reply, "Preference-Applied"), "respond-async");
    assert_string_equal(header(reply, "Location"), place);
    assert_string_equal(header(reply, "Retry-After"), "1");
    assert_string_equal(header(reply, "OC-JobStatus-Location"), "");
    assert_string_equal(header(reply, "Cache-Control"), "no-store");
    assert_true(says(reply, "\"destination\": \"/new\""));

    reply = page_accepted(w->registry, w->x->pool, caller->operation, true);
    assert_int_equal(reply->status, 202);
    assert_string_equal(header(reply, "OC-JobStatus-Location"),
                        apr_pstrcat(w->x->pool, place, "?form=owncloud", NULL));
    assert_string_equal(header(reply, "Preference-Applied"), "");
    assert_string_equal(header(reply, "Location"), place);
    assert_true(says(reply, "\"status\": \"init\""));
    end(w, caller);
}

static void a_line_of_text_is_text(void **state)
{
    struct workshop *w = *state;
    const struct dav_reply *reply = page_text(w->x->pool, 401, "A line.\n");

    assert_int_equal(reply->status, 401);
    assert_int_equal(reply->size, 8);
    assert_string_equal(header(reply, "Content-Type"), "text/plain; charset=utf-8");
    assert_string_equal(header(reply, "Cache-Control"), "no-store");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_page_is_found_however_it_is_spelt_and_nothing_else_is),
        TEST(a_job_that_runs_is_200_with_when_to_ask_again),
        TEST(pages_for_people_run_nothing_that_is_not_ours),
        TEST(an_ended_job_shows_its_result_until_it_is_gone),
        TEST(an_unknown_job_and_somebody_elses_are_404_for_every_method),
        TEST(other_methods_are_405_and_options_tells_which_are_not),
        TEST(delete_stops_a_job_that_goes_on_and_is_409_afterwards),
        TEST(the_list_has_ones_own_jobs_in_either_form),
        TEST(a_202_says_where_to_ask_and_when),
        TEST(a_line_of_text_is_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
