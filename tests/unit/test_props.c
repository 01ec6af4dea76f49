/*
 * Dead properties as kept with a file, and live ones as written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/path.h"
#include "fs/posix.h"
#include "tests/support/tempdir.h"
#include "webdav/etag.h"
#include "webdav/locks.h"
#include "webdav/mime.h"
#include "webdav/props.h"

struct fixture {
    char root[TEMPDIR_SIZE];
    apr_pool_t *pool;
    struct dav dav;
    struct fs_dir *dir; /* the root, open */
    struct buffer out;
};

static int setup(void **context)
{
    static const struct dav_config config = { .min_free = 0 };
    struct fixture *f = calloc(1, sizeof(*f));
    const char *name;
    apr_initialize();
    tempdir_make(f->root);
    apr_pool_create(&f->pool, NULL);
    buffer_init(&f->out, 1 << 20);
    f->dav.config = &config;
    f->dav.base = "";
    f->dav.root_name = "/";
    assert_int_equal(posix_open(f->root, false, &f->dav.fs), 0);
    assert_int_equal(mime_open(f->pool, "/nonexistent", &f->dav.mime), 0);
    assert_int_equal(path_locate(f->dav.fs, "", true, f->pool, &f->dir, &name), 0);
    *context = f;
    return 0;
}

static int teardown(void **context)
{
    struct fixture *f = *context;
    fs_dir_close(f->dir);
    fs_close(f->dav.fs);
    buffer_release(&f->out);
    apr_pool_destroy(f->pool);
    tempdir_remove(f->root);
    free(f);
    return 0;
}

/* ---- dead properties ---- */

static void store(struct fixture *f, const struct dead_prop *list)
{
    const char *value;
    size_t len;
    assert_int_equal(props_serialize(f->pool, list, &value, &len), 0);
    assert_int_equal(fs_set_attr(f->dir, "", value, len), 0);
}

static const char *listed(struct fixture *f, const struct dead_prop *list)
{
    const char *text = "";
    for (; list; list = list->next)
        text = apr_pstrcat(f->pool, text, "{", list->ns, "}", list->name, "=", list->markup, ";", NULL);
    return text;
}

static int load(struct fixture *f, struct dead_prop **out)
{
    const struct props_place place = { .dav = &f->dav, .path = "", .dir = f->dir, .name = "" };
    return props_load(&place, f->pool, out);
}

static const char *loaded(struct fixture *f)
{
    struct dead_prop *list = NULL;
    assert_int_equal(load(f, &list), 0);
    return listed(f, list);
}

static void a_list_comes_back_as_it_was_stored(void **context)
{
    struct fixture *f = *context;
    struct dead_prop *list = NULL;
    assert_string_equal(loaded(f), "");
    props_set(f->pool, &list, "urn:x", "b", "<b/>");
    props_set(f->pool, &list, "", "a", "<a> \n </a>");
    store(f, list);
    assert_string_equal(loaded(f), "{urn:x}b=<b/>;{}a=<a> \n </a>;");
}

static void setting_replaces_in_place_and_removing_takes_one_name(void **context)
{
    struct fixture *f = *context;
    struct dead_prop *list = NULL;
    props_set(f->pool, &list, "n", "a", "1");
    props_set(f->pool, &list, "n", "b", "2");
    props_set(f->pool, &list, "m", "a", "3");
    props_set(f->pool, &list, "n", "a", "4");
    assert_string_equal(listed(f, list), "{n}a=4;{n}b=2;{m}a=3;");
    props_remove(&list, "n", "a");
    props_remove(&list, "n", "a"); /* what is not there */
    assert_string_equal(listed(f, list), "{n}b=2;{m}a=3;");
    props_remove(&list, "m", "a");
    props_remove(&list, "n", "b");
    assert_null(list);
}

