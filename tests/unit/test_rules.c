/*
 * The options about who may do what: which make sense together, and what the file of groups says.
 */
#include <apr_strings.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/rules.h"
#include "tests/support/exchange.h"
#include "tests/support/pool.h"

static const char *write_file(const char *text)
{
    char *name = apr_pstrdup(pool, "/tmp/holdfast-groups-XXXXXX");
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return name;
}

/* The rules are separated by '\n'. */
static struct options options_of(const char *rules, const char *groups_file)
{
    struct options o = { .share_count = 1, .groups_file = groups_file };
    char *state, *copy = apr_pstrdup(pool, rules);

    o.shares[0].name = o.shares[0].prefix = "";
    for (char *rule = apr_strtok(copy, "\n", &state); rule; rule = apr_strtok(NULL, "\n", &state)) {
        if (!o.shares[0].access)
            o.shares[0].access = apr_array_make(pool, 4, sizeof(const char *));
        APR_ARRAY_PUSH(o.shares[0].access, const char *) = rule;
    }
    return o;
}

static void what_does_not_fit_together_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *groups, *message; /* groups NULL: no file */
    } rows[] = {
        { "/ ann read", NULL, NULL },
        { "/ @staff read", "staff: ann bob\n", NULL },
        { "/ @staff read\n/a @boss write", "# who\n\n  staff:ann\r\nboss:\tbob  ann\nstaff: eve\n", NULL },
        { "/ @staff read", NULL, "--access: there is no group staff; --groups is missing" },
        { "/ @boss read", "staff: ann\n", "--access: there is no group boss in FILE" },
        { "/ @staff read", "staff:\n", "--access: there is no group staff in FILE" },
        { "/ ann read\n/ ann none", NULL,
          "--access \"/ ann none\": another rule says otherwise of the same path and person" },
        { "/ ann read", "staff: ann\nwho?\n", "FILE:2: not a GROUP: USER... line" },
        { "/ ann read", ": ann\n", "FILE:1: not a GROUP: USER... line" },
        { "/ ann read", "my staff: ann\n", "FILE:1: the name of a group has no blanks" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *file = rows[i].groups ? write_file(rows[i].groups) : NULL, *message = NULL;
        struct options o = options_of(rows[i].rules, file);
        int error = rules_check(pool, &o, &message);
        const char *name = file && message ? strstr(message, file) : NULL;
        if (name)
            message = apr_pstrcat(pool, apr_pstrmemdup(pool, message, (size_t)(name - message)), "FILE",
                                  name + strlen(file), NULL);
        if ((error != 0) != (rows[i].message != NULL) || (error && strcmp(message, rows[i].message) != 0))
            fail_msg("%s: %s", rows[i].rules, error ? message : "good");
        if (file)
            unlink(file);
    }
}

static void a_file_of_groups_must_be_there(void **state)
{
    (void)state;
    const char *message = NULL;
    struct options o = options_of("/ ann read", "/nowhere/groups");
    assert_int_not_equal(rules_check(pool, &o, &message), 0);
    assert_string_equal(message, "cannot read the groups of /nowhere/groups: No such file or directory");
    o = options_of("/ ann read", "/tmp"); /* it can be opened, and fails later, as a broken disk does */
    assert_int_not_equal(rules_check(pool, &o, &message), 0);
    assert_string_equal(message, "cannot read the groups of /tmp: Is a directory");
}

static void a_line_has_an_end(void **state)
{
    (void)state;
    char *line = apr_palloc(pool, 70001);
    const char *message = NULL;
    memset(line, 'a', 70000);
    memcpy(line, "g:", 2);
    line[70000] = '\0';
    const char *file = write_file(line);
    struct options o = options_of("/ ann read", file);
    assert_int_not_equal(rules_check(pool, &o, &message), 0);
    assert_non_null(strstr(message, ":1: the line is too long"));
    unlink(file);
}

static int status_of(struct exchange *x, const char *user, const char *target)
{
    return exchange_full(x, user, "GET", target, NULL, NULL, 0)->status;
}

/* What is unsound changes nothing, and no rules at all are rules too. */
static void rules_come_into_force(void **state)
{
    (void)state;
    struct exchange *x = exchange_open(NULL);
    const char *message = NULL, *file = write_file("staff: ann\n");
    const struct shares shares = { .count = 1, .list = { { .dav = x->dav } } };
    exchange_write(x, "f", "x");
    struct options o = options_of("/ @staff read", file);
    assert_int_equal(rules_apply(pool, &o, &shares, &message), 0);
    assert_true(rules_exist(&o));
    assert_int_equal(status_of(x, "ann", "/f"), 200);
    assert_int_equal(status_of(x, "bob", "/f"), 404);
    struct options bad = options_of("/ @none read\n/ bob read", file);
    assert_int_not_equal(rules_apply(pool, &bad, &shares, &message), 0);
    assert_int_equal(status_of(x, "bob", "/f"), 404);
    assert_int_equal(status_of(x, "ann", "/f"), 200);
    struct options none = options_of("", file);
    assert_int_equal(rules_apply(pool, &none, &shares, &message), 0);
    assert_false(rules_exist(&none));
    assert_int_equal(status_of(x, "bob", "/f"), 200);
    unlink(file);
    exchange_close(x);
}

/* The collection above shows the shares in which there is something for whoever asks. */
static void shares_are_shown_above(void **state)
{
    (void)state;
    struct exchange *one = exchange_open(NULL), *two = exchange_open(NULL), *above = exchange_open(NULL);
    const struct shares shares = { .count = 2,
                                   .list = { { .dav = one->dav }, { .dav = two->dav } },
                                   .lobby = { .dav = above->dav } };
    const char *message = NULL;
    struct options o = options_of("/deep/in ann read", NULL);
    o.share_count = 2;
    o.shares[0].prefix = "/one";
    o.shares[1] = (struct share_options){ .name = "two", .prefix = "/two" };
    exchange_mkdir(above, "one");
    exchange_mkdir(above, "two");
    exchange_mkdir(two, "f");
    assert_int_equal(rules_apply(pool, &o, &shares, &message), 0);
    assert_int_equal(status_of(above, "ann", "/one"), 200);
    assert_int_equal(status_of(above, "bob", "/one"), 404);
    assert_int_equal(status_of(above, "bob", "/two"), 200);
    assert_int_equal(status_of(above, "bob", "/"), 200);
    assert_null(strstr(exchange_full(above, "bob", "PROPFIND", "/", NULL, NULL, 0)->body, "one"));
    assert_int_equal(status_of(one, "bob", "/"), 404);
    assert_int_equal(status_of(two, "bob", "/f"), 200);
    exchange_close(one);
    exchange_close(two);
    exchange_close(above);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_together_is_told),
        cmocka_unit_test(a_file_of_groups_must_be_there),
        cmocka_unit_test(a_line_has_an_end),
        cmocka_unit_test(rules_come_into_force),
        cmocka_unit_test(shares_are_shown_above),
    };
    return cmocka_run_group_tests(tests, pool_set_up, pool_tear_down);
}
