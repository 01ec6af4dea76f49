/*
 * Opening and closing the whole, and the life of a request but for its head (begin.c).
 *
 * A request's pool has no parent, so that it can be handed from thread to thread. All of them take their
 * blocks from one allocator: with one each, every request paid for an mmap and an munmap, which cost
 * more than all its other system calls together.
 */
#include "webdav/dav.h"

#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/journal.h"
#include "fs/path.h"
#include "fs/recovery.h"
#include "webdav/access.h"
#include "webdav/asked.h"
#include "webdav/copymove.h"
#include "webdav/locks.h"
#include "webdav/method.h"
#include "webdav/mime.h"
#include "webdav/noprops.h"
#include "webdav/propstore.h"
#include "webdav/rights.h"
#include "webdav/spacewatch.h"
#include "webdav/spares.h"
#include "webdav/state.h"

#define DEFAULT_MIME_FILE "/etc/mime.types"
#define SMALL_UPLOAD      (256 * 1024)
#define ALLOCATOR_KEEPS   (512 * 1024) /* bytes for the requests to come */

/* ---- the whole ---- */

/* Whatever a client can make us allocate is bounded before; this is the machine's end, not the
 * client's doing. */
static int out_of_memory(int status)
{
    (void)status;
    fputs("holdfast: out of memory\n", stderr);
    abort();
}

static int fail(apr_pool_t *pool, int err, const char *what, const char **out_message)
{
    *out_message = apr_psprintf(pool, "%s: %s", what, strerror(err));
    return err;
}

static int open_journal(struct dav *dav, const char **out_message)
{
    struct journal_store store = state_journal_store(dav->state);

    int err = journal_open(&store, &dav->journal);
    if (err)
        return fail(dav->pool, err, "cannot read the journal in the state database", out_message);
    dav->fs->journal = dav->journal;
    return 0;
}

/* What cannot be put right is no reason not to start: nothing is lost by it. */
static void recover(struct dav *dav)
{
    int move_error = move_across_recover(dav);
    int error = recovery_begin(dav->fs, &dav->recovery);

    dav->recovery_error = move_error ? move_error : error;
}

static int open_parts(struct dav *dav, const struct dav_config *config, const char **out_message)
{

    int err = state_open(dav->pool, config->state_dir, config->sync_state, &dav->state, out_message);
    if (!err)
        err = open_journal(dav, out_message);
    if (err)
        return err;
    err = locks_open(dav->state, locks_now(), &dav->locks);
    if (err)
        return fail(dav->pool, err, "cannot read the locks in the state database", out_message);
    locks_bound(dav->locks, config->limits.user_locks, config->limits.resource_locks);
    err = guard_table_open(&dav->guards);
    if (err)
        return fail(dav->pool, err, "cannot make the table of guards", out_message);
    const char *mime_file = config->mime_file ? config->mime_file : DEFAULT_MIME_FILE;
    err = mime_open(dav->pool, mime_file, &dav->mime);
    if (err)
        return fail(dav->pool, err, mime_file, out_message);
    err = spacewatch_open(dav, &dav->spacewatch);
    if (err)
        return fail(dav->pool, err, "cannot watch the free space", out_message);
    recover(dav);
    err = propstore_open(dav->state, dav->fs, &dav->propstore);
    return err ? fail(dav->pool, err, "cannot read the properties in the state database", out_message) : 0;
}

static void open_allocator(struct dav *dav)
{
    apr_thread_mutex_t *mutex = NULL;

    if (apr_allocator_create(&dav->allocator) != APR_SUCCESS ||
        apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, dav->pool) != APR_SUCCESS)
        out_of_memory(APR_ENOMEM);
    apr_allocator_mutex_set(dav->allocator, mutex);
    apr_allocator_max_free_set(dav->allocator, ALLOCATOR_KEEPS);
}

/* The root of all is called "/", as it has no name that we could tell. */
static void name_root(struct dav *dav, const char *prefix)
{
    dav->prefix = apr_pstrdup(dav->pool, prefix ? prefix : "");
    assert(strlen(dav->prefix) <= URI_PREFIX_MAX);
    dav->base = uri_base(dav->pool, dav->prefix);
    dav->root_name = *dav->prefix ? path_name(dav->prefix) : "/";
}

