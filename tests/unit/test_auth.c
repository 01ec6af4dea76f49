/*
 * Users and passwords: what is accepted, what is remembered, what a bad file says.
 */
#include <apr_base64.h>
#include <apr_general.h>
#include <apr_md5.h>
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
static const struct address home = { { 1 } };

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
    assert_int_equal(auth_open(pool, file, true, &auth, &message), 0);
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
    assert_int_equal(auth_recall(auth, header, &home, 1000, pool, &user), AUTH_UNKNOWN);
    assert_int_equal(auth_verify(auth, header, &home, 1000, pool, &user), AUTH_OK);
    assert_string_equal(user, "ann");
    user = NULL;
    assert_int_equal(auth_recall(auth, header, &home, 1000 + AUTH_REMEMBER_MS - 1, pool, &user), AUTH_OK);
    assert_string_equal(user, "ann");
    int64_t used_ms = 1000 + AUTH_REMEMBER_MS - 1; /* as long as it is used */
    assert_int_equal(auth_recall(auth, header, &home, used_ms + AUTH_REMEMBER_MS - 1, pool, &user), AUTH_OK);
    used_ms += AUTH_REMEMBER_MS - 1;
    assert_int_equal(auth_recall(auth, header, &home, used_ms + AUTH_REMEMBER_MS, pool, &user), AUTH_UNKNOWN);
    auth_close(auth);
}

static void a_password_may_hold_a_colon(void **state)
{
    (void)state;
    const char *user = NULL;
    struct auth *auth = people();
    assert_int_equal(auth_verify(auth, basic("bob:pass:word"), &home, 1, pool, &user), AUTH_OK);
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
        if (auth_verify(auth, headers[i], &home, 1, pool, &user) != AUTH_REFUSED)
            fail_msg("%s", headers[i]);
        if (auth_recall(auth, headers[i], &home, 1, pool, &user) == AUTH_OK)
            fail_msg("recalled: %s", headers[i]);
    }
    assert_int_equal(auth_recall(auth, NULL, &home, 1, pool, &user), AUTH_REFUSED);
    auth_close(auth);
}

static void reloading_brings_new_users_and_forgets_old_ones(void **state)
{
    (void)state;
    struct auth *auth;
    const char *message = NULL, *user;
    const char *file = write_file("ann:" ANN_HASH "\n");
    assert_int_equal(auth_open(pool, file, true, &auth, &message), 0);
    assert_int_equal(auth_verify(auth, basic("ann:secret"), &home, 1, pool, &user), AUTH_OK);

    FILE *f = fopen(file, "w");
    fputs("nonsense\n", f);
    fclose(f);
    assert_int_equal(auth_reload(auth, pool, &message), EINVAL);
    assert_int_equal(auth_recall(auth, basic("ann:secret"), &home, 1, pool, &user), AUTH_OK);

    f = fopen(file, "w");
    fputs("bob:" BOB_HASH "\n", f);
    fclose(f);
    assert_int_equal(auth_reload(auth, pool, &message), 0);
    assert_int_equal(auth_recall(auth, basic("ann:secret"), &home, 1, pool, &user), AUTH_UNKNOWN);
    assert_int_equal(auth_verify(auth, basic("ann:secret"), &home, 1, pool, &user), AUTH_REFUSED);
    assert_int_equal(auth_verify(auth, basic("bob:pass:word"), &home, 1, pool, &user), AUTH_OK);
    unlink(file);
    auth_close(auth);
}

static void a_wrong_password_is_refused_for_a_while_without_being_verified(void **state)
{
    (void)state;
    const char *user, *wrong = basic("ann:guess");
    struct auth *auth = people();
    assert_int_equal(auth_recall(auth, wrong, &home, 1000, pool, &user), AUTH_UNKNOWN);
    assert_int_equal(auth_verify(auth, wrong, &home, 1000, pool, &user), AUTH_REFUSED);
    int64_t tried_ms = 1000 + AUTH_REFUSE_MS - 1;
    assert_int_equal(auth_recall(auth, wrong, &home, tried_ms, pool, &user), AUTH_REFUSED);
    assert_int_equal(auth_recall(auth, wrong, &home, tried_ms + AUTH_REFUSE_MS, pool, &user), AUTH_UNKNOWN);
    assert_int_equal(auth_recall(auth, basic("ann:secret"), &home, 1000, pool, &user), AUTH_UNKNOWN);
    auth_close(auth);
}

/* Counts what is verified against which hash (-Wl,--wrap), and may do something meanwhile. */
static const char *verified_against;
static unsigned verified_times;
static void (*meanwhile)(void);

apr_status_t __real_apr_password_validate(const char *password, const char *hash);
apr_status_t __wrap_apr_password_validate(const char *password, const char *hash);
apr_status_t __wrap_apr_password_validate(const char *password, const char *hash)
{
    verified_times++;
    verified_against = apr_pstrdup(pool, hash);
    if (meanwhile)
        meanwhile();
    return __real_apr_password_validate(password, hash);
}

