/*
 * Digest: the example of RFC 7616, what a header may look like, and that nothing is good twice.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "src/digestauth.h"
#include "src/digestparams.h"
#include "src/userfile.h"

static apr_pool_t *pool;
static struct digestauth *digest;
static int64_t now_ms;
static unsigned char secret[DIGESTAUTH_HASH_SIZE];

static int open_digest(void **state)
{
    (void)state;
    now_ms = 1000;
    userfile_digest("ann", "secret", secret);
    return digestauth_open(&digest);
}

static int close_digest(void **state)
{
    (void)state;
    digestauth_close(digest);
    return 0;
}

static const char *hash_hex(const char *text)
{
    unsigned char hash[32];
    char *hex = apr_palloc(pool, 65);
    gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), hash);
    for (unsigned i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    return hex;
}

static const char *fresh_nonce(void)
{
    const char *challenge = digestauth_challenge(digest, false, now_ms, pool);
    const char *nonce = strstr(challenge, "nonce=\"") + 7;
    return apr_pstrndup(pool, nonce, strcspn(nonce, "\""));
}

/* What a client of ann's would send. */
static const char *header_for(const char *user, const char *password, const char *nonce, unsigned count,
                              const char *uri)
{
    const char *nc = apr_psprintf(pool, "%08x", count);
    const char *a1 = hash_hex(apr_pstrcat(pool, user, ":Holdfast:", password, NULL));
    const char *a2 = hash_hex(apr_pstrcat(pool, "GET:", uri, NULL));
    const char *response = hash_hex(apr_pstrcat(pool, a1, ":", nonce, ":", nc, ":c:auth:", a2, NULL));
    return apr_psprintf(pool,
                        "Digest username=\"%s\", realm=\"Holdfast\", nonce=\"%s\", uri=\"%s\", cnonce=\"c\", "
                        "nc=%s, qop=auth, algorithm=SHA-256, response=\"%s\"",
                        user, nonce, uri, nc, response);
}

static struct digest_claim claim_of(const char *header)
{
    struct digest_claim claim;
    if (!digestauth_parse(header, pool, &claim))
        fail_msg("%s", header);
    return claim;
}

static enum digest_answer check(const char *nonce, unsigned count)
{
    const struct digest_claim claim = claim_of(header_for("ann", "secret", nonce, count, "/a"));
    return digestauth_check(digest, &claim, secret, "GET", "/a", now_ms);
}

/* RFC 7616 3.9.1; its realm is not ours, but that is only in the secret. */
static void the_response_is_that_of_the_rfc(void **state)
{
    (void)state;
    unsigned char mufasa[DIGESTAUTH_HASH_SIZE];
    static const char text[] = "Mufasa:http-auth@example.org:Circle of Life";
    struct digest_claim claim = claim_of(
        "Digest username=\"Mufasa\", realm=\"Holdfast\", uri=\"/dir/index.html\", algorithm=SHA-256,"
        "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001,"
        "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth,"
        "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", opaque=\"x\"");
    gnutls_hash_fast(GNUTLS_DIG_SHA256, text, sizeof text - 1, mufasa);
    /* Right, but for the nonce, which is not ours. */
    assert_int_equal(digestauth_check(digest, &claim, mufasa, "GET", "/dir/index.html", now_ms),
                     DIGEST_STALE);
    assert_int_equal(digestauth_check(digest, &claim, mufasa, "PUT", "/dir/index.html", now_ms),
                     DIGEST_WRONG);
    assert_int_equal(digestauth_check(digest, &claim, secret, "GET", "/dir/index.html", now_ms),
                     DIGEST_WRONG);
    assert_int_equal(digestauth_check(digest, &claim, NULL, "GET", "/dir/index.html", now_ms), DIGEST_WRONG);
}

static void the_challenge_says_what_we_take(void **state)
{
    (void)state;
    const char *challenge = digestauth_challenge(digest, false, now_ms, pool);
    for (const char *const *part =
             (const char *const[]){ "Digest realm=\"Holdfast\"", "qop=\"auth\"", "algorithm=SHA-256",
                                    "nonce=\"", "charset=UTF-8", NULL };
         *part; part++)
        assert_non_null(strstr(challenge, *part));
    assert_null(strstr(challenge, "stale"));
    assert_non_null(strstr(digestauth_challenge(digest, true, now_ms, pool), ", stale=true"));
    assert_string_not_equal(fresh_nonce(), fresh_nonce());
}

static void a_nonce_is_good_for_many_requests_and_each_count_once(void **state)
{
    (void)state;
    const char *nonce = fresh_nonce();
    for (unsigned i = 1; i < 300; i++)
        assert_int_equal(check(nonce, i), DIGEST_RIGHT);
    assert_int_equal(check(nonce, 299), DIGEST_STALE);
    assert_int_equal(check(nonce, 298), DIGEST_STALE);
    assert_int_equal(check(nonce, 1), DIGEST_STALE);
    assert_int_equal(check(nonce, 300), DIGEST_RIGHT);
}

