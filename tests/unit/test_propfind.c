/*
 * PROPFIND, as requests to a server over a real folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <apr_strings.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/exchange.h"
#include "tests/support/multistatus_reader.h"
#include "webdav/locks.h"
#include "webdav/multistatus.h"

#define BODY(inner)    "<?xml version=\"1.0\"?><D:propfind xmlns:D=\"DAV:\">" inner "</D:propfind>"
#define PROP(inner)    BODY("<D:prop xmlns:x=\"urn:x\">" inner "</D:prop>")
#define LOCKS_PER_ROOT 100
#define ALLPROP        BODY("<D:allprop/>")
#define SET(inner)                                                                                           \
    "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:set><D:prop>" inner                             \
    "</D:prop></D:set></D:propertyupdate>"

static int setup(void **context)
{
    *context = exchange_open(NULL);
    return 0;
}

static int teardown(void **context)
{
    exchange_close(*context);
    return 0;
}

static const struct answer *propfind(struct exchange *x, const char *target, const char *depth,
                                     const char *body)
{
    return exchange(x, "PROPFIND", target, apr_pstrcat(x->pool, "Depth: ", depth, NULL), body);
}

static void proppatch(struct exchange *x, const char *target, const char *body)
{
    assert_int_equal(exchange(x, "PROPPATCH", target, NULL, body)->status, 207);
}

/* ---- what is asked ---- */

static void named_properties_are_answered_and_unknown_ones_are_404(void **context)
{
    struct exchange *x = *context;
    exchange_write(x, "a.txt", "hello");
    const struct answer *a =
        propfind(x, "/a.txt", "0", PROP("<D:getcontentlength/><D:resourcetype/><x:y/><D:z/>"));
    assert_int_equal(a->status, 207);
    assert_string_equal(answer_header(a, "Content-Type"), "application/xml; charset=utf-8");
    assert_int_equal(response_count(a), 1);
    assert_string_equal(prop_text(a, "/a.txt", "DAV:", "getcontentlength"), "5");
    assert_int_equal(prop_status(a, "/a.txt", "DAV:", "resourcetype"), 200);
    assert_int_equal(prop_status(a, "/a.txt", "urn:x", "y"), 404);
    assert_int_equal(prop_status(a, "/a.txt", "DAV:", "z"), 404);
    assert_int_equal(prop_status(a, "/a.txt", "DAV:", "getetag"), 0);
}

static void a_property_asked_for_twice_is_answered_once(void **context)
{
    struct exchange *x = *context;
    const struct answer *a = propfind(x, "/", "0", PROP("<D:getetag/><x:y/><D:getetag/><x:y/>"));
    assert_int_equal(prop_status(a, "/", "DAV:", "getetag"), 200); /* the reader fails on doubles */
    assert_int_equal(prop_status(a, "/", "urn:x", "y"), 404);
}

static void an_empty_body_means_allprop(void **context)
{
    struct exchange *x = *context;
    exchange_write(x, "a", "hello");
    proppatch(x, "/a", SET("<x:color>red</x:color>"));
    const struct answer *all[] = { exchange(x, "PROPFIND", "/a", "Depth: 0", NULL),
                                   propfind(x, "/a", "0", ALLPROP) };
    for (int i = 0; i < 2; i++) {
        static const char *const live[] = { "creationdate",   "displayname",  "getcontentlength",
                                            "getcontenttype", "getetag",      "getlastmodified",
                                            "lockdiscovery",  "resourcetype", "supportedlock" };
        for (size_t j = 0; j < sizeof(live) / sizeof(live[0]); j++)
            assert_int_equal(prop_status(all[i], "/a", "DAV:", live[j]), 200);
        assert_int_equal(prop_status(all[i], "/a", "DAV:", "quota-used-bytes"), 0);
        assert_string_equal(prop_text(all[i], "/a", "urn:x", "color"), "red");
    }
}

static void allprop_does_not_miss_what_a_collection_cannot_have(void **context)
{
    struct exchange *x = *context;
    const struct answer *a = propfind(x, "/", "0", ALLPROP);
    assert_int_equal(prop_status(a, "/", "DAV:", "getcontentlength"), 0);
    assert_null(strstr(a->body, " 404 "));
}

