/*
 * Operations that nobody waits for any more, and how long and how many are kept; what pages see of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/workshop.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))
#define HOUR_MS     (3600 * 1000)

static const struct question copy = { "COPY", "/dir", .headers = "Destination: /new" };
static const struct question other_copy = { "COPY", "/dir", .headers = "Destination: /other" };
static const struct question put = { "PUT", "/new", .body = "text" };

static const struct registry_limits usual = { .retention_ms = HOUR_MS };
static const struct registry_limits cancelling = { .retention_ms = HOUR_MS, .cancel_on_disconnect = true };
static const struct registry_limits hasty = { .retention_ms = HOUR_MS, .timeout_ms = 60000 };

static bool replays(struct workshop *w, const struct question *question)
{
    struct caller *again = workshop_ask(w, question);
    bool is_replayed = !again->error && again->how == REGISTRY_REPLAYED;
    caller_status(again);
    caller_leave(again, LEFT_DELIVERED);
    return is_replayed;
}

/* ---- the client hangs up ---- */

static void what_its_client_left_goes_on_to_its_end(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);

    workshop_halt(w);
    struct caller *only = workshop_ask(w, &copy);
    workshop_await_halt(w);
    caller_leave(only, LEFT_UNTOLD);
    workshop_go_on(w);
    workshop_drain(w);
    assert_string_equal(exchange_read(w->x, "new/sub/deep"), "deep");
    workshop_close(w);
}

static void with_cancelling_it_stops_when_the_last_has_left_and_is_not_given_again(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&cancelling);
    char id[OPERATION_ID_SIZE];

    workshop_halt(w);
    struct caller *first = workshop_ask(w, &copy);
    memcpy(id, first->id, sizeof id);
    workshop_await_halt(w);
    struct caller *second = workshop_ask(w, &copy);
    assert_int_equal(second->how, REGISTRY_JOINED);
    caller_leave(first, LEFT_UNTOLD);
    assert_int_equal(atomic_load(&second->operation->cancelled), 0);
    caller_leave(second, LEFT_UNTOLD);
    struct caller *third = workshop_ask(w, &copy); /* what is being stopped is joined by nobody */
    assert_int_equal(third->how, REGISTRY_RAN);
    workshop_go_on(w);
    assert_int_equal(caller_status(third), 201);
    caller_leave(third, LEFT_DELIVERED);
    workshop_drain(w);
    assert_false(workshop_has(w, "", id));
    assert_int_equal(exchange_strays(w->x), 0);
    workshop_close(w);
}

static void with_cancelling_nothing_is_changed(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&cancelling);

    workshop_halt(w);
    struct caller *only = workshop_ask(w, &copy);
    workshop_await_halt(w);
    caller_leave(only, LEFT_UNTOLD);
    workshop_go_on(w);
    workshop_drain(w);
    assert_false(exchange_exists(w->x, "new"));
    assert_false(replays(w, &copy));
    workshop_close(w);
}

static void what_was_accepted_survives_its_client(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&cancelling);

    workshop_halt(w);
    struct caller *only = workshop_ask(w, &copy);
    workshop_await_halt(w);
    atomic_store(&only->operation->is_accepted, true);
    caller_leave(only, LEFT_UNTOLD);
    workshop_go_on(w);
    workshop_drain(w);
    assert_true(exchange_exists(w->x, "new"));
    assert_true(replays(w, &copy));
    workshop_close(w);
}

static void with_cancelling_a_result_that_broke_on_its_way_is_kept(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&cancelling);

    assert_int_equal(workshop_run(w, &put, LEFT_BROKEN), 201);
    assert_true(replays(w, &put));
    workshop_close(w);
}

/* ---- time ---- */

static void what_lasts_too_long_is_stopped_and_says_so(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&hasty);

    workshop_halt(w);
    struct caller *old = workshop_ask(w, &copy), *young = workshop_ask(w, &other_copy);
    workshop_await_halt(w);
    workshop_tick(w);
    assert_int_equal(atomic_load(&old->operation->cancelled), 0);
    old->operation->started_ms -= hasty.timeout_ms;
    workshop_tick(w);
    assert_int_equal(atomic_load(&old->operation->cancelled), DAV_STOP_TIMEOUT + 1);
    assert_int_equal(atomic_load(&young->operation->cancelled), 0);
    workshop_go_on(w);
    assert_int_equal(caller_status(old), 503);
    const struct dav_reply *reply = operation_reply(old->operation);
    assert_non_null(memmem(reply->data, reply->size, "longer than this server allows", 30));
    assert_int_equal(caller_status(young), 201);
    assert_false(exchange_exists(w->x, "new"));
    caller_leave(old, LEFT_DELIVERED);
    caller_leave(young, LEFT_DELIVERED);
    workshop_close(w);
}

