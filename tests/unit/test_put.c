/*
 * PUT: published whole or not at all, and never over somebody else's change.
 */
#include <apr_strings.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/exchange.h"

static int set_up(void **state)
{
    *state = exchange_open(NULL);
    exchange_write(*state, "old.txt", "old");
    exchange_mkdir(*state, "dir");
    return 0;
}

static int tear_down(void **state)
{
    assert_int_equal(exchange_strays(*state), 0);
    exchange_close(*state);
    return 0;
}

static const char *on_disk(struct exchange *x, const char *path)
{
    return apr_pstrcat(x->pool, x->root, "/", path, NULL);
}

static void new_file_is_201_with_validators_and_location(void **state)
{
    struct exchange *x = *state;
    const struct answer *a = exchange(x, "PUT", "/dir/new%20file", NULL, "content");

    assert_int_equal(a->status, 201);
    assert_false(a->early);
    assert_false(a->quick);
    assert_string_equal(answer_header(a, "Location"), "/dir/new%20file");
    assert_string_equal(exchange_read(x, "dir/new file"), "content");
    const struct answer *get = exchange(x, "GET", "/dir/new%20file", NULL, NULL);
    assert_string_equal(answer_header(a, "ETag"), answer_header(get, "ETag"));
    assert_string_equal(answer_header(a, "Last-Modified"), answer_header(get, "Last-Modified"));
}

static void replaced_file_is_204_with_a_new_etag(void **state)
{
    struct exchange *x = *state;
    const char *before = answer_header(exchange(x, "GET", "/old.txt", NULL, NULL), "ETag");
    const struct answer *a = exchange(x, "PUT", "/old.txt", NULL, "new");

    assert_int_equal(a->status, 204);
    assert_string_not_equal(answer_header(a, "ETag"), before);
    assert_string_equal(exchange_read(x, "old.txt"), "new");
}

static void bodies_of_any_size_and_framing_arrive(void **state)
{
    struct exchange *x = *state;
    char *large = apr_palloc(x->pool, 200001);

    memset(large, 'x', 200000);
    large[200000] = '\0';
    assert_int_equal(exchange(x, "PUT", "/empty", NULL, NULL)->status, 201);
    assert_string_equal(exchange_read(x, "empty"), "");
    assert_int_equal(exchange(x, "PUT", "/zero", "Content-Length: 0", "")->status, 201);
    assert_int_equal(exchange(x, "PUT", "/large", NULL, large)->status, 201);
    assert_string_equal(exchange_read(x, "large"), large);
    assert_int_equal(exchange(x, "PUT", "/chunked", "Transfer-Encoding: chunked", large)->status, 201);
    assert_string_equal(exchange_read(x, "chunked"), large);
}

