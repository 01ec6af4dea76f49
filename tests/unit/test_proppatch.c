/*
 * PROPPATCH, as requests to a server over a real folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/exchange.h"
#include "tests/support/multistatus_reader.h"
#include "webdav/props.h"

#define NS                                                                                                   \
    "xmlns:D=\"DAV:\" xmlns:x=\"urn:x\" xmlns:A=\"http://apache.org/dav/props/\" "                           \
    "xmlns:W=\"urn:schemas-microsoft-com:\""
#define UPDATE(in) "<D:propertyupdate " NS ">" in "</D:propertyupdate>"
#define SET(in)    "<D:set><D:prop>" in "</D:prop></D:set>"
#define REMOVE(in) "<D:remove><D:prop>" in "</D:prop></D:remove>"
#define APACHE     "http://apache.org/dav/props/"
#define WIN32      "urn:schemas-microsoft-com:"
#define A_DATE     "Sun, 06 Nov 1994 08:49:37 GMT"
#define A_TIME     784111777

static int setup(void **context)
{
    struct exchange *x = exchange_open(NULL);
    exchange_write(x, "f", "hello");
    exchange_mkdir(x, "d");
    *context = x;
    return 0;
}

static int teardown(void **context)
{
    exchange_close(*context);
    return 0;
}

static const struct answer *patch(struct exchange *x, const char *target, const char *body)
{
    return exchange(x, "PROPPATCH", target, NULL, body);
}

/* Named by a PROPFIND of its own. */
static const struct answer *ask(struct exchange *x, const char *target, const char *names)
{
    const char *body =
        apr_pstrcat(x->pool, "<D:propfind " NS "><D:prop>", names, "</D:prop></D:propfind>", NULL);
    return exchange(x, "PROPFIND", target, "Depth: 0", body);
}

static struct stat stat_of(struct exchange *x, const char *path)
{
    struct stat st;
    assert_int_equal(stat(apr_pstrcat(x->pool, x->root, "/", path, NULL), &st), 0);
    return st;
}

/* ---- dead properties ---- */

static void what_is_set_is_found_again(void **context)
{
    struct exchange *x = *context;
    const struct answer *a = patch(x, "/f", UPDATE(SET("<x:color>red</x:color><x:size>7</x:size>")));
    assert_int_equal(a->status, 207);
    assert_string_equal(answer_header(a, "Content-Type"), "application/xml; charset=utf-8");
    assert_int_equal(prop_status(a, "/f", "urn:x", "color"), 200);
    assert_int_equal(prop_status(a, "/f", "urn:x", "size"), 200);
    a = ask(x, "/f", "<x:color/><x:size/><x:other/>");
    assert_string_equal(prop_text(a, "/f", "urn:x", "color"), "red");
    assert_string_equal(prop_text(a, "/f", "urn:x", "size"), "7");
    assert_int_equal(prop_status(a, "/f", "urn:x", "other"), 404);
}

static void collections_and_the_root_have_properties_too(void **context)
{
    struct exchange *x = *context;
    const char *const targets[] = { "/", "/d/" };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            prop_status(patch(x, targets[i], UPDATE(SET("<x:p>v</x:p>"))), targets[i], "urn:x", "p"), 200);
        assert_string_equal(prop_text(ask(x, targets[i], "<x:p/>"), targets[i], "urn:x", "p"), "v");
    }
}

static void a_value_comes_back_as_it_was_written(void **context)
{
    struct exchange *x = *context;
    patch(x, "/f",
          "<D:propertyupdate xmlns:D=\"DAV:\" xml:lang=\"de\"><D:set><D:prop xmlns:q=\"urn:q\">"
          "<q:note>  a <b xmlns=\"urn:b\" q:k=\"&lt;&quot;\"/> &amp; \xC3\xBC\n\t<q:i/> "
          "</q:note></D:prop></D:set>"
          "</D:propertyupdate>");
    const struct answer *a = ask(x, "/f", "<q:note xmlns:q=\"urn:q\"/>");
    int status;
    const struct xml_element *note = prop_of(a, "/f", "urn:q", "note", &status);
    assert_int_equal(status, 200);
    assert_string_equal(note->text, "  a  & \xC3\xBC\n\t ");
    assert_string_equal(note->lang, "de");
    assert_string_equal(note->first->ns, "urn:b");
    assert_string_equal(note->first->next->ns, "urn:q");
}

