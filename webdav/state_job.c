/*
 * Requests that were accepted with a 202 (accepted.h), and their results.
 */
#include <errno.h>
#include <string.h>

#include "webdav/state_internal.h"

static const char job_put[] = "INSERT INTO job (id, creator, client, method, target, headers, tls, key, "
                              "idempotency_key, path, dest, path_ino, "
                              "path_birth, dest_ino, dest_birth, made_ino, made_birth, started_ms, ended_ms, "
                              "status, reply_headers, reply) "
                              "VALUES (%s, %s, %s, %s, %s, %s, %d, %s, %s, %s, %s, %lld, %lld, %lld, %lld, "
                              "%lld, %lld, %lld, 0, 0, '', '')";
static const char job_made[] = "UPDATE job SET made_ino = %lld, made_birth = %lld WHERE id = %s";
static const char job_end[] =
    "UPDATE job SET ended_ms = %lld, status = %d, reply_headers = %s, reply = %s WHERE id = %s";
/* Without an end a status stands for what shall become of it. */
static const char job_cancel[] = "UPDATE job SET status = 409 WHERE id = %s AND ended_ms = 0";
static const char job_remove[] = "DELETE FROM job WHERE id = %s";
static const char job_list[] =
    "SELECT id, creator, client, method, target, headers, tls, key, idempotency_key, path, dest, path_ino, "
    "path_birth, dest_ino, dest_birth, made_ino, made_birth, started_ms, ended_ms, status, reply_headers, "
    "reply "
    "FROM job WHERE id > %s ORDER BY id LIMIT 50"; /* a result may be large */

static const char *encode(apr_pool_t *pool, const char *text)
{
    return state_encode(pool, text ? text : "");
}

static int put_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct state_job *job = ctx;
    int tls = job->tls;
    apr_int64_t inos[] = { (apr_int64_t)job->path_thing.ino, (apr_int64_t)job->dest_thing.ino,
                           (apr_int64_t)job->made.ino };
    apr_int64_t births[] = { job->path_thing.birth_ns, job->dest_thing.birth_ns, job->made.birth_ns };
    apr_int64_t started_ms = job->started_ms;
    const void *args[] = { job->id,
                           encode(scratch, job->user),
                           encode(scratch, job->client),
                           encode(scratch, job->method),
                           encode(scratch, job->target),
                           encode(scratch, job->headers),
                           &tls,
                           encode(scratch, job->key),
                           encode(scratch, job->idempotency_key),
                           state_encode_path(scratch, job->path),
                           job->dest ? state_encode_path(scratch, job->dest) : "",
                           &inos[0],
                           &births[0],
                           &inos[1],
                           &births[1],
                           &inos[2],
                           &births[2],
                           &started_ms };
    return state_run(state, scratch, job_put, args);
}

int state_job_put(struct state *state, const struct state_job *job)
{
    struct state_job change = *job;
    return state_change(state, put_change, &change);
}

struct made {
    const char *id;
    struct thing thing;
};

static int made_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct made *made = ctx;
    apr_int64_t ino = (apr_int64_t)made->thing.ino, birth = made->thing.birth_ns;
    const void *args[] = { &ino, &birth, made->id };
    return state_run(state, scratch, job_made, args);
}

int state_job_made(struct state *state, const char *id, struct thing thing)
{
    struct made made = { .id = id, .thing = thing };
    return state_change(state, made_change, &made);
}

static int end_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct state_job *job = ctx;
    apr_int64_t ended_ms = job->ended_ms;
    int status = job->status;
    const void *args[] = { &ended_ms, &status, encode(scratch, job->reply_headers),
                           encode(scratch, job->reply), job->id };
    return state_run(state, scratch, job_end, args);
}

int state_job_end(struct state *state, const struct state_job *job)
{
    struct state_job change = *job;
    return state_change(state, end_change, &change);
}

static int cancel_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const char *const *id = ctx;
    const void *args[] = { *id };
    return state_run(state, scratch, job_cancel, args);
}

int state_job_cancel(struct state *state, const char *id)
{
    return state_change(state, cancel_change, &id);
}

struct removal {
    const char *const *ids;
    size_t count;
};

static int remove_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct removal *removal = ctx;
    int error = 0;
    for (size_t i = 0; i < removal->count && !error; i++) {
        const void *args[] = { removal->ids[i] };
        error = state_run(state, scratch, job_remove, args);
    }
    return error;
}

int state_job_remove_all(struct state *state, const char *const *ids, size_t count)
{
    struct removal removal = { .ids = ids, .count = count };
    return state_change(state, remove_change, &removal);
}

struct listing {
    void (*each)(void *ctx, const struct state_job *job);
    void *ctx;
};

static struct thing read_thing(const struct state_row *row, int column)
{
    return (struct thing){ .ino = (uint64_t)state_int(row, column), .birth_ns = state_int(row, column + 1) };
}

/* NULL stands for an empty text. */
static const char *read_optional(const struct state_row *row, int column)
{
    const char *text = state_decoded(row, column);
    return text && *text ? text : NULL;
}

static int list_row(void *ctx, const struct state_row *row)
{
    const struct listing *listing = ctx;
    struct state_job job = { .id = state_text(row, 0),
                             .user = state_decoded(row, 1),
                             .client = state_decoded(row, 2),
                             .method = state_decoded(row, 3),
                             .target = state_decoded(row, 4),
                             .headers = state_decoded(row, 5),
                             .tls = state_int(row, 6) != 0,
                             .key = read_optional(row, 7),
                             .idempotency_key = read_optional(row, 8),
                             .path = state_path(row, 9),
                             .dest = state_path(row, 10),
                             .path_thing = read_thing(row, 11),
                             .dest_thing = read_thing(row, 13),
                             .made = read_thing(row, 15),
                             .started_ms = state_int(row, 17),
                             .ended_ms = state_int(row, 18),
                             .status = (int)state_int(row, 19),
                             .reply_headers = state_decoded(row, 20),
                             .reply = state_decoded(row, 21) };
    job.is_cancelled = job.status && !job.ended_ms;
    if (!job.id || !job.user || !job.client || !job.method || !job.target || !job.headers || !job.path ||
        !job.reply_headers || !job.reply)
        return EIO;
    listing->each(listing->ctx, &job);
    return 0;
}

int state_job_list(struct state *state, void (*each)(void *ctx, const struct state_job *job), void *ctx)
{
    struct listing listing = { .each = each, .ctx = ctx };
    return state_list(state, job_list, list_row, &listing);
}