static void allprop_with_include_adds_what_is_named(void **context)
{
    struct exchange *x = *context;
    proppatch(x, "/", SET("<x:color>red</x:color>"));
    const struct answer *a =
        propfind(x, "/", "0",
                 BODY("<D:allprop/><D:include "
                      "xmlns:x=\"urn:x\"><D:quota-used-bytes/><D:getetag/><x:color/><x:no/></D:include>"));
    assert_int_equal(prop_status(a, "/", "DAV:", "quota-used-bytes"), 200);
    assert_int_equal(prop_status(a, "/", "DAV:", "getetag"), 200);
    assert_int_equal(prop_status(a, "/", "DAV:", "resourcetype"), 200);
    assert_int_equal(prop_status(a, "/", "urn:x", "color"), 200);
    assert_int_equal(prop_status(a, "/", "urn:x", "no"), 404);
}

static void propname_lists_names_without_values(void **context)
{
    struct exchange *x = *context;
    exchange_write(x, "a", "hello");
    proppatch(x, "/a", SET("<x:color>red</x:color><D:displayname>other</D:displayname>"));
    const struct answer *a = propfind(x, "/a", "0", BODY("<D:propname/>"));
    assert_string_equal(prop_text(a, "/a", "DAV:", "getcontentlength"), "");
    assert_string_equal(prop_text(a, "/a", "DAV:", "displayname"), "");
    assert_string_equal(prop_text(a, "/a", "urn:x", "color"), "");
    assert_int_equal(prop_status(a, "/a", "DAV:", "quota-used-bytes"), 0);
}

static void elements_that_we_do_not_know_are_passed_over(void **context)
{
    struct exchange *x = *context;
    const struct answer *a =
        propfind(x, "/", "0",
                 BODY("<x:new xmlns:x=\"urn:x\"><D:prop/></x:new><D:prop><D:getetag/></D:prop><D:limit/>"));
    assert_int_equal(prop_status(a, "/", "DAV:", "getetag"), 200);
}

static void bodies_that_make_no_sense_are_refused(void **context)
{
    static const struct {
        const char *body;
        int status;
    } rows[] = {
        { "<D:propfind xmlns:D=\"DAV:\">", 400 },
        { "garbage", 400 },
        { BODY(""), 400 },
        { BODY("<D:prop/><D:allprop/>"), 400 },
        { BODY("<D:propname/><D:allprop/>"), 400 },
        { "<D:propertyupdate xmlns:D=\"DAV:\"/>", 400 },
        { "<propfind><allprop/></propfind>", 400 },
        { "<D:propfind xmlns:D=\"DAV:\"><D:prop><b:f xmlns:b=\"\"/></D:prop></D:propfind>", 400 },
        { "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>", 403 },
        { "<!DOCTYPE D:propfind><D:propfind xmlns:D=\"DAV:\"><D:allprop/></D:propfind>", 403 },
    };
    struct exchange *x = *context;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct answer *a = propfind(x, "/", "0", rows[i].body);
        if (a->status != rows[i].status)
            fail_msg("%s: %d %s", rows[i].body, a->status, a->body);
    }
}

static void the_content_type_of_the_body_does_not_matter(void **context)
{
    struct exchange *x = *context;
    const struct answer *a = exchange(x, "PROPFIND", "/", "Depth: 0\nContent-Type: text/plain", ALLPROP);
    assert_int_equal(a->status, 207);
}

/* ---- depth ---- */

static void fill_tree(struct exchange *x)
{
    exchange_mkdir(x, "d");
    exchange_write(x, "d/f", "1");
    exchange_mkdir(x, "d/e");
    exchange_write(x, "d/e/g", "22");
}

static void depth_decides_how_far_it_goes(void **context)
{
    struct exchange *x = *context;
    fill_tree(x);
    const struct answer *a = propfind(x, "/d", "0", ALLPROP);
    assert_int_equal(response_count(a), 1);
    assert_true(has_response(a, "/d/"));
    a = propfind(x, "/d/", "1", ALLPROP);
    assert_int_equal(response_count(a), 3);
    assert_true(has_response(a, "/d/") && has_response(a, "/d/f") && has_response(a, "/d/e/"));
    const struct answer *deep[] = { propfind(x, "/d", "infinity", ALLPROP),
                                    exchange(x, "PROPFIND", "/d", NULL, ALLPROP) };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(response_count(deep[i]), 4);
        assert_string_equal(prop_text(deep[i], "/d/e/g", "DAV:", "getcontentlength"), "2");
    }
}