static void refusals_come_before_the_body(void **state)
{
    struct exchange *x = *state;
    static const struct {
        const char *target, *headers;
        int status;
    } rows[] = {
        { "/dir", NULL, 405 },
        { "/dir/", NULL, 405 },
        { "/", NULL, 405 },
        { "/none/a", NULL, 409 },
        { "/old.txt/a", NULL, 409 },
        { "/new/", NULL, 409 },
        { "/old.txt/", NULL, 409 },
        { "/old.txt", "Content-Range: bytes 0-2/9", 400 },
        { "/old.txt", "If-Match: \"no\"", 412 },
        { "/old.txt", "If-None-Match: *", 412 },
        { "/new", "If-Match: *", 412 },
        { "/old.txt", "If: ([\"no\"])", 412 },
        { "/old.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 412 },
        { "/new", "Content-Length: 9000000000000000000", 507 },
        { "/new", "Transfer-Encoding: chunked\nX-Expected-Entity-Length: 9000000000000000000", 507 },
        { "/new", "Transfer-Encoding: chunked\nX-Expected-Entity-Length: many", 400 },
        { "/.holdfast-x", NULL, 403 },
        { "/dir/.holdfast-x", NULL, 403 },
        { "/.holdfast/x", NULL, 403 },
        { "/new", "Expect: a-miracle", 417 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer *a = exchange(x, "PUT", rows[i].target, rows[i].headers, "body");
        if (a->status != rows[i].status || !a->early)
            fail_msg("%s %s: %d%s", rows[i].target, rows[i].headers ? rows[i].headers : "", a->status,
                     a->early ? "" : " late");
    }
    assert_string_equal(exchange_read(x, "old.txt"), "old");
    assert_false(exchange_exists(x, "new"));
}

static void other_lengths_than_announced_are_not_published(void **state)
{
    struct exchange *x = *state;
    const char *chunked = "Transfer-Encoding: chunked\nX-Expected-Entity-Length: 9";

    assert_int_equal(exchange(x, "PUT", "/old.txt", "Content-Length: 9", "short")->status, 400);
    assert_int_equal(exchange(x, "PUT", "/old.txt", chunked, "short")->status, 400);
    assert_int_equal(exchange(x, "PUT", "/old.txt", chunked, "far too long")->status, 400);
    assert_string_equal(exchange_read(x, "old.txt"), "old");
    assert_int_equal(exchange(x, "PUT", "/old.txt", chunked, "just fine")->status, 204);
}

/* Of "content". */
#define SHA1   "SHA1:040f06fd774092478d450774f5ba30c5da78acc8"
#define MD5    "md5=:mgNkuembtIDdJeHwKEyFVQ==:"
#define SHA256 "sha-256=:7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M=:"

static void announced_digests_are_verified(void **state)
{
    struct exchange *x = *state;
    static const struct {
        const char *headers, *body;
        int status; /* over an old file */
        bool early;
    } rows[] = {
        { "OC-Checksum: " SHA1, "content", 204, false },
        { "OC-Checksum: " SHA1, "Content", 400, false },
        { "OC-Checksum: " SHA1, "conten", 400, false },
        { "OC-Checksum: " SHA1, NULL, 400, false },
        { "OC-Checksum: " SHA1 " ADLER32:bcb02fc", "content", 204, false },
        { "OC-Checksum: " SHA1 " ADLER32:bcb02fd", "content", 400, false },
        { "Repr-Digest: " SHA256, "content", 204, false },
        { "Repr-Digest: " SHA256, "contend", 400, false },
        { "Repr-Digest: " SHA256 ", " MD5, "content", 204, false },
        { "Repr-Digest: " SHA256 "\nRepr-Digest: " MD5, "contend", 400, false },
        { "Content-Digest: " MD5, "content", 204, false },
        { "Content-Digest: " MD5, "contend", 400, false },
        { "Content-MD5: mgNkuembtIDdJeHwKEyFVQ==", "content", 204, false },
        { "Content-MD5: mgNkuembtIDdJeHwKEyFVQ==", "contend", 400, false },
        { "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==", NULL, 204, false }, /* of nothing */
        { "Repr-Digest: " SHA256 "\nOC-Checksum: MD5:00000000000000000000000000000000", "content", 400,
          false },
        { "Repr-Digest: " MD5 "\nOC-Checksum: MD5:00000000000000000000000000000000", "content", 400, true },
        { "Repr-Digest: crc32c=:AAAAAA==:\nOC-Checksum: BLAKE3:00", "whatever", 204, false },
        { "Repr-Digest: nonsense", "content", 400, true },
        { "Content-Digest: sha-256=7XACtDnp", "content", 400, true },
        { "OC-Checksum: MD5:12", "content", 400, true },
        { "Content-MD5: x", "content", 400, true },
        /* of the bytes as they come, and these are kept */
        { "Content-Encoding: gzip\nContent-Digest: " MD5 "\nRepr-Digest: " SHA256, "content", 204, false },
        { "Content-Encoding: gzip\nRepr-Digest: " SHA256, "contend", 400, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        exchange_write(x, "old.txt", "old");
        const char *wanted = rows[i].status == 204 ? (rows[i].body ? rows[i].body : "") : "old";
        const struct answer *a = exchange(x, "PUT", "/old.txt", rows[i].headers, rows[i].body);
        if (a->status != rows[i].status || a->early != rows[i].early ||
            strcmp(exchange_read(x, "old.txt"), wanted) != 0)
            fail_msg("%s, %s: %d%s %s", rows[i].headers, rows[i].body, a->status, a->early ? " early" : "",
                     exchange_read(x, "old.txt"));
        assert_int_equal(exchange_strays(x), 0);
    }
    const struct answer *a = exchange(x, "PUT", "/new", "Repr-Digest: " SHA256, "contend");
    assert_int_equal(a->status, 400);
    assert_false(exchange_exists(x, "new"));
    assert_string_equal(
        a->body,
        "The body has the digest SHA256:51ef2ad77766cb6e735b373cf7cdfad2edb13201fc39cf9af92c1bfe78047ad1, "
        "SHA256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73 was announced; nothing was "
        "changed.\n");
}

static void broken_upload_leaves_the_old_file(void **state)
{
    struct exchange *x = *state;

    exchange_broken(x, "PUT", "/old.txt", NULL, "half of");
    exchange_broken(x, "PUT", "/new", NULL, "half of");
    assert_string_equal(exchange_read(x, "old.txt"), "old");
    assert_false(exchange_exists(x, "new"));
}

static void upload_over_the_limit_is_413(void **state)
{
    struct exchange *x;
    const struct dav_config config = { .max_upload = 5 };
    (void)state;

    x = exchange_open(&config);
    const struct answer *a = exchange(x, "PUT", "/a", NULL, "123456");
    assert_int_equal(a->status, 413);
    assert_true(a->early);
    a = exchange(x, "PUT", "/a", "Transfer-Encoding: chunked", "123456");
    assert_int_equal(a->status, 413);
    assert_false(a->early);
    a = exchange(x, "PUT", "/a", "Transfer-Encoding: chunked\nX-Expected-Entity-Length: 6", "123456");
    assert_int_equal(a->status, 413);
    assert_int_equal(exchange(x, "PUT", "/a", NULL, "12345")->status, 201);
    exchange_close(x);
}

static void what_is_replaced_keeps_mode_and_properties(void **state)
{
    struct exchange *x = *state;
    const char *path = on_disk(x, "old.txt");
    struct stat st;
    char value[100] = "";

    chmod(path, 0750);
    bool has_attr = setxattr(path, FS_ATTR_NAME, "the properties", 14, 0) == 0;
    assert_int_equal(exchange(x, "PUT", "/old.txt", NULL, "new")->status, 204);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    if (has_attr) {
        assert_int_equal(getxattr(path, FS_ATTR_NAME, value, sizeof value), 14);
        assert_string_equal(value, "the properties");
    }
}

static void oc_mtime_is_applied(void **state)
{
    struct exchange *x = *state;
    const struct answer *a = exchange(x, "PUT", "/a", "X-OC-Mtime: 1234567890", "x");

    assert_string_equal(answer_header(a, "X-OC-Mtime"), "accepted");
    assert_string_equal(answer_header(a, "Last-Modified"), "Fri, 13 Feb 2009 23:31:30 GMT");
    a = exchange(x, "PUT", "/a", "X-OC-Mtime: 1234567891.25", "x");
    assert_string_equal(answer_header(a, "Last-Modified"), "Fri, 13 Feb 2009 23:31:31 GMT");
    static const char *const nonsense[] = { "soon", "", "-5", "99999999999999999999", "12x" };
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        a = exchange(x, "PUT", "/a", apr_pstrcat(x->pool, "X-OC-Mtime: ", nonsense[i], NULL), "x");
        assert_int_equal(a->status, 204);
        assert_string_equal(answer_header(a, "X-OC-Mtime"), "");
    }
}

static void link_inside_is_written_through(void **state)
{
    struct exchange *x = *state;
    struct stat st;

    exchange_symlink(x, "old.txt", "link");
    exchange_symlink(x, "dir", "dirlink");
    assert_int_equal(exchange(x, "PUT", "/link", NULL, "through")->status, 204);
    assert_string_equal(exchange_read(x, "old.txt"), "through");
    assert_int_equal(lstat(on_disk(x, "link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(exchange(x, "PUT", "/dirlink/a", NULL, "a")->status, 201);
    assert_string_equal(exchange_read(x, "dir/a"), "a");
}

static void link_that_leads_out_or_nowhere_is_refused(void **state)
{
    struct exchange *x = *state;

    exchange_symlink(x, "/tmp/holdfast-never", "out");
    exchange_symlink(x, "nowhere", "dangling");
    exchange_symlink(x, "../outside", "up");
    exchange_symlink(x, "..", "dirup");
    static const char *const targets[] = { "/out", "/dangling", "/up", "/dirup/new" };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        const struct answer *a = exchange(x, "PUT", targets[i], NULL, "evil");
        if (a->status != 403 || !a->early)
            fail_msg("%s: %d", targets[i], a->status);
    }
    assert_false(exchange_exists(x, "nowhere"));
    assert_false(exchange_exists(x, "../outside"));
    assert_false(exchange_exists(x, "../new"));
}

static void any_name_round_trips(void **state)
{
    struct exchange *x = *state;
    static const char *const targets[] = { "/%25",   "/%23%3F%26", "/%FF%FE", "/%F0%9F%98%80",
                                           "/a%0Ab", "/%22",       "/%C3%BC", "/%5C" };

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        const struct answer *a = exchange(x, "PUT", targets[i], NULL, targets[i]);
        if (a->status != 201 || strcmp(answer_header(a, "Location"), targets[i]) != 0)
            fail_msg("%s: %d", targets[i], a->status);
        assert_string_equal(exchange(x, "GET", targets[i], NULL, NULL)->body, targets[i]);
    }
}

/* ---- races ---- */

#define ROUNDS 200

struct writer {
    struct exchange *x;
    pthread_barrier_t *barrier;
    const char **headers; /* of the round */
    const char *body;
    int status;
};

static void *write_rounds(void *arg)
{
    struct writer *writer = arg;

    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(writer->barrier); /* the headers are ready */
        writer->status = exchange(writer->x, "PUT", "/old.txt", *writer->headers, writer->body)->status;
        pthread_barrier_wait(writer->barrier); /* the status is */
    }
    return NULL;
}

/* Both write with a condition that only one can meet: the ETag before the round, or "not there". */
static void race(struct exchange *x, bool if_none_match)
{
    pthread_barrier_t barrier;
    const char *headers;
    pthread_t threads[2];
    struct writer writers[2] = { { x, &barrier, &headers, "first", 0 },
                                 { x, &barrier, &headers, "second", 0 } };

    pthread_barrier_init(&barrier, NULL, 3);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, write_rounds, &writers[i]);
    for (int i = 0; i < ROUNDS; i++) {
        if (if_none_match) {
            unlink(on_disk(x, "old.txt"));
            headers = "If-None-Match: *";
        } else {
            const char *etag = answer_header(exchange(x, "HEAD", "/old.txt", NULL, NULL), "ETag");
            headers = apr_pstrcat(x->pool, "If-Match: ", etag, NULL);
        }
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        const struct writer *winner = writers[0].status == 412 ? &writers[1] : &writers[0];
        const struct writer *loser = winner == writers ? &writers[1] : &writers[0];
        assert_int_equal(winner->status, if_none_match ? 201 : 204);
        assert_int_equal(loser->status, 412);
        assert_string_equal(exchange_read(x, "old.txt"), winner->body);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
}

static void of_two_writers_with_one_etag_one_wins(void **state)
{
    race(*state, false);
}

static void of_two_creators_one_wins(void **state)
{
    race(*state, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(new_file_is_201_with_validators_and_location, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replaced_file_is_204_with_a_new_etag, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bodies_of_any_size_and_framing_arrive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_come_before_the_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_lengths_than_announced_are_not_published, set_up, tear_down),
        cmocka_unit_test_setup_teardown(announced_digests_are_verified, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_upload_leaves_the_old_file, set_up, tear_down),
        cmocka_unit_test(upload_over_the_limit_is_413),
        cmocka_unit_test_setup_teardown(what_is_replaced_keeps_mode_and_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(oc_mtime_is_applied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(link_inside_is_written_through, set_up, tear_down),
        cmocka_unit_test_setup_teardown(link_that_leads_out_or_nowhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_name_round_trips, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_two_writers_with_one_etag_one_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_two_creators_one_wins, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
