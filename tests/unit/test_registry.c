/*
 * Who joins an operation, to whom its result is given again, and when it is not.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

static const struct question copy = { "COPY", "/dir", .headers = "Destination: /new" };
static const struct question move = { "MOVE", "/dir", .headers = "Destination: /new" };
static const struct question put = { "PUT", "/new", .body = "text" };

/* ---- joining what runs ---- */

static void the_same_request_joins_what_is_there_however_it_is_spelt(void **state)
{
    static const struct question same[] = {
        { "COPY", "/dir", .headers = "Destination: /new" },
        { "COPY", "/dir/", .headers = "Destination: /new/" },
        { "COPY", "/%64ir", .headers = "Destination: http://dav.example/n%65w" },
        { "COPY", "http://dav.example/dir", .headers = "Destination: http://DAV.example:80/new" },
        { "COPY", "/dir", .headers = "Destination: /new\nDepth: infinity\nOverwrite: T" },
        { "COPY", "/dir", .headers = "Destination: /new\nPrefer: respond-async\nUser-Agent: another" },
    };
    struct workshop *w = *state;
    struct caller *joined[COUNT(same)];

    workshop_hold(w);
    struct caller *first = workshop_ask(w, &copy);
    assert_int_equal(first->how, REGISTRY_RAN);
    for (size_t i = 0; i < COUNT(same); i++) {
        joined[i] = workshop_ask(w, &same[i]);
        if (joined[i]->operation != first->operation || joined[i]->how != REGISTRY_JOINED)
            fail_msg("row %zu", i);
        assert_int_equal(joined[i]->match, MATCH_POSSIBLE);
    }
    workshop_let_go(w);
    assert_int_equal(caller_status(first), 201);
    for (size_t i = 0; i < COUNT(same); i++) {
        assert_int_equal(caller_status(joined[i]), 201);
        assert_int_equal(dav_request_reply(joined[i]->request)->status, 0);
        caller_leave(joined[i], LEFT_DELIVERED);
    }
    caller_leave(first, LEFT_DELIVERED);
    assert_string_equal(exchange_read(w->x, "new/sub/deep"), "deep");
}

static void what_differs_in_anything_runs_on_its_own(void **state)
{
    static const struct question others[] = {
        { "COPY", "/dir", .headers = "Destination: /new2" },
        { "COPY", "/a", .headers = "Destination: /new" },
        { "MOVE", "/dir", .headers = "Destination: /new" },
        { "COPY", "/dir", .headers = "Destination: /new\nDepth: 0" },
        { "COPY", "/dir", .headers = "Destination: /new\nOverwrite: F" },
        { "COPY", "/dir", .headers = "Destination: /new", .user = "ann" },
        { "DELETE", .target = "/dir" },
        { "PUT", "/file", .body = "one" },
        { "PUT", "/file", .body = "two" },
        { "PUT", "/file", .body = "" },
        { "PUT", "/file", .headers = "If-None-Match: *", .body = "one" },
    };
    struct workshop *w = *state;
    struct caller *callers[COUNT(others)];

    workshop_hold(w);
    struct caller *first = workshop_ask(w, &copy);
    for (size_t i = 0; i < COUNT(others); i++) {
        callers[i] = workshop_ask(w, &others[i]);
        if (callers[i]->error || callers[i]->how != REGISTRY_RAN)
            fail_msg("row %zu", i);
    }
    workshop_let_go(w);
    caller_status(first);
    caller_leave(first, LEFT_DELIVERED);
    for (size_t i = 0; i < COUNT(others); i++) {
        caller_status(callers[i]);
        caller_leave(callers[i], LEFT_DELIVERED);
    }
}

