/*
 * A request is run by one thread and noted by another, and each of the two may come first. What they have to
 * tell each other (it is noted; this is about to be published; it has run) is told under a mutex of the
 * request, which is held while that is written: so a row never lacks what happened before it, and
 * nothing that a row should have happens before it is there.
 */
#include "webdav/accepted.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "webdav/locks.h"
#include "webdav/method.h"
#include "webdav/state.h"

#define LINES_MAX (1 << 20) /* more than a head can fill */

/* What COPY, MOVE, DELETE and PUT look at. */
static const char *const kept_headers[] = {
    "Host",
    "Destination",
    "Depth",
    "Overwrite",
    "If",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "X-OC-Mtime",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "If-Unmodified-Since",
};

/* ---- headers as text ---- */

static void add_line(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, "%s: ", name);
    buffer_puts(out, value);
    buffer_puts(out, "\n");
}

static const char *take_text(apr_pool_t *pool, struct buffer *buffer)
{
    const char *text = apr_pstrmemdup(pool, buffer->data ? buffer->data : "", buffer->size);
    buffer_release(buffer);
    return text;
}

/* With each <URI> as uri_without_credentials has it. */
static void add_if(struct buffer *out, const char *value, apr_pool_t *pool)
{
    for (size_t len; *value; value += len) {
        bool is_uri = *value == '<';
        len = strcspn(value, is_uri ? ">" : "<");
        const char *piece = apr_pstrmemdup(pool, value, len);
        buffer_puts(out, is_uri ? "<" : "");
        buffer_puts(out, is_uri ? uri_without_credentials(pool, piece + 1) : piece);
    }
}

/* Some clients put name and password into the URIs that they send. */
static void add_header(struct buffer *out, const char *name, const char *value, apr_pool_t *pool)
{
    if (strcmp(name, "Destination") == 0)
        value = uri_without_credentials(pool, value);
    if (strcmp(name, "If") != 0) {
        add_line(out, name, value);
        return;
    }
    buffer_printf(out, "%s: ", name);
    add_if(out, value, pool);
    buffer_puts(out, "\n");
}

static const char *request_lines(apr_pool_t *pool, const struct dav_request *r)
{
    struct buffer lines;

    buffer_init(&lines, LINES_MAX);
    for (size_t i = 0; i < sizeof kept_headers / sizeof kept_headers[0]; i++) {
        const char *value = request_header(r, kept_headers[i]);
        if (value)
            add_header(&lines, kept_headers[i], value, pool);
    }
    return take_text(pool, &lines);
}

static const char *reply_lines(apr_pool_t *pool, const struct dav_reply *reply)
{
    const apr_array_header_t *fields = apr_table_elts(reply->headers);
    const apr_table_entry_t *field = (const apr_table_entry_t *)(const void *)fields->elts;
    struct buffer lines;

    buffer_init(&lines, LINES_MAX);
    for (int i = 0; i < fields->nelts; i++)
        add_line(&lines, field[i].key, field[i].val);
    return take_text(pool, &lines);
}

static void parse_lines(apr_pool_t *pool, const char *lines, apr_table_t *out)
{
    char *state, *text = apr_pstrdup(pool, lines);

    for (char *line = apr_strtok(text, "\n", &state); line; line = apr_strtok(NULL, "\n", &state)) {
        char *value = strstr(line, ": ");
        if (!value)
            continue;
        *value = '\0';
        apr_table_addn(out, line, value + 2);
    }
}

/* ---- noting ---- */

static int put_row(struct dav_request *r, const struct accepted_name *name)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    bool has_body = r->method->body != BODY_NONE;
    const struct state_job job = { .id = name->id,
                                   .user = r->user,
                                   .client = name->client,
                                   .method = r->method_name,
                                   .target = uri_without_credentials(pool, r->target),
                                   .headers = request_lines(pool, r),
                                   .tls = r->tls,
                                   .key = has_body ? NULL : name->key,
                                   .idempotency_key = has_body ? NULL : name->idempotency_key,
                                   .path = r->path,
                                   .dest = r->dest,
                                   .path_thing = r->found,
                                   .dest_thing = r->dest_found,
                                   .made = r->mark.made,
                                   .started_ms = name->started_ms };
    int err = state_job_put(r->dav->state, &job);
    apr_pool_destroy(pool);
    return err;
}

static bool was_stopped_for(struct dav_request *r, enum dav_stop_reason why)
{
    return atomic_load(&r->stop_reason) == (int)why + 1;
}

int accepted_note(struct dav_request *r, const struct accepted_name *name)
{
    pthread_mutex_lock(&r->mark.mutex);
    bool is_late = r->mark.is_over || *r->mark.id || was_stopped_for(r, DAV_STOP_CANCELLED);
    int err = is_late ? EALREADY : put_row(r, name);
    if (!err) {
        apr_cpystrn(r->mark.id, name->id, sizeof r->mark.id);
        atomic_store(&r->mark.is_noted, true);
    }
    pthread_mutex_unlock(&r->mark.mutex);
    return err;
}

