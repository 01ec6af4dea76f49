/*
 * Copying and removing, each one loop over a walk.
 *
 * The copy keeps a stack of destination directories beside the walk's own. A directory is made
 * writable for us and gets its real mode when it is left; a place on the stack without a directory
 * stands for one that could not be made, and whose members are skipped.
 *
 * The removal never goes far down: a directory at LIFT_DEPTH is renamed into the root of what is being
 * removed, where it is met later as a member like others. So a tree of any depth is removed with that
 * many directories open, and a crash leaves a tree that is removed the same way.
 */
#include "fs/tree.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/hidden.h"
#include "fs/walk.h"

#define STACK_FIRST 16
#define FILE_MODE   0777u /* what a copy keeps: no set-user-id for a file that is now ours */
#define DIR_MODE    07777u
#define LIFT_DEPTH  32  /* directories that a removal has open; each has a descriptor and a buffer */
#define AGAIN_MAX   100 /* how often a removal reads a directory again that others still fill */

struct copy {
    struct fs *fs;
    struct fs_dir *to; /* not ours to close */
    const char *name;
    const struct tree_report *report;
    struct fs_dir **dirs;
    size_t dir_count, dir_size;
    char *attr; /* FS_ATTR_MAX bytes */
    bool dest_broken;
};

static void report_failed(const struct tree_report *report, const char *relpath, int error)
{
    if (report->failed)
        report->failed(report->ctx, relpath, error);
}

/* Does this make it senseless to go on with the other members? */
static bool is_fatal(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case ECANCELED:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return true;
    default:
        return false;
    }
}

/* EIO, where it comes from the destination, will not end with this member either. */
static int at_dest(struct copy *copy, int error)
{
    if (error == EIO)
        copy->dest_broken = true;
    return error;
}

static struct fs_dir *copy_parent(const struct copy *copy)
{
    return copy->dir_count ? copy->dirs[copy->dir_count - 1] : copy->to;
}

static const char *copy_name(const struct copy *copy, const struct walk_entry *entry)
{
    return entry->depth ? entry->name : copy->name;
}

static int push_dir(struct copy *copy, struct fs_dir *dir)
{
    if (copy->dir_count == copy->dir_size) {
        size_t size = copy->dir_size ? copy->dir_size * 2 : STACK_FIRST;
        struct fs_dir **dirs = realloc(copy->dirs, size * sizeof(*dirs));
        if (!dirs)
            return ENOMEM;
        copy->dirs = dirs;
        copy->dir_size = size;
    }
    copy->dirs[copy->dir_count++] = dir;
    return 0;
}

/* Having none, or no place for any, is no failure. */
static int attr_found(int error, size_t *len)
{
    if (error != ENODATA && error != ENOTSUP)
        return error;
    *len = 0;
    return 0;
}

/* Dead properties of a source directory into copy->attr. */
static int get_dir_attr(const struct copy *copy, const struct walk_entry *entry, size_t *out_len)
{
    struct fs_dir *dir;

    if (!entry->via_link)
        return attr_found(fs_get_attr(entry->dir, entry->name, copy->attr, FS_ATTR_MAX, out_len), out_len);
    int err = fs_dir_open(copy->fs, entry->path, &dir);
    if (err)
        return err;
    err = fs_get_attr(dir, "", copy->attr, FS_ATTR_MAX, out_len);
    fs_dir_close(dir);
    return attr_found(err, out_len);
}

/* A destination that cannot hold the dead properties gets the content without them. */
static int attr_result(int error)
{
    return error == ENOTSUP || error == E2BIG ? 0 : error;
}

static int copy_content(struct copy *copy, int fd, const struct fs_stat *st, struct fs_file *file)
{
    const struct fs_meta meta = {
        .set = FS_SET_MODE | FS_SET_MTIME,
        .mode = st->mode & FILE_MODE,
        .mtime_ns = st->mtime_ns,
    };
    size_t attr_len;

    int err = fs_file_copy(file, fd, st->size, copy->report->progress);
    if (!err)
        err = attr_found(fs_get_attr_fd(copy->fs, fd, copy->attr, FS_ATTR_MAX, &attr_len), &attr_len);
    if (!err && attr_len)
        err = at_dest(copy, attr_result(fs_file_set_attr(file, copy->attr, attr_len)));
    return err ? err : at_dest(copy, fs_file_set_meta(file, &meta));
}