static void instructions_are_followed_in_document_order(void **context)
{
    struct exchange *x = *context;
    patch(x, "/f", UPDATE(SET("<x:a>1</x:a>") REMOVE("<x:a/>")));
    assert_int_equal(prop_status(ask(x, "/f", "<x:a/>"), "/f", "urn:x", "a"), 404);
    const struct answer *a = patch(x, "/f", UPDATE(REMOVE("<x:a/>") SET("<x:a>2</x:a>") SET("<x:a>3</x:a>")));
    assert_int_equal(prop_status(a, "/f", "urn:x", "a"), 200); /* told once: the reader fails on doubles */
    assert_string_equal(prop_text(ask(x, "/f", "<x:a/>"), "/f", "urn:x", "a"), "3");
}

static void removing_what_is_not_there_succeeds(void **context)
{
    struct exchange *x = *context;
    for (int i = 0; i < 2; i++)
        assert_int_equal(prop_status(patch(x, "/f", UPDATE(REMOVE("<x:no/>"))), "/f", "urn:x", "no"), 200);
}

static void a_property_without_namespace_is_one_too(void **context)
{
    struct exchange *x = *context;
    patch(x, "/f", UPDATE(SET("<p xmlns=\"\">bare</p><x:p>other</x:p>")));
    assert_string_equal(prop_text(ask(x, "/f", "<p xmlns=\"\"/>"), "/f", "", "p"), "bare");
}

static void many_properties_keep_their_namespaces_apart(void **context)
{
    struct exchange *x = *context;
    for (int i = 0; i < 30; i++) {
        const char *one = apr_psprintf(x->pool, UPDATE(SET("<y:p xmlns:y=\"urn:n%d\">%d</y:p>")), i, i);
        assert_int_equal(patch(x, "/f", one)->status, 207);
    }
    for (int i = 0; i < 30; i++) {
        const char *ns = apr_psprintf(x->pool, "urn:n%d", i);
        const struct answer *a = ask(x, "/f", apr_psprintf(x->pool, "<y:p xmlns:y=\"%s\"/>", ns));
        assert_int_equal(atoi(prop_text(a, "/f", ns, "p")), i);
    }
}

static void properties_set_through_a_link_belong_to_what_it_leads_to(void **context)
{
    struct exchange *x = *context;
    exchange_symlink(x, "f", "link");
    patch(x, "/link", UPDATE(SET("<x:p>v</x:p>")));
    assert_string_equal(prop_text(ask(x, "/f", "<x:p/>"), "/f", "urn:x", "p"), "v");
}

/* ---- all or nothing ---- */

static void one_refusal_leaves_everything_as_it_was(void **context)
{
    struct exchange *x = *context;
    patch(x, "/f", UPDATE(SET("<x:old>1</x:old>")));
    time_t before = stat_of(x, "f").st_mtime;
    const struct answer *a =
        patch(x, "/f",
              UPDATE(SET("<x:new>2</x:new><D:getlastmodified>" A_DATE "</D:getlastmodified>")
                         REMOVE("<x:old/>") SET("<D:getetag>\"mine\"</D:getetag>")));
    assert_int_equal(prop_status(a, "/f", "DAV:", "getetag"), 403);
    assert_non_null(strstr(a->body, "<D:cannot-modify-protected-property/>"));
    assert_int_equal(prop_status(a, "/f", "urn:x", "new"), 424);
    assert_int_equal(prop_status(a, "/f", "urn:x", "old"), 424);
    assert_int_equal(prop_status(a, "/f", "DAV:", "getlastmodified"), 424);
    a = ask(x, "/f", "<x:new/><x:old/>");
    assert_int_equal(prop_status(a, "/f", "urn:x", "new"), 404);
    assert_int_equal(prop_status(a, "/f", "urn:x", "old"), 200);
    assert_int_equal(stat_of(x, "f").st_mtime, before);
}

