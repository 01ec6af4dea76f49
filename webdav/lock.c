/*
 * LOCK and UNLOCK (RFC 4918 9.10, 9.11).
 *
 * The lock comes before the file: a lock on an unmapped URL makes an empty file, and if that fails
 * the lock is taken back, while a file made first might already be somebody's by the time the lock
 * is refused. Both happen under the guard, so nobody publishes in between.
 *
 * A lock is on the URL that was asked for. Where links lead it elsewhere, a lock that is in the way there
 * refuses it all the same.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/path.h"
#include "webdav/locks.h"
#include "webdav/method.h"
#include "webdav/multistatus.h"
#include "webdav/precond.h"
#include "webdav/props.h"
#include "webdav/propstore.h"
#include "webdav/resource.h"
#include "webdav/rights.h"
#include "webdav/uri.h"
#include "webdav/xmlbody.h"

#define CHANGE_NEW CHANGE_BINDING /* where the lock makes an empty file: what its own URL has had is over */
#define ANSWER_MAX (64 * 1024)    /* of one activelock: owner, and a path that is percent-encoded */

/* ---- what is asked ---- */

/* RFC 4918 10.7: the first one that we understand of a list. Infinite is the longest that we grant, as
 * is whatever is longer; garbage is passed over, and with nothing else it is as if nothing was said. */
static int64_t parse_timeout(const char *text)
{
    while (text && *text) {
        text += strspn(text, " \t,");
        if (strncasecmp(text, "Infinite", 8) == 0)
            return LOCK_TIMEOUT_MAX_S;
        if (strncasecmp(text, "Second-", 7) == 0 && apr_isdigit(text[7])) {
            unsigned long long seconds = strtoull(text + 7, NULL, 10); /* saturates */
            if (seconds > LOCK_TIMEOUT_MAX_S)
                return LOCK_TIMEOUT_MAX_S;
            return seconds ? (int64_t)seconds : 1;
        }
        text += strcspn(text, ",");
    }
    return LOCK_TIMEOUT_DEFAULT_S;
}

static int keep_owner(const struct xml_element *element)
{
    return xml_is_dav(element, "owner");
}

/* Scope, type and owner of the body into `want`; false after having replied. */
static bool read_lockinfo(struct dav_request *r, struct lock *want)
{
    struct xml_element *info;
    if (!xmlbody_parse(r, "lockinfo", keep_owner, &info))
        return false;
    const struct xml_element *scope = xml_dav_child(info, "lockscope");
    const struct xml_element *type = xml_dav_child(info, "locktype");
    const struct xml_element *owner = xml_dav_child(info, "owner");
    bool is_exclusive = scope && xml_dav_child(scope, "exclusive");
    bool is_shared = scope && xml_dav_child(scope, "shared");
    if (is_exclusive == is_shared || !type || !xml_dav_child(type, "write")) {
        reply_error(r, 400, "A lock is exclusive or shared, and a write lock.");
        return false;
    }
    want->exclusive = is_exclusive;
    want->owner = owner && owner->inner ? owner->inner : "";
    if (strlen(want->owner) > LOCK_OWNER_MAX) {
        reply_error(r, 413, "DAV:owner is longer than %d bytes.", LOCK_OWNER_MAX);
        return false;
    }
    return true;
}

int64_t lock_timeout(const struct dav_request *r)
{
    return parse_timeout(request_header(r, "Timeout"));
}

/* ---- answers ---- */

static apr_status_t release_buffer(void *data)
{
    buffer_release(data);
    return APR_SUCCESS;
}

static struct buffer *answer_buffer(struct dav_request *r)
{
    struct buffer *out = apr_palloc(r->pool, sizeof(*out));
    buffer_init(out, ANSWER_MAX);
    apr_pool_cleanup_register(r->pool, out, release_buffer, apr_pool_cleanup_null);
    return out;
}

static void reply_lock(struct dav_request *r, int status, const struct lock *lock, const struct fs_stat *st)
{
    struct buffer *out = answer_buffer(r);
    struct prop_subject subject = { .dav = r->dav, .path = r->path, .st = st, .locks = lock };
    multistatus_prop_begin(out);
    props_write_live(LIVE_LOCKDISCOVERY, &subject, out);
    multistatus_prop_end(out);
    reply_buffer(r, status, MULTISTATUS_TYPE, out->data, out->size);
}

/* RFC 4918 9.10.9: a lock inside the tree is the member's failure, and the whole depends on it. */
static void reply_conflict(struct dav_request *r, const struct lock *conflict)
{
    if (!path_is_within(conflict->root, r->path) || strcmp(conflict->root, r->path) == 0) {
        const char *hrefs[] = { conflict->root, NULL };
        reply_condition(r, 423, CONDITION_NO_CONFLICTING_LOCK, hrefs);
        return;
    }
    struct buffer *out = answer_buffer(r);
    multistatus_begin(out);
    multistatus_status(out, request_href(r, conflict->root, false), 423, CONDITION_NO_CONFLICTING_LOCK);
    multistatus_status(out, request_href(r, r->path, true), 424, CONDITION_NONE);
    multistatus_end(out);
    reply_buffer(r, 207, MULTISTATUS_TYPE, out->data, out->size);
}

