/*
 * Operations that their clients gave a name: Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).
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

static const struct question put = { "PUT", "/new", .body = "text", .idempotency_key = "k" };
static const struct question remove_new = { "DELETE", .target = "/new" };

/* Runs once, whatever became of the answers. */
static void the_same_key_has_the_same_result_as_often_as_it_is_asked_for(void **state)
{
    static const enum registry_left how[] = { LEFT_DELIVERED, LEFT_BROKEN, LEFT_UNTOLD, LEFT_DELIVERED,
                                              LEFT_UNTOLD };
    struct workshop *w = *state;
    struct caller *first = workshop_ask(w, &put);
    char id[OPERATION_ID_SIZE];

    memcpy(id, first->id, sizeof id);
    assert_int_equal(first->how, REGISTRY_RAN);
    assert_int_equal(caller_status(first), 201);
    caller_leave(first, LEFT_DELIVERED);
    for (size_t i = 0; i < COUNT(how); i++) {
        struct caller *again = workshop_ask(w, &put);
        assert_int_equal(again->match, MATCH_POSSIBLE);
        assert_int_equal(again->how, REGISTRY_REPLAYED);
        assert_string_equal(again->id, id);
        assert_int_equal(caller_status(again), 201);
        caller_leave(again, how[i]);
    }
}

static void a_key_has_its_result_whatever_was_touched(void **state)
{
    struct workshop *w = *state;

    assert_int_equal(workshop_run(w, &put, LEFT_BROKEN), 201);
    assert_int_equal(workshop_run(w, &remove_new, LEFT_DELIVERED), 204);
    assert_int_equal(workshop_run(w, &put, LEFT_DELIVERED), 201);
    assert_false(exchange_exists(w->x, "new"));
}

static void a_key_joins_what_runs(void **state)
{
    struct workshop *w = *state;

    workshop_hold(w);
    struct caller *first = workshop_ask(w, &put), *second = workshop_ask(w, &put);
    assert_int_equal(second->how, REGISTRY_JOINED);
    assert_ptr_equal(second->operation, first->operation);
    workshop_let_go(w);
    assert_int_equal(caller_status(second), 201);
    caller_leave(first, LEFT_DELIVERED);
    caller_leave(second, LEFT_DELIVERED);
}

static void a_key_is_for_one_request_only(void **state)
{
    static const struct {
        const char *name;
        struct question question;
        enum registry_match match;
    } rows[] = {
        { "another method", { "DELETE", "/new", .idempotency_key = "k" }, MATCH_CONFLICT },
        { "another target", { "PUT", "/new2", .body = "text", .idempotency_key = "k" }, MATCH_CONFLICT },
        { "another condition",
          { "PUT", "/new", .headers = "If-None-Match: *", .body = "text", .idempotency_key = "k" },
          MATCH_CONFLICT },
        { "another body", { "PUT", "/new", .body = "Text", .idempotency_key = "k" }, MATCH_POSSIBLE },
        { "no body", { "PUT", "/new", .body = "", .idempotency_key = "k" }, MATCH_POSSIBLE },
        { "refused anyway", { "DELETE", "/missing", .idempotency_key = "k" }, MATCH_CONFLICT },
        { "no sound request at all", { "COPY", "/a", .idempotency_key = "k" }, MATCH_CONFLICT },
    };
    struct workshop *w = *state;

    workshop_run(w, &put, LEFT_DELIVERED);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct caller *other = workshop_ask(w, &rows[i].question);
        if (other->error != EEXIST || other->match != rows[i].match)
            fail_msg("%s: %d, %d", rows[i].name, other->error, (int)other->match);
        caller_leave(other, LEFT_UNTOLD);
    }
    assert_string_equal(exchange_read(w->x, "new"), "text");
}

static void a_key_belongs_to_its_user(void **state)
{
    struct workshop *w = *state;
    struct question question = put;

    assert_int_equal(workshop_run(w, &put, LEFT_DELIVERED), 201);
    question.user = "bob";
    assert_int_equal(workshop_run(w, &question, LEFT_DELIVERED), 204);
    question = remove_new;
    question.user = "ann";
    question.idempotency_key = "k";
    assert_int_equal(workshop_run(w, &question, LEFT_DELIVERED), 204);
}

