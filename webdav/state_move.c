/*
 * MOVEs across file systems that have published their copy, or are about to, and not yet removed the source.
 */
#include <errno.h>

#include "webdav/state_internal.h"

static const char move_put[] =
    "INSERT OR REPLACE INTO move (dest, source, source_ino, source_birth, made_ino, "
    "made_birth, since_ns) VALUES (%s, %s, %lld, %lld, %lld, %lld, %lld)";
static const char move_remove[] = "DELETE FROM move WHERE dest = %s";
static const char move_list[] =
    "SELECT dest, source, source_ino, source_birth, made_ino, made_birth, since_ns "
    "FROM move WHERE dest > %s ORDER BY dest " STATE_PAGE;

static int put_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct state_move *move = ctx;
    apr_int64_t source_ino = (apr_int64_t)move->source_thing.ino, made_ino = (apr_int64_t)move->made.ino;
    apr_int64_t source_birth = move->source_thing.birth_ns, made_birth = move->made.birth_ns;
    apr_int64_t since_ns = move->since_ns;
    const void *args[] = { state_encode_path(scratch, move->dest),
                           state_encode_path(scratch, move->source),
                           &source_ino,
                           &source_birth,
                           &made_ino,
                           &made_birth,
                           &since_ns };
    return state_run(state, scratch, move_put, args);
}

int state_move_put(struct state *state, const struct state_move *move)
{
    struct state_move change = *move;
    return state_change(state, put_change, &change);
}

int state_move_remove(struct state *state, const char *dest)
{
    return state_change_path(state, move_remove, dest);
}

struct listing {
    void (*each)(void *ctx, const struct state_move *move);
    void *ctx;
};

static int list_row(void *ctx, const struct state_row *row)
{
    const struct listing *listing = ctx;
    struct state_move move = {
        .dest = state_path(row, 0),
        .source = state_path(row, 1),
        .source_thing = { .ino = (uint64_t)state_int(row, 2), .birth_ns = state_int(row, 3) },
        .made = { .ino = (uint64_t)state_int(row, 4), .birth_ns = state_int(row, 5) },
        .since_ns = state_int(row, 6),
    };
    if (!move.dest || !move.source)
        return EIO;
    listing->each(listing->ctx, &move);
    return 0;
}

int state_move_list(struct state *state, void (*each)(void *ctx, const struct state_move *move), void *ctx)
{
    struct listing listing = { .each = each, .ctx = ctx };
    return state_list(state, move_list, list_row, &listing);
}
