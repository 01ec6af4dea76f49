/*
 * Lists, tokens and quoted strings: what is a part, and what a malformed part may spoil.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "src/fieldvalue.h"

/* The parts with bars between them. */
static void split(const char *text, char separator, char *out, size_t size)
{
    struct field_parts parts = field_parts_of(field_span_of(text), separator);
    struct field_span part;
    size_t used = 0;

    while (field_parts_next(&parts, &part)) {
        int len =
            snprintf(out + used, size - used, "%s%.*s", used ? "|" : "", (int)(part.end - part.at), part.at);
        assert_true(len >= 0 && (size_t)len < size - used);
        used += (size_t)len;
    }
}

static void values_are_split_outside_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *parts;
    } rows[] = {
        { "one", "a", "a" },
        { "three, blanks around", " a ,\tb\t, c ", "a|b|c" },
        { "empty ones are parts too", "a,,b,", "a||b|" },
        { "blanks inside stay", "a b, c", "a b|c" },
        { "a separator in quotes", "a=\"x,y\", b", "a=\"x,y\"|b" },
        { "an escaped mark does not close", "a=\"x\\\",y\", b", "a=\"x\\\",y\"|b" },
        { "an escaped backslash does not escape", "a=\"x\\\\\",b", "a=\"x\\\\\"|b" },
        { "an unclosed mark ends with its part", "a=\"x, b", "a=\"x|b" },
        { "and so do those behind it", "a=\"x\\\", b\\\", c\\\"", "a=\"x\\\"|b\\\"|c\\\"" },
        { "a backslash at the end", "a=\"x\\", "a=\"x\\" },
        { "quotes before an unclosed one count", "a=\",\",b=\"x,c", "a=\",\"|b=\"x|c" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char parts[256];
        split(rows[i].text, ',', parts, sizeof parts);
        if (strcmp(parts, rows[i].parts) != 0)
            fail_msg("%s: %s", rows[i].name, parts);
    }
}

static void words_are_tokens_or_quoted_strings(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        const char *word; /* NULL: it is neither */
    } rows[] = {
        { "token", "a-b.C1", "a-b.C1" },
        { "empty", "", "" },
        { "quoted", "\"a, b\"", "a, b" },
        { "quoted and empty", "\"\"", "" },
        { "escapes", "\"a\\\"\\\\\\b\"", "a\"\\b" },
        { "no blank in a token", "a b", NULL },
        { "no mark in a token", "a\"b\"", NULL },
        { "unclosed", "\"a", NULL },
        { "one mark", "\"", NULL },
        { "an escaped mark at the end", "\"a\\\"", NULL },
        { "something behind it", "\"a\"b", NULL },
        { "two", "\"a\"\"b\"", NULL },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct field_word word;
        char read[64] = "";
        if (field_word_open(field_span_of(rows[i].text), &word) != (rows[i].word != NULL))
            fail_msg("%s", rows[i].name);
        if (!rows[i].word)
            continue;
        if (!field_word_is(word, rows[i].word))
            fail_msg("%s: is not itself", rows[i].name);
        for (int c, n = 0; (c = field_word_next(&word)) >= 0; n++)
            read[n] = (char)c;
        if (strcmp(read, rows[i].word) != 0)
            fail_msg("%s: %s", rows[i].name, read);
    }
}

static void comparing_wants_the_whole_and_no_case(void **state)
{
    (void)state;
    struct field_word word;

    assert_true(field_span_is(field_span_of("Wait"), "wAIT"));
    assert_false(field_span_is(field_span_of("Wait"), "wai"));
    assert_false(field_span_is(field_span_of("Wait"), "waits"));
    assert_true(field_word_open(field_span_of("\"Min\\imal\""), &word));
    assert_true(field_word_is(word, "minimaL"));
    assert_false(field_word_is(word, "minima"));
    assert_false(field_word_is(word, "minimals"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_split_outside_quotes),
        cmocka_unit_test(words_are_tokens_or_quoted_strings),
        cmocka_unit_test(comparing_wants_the_whole_and_no_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
