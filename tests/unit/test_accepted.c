/*
 * What outlives the process of a request that was answered with a 202, and how it is told what became of it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "fs/staging.h"
#include "tests/support/exchange.h"
#include "webdav/accepted.h"
#include "webdav/request.h"
#include "webdav/state.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct accepted_name name = {
    .id = "0123", .client = "192.0.2.1", .key = "the key\n", .idempotency_key = "ann\nkey", .started_ms = 1000
};

static int set_up(void **state)
{
    struct exchange *x = exchange_open(NULL);

    exchange_write(x, "file", "file");
    exchange_mkdir(x, "dir");
    exchange_write(x, "dir/member", "member");
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    exchange_close(*state);
    return 0;
}

static struct dav_request *begin(struct exchange *x, const char *method, const char *target, const char *dest)
{
    apr_table_t *headers = apr_table_make(x->pool, 8);
    const struct dav_head head = { .method = method,
                                   .target = target,
                                   .headers = headers,
                                   .user = "ann",
                                   .has_body = strcmp(method, "PUT") == 0 };

    apr_table_set(headers, "Host", "dav.example");
    apr_table_set(headers, "Authorization", "Basic secret");
    apr_table_set(headers, "X-OC-Mtime", "1234567890");
    if (dest)
        apr_table_set(headers, "Destination", dest);
    if (head.has_body)
        apr_table_set(headers, "Content-Length", "3");
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    assert_int_equal(r->reply.status, 0);
    if (head.has_body)
        dav_body(r, "new", 3);
    return r;
}

/* ---- what a next process finds ---- */

struct found {
    unsigned count;
    struct accepted last;
};

static void take(void *ctx, const struct accepted *accepted)
{
    struct found *found = ctx;

    found->count++;
    found->last = *accepted;
}

static bool is_ann(void *ctx, const char *user)
{
    (void)ctx;
    return strcmp(user, "ann") == 0;
}

static struct found restore(struct exchange *x)
{
    struct found found = { 0 };

    const struct accepted_heir heir = { .take = take, .is_user = is_ann, .ctx = &found };

    assert_int_equal(accepted_restore(x->dav, &heir), 0);
    return found;
}

/* The status that it ends with, at once or after having been run. */
static int end_of(struct found *found)
{
    struct dav_request *r = found->last.request;

    assert_int_equal(found->count, 1);
    if (!r->reply.status) {
        assert_int_equal(found->last.ended_ms, 0);
        dav_run(r);
        assert_int_equal(accepted_end(r, 5000), 0);
        dav_cleanup(r);
    }
    int status = r->reply.status;
    dav_request_free(r);
    return status;
}

/* ---- killed ---- */

struct scenario {
    const char *about, *method, *target, *dest;
    bool is_run; /* before it dies */
    int status;
    bool is_again;
};

static const struct scenario *scenario;

static void note_and_die(struct exchange *x)
{
    struct dav_request *r = begin(x, scenario->method, scenario->target, scenario->dest);

    assert_int_equal(accepted_note(r, &name), 0);
    if (scenario->is_run)
        dav_run(r);
}

static void what_was_done_is_told_and_what_was_not_is_done(void **state)
{
    static const struct scenario scenarios[] = {
        { "file copied", "COPY", "/file", "/new", true, 201, false },
        { "file to be copied", "COPY", "/file", "/new", false, 201, true },
        { "tree copied over", "COPY", "/dir", "/file", true, 204, false },
        { "tree to be copied over", "COPY", "/dir", "/file", false, 204, true },
        { "file moved", "MOVE", "/file", "/new", true, 201, false },
        { "file to be moved", "MOVE", "/file", "/new", false, 201, true },
        { "file moved over a tree", "MOVE", "/file", "/dir", true, 204, false },
        { "tree to be moved over", "MOVE", "/dir", "/file", false, 204, true },
        { "tree deleted", "DELETE", "/dir", NULL, true, 204, false },
        { "tree to be deleted", "DELETE", "/dir", NULL, false, 204, true },
        { "uploaded", "PUT", "/new", NULL, true, 201, false },
        { "uploaded over", "PUT", "/file", NULL, true, 204, false },
        { "to be uploaded", "PUT", "/new", NULL, false, 503, false },
    };
    (void)state;

    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        void *context;
        set_up(&context);
        struct exchange *x = context;
        scenario = &scenarios[i];
        exchange_crash(x, note_and_die);
        struct found found = restore(x);
        bool is_upload = strcmp(scenario->method, "PUT") == 0;
        bool is_again = found.count == 1 && found.last.ended_ms == 0;
        if (is_again != scenario->is_again || !found.last.is_news || !found.last.name.key != is_upload)
            fail_msg("%s: to be run %d, news %d", scenario->about, is_again, found.last.is_news);
        assert_string_equal(found.last.user, "ann");
        int status = end_of(&found);
        if (status != scenario->status)
            fail_msg("%s: %d", scenario->about, status);
        found = restore(x); /* the next process knows it by now */
        assert_false(found.last.is_news);
        assert_int_equal(end_of(&found), scenario->status);
        tear_down(&context);
    }
}

