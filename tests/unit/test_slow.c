/*
 * The diagnostic operation: what its query may say, when it ends, and what it tells.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "tests/support/workshop.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))
#define TEST(name)  cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define SLOW        "/.holdfast/slow"
#define EVERY_MS    5000 /* the server's heartbeat */

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

/* ---- the query ---- */

static const struct {
    const char *name, *target;
    struct slow_plan plan;
} queries[] = {
    { "no query", SLOW, { 10000, 5000, false, BEAT_NONE, 0 } },
    { "an empty one", SLOW "?", { 10000, 5000, false, BEAT_NONE, 0 } },
    { "for", SLOW "?for=3", { 3000, 5000, false, BEAT_NONE, 0 } },
    { "parts of a second", SLOW "?for=0.25&every=.05", { 250, 50, false, BEAT_NONE, 0 } },
    { "at once", SLOW "?for=0", { 0, 5000, false, BEAT_NONE, 0 } },
    { "an hour", SLOW "?for=3600&every=3600", { 3600000, 3600000, false, BEAT_NONE, 0 } },
    { "the shortest heartbeat", SLOW "?every=0.01", { 10000, 10, false, BEAT_NONE, 0 } },
    { "mode=interim", SLOW "?mode=interim", { 10000, 5000, true, BEAT_INTERIM, 0 } },
    { "mode=multistatus", SLOW "?mode=multistatus", { 10000, 5000, true, BEAT_MULTISTATUS, 0 } },
    { "mode=silent", SLOW "?mode=silent", { 10000, 5000, true, BEAT_NONE, 0 } },
    { "mode=auto", SLOW "?mode=auto", { 10000, 5000, false, BEAT_NONE, 0 } },
    { "interims, and most of a heartbeat", SLOW "?every=1&interims=9", { 9700, 1000, false, BEAT_NONE, 9 } },
    { "in any order", SLOW "?interims=9&every=1", { 9700, 1000, false, BEAT_NONE, 9 } },
    { "interims decide, not for", SLOW "?for=1&every=1&interims=2", { 2700, 1000, false, BEAT_NONE, 2 } },
    { "no interims wanted", SLOW "?interims=0&for=2", { 2000, 5000, false, BEAT_NONE, 0 } },
    { "all of it", SLOW "?for=2&every=0.5&mode=interim&interims=4", { 2350, 500, true, BEAT_INTERIM, 4 } },
    { "the last counts", SLOW "?for=1&for=2", { 2000, 5000, false, BEAT_NONE, 0 } },
    { "others' names", SLOW "?utm=x&for=2&_=&y", { 2000, 5000, false, BEAT_NONE, 0 } },
    { "separators only", SLOW "?&&&for=2&&", { 2000, 5000, false, BEAT_NONE, 0 } },
    { "a name in any case is another", SLOW "?For=2", { 10000, 5000, false, BEAT_NONE, 0 } },
};

static void a_query_says_how_long_how_often_and_how(void **state)
{
    struct workshop *w = *state;

    for (size_t i = 0; i < COUNT(queries); i++) {
        const struct slow_plan *wish = &queries[i].plan;
        struct slow_plan plan;
        const char *message = NULL;
        memset(&plan, 0xff, sizeof plan);
        bool is_sound = slow_parse(w->x->pool, queries[i].target, EVERY_MS, &plan, &message);
        if (!is_sound || plan.for_ms != wish->for_ms || plan.every_ms != wish->every_ms ||
            plan.has_mode != wish->has_mode || plan.mode != wish->mode || plan.interims != wish->interims)
            fail_msg("%s: %s", queries[i].name, message ? message : "another plan");
    }
}

static void a_value_that_makes_no_sense_is_refused_by_name(void **state)
{
    static const struct {
        const char *query, *message;
    } rows[] = {
        { "for", "for: bad value\n" },
        { "for=", "for: bad value\n" },
        { "for=x", "for: bad value\n" },
        { "for=-1", "for: bad value\n" },
        { "for=+1", "for: bad value\n" },
        { "for=1s", "for: bad value\n" },
        { "for=nan", "for: bad value\n" },
        { "for=inf", "for: bad value\n" },
        { "for=1e99", "for: bad value\n" },
        { "for=3600.1", "for: bad value\n" },
        { "for=1=2", "for: bad value\n" },
        { "every=0", "every: bad value\n" },
        { "every=0.009", "every: bad value\n" },
        { "every=3601", "every: bad value\n" },
        { "mode=", "mode: bad value\n" },
        { "mode", "mode: bad value\n" },
        { "mode=Interim", "mode: bad value\n" },
        { "mode=off", "mode: bad value\n" },
        { "interims=", "interims: bad value\n" },
        { "interims=-1", "interims: bad value\n" },
        { "interims=1.5", "interims: bad value\n" },
        { "interims=10001", "interims: bad value\n" },
        { "interims=99999999999999999999999999", "interims: bad value\n" },
        { "interims=18446744073709551617", "interims: bad value\n" },
        { "for=1&every=x", "every: bad value\n" },
        { "x=y&for=x&every=1", "for: bad value\n" },
    };
    struct workshop *w = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *target = apr_pstrcat(w->x->pool, SLOW "?", rows[i].query, NULL), *message = "none";
        struct slow_plan plan;
        if (slow_parse(w->x->pool, target, EVERY_MS, &plan, &message) ||
            strcmp(message, rows[i].message) != 0)
            fail_msg("%s: %s", rows[i].query, message);
    }
}