static void any_depth_on_a_file_is_the_file(void **context)
{
    struct exchange *x = *context;
    fill_tree(x);
    assert_int_equal(response_count(propfind(x, "/d/f", "1", ALLPROP)), 1);
    assert_int_equal(response_count(propfind(x, "/d/f", "infinity", ALLPROP)), 1);
}

static void nonsense_is_refused_from_the_head(void **context)
{
    struct exchange *x = *context;
    const struct answer *a = propfind(x, "/", "2", ALLPROP);
    assert_int_equal(a->status, 400);
    assert_true(a->early);
    a = propfind(x, "/nothing", "0", ALLPROP);
    assert_int_equal(a->status, 404);
    assert_true(a->early);
}

static void depth_infinity_can_be_turned_off(void **context)
{
    struct exchange *x;
    struct dav_config config = { .finite_depth = true };
    (void)context;
    x = exchange_open(&config);
    exchange_write(x, "f", "1");
    const struct answer *a = propfind(x, "/", "infinity", ALLPROP);
    assert_int_equal(a->status, 403);
    assert_true(a->early);
    assert_non_null(xml_dav_child(answer_xml(a), "propfind-finite-depth"));
    assert_int_equal(exchange(x, "PROPFIND", "/", NULL, ALLPROP)->status, 403);
    assert_int_equal(propfind(x, "/", "1", ALLPROP)->status, 207);
    assert_int_equal(propfind(x, "/f", "infinity", ALLPROP)->status, 207);
    exchange_close(x);
}

static void only_depth_0_is_quick(void **context)
{
    struct exchange *x = *context;
    assert_true(propfind(x, "/", "0", ALLPROP)->quick);
    assert_false(propfind(x, "/", "1", ALLPROP)->quick);
    assert_false(propfind(x, "/", "1", ALLPROP)->lasting);
    assert_false(propfind(x, "/", "infinity", ALLPROP)->quick);
    assert_true(propfind(x, "/", "infinity", ALLPROP)->lasting);
}

/* ---- names ---- */

static void hrefs_are_encoded_as_neon_compares_them(void **context)
{
    static const struct {
        const char *name, *href;
    } rows[] = {
        { "am & per", "/c%20d/am%20%26%20per" },
        { "a(1)", "/c%20d/a%281%29" },
        { "100%", "/c%20d/100%25" },
        { "#?", "/c%20d/%23%3F" },
        { "-._~", "/c%20d/-._~" },
        { "\xC3\xBC", "/c%20d/%C3%BC" },
        { "bad\xff", "/c%20d/bad%FF" },
    };
    struct exchange *x = *context;
    exchange_mkdir(x, "c d");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        exchange_write(x, apr_pstrcat(x->pool, "c d/", rows[i].name, NULL), "");
    const struct answer *a = propfind(x, "/c%20d", "1", ALLPROP);
    assert_int_equal(response_count(a), 1 + sizeof(rows) / sizeof(rows[0]));
    assert_true(has_response(a, "/c%20d/"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!has_response(a, rows[i].href))
            fail_msg("%s is not in %s", rows[i].href, a->body);
        assert_int_equal(propfind(x, rows[i].href, "0", ALLPROP)->status, 207);
    }
}

static void names_of_ours_are_not_listed(void **context)
{
    struct exchange *x = *context;
    exchange_write(x, ".holdfast-left", "");
    exchange_mkdir(x, ".holdfast");
    exchange_write(x, ".hidden", "");
    const struct answer *a = propfind(x, "/", "infinity", ALLPROP);
    assert_int_equal(response_count(a), 2);
    assert_true(has_response(a, "/.hidden"));
}

/* ---- links ---- */