/* Of 400 names that nobody has each is verified once, always against the same hash; of all together against each hash
 * of the file about as often as it stands there. */
static void unknown_names_are_verified_as_known_ones_are(void **state)
{
    (void)state;
    static const char *const hashes[] = { ANN_HASH, BOB_HASH, "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=" };
    struct auth *auth =
        open_auth("ann:" ANN_HASH "\nbob:" BOB_HASH "\ncarl:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");
    unsigned times[3] = { 0 };
    const char *user;
    for (unsigned i = 0; i < 400; i++) {
        const char *first = NULL;
        for (unsigned j = 0; j < 2; j++) {
            verified_times = 0;
            const char *header = basic(apr_psprintf(pool, "nobody%u:guess%u", i, j));
            assert_int_equal(auth_verify(auth, header, &home, 1, pool, &user), AUTH_REFUSED);
            assert_int_equal(verified_times, 1);
            if (first)
                assert_string_equal(verified_against, first);
            first = verified_against;
        }
        for (unsigned k = 0; k < 3; k++)
            times[k] += strcmp(first, hashes[k]) == 0;
    }
    assert_int_equal(times[0] + times[1] + times[2], 400);
    for (unsigned k = 0; k < 3; k++)
        assert_in_range(times[k], 80,
                        190); /* a third of 400, and more than five standard deviations around it */

    verified_times = 0;
    assert_int_equal(auth_verify(auth, basic("ann:guess"), &home, 1, pool, &user), AUTH_REFUSED);
    assert_int_equal(verified_times, 1);
    assert_string_equal(verified_against, ANN_HASH);
    auth_close(auth);
}

/* Somebody's right password does not open the door to a name that is verified against his hash. */
static void a_name_that_nobody_has_never_enters(void **state)
{
    (void)state;
    struct auth *auth = open_auth("ann:" ANN_HASH "\n");
    const char *user;
    assert_int_equal(auth_verify(auth, basic("nobody:secret"), &home, 1, pool, &user), AUTH_REFUSED);
    assert_string_equal(verified_against, ANN_HASH);
    auth_close(auth);
}

/* printf 'dora:Holdfast:secret' | sha256sum */
#define DORA_DIGEST "ce7c01801ac6e1e9181c4f6fff59788a326b4e9516123823683cd20280e83945"

static void a_digest_serves_for_basic_too(void **state)
{
    (void)state;
    struct auth *auth = open_auth("ann:" ANN_HASH "\ndora:Holdfast:" DORA_DIGEST "\n");
    unsigned char digest[AUTH_DIGEST_SIZE];
    const char *user;
    assert_true(auth_takes_basic(auth) && auth_takes_digest(auth));
    verified_times = 0;
    assert_int_equal(auth_verify(auth, basic("dora:secret"), &home, 1, pool, &user), AUTH_OK);
    assert_int_equal(verified_times, 1); /* takes as long as the others */
    assert_int_equal(auth_verify(auth, basic("dora:Secret"), &home, 1, pool, &user), AUTH_REFUSED);
    assert_true(auth_digest_of(auth, "dora", digest));
    assert_false(auth_digest_of(auth, "ann", digest));
    assert_false(auth_digest_of(auth, "nobody", digest));
    auth_close(auth);
    auth = open_auth("dora:Holdfast:" DORA_DIGEST "\n");
    assert_false(auth_takes_basic(auth));
    auth_close(auth);
    auth = open_auth("# nobody\n");
    assert_true(auth_takes_basic(auth) && !auth_takes_digest(auth));
    auth_close(auth);
}

static void passwords_are_refused_where_they_would_be_overheard(void **state)
{
    (void)state;
    struct auth *auth;
    const char *message = NULL, *file = write_file(users);
    assert_int_equal(auth_open(pool, file, false, &auth, &message), EPERM);
    assert_non_null(strstr(message, "--allow-plain-auth"));
    unlink(file);
    file = write_file("dora:Holdfast:" DORA_DIGEST "\n");
    assert_int_equal(auth_open(pool, file, false, &auth, &message), 0);
    FILE *f = fopen(file, "a");
    fputs("bob:" BOB_HASH "\n", f);
    fclose(f);
    assert_int_equal(auth_reload(auth, pool, &message), EPERM);
    assert_false(auth_has(auth, "bob"));
    unlink(file);
    auth_close(auth);
}

static struct auth *reloaded;
static const char *reloaded_file;

static void change_line(const char *text)
{
    const char *message;
    FILE *f = fopen(reloaded_file, "w");
    fputs(text, f);
    fclose(f);
    assert_int_equal(auth_reload(reloaded, pool, &message), 0);
}

static void take_line_away(void)
{
    meanwhile = NULL;
    change_line("bob:" BOB_HASH "\n");
}

static void open_reloaded(void)
{
    const char *message;
    reloaded_file = write_file("ann:" ANN_HASH "\n");
    assert_int_equal(auth_open(pool, reloaded_file, true, &reloaded, &message), 0);
}