static void requests_may_overtake_each_other_a_little(void **state)
{
    (void)state;
    const char *nonce = fresh_nonce();
    assert_int_equal(check(nonce, 10), DIGEST_RIGHT);
    for (unsigned i = 1; i < 10; i++) {
        assert_int_equal(check(nonce, i), DIGEST_RIGHT);
        assert_int_equal(check(nonce, i), DIGEST_STALE);
    }
    assert_int_equal(check(nonce, 1000), DIGEST_RIGHT);
    assert_int_equal(check(nonce, 1000 - DIGESTAUTH_WINDOW), DIGEST_STALE);
    assert_int_equal(check(nonce, 1001 - DIGESTAUTH_WINDOW), DIGEST_RIGHT);
    assert_int_equal(check(nonce, UINT32_MAX), DIGEST_RIGHT);
    assert_int_equal(check(nonce, UINT32_MAX), DIGEST_STALE);
    assert_int_equal(check(nonce, 0), DIGEST_STALE);
}

static void a_nonce_ends_with_its_time(void **state)
{
    (void)state;
    const char *nonce = fresh_nonce();
    now_ms += DIGESTAUTH_NONCE_MS - 1;
    assert_int_equal(check(nonce, 1), DIGEST_RIGHT);
    now_ms++;
    assert_int_equal(check(nonce, 2), DIGEST_STALE);
}

static void a_nonce_that_is_not_ours_is_stale(void **state)
{
    (void)state;
    char *nonce = apr_pstrdup(pool, fresh_nonce());
    for (size_t i = 0; i < strlen(nonce); i++) {
        char was = nonce[i];
        nonce[i] = was == '0' ? '1' : '0';
        assert_int_equal(check(nonce, 1), DIGEST_STALE);
        nonce[i] = was;
    }
    assert_int_equal(check(apr_pstrcat(pool, nonce, "00", NULL), 1), DIGEST_STALE);
    assert_int_equal(check(apr_pstrndup(pool, nonce, 79), 1), DIGEST_STALE);
    assert_int_equal(check("x", 1), DIGEST_STALE);
    assert_int_equal(check(nonce, 1), DIGEST_RIGHT);
}

static void what_somebody_else_has_used_is_not_ones_own(void **state)
{
    (void)state;
    const char *nonce = fresh_nonce();
    unsigned char other[DIGESTAUTH_HASH_SIZE];
    userfile_digest("bob", "word", other);
    struct digest_claim ann = claim_of(header_for("ann", "secret", nonce, 1, "/a")),
                        bob = claim_of(header_for("bob", "word", nonce, 2, "/a"));
    assert_false(digestauth_knows(digest, &ann, now_ms));
    assert_int_equal(digestauth_check(digest, &ann, secret, "GET", "/a", now_ms), DIGEST_RIGHT);
    assert_true(digestauth_knows(digest, &ann, now_ms));
    assert_false(digestauth_knows(digest, &bob, now_ms));
    assert_int_equal(digestauth_check(digest, &bob, other, "GET", "/a", now_ms), DIGEST_STALE);
}

static void a_wrong_password_uses_nothing_up(void **state)
{
    (void)state;
    const char *nonce = fresh_nonce();
    const struct digest_claim wrong = claim_of(header_for("ann", "Secret", nonce, 1, "/a"));
    assert_int_equal(digestauth_check(digest, &wrong, secret, "GET", "/a", now_ms), DIGEST_WRONG);
    assert_false(digestauth_knows(digest, &wrong, now_ms));
    assert_int_equal(check(nonce, 1), DIGEST_RIGHT);
}

static void the_target_must_be_that_of_the_request(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *target;
        enum digest_answer answer;
    } rows[] = {
        { "/a", "/a", DIGEST_RIGHT },
        { "/a?b", "/a?b", DIGEST_RIGHT },
        { "/a", "http://host/a", DIGEST_RIGHT },
        { "https://host:1/a%20b", "/a%20b", DIGEST_RIGHT },
        { "http://host", "/", DIGEST_RIGHT },
        { "*", "*", DIGEST_RIGHT },
        { "/a", "/b", DIGEST_ELSEWHERE },
        { "/a", "/a/", DIGEST_ELSEWHERE },
        { "/a", "/a?b", DIGEST_ELSEWHERE },
        { "/A", "/a", DIGEST_ELSEWHERE },
        { "/%61", "/a", DIGEST_ELSEWHERE },
        { "", "/", DIGEST_ELSEWHERE },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct digest_claim claim =
            claim_of(header_for("ann", "secret", fresh_nonce(), 1, rows[i].uri));
        if (digestauth_check(digest, &claim, secret, "GET", rows[i].target, now_ms) != rows[i].answer)
            fail_msg("%s for %s", rows[i].uri, rows[i].target);
    }
}

/* More nonces than there is room for, twice: whatever was used is never good again, and new ones are. */
static void what_had_to_make_room_is_stale_not_good_again(void **state)
{
    (void)state;
    enum { COUNT = 3 * DIGESTAUTH_SLOTS };
    static const char *nonces[COUNT];
    unsigned went_on = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        now_ms++;
        nonces[i] = fresh_nonce();
        assert_int_equal(check(nonces[i], 1), DIGEST_RIGHT);
    }
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(check(nonces[i], 1), DIGEST_STALE);
    for (unsigned i = 0; i < COUNT; i++)
        went_on += check(nonces[i], 2) == DIGEST_RIGHT;
    assert_int_equal(went_on, DIGESTAUTH_SLOTS);
    now_ms++;
    assert_int_equal(check(fresh_nonce(), 1), DIGEST_RIGHT);
}

