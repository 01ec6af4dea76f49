/*
 * LOCK and UNLOCK, as requests to a server over a real folder.
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
#include <unistd.h>

#include "tests/support/exchange.h"
#include "tests/support/multistatus_reader.h"
#include "webdav/locks.h"

#define LOCKINFO(scope, more)                                                                                \
    "<?xml version=\"1.0\"?><D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:" scope                             \
    "/></D:lockscope><D:locktype><D:write/></D:locktype>" more "</D:lockinfo>"
#define EXCLUSIVE LOCKINFO("exclusive", "")
#define SHARED    LOCKINFO("shared", "")

static int setup(void **context)
{
    struct exchange *x = exchange_open(NULL);
    exchange_write(x, "f", "hello");
    exchange_mkdir(x, "d");
    exchange_write(x, "d/g", "there");
    *context = x;
    return 0;
}

static int teardown(void **context)
{
    exchange_close(*context);
    return 0;
}

static const struct answer *as(struct exchange *x, const char *user, const char *method, const char *target,
                               const char *headers, const char *body)
{
    return exchange_full(x, user, method, target, headers, body, body ? strlen(body) : 0);
}

/* The token of Lock-Token, without its brackets. */
static const char *token_of(struct exchange *x, const struct answer *a)
{
    const char *value = answer_header(a, "Lock-Token");
    size_t len = strlen(value);
    if (len < 3 || value[0] != '<' || value[len - 1] != '>')
        fail_msg("status %d, Lock-Token '%s': %s", a->status, value, a->body);
    return apr_pstrmemdup(x->pool, value + 1, len - 2);
}

static const char *lock(struct exchange *x, const char *target, const char *headers, const char *body)
{
    return token_of(x, exchange(x, "LOCK", target, headers, body));
}

static const char *if_token(struct exchange *x, const char *token)
{
    return apr_pstrcat(x->pool, "If: (<", token, ">)", NULL);
}

/* The only activelock of a LOCK's answer. */
static const struct xml_element *activelock(const struct answer *a)
{
    const struct xml_element *root = answer_xml(a), *found;
    assert_true(xml_is_dav(root, "prop"));
    assert_non_null(xml_dav_child(root, "lockdiscovery"));
    found = xml_dav_child(root, "lockdiscovery")->first;
    assert_non_null(found);
    assert_null(found->next);
    assert_true(xml_is_dav(found, "activelock"));
    return found;
}

static const char *text_in(const struct xml_element *element, const char *name)
{
    const struct xml_element *child = xml_dav_child(element, name);
    return child ? child->text : "(none)";
}

static const char *href_in(const struct xml_element *element, const char *name)
{
    const struct xml_element *child = xml_dav_child(element, name);
    return child ? text_in(child, "href") : "(none)";
}

/* A DAV:error with this condition, which names this href. */
static void expect_condition(const struct answer *a, int status, const char *condition, const char *href)
{
    if (a->status != status)
        fail_msg("%d instead of %d: %s", a->status, status, a->body);
    const struct xml_element *root = answer_xml(a);
    assert_true(xml_is_dav(root, "error"));
    const struct xml_element *inside = xml_dav_child(root, condition);
    assert_non_null(inside);
    if (href)
        assert_string_equal(text_in(inside, "href"), href);
}

/* ---- new locks ---- */

static void a_lock_is_answered_with_its_token_and_what_it_is(void **context)
{
    struct exchange *x = *context;
    const struct answer *a = exchange(x, "LOCK", "/f", "Depth: 0\nTimeout: Second-100", EXCLUSIVE);
    assert_int_equal(a->status, 200);
    assert_string_equal(answer_header(a, "Content-Type"), "application/xml; charset=utf-8");
    const struct xml_element *active = activelock(a);
    assert_string_equal(href_in(active, "locktoken"), token_of(x, a));
    assert_string_equal(href_in(active, "lockroot"), "/f");
    assert_string_equal(text_in(active, "depth"), "0");
    assert_string_equal(text_in(active, "timeout"), "Second-100");
    assert_non_null(xml_dav_child(xml_dav_child(active, "lockscope"), "exclusive"));
    assert_non_null(xml_dav_child(xml_dav_child(active, "locktype"), "write"));
    assert_string_equal(text_in(active, "owner"), "(none)");
}