static void results_go_when_the_retention_is_over(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);
    const struct question named = { "MKCOL", "/made", .idempotency_key = "k" };
    char ids[2][OPERATION_ID_SIZE];

    struct caller *old = workshop_ask(w, &named);
    struct operation *op = old->operation;
    caller_status(old);
    memcpy(ids[0], old->id, sizeof ids[0]);
    caller_leave(old, LEFT_DELIVERED);
    struct caller *young = workshop_ask(w, &put);
    caller_status(young);
    memcpy(ids[1], young->id, sizeof ids[1]);
    caller_leave(young, LEFT_BROKEN);

    op->ended_ms -= usual.retention_ms - 30000;
    workshop_tick(w);
    assert_true(workshop_has(w, "", ids[0]));
    op->ended_ms -= 30000;
    workshop_tick(w);
    assert_false(workshop_has(w, "", ids[0]));
    assert_true(workshop_has(w, "", ids[1]));
    assert_int_equal(
        workshop_run(w, &(struct question){ "DELETE", "/dir", .idempotency_key = "k" }, LEFT_DELIVERED), 204);
    workshop_close(w);
}

static void a_result_that_is_being_given_or_looked_at_outlives_the_retention(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);
    struct job_waiter page = { .done = NULL };

    assert_int_equal(workshop_run(w, &put, LEFT_BROKEN), 201);
    struct caller *again = workshop_ask(w, &put);
    assert_int_equal(again->how, REGISTRY_REPLAYED);
    again->operation->ended_ms -= 2 * usual.retention_ms;
    workshop_tick(w);
    assert_true(workshop_has(w, "", again->id));
    struct operation *op = registry_hold(w->registry, "", again->id, &page);
    assert_ptr_equal(op, again->operation);
    caller_leave(again, LEFT_BROKEN);
    workshop_tick(w);
    assert_false(workshop_has(w, "", op->id));
    assert_int_equal(operation_reply(op)->status, 201);
    job_leave(&page);
    workshop_close(w);
}

static void without_retention_nothing_is_kept(void **state)
{
    (void)state;
    const struct registry_limits none = { .retention_ms = 0 };
    struct workshop *w = workshop_open(&none);
    const struct question named = { "PUT", "/new", .body = "text", .idempotency_key = "k" };

    workshop_run(w, &put, LEFT_BROKEN);
    assert_false(replays(w, &put));
    workshop_run(w, &named, LEFT_BROKEN);
    assert_false(replays(w, &named));
    workshop_close(w);
}

static void the_registry_looks_at_its_limits_often_enough(void **state)
{
    static const struct {
        struct registry_limits limits;
        int64_t from_ms, to_ms;
    } rows[] = {
        { { .retention_ms = HOUR_MS }, 1000, 1000 },
        { { .retention_ms = 2000 }, 500, 500 },
        { { .retention_ms = HOUR_MS, .timeout_ms = 400 }, 100, 100 },
        { { .retention_ms = 10 }, 20, 20 },
        { { .retention_ms = 0 }, 20, 1000 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct workshop *w = workshop_open(&rows[i].limits);
        int64_t before_ms = timer_now_ms(), sleep_ms = workshop_tick(w);
        int64_t passed_ms = timer_now_ms() - before_ms; /* counted in what was told, at most */
        assert_in_range(sleep_ms, rows[i].from_ms, rows[i].to_ms + passed_ms);
        workshop_close(w);
    }
}

/* ---- room ---- */

static void the_oldest_go_when_too_many_are_kept(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);
    char first[OPERATION_ID_SIZE], second[OPERATION_ID_SIZE];

    for (unsigned i = 0; i <= REGISTRY_KEPT_MAX; i++) {
        struct caller *caller = workshop_ask_slow(w, "ann");
        if (i < 2)
            memcpy(i ? second : first, caller->id, sizeof first);
        atomic_store(&caller->operation->is_named, true);
        workshop_end(w, caller->operation);
        caller_leave(caller, LEFT_DELIVERED);
        if (i == REGISTRY_KEPT_MAX - 1)
            assert_true(workshop_has(w, "ann", first));
    }
    assert_false(workshop_has(w, "ann", first));
    assert_true(workshop_has(w, "ann", second));
    workshop_close(w);
}

