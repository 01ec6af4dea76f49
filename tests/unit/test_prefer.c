/*
 * What a client wishes about its answer: the sound wishes count, whatever stands beside them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>

#include "src/prefer.h"
#include "tests/support/pool.h"

static struct prefer parse(const char *first, const char *second)
{
    apr_table_t *headers = apr_table_make(pool, 4);
    struct prefer prefer;

    memset(&prefer, 0xff, sizeof prefer);
    apr_table_addn(headers, "X-Prefer", "processing");
    if (first)
        apr_table_addn(headers, "Prefer", first);
    if (second)
        apr_table_addn(headers, "prefer", second);
    prefer_parse(headers, &prefer);
    return prefer;
}

/* "async processing minimal wait=5000", those that are there */
static const char *shown(const struct prefer *prefer)
{
    return apr_pstrcat(
        pool, prefer->respond_async ? "async " : "", prefer->processing ? "processing " : "",
        prefer->return_minimal ? "minimal " : "",
        prefer->has_wait ? apr_psprintf(pool, "wait=%" APR_INT64_T_FMT " ", prefer->wait_ms) : "", NULL);
}

static const struct {
    const char *name, *first, *second, *wish;
} preferences[] = {
    { "no header", NULL, NULL, "" },
    { "empty", "", NULL, "" },
    { "async", "respond-async", NULL, "async " },
    { "async and wait", "respond-async, wait=10", NULL, "async wait=10000 " },
    { "all of them", "wait=1,return=minimal,processing,respond-async", NULL,
      "async processing minimal wait=1000 " },
    { "two fields", "respond-async", "wait=2", "async wait=2000 " },
    { "any case", "Respond-ASYNC, WAIT=3, Return=Minimal", NULL, "async minimal wait=3000 " },
    { "blanks around =", "wait =\t4 , return = minimal", NULL, "minimal wait=4000 " },
    { "quoted values", "wait=\"5\", return=\"minimal\"", NULL, "minimal wait=5000 " },
    { "escapes in quotes", "wait=\"\\6\"", NULL, "wait=6000 " },
    { "an empty value is none", "respond-async=\"\", processing=", NULL, "async processing " },
    { "parameters are ignored", "respond-async; x=1, wait=7; wait=8;y=\"a,wait=9\"", NULL,
      "async wait=7000 " },
    { "a parameter is no preference", "x; respond-async; wait=7", NULL, "" },
    { "unknown ones are ignored", "depth-noroot, handling=lenient, respond-async", NULL, "async " },
    { "the first counts", "wait=1, wait=2", "wait=3", "wait=1000 " },
    { "the first return counts", "return=representation, return=minimal", NULL, "" },
    { "the first sound one", "wait=x, wait=2, return=?, return=minimal", NULL, "minimal wait=2000 " },
    { "wait=0", "wait=0", NULL, "wait=0 " },
    { "leading zeros", "wait=0000000000000000000000000000001", NULL, "wait=1000 " },
    { "a day", "wait=86400", NULL, "wait=86400000 " },
    { "longer than a day", "wait=86401", NULL, "wait=86400000 " },
    { "longer than any number", "wait=99999999999999999999999999999999999999", NULL, "wait=86400000 " },
    { "negative wait", "wait=-1, respond-async", NULL, "async " },
    { "wait with a sign", "wait=+1", NULL, "" },
    { "wait of letters", "wait=abc, respond-async", NULL, "async " },
    { "wait with an exponent", "wait=1e9", NULL, "" },
    { "wait with a fraction", "wait=1.5", NULL, "" },
    { "wait with a unit", "wait=\"5 s\"", NULL, "" },
    { "wait without a value", "wait, wait=, wait=\"\"", NULL, "" },
    { "two values", "wait=5=6", NULL, "" },
    { "async with a value", "respond-async=no", NULL, "" },
    { "unclosed quotes, and the rest", "wait=\"5, respond-async", NULL, "async " },
    { "unclosed quotes twice", "wait=\"5\\\", return=\"minimal\\\", processing", NULL, "processing " },
    { "quotes in quotes", "x=\"a\\\", respond-async\", processing", NULL, "processing " },
    { "a quoted name", "\"respond-async\"", NULL, "" },
    { "separators only", ",;=,;,=\"", NULL, "" },
    { "part of a name", "respond-asyn, respond-asynch", NULL, "" },
};

