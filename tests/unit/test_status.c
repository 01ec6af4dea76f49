/*
 * errno to HTTP, and the names of both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "webdav/status.h"

static void an_errno_means_what_its_role_says(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int error, subject, parent, dest;
    } rows[] = {
        { "ENOENT", ENOENT, 404, 409, 409 },
        { "ENOTDIR", ENOTDIR, 404, 409, 409 },
        { "EEXIST", EEXIST, 409, 409, 412 },
        { "EISDIR", EISDIR, 405, 409, 409 },
        { "ENOTEMPTY", ENOTEMPTY, 409, 409, 409 },
        { "EACCES", EACCES, 403, 403, 403 },
        { "EPERM", EPERM, 403, 403, 403 },
        { "EROFS", EROFS, 403, 403, 403 },
        { "EXDEV", EXDEV, 403, 403, 403 },
        { "ELOOP", ELOOP, 508, 403, 403 },
        { "EOPNOTSUPP", EOPNOTSUPP, 403, 403, 403 },
        { "EINVAL", EINVAL, 400, 400, 400 },
        { "ENAMETOOLONG", ENAMETOOLONG, 414, 403, 403 },
        { "EFBIG", EFBIG, 413, 413, 413 },
        { "ENOSPC", ENOSPC, 507, 507, 507 },
        { "EDQUOT", EDQUOT, 507, 507, 507 },
        { "E2BIG", E2BIG, 507, 507, 507 },
        { "EMSGSIZE", EMSGSIZE, 507, 507, 507 },
        { "EBUSY", EBUSY, 409, 409, 409 },
        { "ECANCELED", ECANCELED, 503, 503, 503 },
        { "EMFILE", EMFILE, 503, 503, 503 },
        { "ENFILE", ENFILE, 503, 503, 503 },
        { "ENOMEM", ENOMEM, 503, 503, 503 },
        { "EIO", EIO, 500, 500, 500 },
        { "too many locks", ENOLCK, 507, 507, 507 },
        { "one that nobody thought of", ENOTTY, 500, 500, 500 },
        { "no errno", 99999, 500, 500, 500 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (status_from_errno(rows[i].error, ROLE_SUBJECT) != rows[i].subject ||
            status_from_errno(rows[i].error, ROLE_PARENT) != rows[i].parent ||
            status_from_errno(rows[i].error, ROLE_DEST) != rows[i].dest)
            fail_msg("%s", rows[i].name);
}

/* Whatever fails, a client gets an error with a phrase, and a person a line. */
static void every_errno_has_an_answer(void **state)
{
    (void)state;
    for (int error = -1; error < 200; error++) {
        for (int role = ROLE_SUBJECT; role <= ROLE_DEST; role++) {
            int status = status_from_errno(error, (enum status_role)role);
            assert_in_range(status, 400, 599);
            assert_string_not_equal(status_phrase(status), "Unknown");
        }
        const char *text = status_explain(error);
        assert_in_range(strlen(text), 5, 100);
        assert_null(strpbrk(text, "\r\n"));
    }
    assert_string_equal(status_explain(ENOSPC), "the disk is full");
}

static void statuses_have_phrases_and_lines(void **state)
{
    (void)state;
    assert_string_equal(status_phrase(102), "Processing");
    assert_string_equal(status_phrase(207), "Multi-Status");
    assert_string_equal(status_phrase(404), "Not Found");
    assert_string_equal(status_line(200), "HTTP/1.1 200 OK");
    assert_string_equal(status_line(424), "HTTP/1.1 424 Failed Dependency");
    assert_string_equal(status_line(507), "HTTP/1.1 507 Insufficient Storage");

    unsigned known = 0;
    for (int status = -1; status < 1100; status++) {
        if (strcmp(status_phrase(status), "Unknown") == 0)
            continue;
        char line[80];
        snprintf(line, sizeof line, "HTTP/1.1 %d %s", status, status_phrase(status));
        assert_string_equal(status_line(status), line);
        assert_in_range(status, 100, 599);
        known++;
    }
    assert_true(known > 50);
}

static void conditions_have_the_names_of_the_rfc(void **state)
{
    (void)state;
    assert_null(condition_name(CONDITION_NONE));
    assert_string_equal(condition_name(CONDITION_LOCK_TOKEN_MATCHES_REQUEST_URI),
                        "lock-token-matches-request-uri");
    assert_string_equal(condition_name(CONDITION_LOCK_TOKEN_SUBMITTED), "lock-token-submitted");
    assert_string_equal(condition_name(CONDITION_NO_CONFLICTING_LOCK), "no-conflicting-lock");
    assert_string_equal(condition_name(CONDITION_NO_EXTERNAL_ENTITIES), "no-external-entities");
    assert_string_equal(condition_name(CONDITION_PRESERVED_LIVE_PROPERTIES), "preserved-live-properties");
    assert_string_equal(condition_name(CONDITION_PROPFIND_FINITE_DEPTH), "propfind-finite-depth");
    assert_string_equal(condition_name(CONDITION_CANNOT_MODIFY_PROTECTED_PROPERTY),
                        "cannot-modify-protected-property");
    assert_string_equal(condition_name(condition_from_errno(ENOSPC)), "sufficient-disk-space");
    assert_string_equal(condition_name(condition_from_errno(EDQUOT)), "quota-not-exceeded");
    assert_int_equal(condition_from_errno(EIO), CONDITION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_errno_means_what_its_role_says),
        cmocka_unit_test(every_errno_has_an_answer),
        cmocka_unit_test(statuses_have_phrases_and_lines),
        cmocka_unit_test(conditions_have_the_names_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
