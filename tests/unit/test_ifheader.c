/*
 * The If header: what is by the grammar and what is not, and what it then means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>
#include <errno.h>

#include "tests/support/pool.h"
#include "webdav/ifheader.h"

/* The header in one form: "resource(!<token>[etag])" for each list, the request's own being "". */
static const char *canonical(const struct ifheader *header)
{
    const char *out = "";
    for (const struct if_list *list = header->lists; list; list = list->next) {
        out = apr_pstrcat(pool, out, list->resource ? list->resource : "", "(", NULL);
        for (const struct if_condition *c = list->conditions; c; c = c->next)
            out = apr_pstrcat(pool, out, c->is_not ? "!" : "", c->kind == IF_TOKEN ? "<" : "[", c->value,
                              c->kind == IF_TOKEN ? ">" : "]", NULL);
        out = apr_pstrcat(pool, out, ")", NULL);
    }
    return out;
}

static void the_grammar_is_obeyed(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        const char *canonical; /* NULL: EINVAL */
    } rows[] = {
        { "token", "(<urn:x:1>)", "(<urn:x:1>)" },
        { "etag", "([\"a\"])", "([\"a\"])" },
        { "weak etag", "([W/\"a\"])", "([W/\"a\"])" },
        { "empty etag", "([\"\"])", "([\"\"])" },
        { "etag with brackets and parentheses", "([\"a](<)>\"])", "([\"a](<)>\"])" },
        { "etag with bytes beyond ASCII", "([\"\xC3\xBC\"])", "([\"\xC3\xBC\"])" },
        { "token and etag", "(<urn:x:1> [\"a\"])", "(<urn:x:1>[\"a\"])" },
        { "not", "(Not <DAV:no-lock>)", "(!<DAV:no-lock>)" },
        { "not, any case", "(nOT <DAV:no-lock> NOT[\"a\"])", "(!<DAV:no-lock>![\"a\"])" },
        { "several lists", "(<urn:x:1>) (<urn:x:2>)", "(<urn:x:1>)(<urn:x:2>)" },
        { "litmus: complex", "(<urn:x:1> [\"a\"]) (Not <DAV:no-lock> [\"b\"])",
          "(<urn:x:1>[\"a\"])(!<DAV:no-lock>[\"b\"])" },
        { "tagged, absolute URI", "<http://h/a> (<urn:x:1>)", "http://h/a(<urn:x:1>)" },
        { "tagged, path", "</a%20b> (<urn:x:1>)", "/a%20b(<urn:x:1>)" },
        { "tagged, several lists", "</a> (<urn:x:1>) ([\"b\"])", "/a(<urn:x:1>)/a([\"b\"])" },
        { "several tags", "</a> (<urn:x:1>)</b>(<urn:x:2>)", "/a(<urn:x:1>)/b(<urn:x:2>)" },
        { "no blanks at all", "</a>(<urn:x:1>[\"b\"]Not<urn:x:2>)", "/a(<urn:x:1>[\"b\"]!<urn:x:2>)" },
        { "blanks and tabs everywhere", " \t</a>\t ( \t<urn:x:1>  [ \"b\"\t] Not\t <urn:x:2> ) \t",
          "/a(<urn:x:1>[\"b\"]!<urn:x:2>)" },
        { "a token that looks like not", "(<not:a>)", "(<not:a>)" },
        { "a scheme with marks", "(<a+b-c.d1:e>)", "(<a+b-c.d1:e>)" },

        { "empty", "", NULL },
        { "blank", " ", NULL },
        { "empty list", "()", NULL },
        { "empty second list", "(<urn:x:1>) ()", NULL },
        { "no parentheses", "urn:x:1", NULL },
        { "only a tag", "<urn:x:1>", NULL },
        { "list without end", "(<urn:x:1>", NULL },
        { "token without end", "(<urn:x:1)", NULL },
        { "etag without closing bracket", "([\"a\")", NULL },
        { "etag without closing quote", "([\"a])", NULL },
        { "etag without quotes", "([a])", NULL },
        { "etag with weak in lower case", "([w/\"a\"])", NULL },
        { "etag with a blank", "([\"a b\"])", NULL },
        { "two etags in one", "([\"a\",\"b\"])", NULL },
        { "empty brackets", "([])", NULL },
        { "empty token", "(<>)", NULL },
        { "token without scheme", "(<abc>)", NULL },
        { "token that is a path", "(</a>)", NULL },
        { "token that begins with a colon", "(<:a>)", NULL },
        { "token with a scheme of digits", "(<1a:b>)", NULL },
        { "token with a blank", "(<urn:x: 1>)", NULL },
        { "token in a token", "(<urn:<x>)", NULL },
        { "token with a control byte", "(<urn:x\x01>)", NULL },
        { "not without condition", "(Not)", NULL },
        { "not twice", "(Not Not <urn:x:1>)", NULL },
        { "not outside", "Not (<urn:x:1>)", NULL },
        { "comma between conditions", "(<urn:x:1>, <urn:x:2>)", NULL },
        { "comma between lists", "(<urn:x:1>), (<urn:x:2>)", NULL },
        { "nested lists", "((<urn:x:1>))", NULL },
        { "tag after untagged list", "(<urn:x:1>) </a> (<urn:x:2>)", NULL },
        { "tag without list at the end", "</a> (<urn:x:1>) </b>", NULL },
        { "two tags in a row", "</a> </b> (<urn:x:1>)", NULL },
        { "relative tag", "<a> (<urn:x:1>)", NULL },
        { "empty tag", "<> (<urn:x:1>)", NULL },
        { "tag with a blank", "</a b> (<urn:x:1>)", NULL },
        { "junk at the end", "(<urn:x:1>) x", NULL },
        { "line end", "(<urn:x:1>\r\n)", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ifheader *header = NULL;
        int error = ifheader_parse(pool, rows[i].text, &header);
        const char *got = header ? canonical(header) : NULL;
        if (error != (rows[i].canonical ? 0 : EINVAL) || !got != !rows[i].canonical ||
            (got && strcmp(got, rows[i].canonical) != 0))
            fail_msg("%s: %d, %s", rows[i].name, error, got ? got : "nothing");
    }
}

