/*
 * DELETE and MOVE: what changes is one name, and what lost its name goes to the trash.
 *
 * The trash is a hidden name beside the old one, so that getting there is a rename on any file
 * system; emptying it takes as long as it takes, behind the answer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/hidden.h"
#include "fs/journal.h"
#include "fs/path.h"
#include "fs/purge.h"
#include "fs/swap.h"
#include "fs/tree.h"

struct trash {
    struct fs_dir *dir;
    char name[HIDDEN_SIZE];
    char *was;       /* what a collection was called; NULL: its name is in use again */
    char dir_path[]; /* `was` is behind it */
};

/* A directory opened by the path of a member. */
struct parent {
    struct swap_place in;
    const char *name;
    struct fs_stat st; /* of the member; valid if found */
    bool found;
    char path[FS_PATH_MAX + 1];
};

static int parent_open(struct parent *parent, struct fs *fs, const char *path)
{
    int err = path_open_parent(fs, path, &parent->in.dir, &parent->name);

    if (err)
        return err;
    size_t len = parent->name > path ? (size_t)(parent->name - path) - 1 : 0;
    memcpy(parent->path, path, len);
    parent->path[len] = '\0';
    parent->in.path = parent->path;
    err = fs_stat_at(parent->in.dir, parent->name, &parent->st);
    parent->found = !err;
    if (err && err != ENOENT) {
        fs_dir_close(parent->in.dir);
        return err;
    }
    return 0;
}

static void parent_close(struct parent *parent)
{
    fs_dir_close(parent->in.dir);
}

static int sync_dir(struct fs_dir *dir)
{
    return dir->fs->durable ? fs_dir_sync(dir) : 0;
}

/* `was` is NULL or the path of a member of dir_path. */
static struct trash *trash_new(const char *dir_path, const char *was)
{
    size_t len = strlen(dir_path) + 1, was_len = was ? strlen(was) + 1 : 0;
    struct trash *trash = calloc(1, sizeof(*trash) + len + was_len);

    if (!trash)
        return NULL;
    memcpy(trash->dir_path, dir_path, len);
    if (was) {
        trash->was = trash->dir_path + len;
        memcpy(trash->was, was, was_len);
    }
    return trash;
}

/* The hidden name is there, and entered in the journal. The directory's handle moves to the trash. */
static void trash_fill(struct trash *trash, struct parent *parent, const char *hidden)
{
    trash->dir = parent->in.dir;
    parent->in.dir = NULL;
    memcpy(trash->name, hidden, HIDDEN_SIZE);
}

/* A collection vanishes by taking a hidden name. */
static int trash_dir(struct parent *parent, const char *path, struct trash **out)
{
    struct journal *journal = parent->in.dir->fs->journal;
    struct trash *trash = trash_new(parent->path, path);
    char hidden[HIDDEN_SIZE];

    if (!trash)
        return ENOMEM;
    int err = journal_enter(journal, parent->path);
    if (err) {
        free(trash);
        return err;
    }
    hidden_name(hidden);
    err = fs_rename(parent->in.dir, parent->name, parent->in.dir, hidden, FS_NOREPLACE);
    if (err) {
        journal_leave(journal, parent->path);
        free(trash);
        return err;
    }
    err = sync_dir(parent->in.dir);
    trash_fill(trash, parent, hidden);
    *out = trash;
    return err;
}

int tree_trash(struct fs *fs, const char *path, struct trash **out_trash)
{
    struct parent parent;

    *out_trash = NULL;
    if (!*path)
        return EBUSY;
    int err = parent_open(&parent, fs, path);
    if (err)
        return err;
    if (!parent.found) {
        err = ENOENT;
    } else if (parent.st.type == FS_DIR) {
        err = trash_dir(&parent, path, out_trash);
    } else {
        err = fs_unlink(parent.in.dir, parent.name);
        if (!err)
            err = sync_dir(parent.in.dir);
    }
    parent_close(&parent);
    return err;
}

void trash_purge(struct trash *trash, struct progress *progress)
{
    if (!trash)
        return;
    purge_name(trash->dir, trash->dir_path, trash->name, progress);
    if (trash->was && !progress_is_stopped(progress))
        journal_forget(trash->dir->fs->journal, trash->was);
    purge_postponed(trash->dir->fs, progress);
    fs_dir_close(trash->dir);
    free(trash);
}

/* File over file. Two names of one file are a special case: rename(2) would leave both. */
static int move_file(const struct parent *from, const struct parent *to)
{
    if (from->st.ino == to->st.ino && from->st.dev == to->st.dev)
        return fs_unlink(from->in.dir, from->name);
    return fs_rename(from->in.dir, from->name, to->in.dir, to->name, FS_REPLACE);
}

/* A collection is involved and both names are taken: the old thing goes to the trash. */
static int move_over(struct parent *from, struct parent *to, struct trash **out)
{
    struct fs_stat from_st, to_st;
    char hidden[HIDDEN_SIZE];
    bool in_from;

    /* Said before anything is touched, where it can be known. */
    int err = fs_stat_at(from->in.dir, "", &from_st);
    if (!err)
        err = fs_stat_at(to->in.dir, "", &to_st);
    if (err)
        return err;
    if (from_st.dev != to_st.dev)
        return EXDEV;
    /* Either of the two directories may be the one: room for the longer path. */
    struct trash *trash = trash_new(strlen(from->path) > strlen(to->path) ? from->path : to->path, NULL);
    if (!trash)
        return ENOMEM;
    err = swap_move(from->in, from->name, to->in, to->name, hidden, &in_from);
    if (err) {
        free(trash);
        return err;
    }
    struct parent *holder = in_from ? from : to;
    memcpy(trash->dir_path, holder->path, strlen(holder->path) + 1);
    trash_fill(trash, holder, hidden);
    *out = trash;
    return 0;
}

static int move(struct parent *from, struct parent *to, bool replace, struct trash **out_trash)
{
    if (!from->found)
        return ENOENT;
    if (!to->found || !replace)
        return fs_rename(from->in.dir, from->name, to->in.dir, to->name, FS_NOREPLACE);
    if (from->st.type != FS_DIR && to->st.type != FS_DIR)
        return move_file(from, to);
    return move_over(from, to, out_trash);
}

int tree_move(struct fs *fs, const char *from, const char *to, bool replace, struct trash **out_trash)
{
    struct parent source, dest;

    *out_trash = NULL;
    if (path_is_within(from, to) || path_is_within(to, from))
        return EINVAL;
    int err = parent_open(&source, fs, from);
    if (err)
        return err;
    err = parent_open(&dest, fs, to);
    if (err) {
        parent_close(&source);
        return err;
    }
    struct fs_dir *from_dir = source.in.dir, *to_dir = dest.in.dir;
    bool is_tree = source.found && source.st.type == FS_DIR;
    if (is_tree) /* before, for a crash; after, for who came between */
        err = journal_moved(fs->journal, from, to);
    if (!err)
        err = move(&source, &dest, replace, out_trash);
    if (!err && is_tree)
        (void)journal_moved(fs->journal, from, to);
    if (!err)
        err = sync_dir(to_dir);
    if (!err && strcmp(source.path, dest.path) != 0)
        err = sync_dir(from_dir);
    parent_close(&source);
    parent_close(&dest);
    return err;
}