static void the_owner_comes_back_as_it_was_sent(void **context)
{
    struct exchange *x = *context;
    const char *body = LOCKINFO(
        "shared",
        "<D:owner>  me <D:href>http://me/?a&amp;b</D:href><o:o xmlns:o=\"urn:o\" k=\"v\"/></D:owner>");
    const struct xml_element *owner =
        xml_dav_child(activelock(exchange(x, "LOCK", "/f", NULL, body)), "owner");
    assert_string_equal(owner->text, "  me ");
    assert_string_equal(text_in(owner, "href"), "http://me/?a&b");
    assert_string_equal(owner->first->next->ns, "urn:o");
}

static void a_lock_is_deep_unless_it_says_otherwise(void **context)
{
    struct exchange *x = *context;
    const struct answer *a = exchange(x, "LOCK", "/d", NULL, EXCLUSIVE);
    assert_string_equal(text_in(activelock(a), "depth"), "infinity");
    assert_string_equal(href_in(activelock(a), "lockroot"), "/d/");
    a = exchange(x, "LOCK", "/f", "Depth: infinity", EXCLUSIVE);
    assert_string_equal(text_in(activelock(a), "depth"), "infinity");
    a = exchange(x, "LOCK", "/f", "Depth: 1", EXCLUSIVE);
    assert_int_equal(a->status, 400);
    assert_true(a->early);
}

static void timeouts_are_read_with_patience(void **context)
{
    static const struct {
        const char *header;
        int64_t granted;
    } rows[] = {
        { NULL, LOCK_TIMEOUT_DEFAULT_S },
        { "Second-1", 1 },
        { "second-77", 77 },
        { "Second-0", 1 },
        { "Infinite", LOCK_TIMEOUT_MAX_S },
        { "Infinite, Second-4100000000", LOCK_TIMEOUT_MAX_S },
        { "Second-4100000000", LOCK_TIMEOUT_MAX_S },
        { "Second-99999999999999999999999", LOCK_TIMEOUT_MAX_S },
        { "Extend-9, Second-30", 30 },
        { "Second-, Second--5, Second-x,Second-31", 31 },
        { ",, ,", LOCK_TIMEOUT_DEFAULT_S },
        { "tomorrow", LOCK_TIMEOUT_DEFAULT_S },
    };
    struct exchange *x = *context;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *header = rows[i].header ? apr_pstrcat(x->pool, "Timeout: ", rows[i].header, NULL) : NULL;
        const struct answer *a = exchange(x, "LOCK", "/f", header, SHARED);
        const char *expected =
            apr_psprintf(x->pool, "Second-%" APR_INT64_T_FMT, (apr_int64_t)rows[i].granted);
        assert_string_equal(text_in(activelock(a), "timeout"), expected);
    }
}

static void the_content_type_of_the_body_does_not_matter(void **context)
{
    struct exchange *x = *context;
    assert_int_equal(exchange(x, "LOCK", "/f", "Content-Type: text/plain", EXCLUSIVE)->status, 200);
}

static void bodies_that_make_no_sense_are_refused(void **context)
{
    static const struct {
        const char *body;
        int status;
    } rows[] = {
        { "garbage", 400 },
        { "<D:lockinfo xmlns:D=\"DAV:\"/>", 400 },
        { "<D:propfind xmlns:D=\"DAV:\"><D:allprop/></D:propfind>", 400 },
        { LOCKINFO("read", ""), 400 },
        { LOCKINFO("exclusive/><D:shared", ""), 400 },
        { "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:shared/></D:lockscope></D:lockinfo>", 400 },
        { "<!DOCTYPE a><a/>", 403 },
    };
    struct exchange *x = *context;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct answer *a = exchange(x, "LOCK", "/new", NULL, rows[i].body);
        if (a->status != rows[i].status)
            fail_msg("%s: %d", rows[i].body, a->status);
    }
    assert_false(exchange_exists(x, "new"));
}