static void protected_properties_are_refused(void **context)
{
    static const char *const names[] = { "creationdate",  "getcontentlength", "getcontenttype",
                                         "getetag",       "lockdiscovery",    "resourcetype",
                                         "supportedlock", "quota-used-bytes", "quota-available-bytes" };
    struct exchange *x = *context;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *body[] = { apr_psprintf(x->pool, UPDATE(SET("<D:%s>1</D:%s>")), names[i], names[i]),
                               apr_psprintf(x->pool, UPDATE(REMOVE("<D:%s/>")), names[i]) };
        for (int j = 0; j < 2; j++)
            assert_int_equal(prop_status(patch(x, "/f", body[j]), "/f", "DAV:", names[i]), 403);
    }
}

static void a_property_named_twice_is_told_with_its_failure(void **context)
{
    struct exchange *x = *context;
    const struct answer *a = patch(
        x, "/f",
        UPDATE(SET("<D:getlastmodified>" A_DATE "</D:getlastmodified>") REMOVE("<D:getlastmodified/>")));
    assert_int_equal(prop_status(a, "/f", "DAV:", "getlastmodified"), 403);
}

static void what_does_not_fit_is_507_and_changes_nothing(void **context)
{
    struct exchange *x = *context;
    char *large = apr_pcalloc(x->pool, PROPS_MAX / 2 + 1);
    memset(large, 'x', PROPS_MAX / 2);
    patch(x, "/f", UPDATE(SET("<x:old>1</x:old>")));
    patch(x, "/f", apr_psprintf(x->pool, UPDATE(SET("<x:half>%s</x:half>")), large));
    const char *body =
        apr_pstrcat(x->pool, "<D:propertyupdate " NS "><D:set><D:prop><x:big>", large,
                    "</x:big></D:prop></D:set>" REMOVE("<x:old/>") "</D:propertyupdate>", NULL);
    const struct answer *a = patch(x, "/f", body);
    assert_int_equal(prop_status(a, "/f", "urn:x", "big"), 507);
    assert_int_equal(prop_status(a, "/f", "urn:x", "old"), 424);
    assert_int_equal(prop_status(ask(x, "/f", "<x:old/>"), "/f", "urn:x", "old"), 200);
}

static void a_damaged_set_of_properties_is_not_overwritten(void **context)
{
    struct exchange *x = *context;
    struct fs_dir *dir;
    char value[16];
    size_t len;
    assert_int_equal(fs_dir_open(x->fs, "", &dir), 0);
    assert_int_equal(fs_set_attr(dir, "f", "garbage", 7), 0);
    assert_int_equal(patch(x, "/f", UPDATE(SET("<x:p>v</x:p>")))->status, 500);
    assert_int_equal(fs_get_attr(dir, "f", value, sizeof(value), &len), 0);
    assert_memory_equal(value, "garbage", 7);
    fs_dir_close(dir);
}

static int read_only(struct fs_dir *dir, const char *name, const struct fs_meta *meta)
{
    (void)dir, (void)name, (void)meta;
    return EROFS;
}

static void a_time_that_cannot_be_set_takes_the_properties_back(void **context)
{
    struct exchange *x = *context;
    const struct fs_ops *sound = x->fs->ops;
    struct fs_ops failing = *sound;
    patch(x, "/f", UPDATE(SET("<x:old>1</x:old>")));
    failing.set_meta = read_only;
    x->fs->ops = &failing;
    const struct answer *a = patch(
        x, "/f",
        UPDATE(SET("<x:old>2</x:old><x:new>3</x:new><D:getlastmodified>" A_DATE "</D:getlastmodified>")));
    x->fs->ops = sound;
    assert_int_not_equal(a->status, 207);
    a = ask(x, "/f", "<x:old/><x:new/>");
    assert_string_equal(prop_text(a, "/f", "urn:x", "old"), "1");
    assert_int_equal(prop_status(a, "/f", "urn:x", "new"), 404);
}

static unsigned writes;

static int count_write(struct fs_dir *dir, const char *name, const void *value, size_t len)
{
    (void)dir, (void)name, (void)value, (void)len;
    writes++;
    return EIO;
}