bool accepted_is_noted(const struct dav_request *r)
{
    return atomic_load(&r->mark.is_noted);
}

int accepted_note_made(void *ctx, const struct fs_stat *st)
{
    struct dav_request *r = ctx;

    pthread_mutex_lock(&r->mark.mutex);
    r->mark.made = thing_of(st);
    int err = *r->mark.id ? state_job_made(r->dav->state, r->mark.id, r->mark.made) : 0;
    pthread_mutex_unlock(&r->mark.mutex);
    return err;
}

int accepted_cancel(struct dav_request *r)
{
    pthread_mutex_lock(&r->mark.mutex);
    bool is_noted = *r->mark.id && !r->mark.is_over;
    int err = is_noted ? state_job_cancel(r->dav->state, r->mark.id) : 0;
    pthread_mutex_unlock(&r->mark.mutex);
    return err;
}

/* ---- the result ---- */

static const char *reply_text(apr_pool_t *pool, const struct dav_reply *reply)
{
    if (reply->kind != DAV_BUFFER || reply->size > ACCEPTED_BODY_MAX ||
        memchr(reply->data, '\0', reply->size))
        return "";
    return apr_pstrmemdup(pool, reply->data, reply->size);
}

static int put_result(struct dav_request *r, const char *id, int64_t ended_ms)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    const struct state_job job = { .id = id,
                                   .ended_ms = ended_ms,
                                   .status = r->reply.status,
                                   .reply_headers = reply_lines(pool, &r->reply),
                                   .reply = reply_text(pool, &r->reply) };
    int err = state_job_end(r->dav->state, &job);
    apr_pool_destroy(pool);
    return err;
}

int accepted_end(struct dav_request *r, int64_t ended_ms)
{
    pthread_mutex_lock(&r->mark.mutex);
    r->mark.is_over = true;
    pthread_mutex_unlock(&r->mark.mutex);
    if (!*r->mark.id || (r->reply.status >= 400 && was_stopped_for(r, DAV_STOP_SERVER)))
        return 0;
    return put_result(r, r->mark.id, ended_ms);
}

int accepted_forget(struct dav *dav, const char *const *ids, size_t count)
{
    return count ? state_job_remove_all(dav->state, ids, count) : 0;
}

/* ---- what became of it ---- */

enum fate { FATE_DONE, FATE_NOT_DONE, FATE_LOST, FATE_UNKNOWN };

static enum fate fate_of(struct dav_request *r, const struct state_job *job)
{
    struct thing path, dest = { .ino = 0 }, nothing = { .ino = 0 };
    bool is_upload = r->method->body == BODY_UPLOAD;
    bool is_delete = strcmp(job->method, "DELETE") == 0, is_move = strcmp(job->method, "MOVE") == 0;

    if (thing_at(r->dav->fs, job->path, &path) != 0 ||
        (job->dest && thing_at(r->dav->fs, job->dest, &dest) != 0))
        return FATE_UNKNOWN;
    bool is_made = job->made.ino && thing_is(job->dest ? dest : path, job->made);
    bool is_moved = is_move && job->path_thing.ino && thing_is(dest, job->path_thing);
    if (is_delete && thing_is(path, nothing))
        return FATE_DONE;
    if ((is_made || is_moved) && (!is_move || !thing_is(path, job->path_thing)))
        return FATE_DONE;
    if (is_upload)
        return FATE_LOST;
    bool is_untouched = thing_is(path, job->path_thing) && thing_is(dest, job->dest_thing);
    return is_untouched ? FATE_NOT_DONE : FATE_UNKNOWN;
}

/* The process may have died before it came to that. */
static void drop_locks(struct dav_request *r, const struct state_job *job)
{
    if (job->dest && job->dest_thing.ino)
        (void)locks_drop_tree(r->dav->locks, job->dest, false);
    if (r->method->changes & CHANGES_PATH && r->method->body != BODY_UPLOAD)
        (void)locks_drop_tree(r->dav->locks, job->path, true);
}

static void reply_done(struct dav_request *r, const struct state_job *job)
{
    const char *made = job->dest ? job->dest : job->path;
    bool is_delete = strcmp(job->method, "DELETE") == 0;
    bool is_new = !is_delete && !(job->dest ? job->dest_thing : job->path_thing).ino;
    struct fs_stat st;

    drop_locks(r, job);
    bool is_there = !is_delete && fs_stat(r->dav->fs, made, &st) == 0;
    reply_status(r, is_new ? 201 : 204);
    if (is_new)
        reply_location(r, made, is_there && st.type == FS_DIR);
    if (is_there && r->method->body == BODY_UPLOAD)
        reply_validators(r, &st);
}