/* ---- one process ---- */

static void what_is_not_as_it_was_is_left_alone(void **state)
{
    struct exchange *x = *state;
    struct dav_request *r = begin(x, "COPY", "/dir", "/file");

    assert_int_equal(accepted_note(r, &name), 0);
    dav_request_free(r);
    assert_int_equal(exchange(x, "PUT", "/file", NULL, "other")->status, 204);
    struct found found = restore(x);
    assert_int_equal(found.last.request->reply.status, 409);
    assert_int_equal(end_of(&found), 409);
    assert_string_equal(exchange_read(x, "file"), "other");
}

static void the_headers_that_count_come_back_and_no_others(void **state)
{
    struct exchange *x = *state;
    struct dav_request *r = begin(x, "COPY", "/file", "http://dav.example/n%65w");

    assert_int_equal(accepted_note(r, &name), 0);
    dav_request_free(r);
    struct found found = restore(x);
    r = found.last.request;
    assert_string_equal(request_header(r, "Destination"), "http://dav.example/n%65w");
    assert_string_equal(request_header(r, "X-OC-Mtime"), "1234567890");
    assert_null(request_header(r, "Authorization"));
    assert_string_equal(r->dest, "new");
    assert_string_equal(found.last.name.id, "0123");
    assert_string_equal(found.last.name.client, "192.0.2.1");
    assert_string_equal(found.last.name.key, "the key\n");
    assert_string_equal(found.last.name.idempotency_key, "ann\nkey");
    assert_int_equal(found.last.name.started_ms, 1000);
    assert_int_equal(end_of(&found), 201);
}

static void credentials_in_uris_are_not_kept(void **state)
{
    struct exchange *x = *state;
    struct dav_request *r =
        begin(x, "COPY", "http://ann:secret@dav.example/file?://b@c", "http://a@b:secret@dav.example/n@w");

    apr_table_set(r->headers, "If",
                  "<http://ann:secret@dav.example/file> (<urn:x:y@z> [\"a@b\"]) (Not <DAV:no-lock>)");
    assert_int_equal(accepted_note(r, &name), 0);
    dav_request_free(r);
    struct found found = restore(x);
    r = found.last.request;
    assert_string_equal(found.last.target, "http://dav.example/file?://b@c");
    assert_string_equal(request_header(r, "Destination"), "http://dav.example/n@w");
    assert_string_equal(request_header(r, "If"),
                        "<http://dav.example/file> (<urn:x:y@z> [\"a@b\"]) (Not <DAV:no-lock>)");
    assert_int_equal(end_of(&found), 201);
}

/* One that does not fit into the head of an answer would keep it from coming (request.h). */
static void a_long_location_is_left_out(void **state)
{
    struct exchange *x = *state;
    const char *path = "";

    for (int i = 0; i < 4; i++) {
        char part[241];
        memset(part, 0xE4, sizeof part - 1);
        part[sizeof part - 1] = '\0';
        path = apr_pstrcat(x->pool, path, i ? "/" : "", part, NULL);
        if (i < 3)
            exchange_mkdir(x, path);
    }
    struct dav_request *r = begin(x, "COPY", "/file", uri_from_path(x->pool, "", path, false));
    assert_int_equal(accepted_note(r, &name), 0);
    dav_run(r);
    dav_request_free(r);
    struct found found = restore(x);
    assert_null(apr_table_get(found.last.request->reply.headers, "Location"));
    assert_int_equal(end_of(&found), 201);
}

static void what_was_not_done_is_not_for_who_may_not_enter(void **state)
{
    struct exchange *x = *state;
    struct dav_request *r = begin(x, "MOVE", "/file", "/new");

    r->user = "bob";
    assert_int_equal(accepted_note(r, &name), 0);
    dav_request_free(r);
    struct found found = restore(x);
    assert_int_equal(found.last.request->reply.status, 403);
    assert_int_equal(end_of(&found), 403);
    assert_string_equal(exchange_read(x, "file"), "file");
}

static void a_result_comes_back_whole_unless_it_is_large(void **state)
{
    struct exchange *x = *state;

    for (size_t size = 100; size <= 2 * ACCEPTED_BODY_MAX; size *= 2 * ACCEPTED_BODY_MAX / 100) {
        char *text = apr_pcalloc(x->pool, size + 1);
        memset(text, 'x', size);
        struct dav_request *r = begin(x, "COPY", "/file", "/new");
        assert_int_equal(accepted_note(r, &name), 0);
        reply_buffer(r, 207, "text/xml", text, size);
        assert_int_equal(accepted_end(r, 2000), 0);
        dav_request_free(r);
        struct found found = restore(x);
        const struct dav_reply *reply = &found.last.request->reply;
        assert_int_equal(found.last.ended_ms, 2000);
        assert_int_equal(reply->status, 207);
        assert_string_equal(apr_table_get(reply->headers, "Content-Type"), "text/xml");
        assert_int_equal(reply->size, size > ACCEPTED_BODY_MAX ? 0 : size);
        assert_int_equal(reply->kind, size > ACCEPTED_BODY_MAX ? DAV_NO_BODY : DAV_BUFFER);
        dav_request_free(found.last.request);
        const char *id = name.id;
        assert_int_equal(accepted_forget(x->dav, &id, 1), 0);
        assert_int_equal(restore(x).count, 0);
    }
}

