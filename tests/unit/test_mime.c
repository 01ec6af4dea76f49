/*
 * Content types by extension.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_strings.h>
#include <errno.h>

#include "tests/support/pool.h"
#include "tests/support/support.h"
#include "webdav/mime.h"

#define DEFAULT_TYPE "application/octet-stream"

/* Opens a table with this content. */
static struct mime *open_text(const char *text)
{
    char *dir = support_temp_dir();
    support_write(dir, "types", text);
    struct mime *mime = NULL;
    assert_int_equal(mime_open(pool, apr_pstrcat(pool, dir, "/types", NULL), &mime), 0);
    support_temp_remove(dir);
    return mime;
}

static void the_last_extension_decides(void **state)
{
    (void)state;
    const struct mime *mime = open_text("# types by hand\n"
                                        "application/a  \t ext1 EXT2\n"
                                        "text/plain txt\tasc # text everywhere\r\n"
                                        "\n"
                                        "application/none\n"
                                        "application/later txt later\n"
                                        "#application/comment com\n"
                                        "junk junk\n"
                                        "text text2\n"
                                        "application/last last");
    static const struct {
        const char *name, *type;
    } rows[] = {
        { "x.ext1", "application/a" },
        { "x.EXT1", "application/a" },
        { "x.ext2", "application/a" },
        { "x.Ext2", "application/a" },
        { "x.txt", "text/plain; charset=utf-8" },
        { "x.asc", "text/plain; charset=utf-8" },
        { "x.later", "application/later" },
        { "x.last", "application/last" },
        { "x.ext1.txt", "text/plain; charset=utf-8" },
        { "x.txt.ext1", "application/a" },
        { "..txt", "text/plain; charset=utf-8" },
        { "\xFF.txt", "text/plain; charset=utf-8" },
        { ".txt", DEFAULT_TYPE },
        { "txt", DEFAULT_TYPE },
        { "x.", DEFAULT_TYPE },
        { "x.txt.", DEFAULT_TYPE },
        { "x.tx", DEFAULT_TYPE },
        { "x.txtt", DEFAULT_TYPE },
        { "x.com", DEFAULT_TYPE },
        { "x.everywhere", DEFAULT_TYPE },
        { "x.junk", DEFAULT_TYPE },
        { "x.text2", DEFAULT_TYPE },
        { "", DEFAULT_TYPE },
        { ".", DEFAULT_TYPE },
        { "x.0123456789012345678901234567890123456789", DEFAULT_TYPE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *type = mime_type(mime, rows[i].name);
        if (strcmp(type, rows[i].type) != 0)
            fail_msg("%s: %s", rows[i].name, type);
    }
}

static void a_missing_table_leaves_the_default(void **state)
{
    (void)state;
    struct mime *mime = NULL;
    assert_int_equal(mime_open(pool, "/nonexistent/mime.types", &mime), 0);
    assert_string_equal(mime_type(mime, "x.txt"), DEFAULT_TYPE);

    mime = open_text("");
    assert_string_equal(mime_type(mime, "x.txt"), DEFAULT_TYPE);
}

static void a_table_that_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    struct mime *mime = NULL;
    assert_int_equal(mime_open(pool, "/", &mime), EISDIR);
    assert_null(mime);
}

static void the_systems_table_is_the_default(void **state)
{
    (void)state;
    if (access("/etc/mime.types", R_OK) != 0)
        skip();
    struct mime *mime = NULL;
    assert_int_equal(mime_open(pool, NULL, &mime), 0);
    assert_string_equal(mime_type(mime, "x.html"), "text/html; charset=utf-8");
    assert_string_equal(mime_type(mime, "x.JPG"), "image/jpeg");
    assert_string_equal(mime_type(mime, "x.pdf"), "application/pdf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_extension_decides, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(a_missing_table_leaves_the_default, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(a_table_that_cannot_be_read_is_an_error, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(the_systems_table_is_the_default, pool_set_up, pool_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
