/*
 * From nothing to a published name.
 *
 * The state says what is on disk for us, and so what freeing has to do. Everything that can fail
 * for want of space or time is done before the commit; what remains there are one look at the
 * parent and one link or rename, so that the caller's guard is held for microseconds.
 */
#include "fs/staging.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/hidden.h"
#include "fs/journal.h"
#include "fs/path.h"
#include "fs/purge.h"
#include "fs/swap.h"

#define FILE_MODE 0666  /* less the umask */
#define HELD_SIZE 65536 /* a file system takes one large piece for half the price of many small ones */

struct staging {
    struct fs *fs;
    struct fs_dir *dir;
    struct fs_file *file; /* NULL: a tree, or closed */
    enum {
        UNNAMED, /* an open file without a name, nothing else */
        STAGED,  /* under the hidden name: what may be published */
        OLD,     /* published; under the hidden name: what it replaced */
        CLEAN,   /* published, and nothing else is left */
    } state;
    bool is_tree;
    int error; /* the first one; nothing is published after it */
    uint64_t size;
    char *held; /* the end of what was given to us, HELD_SIZE bytes; NULL: no need so far */
    size_t held_len;
    staging_note_fn *note; /* NULL: nobody wants to know */
    void *note_ctx;
    char hidden[HIDDEN_SIZE];
    const char *name; /* in path */
    char *dir_path;   /* after path, in the same memory */
    char path[];
};

static int staging_new(struct fs *fs, const char *path, struct staging **out)
{
    size_t len = strlen(path);
    const char *name;

    if (!*path)
        return EISDIR;
    struct staging *staging = calloc(1, sizeof(*staging) + 2 * (len + 1));
    if (!staging)
        return ENOMEM;
    int err = path_open_parent(fs, path, &staging->dir, &name);
    if (err) {
        free(staging);
        return err;
    }
    staging->fs = fs;
    memcpy(staging->path, path, len + 1);
    staging->name = staging->path + (name - path);
    staging->dir_path = staging->path + len + 1;
    if (name > path)
        memcpy(staging->dir_path, path, (size_t)(name - path) - 1);
    hidden_name(staging->hidden);
    *out = staging;
    return 0;
}

static void staging_delete(struct staging *staging)
{
    fs_dir_close(staging->dir);
    free(staging->held);
    free(staging);
}

/* Where a file needs a name from the start. */
static int create_hidden(struct staging *staging)
{
    int err = journal_enter(staging->fs->journal, staging->dir_path);

    if (err)
        return err;
    err = fs_file_create(staging->dir, staging->hidden, FILE_MODE, &staging->file);
    if (err)
        journal_leave(staging->fs->journal, staging->dir_path);
    else
        staging->state = STAGED;
    return err;
}

int staging_open(struct fs *fs, const char *path, struct staging **out)
{
    struct staging *staging;

    int err = staging_new(fs, path, &staging);
    if (err)
        return err;
    err = fs_file_create(staging->dir, NULL, FILE_MODE, &staging->file);
    if (err == EOPNOTSUPP)
        err = create_hidden(staging);
    if (err) {
        staging_delete(staging);
        return err;
    }
    *out = staging;
    return 0;
}

int staging_open_tree(struct fs *fs, const char *path, struct staging **out)
{
    struct staging *staging;

    int err = staging_new(fs, path, &staging);
    if (err)
        return err;
    err = journal_enter(fs->journal, staging->dir_path);
    if (err) {
        staging_delete(staging);
        return err;
    }
    staging->is_tree = true;
    staging->state = STAGED;
    *out = staging;
    return 0;
}

static int remember(struct staging *staging, int error)
{
    if (!staging->error)
        staging->error = error;
    return staging->error;
}

static int flush(struct staging *staging)
{
    size_t len = staging->held_len;

    staging->held_len = 0;
    return len ? fs_file_write(staging->file, staging->held, len) : 0;
}

/* Pieces end where a multiple of their size ends in the file. */
static int hold(struct staging *staging, const char *data, size_t len)
{
    int err = 0;

    while (len && !err) {
        size_t room = HELD_SIZE - (size_t)(staging->size % HELD_SIZE);
        size_t n = len < room ? len : room;
        memcpy(staging->held + staging->held_len, data, n);
        staging->held_len += n;
        staging->size += n;
        data += n;
        len -= n;
        if (n == room)
            err = flush(staging);
    }
    return err;
}

/* What comes in one piece goes on as it is. */
int staging_write(struct staging *staging, const void *data, size_t len)
{
    assert(staging->file);
    if (staging->error)
        return staging->error;
    if (staging->size && !staging->held)
        staging->held = malloc(HELD_SIZE);
    if (staging->held)
        return remember(staging, hold(staging, data, len));
    int err = fs_file_write(staging->file, data, len);
    if (!err)
        staging->size += len;
    return remember(staging, err);
}

int staging_copy(struct staging *staging, int fd, uint64_t size, struct progress *progress)
{
    struct fs_stat st = { 0 };

    assert(staging->file);
    if (staging->error)
        return staging->error;
    int err = flush(staging);
    if (!err)
        err = fs_file_copy(staging->file, fd, size, progress);
    if (!err)
        err = fs_file_stat(staging->file, &st);
    if (!err)
        staging->size = st.size;
    return remember(staging, err);
}

uint64_t staging_size(const struct staging *staging)
{
    return staging->size;
}

struct fs_dir *staging_dir(const struct staging *staging)
{
    return staging->dir;
}

const char *staging_name(const struct staging *staging)
{
    return staging->hidden;
}