static void an_empty_list_leaves_nothing_on_disk(void **context)
{
    struct fixture *f = *context;
    struct dead_prop *list = NULL;
    char value[100];
    size_t len;
    props_set(f->pool, &list, "n", "a", "1");
    store(f, list);
    store(f, NULL);
    assert_int_equal(fs_get_attr(f->dir, "", value, sizeof(value), &len), ENODATA);
}

static void a_list_over_the_bound_is_refused(void **context)
{
    struct fixture *f = *context;
    struct dead_prop *list = NULL;
    char *markup = apr_pcalloc(f->pool, PROPS_MAX);
    const char *value = "untouched";
    size_t len = 7;
    memset(markup, 'x', PROPS_MAX - 6); /* version, "n", "a", three NULs: one too many */
    props_set(f->pool, &list, "n", "a", markup);
    assert_int_equal(props_serialize(f->pool, list, &value, &len), 0);
    assert_int_equal(len, PROPS_MAX);
    markup[PROPS_MAX - 6] = 'x';
    assert_int_equal(props_serialize(f->pool, list, &value, &len), E2BIG);
    assert_int_equal(len, PROPS_MAX);
}

static void damaged_values_are_an_error(void **context)
{
    static const struct {
        const char *name, *value;
        size_t len;
    } rows[] = {
        { "another version", "\2n\0a\0m\0", 7 }, { "no end of the markup", "\1n\0a\0m", 6 },
        { "no markup", "\1n\0a\0", 5 },          { "an empty name", "\1n\0\0m\0", 6 },
        { "an empty markup", "\1n\0a\0\0", 6 },  { "something after the last record", "\1n\0a\0m\0x", 8 },
    };
    struct fixture *f = *context;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dead_prop *list = (struct dead_prop *)f;
        assert_int_equal(fs_set_attr(f->dir, "", rows[i].value, rows[i].len), 0);
        if (load(f, &list) != EIO)
            fail_msg("%s", rows[i].name);
        assert_ptr_equal(list, f);
    }
}

static void what_was_stored_may_be_cut_anywhere_without_harm(void **context)
{
    struct fixture *f = *context;
    struct dead_prop *list = NULL;
    const char *value;
    size_t len;
    props_set(f->pool, &list, "urn:x", "b", "<b/>");
    props_set(f->pool, &list, "urn:y", "c", "<c/>");
    props_serialize(f->pool, list, &value, &len);
    for (size_t cut = 1; cut < len; cut++) {
        char *part = malloc(cut); /* so that a sanitizer sees a step too far */
        memcpy(part, value, cut);
        assert_int_equal(fs_set_attr(f->dir, "", part, cut), 0);
        free(part);
        int error = load(f, &list);
        if (error != EIO)
            assert_true(error == 0 &&
                        (cut == 1 || cut == 1 + sizeof("urn:x") + sizeof("b") + sizeof("<b/>")));
    }
}

/* ---- live properties ---- */

static const struct fs_stat a_file = { .type = FS_FILE,
                                       .mode = 0640,
                                       .size = 1234567890123,
                                       .mtime_ns = INT64_C(784111777123456789),
                                       .btime_ns = INT64_C(784111000000000000) };
static const struct fs_stat a_collection = { .type = FS_DIR, .mode = 0755 };

static const char *written(struct fixture *f, enum live_prop prop, const char *path, const struct fs_stat *st,
                           const struct lock *locks)
{
    struct prop_subject subject = {
        .dav = &f->dav, .path = path, .name = path_name(path), .st = st, .locks = locks
    };
    buffer_clear(&f->out);
    bool has = props_write_live(prop, &subject, &f->out);
    if (!has)
        assert_int_equal(f->out.size, 0);
    return has ? apr_pstrmemdup(f->pool, f->out.data, f->out.size) : "(none)";
}