static void who_keeps_most_pushes_out_only_ones_own(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);
    char promised[OPERATION_ID_SIZE], oldest[OPERATION_ID_SIZE];

    for (unsigned i = 0; i <= REGISTRY_KEPT_MAX + 5; i++) {
        struct caller *caller = workshop_ask_slow(w, i ? "bob" : "ann");
        if (i < 2)
            memcpy(i ? oldest : promised, caller->id, sizeof promised);
        atomic_store(&caller->operation->is_named, true);
        workshop_end(w, caller->operation);
        caller_leave(caller, LEFT_DELIVERED);
    }
    assert_true(workshop_has(w, "ann", promised));
    assert_false(workshop_has(w, "bob", oldest));
    workshop_close(w);
}

static void the_oldest_go_when_they_are_too_large_together(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);
    char ids[4][OPERATION_ID_SIZE];

    for (unsigned i = 0; i < COUNT(ids); i++) {
        struct caller *caller = workshop_ask_slow(w, "ann");
        memcpy(ids[i], caller->id, sizeof ids[i]);
        atomic_store(&caller->operation->is_named, true);
        struct dav_reply *reply = operation_reply(caller->operation);
        reply->kind = DAV_BUFFER; /* its size is what counts; nobody reads it */
        reply->size = REGISTRY_KEPT_BYTES / 3;
        workshop_end(w, caller->operation);
        caller_leave(caller, LEFT_DELIVERED);
    }
    assert_false(workshop_has(w, "ann", ids[0]));
    assert_false(workshop_has(w, "ann", ids[1]));
    assert_true(workshop_has(w, "ann", ids[2]));
    assert_true(workshop_has(w, "ann", ids[3]));
    workshop_close(w);
}

static void what_nobody_can_ask_for_is_not_kept(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);
    char id[OPERATION_ID_SIZE];

    struct caller *caller = workshop_ask(w, &put);
    memcpy(id, caller->id, sizeof id);
    caller_status(caller);
    assert_true(workshop_has(w, "", id));
    caller_leave(caller, LEFT_DELIVERED);
    assert_false(workshop_has(w, "", id));

    caller = workshop_ask(w, &put);
    memcpy(id, caller->id, sizeof id);
    atomic_store(&caller->operation->is_named, true);
    caller_status(caller);
    caller_leave(caller, LEFT_DELIVERED);
    assert_true(workshop_has(w, "", id));
    caller = workshop_ask(w, &put); /* kept for its page, not for the same request */
    assert_int_equal(caller->match, MATCH_NONE);
    caller_status(caller);
    caller_leave(caller, LEFT_DELIVERED);
    workshop_close(w);
}

static void a_full_queue_and_a_stopping_engine_leave_the_operation_to_the_caller(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);
    static struct caller *callers[WORKSHOP_QUEUE_MAX / 2];
    const struct question lock = { "LOCK", "/a", .body = "<no-lockinfo/>", .user = "ann" };

    workshop_hold(w);
    for (unsigned i = 0; i <= COUNT(callers); i++) { /* half a queue for a user */
        struct caller *caller = workshop_ask(w, &lock);
        if (i < COUNT(callers))
            assert_int_equal((callers[i] = caller)->error, 0);
        else
            assert_int_equal(caller->error, EAGAIN);
        if (i == COUNT(callers))
            caller_leave(caller, LEFT_UNTOLD);
    }
    workshop_let_go(w);
    for (unsigned i = 0; i < COUNT(callers); i++) {
        caller_status(callers[i]);
        caller_leave(callers[i], LEFT_DELIVERED);
    }
    assert_true(job_engine_stop(w->engine, timer_now_ms() + 60000));
    struct caller *late = workshop_ask(w, &put);
    assert_int_equal(late->error, ECANCELED);
    caller_leave(late, LEFT_UNTOLD);
    workshop_close(w);
}

/* ---- what pages see ---- */

static void a_page_finds_its_users_operations_and_no_others(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);
    struct caller *caller = workshop_ask_slow(w, "ann");

    assert_true(workshop_has(w, "ann", caller->id));
    assert_false(workshop_has(w, "bob", caller->id));
    assert_false(workshop_has(w, "", caller->id));
    assert_false(workshop_has(w, "ann", ""));
    assert_false(workshop_has(w, "ann", "0123456789abcdef0123456789abcdef"));
    workshop_end(w, caller->operation);
    caller_leave(caller, LEFT_DELIVERED);
    workshop_close(w);
}

