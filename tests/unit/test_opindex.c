/*
 * The index alone, with operations that are nothing but their keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <cmocka.h>

#include "src/opindex.h"

static struct opindex indexed;

static int set_up(void **state)
{
    (void)state;
    apr_initialize();
    opindex_init(&indexed);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    opindex_release(&indexed);
    apr_terminate();
    return 0;
}

/* With copies of the strings: what the index keeps must not be those of an operation that has gone. */
static struct operation *add(const char *id, const char *key, const char *idempotency_key)
{
    struct operation *op = calloc(1, sizeof *op);
    snprintf(op->id, sizeof op->id, "%s", id);
    op->key = key ? strdup(key) : NULL;
    op->idempotency_key = idempotency_key ? strdup(idempotency_key) : NULL;
    op->is_joinable = key != NULL;
    opindex_add(&indexed, op);
    return op;
}

static void drop(struct operation *op)
{
    opindex_remove(&indexed, op);
    memset(op->id, '?', sizeof op->id);
    if (op->key)
        memset((char *)op->key, '?', strlen(op->key));
    free((char *)op->key);
    free((char *)op->idempotency_key);
    free(op);
}

/* The ids of all with that key, as they are found. */
static const char *with_key(const char *key)
{
    static char text[64];
    size_t size = 0;
    text[0] = '\0';
    for (struct operation *op = opindex_by_key(&indexed, key); op; op = op->same_next)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s", op->id);
    return text;
}

static void an_operation_is_found_by_each_of_its_names(void **state)
{
    (void)state;
    struct operation *a = add("a", "key", "idem"), *b = add("b", NULL, NULL);

    assert_ptr_equal(opindex_by_id(&indexed, "a"), a);
    assert_ptr_equal(opindex_by_id(&indexed, "b"), b);
    assert_ptr_equal(opindex_by_key(&indexed, "key"), a);
    assert_ptr_equal(opindex_by_idempotency_key(&indexed, "idem"), a);
    assert_null(opindex_by_id(&indexed, "key"));
    assert_null(opindex_by_key(&indexed, "a"));
    assert_null(opindex_by_key(&indexed, "idem"));
    assert_null(opindex_by_idempotency_key(&indexed, "key"));
    drop(a);
    assert_null(opindex_by_id(&indexed, "a"));
    assert_null(opindex_by_key(&indexed, "key"));
    assert_null(opindex_by_idempotency_key(&indexed, "idem"));
    drop(b);
}

static void no_name_finds_nothing(void **state)
{
    (void)state;
    struct operation *op = add("a", "", "");

    assert_null(opindex_by_key(&indexed, NULL));
    assert_null(opindex_by_idempotency_key(&indexed, NULL));
    assert_ptr_equal(opindex_by_key(&indexed, ""), op);
    drop(op);
}

static void what_may_not_be_joined_has_a_key_that_finds_nothing(void **state)
{
    (void)state;
    struct operation *op = calloc(1, sizeof *op);
    op->id[0] = 'a';
    op->key = "key";
    opindex_add(&indexed, op);
    assert_null(opindex_by_key(&indexed, "key"));
    opindex_remove_key(&indexed, op);
    opindex_remove(&indexed, op);
    assert_null(opindex_by_id(&indexed, "a"));
    free(op);
}

/* The first, the last and one in the middle, in every order: the others stay. */
static void operations_with_one_key_leave_in_any_order(void **state)
{
    static const struct {
        const char *leave;   /* in this order */
        const char *left[3]; /* after each */
    } rows[] = {
        { "abc", { "cb", "c", "" } }, { "acb", { "cb", "b", "" } }, { "bac", { "ca", "c", "" } },
        { "bca", { "ca", "a", "" } }, { "cab", { "ba", "b", "" } }, { "cba", { "ba", "a", "" } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct operation *ops[] = { add("a", "key", NULL), add("b", "key", NULL), add("c", "key", NULL) };
        struct operation *other = add("o", "other", NULL);
        assert_string_equal(with_key("key"), "cba");
        for (size_t n = 0; n < 3; n++) {
            drop(ops[rows[i].leave[n] - 'a']);
            if (strcmp(with_key("key"), rows[i].left[n]) != 0)
                fail_msg("%s, %zu: \"%s\"", rows[i].leave, n, with_key("key"));
        }
        assert_string_equal(with_key("other"), "o");
        drop(other);
    }
}

static void without_its_key_it_is_still_found_otherwise(void **state)
{
    (void)state;
    struct operation *a = add("a", "key", "idem"), *b = add("b", "key", NULL);

    opindex_remove_key(&indexed, b);
    opindex_remove_key(&indexed, b);
    assert_string_equal(with_key("key"), "a");
    opindex_remove_key(&indexed, a);
    assert_string_equal(with_key("key"), "");
    assert_ptr_equal(opindex_by_id(&indexed, "a"), a);
    assert_ptr_equal(opindex_by_idempotency_key(&indexed, "idem"), a);
    assert_ptr_equal(opindex_by_id(&indexed, "b"), b);
    drop(a);
    drop(b);
}

/* apr_hash keeps the first key's bytes while the entry lives: those of an operation that has gone. */
static void a_key_outlives_the_operation_that_brought_it(void **state)
{
    (void)state;
    struct operation *a = add("a", "key", NULL), *b = add("b", "key", NULL);

    drop(b);
    struct operation *c = add("c", "key", NULL);
    assert_string_equal(with_key("key"), "ca");
    drop(a);
    assert_string_equal(with_key("key"), "c");
    drop(c);
}

static void an_idempotency_key_that_another_has_now_stays_with_that(void **state)
{
    (void)state;
    struct operation *a = add("a", NULL, "idem"), *b = add("b", NULL, "idem");

    assert_ptr_equal(opindex_by_idempotency_key(&indexed, "idem"), b);
    opindex_remove(&indexed, a);
    assert_ptr_equal(opindex_by_idempotency_key(&indexed, "idem"), b);
    drop(b);
    assert_null(opindex_by_idempotency_key(&indexed, "idem"));
    free((char *)a->idempotency_key);
    free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operation_is_found_by_each_of_its_names),
        cmocka_unit_test(no_name_finds_nothing),
        cmocka_unit_test(what_may_not_be_joined_has_a_key_that_finds_nothing),
        cmocka_unit_test(operations_with_one_key_leave_in_any_order),
        cmocka_unit_test(without_its_key_it_is_still_found_otherwise),
        cmocka_unit_test(a_key_outlives_the_operation_that_brought_it),
        cmocka_unit_test(an_idempotency_key_that_another_has_now_stays_with_that),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
