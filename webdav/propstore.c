/*
 * Rows that follow their resource. What moves them stands in the table `shift` before the rename; a read-write
 * lock makes the rename and the moving of the rows one step for whoever loads any.
 */
#include "webdav/propstore.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "fs/path.h"
#include "webdav/props.h"
#include "webdav/resource.h"

#define STAGED "/staged" /* no path begins so, but with its first name */

struct propstore {
    struct state *state;
    struct fs *fs;
    pthread_rwlock_t shifting; /* held for writing from before a rename until the rows have followed */
    atomic_bool is_used;
    atomic_uint staged; /* names given */
};

static bool is_staged(const char *path)
{
    return *path == '/';
}

/* ---- was it done? ---- */

/* A copy is known by itself. Otherwise nothing can have come to the source's place in between, so that it is
 * empty tells. */
static int was_done(struct fs *fs, const struct state_shift *shift, bool *out)
{
    struct thing source = { .ino = 0 }, dest = { .ino = 0 };
    int error = is_staged(shift->source) ? 0 : thing_at(fs, shift->source, &source);
    if (!error && *shift->dest)
        error = thing_at(fs, shift->dest, &dest);
    if (error)
        return error;
    if (is_staged(shift->source))
        *out = dest.ino && thing_is(dest, shift->made);
    else
        *out = !source.ino && (!*shift->dest || dest.ino);
    return 0;
}

/* ---- after a crash ---- */

static void collect(void *ctx, const struct state_shift *shift)
{
    apr_array_header_t *shifts = ctx;
    struct state_shift copy = *shift;
    copy.source = apr_pstrdup(shifts->pool, shift->source);
    copy.dest = apr_pstrdup(shifts->pool, shift->dest);
    APR_ARRAY_PUSH(shifts, struct state_shift) = copy;
}

static int recover(struct propstore *store)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    apr_array_header_t *shifts = apr_array_make(pool, 1, sizeof(struct state_shift));
    int error = state_shift_list(store->state, collect, shifts);
    for (int i = 0; i < shifts->nelts && !error; i++) {
        const struct state_shift *shift = &APR_ARRAY_IDX(shifts, i, struct state_shift);
        bool is_done = false;
        error = was_done(store->fs, shift, &is_done);
        if (!error)
            error = state_shift_end(store->state, shift, is_done);
    }
    if (!error) /* of copies that were never published */
        error = state_prop_drop(store->state, STAGED);
    apr_pool_destroy(pool);
    return error;
}

int propstore_open(struct state *state, struct fs *fs, struct propstore **out)
{
    struct propstore *store = calloc(1, sizeof(*store));
    bool is_used = false;
    if (!store)
        abort();
    store->state = state;
    store->fs = fs;
    pthread_rwlock_init(&store->shifting, NULL);
    int error = state_prop_exist(state, NULL, &is_used);
    if (!error && is_used)
        error = recover(store);
    if (error) {
        propstore_close(store);
        return error;
    }
    atomic_store(&store->is_used, is_used);
    *out = store;
    return 0;
}

void propstore_close(struct propstore *store)
{
    if (!store)
        return;
    pthread_rwlock_destroy(&store->shifting);
    free(store);
}

bool propstore_is_used(const struct propstore *store)
{
    return store && atomic_load(&store->is_used);
}

/* ---- one resource ---- */

/* What the rows of a resource are filed under: its path with all links resolved. */
static int real_path(const struct propstore *store, const char *path, apr_pool_t *pool, const char **out)
{
    char real[FS_PATH_MAX + 1];
    if (is_staged(path)) {
        *out = path;
        return 0;
    }
    int error = fs_real_path(store->fs, path, real, sizeof(real));
    if (!error)
        *out = apr_pstrdup(pool, real);
    return error;
}

struct loading {
    apr_pool_t *pool;
    struct dead_prop *list;
};

static void load_one(void *ctx, const struct state_prop *prop)
{
    struct loading *loading = ctx;
    props_set(loading->pool, &loading->list, apr_pstrdup(loading->pool, prop->ns),
              apr_pstrdup(loading->pool, prop->name), apr_pstrdup(loading->pool, prop->markup));
}

int propstore_load(struct propstore *store, const char *path, apr_pool_t *pool, struct dead_prop **out)
{
    struct loading loading = { .pool = pool };
    const char *real;
    int error = 0;
    if (propstore_is_used(store)) {
        pthread_rwlock_rdlock(&store->shifting);
        error = real_path(store, path, pool, &real);
        if (!error)
            error = state_prop_list(store->state, real, load_one, &loading);
        pthread_rwlock_unlock(&store->shifting);
    }
    if (!error)
        *out = loading.list;
    return error;
}