static void links_appear_as_what_they_lead_to(void **context)
{
    struct exchange *x = *context;
    exchange_write(x, "f", "hello");
    proppatch(x, "/f", SET("<x:color>red</x:color>"));
    exchange_symlink(x, "f", "link");
    exchange_symlink(x, "/etc/passwd", "out");
    exchange_symlink(x, "nowhere", "dangling");
    const struct answer *a = propfind(x, "/", "1", ALLPROP);
    assert_int_equal(response_count(a), 3);
    assert_string_equal(prop_text(a, "/link", "DAV:", "getcontentlength"), "5");
    assert_string_equal(prop_text(a, "/link", "urn:x", "color"), "red");
    a = propfind(x, "/link", "0", ALLPROP);
    assert_string_equal(prop_text(a, "/link", "urn:x", "color"), "red");
}

static void a_circle_of_links_is_508_and_the_rest_is_listed(void **context)
{
    struct exchange *x = *context;
    fill_tree(x);
    exchange_symlink(x, "..", "d/e/up");
    const struct answer *a = propfind(x, "/d", "infinity", ALLPROP);
    assert_int_equal(response_count(a), 5);
    assert_int_equal(response_status(a, "/d/e/up/"), 508);
    assert_string_equal(prop_text(a, "/d/f", "DAV:", "getcontentlength"), "1");
}

/* ---- long answers ---- */

static void a_long_listing_is_streamed_and_whole(void **context)
{
    struct exchange *x = *context;
    enum { COUNT = 700 };
    bool seen[COUNT] = { false };
    exchange_mkdir(x, "many");
    for (int i = 0; i < COUNT; i++)
        exchange_write(x, apr_psprintf(x->pool, "many/file-%d", i), "");
    const struct answer *a = propfind(x, "/many", "1", PROP("<D:getetag/><D:resourcetype/>"));
    assert_true(a->size > 100000);
    assert_false(a->broken);
    assert_int_equal(response_count(a), COUNT + 1);
    for (const char *at = a->body; (at = strstr(at, "/file-")) != NULL; at++)
        seen[atoi(at + 6)] = true;
    for (int i = 0; i < COUNT; i++)
        assert_true(seen[i]);
}

static void a_listing_without_end_begins_soon_and_can_be_left(void **context)
{
    struct exchange *x = *context;
    struct buffer out;
    bool done = false;
    for (int i = 0; i < 2000; i++)
        exchange_write(x, apr_psprintf(x->pool, "file-%d", i), "");
    apr_table_t *headers = apr_table_make(x->pool, 2);
    apr_table_set(headers, "Depth", "1");
    struct dav_head head = { .method = "PROPFIND", .target = "/", .headers = headers, .user = "" };
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    dav_run(r);
    struct dav_reply *reply = dav_request_reply(r);
    assert_int_equal(reply->kind, DAV_STREAM);
    struct dav_stream *stream = reply->stream;
    reply->stream = NULL;
    dav_request_free(r); /* the stream outlives its request */

    buffer_init(&out, 1 << 20);
    assert_int_equal(stream->fill(stream, &out, &done), 0);
    assert_true(out.size > 0 && out.size < 144 * 1024); /* or what could be written in its time */
    assert_false(done);
    buffer_clear(&out);
    assert_int_equal(stream->fill(stream, &out, &done), 0);
    assert_true(out.size >= 256 * 1024 && out.size < 272 * 1024);
    stream->close(stream);
    buffer_release(&out);
}

static void what_vanishes_meanwhile_is_skipped(void **context)
{
    struct exchange *x = *context;
    struct buffer out;
    bool done = false;
    for (int i = 0; i < 300; i++)
        exchange_mkdir(x, apr_psprintf(x->pool, "d%d", i));
    apr_table_t *headers = apr_table_make(x->pool, 2);
    struct dav_head head = { .method = "PROPFIND", .target = "/", .headers = headers, .user = "" };
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    dav_run(r);
    assert_int_equal(dav_request_reply(r)->kind, DAV_STREAM);
    for (int i = 0; i < 300; i++)
        rmdir(apr_psprintf(x->pool, "%s/d%d", x->root, i));
    buffer_init(&out, 16 << 20);
    while (!done)
        assert_int_equal(dav_request_reply(r)->stream->fill(dav_request_reply(r)->stream, &out, &done), 0);
    struct answer a = { .status = 207, .body = out.data, .size = out.size, .pool = x->pool };
    assert_true(response_count(&a) < 301);
    assert_null(memmem(out.data, out.size, " 404 ", 5));
    buffer_release(&out);
    dav_request_free(r);
}