static void an_owner_without_end_is_refused(void **context)
{
    struct exchange *x = *context;
    char *owner = apr_palloc(x->pool, LOCK_OWNER_MAX + 2);
    memset(owner, 'o', LOCK_OWNER_MAX + 1);
    owner[LOCK_OWNER_MAX + 1] = '\0';
    const char *body = apr_psprintf(x->pool, LOCKINFO("exclusive", "<D:owner>%s</D:owner>"), owner);
    assert_int_equal(exchange(x, "LOCK", "/f", NULL, body)->status, 413);
    owner[LOCK_OWNER_MAX] = '\0';
    body = apr_psprintf(x->pool, LOCKINFO("exclusive", "<D:owner>%s</D:owner>"), owner);
    assert_int_equal(exchange(x, "LOCK", "/f", NULL, body)->status, 200);
}

/* ---- unmapped URLs ---- */

static void a_lock_on_nothing_makes_an_empty_file(void **context)
{
    struct exchange *x = *context;
    const struct answer *a = exchange(x, "LOCK", "/d/new", NULL, EXCLUSIVE);
    assert_int_equal(a->status, 201);
    assert_string_equal(exchange_read(x, "d/new"), "");
    assert_string_equal(href_in(activelock(a), "lockroot"), "/d/new");
    assert_int_equal(exchange(x, "PUT", "/d/new", if_token(x, token_of(x, a)), "content")->status, 204);
    assert_int_equal(exchange_strays(x), 0);
}

/* What a crash between a lock and its file leaves, or an operator who removes the file. */
static void a_lock_whose_resource_is_gone_is_in_nobodys_way(void **context)
{
    struct exchange *x = *context;
    assert_int_equal(exchange(x, "LOCK", "/new", NULL, EXCLUSIVE)->status, 201);
    assert_int_equal(unlink(apr_pstrcat(x->pool, x->root, "/new", NULL)), 0);
    assert_int_equal(exchange(x, "LOCK", "/new", NULL, EXCLUSIVE)->status, 201);
    assert_int_equal(exchange(x, "LOCK", "/new", NULL, EXCLUSIVE)->status, 423);
    assert_int_equal(exchange(x, "LOCK", "/d/", NULL, EXCLUSIVE)->status, 200);
    assert_int_equal(exchange(x, "LOCK", "/d/new", NULL, EXCLUSIVE)->status,
                     423); /* its parent's is another */
}

static void a_lock_in_a_missing_collection_is_409_from_the_head(void **context)
{
    struct exchange *x = *context;
    const char *const targets[] = { "/no/new", "/f/new", "/no/", "/new/" };
    for (int i = 0; i < 4; i++) {
        const struct answer *a = exchange(x, "LOCK", targets[i], NULL, EXCLUSIVE);
        assert_int_equal(a->status, 409);
        assert_true(a->early);
    }
    assert_false(exchange_exists(x, "new"));
}

static int no_space(struct fs_dir *dir, const char *name, uint32_t mode, struct fs_file **out)
{
    (void)dir, (void)name, (void)mode, (void)out;
    return ENOSPC;
}

static void where_no_file_can_be_made_no_lock_stays(void **context)
{
    struct exchange *x = *context;
    const struct fs_ops *sound = x->fs->ops;
    struct fs_ops full = *sound;
    full.file_create = no_space;
    x->fs->ops = &full;
    assert_int_equal(exchange(x, "LOCK", "/d/new", NULL, EXCLUSIVE)->status, 507);
    x->fs->ops = sound;
    assert_false(exchange_exists(x, "d/new"));
    assert_int_equal(exchange(x, "LOCK", "/d/new", NULL, EXCLUSIVE)->status, 201);
}