static void a_page_does_not_count_as_waiting(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&cancelling);
    struct job_waiter page = { .done = NULL };

    workshop_hold(w);
    struct caller *only = workshop_ask(w, &copy);
    assert_non_null(registry_hold(w->registry, "", only->id, &page));
    struct operation *op = only->operation;
    caller_leave(only, LEFT_UNTOLD);
    assert_int_equal(atomic_load(&op->cancelled), DAV_STOP_CANCELLED + 1);
    workshop_let_go(w);
    workshop_drain(w);
    job_leave(&page);
    workshop_close(w);
}

/* Also when the operations themselves have gone meanwhile. */
static void the_list_shows_ones_own_and_what_runs_first(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);
    const struct question ours[] = {
        { "PUT", "/one", .body = "1", .user = "ann" },
        { "COPY", "/a", .headers = "Destination: /two", .user = "ann" },
    };
    struct job_view *views;
    char id[OPERATION_ID_SIZE];

    assert_int_equal(registry_list(w->registry, "ann", w->x->pool, &views), 0);
    workshop_run(w, &ours[0], LEFT_BROKEN);
    workshop_run(w, &put, LEFT_BROKEN);
    workshop_hold(w);
    struct caller *waiting = workshop_ask(w, &ours[1]);
    memcpy(id, waiting->id, sizeof id);
    size_t count = registry_list(w->registry, "ann", w->x->pool, &views);
    workshop_let_go(w);
    assert_int_equal(caller_status(waiting), 201);
    caller_leave(waiting, LEFT_DELIVERED);
    assert_true(replays(w, &ours[0]));

    assert_int_equal(count, 2);
    assert_string_equal(views[0].id, id);
    assert_string_equal(views[0].method, "COPY");
    assert_string_equal(views[0].source, "/a");
    assert_string_equal(views[0].destination, "/two");
    assert_int_equal(views[0].state, JOB_VIEW_WAITING);
    assert_string_equal(views[1].source, "/one");
    assert_string_equal(views[1].method, "PUT");
    assert_int_equal(views[1].state, JOB_VIEW_SUCCEEDED);
    assert_int_equal(views[1].status, 201);
    assert_non_null(views[1].etag);
    assert_null(views[1].destination);
    workshop_close(w);
}

static void the_list_has_an_end(void **state)
{
    (void)state;
    struct workshop *w = workshop_open(&usual);
    static struct caller *callers[REGISTRY_LISTED_MAX + 5];
    struct job_view *views;

    for (unsigned i = 0; i < COUNT(callers); i++)
        callers[i] = workshop_ask_slow(w, "ann");
    assert_int_equal(registry_list(w->registry, "ann", w->x->pool, &views), REGISTRY_LISTED_MAX);
    assert_string_equal(views[0].id, callers[0]->id);
    assert_string_equal(views[REGISTRY_LISTED_MAX - 1].id, callers[REGISTRY_LISTED_MAX - 1]->id);
    for (unsigned i = 0; i < COUNT(callers); i++) {
        workshop_end(w, callers[i]->operation);
        caller_leave(callers[i], LEFT_DELIVERED);
    }
    workshop_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_its_client_left_goes_on_to_its_end),
        cmocka_unit_test(with_cancelling_it_stops_when_the_last_has_left_and_is_not_given_again),
        cmocka_unit_test(with_cancelling_nothing_is_changed),
        cmocka_unit_test(what_was_accepted_survives_its_client),
        cmocka_unit_test(with_cancelling_a_result_that_broke_on_its_way_is_kept),
        cmocka_unit_test(what_lasts_too_long_is_stopped_and_says_so),
        cmocka_unit_test(results_go_when_the_retention_is_over),
        cmocka_unit_test(a_result_that_is_being_given_or_looked_at_outlives_the_retention),
        cmocka_unit_test(without_retention_nothing_is_kept),
        cmocka_unit_test(the_registry_looks_at_its_limits_often_enough),
        cmocka_unit_test(the_oldest_go_when_too_many_are_kept),
        cmocka_unit_test(who_keeps_most_pushes_out_only_ones_own),
        cmocka_unit_test(the_oldest_go_when_they_are_too_large_together),
        cmocka_unit_test(what_nobody_can_ask_for_is_not_kept),
        cmocka_unit_test(a_full_queue_and_a_stopping_engine_leave_the_operation_to_the_caller),
        cmocka_unit_test(a_page_finds_its_users_operations_and_no_others),
        cmocka_unit_test(a_page_does_not_count_as_waiting),
        cmocka_unit_test(the_list_shows_ones_own_and_what_runs_first),
        cmocka_unit_test(the_list_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
