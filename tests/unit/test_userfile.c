/*
 * The file of users: which lines there are, and what a bad one says.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/userfile.h"

/* printf 'ann:Holdfast:secret' | sha256sum */
#define ANN_DIGEST "e3ed3ed699ef503fa0af2a9a53edaf95ca1c643bdcac6e146042c65c9f606f38"

static apr_pool_t *pool;

static int read_text(const char *text, struct userfile *out, const char **out_message)
{
    char name[] = "/tmp/holdfast-users-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    int error = userfile_read(pool, name, out, out_message);
    unlink(name);
    return error;
}

static struct userfile read_good(const char *text)
{
    struct userfile users;
    const char *message = "";
    if (read_text(text, &users, &message) != 0)
        fail_msg("%s", message);
    return users;
}

static void lines_are_hashes_digests_or_comments(void **state)
{
    (void)state;
    struct userfile users = read_good("# people\n\nann:$2y$hash\r\nbob:{SHA}abc:a comment\n"
                                      "carl:Holdfast:" ANN_DIGEST "\nbob:Holdfast:" ANN_DIGEST "\nlast:x");
    const struct user *ann = userfile_find(&users, "ann"), *bob = userfile_find(&users, "bob"),
                      *carl = userfile_find(&users, "carl");
    assert_string_equal(ann->hash, "$2y$hash");
    assert_null(ann->digest);
    assert_string_equal(bob->hash, "{SHA}abc");
    assert_int_equal(bob->digest[0], 0xe3);
    assert_null(carl->hash);
    assert_int_equal(carl->digest[31], 0x38);
    assert_string_equal(userfile_find(&users, "last")->hash, "x");
    assert_null(userfile_find(&users, "nobody"));
    assert_null(userfile_find(&users, ""));
    assert_int_equal(users.hashed->nelts, 3);
    assert_true(users.has_hashes && users.has_digests);
}

static void the_kinds_that_there_are_are_known(void **state)
{
    (void)state;
    struct userfile users = read_good("ann:x\n");
    assert_true(users.has_hashes && !users.has_digests);
    users = read_good("ann:Holdfast:" ANN_DIGEST "\n");
    assert_true(!users.has_hashes && users.has_digests);
    users = read_good("# nobody yet\n");
    assert_false(users.has_hashes || users.has_digests);
}

static void a_digest_is_that_of_rfc_7616(void **state)
{
    (void)state;
    unsigned char digest[USERFILE_DIGEST_SIZE];
    struct userfile users = read_good("ann:Holdfast:" ANN_DIGEST "\n");
    userfile_digest("ann", "secret", digest);
    assert_memory_equal(digest, userfile_find(&users, "ann")->digest, sizeof digest);
}

static void bad_lines_are_named(void **state)
{
    (void)state;
    char *long_line = apr_palloc(pool, 2000), *long_name = apr_palloc(pool, 2000);
    memset(long_line, 'a', 1999);
    memcpy(long_line, "ann:", 4);
    long_line[1999] = '\0';
    memset(long_name, 'a', 1999);
    strncpy(long_name + USERFILE_NAME_MAX + 1, ":hash", 6);
    const char *const rows[][2] = {
        { "ann:x\nno colon here\n", ":2: not a NAME:HASH line" },
        { ":x\n", ":1: not a NAME:HASH line" },
        { "ann:\n", ":1: not a NAME:HASH line" },
        { "ann:Elsewhere:" ANN_DIGEST "\n", ":1: the realm is not Holdfast" },
        { "ann:Hold:" ANN_DIGEST "\n", ":1: the realm is not Holdfast" },
        { "ann::" ANN_DIGEST "\n", ":1: the realm is not Holdfast" },
        { "a\tnn:x\n", ":1: a name is too long, or has a control character" },
        { long_name, ":1: a name is too long, or has a control character" },
        { long_line, ":1: the line is too long" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct userfile users;
        const char *message = "";
        assert_int_equal(read_text(rows[i][0], &users, &message), EINVAL);
        if (!strstr(message, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], message);
    }
}

/* It can be opened, and fails later, as a broken disk does. */
static void what_cannot_be_read_is_not_empty(void **state)
{
    (void)state;
    struct userfile users;
    const char *message = "";
    assert_int_equal(userfile_read(pool, "/tmp", &users, &message), EISDIR);
    assert_string_equal(message, "cannot read the users of /tmp: Is a directory");
}

static void names_are_what_a_line_can_hold(void **state)
{
    (void)state;
    static const char *const good[] = { "ann", "j\303\274rgen", "a b", "ann@example.org", "a#" };
    static const char *const bad[] = { "", "a:b", "a\nb", "a\x7f", "#ann", "\x1b[2J" };
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(userfile_is_name(good[i]));
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(userfile_is_name(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_hashes_digests_or_comments),
        cmocka_unit_test(the_kinds_that_there_are_are_known),
        cmocka_unit_test(a_digest_is_that_of_rfc_7616),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(what_cannot_be_read_is_not_empty),
        cmocka_unit_test(names_are_what_a_line_can_hold),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
