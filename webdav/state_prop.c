/*
 * Dead properties in the state database, one row each, and the renames that move them (propstore.h).
 *
 * A tree is two statements, one for its root and one for the range below it: with both in one SQLite would
 * read the whole table.
 */
#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "webdav/state_internal.h"

static const char prop_list[] = "SELECT ns, name, markup FROM prop WHERE path = %s";
static const char prop_add[] = "INSERT OR REPLACE INTO prop (path, ns, name, markup) VALUES (%s, %s, %s, %s)";
static const char prop_drop[] = "DELETE FROM prop WHERE path = %s";
static const char prop_drop_below[] = "DELETE FROM prop WHERE path > %s AND path < %s";
static const char prop_any[] = "SELECT 1 FROM prop LIMIT 1";
static const char prop_any_at[] = "SELECT 1 FROM prop WHERE path = %s LIMIT 1";
static const char prop_any_below[] = "SELECT 1 FROM prop WHERE path > %s AND path < %s LIMIT 1";
static const char prop_paths[] =
    "SELECT DISTINCT path FROM prop WHERE path > %s AND path < %s ORDER BY path LIMIT 500";
static const char prop_copy[] =
    "INSERT OR REPLACE INTO prop SELECT %s, ns, name, markup FROM prop WHERE path = %s";
static const char prop_copy_below[] =
    "INSERT OR REPLACE INTO prop SELECT %s || substr(path, length(%s) + 1), ns, name, markup "
    "FROM prop WHERE path > %s AND path < %s";
static const char prop_move[] = "UPDATE prop SET path = %s WHERE path = %s";
static const char prop_move_below[] =
    "UPDATE prop SET path = %s || substr(path, length(%s) + 1) WHERE path > %s AND path < %s";
static const char shift_put[] =
    "INSERT OR REPLACE INTO shift (source, dest, ino, birth) VALUES (%s, %s, %lld, %lld)";
static const char shift_remove[] = "DELETE FROM shift WHERE source = %s AND dest = %s";
static const char shift_list[] = "SELECT source, dest, ino, birth FROM shift";

/* How a tree is named in the table: its root, and what lies before and behind everything below it. */
struct tree {
    const char *root, *after, *before;
};

static struct tree tree_of(apr_pool_t *pool, const char *path)
{
    const char *root = state_encode_path(pool, path);
    return (struct tree){ .root = root,
                          .after = apr_pstrcat(pool, root, "/", NULL),
                          .before = apr_pstrcat(pool, root, "0", NULL) };
}

/* ---- one resource ---- */

struct listing {
    void (*each)(void *ctx, const struct state_prop *prop);
    void *ctx;
};

static int list_row(void *ctx, const struct state_row *row)
{
    const struct listing *listing = ctx;
    const struct state_prop prop = { .ns = state_text(row, 0),
                                     .name = state_text(row, 1),
                                     .markup = state_text(row, 2) };
    if (!prop.ns || !prop.name || !prop.markup)
        return EIO;
    listing->each(listing->ctx, &prop);
    return 0;
}

int state_prop_list(struct state *state, const char *path,
                    void (*each)(void *ctx, const struct state_prop *prop), void *ctx)
{
    struct listing listing = { .each = each, .ctx = ctx };
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    const void *args[] = { state_encode_path(pool, path) };
    int error = state_query(state, prop_list, args, list_row, &listing);
    apr_pool_destroy(pool);
    return error;
}

struct putting {
    const char *path;
    const struct state_prop *props;
    size_t count;
};

static int put_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct putting *putting = ctx;
    const char *path = state_encode_path(scratch, putting->path);
    const void *args[] = { path };
    int error = state_run(state, scratch, prop_drop, args);
    for (size_t i = 0; i < putting->count && !error; i++) {
        const struct state_prop *prop = &putting->props[i];
        const void *values[] = { path, prop->ns, prop->name, prop->markup };
        error = state_run(state, scratch, prop_add, values);
    }
    return error;
}

int state_prop_put(struct state *state, const char *path, const struct state_prop *props, size_t count)
{
    struct putting putting = { .path = path, .props = props, .count = count };
    return state_change(state, put_change, &putting);
}

/* ---- trees ---- */

static int set_true(void *ctx, const struct state_row *row)
{
    (void)row;
    *(bool *)ctx = true;
    return 0;
}

int state_prop_exist(struct state *state, const char *tree, bool *out)
{
    bool found = false;
    apr_pool_t *pool;
    if (!tree) {
        int error = state_query(state, prop_any, NULL, set_true, &found);
        *out = found;
        return error;
    }
    apr_pool_create(&pool, NULL);
    const struct tree in = tree_of(pool, tree);
    const void *at[] = { in.root }, *below[] = { in.after, in.before };
    int error = state_query(state, prop_any_at, at, set_true, &found);
    if (!error && !found)
        error = state_query(state, prop_any_below, below, set_true, &found);
    apr_pool_destroy(pool);
    *out = found;
    return error;
}