static void complete_limits(struct dav_limits *limits)
{
    static const struct dav_limits initial = DAV_LIMITS_DEFAULT;

    limits->property = limits->property ? limits->property : initial.property;
    limits->properties = limits->properties ? limits->properties : initial.properties;
    limits->xml_elements = limits->xml_elements ? limits->xml_elements : initial.xml_elements;
    limits->xml_depth = limits->xml_depth ? limits->xml_depth : initial.xml_depth;
    limits->user_locks = limits->user_locks ? limits->user_locks : initial.user_locks;
    limits->resource_locks = limits->resource_locks ? limits->resource_locks : initial.resource_locks;
}

int dav_open(apr_pool_t *pool, struct fs *fs, const struct dav_config *config, struct dav **out,
             const char **out_message)
{
    const char *message = "cannot open the state";
    apr_pool_t *own;

    apr_pool_create(&own, pool);
    struct dav *dav = apr_pcalloc(own, sizeof *dav);
    dav->pool = own;
    open_allocator(dav);
    dav->fs = fs;
    struct dav_config *completed = apr_pmemdup(own, config, sizeof *config);
    complete_limits(&completed->limits);
    dav->config = completed;
    name_root(dav, config->prefix);
    pthread_rwlock_init(&dav->access_lock, NULL);
    dav->asked = asked_store_open();
    dav->spares = spares_open();
    dav->noprops = noprops_open();
    int err = open_parts(dav, completed, &message);
    if (err) {
        *out_message = apr_pstrdup(pool, message);
        dav_close(dav);
        return err;
    }
    *out = dav;
    return 0;
}

void dav_set_config(struct dav *dav, const struct dav_config *config)
{
    dav->config = config;
    locks_bound(dav->locks, config->limits.user_locks, config->limits.resource_locks);
}

void dav_close(struct dav *dav)
{
    if (!dav)
        return;
    spacewatch_close(dav->spacewatch);
    spares_close(dav->spares);
    asked_store_close(dav->asked);
    noprops_close(dav->noprops);
    propstore_close(dav->propstore);
    guard_table_close(dav->guards);
    locks_close(dav->locks);
    if (dav->journal)
        dav->fs->journal = NULL;
    recovery_free(dav->recovery);
    journal_close(dav->journal);
    state_close(dav->state);
    access_free(dav->access);
    pthread_rwlock_destroy(&dav->access_lock);
    apr_allocator_mutex_set(dav->allocator, NULL); /* the mutex goes with the pool */
    apr_allocator_destroy(dav->allocator);
    apr_pool_destroy(dav->pool);
}

void dav_set_access(struct dav *dav, struct access *access)
{
    pthread_rwlock_wrlock(&dav->access_lock);
    struct access *before = dav->access;
    dav->access = access;
    atomic_store_explicit(&dav->has_access, access != NULL, memory_order_release);
    atomic_fetch_add(&dav->access_turn, 1);
    pthread_rwlock_unlock(&dav->access_lock);
    access_free(before);
}

int dav_check(struct dav *dav)
{
    int err = fs_check(dav->fs);

    if (err == EROFS && dav->config->read_only)
        err = 0;
    return err ? err : state_check(dav->state);
}

size_t dav_lock_count(const struct dav *dav)
{
    return locks_count(dav->locks);
}

int dav_leftovers(const struct dav *dav, unsigned *out_count)
{
    *out_count = dav->recovery ? recovery_left(dav->recovery) : 0;
    return dav->recovery_error;
}

void dav_purge_leftovers(struct dav *dav, struct progress *progress)
{
    if (dav->recovery)
        recovery_purge(dav->recovery, progress);
}

/* ---- a request ---- */

apr_pool_t *dav_pool_new(struct dav *dav)
{
    apr_pool_t *pool;

    apr_pool_create_unmanaged_ex(&pool, out_of_memory, dav->allocator);
    return pool;
}

static void copy_head(struct dav_request *r, const struct dav_head *head)
{
    r->method_name = apr_pstrdup(r->pool, head->method);
    r->target = apr_pstrdup(r->pool, head->target);
    r->user = apr_pstrdup(r->pool, head->user);
    r->headers = apr_table_clone(r->pool, head->headers);
}

static void take_head(struct dav_request *r, const struct dav_head *head)
{
    r->method_name = head->method;
    r->target = head->target;
    r->user = head->user;
    r->headers = head->headers;
}