static int copy_file(struct copy *copy, const struct walk_entry *entry)
{
    struct fs_dir *parent = copy_parent(copy);
    const char *name = copy_name(copy, entry);
    struct fs_file *file;
    struct fs_stat st;
    int fd;

    int err = entry->via_link ? fs_open(copy->fs, entry->path, &fd, &st)
                              : fs_open_at(entry->dir, entry->name, &fd, &st);
    if (err)
        return err;
    err = at_dest(copy, fs_file_create(parent, name, (st.mode & FILE_MODE) | 0600, &file));
    if (err)
        goto out;
    err = copy_content(copy, fd, &st, file);
    int close_err = at_dest(copy, fs_file_close(file));
    if (!err)
        err = close_err;
    if (err)
        fs_unlink(parent, name);
    else
        progress_add(copy->report->progress, 1, 0);
out:
    close(fd);
    return err;
}

static int make_dir(struct copy *copy, const struct walk_entry *entry, struct fs_dir **out)
{
    struct fs_dir *parent = copy_parent(copy);
    const char *name = copy_name(copy, entry);

    int err = at_dest(copy, fs_mkdir(parent, name, (entry->st.mode & DIR_MODE) | 0700));
    if (err)
        return err;
    err = at_dest(copy, fs_dir_enter(parent, name, out));
    if (err)
        fs_rmdir(parent, name);
    return err;
}

static int copy_enter(struct copy *copy, struct walk *walk, const struct walk_entry *entry)
{
    struct fs_dir *dir = NULL;

    int err = make_dir(copy, entry, &dir);
    int push_err = push_dir(copy, dir);
    if (push_err) {
        fs_dir_close(dir);
        return push_err;
    }
    if (err)
        walk_skip(walk);
    else
        progress_add(copy->report->progress, 1, 0);
    return err;
}

static int copy_leave(struct copy *copy, const struct walk_entry *entry)
{
    const struct fs_meta meta = { .set = FS_SET_MODE, .mode = entry->st.mode & DIR_MODE };
    struct fs_dir *dir = copy->dirs[--copy->dir_count];
    size_t attr_len;

    if (!dir)
        return 0;
    int err = get_dir_attr(copy, entry, &attr_len);
    if (!err && attr_len)
        err = at_dest(copy, attr_result(fs_set_attr(dir, "", copy->attr, attr_len)));
    if (!err)
        err = at_dest(copy, fs_set_meta(dir, "", &meta));
    fs_dir_close(dir);
    return err;
}

static int copy_step(struct copy *copy, struct walk *walk, enum walk_event event,
                     const struct walk_entry *entry)
{
    if (progress_is_stopped(copy->report->progress))
        return ECANCELED;
    switch (event) {
    case WALK_ENTRY:
        return entry->st.type == FS_FILE ? copy_file(copy, entry) : EACCES;
    case WALK_ENTER:
        return copy_enter(copy, walk, entry);
    case WALK_LEAVE:
        return copy_leave(copy, entry);
    case WALK_FAILED:
        return entry->error;
    case WALK_END:
        break;
    }
    return 0;
}

static int copy_all(struct copy *copy, struct walk *walk)
{
    struct walk_entry entry;
    enum walk_event event;

    while ((event = walk_next(walk, &entry)) != WALK_END) {
        int err = copy_step(copy, walk, event, &entry);
        if (!err)
            continue;
        if (!entry.depth || copy->dest_broken || is_fatal(err))
            return err;
        report_failed(copy->report, entry.relpath, err);
    }
    return 0;
}