int propstore_save(struct propstore *store, const char *path, const struct dead_prop *list)
{
    const char *real;
    apr_pool_t *pool;
    if (!list && !propstore_is_used(store))
        return 0;
    apr_pool_create(&pool, NULL);
    apr_array_header_t *props = apr_array_make(pool, 16, sizeof(struct state_prop));
    for (const struct dead_prop *prop = list; prop; prop = prop->next)
        APR_ARRAY_PUSH(props, struct state_prop) =
            (struct state_prop){ .ns = prop->ns, .name = prop->name, .markup = prop->markup };
    bool is_needed = list != NULL;
    int error = real_path(store, path, pool, &real);
    if (!error && !is_needed)
        error = state_prop_exist(store->state, real, &is_needed);
    if (!error && is_needed) {
        atomic_store(&store->is_used, true);
        error =
            state_prop_put(store->state, real, (const struct state_prop *)props->elts, (size_t)props->nelts);
    }
    apr_pool_destroy(pool);
    return error;
}

/* ---- trees ---- */

int propstore_drop(struct propstore *store, const char *path)
{
    bool exist = false;
    const char *binding = path;
    apr_pool_t *pool;
    if (!propstore_is_used(store))
        return 0;
    apr_pool_create(&pool, NULL);
    int error = is_staged(path) ? 0 : resource_binding(store->fs, pool, path, &binding);
    if (!error)
        error = state_prop_exist(store->state, binding, &exist);
    if (!error && exist)
        error = state_prop_drop(store->state, binding);
    apr_pool_destroy(pool);
    return error;
}

const char *propstore_name(struct propstore *store, apr_pool_t *pool)
{
    return apr_psprintf(pool, STAGED "/%u", atomic_fetch_add(&store->staged, 1));
}

int propstore_copy(struct propstore *store, const char *from, bool deep, apr_pool_t *pool, const char *to)
{
    const char *real;
    bool exist = false;
    if (!propstore_is_used(store))
        return 0;
    pthread_rwlock_rdlock(&store->shifting);
    int error = real_path(store, from, pool, &real);
    if (!error)
        error = state_prop_exist(store->state, real, &exist);
    if (!error && exist)
        error = state_prop_copy(store->state, real, deep, to);
    pthread_rwlock_unlock(&store->shifting);
    return error;
}

/* The next page of members; *last is where it ends, NULL if there are none. */
static int prune_page(struct propstore *store, apr_pool_t *pool, const char *staged, const char **last,
                      bool (*keeps)(void *ctx, const char *relpath), void *ctx)
{
    apr_array_header_t *paths = apr_array_make(pool, 500, sizeof(const char *));
    int error = state_prop_paths(store->state, staged, *last, paths);
    *last = NULL;
    for (int i = 0; i < paths->nelts && !error; i++) {
        *last = APR_ARRAY_IDX(paths, i, const char *);
        if (!keeps(ctx, *last + strlen(staged) + 1))
            error = state_prop_put(store->state, *last, NULL, 0);
    }
    return error;
}

int propstore_prune(struct propstore *store, const char *staged,
                    bool (*keeps)(void *ctx, const char *relpath), void *ctx)
{
    const char *last = NULL;
    apr_pool_t *pool, *kept = NULL;
    int error = 0;
    if (!propstore_is_used(store))
        return 0;
    do { /* each page needs the end of the one before */
        apr_pool_create(&pool, NULL);
        error = prune_page(store, pool, staged, &last, keeps, ctx);
        if (kept)
            apr_pool_destroy(kept);
        kept = pool;
    } while (last && !error);
    apr_pool_destroy(kept);
    return error;
}

/* Names are renamed, so links in front of the last one are resolved. */
static int prepare(struct propstore *store, apr_pool_t *pool, const char *from, const char *to,
                   struct propstore_shift *shift)
{
    bool exist = false;
    int error = 0;
    if (is_staged(from))
        shift->rows.source = from;
    else
        error = resource_binding(store->fs, pool, from, &shift->rows.source);
    if (!error && to)
        error = resource_binding(store->fs, pool, to, &shift->rows.dest);
    if (!error)
        error = state_prop_exist(store->state, shift->rows.source, &exist);
    if (!error && to && !exist)
        error = state_prop_exist(store->state, shift->rows.dest, &exist);
    shift->is_on = exist;
    return error;
}

int propstore_shift(struct propstore *store, apr_pool_t *pool, const char *from, const char *to,
                    struct thing made, struct propstore_shift *out)
{
    *out = (struct propstore_shift){ .rows = { .dest = "", .made = made } };
    if (!propstore_is_used(store))
        return 0;
    int error = prepare(store, pool, from, to, out);
    if (error || !out->is_on)
        return error;
    pthread_rwlock_wrlock(&store->shifting);
    error = state_shift_put(store->state, &out->rows);
    if (error)
        pthread_rwlock_unlock(&store->shifting);
    return error;
}

int propstore_shifted(struct propstore *store, const struct propstore_shift *shift, int rename_error)
{
    bool is_done = !rename_error;
    if (!shift->is_on)
        return 0;
    /* these two come before anything is done */
    bool is_refused = rename_error == EXDEV || rename_error == EEXIST;
    int error = rename_error && !is_refused ? was_done(store->fs, &shift->rows, &is_done) : 0;
    if (!error)
        error = state_shift_end(store->state, &shift->rows, is_done);
    pthread_rwlock_unlock(&store->shifting);
    return error;
}
