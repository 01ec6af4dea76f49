/*
 * What is at a request's paths, as numbers that can be kept and compared.
 *
 * Uses no pool of the request: it is called beside whoever else has the request. Dead properties are part of it because
 * setting them changes nothing that a stat of ours tells.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "fs/path.h"
#include "webdav/props.h"
#include "webdav/propstore.h"
#include "webdav/request.h"

#define PLACE_WORDS (DAV_TRACE_WORDS / 2)

/* The first word of a place; 0 if the request has none there. */
#define MISSING 1
#define PRESENT 2 /* + enum fs_type */
#define UNSEEN  UINT64_MAX

/* FNV-1a: enough to notice a change; nobody gains by making two values alike. */
static uint64_t hash(const unsigned char *bytes, size_t len)
{
    uint64_t value = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < len; i++)
        value = (value ^ bytes[i]) * UINT64_C(1099511628211);
    return value;
}

/* Those that the file system has no room for (propstore.h): added, as they come in no order. */
static int hash_rows(struct dav *dav, const char *path, uint64_t *out)
{
    struct dead_prop *list;
    apr_pool_t *pool;

    if (!propstore_is_used(dav->propstore))
        return 0;
    apr_pool_create(&pool, NULL);
    int err = propstore_load(dav->propstore, path, pool, &list);
    for (const struct dead_prop *prop = err ? NULL : list; prop; prop = prop->next)
        *out += hash((const unsigned char *)prop->markup, strlen(prop->markup));
    apr_pool_destroy(pool);
    return err;
}

/* Dead properties as one number; having none, and a place that keeps none, are numbers too. */
static int hash_attr(struct fs_dir *dir, const char *name, uint64_t *out)
{
    const char *value = NULL;
    size_t len = 0;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    int err = props_stored(dir, name, pool, &value, &len);
    if (!err || err == ENODATA)
        *out = value ? hash((const unsigned char *)value, len) : 0;
    apr_pool_destroy(pool);
    return err == ENODATA ? 0 : err;
}

static int look(struct fs_dir *dir, const char *name, uint64_t *words)
{
    struct fs_stat st;

    int err = fs_stat_at(dir, name, &st);
    if (err)
        return err;
    words[0] = PRESENT + (uint64_t)st.type;
    words[1] = st.dev;
    words[2] = st.ino;
    words[3] = st.size;
    words[4] = (uint64_t)st.mtime_ns;
    words[5] = (uint64_t)st.btime_ns;
    words[6] = st.mode;
    words[7] = (uint64_t)st.uid << 32 | st.gid;
    return st.type == FS_FILE || st.type == FS_DIR ? hash_attr(dir, name, &words[8]) : 0;
}

static void trace_place(struct dav *dav, const char *path, uint64_t *words)
{
    static atomic_uint_fast64_t unseen;
    struct fs_dir *dir;
    const char *name;

    int err = path_open_parent(dav->fs, path, &dir, &name);
    if (!err) {
        err = look(dir, name, words);
        if (!err && (words[0] == PRESENT + FS_FILE || words[0] == PRESENT + FS_DIR))
            err = hash_rows(dav, path, &words[9]);
        fs_dir_close(dir);
    }
    if (!err)
        return;
    memset(words, 0, PLACE_WORDS * sizeof *words);
    if (err == ENOENT || err == ENOTDIR) {
        words[0] = MISSING;
    } else { /* nobody can say that it is the same as before */
        words[0] = UNSEEN;
        words[1] = atomic_fetch_add(&unseen, 1);
    }
}

void dav_request_trace(const struct dav_request *r, struct dav_trace *out)
{
    memset(out, 0, sizeof *out);
    if (r->path)
        trace_place(r->dav, r->path, out->words);
    if (r->dest)
        trace_place(r->dav, r->dest, out->words + PLACE_WORDS);
}