/* And none joins across another that came between: the last one is to be done last. */
static void bodies_of_one_request_are_told_apart(void **state)
{
    static const char *const bodies[] = { "one", "one", "two", "one", "one", "one", "two", "three", "three" };
    struct workshop *w = *state;
    struct caller *callers[COUNT(bodies)];

    workshop_hold(w);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        callers[i] = workshop_ask(w, &(struct question){ "PUT", "/new", .body = bodies[i] });
        bool is_same = i > 0 && strcmp(bodies[i - 1], bodies[i]) == 0;
        assert_int_equal(callers[i]->how, is_same ? REGISTRY_JOINED : REGISTRY_RAN);
        if (is_same)
            assert_ptr_equal(callers[i]->operation, callers[i - 1]->operation);
    }
    workshop_let_go(w);
    for (size_t i = 0; i < COUNT(bodies); i++)
        caller_status(callers[i]);
    for (size_t i = 0; i < COUNT(bodies); i++)
        caller_leave(callers[i], LEFT_DELIVERED);
}

/* Clients use these as a mutex, or get something that only one may have. */
static void methods_that_only_one_may_win_are_never_joined(void **state)
{
    static const struct question questions[] = {
        { "MKCOL", .target = "/made" },
        { "LOCK", "/dir",
          .body = "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>"
                  "<D:locktype><D:write/></D:locktype></D:lockinfo>" },
    };
    static const int statuses[][2] = { { 201, 405 }, { 200, 423 } };
    struct workshop *w = *state;

    for (size_t i = 0; i < COUNT(questions); i++) {
        workshop_hold(w);
        struct caller *first = workshop_ask(w, &questions[i]), *second = workshop_ask(w, &questions[i]);
        assert_int_equal(second->how, REGISTRY_RAN);
        assert_ptr_not_equal(second->operation, first->operation);
        workshop_let_go(w);
        assert_int_equal(caller_status(first), statuses[i][0]);
        assert_int_equal(caller_status(second), statuses[i][1]);
        caller_leave(first, LEFT_DELIVERED);
        caller_leave(second, LEFT_DELIVERED);
    }
}

enum { THREADS = 8, EACH = 125 };

static void *ask_often(void *arg)
{
    static struct caller *callers[THREADS][EACH];
    static atomic_uint threads;
    struct caller **own = callers[atomic_fetch_add(&threads, 1)];

    for (unsigned i = 0; i < EACH; i++)
        own[i] = workshop_ask(arg, &move);
    return own;
}

static void a_thousand_identical_requests_are_one_operation(void **state)
{
    struct workshop *w = *state;
    struct caller **callers[THREADS];
    pthread_t threads[THREADS];
    unsigned ran = 0;

    workshop_hold(w);
    for (unsigned t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, ask_often, w), 0);
    for (unsigned t = 0; t < THREADS; t++)
        pthread_join(threads[t], (void **)&callers[t]);
    workshop_let_go(w);
    for (unsigned i = 0; i < THREADS * EACH; i++) {
        struct caller *caller = callers[i / EACH][i % EACH];
        ran += caller->how == REGISTRY_RAN;
        assert_int_equal(caller_status(caller), 201);
        caller_leave(caller, i % 2 ? LEFT_DELIVERED : LEFT_BROKEN);
    }
    assert_int_equal(ran, 1);
    assert_false(exchange_exists(w->x, "dir"));
}

/* ---- giving a result again ---- */

static void a_result_that_nobody_got_is_given_once_also_when_the_source_is_gone(void **state)
{
    struct workshop *w = *state;

    workshop_hold(w);
    struct caller *first = workshop_ask(w, &move);
    char id[OPERATION_ID_SIZE];
    memcpy(id, first->id, sizeof id);
    caller_leave(first, LEFT_UNTOLD);
    workshop_let_go(w);
    workshop_drain(w);

    struct caller *again = workshop_ask(w, &move);
    assert_int_equal(again->error, 0);
    assert_int_equal(again->how, REGISTRY_REPLAYED);
    assert_string_equal(again->id, id);
    assert_int_equal(caller_status(again), 201);
    caller_leave(again, LEFT_DELIVERED);

    struct caller *third = workshop_ask(w, &move);
    assert_int_equal(third->match, MATCH_NONE);
    assert_int_equal(caller_status(third), 404);
    caller_leave(third, LEFT_UNTOLD);
}