static const struct fs_ops *sound;
static int countdown; /* calls that still go well */

static int next_until_it_fails(struct fs_dir *dir, const char **out_name, enum fs_type *out_type)
{
    return countdown-- > 0 ? sound->dir_next(dir, out_name, out_type) : EIO;
}

static void a_directory_that_breaks_off_breaks_the_answer_off(void **context)
{
    struct exchange *x = *context;
    struct fs_ops failing;
    exchange_mkdir(x, "d");
    for (int i = 0; i < 400; i++)
        exchange_write(x, apr_psprintf(x->pool, "d/file-%d", i), "");
    sound = x->fs->ops;
    failing = *sound;
    failing.dir_next = next_until_it_fails;
    x->fs->ops = &failing;
    countdown = 350;
    const struct answer *a = propfind(x, "/", "infinity", ALLPROP);
    assert_int_equal(a->status, 207);
    assert_true(a->broken); /* after the first piece there is no other way to say so */
    countdown = 3;
    assert_int_equal(propfind(x, "/", "infinity", ALLPROP)->status, 500);
    x->fs->ops = sound;
}

/* White space may go out between any two of them. */
static void every_piece_ends_between_elements(void **context)
{
    struct exchange *x = *context;
    struct buffer out;
    bool done = false;
    for (int i = 0; i < 300; i++)
        exchange_write(x, apr_psprintf(x->pool, "file-%d", i), "");
    struct dav_head head = {
        .method = "PROPFIND", .target = "/", .headers = apr_table_make(x->pool, 2), .user = ""
    };
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    dav_run(r);
    struct dav_stream *stream = dav_request_reply(r)->stream;
    assert_non_null(stream);
    assert_true(stream->is_xml);
    buffer_init(&out, 16 << 20);
    while (!done) {
        assert_int_equal(stream->fill(stream, &out, &done), 0);
        buffer_puts(&out, " \n \t ");
    }
    struct answer a = { .status = 207, .body = out.data, .size = out.size, .pool = x->pool };
    assert_int_equal(response_count(&a), 301);
    const struct xml_element *root = answer_xml(&a);
    for (const struct xml_element *at = root->first; at; at = at->next)
        assert_string_equal(at->name, "response");
    buffer_release(&out);
    dav_request_free(r);
}

static int refuse_to_enter(struct fs_dir *dir, const char *name, struct fs_dir **out)
{
    return strcmp(name, "closed") == 0 ? EACCES : sound->dir_enter(dir, name, out);
}

static void a_collection_that_cannot_be_read_is_403_among_the_others(void **context)
{
    struct exchange *x = *context;
    struct fs_ops failing;
    fill_tree(x);
    exchange_mkdir(x, "d/closed");
    sound = x->fs->ops;
    failing = *sound;
    failing.dir_enter = refuse_to_enter;
    x->fs->ops = &failing;
    const struct answer *a = propfind(x, "/d", "infinity", ALLPROP);
    assert_int_equal(response_count(a), 5);
    assert_int_equal(response_status(a, "/d/closed/"), 403);
    assert_string_equal(prop_text(a, "/d/e/g", "DAV:", "getcontentlength"), "2");
    assert_int_equal(propfind(x, "/d/closed", "1", ALLPROP)->status, 403);
    assert_int_equal(propfind(x, "/d/closed", "0", ALLPROP)->status, 207);
    x->fs->ops = sound;
}

/* ---- locks and dead properties in listings ---- */