/* ---- its life ---- */

static const struct slow_facts facts = { .http_1_1 = true, .rule = "curl", .gets_beats = true };

/* Whoever asks for it, as an operation that was entered. */
struct asked {
    struct slow *slow;
    struct operation *operation;
    struct job_waiter waiter;
};

static void ask(struct workshop *w, const struct slow_plan *plan, const struct slow_facts *f,
                const char *target, struct asked *out)
{
    char user[] = "ann", method[] = "REPORT";
    static unsigned number; /* or the second would join the first */
    char *copy = malloc(strlen(target) + 32);
    snprintf(copy, strlen(target) + 32, "%s%cnumber=%u", target, strchr(target, '?') ? '&' : '?', number++);
    const struct operation_identity identity = {
        .user = user, .client = "::1", .method = method, .target = copy
    };
    struct operation_identity own;

    *out = (struct asked){ .slow = slow_new(w->timer, plan, f, &identity, &own) };
    out->operation = operation_new(&own, NULL, out->slow);
    memset(user, '?', sizeof user - 1); /* it has copies */
    memset(method, '?', sizeof method - 1);
    free(copy);
    struct registry_entry entry = { .operation = out->operation };
    assert_int_equal(registry_enter(w->registry, &entry, &out->waiter), 0);
}

static void await(struct asked *asked)
{
    while (!job_is_done(&asked->waiter))
        sched_yield();
}

static void leave(struct workshop *w, struct asked *asked)
{
    registry_sending(w->registry, asked->operation, -1);
    registry_leave(w->registry, asked->operation, &asked->waiter, LEFT_DELIVERED);
}

static const char *answer_of(struct workshop *w, struct asked *asked)
{
    const struct dav_reply *reply = operation_reply(asked->operation);
    assert_int_equal(reply->kind, DAV_BUFFER);
    return apr_pstrmemdup(w->x->pool, reply->data, reply->size);
}