static int finish_file(struct staging *staging, const struct fs_meta *meta, const void *attr, size_t attr_len)
{
    struct fs_file *file = staging->file;

    int err = flush(staging);
    if (!err && attr) /* before the mode, which may take the right to write them */
        err = fs_file_set_attr(file, attr, attr_len);
    if (!err && meta && meta->set)
        err = fs_file_set_meta(file, meta);
    if (!err && staging->fs->durable)
        err = fs_file_sync(file);
    return err;
}

static int finish_tree(struct staging *staging, const struct fs_meta *meta, const void *attr, size_t attr_len)
{
    int err = attr ? fs_set_attr(staging->dir, staging->hidden, attr, attr_len) : 0;

    if (!err && meta && meta->set)
        err = fs_set_meta(staging->dir, staging->hidden, meta);
    if (!err && staging->fs->durable)
        err = fs_tree_sync(staging->dir);
    return err;
}

int staging_stat(struct staging *staging, struct fs_stat *out)
{
    if (!staging->file)
        return fs_stat_at(staging->dir, staging->hidden, out);
    int err = remember(staging, flush(staging)); /* the last of it changes its time */
    return err ? err : fs_file_stat(staging->file, out);
}

int staging_set_attr(struct staging *staging, const void *attr, size_t attr_len)
{
    if (staging->error)
        return staging->error;
    return staging->file ? fs_file_set_attr(staging->file, attr, attr_len)
                         : fs_set_attr(staging->dir, staging->hidden, attr, attr_len);
}

int staging_finish(struct staging *staging, const struct fs_meta *meta, const void *attr, size_t attr_len)
{
    if (staging->error)
        return staging->error;
    return remember(staging, staging->is_tree ? finish_tree(staging, meta, attr, attr_len)
                                              : finish_file(staging, meta, attr, attr_len));
}

/* Is the directory in which we staged still the one that the path names? If not, publishing would
 * put the thing where nobody expects it, maybe into the trash. */
static int check_parent(const struct staging *staging)
{
    struct fs_stat now, ours;

    int err = fs_stat(staging->fs, staging->dir_path, &now);
    if (!err)
        err = fs_stat_at(staging->dir, "", &ours);
    if (err == ENOTDIR || err == EXDEV || err == ELOOP)
        return ENOENT;
    if (!err && (now.dev != ours.dev || now.ino != ours.ino))
        return ENOENT;
    return err;
}

static int close_file(struct staging *staging)
{
    int err = staging->file ? fs_file_close(staging->file) : 0;

    staging->file = NULL;
    return err;
}

/* To replace a file we need a name to rename from. */
static int link_hidden(struct staging *staging)
{
    int err = journal_enter(staging->fs->journal, staging->dir_path);

    if (err)
        return err;
    err = fs_file_link(staging->file, staging->dir, staging->hidden);
    if (err)
        journal_leave(staging->fs->journal, staging->dir_path);
    else
        staging->state = STAGED;
    return err;
}

/* Nothing is under the hidden name any more. */
static void clean(struct staging *staging)
{
    journal_leave(staging->fs->journal, staging->dir_path);
    staging->state = CLEAN;
}

/* The hidden name becomes, or takes the place of, the real one. */
static int publish_staged(struct staging *staging, bool replace)
{
    const struct swap_place in = { .dir = staging->dir, .path = staging->dir_path };
    enum fs_rename how = replace && !staging->is_tree ? FS_REPLACE : FS_NOREPLACE;

    int err = fs_rename(staging->dir, staging->hidden, staging->dir, staging->name, how);
    if (!err) {
        clean(staging);
        return 0;
    }
    if (!replace || (err != EEXIST && err != EISDIR && err != ENOTEMPTY))
        return err;
    err = swap_staged(in, staging->hidden, staging->name);
    if (!err)
        staging->state = OLD;
    return err;
}

static int publish(struct staging *staging, bool replace)
{
    int err;

    if (staging->state == UNNAMED && !replace) {
        err = fs_file_link(staging->file, staging->dir, staging->name);
        if (!err)
            staging->state = CLEAN;
        return err;
    }
    if (staging->state == UNNAMED) {
        err = link_hidden(staging);
    } else {
        err = remember(staging, close_file(staging)); /* a late write error is for good */
    }
    return err ? err : publish_staged(staging, replace);
}

void staging_set_note(struct staging *staging, staging_note_fn *note, void *ctx)
{
    staging->note = note;
    staging->note_ctx = ctx;
}

int staging_commit(struct staging *staging, bool replace, struct fs_stat *out)
{
    struct fs_stat st;

    assert((staging->state == UNNAMED || staging->state == STAGED) && !staging->held_len);
    if (staging->error)
        return staging->error;
    int err = check_parent(staging);
    if (!err) /* nothing of it changes any more, and afterwards nothing should fail */
        err = staging_stat(staging, &st);
    if (!err && staging->note)
        err = staging->note(staging->note_ctx, &st);
    if (!err)
        err = publish(staging, replace);
    if (err)
        return err;
    err = close_file(staging);
    if (!err && staging->fs->durable)
        err = fs_dir_sync(staging->dir);
    if (!err)
        *out = st;
    return err;
}

void staging_purge(struct staging *staging, struct progress *progress)
{
    if (!staging)
        return;
    close_file(staging);
    if (staging->state == STAGED || staging->state == OLD)
        purge_name(staging->dir, staging->dir_path, staging->hidden, progress);
    if (staging->is_tree) /* it may be we who kept a tree from being removed */
        purge_postponed(staging->fs, progress);
    staging_delete(staging);
}

void staging_free(struct staging *staging)
{
    struct progress progress = { 0 };

    staging_purge(staging, &progress);
}