static void locks_are_discovered_on_what_they_cover(void **context)
{
    struct exchange *x = *context;
    fill_tree(x);
    const char *info = "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope><D:locktype>"
                       "<D:write/></D:locktype></D:lockinfo>";
    assert_int_equal(exchange(x, "LOCK", "/d/e", NULL, info)->status, 200);
    const struct answer *a = propfind(x, "/d", "infinity", PROP("<D:lockdiscovery/>"));
    static const struct {
        const char *href;
        bool is_locked;
    } rows[] = { { "/d/", false }, { "/d/f", false }, { "/d/e/", true }, { "/d/e/g", true } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status;
        const struct xml_element *prop = prop_of(a, rows[i].href, "DAV:", "lockdiscovery", &status);
        assert_int_equal(status, 200);
        assert_int_equal(xml_dav_child(prop, "activelock") != NULL, rows[i].is_locked);
    }
    a = propfind(x, "/d/e/g", "0", PROP("<D:lockdiscovery/>"));
    assert_non_null(strstr(a->body, "<D:lockroot><D:href>/d/e/</D:href></D:lockroot>"));
}

static void a_damaged_set_of_dead_properties_spoils_nothing_else(void **context)
{
    struct exchange *x = *context;
    exchange_write(x, "a", "hello");
    struct fs_dir *dir;
    assert_int_equal(fs_dir_open(x->fs, "", &dir), 0);
    assert_int_equal(fs_set_attr(dir, "a", "garbage", 7), 0);
    fs_dir_close(dir);
    const struct answer *a = propfind(x, "/a", "0", PROP("<D:getcontentlength/><x:y/>"));
    assert_string_equal(prop_text(a, "/a", "DAV:", "getcontentlength"), "5");
    assert_int_equal(prop_status(a, "/a", "urn:x", "y"), 500);
    a = propfind(x, "/", "1", ALLPROP);
    assert_string_equal(prop_text(a, "/a", "DAV:", "getcontentlength"), "5");
}

/* ---- what a client could make us repeat ---- */

/* A body that asks for `count` names in one namespace of `ns_len` bytes. */
static const char *many_names(struct exchange *x, size_t ns_len, unsigned count, const char *more)
{
    struct buffer body;
    buffer_init(&body, 16 << 20);
    buffer_puts(&body, "<propfind xmlns='DAV:' xmlns:a='u:");
    for (size_t i = 2; i < ns_len; i++)
        buffer_puts(&body, "A");
    buffer_puts(&body, "'><prop>");
    for (unsigned i = 0; i < count; i++)
        buffer_printf(&body, "<a:b%u/>", i);
    buffer_printf(&body, "%s</prop></propfind>", more);
    const char *text = apr_pstrmemdup(x->pool, body.data, body.size);
    buffer_release(&body);
    return text;
}

static void names_that_would_fill_the_answer_are_413(void **context)
{
    struct exchange *x = *context;
    exchange_write(x, "f", "");
    assert_int_equal(propfind(x, "/f", "0", many_names(x, 50000, 1000, ""))->status, 413);
    assert_int_equal(propfind(x, "/f", "0", many_names(x, 1500, 3000, ""))->status, 413);
    assert_int_equal(propfind(x, "/", "1", many_names(x, 1500, 3000, ""))->status, 413);
    assert_int_equal(propfind(x, "/", "infinity", many_names(x, 4096, 9000, ""))->status, 413);
    const struct answer *a = propfind(x, "/f", "0", many_names(x, 20, 9000, "<getetag/>"));
    assert_int_equal(a->status, 207);
    assert_true(a->size < 1 << 20);
    assert_int_equal(prop_status(a, "/f", "DAV:", "getetag"), 200);
}

static void one_name_in_two_declarations_is_one(void **context)
{
    struct exchange *x = *context;
    const struct answer *a =
        propfind(x, "/", "0",
                 PROP("<a xmlns=\"urn:a\"/><x:a/><a xmlns=\"urn:a\"/><y:a xmlns:y=\"urn:x\"/>"
                      "<x:b/><D:getetag/><getetag xmlns=\"DAV:\"/><a/>"));
    assert_int_equal(prop_status(a, "/", "urn:a", "a"), 404); /* the reader fails on doubles */
    assert_int_equal(prop_status(a, "/", "urn:x", "a"), 404);
    assert_int_equal(prop_status(a, "/", "urn:x", "b"), 404);
    assert_int_equal(prop_status(a, "/", "", "a"), 404);
    assert_int_equal(prop_status(a, "/", "DAV:", "getetag"), 200);
}

