/*
 * Digests that are kept with files: told as long as they are true, and never longer.
 */
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cmocka.h>

#include "tests/support/exchange.h"
#include "tests/support/multistatus_reader.h"
#include "webdav/digestfield.h"
#include "webdav/digeststore.h"

#define OC "http://owncloud.org/ns"

/* Of "content". */
#define SUMS                                                                                                 \
    "SHA1:040f06fd774092478d450774f5ba30c5da78acc8 MD5:9a0364b9e99bb480dd25e1f0284c8555 ADLER32:0bcb02fc"
#define REPR "sha=:BA8G/XdAkkeNRQd09bowxdp4rMg=:, md5=:mgNkuembtIDdJeHwKEyFVQ==:, adler=:C8sC/A==:"
#define DATE "Fri, 13 Feb 2009 23:31:30 GMT"

#define PROP(inner)                                                                                          \
    "<D:propfind xmlns:D=\"DAV:\" xmlns:x=\"urn:x\" xmlns:oc=\"" OC "\"><D:prop>" inner                      \
    "</D:prop></D:propfind>"
#define SET(inner)                                                                                           \
    "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\" xmlns:oc=\"" OC "\"><D:set><D:prop>" inner         \
    "</D:prop></D:set></D:propertyupdate>"

static int set_up(void **state)
{
    *state = exchange_open(NULL);
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

static void put(struct exchange *x, const char *target, const char *headers)
{
    const struct answer *a = exchange(x, "PUT", target, headers, "content");

    if (a->status != 201 && a->status != 204)
        fail_msg("PUT %s: %d", target, a->status);
}

static void put_with_sums(struct exchange *x, const char *target)
{
    put(x, target, "OC-Checksum: " SUMS);
}

/* True: the digests are told in all ways; false: in none. Anything else fails. */
static bool is_told(struct exchange *x, const char *target)
{
    const struct answer *get = exchange(x, "GET", target, NULL, NULL);
    const struct answer *names = exchange(x, "PROPFIND", target, "Depth: 0",
                                          "<D:propfind xmlns:D=\"DAV:\"><D:propname/></D:propfind>");
    const struct answer *prop = exchange(x, "PROPFIND", target, "Depth: 0", PROP("<oc:checksums/>"));

    assert_int_equal(get->status, 200);
    bool told = *answer_header(get, "Repr-Digest") != '\0';
    assert_string_equal(answer_header(get, "Repr-Digest"), told ? REPR : "");
    assert_string_equal(answer_header(get, "OC-Checksum"), told ? SUMS : "");
    assert_int_equal(prop_status(prop, target, OC, "checksums"), told ? 200 : 404);
    assert_int_equal(prop_status(names, target, OC, "checksums"), told ? 200 : 0);
    if (told)
        assert_non_null(strstr(prop->body, "><oc:checksum>" SUMS "</oc:checksum></oc:checksums>"));
    return told;
}

static void a_verified_digest_is_told(void **state)
{
    struct exchange *x = *state;
    const struct answer *a = exchange(x, "PUT", "/a", "OC-Checksum: " SUMS, "content");

    assert_int_equal(a->status, 201);
    assert_string_equal(answer_header(a, "Repr-Digest"), REPR);
    assert_true(is_told(x, "/a"));
    a = exchange(x, "HEAD", "/a", "Want-Repr-Digest: sha-256=1", NULL);
    assert_string_equal(answer_header(a, "Repr-Digest"), REPR);
    a = exchange(x, "GET", "/a", "Range: bytes=1-2", NULL);
    assert_int_equal(a->status, 206);
    assert_string_equal(answer_header(a, "Repr-Digest"), REPR);
    assert_string_equal(answer_header(a, "Content-Digest"), "");
    a = exchange(x, "GET", "/a", "Range: bytes=1-2,4-5", NULL);
    assert_int_equal(a->status, 206);
    assert_string_equal(answer_header(a, "Repr-Digest"), REPR);
    a = exchange(x, "GET", "/a", "If-None-Match: *", NULL);
    assert_int_equal(a->status, 304);
    assert_string_equal(answer_header(a, "Repr-Digest"), "");
    assert_string_equal(answer_header(exchange(x, "GET", "/", NULL, NULL), "Repr-Digest"), "");
    exchange_restart(x);
    assert_true(is_told(x, "/a"));
}

static void an_upload_without_one_has_none(void **state)
{
    struct exchange *x = *state;

    put(x, "/a", NULL);
    assert_false(is_told(x, "/a"));
    assert_true(getxattr(on_disk(x, "a"), FS_ATTR_NAME, NULL, 0) < 0);
    put_with_sums(x, "/a");
    assert_true(is_told(x, "/a"));
    put(x, "/a", NULL); /* the same content, but nobody has verified it */
    assert_false(is_told(x, "/a"));
    assert_true(getxattr(on_disk(x, "a"), FS_ATTR_NAME, NULL, 0) < 0);
    put_with_sums(x, "/a");
    assert_int_equal(exchange(x, "PUT", "/a", "Content-MD5: mgNkuembtIDdJeHwKEyFVQ==", "content")->status,
                     204);
    assert_string_equal(answer_header(exchange(x, "GET", "/a", NULL, NULL), "OC-Checksum"),
                        "MD5:9a0364b9e99bb480dd25e1f0284c8555");
    put(x, "/a",
        "OC-Checksum: MD5:9a0364b9e99bb480dd25e1f0284c8555"); /* then come the others of ownCloud too */
    assert_true(is_told(x, "/a"));
}

static void copies_and_moves_bring_it_along(void **state)
{
    struct exchange *x = *state;

    exchange_mkdir(x, "dir");
    put_with_sums(x, "/dir/a");
    assert_int_equal(exchange(x, "COPY", "/dir/a", "Destination: /b", NULL)->status, 201);
    assert_true(is_told(x, "/b"));
    assert_int_equal(exchange(x, "MOVE", "/b", "Destination: /c", NULL)->status, 201);
    assert_true(is_told(x, "/c"));
    assert_int_equal(exchange(x, "COPY", "/dir", "Destination: /tree", NULL)->status, 201);
    assert_true(is_told(x, "/tree/a"));
    put(x, "/other", NULL);
    assert_int_equal(exchange(x, "COPY", "/other", "Destination: /c", NULL)->status, 204);
    assert_false(is_told(x, "/c"));
}

static void a_change_behind_our_back_makes_it_void(void **state)
{
    struct exchange *x = *state;
    const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

    put_with_sums(x, "/a");
    exchange_write(x, "a", "longer content");
    assert_false(is_told(x, "/a"));
    put_with_sums(x, "/a");
    exchange_write(x, "a", "Content"); /* of the same size */
    assert_int_equal(utimensat(AT_FDCWD, on_disk(x, "a"), times, 0), 0);
    assert_false(is_told(x, "/a"));
    put_with_sums(x, "/a");
    exchange(x, "PROPPATCH", "/a", NULL, SET("<D:getlastmodified>" DATE "</D:getlastmodified>"));
    assert_false(is_told(x, "/a"));
}

static void a_time_that_comes_with_the_upload_is_part_of_it(void **state)
{
    struct exchange *x = *state;

    put(x, "/a", "X-OC-Mtime: 1234567890\nOC-Checksum: " SUMS);
    assert_true(is_told(x, "/a"));
    put(x, "/a", "X-OC-Mtime: 1234567890");
    assert_false(is_told(x, "/a"));
}

static void clients_neither_set_nor_see_the_record(void **state)
{
    struct exchange *x = *state;
    static const char *const patches[] = {
        SET("<oc:checksums>1 2 MD5:00</oc:checksums>"),
        "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:oc=\"" OC "\"><D:remove><D:prop><oc:checksums/></D:prop>"
        "</D:remove></D:propertyupdate>",
    };

    put_with_sums(x, "/a");
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        const struct answer *a = exchange(x, "PROPPATCH", "/a", NULL, patches[i]);
        assert_int_equal(prop_status(a, "/a", OC, "checksums"), 403);
        assert_non_null(strstr(a->body, "cannot-modify-protected-property"));
    }
    assert_true(is_told(x, "/a"));
    const struct answer *all = exchange(x, "PROPFIND", "/a", "Depth: 0", NULL);
    assert_int_equal(all->status, 207);
    assert_null(strstr(all->body, "checksum"));
    all = exchange(x, "PROPFIND", "/a", "Depth: 0",
                   "<D:propfind xmlns:D=\"DAV:\"><D:allprop/><D:include><checksums xmlns=\"" OC
                   "\"/></D:include></D:propfind>");
    assert_non_null(strstr(all->body, "<oc:checksum>" SUMS "</oc:checksum>"));
}