static void a_name_that_is_taken_by_a_dead_link_cannot_be_locked(void **context)
{
    struct exchange *x = *context;
    exchange_symlink(x, "nowhere", "dangling");
    assert_int_equal(exchange(x, "LOCK", "/dangling", NULL, EXCLUSIVE)->status, 403);
    assert_int_equal(exchange(x, "LOCK", "/", NULL, EXCLUSIVE)->status, 200);
}

/* A lock by one URL of a thing protects it from all. */
static void a_link_is_no_way_into_what_is_locked(void **context)
{
    struct exchange *x = *context;
    exchange_symlink(x, "d", "link");
    exchange_symlink(x, "d/g", "linked");
    const char *token = lock(x, "/d", NULL, EXCLUSIVE);
    const struct answer *a = exchange(x, "LOCK", "/link/new", NULL, EXCLUSIVE);
    expect_condition(a, 423, "lock-token-submitted", "/d/");
    assert_true(a->early);
    assert_false(exchange_exists(x, "d/new"));
    /* with the token it is a conflict, as it is for /d/new */
    const char *headers = apr_psprintf(x->pool, "If: </d/> (<%s>)", token);
    assert_int_equal(exchange(x, "LOCK", "/d/new", headers, EXCLUSIVE)->status, 423);
    assert_int_equal(exchange(x, "LOCK", "/link/new", headers, EXCLUSIVE)->status, 423);
    assert_false(exchange_exists(x, "d/new"));
    expect_condition(exchange(x, "LOCK", "/link/g", NULL, SHARED), 423, "no-conflicting-lock", "/d/");
    expect_condition(exchange(x, "LOCK", "/linked", NULL, EXCLUSIVE), 423, "no-conflicting-lock", "/d/");
    expect_condition(exchange(x, "LOCK", "/link/", NULL, EXCLUSIVE), 423, "no-conflicting-lock", "/d/");
}

static void a_deep_lock_through_a_link_meets_what_is_locked_there(void **context)
{
    struct exchange *x = *context;
    exchange_symlink(x, "d", "link");
    lock(x, "/d/g", NULL, SHARED);
    expect_condition(exchange(x, "LOCK", "/link/", NULL, EXCLUSIVE), 423, "no-conflicting-lock", "/d/g");
    lock(x, "/link/", NULL, SHARED);
    assert_int_equal(exchange(x, "LOCK", "/link/new", "Depth: 0", SHARED)->status,
                     423); /* its own parent's */
    lock(x, "/f", NULL, EXCLUSIVE);
}

static void a_refused_lock_makes_no_file(void **context)
{
    struct exchange *x = *context;
    lock(x, "/d", NULL, EXCLUSIVE);
    assert_int_equal(exchange(x, "LOCK", "/d/new", NULL, EXCLUSIVE)->status, 423);
    assert_false(exchange_exists(x, "d/new"));
    assert_int_equal(exchange_strays(x), 0);
}

static void a_new_member_of_a_locked_collection_needs_its_token(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/d", "Depth: 0", EXCLUSIVE);
    const struct answer *a = exchange(x, "LOCK", "/d/new", NULL, EXCLUSIVE);
    expect_condition(a, 423, "lock-token-submitted", "/d/");
    assert_true(a->early);
    const char *headers = apr_psprintf(x->pool, "If: </d/> (<%s>)", token);
    assert_int_equal(exchange(x, "LOCK", "/d/new", headers, EXCLUSIVE)->status, 201);
}

/* ---- conflicts ---- */

static void a_conflict_names_the_root_of_the_lock_in_the_way(void **context)
{
    struct exchange *x = *context;
    lock(x, "/d", NULL, EXCLUSIVE);
    expect_condition(exchange(x, "LOCK", "/d/g", NULL, SHARED), 423, "no-conflicting-lock", "/d/");
    expect_condition(as(x, "bob", "LOCK", "/d", NULL, EXCLUSIVE), 423, "no-conflicting-lock", "/d/");
}