/* They are never joined without being asked, but this asks. */
static void a_key_serves_every_method_that_changes_something(void **state)
{
    static const struct question questions[] = {
        { "MKCOL", "/made", .idempotency_key = "1" },
        { "DELETE", "/dir/m", .idempotency_key = "2" },
        { "MOVE", "/a", .headers = "Destination: /b", .idempotency_key = "3" },
        { "COPY", "/dir", .headers = "Destination: /c", .idempotency_key = "4" },
        { "PROPPATCH", "/dir", .idempotency_key = "5",
          .body = "<propertyupdate xmlns=\"DAV:\"><set><prop><x xmlns=\"urn:x\">1</x></prop></set>"
                  "</propertyupdate>" },
    };
    struct workshop *w = *state;

    for (size_t i = 0; i < COUNT(questions); i++) {
        int status = workshop_run(w, &questions[i], LEFT_DELIVERED);
        assert_in_range(status, 200, 207);
        struct caller *again = workshop_ask(w, &questions[i]);
        if (again->error || again->how != REGISTRY_REPLAYED || caller_status(again) != status)
            fail_msg("%s", questions[i].method);
        caller_leave(again, LEFT_DELIVERED);
    }
}

static void a_key_is_ignored_where_nothing_is_changed(void **state)
{
    static const struct question list = { "PROPFIND", "/", .headers = "Depth: 1", .idempotency_key = "k" };
    struct workshop *w = *state;
    struct caller *first = workshop_ask(w, &list), *second = workshop_ask(w, &list);

    assert_int_equal(second->match, MATCH_NONE);
    assert_int_equal(second->how, REGISTRY_RAN);
    assert_int_equal(caller_status(first), 207);
    assert_int_equal(caller_status(second), 207);
    caller_leave(first, LEFT_DELIVERED);
    caller_leave(second, LEFT_DELIVERED);
}

/* It never was an operation. */
static void a_refused_request_leaves_its_key_free(void **state)
{
    struct workshop *w = *state;
    const struct question refused = { "DELETE", "/missing", .idempotency_key = "k" };

    assert_int_equal(workshop_run(w, &refused, LEFT_UNTOLD), 404);
    assert_int_equal(workshop_run(w, &put, LEFT_DELIVERED), 201);
}

static void a_failure_is_a_result_too(void **state)
{
    struct workshop *w = *state;
    const struct question make = { "MKCOL", "/made", .idempotency_key = "k" };

    workshop_hold(w);
    struct caller *first = workshop_ask(w, &make);
    exchange_mkdir(w->x, "made");
    workshop_let_go(w);
    assert_int_equal(caller_status(first), 405);
    caller_leave(first, LEFT_DELIVERED);
    struct caller *again = workshop_ask(w, &make);
    assert_int_equal(again->how, REGISTRY_REPLAYED);
    assert_int_equal(caller_status(again), 405);
    caller_leave(again, LEFT_DELIVERED);
}

/* Whichever of two identical requests ran: each client may ask again with the name that it gave. */
static void a_key_that_came_with_a_joined_request_has_the_result_too(void **state)
{
    struct workshop *w = *state;
    struct question second_put = put, third_put = put, no_key = put;

    no_key.idempotency_key = NULL;
    second_put.idempotency_key = "k2";
    third_put.idempotency_key = "k3";
    workshop_hold(w);
    struct caller *first = workshop_ask(w, &no_key), *second = workshop_ask(w, &second_put);
    struct caller *third = workshop_ask(w, &third_put);
    workshop_let_go(w);
    assert_int_equal(second->how, REGISTRY_JOINED);
    assert_int_equal(third->how, REGISTRY_RAN);
    assert_int_equal(caller_status(first), 201);
    assert_int_equal(caller_status(second), 201);
    assert_int_equal(caller_status(third), 204);
    caller_leave(first, LEFT_DELIVERED);
    caller_leave(second, LEFT_DELIVERED);
    caller_leave(third, LEFT_DELIVERED);
    workshop_run(w, &(struct question){ "DELETE", .target = "/new" }, LEFT_DELIVERED);
    assert_int_equal(workshop_run(w, &second_put, LEFT_DELIVERED), 201);
    assert_int_equal(workshop_run(w, &third_put, LEFT_DELIVERED), 204);
    assert_false(exchange_exists(w->x, "new")); /* nothing was done again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_key_has_the_same_result_as_often_as_it_is_asked_for),
        TEST(a_key_has_its_result_whatever_was_touched),
        TEST(a_key_joins_what_runs),
        TEST(a_key_is_for_one_request_only),
        TEST(a_key_belongs_to_its_user),
        TEST(a_key_serves_every_method_that_changes_something),
        TEST(a_key_is_ignored_where_nothing_is_changed),
        TEST(a_refused_request_leaves_its_key_free),
        TEST(a_failure_is_a_result_too),
        TEST(a_key_that_came_with_a_joined_request_has_the_result_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