static void other_properties_stand_beside_it(void **state)
{
    struct exchange *x = *state;

    put_with_sums(x, "/a");
    assert_int_equal(exchange(x, "PROPPATCH", "/a", NULL, SET("<x:y>1</x:y>"))->status, 207);
    assert_true(is_told(x, "/a"));
    put_with_sums(x, "/a");
    assert_true(is_told(x, "/a"));
    const struct answer *a = exchange(x, "PROPFIND", "/a", "Depth: 0", PROP("<x:y/>"));
    assert_string_equal(prop_text(a, "/a", "urn:x", "y"), "1");
    put(x, "/a", NULL);
    assert_false(is_told(x, "/a"));
    a = exchange(x, "PROPFIND", "/a", "Depth: 0", PROP("<x:y/>"));
    assert_string_equal(prop_text(a, "/a", "urn:x", "y"), "1");
}

/* ---- where there is no room ---- */

static const struct fs_ops *real_ops;
static int set_attr_error;

/* As where the rest fills the attribute, or there are no attributes. */
static int refuse_record(struct fs_file *file, const void *value, size_t len)
{
    if (set_attr_error == ENOTSUP || (len && memmem(value, len, OC, strlen(OC))))
        return set_attr_error;
    return real_ops->file_set_attr(file, value, len);
}