static void shared_locks_bear_each_other(void **context)
{
    struct exchange *x = *context;
    const char *first = lock(x, "/f", NULL, SHARED);
    assert_string_not_equal(first, lock(x, "/f", NULL, SHARED));
    assert_int_equal(as(x, "bob", "LOCK", "/f", NULL, SHARED)->status, 200);
    expect_condition(exchange(x, "LOCK", "/f", NULL, EXCLUSIVE), 423, "no-conflicting-lock", "/f");
}

static void a_lock_inside_the_tree_is_told_in_a_207(void **context)
{
    struct exchange *x = *context;
    lock(x, "/d/g", NULL, EXCLUSIVE);
    const struct answer *a = exchange(x, "LOCK", "/d", "Depth: infinity", EXCLUSIVE);
    assert_int_equal(a->status, 207);
    assert_int_equal(response_count(a), 2);
    assert_int_equal(response_status(a, "/d/g"), 423);
    assert_int_equal(response_status(a, "/d/"), 424);
    assert_non_null(strstr(a->body, "<D:no-conflicting-lock/>"));
    assert_string_equal(answer_header(a, "Lock-Token"), "");
    assert_int_equal(exchange(x, "LOCK", "/d", "Depth: 0", EXCLUSIVE)->status, 200);
}

/* ---- refresh ---- */

static void a_refresh_sets_a_new_timeout(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/d", "Timeout: Second-100", EXCLUSIVE);
    const char *headers = apr_pstrcat(x->pool, if_token(x, token), "\nTimeout: Second-500", NULL);
    const char *const targets[] = { "/d", "/d/g" }; /* whatever the lock covers */
    for (int i = 0; i < 2; i++) {
        const struct answer *a = exchange(x, "LOCK", targets[i], headers, NULL);
        assert_int_equal(a->status, 200);
        assert_string_equal(answer_header(a, "Lock-Token"), "");
        assert_string_equal(href_in(activelock(a), "locktoken"), token);
        assert_string_equal(href_in(activelock(a), "lockroot"), "/d/");
        assert_string_equal(text_in(activelock(a), "timeout"), "Second-500");
        assert_string_equal(text_in(activelock(a), "depth"), "infinity");
    }
}

static void a_refresh_with_a_token_that_is_not_here_is_412(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/f", NULL, EXCLUSIVE);
    expect_condition(exchange(x, "LOCK", "/d", if_token(x, token), NULL), 412,
                     "lock-token-matches-request-uri", NULL);
    assert_int_equal(exchange(x, "LOCK", "/f", "If: (<opaquelocktoken:x>)", NULL)->status, 412);
    assert_int_equal(exchange(x, "LOCK", "/f", NULL, NULL)->status, 400);
    assert_int_equal(as(x, "bob", "LOCK", "/f", if_token(x, token), NULL)->status, 403);
    const char *also = apr_psprintf(x->pool, "If: (<%s> [\"other\"])", token);
    assert_int_equal(exchange(x, "LOCK", "/f", also, NULL)->status, 412);
}

static void an_expired_lock_can_neither_be_refreshed_nor_stand_in_the_way(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/f", "Timeout: Second-1", EXCLUSIVE);
    assert_int_equal(exchange(x, "PUT", "/f", NULL, "x")->status, 423);
    for (int i = 0; i < 100 && exchange(x, "PUT", "/f", NULL, "x")->status == 423; i++)
        usleep(50000);
    assert_int_equal(exchange(x, "LOCK", "/f", if_token(x, token), NULL)->status, 412);
    assert_int_equal(exchange(x, "LOCK", "/f", NULL, EXCLUSIVE)->status, 200);
}

/* ---- UNLOCK ---- */

static void unlock_takes_the_token_with_and_without_brackets(void **context)
{
    static const char *const forms[] = { "Lock-Token: <%s>", "Lock-Token: %s", "Lock-Token:  <%s> " };
    struct exchange *x = *context;
    for (int i = 0; i < 3; i++) {
        const char *token = lock(x, "/f", NULL, EXCLUSIVE);
        const char *header = apr_psprintf(x->pool, forms[i], token);
        assert_int_equal(exchange(x, "UNLOCK", "/f", header, NULL)->status, 204);
    }
    assert_int_equal(exchange(x, "PUT", "/f", NULL, "x")->status, 204);
}