/* What holds in the small world of these tests. */
static bool match(void *ctx, const char *resource, enum if_kind kind, const char *value)
{
    unsigned *calls = ctx;
    ++*calls;
    const char *fact = apr_pstrcat(pool, resource ? resource : "", kind == IF_TOKEN ? " " : "=", value, NULL);
    static const char *const facts[] = { " urn:x:1", "=\"e\"", "/a urn:x:2", "/b=\"b\"" };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (strcmp(fact, facts[i]) == 0)
            return true;
    return false;
}

static void any_list_with_all_its_conditions_is_enough(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool holds;
    } rows[] = {
        { "(<urn:x:1>)", true },
        { "(<urn:x:2>)", false },
        { "(Not <urn:x:2>)", true },
        { "(Not <urn:x:1>)", false },
        { "([\"e\"])", true },
        { "([\"f\"])", false },
        { "(<urn:x:1> [\"e\"])", true },
        { "(<urn:x:1> [\"f\"])", false },
        { "(<urn:x:2> [\"e\"])", false },
        { "(<urn:x:1> Not [\"f\"])", true },
        { "(<urn:x:2>) (<urn:x:1>)", true },
        { "(<urn:x:2>) ([\"f\"])", false },
        { "(<urn:x:2>) (Not <DAV:no-lock>)", true },
        { "</a> (<urn:x:2>)", true },
        { "</a> (<urn:x:1>)", false },
        { "</b> (<urn:x:2>) ([\"b\"])", true },
        { "</a> (<urn:x:1>) </b> (<urn:x:2>)", false },
        { "</a> (<urn:x:1>) </b> ([\"b\"])", true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ifheader *header = NULL;
        unsigned calls = 0;
        assert_int_equal(ifheader_parse(pool, rows[i].text, &header), 0);
        if (ifheader_evaluate(header, match, &calls) != rows[i].holds || calls == 0)
            fail_msg("%s", rows[i].text);
    }
}

static void a_token_is_submitted_wherever_it_stands(void **state)
{
    (void)state;
    struct ifheader *header = NULL;
    assert_int_equal(
        ifheader_parse(pool, "</a> (<urn:x:1> [\"urn:x:4\"]) (Not <urn:x:2>) </b> (<urn:x:3>)", &header), 0);
    assert_true(ifheader_has_token(header, "urn:x:1"));
    assert_true(ifheader_has_token(header, "urn:x:2"));
    assert_true(ifheader_has_token(header, "urn:x:3"));
    assert_false(ifheader_has_token(header, "urn:x:4"));
    assert_false(ifheader_has_token(header, "\"urn:x:4\""));
    assert_false(ifheader_has_token(header, "urn:x:"));
    assert_false(ifheader_has_token(header, "URN:X:1"));
}

static void the_number_of_conditions_is_bounded(void **state)
{
    (void)state;
    static const char one[] = "(<urn:x:1>)";
    char *text = apr_palloc(pool, (IFHEADER_MAX_CONDITIONS + 1) * (sizeof one - 1) + 1), *end = text;
    for (unsigned i = 0; i < IFHEADER_MAX_CONDITIONS; i++)
        end = apr_cpystrn(end, one, sizeof one);
    struct ifheader *header = NULL;
    assert_int_equal(ifheader_parse(pool, text, &header), 0);
    header = NULL;
    apr_cpystrn(end, one, sizeof one);
    assert_int_equal(ifheader_parse(pool, text, &header), E2BIG);
    assert_null(header);
}

static void cut_and_spoilt_headers_are_survived(void **state)
{
    (void)state;
    static const char text[] =
        "</a> ( <urn:x:1> [W/\"b\"] Not <DAV:no-lock>) (Not [\"c\"]) <http://h/> ([\"d\"])";
    for (size_t len = 0; len < sizeof text; len++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char *copy = malloc(len + 1); /* its exact size, for the sanitizer */
            memcpy(copy, text, len);
            if (len > 0 && byte > 0)
                copy[len - 1] = (char)byte;
            copy[len] = '\0';
            struct ifheader *header = NULL;
            int error = ifheader_parse(pool, copy, &header);
            assert_true(error == 0 || error == EINVAL);
            assert_int_equal(error == 0, header != NULL);
            free(copy);
        }
        apr_pool_clear(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_grammar_is_obeyed, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(any_list_with_all_its_conditions_is_enough, pool_set_up,
                                        pool_tear_down),
        cmocka_unit_test_setup_teardown(a_token_is_submitted_wherever_it_stands, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(the_number_of_conditions_is_bounded, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(cut_and_spoilt_headers_are_survived, pool_set_up, pool_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
