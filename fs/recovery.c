/*
 * Exactly the names that were found are removed, by a list: the process that serves now makes such names
 * in the same directories at the same time.
 *
 * Each directory is entered once for itself, until it is done with, and once for each name, as for the
 * names that are made now; so whatever the journal knows to do about a folder that is moved or removed
 * meanwhile it does here too.
 */
#include "fs/recovery.h"

#include <apr_pools.h>
#include <apr_strings.h>
#include <errno.h>

#include "fs/hidden.h"
#include "fs/journal.h"
#include "fs/path.h"
#include "fs/swap.h"
#include "fs/tree.h"

struct leftover {
    struct leftover *next;
    const char *name;
};

struct place {
    struct place *next;
    const char *path;
    struct leftover *names;
    bool is_unknown; /* something in it could not be looked at: it stays recorded */
};

struct recovery {
    apr_pool_t *pool;
    struct fs *fs;
    struct place *places, **end;
    unsigned left;
};

static bool is_gone(int err)
{
    return err == ENOENT || err == ENOTDIR || err == EXDEV || err == ELOOP; /* or something else by now */
}

/* ---- before the service ---- */

static int note(struct recovery *recovery, struct place *place, const char *name)
{
    int err = journal_enter(recovery->fs->journal, place->path);

    if (err)
        return err;
    struct leftover *leftover = apr_palloc(recovery->pool, sizeof(*leftover));
    *leftover = (struct leftover){ .next = place->names, .name = apr_pstrdup(recovery->pool, name) };
    place->names = leftover;
    recovery->left++;
    return 0;
}

/* What a name of ours keeps aside is put back; the rest of it may go then. */
static int look_into(struct recovery *recovery, struct place *place, struct fs_dir *dir)
{
    const char *name;
    int first = 0, err;

    while ((err = fs_dir_next(dir, &name)) == 0 && name) {
        if (!hidden_is_ours(name))
            continue;
        err = swap_recover(dir, name);
        if (!err)
            err = note(recovery, place, name);
        if (!first)
            first = err;
    }
    return first ? first : err;
}

/* Takes the place among the others, unless it need not be there: then it is forgotten. */
static int begin_place(struct recovery *recovery, const char *path)
{
    struct fs *fs = recovery->fs;
    struct fs_dir *dir;

    int err = journal_enter(fs->journal, path);
    if (err)
        return err;
    struct place *place = apr_pcalloc(recovery->pool, sizeof(*place));
    place->path = path;
    err = fs_dir_open(fs, path, &dir);
    if (is_gone(err)) {
        journal_leave_for_good(fs->journal, path);
        return 0;
    }
    if (!err) {
        err = look_into(recovery, place, dir);
        fs_dir_close(dir);
    }
    place->is_unknown = err;
    *recovery->end = place;
    recovery->end = &place->next;
    return err;
}

int recovery_begin(struct fs *fs, struct recovery **out)
{
    apr_pool_t *pool;
    int first = 0;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return ENOMEM;
    struct recovery *recovery = apr_pcalloc(pool, sizeof(*recovery));
    *recovery = (struct recovery){ .pool = pool, .fs = fs, .end = &recovery->places };
    for (const char **path = journal_paths(fs->journal, pool); *path; path++) {
        int err = begin_place(recovery, *path);
        if (!first)
            first = err;
    }
    *out = recovery;
    return first;
}

unsigned recovery_left(const struct recovery *recovery)
{
    return recovery->left;
}

/* ---- beside it ---- */

static int purge_names(struct recovery *recovery, struct place *place, struct fs_dir *dir,
                       struct progress *progress)
{
    const struct tree_report report = { .progress = progress };
    int first = 0;

    for (; place->names; place->names = place->names->next) {
        const char *name = place->names->name;
        int err = progress_is_stopped(progress)
                      ? ECANCELED
                      : tree_remove(dir, name, path_join(recovery->pool, place->path, name), &report);
        if (err == ECANCELED)
            return err;
        if (!err || err == ENOENT) {
            journal_leave(recovery->fs->journal, place->path);
            recovery->left--;
        } else if (!first) {
            first = err;
        }
    }
    if (!first && recovery->fs->durable)
        first = fs_dir_sync(dir);
    return first;
}

/* A directory that went meanwhile was removed with all that is in it, or moved: then the journal has it
 * under its other name too. */
static int purge_place(struct recovery *recovery, struct place *place, struct progress *progress)
{
    struct fs_dir *dir;

    int err = fs_dir_open(recovery->fs, place->path, &dir);
    if (is_gone(err)) {
        for (; place->names; place->names = place->names->next, recovery->left--)
            journal_leave(recovery->fs->journal, place->path);
        return 0;
    }
    if (err)
        return err;
    err = purge_names(recovery, place, dir, progress);
    fs_dir_close(dir);
    return err;
}

int recovery_purge(struct recovery *recovery, struct progress *progress)
{
    int first = 0;

    for (; recovery->places; recovery->places = recovery->places->next) {
        struct place *place = recovery->places;
        int err = purge_place(recovery, place, progress);
        if (err == ECANCELED)
            return err;
        if (!err && !place->is_unknown)
            journal_leave_for_good(recovery->fs->journal, place->path);
        if (!first)
            first = err;
    }
    return first;
}

void recovery_free(struct recovery *recovery)
{
    if (recovery)
        apr_pool_destroy(recovery->pool);
}