static void sound_preferences_count_and_others_do_not(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof preferences / sizeof *preferences; i++) {
        struct prefer prefer = parse(preferences[i].first, preferences[i].second);
        if (strcmp(shown(&prefer), preferences[i].wish) != 0)
            fail_msg("%s: \"%s\"", preferences[i].name, shown(&prefer));
    }
}

/* Marks that escape each other in every element: as long as a header can be, it must come to its end. */
static void a_huge_header_is_read_to_its_end(void **state)
{
    (void)state;
    static const char unit[] = "\"\\\",\"\\\\,x=\"\\\";";
    size_t count = 100000, len = sizeof unit - 1;
    char *text = apr_palloc(pool, count * len + sizeof ", respond-async");

    for (size_t i = 0; i < count; i++)
        memcpy(text + i * len, unit, len);
    memcpy(text + count * len, ", respond-async", sizeof ", respond-async");
    struct prefer prefer = parse(text, "processing");
    assert_true(prefer.processing);
    memset(text, ',', count * len);
    prefer = parse(text, NULL);
    assert_true(prefer.respond_async);
}

static void lazy_is_true_or_one(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool lazy;
    } rows[] = {
        { NULL, false }, { "true", true }, { "TRUE", true }, { "1", true },   { "true, true", true },
        { "", false },   { "0", false },   { "no", false },  { "11", false }, { "false, true", false },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        apr_table_t *headers = apr_table_make(pool, 1);
        if (rows[i].value)
            apr_table_addn(headers, "oc-lazyops", rows[i].value);
        if (prefer_is_lazy(headers) != rows[i].lazy)
            fail_msg("%s", rows[i].value ? rows[i].value : "none");
    }
}

static void html_goes_to_those_who_name_it(void **state)
{
    (void)state;
    static const struct {
        const char *name, *accept;
        bool html;
    } rows[] = {
        { "none", NULL, false },
        { "empty", "", false },
        { "anything (curl, most programs)", "*/*", false },
        { "json", "application/json", false },
        { "html", "text/html", true },
        { "any case", "Text/HTML", true },
        { "Firefox", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true },
        { "Chromium",
          "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
          "application/signed-exchange;v=b3;q=0.7",
          true },
        { "jQuery's getJSON", "application/json, text/javascript, */*; q=0.01", false },
        { "axios", "application/json, text/plain, */*", false },
        { "any text", "text/*", true },
        { "other text", "text/plain", false },
        { "both alike", "application/json, text/html", true },
        { "html less", "application/json;q=0.5, text/html;q=0.4", false },
        { "html more", "application/json;q=0.4, text/html;q=0.401", true },
        { "json by its type", "application/*;q=0.9, text/html;q=0.8", false },
        { "json by anything", "text/html;q=0.5, */*;q=0.8", false },
        { "the more specific range decides", "text/*;q=0.9, text/html;q=0, application/json;q=0.1", false },
        { "in either order", "application/json;q=0, */*, text/html;q=0.1", true },
        { "refused", "text/html;q=0", false },
        { "refused with three zeros", "text/html;q=0.000", false },
        { "parameters", "text/html;level=1;q=0.7, application/json;q=0.6", true },
        { "blanks", " text/html ; q=1.000 ,application/json;q=1", true },
        { "nonsense q is as if it were not there", "text/html;q=2, text/html;q=x, text/html;q=", false },
        { "q over one", "text/html;q=1.001", false },
        { "q with four digits", "text/html;q=0.0001", false },
        { "q without a point", "text/html;q=05", false },
        { "the rest of a list with nonsense", ",;q,\"a, text/html", true },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        if (accept_wants_html(rows[i].accept) != rows[i].html)
            fail_msg("%s", rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_preferences_count_and_others_do_not),
        cmocka_unit_test(a_huge_header_is_read_to_its_end),
        cmocka_unit_test(lazy_is_true_or_one),
        cmocka_unit_test(html_goes_to_those_who_name_it),
    };
    return cmocka_run_group_tests(tests, pool_set_up, pool_tear_down);
}