/* A limit is a rule of this server, not a lack of room: who has too many will not get one by trying again. */
static void refuse_lock(struct dav_request *r, int error, const struct lock *conflict)
{
    const struct dav_limits *limits = &r->config->limits;

    switch (error) {
    case EEXIST:
        reply_conflict(r, conflict);
        break;
    case EUSERS:
        reply_limit(r, 403, "max-locks-per-user", "A user has at most %u locks here.", limits->user_locks);
        break;
    case ETOOMANYREFS:
        reply_limit(r, 403, "max-locks-per-resource", "There are at most %u locks on one resource.",
                    limits->resource_locks);
        break;
    default:
        reply_errno(r, error, ROLE_SUBJECT);
    }
}

/* ---- LOCK: a new one ---- */

/* An empty file where there is nothing (RFC 4918 7.3). EEXIST if there is something after all. */
static int create_empty(struct dav_request *r, struct fs_stat *out)
{
    struct staging *staging;
    const struct fs_meta nothing = { .set = 0 };
    int error = staging_open(r->dav->fs, r->path, &staging);
    if (error)
        return error;
    error = staging_finish(staging, &nothing, NULL, 0);
    if (!error)
        error = propstore_drop(r->dav->propstore, r->path);
    if (!error)
        error = staging_commit(staging, false, out);
    staging_free(staging);
    return error;
}

/* The resource to be locked, made if need be; *out_created tells. False after having replied, then
 * the lock is to go. */
static bool ensure_resource(struct dav_request *r, bool exists, struct fs_stat *st, bool *out_created)
{
    *out_created = false;
    if (exists)
        return true;
    int error = create_empty(r, st);
    if (error == EEXIST) /* made meanwhile by somebody who is no client of ours */
        error = fs_stat(r->dav->fs, r->path, st);
    else
        *out_created = !error;
    if (error)
        reply_errno(r, error, ROLE_PARENT);
    return !error;
}

/* Where links lead the URL to, if they do; else r->path. Locks are on URLs, but what they protect has
 * several. */
static const char *find_real(struct dav_request *r)
{
    char resolved[FS_PATH_MAX + 1];
    const char *real = resolved;
    int error = fs_real_path(r->dav->fs, r->path, resolved, sizeof(resolved));
    if (error)
        error = resource_binding(r->dav->fs, r->pool, r->path, &real);
    if (error || strcmp(real, r->path) == 0) /* what is wrong will be told under the guard */
        return r->path;
    return apr_pstrdup(r->pool, real);
}

/* False after having replied: somebody has locked what the URL leads to, by its own URL. */
static bool check_real(struct dav_request *r, const struct lock *want, const char *real, int64_t now_ns)
{
    struct lock there = *want;
    if (real == r->path)
        return true;
    there.root = real;
    const struct lock *conflict = locks_conflict(r->dav->locks, r->pool, &there, now_ns);
    if (conflict)
        reply_conflict(r, conflict);
    return !conflict;
}

/* Under the guard. */
static void lock_guarded(struct dav_request *r, const struct lock *want, const char *real)
{
    struct fs_stat st;
    bool exists, created;
    int error = resource_look(r->dav->fs, r->path, &exists, &st);
    if (error) {
        reply_errno(r, error, ROLE_SUBJECT);
        return;
    }
    struct lock *lock, *conflict = NULL;
    int64_t now_ns = locks_now();
    /* A lock on nothing protects nothing: a crash came between it and its file, or somebody behind our back
     * removed that. Nobody may have its token, and it is to be in nobody's way until its time is over. */
    if (!exists && (error = locks_drop_tree(r->dav->locks, r->path, true)) != 0) {
        reply_errno(r, error, ROLE_SUBJECT);
        return;
    }
    if (!resource_check(r, exists ? &st : NULL, exists ? 0 : CHANGE_NEW) ||
        !check_real(r, want, real, now_ns))
        return;
    error = locks_add(r->dav->locks, r->pool, want, now_ns, &lock, &conflict);
    if (error) {
        refuse_lock(r, error, conflict);
        return;
    }
    if (!ensure_resource(r, exists, &st, &created)) {
        locks_remove(r->dav->locks, lock->token, r->path, r->user, now_ns);
        return;
    }
    reply_header(r, "Lock-Token", apr_pstrcat(r->pool, "<", lock->token, ">", NULL));
    reply_lock(r, created ? 201 : 200, lock, &st);
}

/* ---- LOCK without a body: refresh (RFC 4918 9.10.2) ---- */

/* The first token of the If header that covers the request's path; NULL if none does. */
static const char *find_refreshed(const struct dav_request *r, const struct lock *covering)
{
    for (const struct lock *lock = covering; lock; lock = lock->next)
        if (ifheader_has_token(r->if_header, lock->token))
            return lock->token;
    return NULL;
}