static int drop_tree(struct state *state, apr_pool_t *scratch, const char *path)
{
    const struct tree in = tree_of(scratch, path);
    const void *at[] = { in.root }, *below[] = { in.after, in.before };
    int error = state_run(state, scratch, prop_drop, at);
    return error ? error : state_run(state, scratch, prop_drop_below, below);
}

static int drop_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    return drop_tree(state, scratch, ctx);
}

int state_prop_drop(struct state *state, const char *tree)
{
    char *path = strdup(tree);
    if (!path)
        abort();
    int error = state_change(state, drop_change, path);
    free(path);
    return error;
}

struct copying {
    const char *from, *to;
    bool deep;
};

static int copy_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct copying *copying = ctx;
    const struct tree from = tree_of(scratch, copying->from);
    const char *to = state_encode_path(scratch, copying->to);
    const void *at[] = { to, from.root }, *below[] = { to, from.root, from.after, from.before };
    int error = state_run(state, scratch, prop_copy, at);
    return error || !copying->deep ? error : state_run(state, scratch, prop_copy_below, below);
}

int state_prop_copy(struct state *state, const char *from, bool deep, const char *to)
{
    struct copying copying = { .from = from, .to = to, .deep = deep };
    return state_change(state, copy_change, &copying);
}

int state_prop_paths(struct state *state, const char *tree, const char *after, apr_array_header_t *out)
{
    const struct tree in = tree_of(out->pool, tree);
    const void *args[] = { after ? state_encode_path(out->pool, after) : in.after, in.before };
    return state_query(state, prop_paths, args, state_collect_path, out);
}

/* ---- renames ---- */

static int shift_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct state_shift *shift = ctx;
    apr_int64_t ino = (apr_int64_t)shift->made.ino, birth = shift->made.birth_ns;
    const void *args[] = { state_encode_path(scratch, shift->source),
                           *shift->dest ? state_encode_path(scratch, shift->dest) : "", &ino, &birth };
    return state_run(state, scratch, shift_put, args);
}

int state_shift_put(struct state *state, const struct state_shift *shift)
{
    struct state_shift change = *shift;
    return state_change(state, shift_change, &change);
}

struct ending {
    const struct state_shift *shift;
    bool is_done;
};

static int move_tree(struct state *state, apr_pool_t *scratch, const struct state_shift *shift)
{
    if (!*shift->dest)
        return drop_tree(state, scratch, shift->source);
    const struct tree from = tree_of(scratch, shift->source);
    const char *to = state_encode_path(scratch, shift->dest);
    const void *at[] = { to, from.root }, *below[] = { to, from.root, from.after, from.before };
    int error = drop_tree(state, scratch, shift->dest);
    if (!error)
        error = state_run(state, scratch, prop_move, at);
    return error ? error : state_run(state, scratch, prop_move_below, below);
}

static int end_change(struct state *state, apr_pool_t *scratch, void *ctx)
{
    const struct ending *ending = ctx;
    const struct state_shift *shift = ending->shift;
    const void *args[] = { state_encode_path(scratch, shift->source),
                           *shift->dest ? state_encode_path(scratch, shift->dest) : "" };
    int error = ending->is_done ? move_tree(state, scratch, shift) : 0;
    return error ? error : state_run(state, scratch, shift_remove, args);
}

int state_shift_end(struct state *state, const struct state_shift *shift, bool is_done)
{
    struct ending ending = { .shift = shift, .is_done = is_done };
    return state_change(state, end_change, &ending);
}

struct shift_listing {
    void (*each)(void *ctx, const struct state_shift *shift);
    void *ctx;
};

static int shift_row(void *ctx, const struct state_row *row)
{
    const struct shift_listing *listing = ctx;
    const char *dest = state_text(row, 1);
    const struct state_shift shift = {
        .source = state_path(row, 0),
        .dest = dest && *dest ? state_path(row, 1) : dest,
        .made = { .ino = (uint64_t)state_int(row, 2), .birth_ns = state_int(row, 3) },
    };
    if (!shift.source || !shift.dest)
        return EIO;
    listing->each(listing->ctx, &shift);
    return 0;
}

int state_shift_list(struct state *state, void (*each)(void *ctx, const struct state_shift *shift), void *ctx)
{
    struct shift_listing listing = { .each = each, .ctx = ctx };
    return state_query(state, shift_list, NULL, shift_row, &listing);
}