int tree_copy(struct fs *fs, const char *src, struct fs_dir *to, const char *name, bool deep,
              const struct tree_report *report)
{
    struct copy copy = { .fs = fs, .to = to, .name = name, .report = report };
    struct walk *walk;

    int err = walk_open(fs, src, WALK_FOLLOW, deep ? WALK_DEEP : 0, &walk);
    if (err)
        return err;
    copy.attr = malloc(FS_ATTR_MAX);
    err = copy.attr ? copy_all(&copy, walk) : ENOMEM;
    while (copy.dir_count)
        fs_dir_close(copy.dirs[--copy.dir_count]);
    free(copy.dirs);
    free(copy.attr);
    walk_close(walk);
    return err;
}

/* What is being removed is ours to remove: a directory that we may not change is changed so that
 * we may. (A hidden tree keeps the modes that it had when clients saw it.) */
static bool grant(const struct walk_entry *entry)
{
    const struct fs_meta meta = { .set = FS_SET_MODE, .mode = entry->st.mode | 0700 };

    return entry->st.type == FS_DIR && (entry->st.mode & 0700) != 0700 &&
           fs_set_meta(entry->dir, entry->name, &meta) == 0;
}

struct removal {
    struct walk *walk;
    struct fs_dir *root; /* as long as the walk is in it */
    bool has_lifted;     /* since the root was entered, which may have names that were not read */
    unsigned again;
    int first; /* error */
};

/* Deep down: the directory goes up, and is dealt with there. Where it cannot (another file system, no
 * room for a name) the walk goes on into it. */
static void lift(struct removal *removal, const struct walk_entry *entry)
{
    char name[HIDDEN_SIZE];

    if (entry->depth < LIFT_DEPTH)
        return;
    hidden_name(name);
    if (fs_rename(entry->dir, entry->name, removal->root, name, FS_NOREPLACE) != 0)
        return;
    removal->has_lifted = true;
    walk_skip(removal->walk);
}

static int remove_step(struct removal *removal, enum walk_event event, const struct walk_entry *entry)
{
    if (entry->depth == 1)
        removal->root = entry->dir;
    switch (event) {
    case WALK_ENTRY:
        return fs_unlink(entry->dir, entry->name);
    case WALK_ENTER:
        grant(entry);
        if (!entry->depth)
            removal->has_lifted = false;
        lift(removal, entry);
        return 0;
    case WALK_LEAVE:
        return fs_rmdir(entry->dir, entry->name);
    case WALK_FAILED:
        if (entry->error != EACCES || !grant(entry))
            return entry->error;
        walk_retry(removal->walk);
        return 0;
    case WALK_END:
        break;
    }
    return 0;
}

/* A directory that is not empty: is it worth reading again? Not for a member that has been reported. */
static bool is_refilled(struct removal *removal, const struct walk_entry *entry)
{
    if (!entry->depth && removal->has_lifted)
        return true;
    return !removal->first && removal->again++ < AGAIN_MAX;
}

int tree_remove(struct fs_dir *dir, const char *name, const char *path, const struct tree_report *report)
{
    struct removal removal = { 0 };
    struct walk_entry entry;
    enum walk_event event;

    int err = walk_open_at(dir, name, path, WALK_HIDDEN, &removal.walk);
    if (err)
        return err;
    while (!is_fatal(err) && (event = walk_next(removal.walk, &entry)) != WALK_END) {
        bool stop = progress_is_stopped(report->progress);
        err = stop ? ECANCELED : remove_step(&removal, event, &entry);
        if (!err && (event == WALK_ENTRY || event == WALK_LEAVE))
            progress_add(report->progress, 1, 0);
        if (!err && event == WALK_LEAVE && !entry.depth)
            removal.first = 0; /* what failed did not when it was met again */
        if (err == ENOTEMPTY && event == WALK_LEAVE && is_refilled(&removal, &entry)) {
            walk_retry(removal.walk);
            continue;
        }
        if (!err || err == ENOENT || (err == ENOTEMPTY && removal.first))
            continue; /* gone by itself, or kept by a member that has been reported */
        if (!removal.first || is_fatal(err))
            removal.first = err;
        if (!is_fatal(err))
            report_failed(report, entry.relpath, err);
    }
    walk_close(removal.walk);
    return removal.first;
}