/* Afterwards it has a reply, unless it is to be run. */
static void decide(struct dav_request *r, const struct state_job *job, const struct accepted_heir *heir)
{
    enum fate fate = fate_of(r, job);

    if (job->is_cancelled && (fate == FATE_NOT_DONE || fate == FATE_LOST)) {
        dav_request_cancel(r, DAV_STOP_CANCELLED);
        (void)reply_if_stopped(r);
        return;
    }
    switch (fate) {
    case FATE_DONE:
        reply_done(r, job);
        break;
    case FATE_NOT_DONE:
        if (heir->is_user(heir->ctx, r->user))
            dav_begin(r);
        else
            reply_error(r, 403, "It was not done when the server ended, and you may not enter any more.");
        break;
    case FATE_LOST:
        reply_error(r, 503, "The server ended before it was published; send it again.");
        break;
    case FATE_UNKNOWN:
        reply_error(r, 409,
                    "The server ended meanwhile, and what is there has changed; this was not done again.");
        break;
    }
}

/* ---- restoring ---- */

static void restore_reply(struct dav_request *r, const struct state_job *job)
{
    parse_lines(r->pool, job->reply_headers, r->reply.headers);
    r->reply.status = job->status;
    r->reply.kind = *job->reply ? DAV_BUFFER : DAV_NO_BODY;
    r->reply.size = strlen(job->reply);
    r->reply.data = apr_pstrdup(r->pool, job->reply);
}

/* As it was after its dav_begin, as far as the pages and a made up answer need it. */
static struct dav_request *restore_request(struct dav *dav, const struct state_job *job)
{
    apr_pool_t *pool = dav_pool_new(dav);
    apr_table_t *headers = apr_table_make(pool, 8);

    parse_lines(pool, job->headers, headers);
    const struct dav_head head = { .pool = pool,
                                   .method = apr_pstrdup(pool, job->method),
                                   .target = apr_pstrdup(pool, job->target),
                                   .headers = headers,
                                   .user = apr_pstrdup(pool, job->user),
                                   .tls = job->tls };
    struct dav_request *r = dav_request_new(dav, &head);
    r->method = method_find(r->method_name);
    r->path = r->asked = apr_pstrdup(pool, job->path);
    r->dest = apr_pstrdup(pool, job->dest);
    apr_cpystrn(r->mark.id, job->id, sizeof r->mark.id);
    atomic_store(&r->mark.is_noted, true);
    return r;
}

/* The database is taken: nothing is looked at or written yet. */
static void collect(void *ctx, const struct state_job *row)
{
    apr_array_header_t *jobs = ctx;
    apr_pool_t *pool = jobs->pool;
    struct state_job job = *row;
    const char **texts[] = { &job.id,     &job.user,          &job.client,
                             &job.method, &job.target,        &job.headers,
                             &job.key,    &job.dest,          &job.idempotency_key,
                             &job.path,   &job.reply_headers, &job.reply };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = apr_pstrdup(pool, *texts[i]);
    APR_ARRAY_PUSH(jobs, struct state_job) = job;
}

static int compare_age(const void *a, const void *b)
{
    const struct state_job *x = a, *y = b;

    return (x->started_ms > y->started_ms) - (x->started_ms < y->started_ms);
}

static struct accepted restore(struct dav *dav, const struct state_job *job, const struct accepted_heir *heir,
                               int64_t now_ms)
{
    struct dav_request *r = restore_request(dav, job);
    struct accepted accepted = { .name = { .id = apr_pstrdup(r->pool, job->id),
                                           .client = apr_pstrdup(r->pool, job->client),
                                           .key = apr_pstrdup(r->pool, job->key),
                                           .idempotency_key = apr_pstrdup(r->pool, job->idempotency_key),
                                           .started_ms = job->started_ms },
                                 .request = r,
                                 .user = r->user,
                                 .method = r->method_name,
                                 .target = r->target,
                                 .ended_ms = job->ended_ms,
                                 .is_news = !job->ended_ms };

    if (job->ended_ms) {
        restore_reply(r, job);
        return accepted;
    }
    decide(r, job, heir);
    if (r->reply.status) {
        accepted.ended_ms = now_ms;
        (void)accepted_end(r, now_ms); /* else it is decided once more by the next start */
    }
    return accepted;
}

int accepted_restore(struct dav *dav, const struct accepted_heir *heir)
{
    int64_t now_ms = locks_now() / 1000000;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    apr_array_header_t *jobs = apr_array_make(pool, 16, sizeof(struct state_job));
    int err = state_job_list(dav->state, collect, jobs);
    qsort(jobs->elts, (size_t)jobs->nelts, sizeof(struct state_job), compare_age);
    for (int i = 0; i < jobs->nelts && !err; i++) {
        const struct state_job *job = &APR_ARRAY_IDX(jobs, i, struct state_job);
        if (!method_find(job->method))
            continue;
        const struct accepted accepted = restore(dav, job, heir, now_ms);
        heir->take(heir->ctx, &accepted);
    }
    apr_pool_destroy(pool);
    return err;
}