static void no_upload_fails_for_it(void **state)
{
    struct exchange *x = *state;
    static const int errors[] = { ENOSPC, E2BIG, ERANGE, EDQUOT, ENOTSUP };
    static struct fs_ops ops; /* a failure leaves it behind */

    put(x, "/a", NULL);
    exchange(x, "PROPPATCH", "/a", NULL, SET("<x:y>1</x:y>"));
    ops = *x->fs->ops;
    real_ops = x->fs->ops;
    ops.file_set_attr = refuse_record;
    x->fs->ops = &ops;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        set_attr_error = errors[i];
        put_with_sums(x, "/new");
        assert_false(is_told(x, "/new"));
        if (errors[i] == ENOTSUP)
            continue;
        put_with_sums(x, "/a");
        assert_false(is_told(x, "/a"));
        const struct answer *a = exchange(x, "PROPFIND", "/a", "Depth: 0", PROP("<x:y/>"));
        assert_string_equal(prop_text(a, "/a", "urn:x", "y"), "1");
    }
    set_attr_error = EIO; /* this is another matter */
    assert_int_equal(exchange(x, "PUT", "/a", "OC-Checksum: " SUMS, "content")->status, 500);
    x->fs->ops = real_ops;
}

/* ---- the record ---- */

static void odd_records_are_void(void **state)
{
    struct exchange *x = *state;
    const struct fs_stat st = { .type = FS_FILE, .size = 7, .mtime_ns = -5 }, dir = { .type = FS_DIR };
    static const struct {
        const char *record;
        bool is_good;
    } rows[] = {
        { "7 -5 MD5:9a0364b9e99bb480dd25e1f0284c8555", true },
        { "7 -5 UNKNOWN:1 MD5:9a0364b9e99bb480dd25e1f0284c8555", true },
        { "8 -5 MD5:9a0364b9e99bb480dd25e1f0284c8555", false },
        { "7 -4 MD5:9a0364b9e99bb480dd25e1f0284c8555", false },
        { "7 MD5:9a0364b9e99bb480dd25e1f0284c8555", false },
        { "MD5:9a0364b9e99bb480dd25e1f0284c8555", false },
        { "7 -5 MD5:9a0364b9e99bb480dd25e1f0284c855", false },
        { "7 -5 <x/>", false },
        { "7 -5 ", false },
        { "7 -5", false },
        { "", false },
    };
    struct checksum_values values;
    struct dead_prop *list = NULL;

    assert_false(digeststore_take(&list, &st, &values));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        list = NULL;
        props_set(x->pool, &list, OC, "checksums", rows[i].record);
        props_set(x->pool, &list, "urn:x", "y", "z");
        if (digeststore_take(&list, &st, &values) != rows[i].is_good)
            fail_msg("%s", rows[i].record);
        assert_string_equal(list->name, "y"); /* the record is gone, good or not */
        assert_null(list->next);
    }
    list = NULL;
    props_set(x->pool, &list, OC, "checksums", "0 0 MD5:9a0364b9e99bb480dd25e1f0284c8555");
    assert_false(digeststore_take(&list, &dir, &values));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_verified_digest_is_told),
        TEST(an_upload_without_one_has_none),
        TEST(copies_and_moves_bring_it_along),
        TEST(a_change_behind_our_back_makes_it_void),
        TEST(a_time_that_comes_with_the_upload_is_part_of_it),
        TEST(clients_neither_set_nor_see_the_record),
        TEST(other_properties_stand_beside_it),
        TEST(no_upload_fails_for_it),
        TEST(odd_records_are_void),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