static void what_changes_nothing_is_not_written(void **context)
{
    struct exchange *x = *context;
    const struct fs_ops *sound = x->fs->ops;
    struct fs_ops counting = *sound;
    patch(x, "/f", UPDATE(SET("<x:p>1</x:p>")));
    counting.set_attr = count_write;
    writes = 0;
    x->fs->ops = &counting;
    assert_int_equal(prop_status(patch(x, "/f", UPDATE(SET("<x:p>1</x:p>"))), "/f", "urn:x", "p"), 200);
    assert_int_equal(prop_status(patch(x, "/f", UPDATE(REMOVE("<x:q/>"))), "/f", "urn:x", "q"), 200);
    assert_int_equal(patch(x, "/f", UPDATE(SET("<A:executable>T</A:executable>")))->status, 207);
    assert_int_equal(writes, 0);
    assert_int_equal(patch(x, "/f", UPDATE(SET("<x:p>2</x:p>")))->status, 500);
    assert_int_equal(writes, 1);
    x->fs->ops = sound;
}

static unsigned syncs;

static int count_sync(struct fs_dir *dir)
{
    (void)dir;
    syncs++;
    return syncs == 2 ? EIO : 0;
}

static void on_a_durable_server_success_means_on_disk(void **context)
{
    struct exchange *x = *context;
    const struct fs_ops *sound = x->fs->ops;
    struct fs_ops counting = *sound;
    counting.dir_sync = count_sync;
    syncs = 0;
    x->fs->ops = &counting;
    x->fs->durable = true;
    assert_int_equal(patch(x, "/d", UPDATE(SET("<x:p>1</x:p>")))->status, 207);
    assert_int_equal(syncs, 1);
    assert_int_equal(patch(x, "/d", UPDATE(SET("<x:p>2</x:p>")))->status, 500);
    assert_int_equal(patch(x, "/f", UPDATE(SET("<x:p>1</x:p>")))->status, 207);
    x->fs->ops = sound;
}

/* ---- live properties that can be set ---- */

static void the_modification_time_can_be_set(void **context)
{
    struct exchange *x = *context;
    const struct answer *a =
        patch(x, "/f", UPDATE(SET("<D:getlastmodified> " A_DATE "\n</D:getlastmodified>")));
    assert_int_equal(prop_status(a, "/f", "DAV:", "getlastmodified"), 200);
    assert_int_equal(stat_of(x, "f").st_mtime, A_TIME);
    assert_string_equal(prop_text(ask(x, "/f", "<D:getlastmodified/>"), "/f", "DAV:", "getlastmodified"),
                        A_DATE);
    a = patch(x, "/f", UPDATE(SET("<D:getlastmodified>yesterday</D:getlastmodified>")));
    assert_int_equal(prop_status(a, "/f", "DAV:", "getlastmodified"), 409);
    assert_int_equal(stat_of(x, "f").st_mtime, A_TIME);
}

static void executable_sets_x_where_r_is(void **context)
{
    struct exchange *x = *context;
    const char *path = apr_pstrcat(x->pool, x->root, "/f", NULL);
    assert_int_equal(chmod(path, 0640), 0);
    const struct answer *a = patch(x, "/f", UPDATE(SET("<A:executable>T</A:executable>")));
    assert_int_equal(prop_status(a, "/f", APACHE, "executable"), 200);
    assert_int_equal(stat_of(x, "f").st_mode & 07777, 0750);
    assert_string_equal(prop_text(ask(x, "/f", "<A:executable/>"), "/f", APACHE, "executable"), "T");
    patch(x, "/f", UPDATE(SET("<A:executable>F</A:executable>")));
    assert_int_equal(stat_of(x, "f").st_mode & 07777, 0640);
    a = patch(x, "/f", UPDATE(SET("<A:executable>yes</A:executable>")));
    assert_int_equal(prop_status(a, "/f", APACHE, "executable"), 409);
    a = patch(x, "/d/", UPDATE(SET("<A:executable>T</A:executable>")));
    assert_int_equal(prop_status(a, "/d/", APACHE, "executable"), 409);
}