static void expect_text(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

static void it_lasts_as_long_as_it_was_asked_and_tells_what_was_sent(void **state)
{
    const struct slow_plan plan = { .for_ms = 30, .every_ms = 10 };
    struct workshop *w = *state;
    struct asked asked;

    ask(w, &plan, &facts, SLOW "?for=0.03", &asked);
    assert_false(atomic_load(&asked.operation->is_running));
    atomic_store(&asked.operation->beats, 2);
    int64_t before_ms = timer_now_ms();
    slow_start(asked.slow);
    assert_true(atomic_load(&asked.operation->is_running));
    await(&asked);
    assert_true(timer_now_ms() - before_ms >= plan.for_ms);
    const struct dav_reply *reply = operation_reply(asked.operation);
    assert_int_equal(reply->status, 200);
    assert_string_equal(apr_table_get(reply->headers, "Content-Type"), "application/json");
    assert_string_equal(apr_table_get(reply->headers, "Cache-Control"), "no-store");
    const char *text = answer_of(w, &asked);
    expect_text(text, "{\"interims\":2,\"seconds\":0.0");
    expect_text(text, ",\"http\":\"1.1\",\"proxy_marks\":false,\"rule\":\"curl\"}\n");
    leave(w, &asked);
}

static void it_tells_of_http_1_0_proxies_and_the_rule_that_decided(void **state)
{
    const struct slow_facts others = { .has_proxy_marks = true, .rule = "a \"quoted\" \\rule" };
    const struct slow_plan plan = { .every_ms = 10 };
    struct workshop *w = *state;
    struct asked asked;

    ask(w, &plan, &others, SLOW, &asked);
    slow_start(asked.slow);
    await(&asked);
    expect_text(answer_of(w, &asked),
                "\"http\":\"1.0\",\"proxy_marks\":true,\"rule\":\"a \\\"quoted\\\" \\\\rule\"}");
    leave(w, &asked);
}

static void a_stopped_one_ends_soon_and_says_503(void **state)
{
    const struct slow_plan plan = { .for_ms = SLOW_MAX_MS, .every_ms = 1000 };
    struct workshop *w = *state;
    struct asked asked;

    ask(w, &plan, &facts, SLOW, &asked);
    slow_start(asked.slow);
    operation_cancel(asked.operation, DAV_STOP_CANCELLED);
    await(&asked);
    assert_int_equal(operation_reply(asked.operation)->status, 503);
    leave(w, &asked);
}

/* The machine was late with one of them. */
static void it_waits_a_while_for_beats_that_are_missing(void **state)
{
    const struct slow_plan plan = { .for_ms = 1, .every_ms = 100000, .interims = 3 };
    struct workshop *w = *state;
    struct asked late, silent, all;
    struct slow_facts gets_none = facts;

    gets_none.gets_beats = false;
    ask(w, &plan, &facts, SLOW, &late);
    ask(w, &plan, &gets_none, SLOW, &silent);
    ask(w, &plan, &facts, SLOW, &all);
    atomic_store(&late.operation->beats, 2);
    atomic_store(&all.operation->beats, 3);
    slow_start(late.slow);
    slow_start(silent.slow);
    slow_start(all.slow);
    await(&silent);
    await(&all);
    expect_text(answer_of(w, &silent), "\"interims\":0");
    assert_false(job_is_done(&late.waiter));
    leave(w, &silent);
    leave(w, &all);

    timer_cancel(w->timer, (struct alarm *)late.slow); /* rather than to wait for the next look */
    operation_cancel(late.operation, DAV_STOP_CANCELLED);
    timer_set(w->timer, (struct alarm *)late.slow, timer_now_ms());
    await(&late);
    leave(w, &late);
}

static void its_result_can_be_told_in_a_begun_207(void **state)
{
    const struct slow_plan plan = { .every_ms = 10 };
    struct workshop *w = *state;
    struct asked asked;
    struct buffer out;

    ask(w, &plan, &facts, SLOW "?for=0&x=<y>", &asked);
    slow_start(asked.slow);
    await(&asked);
    buffer_init(&out, 10000);
    assert_true(operation_multistatus(asked.operation, &out));
    const char *text = apr_pstrmemdup(w->x->pool, out.data, out.size);
    expect_text(text, "<D:href>" SLOW "</D:href>");
    expect_text(text, "HTTP/1.1 200 ");
    assert_null(strstr(text, "<?xml"));
    buffer_release(&out);
    leave(w, &asked);
}

/* Its strings have room for so much and no more. */
static void the_target_is_kept_without_its_query_and_never_whole_if_it_is_huge(void **state)
{
    const struct slow_plan plan = { .every_ms = 10 };
    struct workshop *w = *state;
    struct asked asked;
    char huge[20000];

    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    ask(w, &plan, &facts, SLOW "?for=0", &asked);
    assert_string_equal(asked.operation->target, SLOW);
    assert_string_equal(asked.operation->user, "ann");
    assert_string_equal(asked.operation->client, "::1");
    assert_string_equal(asked.operation->method, "REPORT");
    assert_non_null(strstr(asked.operation->key, SLOW "?for=0"));
    slow_start(asked.slow);
    await(&asked);
    leave(w, &asked);

    ask(w, &plan, &facts, huge, &asked);
    assert_int_equal(strlen(asked.operation->target), 1023);
    slow_start(asked.slow);
    await(&asked);
    leave(w, &asked);
}

static void one_that_never_was_entered_is_freed(void **state)
{
    struct workshop *w = *state;
    const struct slow_plan plan = { .every_ms = 10 };
    const struct operation_identity identity = { .user = "", .client = "", .method = "GET", .target = SLOW };
    struct operation_identity own;
    struct slow *slow = slow_new(w->timer, &plan, &facts, &identity, &own);

    operation_free(operation_new(&own, NULL, slow));
    slow_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_query_says_how_long_how_often_and_how),
        TEST(a_value_that_makes_no_sense_is_refused_by_name),
        TEST(it_lasts_as_long_as_it_was_asked_and_tells_what_was_sent),
        TEST(it_tells_of_http_1_0_proxies_and_the_rule_that_decided),
        TEST(a_stopped_one_ends_soon_and_says_503),
        TEST(it_waits_a_while_for_beats_that_are_missing),
        TEST(its_result_can_be_told_in_a_begun_207),
        TEST(the_target_is_kept_without_its_query_and_never_whole_if_it_is_huge),
        TEST(one_that_never_was_entered_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
