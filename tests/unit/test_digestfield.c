/*
 * Headers that tell a digest: what is read, what is refused, and that what we write is read again.
 */
#include <apr_strings.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pool.h"
#include "webdav/digestfield.h"

#define MD5_HEX       "9a0364b9e99bb480dd25e1f0284c8555"
#define MD5_BASE64    "mgNkuembtIDdJeHwKEyFVQ=="
#define SHA1_HEX      "040f06fd774092478d450774f5ba30c5da78acc8"
#define SHA1_BASE64   "BA8G/XdAkkeNRQd09bowxdp4rMg="
#define SHA256_HEX    "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
#define SHA256_BASE64 "7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M="
#define SHA512_HEX                                                                                           \
    "b2d1d285b5199c85f988d03649c37e44fd3dde01e5d69c50fef90651962f48110e9340b60d49a479c4c0b53f5f07d690686dd8" \
    "7"                                                                                                      \
    "d2481937a512e8b85ee7c617f"
#define SHA512_BASE64                                                                                        \
    "stHShbUZnIX5iNA2ScN+RP093gHl1pxQ/vkGUZYvSBEOk0C2DUmkecTAtT9fB9aQaG3YfSSBk3pRLouF7nxhfw=="

/* What was understood, as OC-Checksum; "malformed", "contradiction". */
static const char *read_header(const char *name, const char *value)
{
    apr_table_t *headers = apr_table_make(pool, 1);
    struct checksum_values values;
    const char *blamed = NULL;

    apr_table_set(headers, name, value);
    int err = digestfield_read(headers, &values, &blamed);
    if (err)
        assert_string_equal(blamed, name);
    return err == EINVAL    ? "malformed"
           : err == EBADMSG ? "contradiction"
                            : digestfield_format_oc(pool, &values);
}

struct row {
    const char *value, *wanted;
};

static void check(const char *name, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = read_header(name, rows[i].value);
        if (strcmp(found, rows[i].wanted) != 0)
            fail_msg("%s: %s: got %s, want %s", name, rows[i].value, found, rows[i].wanted);
    }
}

#define CHECK(name, rows) check(name, rows, sizeof(rows) / sizeof(rows)[0])

static void oc_checksum(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "", "" },
        { " ", "" },
        { "MD5:" MD5_HEX, "MD5:" MD5_HEX },
        { "md5:9A0364B9E99BB480DD25E1F0284C8555", "MD5:" MD5_HEX },
        { "SHA1:" SHA1_HEX " MD5:" MD5_HEX, "SHA1:" SHA1_HEX " MD5:" MD5_HEX },
        { " MD5:" MD5_HEX ",\tSHA256:" SHA256_HEX " ", "SHA256:" SHA256_HEX " MD5:" MD5_HEX },
        { "SHA512:" SHA512_HEX, "SHA512:" SHA512_HEX },
        { "ADLER32:0bb502fd", "ADLER32:0bb502fd" },
        { "Adler32:bb502fd", "ADLER32:0bb502fd" }, /* the zeros in front are left out by a client */
        { "ADLER32:1", "ADLER32:00000001" },
        { "SHA3-256:00 CRC32:xyz", "" }, /* not known to us */
        { "SHA3-256:00 MD5:" MD5_HEX, "MD5:" MD5_HEX },
        { "MD5:" MD5_HEX " MD5:" MD5_HEX, "MD5:" MD5_HEX },
        { "MD5:" MD5_HEX " MD5:00000000000000000000000000000000", "contradiction" },
        { "MD5", "malformed" },
        { MD5_HEX, "malformed" },
        { ":" MD5_HEX, "malformed" },
        { "MD5:", "malformed" },
        { "MD5:" MD5_HEX "0", "malformed" },
        { "MD5:9a0364b9e99bb480dd25e1f0284c855", "malformed" },
        { "MD5:9a0364b9e99bb480dd25e1f0284c855g", "malformed" },
        { "MD5: " MD5_HEX, "malformed" },
        { "ADLER32:", "malformed" },
        { "ADLER32:00bb502fd", "malformed" },
        { "ADLER32:-1", "malformed" },
    };

    CHECK("OC-Checksum", rows);
}