static void a_long_body_is_for_a_worker(void **context)
{
    struct exchange *x = *context;
    assert_true(propfind(x, "/", "0", many_names(x, 20, 1000, ""))->quick);
    assert_false(propfind(x, "/", "0", many_names(x, 20, 3000, ""))->quick);
}

/* 100 shared locks with long owners on each of `count` levels cover all that is below. */
static void lock_levels(struct exchange *x, const char *const *targets, unsigned count)
{
    char *owner = apr_palloc(x->pool, 8001);
    memset(owner, 'o', 8000);
    owner[8000] = '\0';
    const char *info = apr_pstrcat(
        x->pool,
        "<D:lockinfo "
        "xmlns:D=\"DAV:\"><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype>"
        "<D:owner>",
        owner, "</D:owner></D:lockinfo>", NULL);
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < LOCKS_PER_ROOT; j++)
            assert_int_equal(exchange(x, "LOCK", targets[i], NULL, info)->status, 200);
}

static void a_resource_that_is_too_much_for_one_response_is_507_among_the_others(void **context)
{
    static const char *const levels[] = { "/", "/d", "/d/e", "/d/e/g" };
    struct exchange *x = *context;
    fill_tree(x);
    lock_levels(x, levels, 4);
    const struct answer *a = propfind(x, "/d/e", "1", PROP("<D:lockdiscovery/><D:getetag/>"));
    assert_int_equal(a->status, 207);
    assert_false(a->broken);
    /* more than the reader takes */
    assert_non_null(strstr(a->body, "<D:response><D:href>/d/e/g</D:href><D:status>HTTP/1.1 507 "));
    assert_non_null(strstr(a->body, "<D:response><D:href>/d/e/</D:href><D:propstat><D:prop><D:lockdisc"));
    assert_non_null(strstr(a->body, "</D:response>\n</D:multistatus>\n"));
    a = propfind(x, "/", "infinity", ALLPROP);
    assert_false(a->broken);
    a = propfind(x, "/d/e/g", "0", PROP("<D:lockdiscovery/>"));
    assert_int_equal(a->status, 207);
    assert_int_equal(response_status(a, "/d/e/g"), 507);
    assert_int_equal(
        prop_status(propfind(x, "/d/e/g", "0", PROP("<D:getetag/>")), "/d/e/g", "DAV:", "getetag"), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(named_properties_are_answered_and_unknown_ones_are_404),
        TEST(a_property_asked_for_twice_is_answered_once),
        TEST(an_empty_body_means_allprop),
        TEST(allprop_does_not_miss_what_a_collection_cannot_have),
        TEST(allprop_with_include_adds_what_is_named),
        TEST(propname_lists_names_without_values),
        TEST(elements_that_we_do_not_know_are_passed_over),
        TEST(bodies_that_make_no_sense_are_refused),
        TEST(the_content_type_of_the_body_does_not_matter),
        TEST(depth_decides_how_far_it_goes),
        TEST(any_depth_on_a_file_is_the_file),
        TEST(nonsense_is_refused_from_the_head),
        TEST(depth_infinity_can_be_turned_off),
        TEST(only_depth_0_is_quick),
        TEST(hrefs_are_encoded_as_neon_compares_them),
        TEST(names_of_ours_are_not_listed),
        TEST(links_appear_as_what_they_lead_to),
        TEST(a_circle_of_links_is_508_and_the_rest_is_listed),
        TEST(a_long_listing_is_streamed_and_whole),
        TEST(a_listing_without_end_begins_soon_and_can_be_left),
        TEST(what_vanishes_meanwhile_is_skipped),
        TEST(a_directory_that_breaks_off_breaks_the_answer_off),
        TEST(every_piece_ends_between_elements),
        TEST(a_collection_that_cannot_be_read_is_403_among_the_others),
        TEST(locks_are_discovered_on_what_they_cover),
        TEST(names_that_would_fill_the_answer_are_413),
        TEST(one_name_in_two_declarations_is_one),
        TEST(a_long_body_is_for_a_worker),
        TEST(a_resource_that_is_too_much_for_one_response_is_507_among_the_others),
        TEST(a_damaged_set_of_dead_properties_spoils_nothing_else),
    };
    return cmocka_run_group_tests_name("propfind", tests, NULL, NULL);
}