static void a_display_name_goes_before_the_name_until_it_is_removed(void **context)
{
    struct exchange *x = *context;
    patch(x, "/f", UPDATE(SET("<D:displayname>A &amp; B</D:displayname>")));
    assert_string_equal(prop_text(ask(x, "/f", "<D:displayname/>"), "/f", "DAV:", "displayname"), "A & B");
    const struct answer *a = exchange(x, "PROPFIND", "/f", "Depth: 0", NULL);
    assert_string_equal(prop_text(a, "/f", "DAV:", "displayname"), "A & B");
    patch(x, "/f", UPDATE(REMOVE("<D:displayname/>")));
    assert_string_equal(prop_text(ask(x, "/f", "<D:displayname/>"), "/f", "DAV:", "displayname"), "f");
}

static void windows_finds_its_four_properties_again_and_its_times_are_applied(void **context)
{
    static const char *const names[] = { "Win32CreationTime", "Win32LastAccessTime", "Win32LastModifiedTime",
                                         "Win32FileAttributes" };
    struct exchange *x = *context;
    const struct answer *a =
        patch(x, "/f",
              UPDATE(SET("<W:Win32CreationTime>" A_DATE "</W:Win32CreationTime>"
                         "<W:Win32LastAccessTime>Sun, 06 Nov 1994 08:49:38 GMT</W:Win32LastAccessTime>"
                         "<W:Win32LastModifiedTime>" A_DATE "</W:Win32LastModifiedTime>"
                         "<W:Win32FileAttributes>00000020</W:Win32FileAttributes>")));
    struct stat st = stat_of(x, "f");
    assert_int_equal(st.st_mtime, A_TIME);
    assert_int_equal(st.st_atime, A_TIME + 1);
    const struct answer *found = exchange(x, "PROPFIND", "/f", "Depth: 0", NULL);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(prop_status(a, "/f", WIN32, names[i]), 200);
        assert_non_null(prop_text(found, "/f", WIN32, names[i]));
    }
    assert_string_equal(prop_text(found, "/f", WIN32, "Win32FileAttributes"), "00000020");
}

static void a_windows_time_that_we_cannot_read_is_kept_all_the_same(void **context)
{
    struct exchange *x = *context;
    time_t before = stat_of(x, "f").st_mtime;
    patch(x, "/f", UPDATE(SET("<W:Win32LastModifiedTime>soon</W:Win32LastModifiedTime>")));
    const struct answer *a = ask(x, "/f", "<W:Win32LastModifiedTime/>");
    assert_string_equal(prop_text(a, "/f", WIN32, "Win32LastModifiedTime"), "soon");
    assert_int_equal(stat_of(x, "f").st_mtime, before);
}

/* ---- requests that are refused as a whole ---- */

static void bodies_that_make_no_sense_are_refused(void **context)
{
    static const struct {
        const char *body;
        int status;
    } rows[] = {
        { "", 400 },
        { "garbage", 400 },
        { UPDATE(""), 400 },
        { UPDATE("<D:set/><D:remove><D:prop/></D:remove>"), 400 },
        { "<D:propfind xmlns:D=\"DAV:\"/>", 400 },
        { UPDATE(SET("<u:p/>")), 400 },
        { "<!DOCTYPE a><a/>", 403 },
    };
    struct exchange *x = *context;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct answer *a = patch(x, "/f", rows[i].body);
        if (a->status != rows[i].status)
            fail_msg("%s: %d", rows[i].body, a->status);
    }
}

static void conditions_are_checked_before_the_body_is_read(void **context)
{
    struct exchange *x = *context;
    const char *body = UPDATE(SET("<x:p>v</x:p>"));
    const struct answer *a = patch(x, "/nothing", body);
    assert_int_equal(a->status, 404);
    assert_true(a->early);
    a = exchange(x, "PROPPATCH", "/f", "If-Match: \"other\"", body);
    assert_int_equal(a->status, 412);
    assert_true(a->early);
    assert_int_equal(exchange(x, "PROPPATCH", "/f", "If-Match: *", body)->status, 207);
}

