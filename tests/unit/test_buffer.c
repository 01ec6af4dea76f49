/*
 * Growth, and what happens at the maximum.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "webdav/buffer.h"

static void an_empty_buffer_needs_nothing(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 10);
    assert_null(b.data);
    buffer_append(&b, NULL, 0);
    buffer_append(&b, "", 0);
    buffer_puts(&b, "");
    assert_null(b.data);
    assert_int_equal(b.size, 0);
    assert_false(b.overflow);
    buffer_release(&b);
    buffer_release(&b);
    buffer_release(NULL);
}

static void appended_pieces_stand_one_after_the_other(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1000000);
    for (unsigned i = 0; i < 100000; i++)
        buffer_append(&b, "0123456789" + i % 10, 1);
    assert_int_equal(b.size, 100000);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(b.data[i], '0' + (int)(i % 10));
    assert_true(b.capacity <= b.max);
    buffer_release(&b);
    assert_null(b.data);
    assert_int_equal(b.max, 1000000);
}

static void the_maximum_can_be_filled_and_not_passed(void **state)
{
    (void)state;
    for (size_t max = 0; max < 600; max++) {
        struct buffer b;
        buffer_init(&b, max);
        for (size_t i = 0; i < max; i++)
            buffer_append(&b, "x", 1);
        assert_int_equal(b.size, max);
        assert_false(b.overflow);
        assert_true(b.capacity <= max);
        buffer_append(&b, "y", 1);
        assert_true(b.overflow);
        assert_int_equal(b.size, max);
        buffer_release(&b);
    }
}

static void overflow_sticks_until_cleared(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 4);
    buffer_puts(&b, "abc");
    buffer_puts(&b, "de");
    assert_true(b.overflow);
    buffer_puts(&b, "f"); /* would fit, but what follows a gap is worth nothing */
    buffer_printf(&b, "%d", 1);
    assert_null(buffer_reserve(&b, 1));
    assert_int_equal(b.size, 3);
    assert_memory_equal(b.data, "abc", 3);

    buffer_clear(&b);
    assert_false(b.overflow);
    buffer_puts(&b, "wxyz");
    assert_int_equal(b.size, 4);
    assert_memory_equal(b.data, "wxyz", 4);
    buffer_release(&b);
}

static void absurd_lengths_do_not_wrap_around(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 100);
    buffer_puts(&b, "abc");
    assert_null(buffer_reserve(&b, SIZE_MAX));
    assert_null(buffer_reserve(&b, SIZE_MAX - 2));
    assert_int_equal(b.size, 3);
    buffer_release(&b);
}

static void reserved_room_is_counted_by_the_caller(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1000);
    buffer_puts(&b, "ab");
    char *room = buffer_reserve(&b, 900);
    assert_non_null(room);
    assert_int_equal(b.size, 2);
    memset(room, 'x', 900);
    b.size += 3;
    buffer_puts(&b, "c");
    assert_int_equal(b.size, 6);
    assert_memory_equal(b.data, "abxxxc", 6);
    buffer_release(&b);
}

static void printf_of_every_length_is_like_append(void **state)
{
    (void)state;
    char text[700];
    memset(text, 'a', sizeof text);
    for (int len = 0; len < 700; len++) {
        struct buffer b;
        buffer_init(&b, 600);
        buffer_printf(&b, "%.*s", len, text);
        assert_int_equal(b.overflow, len > 600);
        assert_int_equal(b.size, len > 600 ? 0 : len);
        assert_memory_equal(b.data ? b.data : "", text, b.size);
        buffer_release(&b);
    }
}

static void what_was_appended_can_be_taken_back(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 10);
    buffer_puts(&b, "12345");
    buffer_puts(&b, "678901");
    assert_true(b.overflow);
    buffer_truncate(&b, 3);
    assert_false(b.overflow);
    buffer_puts(&b, "abcdefg");
    assert_int_equal(b.size, 10);
    assert_memory_equal(b.data, "123abcdefg", 10);
    buffer_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_needs_nothing),
        cmocka_unit_test(appended_pieces_stand_one_after_the_other),
        cmocka_unit_test(the_maximum_can_be_filled_and_not_passed),
        cmocka_unit_test(overflow_sticks_until_cleared),
        cmocka_unit_test(absurd_lengths_do_not_wrap_around),
        cmocka_unit_test(reserved_room_is_counted_by_the_caller),
        cmocka_unit_test(printf_of_every_length_is_like_append),
        cmocka_unit_test(what_was_appended_can_be_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
