/*
 * Buffers that are handed on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "webdav/spares.h"

static int set_up(void **state)
{
    *state = spares_open();
    return 0;
}

static int tear_down(void **state)
{
    spares_close(*state);
    return 0;
}

static struct buffer buffer_of(size_t size)
{
    struct buffer buffer;
    buffer_init(&buffer, 1 << 20);
    if (size)
        assert_non_null(buffer_reserve(&buffer, size));
    buffer.size = size;
    return buffer;
}

static void what_was_given_is_taken_empty(void **state)
{
    struct buffer first = buffer_of(100000), second = buffer_of(0), third = buffer_of(0);
    const char *data = first.data;
    size_t capacity = first.capacity;
    spares_give(*state, &first);
    assert_null(first.data);
    assert_int_equal(first.capacity, 0);
    assert_int_equal(first.max, 1 << 20);
    spares_take(*state, &second);
    spares_take(*state, &third);
    assert_ptr_equal(second.data, data);
    assert_int_equal(second.capacity, capacity);
    assert_int_equal(second.size, 0);
    assert_false(second.overflow);
    assert_null(third.data);
    buffer_release(&second);
}

static void no_more_are_kept_than_is_said_and_none_that_is_large_or_small(void **state)
{
    struct buffer buffers[SPARES_MAX + 1], large = buffer_of(SPARES_BYTES + 1), small = buffer_of(1000),
                                           empty = buffer_of(0);
    unsigned kept = 0;
    for (int i = 0; i <= SPARES_MAX; i++)
        buffers[i] = buffer_of(SPARES_LEAST);
    spares_give(*state, &large);
    spares_give(*state, &small);
    spares_give(*state, &empty);
    spares_take(*state, &empty);
    assert_null(empty.data);
    for (int i = 0; i <= SPARES_MAX; i++)
        spares_give(*state, &buffers[i]);
    for (int i = 0; i <= SPARES_MAX; i++) {
        spares_take(*state, &buffers[i]);
        kept += buffers[i].data != NULL;
    }
    assert_int_equal(kept, SPARES_MAX);
    for (int i = 0; i <= SPARES_MAX; i++)
        buffer_release(&buffers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_given_is_taken_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_more_are_kept_than_is_said_and_none_that_is_large_or_small, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