/* The answer repeats them, and there is none to give once they are set. */
static void names_that_would_fill_the_answer_are_413(void **context)
{
    struct exchange *x = *context;
    struct buffer body;
    buffer_init(&body, 1 << 20);
    buffer_puts(&body, "<propertyupdate xmlns='DAV:' xmlns:a='u:");
    for (unsigned i = 0; i < 2000; i++)
        buffer_puts(&body, "A");
    buffer_puts(&body, "'><set><prop><z xmlns='u:z'>1</z></prop></set><remove><prop>");
    for (unsigned i = 0; i < 3000; i++)
        buffer_printf(&body, "<a:b%u/>", i);
    buffer_append(&body, "</prop></remove></propertyupdate>", sizeof("</prop></remove></propertyupdate>"));
    const struct answer *a = patch(x, "/f", body.data);
    buffer_release(&body);
    assert_int_equal(a->status, 413);
    assert_int_equal(prop_status(ask(x, "/f", "<z xmlns=\"u:z\"/>"), "/f", "u:z", "z"), 404);
}

static void elements_that_we_do_not_know_are_passed_over(void **context)
{
    struct exchange *x = *context;
    const struct answer *a =
        patch(x, "/f", UPDATE("<x:new/>" SET("<x:p>v</x:p>") "<D:later><D:prop><x:q/></D:prop></D:later>"));
    assert_int_equal(prop_status(a, "/f", "urn:x", "p"), 200);
    assert_int_equal(prop_status(a, "/f", "urn:x", "q"), 0);
}

/* ---- at once ---- */

enum { THREADS = 8, ROUNDS = 6 }; /* what ext4 holds in one attribute is 4 KiB */

struct worker {
    struct exchange *x;
    int number, errors;
};

static void *patch_many(void *arg)
{
    struct worker *worker = arg;
    for (int i = 0; i < ROUNDS; i++) {
        char body[512];
        snprintf(body, sizeof(body), UPDATE(SET("<x:p%d-%d>v</x:p%d-%d>")), worker->number, i, worker->number,
                 i);
        const struct answer *a = patch(worker->x, "/f", body);
        worker->errors += a->status != 207 || !strstr(a->body, "HTTP/1.1 200 OK");
    }
    return NULL;
}

static void no_property_is_lost_when_many_are_set_at_once(void **context)
{
    struct exchange *x = *context;
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .x = x, .number = i };
        pthread_create(&threads[i], NULL, patch_many, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(workers[i].errors, 0);
    const struct answer *a = exchange(x, "PROPFIND", "/f", "Depth: 0", NULL);
    for (int i = 0; i < THREADS * ROUNDS; i++) {
        const char *name = apr_psprintf(x->pool, "p%d-%d", i / ROUNDS, i % ROUNDS);
        assert_int_equal(prop_status(a, "/f", "urn:x", name), 200);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_set_is_found_again),
        TEST(collections_and_the_root_have_properties_too),
        TEST(a_value_comes_back_as_it_was_written),
        TEST(instructions_are_followed_in_document_order),
        TEST(removing_what_is_not_there_succeeds),
        TEST(a_property_without_namespace_is_one_too),
        TEST(many_properties_keep_their_namespaces_apart),
        TEST(properties_set_through_a_link_belong_to_what_it_leads_to),
        TEST(one_refusal_leaves_everything_as_it_was),
        TEST(protected_properties_are_refused),
        TEST(a_property_named_twice_is_told_with_its_failure),
        TEST(what_does_not_fit_is_507_and_changes_nothing),
        TEST(a_damaged_set_of_properties_is_not_overwritten),
        TEST(a_time_that_cannot_be_set_takes_the_properties_back),
        TEST(what_changes_nothing_is_not_written),
        TEST(on_a_durable_server_success_means_on_disk),
        TEST(the_modification_time_can_be_set),
        TEST(executable_sets_x_where_r_is),
        TEST(a_display_name_goes_before_the_name_until_it_is_removed),
        TEST(windows_finds_its_four_properties_again_and_its_times_are_applied),
        TEST(a_windows_time_that_we_cannot_read_is_kept_all_the_same),
        TEST(bodies_that_make_no_sense_are_refused),
        TEST(conditions_are_checked_before_the_body_is_read),
        TEST(names_that_would_fill_the_answer_are_413),
        TEST(elements_that_we_do_not_know_are_passed_over),
        TEST(no_property_is_lost_when_many_are_set_at_once),
    };
    return cmocka_run_group_tests_name("proppatch", tests, NULL, NULL);
}