static void who_has_gone_while_the_password_was_verified_is_not_remembered(void **state)
{
    (void)state;
    const char *user;
    open_reloaded();
    meanwhile = take_line_away;
    assert_int_equal(auth_verify(reloaded, basic("ann:secret"), &home, 1, pool, &user), AUTH_OK);
    assert_null(meanwhile);
    assert_int_equal(auth_recall(reloaded, basic("ann:secret"), &home, 1, pool, &user), AUTH_UNKNOWN);
    unlink(reloaded_file);
    auth_close(reloaded);
}

static void reloading_forgets_those_alone_whose_lines_have_changed(void **state)
{
    (void)state;
    static const char *const changed[] = { "ann:$apr1$fHPSbk3/$ZoIwIQFzbJjc2L7Lk46C31\n",
                                           "bob:" BOB_HASH "\n", "ann:Holdfast:" DORA_DIGEST "\n",
                                           "ann:" ANN_HASH "\nann:Holdfast:" DORA_DIGEST "\n" };
    const char *user, *right = basic("ann:secret"), *wrong = basic("ann:guess");
    open_reloaded();
    assert_int_equal(auth_verify(reloaded, right, &home, 1, pool, &user), AUTH_OK);
    assert_int_equal(auth_verify(reloaded, wrong, &home, 1, pool, &user), AUTH_REFUSED);
    for (unsigned i = 0; i < sizeof changed / sizeof *changed; i++) {
        change_line("bob:" BOB_HASH "\nann:" ANN_HASH "\n"); /* ann's is as it was */
        assert_int_equal(auth_recall(reloaded, right, &home, 1, pool, &user), AUTH_OK);
        assert_int_equal(auth_recall(reloaded, wrong, &home, 1, pool, &user), AUTH_REFUSED);
        change_line(changed[i]);
        assert_int_equal(auth_recall(reloaded, right, &home, 1, pool, &user), AUTH_UNKNOWN);
        assert_int_equal(auth_recall(reloaded, wrong, &home, 1, pool, &user), AUTH_UNKNOWN);
    }
    unlink(reloaded_file);
    auth_close(reloaded);
}

static void what_is_right_is_remembered_for_one_network(void **state)
{
    (void)state;
    const struct address here = { { 0x20, 1, [7] = 1, [15] = 1 } },
                         beside = { { 0x20, 1, [7] = 1, [15] = 2 } },
                         elsewhere = { { 0x20, 1, [7] = 2, [15] = 1 } };
    const char *user, *header = basic("ann:secret");
    struct auth *auth = people();
    assert_int_equal(auth_verify(auth, header, &here, 1, pool, &user), AUTH_OK);
    assert_int_equal(auth_recall(auth, header, &here, 1, pool, &user), AUTH_OK);
    assert_int_equal(auth_recall(auth, header, &beside, 1, pool, &user), AUTH_OK);
    assert_int_equal(auth_recall(auth, header, &elsewhere, 1, pool, &user), AUTH_UNKNOWN);
    auth_forget(auth, "bob"); /* who is somebody else */
    assert_int_equal(auth_recall(auth, header, &here, 1, pool, &user), AUTH_OK);
    auth_forget(auth, "ann");
    assert_int_equal(auth_recall(auth, header, &here, 1, pool, &user), AUTH_UNKNOWN);
    auth_close(auth);
}

static void the_name_is_found_in_right_and_wrong_credentials(void **state)
{
    (void)state;
    assert_string_equal(auth_claimed_user(basic("ann:x"), pool), "ann");
    assert_string_equal(auth_claimed_user(basic("no body:"), pool), "no body");
    assert_null(auth_claimed_user("Basic !", pool));
    assert_null(auth_claimed_user(NULL, pool));
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
    assert_int_equal(auth_recall(auth, basic(pair), &home, 1, pool, &user), AUTH_REFUSED);
    auth_close(auth);
}

static void a_bad_file_is_named_with_its_line(void **state)
{
    (void)state;
    struct auth *auth;
    const char *message = NULL;
    const char *file = write_file("ann:x\nno colon here\n");
    assert_int_equal(auth_open(pool, file, true, &auth, &message), EINVAL);
    assert_non_null(strstr(message, ":2: not a NAME:HASH line"));
    unlink(file);
    assert_int_equal(auth_open(pool, "/nonexistent/users", true, &auth, &message), ENOENT);
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
        cmocka_unit_test(unknown_names_are_verified_as_known_ones_are),
        cmocka_unit_test(a_name_that_nobody_has_never_enters),
        cmocka_unit_test(a_digest_serves_for_basic_too),
        cmocka_unit_test(passwords_are_refused_where_they_would_be_overheard),
        cmocka_unit_test(who_has_gone_while_the_password_was_verified_is_not_remembered),
        cmocka_unit_test(reloading_forgets_those_alone_whose_lines_have_changed),
        cmocka_unit_test(what_is_right_is_remembered_for_one_network),
        cmocka_unit_test(the_name_is_found_in_right_and_wrong_credentials),
        cmocka_unit_test(an_overlong_header_is_refused_unread),
        cmocka_unit_test(a_bad_file_is_named_with_its_line),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