static void whether_a_result_is_given_again_depends_on_how_it_was_left(void **state)
{
    static const struct {
        const char *name;
        enum registry_left first, second;
        enum registry_how again;
    } rows[] = {
        { "both before the end", LEFT_UNTOLD, LEFT_UNTOLD, REGISTRY_REPLAYED },
        { "sent to nobody", LEFT_UNTOLD, LEFT_UNTOLD, REGISTRY_REPLAYED },
        { "both broke", LEFT_BROKEN, LEFT_BROKEN, REGISTRY_REPLAYED },
        { "one broke, one had gone", LEFT_BROKEN, LEFT_UNTOLD, REGISTRY_REPLAYED },
        { "delivered to both", LEFT_DELIVERED, LEFT_DELIVERED, REGISTRY_RAN },
        { "delivered to the first", LEFT_DELIVERED, LEFT_BROKEN, REGISTRY_RAN },
        { "delivered to the second", LEFT_UNTOLD, LEFT_DELIVERED, REGISTRY_RAN },
    };
    struct workshop *w = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        workshop_hold(w);
        struct caller *first = workshop_ask(w, &put), *second = workshop_ask(w, &put);
        workshop_let_go(w);
        caller_status(first);
        caller_leave(first, rows[i].first);
        caller_leave(second, rows[i].second);
        struct caller *again = workshop_ask(w, &put);
        caller_status(again);
        if (again->how != rows[i].again)
            fail_msg("%s", rows[i].name);
        caller_leave(again, LEFT_DELIVERED);
    }
}

static void a_result_on_its_way_is_nobody_elses_until_that_has_failed(void **state)
{
    struct workshop *w = *state;
    struct caller *first = workshop_ask(w, &put);

    assert_int_equal(caller_status(first), 201);
    caller_sending(first);
    struct caller *second = workshop_ask(w, &put);
    assert_int_equal(second->how, REGISTRY_RAN);
    assert_int_equal(caller_status(second), 204);
    caller_leave(second, LEFT_DELIVERED);
    caller_leave(first, LEFT_DELIVERED);
    struct caller *third = workshop_ask(w, &put);
    assert_int_equal(third->how, REGISTRY_RAN);
    caller_status(third);
    caller_sending(third);
    caller_leave(third, LEFT_BROKEN);
    struct caller *fourth = workshop_ask(w, &put);
    assert_int_equal(fourth->how, REGISTRY_REPLAYED);
    caller_leave(fourth, LEFT_DELIVERED);
}

/* It is still there, since somebody is being told. */
static void a_result_that_broke_for_one_is_given_again_while_another_waits(void **state)
{
    struct workshop *w = *state;

    workshop_hold(w);
    struct caller *first = workshop_ask(w, &put), *second = workshop_ask(w, &put);
    workshop_let_go(w);
    assert_int_equal(caller_status(first), 201);
    caller_leave(first, LEFT_BROKEN);
    struct caller *again = workshop_ask(w, &put);
    assert_int_equal(again->how, REGISTRY_REPLAYED);
    assert_ptr_equal(again->operation, second->operation);
    caller_leave(again, LEFT_DELIVERED);
    caller_leave(second, LEFT_BROKEN);
    assert_false(workshop_run(w, &put, LEFT_DELIVERED) == 201);
}

/* ---- touched meanwhile ---- */

static void copied_for_nobody(struct workshop *w)
{
    struct caller *first = workshop_ask(w, &copy);
    assert_int_equal(caller_status(first), 201);
    caller_leave(first, LEFT_BROKEN);
}

static void expect_again(struct workshop *w, const char *name, enum registry_how how)
{
    struct caller *again = workshop_ask(w, &copy);
    caller_status(again);
    if (again->error || again->how != how)
        fail_msg("%s", name);
    caller_leave(again, LEFT_DELIVERED);
}