static void unlock_of_what_is_not_locked_so_is_refused(void **context)
{
    struct exchange *x = *context;
    const char *header = apr_psprintf(x->pool, "Lock-Token: <%s>", lock(x, "/f", NULL, EXCLUSIVE));
    const struct answer *a = exchange(x, "UNLOCK", "/f", NULL, NULL);
    assert_int_equal(a->status, 400);
    assert_true(a->early);
    assert_int_equal(exchange(x, "UNLOCK", "/f", "Lock-Token: <>", NULL)->status, 400);
    expect_condition(exchange(x, "UNLOCK", "/d", header, NULL), 409, "lock-token-matches-request-uri", NULL);
    expect_condition(exchange(x, "UNLOCK", "/f", "Lock-Token: <opaquelocktoken:x>", NULL), 409,
                     "lock-token-matches-request-uri", NULL);
    assert_int_equal(as(x, "bob", "UNLOCK", "/f", header, NULL)->status, 403);
    assert_int_equal(exchange(x, "PUT", "/f", NULL, "x")->status, 423);
    assert_int_equal(exchange(x, "UNLOCK", "/f", header, NULL)->status, 204);
}

static void a_deep_lock_can_be_removed_from_any_member(void **context)
{
    struct exchange *x = *context;
    const char *header = apr_psprintf(x->pool, "Lock-Token: <%s>", lock(x, "/d", NULL, EXCLUSIVE));
    assert_int_equal(exchange(x, "UNLOCK", "/d/g", header, NULL)->status, 204);
    assert_int_equal(exchange(x, "PUT", "/d/g", NULL, "x")->status, 204);
}

/* ---- what locks go through ---- */

static void locks_survive_a_restart(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/f", NULL, LOCKINFO("exclusive", "<D:owner>me</D:owner>"));
    exchange_restart(x);
    assert_int_equal(exchange(x, "PUT", "/f", NULL, "x")->status, 423);
    assert_string_equal(text_in(activelock(exchange(x, "LOCK", "/f", if_token(x, token), NULL)), "owner"),
                        "me");
    assert_int_equal(exchange(x, "PUT", "/f", if_token(x, token), "x")->status, 204);
}

static void a_deleted_resource_takes_its_lock_along(void **context)
{
    struct exchange *x = *context;
    const char *token = lock(x, "/f", NULL, EXCLUSIVE);
    assert_int_equal(exchange(x, "DELETE", "/f", if_token(x, token), NULL)->status, 204);
    assert_int_equal(exchange(x, "PUT", "/f", NULL, "x")->status, 201);
}

static void a_read_only_server_locks_nothing(void **context)
{
    struct dav_config config = { .read_only = true };
    struct exchange *x = exchange_open(&config);
    (void)context;
    exchange_write(x, "f", "");
    assert_int_equal(exchange(x, "LOCK", "/f", NULL, EXCLUSIVE)->status, 403);
    exchange_close(x);
}

/* ---- at once ---- */

enum { THREADS = 8, ROUNDS = 12 };

struct worker {
    struct exchange *x;
    int number, errors, got;
};

/* FIELD C13: sixteen clients broke Apache's lock database, and their uploads were lost. */
static void *lock_write_unlock(void *arg)
{
    struct worker *worker = arg;
    for (int i = 0; i < ROUNDS; i++) {
        char target[64], header[256];
        snprintf(target, sizeof(target), "/d/%d-%d", worker->number, i);
        const struct answer *a = exchange(worker->x, "LOCK", target, NULL, EXCLUSIVE);
        worker->errors += a->status != 201;
        snprintf(header, sizeof(header), "If: (%s)", answer_header(a, "Lock-Token"));
        worker->errors += exchange(worker->x, "PUT", target, NULL, "no")->status != 423;
        worker->errors += exchange(worker->x, "PUT", target, header, "yes")->status != 204;
        snprintf(header, sizeof(header), "Lock-Token: %s", answer_header(a, "Lock-Token"));
        worker->errors += i % 2 && exchange(worker->x, "UNLOCK", target, header, NULL)->status != 204;
    }
    return NULL;
}

