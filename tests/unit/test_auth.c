/*
 * Users and passwords: what is accepted, what is remembered, what a bad file says.
 */
#include <apr_base64.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/auth.h"

/* ann has "secret" (htpasswd -nbB -C 4), bob has "pass:word" (htpasswd -nbm). */
#define ANN_HASH "$2y$04$A6wLabn9kBlW/4nrpXwtV.fBbv39n7jK1nxhZb.x32Q.9E.oRRNT6"
#define BOB_HASH "$apr1$fHPSbk3/$ZoIwIQFzbJjc2L7Lk46C31"
static const char users[] = "# people\n\nann:" ANN_HASH "\nbob:" BOB_HASH "\n";

static apr_pool_t *pool;

static const char *write_file(const char *text)
{
    char *name = apr_pstrdup(pool, "/tmp/holdfast-users-XXXXXX");
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return name;
}

static struct auth *open_auth(const char *text)
{
    struct auth *auth;
    const char *message;
    const char *file = write_file(text);
    assert_int_equal(auth_open(pool, file, &auth, &message), 0);
    unlink(file);
    return auth;
}

static const char *basic(const char *pair)
{
    char *text = apr_palloc(pool, (apr_size_t)apr_base64_encode_len((int)strlen(pair)));
    apr_base64_encode(text, pair, (int)strlen(pair));
    return apr_pstrcat(pool, "Basic ", text, NULL);
}

static struct auth *people(void)
{
    return open_auth(users);
}

static void right_passwords_are_accepted_and_remembered_for_a_while(void **state)
{
    (void)state;
    const char *user = NULL, *header = basic("ann:secret");
    struct auth *auth = people();
    assert_int_equal(auth_recall(auth, header, 1000, pool, &user), AUTH_UNKNOWN);
    assert_int_equal(auth_verify(auth, header, 1000, pool, &user), AUTH_OK);
    assert_string_equal(user, "ann");
    user = NULL;
    assert_int_equal(auth_recall(auth, header, 1000 + AUTH_REMEMBER_MS - 1, pool, &user), AUTH_OK);
    assert_string_equal(user, "ann");
    assert_int_equal(auth_recall(auth, header, 1000 + AUTH_REMEMBER_MS, pool, &user), AUTH_UNKNOWN);
    auth_close(auth);
}

static void a_password_may_hold_a_colon(void **state)
{
    (void)state;
    const char *user = NULL;
    struct auth *auth = people();
    assert_int_equal(auth_verify(auth, basic("bob:pass:word"), 1, pool, &user), AUTH_OK);
    assert_string_equal(user, "bob");
    auth_close(auth);
}

static void wrong_or_malformed_credentials_are_refused(void **state)
{
    (void)state;
    struct auth *auth = people();
    const char *user, *headers[] = { basic("ann:Secret"),
                                     basic("ann:"),
                                     basic("nobody:secret"),
                                     basic(":secret"),
                                     basic("annsecret"),
                                     apr_pstrcat(pool, basic("ann:secret"), " x", NULL),
                                     "Basic",
                                     "Basic ",
                                     "Basic !!!",
                                     "Bearer abc",
                                     "Digest a=\"b\"" };
    for (unsigned i = 0; i < sizeof headers / sizeof *headers; i++) {
        if (auth_verify(auth, headers[i], 1, pool, &user) != AUTH_REFUSED)
            fail_msg("%s", headers[i]);
        if (auth_recall(auth, headers[i], 1, pool, &user) == AUTH_OK)
            fail_msg("recalled: %s", headers[i]);
    }
    assert_int_equal(auth_recall(auth, NULL, 1, pool, &user), AUTH_REFUSED);
    auth_close(auth);
}

static void reloading_brings_new_users_and_forgets_old_ones(void **state)
{
    (void)state;
    struct auth *auth;
    const char *message = NULL, *user;
    const char *file = write_file("ann:" ANN_HASH "\n");
    assert_int_equal(auth_open(pool, file, &auth, &message), 0);
    assert_int_equal(auth_verify(auth, basic("ann:secret"), 1, pool, &user), AUTH_OK);

    FILE *f = fopen(file, "w");
    fputs("nonsense\n", f);
    fclose(f);
    assert_int_equal(auth_reload(auth, pool, &message), EINVAL);
    assert_int_equal(auth_recall(auth, basic("ann:secret"), 1, pool, &user), AUTH_OK);

    f = fopen(file, "w");
    fputs("bob:" BOB_HASH "\n", f);
    fclose(f);
    assert_int_equal(auth_reload(auth, pool, &message), 0);
    assert_int_equal(auth_recall(auth, basic("ann:secret"), 1, pool, &user), AUTH_UNKNOWN);
    assert_int_equal(auth_verify(auth, basic("ann:secret"), 1, pool, &user), AUTH_REFUSED);
    assert_int_equal(auth_verify(auth, basic("bob:pass:word"), 1, pool, &user), AUTH_OK);
    unlink(file);
    auth_close(auth);
}

static void a_wrong_password_is_refused_for_a_while_without_being_verified(void **state)
{
    (void)state;
    const char *user, *wrong = basic("ann:guess");
    struct auth *auth = people();
    assert_int_equal(auth_recall(auth, wrong, 1000, pool, &user), AUTH_UNKNOWN);
    assert_int_equal(auth_verify(auth, wrong, 1000, pool, &user), AUTH_REFUSED);
    assert_int_equal(auth_recall(auth, wrong, 1000 + AUTH_REFUSE_MS - 1, pool, &user), AUTH_REFUSED);
    assert_int_equal(auth_recall(auth, wrong, 1000 + AUTH_REFUSE_MS, pool, &user), AUTH_UNKNOWN);
    assert_int_equal(auth_recall(auth, basic("ann:secret"), 1000, pool, &user), AUTH_UNKNOWN);
    auth_close(auth);
}

static void an_overlong_header_is_refused_unread(void **state)
{
    (void)state;
    const char *user;
    struct auth *auth = people();
    char *pair = apr_palloc(pool, 20000);
    memset(pair, 'a', 19999);
    memcpy(pair, "ann:", 4);
    pair[19999] = '\0';
    assert_int_equal(auth_recall(auth, basic(pair), 1, pool, &user), AUTH_REFUSED);
    auth_close(auth);
}

static void a_bad_file_is_named_with_its_line(void **state)
{
    (void)state;
    struct auth *auth;
    const char *message = NULL;
    const char *file = write_file("ann:x\nno colon here\n");
    assert_int_equal(auth_open(pool, file, &auth, &message), EINVAL);
    assert_non_null(strstr(message, ":2: not a NAME:HASH line"));
    unlink(file);
    assert_int_equal(auth_open(pool, "/nonexistent/users", &auth, &message), ENOENT);
    assert_non_null(strstr(message, "/nonexistent/users"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_passwords_are_accepted_and_remembered_for_a_while),
        cmocka_unit_test(a_password_may_hold_a_colon),
        cmocka_unit_test(wrong_or_malformed_credentials_are_refused),
        cmocka_unit_test(reloading_brings_new_users_and_forgets_old_ones),
        cmocka_unit_test(a_wrong_password_is_refused_for_a_while_without_being_verified),
        cmocka_unit_test(an_overlong_header_is_refused_unread),
        cmocka_unit_test(a_bad_file_is_named_with_its_line),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