static const struct row dictionaries[] = {
    { "", "" },
    { "md5=:" MD5_BASE64 ":", "MD5:" MD5_HEX },
    { "md5=:mgNkuembtIDdJeHwKEyFVQ:", "MD5:" MD5_HEX }, /* without padding */
    { "sha=:" SHA1_BASE64 ":", "SHA1:" SHA1_HEX },
    { "sha-256=:" SHA256_BASE64 ":", "SHA256:" SHA256_HEX },
    { "sha-512=:" SHA512_BASE64 ":", "SHA512:" SHA512_HEX },
    { "adler=:C7UC/Q==:", "ADLER32:0bb502fd" },
    { " md5=:" MD5_BASE64 ":\t, sha=:" SHA1_BASE64 ": ", "SHA1:" SHA1_HEX " MD5:" MD5_HEX },
    { "md5=:" MD5_BASE64 ":,sha=:" SHA1_BASE64 ":", "SHA1:" SHA1_HEX " MD5:" MD5_HEX },
    { "unixsum=:AAA=:, *x.y_-9=::", "" }, /* not known to us */
    { "md5=:" MD5_BASE64 ":;a;  b=1;*c=\"x,\\\"y:;\";d=:AA==:;e=?1", "MD5:" MD5_HEX },
    { "md5=:AAAAAAAAAAAAAAAAAAAAAA==:, md5=:" MD5_BASE64 ":", "MD5:" MD5_HEX }, /* the last counts */
    { "md5", "malformed" },
    { "md5=", "malformed" },
    { "md5=:", "malformed" },
    { "md5=::", "malformed" },
    { "md5=" MD5_BASE64, "malformed" },
    { "md5=:" MD5_BASE64, "malformed" },
    { "md5=\"" MD5_BASE64 "\"", "malformed" },
    { "md5 =:" MD5_BASE64 ":", "malformed" },
    { "md5= :" MD5_BASE64 ":", "malformed" },
    { "MD5=:" MD5_BASE64 ":", "malformed" },
    { "=:" MD5_BASE64 ":", "malformed" },
    { "md5=:" MD5_BASE64 ":,", "malformed" },
    { ", md5=:" MD5_BASE64 ":", "malformed" },
    { "md5=:" MD5_BASE64 ":;", "malformed" },
    { "md5=:" MD5_BASE64 ":;a=\"b", "malformed" },
    { "md5=:" MD5_BASE64 ":;a=:b", "malformed" },
    { "md5=:" MD5_BASE64 ": sha=:" SHA1_BASE64 ":", "malformed" },
    { "md5=:" MD5_BASE64 ":x", "malformed" },
    { "md5=:mgNkuembtIDdJeHwKEyFVQ=:", "malformed" },
    { "md5=:mgNkuembtIDdJeHwKEyFVQ===:", "malformed" },
    { "md5=:mgNkuembtIDdJeHwKEyF:", "malformed" },
    { "md5=:mgNkuembtID=JeHwKEyFVQ==:", "malformed" },
    { "md5=:mgNkuembtID JeHwKEyFVQ==:", "malformed" },
    { "sha-256=:" MD5_BASE64 ":", "malformed" },
    { "unixsum=3", "malformed" }, /* every digest is a byte sequence */
};

static void repr_digest(void **state)
{
    (void)state;
    CHECK("Repr-Digest", dictionaries);
}

static void content_digest(void **state)
{
    (void)state;
    CHECK("Content-Digest", dictionaries);
}

static void content_md5(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { MD5_BASE64, "MD5:" MD5_HEX },
        { "", "malformed" },
        { MD5_HEX, "malformed" },
        { "AAAA", "malformed" },
        { MD5_BASE64 ", " MD5_BASE64, "malformed" },
    };

    CHECK("Content-MD5", rows);
}

static void several_headers_are_one_set_unless_they_differ(void **state)
{
    (void)state;
    apr_table_t *headers = apr_table_make(pool, 4);
    struct checksum_values values;
    const char *name = NULL;

    assert_int_equal(digestfield_read(headers, &values, &name), 0);
    assert_int_equal(values.has, 0);
    apr_table_set(headers, "Repr-Digest", "sha=:" SHA1_BASE64 ":");
    apr_table_set(headers, "content-digest", "md5=:" MD5_BASE64 ":");
    apr_table_set(headers, "OC-Checksum", "SHA1:" SHA1_HEX " ADLER32:1");
    assert_int_equal(digestfield_read(headers, &values, &name), 0);
    assert_string_equal(digestfield_format_oc(pool, &values),
                        "SHA1:" SHA1_HEX " MD5:" MD5_HEX " ADLER32:00000001");
    apr_table_set(headers, "Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==");
    assert_int_equal(digestfield_read(headers, &values, &name), EBADMSG);
    assert_string_equal(name, "Content-MD5");
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const char text[] =
        "SHA512:" SHA512_HEX " SHA256:" SHA256_HEX " SHA1:" SHA1_HEX " MD5:" MD5_HEX " ADLER32:0bb502fd";
    struct checksum_values values = { .has = 0 };

    assert_int_equal(digestfield_parse_oc(text, &values), 0);
    assert_string_equal(digestfield_format_oc(pool, &values), text);
    const char *dictionary = digestfield_format_repr(pool, &values);
    assert_string_equal(dictionary, "sha-512=:" SHA512_BASE64 ":, sha-256=:" SHA256_BASE64
                                    ":, sha=:" SHA1_BASE64 ":, md5=:" MD5_BASE64 ":, adler=:C7UC/Q==:");
    assert_string_equal(read_header("Repr-Digest", dictionary), text);
    values.has = 0;
    assert_string_equal(digestfield_format_repr(pool, &values), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oc_checksum),
        cmocka_unit_test(repr_digest),
        cmocka_unit_test(content_digest),
        cmocka_unit_test(content_md5),
        cmocka_unit_test(several_headers_are_one_set_unless_they_differ),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, pool_set_up, pool_tear_down);
}