static void it_is_noted_once_and_not_when_it_is_over(void **state)
{
    struct exchange *x = *state;
    struct dav_request *r = begin(x, "COPY", "/file", "/new");

    assert_false(accepted_is_noted(r));
    assert_int_equal(accepted_note(r, &name), 0);
    assert_true(accepted_is_noted(r));
    assert_int_equal(accepted_note(r, &name), EALREADY);
    dav_request_free(r);
    r = begin(x, "COPY", "/file", "/new2");
    dav_run(r);
    assert_int_equal(accepted_end(r, 2000), 0);
    assert_int_equal(accepted_note(r, &name), EALREADY);
    assert_false(accepted_is_noted(r));
    dav_request_free(r);
}

static void what_the_servers_end_has_stopped_is_done_again(void **state)
{
    struct exchange *x = *state;

    for (int why = DAV_STOP_SERVER; why <= DAV_STOP_TIMEOUT; why++) {
        struct dav_request *r = begin(x, "COPY", "/file", "/new");
        assert_int_equal(accepted_note(r, &name), 0);
        dav_request_cancel(r, (enum dav_stop_reason)why);
        dav_run(r);
        assert_int_equal(accepted_end(r, 2000), 0);
        dav_request_free(r);
        struct found found = restore(x);
        assert_int_equal(found.last.is_news, why == DAV_STOP_SERVER);
        dav_request_free(found.last.request);
        const char *id = name.id;
        assert_int_equal(accepted_forget(x->dav, &id, 1), 0);
    }
}

static void what_was_cancelled_is_not_done_by_the_next(void **state)
{
    struct exchange *x = *state;
    const char *id = name.id;
    struct dav_request *r = begin(x, "MOVE", "/file", "/new");

    assert_int_equal(accepted_note(r, &name), 0);
    dav_request_cancel(r, DAV_STOP_CANCELLED);
    assert_int_equal(accepted_cancel(r), 0);
    dav_request_free(r);
    struct found found = restore(x);
    assert_true(found.last.is_news);
    assert_int_equal(found.last.request->reply.status, 409);
    assert_int_equal(end_of(&found), 409);
    assert_string_equal(exchange_read(x, "file"), "file");
    assert_int_equal(accepted_forget(x->dav, &id, 1), 0);

    r = begin(x, "MOVE", "/file", "/new"); /* too late */
    assert_int_equal(accepted_note(r, &name), 0);
    dav_run(r);
    dav_request_cancel(r, DAV_STOP_CANCELLED);
    assert_int_equal(accepted_cancel(r), 0);
    dav_request_free(r);
    found = restore(x);
    assert_int_equal(end_of(&found), 201);
    assert_int_equal(accepted_forget(x->dav, &id, 1), 0);

    r = begin(x, "MOVE", "/new", "/file"); /* what nobody wants is not promised */
    dav_request_cancel(r, DAV_STOP_CANCELLED);
    assert_int_equal(accepted_cancel(r), 0);
    assert_int_equal(accepted_note(r, &name), EALREADY);
    dav_request_free(r);
    assert_int_equal(restore(x).count, 0);
}

static void what_is_made_is_known_whoever_comes_first(void **state)
{
    struct exchange *x = *state;
    const char *id = name.id;
    struct fs_stat made;

    for (int i = 0; i < 2; i++) {
        struct dav_request *r = begin(x, "COPY", "/file", "/new");
        if (i == 1)
            assert_int_equal(accepted_note(r, &name), 0);
        assert_int_equal(exchange(x, "PUT", "/new", NULL, "made")->status, i ? 204 : 201); /* as if by it */
        assert_int_equal(fs_stat(x->fs, "new", &made), 0);
        assert_int_equal(accepted_note_made(r, &made), 0);
        if (i == 0)
            assert_int_equal(accepted_note(r, &name), 0);
        dav_request_free(r);
        struct found found = restore(x);
        assert_int_equal(found.last.request->reply.status, i ? 204 : 201);
        dav_request_free(found.last.request);
        assert_int_equal(accepted_forget(x->dav, &id, 1), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_done_is_told_and_what_was_not_is_done),
        TEST(what_is_not_as_it_was_is_left_alone),
        TEST(the_headers_that_count_come_back_and_no_others),
        TEST(credentials_in_uris_are_not_kept),
        TEST(a_long_location_is_left_out),
        TEST(what_was_not_done_is_not_for_who_may_not_enter),
        TEST(a_result_comes_back_whole_unless_it_is_large),
        TEST(it_is_noted_once_and_not_when_it_is_over),
        TEST(what_the_servers_end_has_stopped_is_done_again),
        TEST(what_was_cancelled_is_not_done_by_the_next),
        TEST(what_is_made_is_known_whoever_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