static const struct {
    const char *name;
    struct question question;
    enum registry_how again;
} touches[] = {
    { "something else", { "PUT", "/other", .body = "x" }, REGISTRY_REPLAYED },
    { "a name that begins alike", { "PUT", "/newer", .body = "x" }, REGISTRY_REPLAYED },
    { "the same without a body is only asked",
      { "PROPFIND", "/new", .headers = "Depth: 1" },
      REGISTRY_REPLAYED },
    { "a member of the source", { "PUT", "/dir/m", .body = "x" }, REGISTRY_RAN },
    { "deep in the source", { "PUT", "/dir/sub/deep", .body = "x" }, REGISTRY_RAN },
    { "deep in the destination", { "DELETE", .target = "/new/sub/deep" }, REGISTRY_RAN },
    { "the destination", { "DELETE", .target = "/new" }, REGISTRY_RAN },
    { "moved into it", { "MOVE", "/a", .headers = "Destination: /new/sub/a" }, REGISTRY_RAN },
    { "moved out of it", { "MOVE", "/new/sub/deep", .headers = "Destination: /b" }, REGISTRY_RAN },
    { "by somebody else", { "DELETE", "/new/sub/deep", .user = "bob" }, REGISTRY_RAN },
};

static void what_others_did_to_source_or_destination_makes_it_run_anew(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(touches); i++) {
        struct workshop *w = workshop_open(NULL);
        copied_for_nobody(w);
        int status = workshop_run(w, &touches[i].question, LEFT_DELIVERED);
        if (status >= 400)
            fail_msg("%s: %d", touches[i].name, status);
        expect_again(w, touches[i].name, touches[i].again);
        workshop_close(w);
    }
}

static void what_was_touched_stays_so_also_when_it_is_put_back(void **state)
{
    struct workshop *w = *state;

    copied_for_nobody(w);
    workshop_run(w, &(struct question){ "MOVE", "/new", .headers = "Destination: /away" }, LEFT_DELIVERED);
    workshop_run(w, &(struct question){ "MOVE", "/away", .headers = "Destination: /new" }, LEFT_DELIVERED);
    expect_again(w, "put back", REGISTRY_RAN);
}

static void write_into_source(struct workshop *w)
{
    exchange_write(w->x, "dir/another", "x");
}

static void write_into_destination(struct workshop *w)
{
    exchange_write(w->x, "new/another", "x");
}

static void write_elsewhere(struct workshop *w)
{
    exchange_write(w->x, "another", "x");
}

static void what_happened_behind_our_back_makes_it_run_anew(void **state)
{
    static const struct {
        const char *name;
        void (*touch)(struct workshop *w);
        enum registry_how again;
    } rows[] = {
        { "the source", write_into_source, REGISTRY_RAN },
        { "the destination", write_into_destination, REGISTRY_RAN },
        { "something else", write_elsewhere, REGISTRY_REPLAYED },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct workshop *w = workshop_open(NULL);
        copied_for_nobody(w);
        rows[i].touch(w);
        expect_again(w, rows[i].name, rows[i].again);
        workshop_close(w);
    }
}

/* The first client's connection breaks only after somebody else was there. */
static void what_is_touched_while_the_result_goes_out_is_not_given_again(void **state)
{
    struct workshop *w = *state;
    struct caller *first = workshop_ask(w, &copy);

    assert_int_equal(caller_status(first), 201);
    caller_sending(first);
    assert_int_equal(
        workshop_run(w, &(struct question){ "DELETE", .target = "/new/sub/deep" }, LEFT_DELIVERED), 204);
    caller_leave(first, LEFT_BROKEN);
    expect_again(w, "touched while it went out", REGISTRY_RAN);
    assert_true(exchange_exists(w->x, "new/sub/deep"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_request_joins_what_is_there_however_it_is_spelt),
        TEST(what_differs_in_anything_runs_on_its_own),
        TEST(bodies_of_one_request_are_told_apart),
        TEST(methods_that_only_one_may_win_are_never_joined),
        TEST(a_thousand_identical_requests_are_one_operation),
        TEST(a_result_that_nobody_got_is_given_once_also_when_the_source_is_gone),
        TEST(whether_a_result_is_given_again_depends_on_how_it_was_left),
        TEST(a_result_on_its_way_is_nobody_elses_until_that_has_failed),
        TEST(a_result_that_broke_for_one_is_given_again_while_another_waits),
        cmocka_unit_test(what_others_did_to_source_or_destination_makes_it_run_anew),
        TEST(what_was_touched_stays_so_also_when_it_is_put_back),
        cmocka_unit_test(what_happened_behind_our_back_makes_it_run_anew),
        TEST(what_is_touched_while_the_result_goes_out_is_not_given_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