static void lock_refresh(struct dav_request *r)
{
    struct fs_stat st = { .type = FS_FILE };
    bool exists = fs_stat(r->dav->fs, r->path, &st) == 0;
    if (!r->if_header) {
        reply_error(r, 400, "A LOCK without a body refreshes a lock, whose token belongs in If.");
        return;
    }
    int64_t now_ns = locks_now();
    const char *token = find_refreshed(r, locks_covering(r->dav->locks, r->pool, r->path, now_ns));
    if (!token) { /* 9.10.6 */
        reply_condition(r, 412, CONDITION_LOCK_TOKEN_MATCHES_REQUEST_URI, NULL);
        return;
    }
    if (!precond_check(r, exists ? &st : NULL, 0))
        return;
    struct lock *lock;
    int error =
        locks_refresh(r->dav->locks, r->pool, token, r->path, r->user, lock_timeout(r), now_ns, &lock);
    if (error == ENOENT)
        reply_condition(r, 412, CONDITION_LOCK_TOKEN_MATCHES_REQUEST_URI, NULL);
    else if (error == EPERM)
        reply_error(r, 403, "The lock is another user's.");
    else if (error)
        reply_errno(r, error, ROLE_SUBJECT);
    else
        reply_lock(r, 200, lock, &st);
}

/* ---- LOCK ---- */

/* False after having replied: no lock can be had here, whatever the body asks for. A chunked body may
 * yet be empty, and then it is a refresh. */
static bool check_any(struct dav_request *r)
{
    const struct lock least = { .root = r->path, .user = r->user };
    if (!r->exists || r->content_length == DAV_LENGTH_UNKNOWN) /* the parent's locks have been looked at */
        return true;
    const struct lock *conflict = locks_conflict(r->dav->locks, r->pool, &least, locks_now());
    if (conflict)
        reply_conflict(r, conflict);
    return !conflict;
}

void lock_begin(struct dav_request *r)
{
    enum dav_depth depth;
    if (!r->has_body)
        return; /* refresh: the depth is the lock's (RFC 4918 9.10.2) */
    if (!method_depth(r, DEPTH_INFINITY, &depth))
        return;
    if (depth == DEPTH_1) { /* RFC 4918 9.10.3 */
        reply_error(r, 400, "The Depth of a lock is 0 or infinity.");
        return;
    }
    if (!r->exists && r->slash) {
        reply_error(r, 409, "A LOCK makes a file, and a file's URL does not end in a slash.");
        return;
    }
    if (depth == DEPTH_INFINITY && !rights_check_tree(r)) /* nobody is to be locked out who may do more */
        return;
    if ((r->exists || resource_has_parent(r, r->path)) && /* RFC 4918 9.10.4 */
        resource_check(r, r->exists ? &r->st : NULL, r->exists ? 0 : CHANGE_NEW))
        check_any(r);
}

void lock_run(struct dav_request *r)
{
    enum dav_depth depth;
    if (r->body.size == 0) {
        lock_refresh(r);
        return;
    }
    struct lock want = { .root = r->path, .user = r->user };
    if (!method_depth(r, DEPTH_INFINITY, &depth) || !read_lockinfo(r, &want))
        return;
    want.deep = depth == DEPTH_INFINITY;
    want.timeout_s = lock_timeout(r);

    struct guard guard;
    const char *real = find_real(r);
    guard_take(r->dav->guards, &guard, r->path, real == r->path ? NULL : real);
    lock_guarded(r, &want, real);
    guard_release(r->dav->guards, &guard);
}

/* ---- UNLOCK ---- */

/* The token with or without its angle brackets (FIELD C6); NULL if there is none. */
const char *unlock_token(const struct dav_request *r)
{
    const char *value = request_header(r, "Lock-Token");
    if (!value)
        return NULL;
    value += strspn(value, " \t<");
    size_t len = strcspn(value, "> \t");
    return len ? apr_pstrmemdup(r->pool, value, len) : NULL;
}

void unlock_begin(struct dav_request *r)
{
    if (!unlock_token(r)) /* RFC 4918 9.11.1 */
        reply_error(r, 400, "UNLOCK needs the token of a lock in Lock-Token.");
    else
        precond_check(r, r->exists ? &r->st : NULL, 0);
}

void unlock_run(struct dav_request *r)
{
    int error = locks_remove(r->dav->locks, unlock_token(r), r->path, r->user, locks_now());

    switch (error) {
    case 0:
        reply_status(r, 204);
        return;
    case ENOENT:
        reply_condition(r, 409, CONDITION_LOCK_TOKEN_MATCHES_REQUEST_URI, NULL);
        return;
    case EPERM:
        reply_error(r, 403, "The lock is another user's.");
        return;
    default:
        reply_errno(r, error, ROLE_SUBJECT);
    }
}