static void live_properties_are_written_as_the_table_says(void **context)
{
    static const struct {
        enum live_prop prop;
        const struct fs_stat *st;
        const char *path, *expected;
    } rows[] = {
        { LIVE_CREATIONDATE, &a_file, "f", "<D:creationdate>1994-11-06T08:36:40Z</D:creationdate>" },
        { LIVE_GETLASTMODIFIED, &a_file, "f",
          "<D:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</D:getlastmodified>" },
        { LIVE_DISPLAYNAME, &a_file, "d/a & <b>", "<D:displayname>a &amp; &lt;b&gt;</D:displayname>" },
        { LIVE_DISPLAYNAME, &a_file, "x\xff", "<D:displayname>x\xEF\xBF\xBD</D:displayname>" },
        { LIVE_DISPLAYNAME, &a_collection, "", "<D:displayname>/</D:displayname>" },
        { LIVE_GETCONTENTLENGTH, &a_file, "f", "<D:getcontentlength>1234567890123</D:getcontentlength>" },
        { LIVE_GETCONTENTLENGTH, &a_collection, "f", "(none)" },
        { LIVE_GETCONTENTTYPE, &a_file, "f",
          "<D:getcontenttype>application/octet-stream</D:getcontenttype>" },
        { LIVE_GETCONTENTTYPE, &a_collection, "f",
          "<D:getcontenttype>httpd/unix-directory</D:getcontenttype>" },
        { LIVE_RESOURCETYPE, &a_file, "f", "<D:resourcetype/>" },
        { LIVE_RESOURCETYPE, &a_collection, "f", "<D:resourcetype><D:collection/></D:resourcetype>" },
        { LIVE_LOCKDISCOVERY, &a_file, "f", "<D:lockdiscovery/>" },
        { LIVE_SUPPORTEDLOCK, &a_file, "f",
          "<D:supportedlock><D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/>"
          "</D:locktype></D:lockentry><D:lockentry><D:lockscope><D:shared/></D:lockscope><D:locktype>"
          "<D:write/></D:locktype></D:lockentry></D:supportedlock>" },
        { LIVE_QUOTA_USED, &a_file, "", "(none)" },
        { LIVE_EXECUTABLE, &a_file, "f",
          "<A:executable xmlns:A=\"http://apache.org/dav/props/\">F</A:executable>" },
        { LIVE_EXECUTABLE, &a_collection, "f", "(none)" },
    };
    struct fixture *f = *context;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(written(f, rows[i].prop, rows[i].path, rows[i].st, NULL), rows[i].expected);
}

static void the_etag_is_the_one_of_get(void **context)
{
    struct fixture *f = *context;
    char etag[ETAG_SIZE];
    etag_format(&a_file, etag);
    const char *expected = apr_pstrcat(f->pool, "<D:getetag>", etag, "</D:getetag>", NULL);
    assert_string_equal(written(f, LIVE_GETETAG, "f", &a_file, NULL), expected);
}

static void a_collection_tells_its_quota_in_bytes(void **context)
{
    struct fixture *f = *context;
    const char *text = written(f, LIVE_QUOTA_AVAILABLE, "", &a_collection, NULL);
    assert_true(strncmp(text, "<D:quota-available-bytes>", 25) == 0);
    assert_true(strtoull(text + 25, NULL, 10) > 0);
    text = written(f, LIVE_QUOTA_USED, "", &a_collection, NULL);
    assert_true(strncmp(text, "<D:quota-used-bytes>", 20) == 0);
}

static void an_executable_is_one_for_anybody(void **context)
{
    struct fixture *f = *context;
    struct fs_stat st = a_file;
    for (unsigned bit = 0; bit < 9; bit++) {
        st.mode = 1u << bit;
        bool is_exec = strstr(written(f, LIVE_EXECUTABLE, "f", &st, NULL), ">T<") != NULL;
        assert_int_equal(is_exec, bit % 3 == 0);
    }
}