#define GOOD                                                                                                 \
    "realm=Holdfast, nonce=n, uri=\"/\", cnonce=c, nc=00000001, qop=auth, algorithm=SHA-256, "               \
    "response=0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

static void headers_are_read_however_they_are_written(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "Digest username=ann, " GOOD, "ann" },
        { "digest   username = \"ann\" ,, " GOOD " , ", "ann" },
        { "Digest " GOOD ", userhash=false, username=\"a\\\"n\\\\n\", x=y", "a\"n\\n" },
        { "Digest USERNAME*=utf-8''j%C3%BCrgen, " GOOD, "j\303\274rgen" },
        { "Digest username=\"nonce=x, response=y\", " GOOD, "nonce=x, response=y" },
        { "Digest username=\"\", " GOOD, "" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct digest_claim claim = claim_of(rows[i][0]);
        assert_string_equal(claim.user, rows[i][1]);
        assert_string_equal(claim.nonce, "n");
        assert_int_equal(claim.count, 1);
        assert_int_equal(claim.response[31], 0xef);
    }
}

static void headers_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    char *long_one = apr_palloc(pool, 30000);
    memset(long_one, 'a', 29999);
    memcpy(long_one, "Digest username=", 16);
    memcpy(long_one + 20000, ", " GOOD, sizeof ", " GOOD);
    const char *many = "Digest username=a, " GOOD;
    for (unsigned i = 0; i < DIGESTPARAMS_MAX; i++)
        many = apr_psprintf(pool, "%s, x%u=y", many, i);
    const char *const rows[] = {
        "",
        "Digest",
        "Digest ",
        "Basic YTpi",
        "Digestusername=ann, " GOOD,
        "Digest " GOOD, /* no name */
        "Digest username, " GOOD,
        "Digest username=, " GOOD,
        "Digest =ann, " GOOD,
        "Digest username=\"ann, " GOOD,
        "Digest username=\"ann\\",
        "Digest username=\"ann\"x, " GOOD,
        "Digest username=ann " GOOD,
        "Digest username=ann, username=bob, " GOOD,
        "Digest username=ann, nonce=m, " GOOD,
        "Digest username=ann, username*=UTF-8''bob, " GOOD,
        "Digest username*=latin1''ann, " GOOD,
        "Digest username*=UTF-8''a%zz, " GOOD,
        "Digest username*=UTF-8''a%0, " GOOD,
        "Digest username*=UTF-8''a%00b, " GOOD,
        "Digest username*=UTF-8, " GOOD,
        "Digest username=ann, userhash=true, " GOOD,
        "Digest username=ann, realm=Holdfast, nonce=n, uri=/, cnonce=c, nc=1, qop=auth, algorithm=SHA-256, "
        "response=00",
        many,
        long_one,
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct digest_claim claim;
        if (digestauth_parse(rows[i], pool, &claim))
            fail_msg("%s", rows[i]);
    }
    static const char *const changed[][2] = { { "Holdfast", "Elsewhere" },
                                              { "00000001", "0000001" },
                                              { "00000001", "0000000g" },
                                              { "=auth", "=auth-int" },
                                              { "SHA-256", "MD5" },
                                              { "SHA-256", "SHA-256-sess" },
                                              { "0123456789abcdef0", "x123456789abcdef0" },
                                              { "response=0", "response=" },
                                              { "response=0", "response=00" } };
    for (unsigned i = 0; i < sizeof changed / sizeof *changed; i++) {
        struct digest_claim claim;
        const char *good = "Digest username=ann, " GOOD, *at = strstr(good, changed[i][0]);
        const char *bad = apr_pstrcat(pool, apr_pstrmemdup(pool, good, (apr_size_t)(at - good)),
                                      changed[i][1], at + strlen(changed[i][0]), NULL);
        assert_true(digestauth_parse(good, pool, &claim));
        if (digestauth_parse(bad, pool, &claim))
            fail_msg("%s", bad);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_digest, close_digest)
    const struct CMUnitTest tests[] = {
        TEST(the_response_is_that_of_the_rfc),
        TEST(the_challenge_says_what_we_take),
        TEST(a_nonce_is_good_for_many_requests_and_each_count_once),
        TEST(requests_may_overtake_each_other_a_little),
        TEST(a_nonce_ends_with_its_time),
        TEST(a_nonce_that_is_not_ours_is_stale),
        TEST(what_somebody_else_has_used_is_not_ones_own),
        TEST(a_wrong_password_uses_nothing_up),
        TEST(the_target_must_be_that_of_the_request),
        TEST(what_had_to_make_room_is_stale_not_good_again),
        TEST(headers_are_read_however_they_are_written),
        TEST(headers_that_make_no_sense_are_refused),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