struct dav_request *dav_request_new(struct dav *dav, const struct dav_head *head)
{
    apr_pool_t *pool = head->pool ? head->pool : dav_pool_new(dav);
    struct dav_request *r = apr_pcalloc(pool, sizeof *r);

    r->dav = dav;
    r->pool = pool;
    if (head->pool)
        take_head(r, head);
    else
        copy_head(r, head);
    r->access_turn = atomic_load(&dav->access_turn);
    r->view = rights_view(dav, pool, r->user);
    r->tls = head->tls;
    r->has_body = head->has_body;
    r->config = dav->config;
    buffer_init(&r->body, r->config->max_xml);
    r->reply.headers = apr_table_make(pool, 8);
    r->reply.fd = -1;
    r->fd = -1;
    pthread_mutex_init(&r->mark.mutex, NULL);
    return r;
}

/* Gives back the space at once: the disk may be full. */
static void drop_upload(struct dav_request *r)
{
    staging_free(r->upload);
    r->upload = NULL;
}

static void refuse_body(struct dav_request *r)
{
    r->body_refused = true;
    buffer_clear(&r->body);
    drop_upload(r);
}

void dav_body(struct dav_request *r, const void *data, size_t len)
{
    if (r->reply.status || !len)
        return;
    switch (r->method->body) {
    case BODY_IGNORE:
        break;
    case BODY_NONE: /* chunked, else dav_begin had known */
        reply_error(r, 415, "%s takes no body.", r->method->name);
        refuse_body(r);
        break;
    case BODY_XML:
        buffer_append(&r->body, data, len);
        if (r->body.overflow) {
            reply_limit(r, 413, "max-xml", "The body is larger than %zu bytes.", r->config->max_xml);
            refuse_body(r);
        }
        break;
    case BODY_UPLOAD:
        if (!put_body(r, data, len))
            refuse_body(r);
        break;
    }
}

bool dav_is_quick(const struct dav_request *r)
{
    if (r->reply.status)
        return true;
    return r->method->is_quick ? r->method->is_quick(r) : r->method->quick;
}

bool dav_is_long(const struct dav_request *r)
{
    return r->method && r->method->is_long && r->method->is_long(r);
}

bool dav_is_upload(const struct dav_request *r)
{
    return r->upload && staging_size(r->upload) > SMALL_UPLOAD;
}

void dav_run(struct dav_request *r)
{
    if (!r->reply.status && !reply_if_stopped(r) && rights_check_again(r))
        r->method->run(r);
    drop_upload(r); /* the reply may be kept for long */
    buffer_release(&r->body);
    assert(r->reply.status);
}

bool dav_has_cleanup(const struct dav_request *r)
{
    return r->trash || r->leftover;
}

void dav_cleanup(struct dav_request *r)
{
    trash_purge(r->trash, &r->cleanup);
    r->trash = NULL;
    staging_purge(r->leftover, &r->cleanup);
    r->leftover = NULL;
}

void dav_request_free(struct dav_request *r)
{
    if (!r)
        return;
    if (r->reply.fd >= 0)
        close(r->reply.fd);
    if (r->fd >= 0)
        close(r->fd);
    if (r->reply.stream)
        r->reply.stream->close(r->reply.stream);
    staging_free(r->upload);
    progress_stop(&r->cleanup); /* what dav_cleanup has not removed is left for recovery */
    staging_purge(r->leftover, &r->cleanup);
    trash_purge(r->trash, &r->cleanup);
    buffer_release(&r->body);
    pthread_mutex_destroy(&r->mark.mutex);
    apr_pool_destroy(r->pool);
}

struct dav_reply *dav_request_reply(struct dav_request *r)
{
    return &r->reply;
}

struct dav *dav_of(const struct dav_request *r)
{
    return r->dav;
}

struct progress *dav_request_progress(struct dav_request *r)
{
    return &r->progress;
}

void dav_request_cancel(struct dav_request *r, enum dav_stop_reason why)
{
    int none = 0;

    /* The reason first: whoever sees the flag will look for it. */
    atomic_compare_exchange_strong(&r->stop_reason, &none, (int)why + 1);
    progress_stop(&r->progress);
}

void dav_request_stop(struct dav_request *r)
{
    dav_request_cancel(r, DAV_STOP_SERVER);
    progress_stop(&r->cleanup);
}