static void a_lock_is_discovered_whole(void **context)
{
    struct fixture *f = *context;
    struct lock above = { .token = "opaquelocktoken:2",
                          .root = "",
                          .user = "bob",
                          .owner = "",
                          .deep = true,
                          .expires_ns = INT64_MAX,
                          .timeout_s = INT64_MAX };
    struct lock own = { .token = "opaquelocktoken:1",
                        .root = "a b",
                        .user = "ann",
                        .owner = "<X:me xmlns:X=\"urn:x\"/>",
                        .exclusive = true,
                        .expires_ns = locks_now() + INT64_C(99500000000),
                        .timeout_s = 100,
                        .next = &above };
    assert_string_equal(
        written(f, LIVE_LOCKDISCOVERY, "a b", &a_collection, &own),
        "<D:lockdiscovery>"
        "<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:exclusive/></D:lockscope>"
        "<D:depth>0</D:depth><D:owner><X:me xmlns:X=\"urn:x\"/></D:owner><D:timeout>Second-100</D:timeout>"
        "<D:locktoken><D:href>opaquelocktoken:1</D:href></D:locktoken>"
        "<D:lockroot><D:href>/a%20b/</D:href></D:lockroot></D:activelock>"
        "<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:shared/></D:lockscope>"
        "<D:depth>infinity</D:depth><D:timeout>Infinite</D:timeout>"
        "<D:locktoken><D:href>opaquelocktoken:2</D:href></D:locktoken>"
        "<D:lockroot><D:href>/</D:href></D:lockroot></D:activelock></D:lockdiscovery>");
    assert_non_null(strstr(written(f, LIVE_LOCKDISCOVERY, "a b", &a_file, &own), "<D:href>/a%20b</D:href>"));
}

static void names_are_found_by_namespace_and_name(void **context)
{
    struct fixture *f = *context;
    assert_int_equal(props_live("DAV:", "getetag"), LIVE_GETETAG);
    assert_int_equal(props_live("http://apache.org/dav/props/", "executable"), LIVE_EXECUTABLE);
    assert_int_equal(props_live("", "getetag"), LIVE_NONE);
    assert_int_equal(props_live("DAV:", "executable"), LIVE_NONE);
    assert_int_equal(props_live("DAV:", ""), LIVE_NONE);
    assert_int_equal(props_live("", ""), LIVE_NONE);
    for (int prop = LIVE_NONE + 1; prop < LIVE_COUNT; prop++) {
        buffer_clear(&f->out);
        props_write_name((enum live_prop)prop, &f->out);
        assert_memory_equal(f->out.data + f->out.size - 2, "/>", 2);
        assert_true(props_applies((enum live_prop)prop, &a_file) ||
                    props_applies((enum live_prop)prop, &a_collection));
    }
}

static void allprop_is_all_but_quota_checksums_and_privileges(void **context)
{
    (void)context;
    for (int prop = LIVE_NONE + 1; prop < LIVE_COUNT; prop++)
        assert_int_equal(props_is_in_allprop((enum live_prop)prop),
                         prop != LIVE_QUOTA_AVAILABLE && prop != LIVE_QUOTA_USED && prop != LIVE_CHECKSUMS &&
                             prop != LIVE_PRIVILEGES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_comes_back_as_it_was_stored),
        TEST(setting_replaces_in_place_and_removing_takes_one_name),
        TEST(an_empty_list_leaves_nothing_on_disk),
        TEST(a_list_over_the_bound_is_refused),
        TEST(damaged_values_are_an_error),
        TEST(what_was_stored_may_be_cut_anywhere_without_harm),
        TEST(live_properties_are_written_as_the_table_says),
        TEST(the_etag_is_the_one_of_get),
        TEST(a_collection_tells_its_quota_in_bytes),
        TEST(an_executable_is_one_for_anybody),
        TEST(a_lock_is_discovered_whole),
        TEST(names_are_found_by_namespace_and_name),
        TEST(allprop_is_all_but_quota_checksums_and_privileges),
    };
    return cmocka_run_group_tests_name("props", tests, NULL, NULL);
}