static void *lock_the_same(void *arg)
{
    struct worker *worker = arg;
    for (int i = 0; i < ROUNDS; i++) {
        char header[256];
        const struct answer *a = exchange(worker->x, "LOCK", "/d/new", NULL, EXCLUSIVE);
        worker->errors += a->status != 201 && a->status != 200 && a->status != 423;
        if (a->status == 423)
            continue;
        worker->got++;
        snprintf(header, sizeof(header), "Lock-Token: %s", answer_header(a, "Lock-Token"));
        worker->errors += exchange(worker->x, "UNLOCK", "/d/new", header, NULL)->status != 204;
    }
    return NULL;
}

static int run_threads(struct exchange *x, void *(*run)(void *))
{
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    int got = 0, errors = 0;
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .x = x, .number = i };
        pthread_create(&threads[i], NULL, run, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        errors += workers[i].errors;
        got += workers[i].got;
    }
    assert_int_equal(errors, 0);
    return got;
}

static void many_clients_lock_at_once_and_none_loses_its_lock(void **context)
{
    struct exchange *x = *context;
    run_threads(x, lock_write_unlock);
    exchange_restart(x);
    for (int i = 0; i < THREADS * ROUNDS; i++) {
        const char *target = apr_psprintf(x->pool, "/d/%d-%d", i / ROUNDS, i % ROUNDS);
        assert_int_equal(exchange(x, "PUT", target, NULL, "x")->status, i % ROUNDS % 2 ? 204 : 423);
    }
}

static void an_exclusive_lock_is_given_to_one_at_a_time(void **context)
{
    struct exchange *x = *context;
    assert_true(run_threads(x, lock_the_same) > 0);
    assert_int_equal(exchange(x, "LOCK", "/d/new", NULL, EXCLUSIVE)->status, 200);
    assert_int_equal(exchange_strays(x), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lock_is_answered_with_its_token_and_what_it_is),
        TEST(the_owner_comes_back_as_it_was_sent),
        TEST(a_lock_is_deep_unless_it_says_otherwise),
        TEST(timeouts_are_read_with_patience),
        TEST(the_content_type_of_the_body_does_not_matter),
        TEST(bodies_that_make_no_sense_are_refused),
        TEST(an_owner_without_end_is_refused),
        TEST(a_lock_on_nothing_makes_an_empty_file),
        TEST(a_lock_whose_resource_is_gone_is_in_nobodys_way),
        TEST(a_lock_in_a_missing_collection_is_409_from_the_head),
        TEST(where_no_file_can_be_made_no_lock_stays),
        TEST(a_name_that_is_taken_by_a_dead_link_cannot_be_locked),
        TEST(a_link_is_no_way_into_what_is_locked),
        TEST(a_deep_lock_through_a_link_meets_what_is_locked_there),
        TEST(a_refused_lock_makes_no_file),
        TEST(a_new_member_of_a_locked_collection_needs_its_token),
        TEST(a_conflict_names_the_root_of_the_lock_in_the_way),
        TEST(shared_locks_bear_each_other),
        TEST(a_lock_inside_the_tree_is_told_in_a_207),
        TEST(a_refresh_sets_a_new_timeout),
        TEST(a_refresh_with_a_token_that_is_not_here_is_412),
        TEST(an_expired_lock_can_neither_be_refreshed_nor_stand_in_the_way),
        TEST(unlock_takes_the_token_with_and_without_brackets),
        TEST(unlock_of_what_is_not_locked_so_is_refused),
        TEST(a_deep_lock_can_be_removed_from_any_member),
        TEST(locks_survive_a_restart),
        TEST(a_deleted_resource_takes_its_lock_along),
        TEST(a_read_only_server_locks_nothing),
        TEST(many_clients_lock_at_once_and_none_loses_its_lock),
        TEST(an_exclusive_lock_is_given_to_one_at_a_time),
    };
    return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
