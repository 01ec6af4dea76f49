/*
 * The order of the steps is all there is to it; swap.h says what each crash leaves behind.
 */
#include "fs/swap.h"

#include <errno.h>
#include <string.h>

#include "fs/journal.h"

/* A hidden directory that holds one thing, under the name that it had. */
struct aside {
    struct swap_place in;
    struct fs_dir *dir;
    const char *name; /* of what is put aside */
    char hidden[HIDDEN_SIZE];
};

/* Takes the directory away again, and its mark in the journal; both stay if it is not empty. */
static void aside_drop(struct aside *aside)
{
    fs_dir_close(aside->dir);
    int err = fs_rmdir(aside->in.dir, aside->hidden);
    if (!err || err == ENOENT)
        journal_leave(aside->in.dir->fs->journal, aside->in.path);
}

/* Moves in/name aside. */
static int aside_take(struct aside *aside, struct swap_place in, const char *name)
{
    struct journal *journal = in.dir->fs->journal;
    struct fs_stat st;

    int err = fs_stat_at(in.dir, name, &st);
    if (err)
        return err;
    *aside = (struct aside){ .in = in, .name = name };
    hidden_aside_name(st.ino, aside->hidden);
    err = journal_enter(journal, in.path);
    if (err)
        return err;
    err = fs_mkdir(in.dir, aside->hidden, 0700);
    if (err) {
        journal_leave(journal, in.path);
        return err;
    }
    err = fs_dir_enter(in.dir, aside->hidden, &aside->dir);
    if (!err)
        err = fs_rename(in.dir, name, aside->dir, name, FS_NOREPLACE);
    if (err)
        aside_drop(aside);
    return err;
}

/* After an error it is still aside, and recovery will put it back. */
static int aside_undo(struct aside *aside)
{
    int err = fs_rename(aside->dir, aside->name, aside->in.dir, aside->name, FS_NOREPLACE);

    aside_drop(aside);
    return err;
}

/* Without an exchange: the old thing aside, the new one to its place. The hidden directory is then
 * called `old`: under its first name recovery could later take a deleted `to` for one to be put back. */
static int swap_by_aside(struct swap_place from_in, const char *from, struct swap_place to_in, const char *to,
                         char old[HIDDEN_SIZE])
{
    struct aside aside;

    int err = aside_take(&aside, to_in, to);
    if (err)
        return err;
    err = fs_rename(from_in.dir, from, to_in.dir, to, FS_NOREPLACE);
    if (err) {
        aside_undo(&aside);
        return err;
    }
    fs_dir_close(aside.dir);
    if (fs_rename(to_in.dir, aside.hidden, to_in.dir, old, FS_NOREPLACE) != 0)
        memcpy(old, aside.hidden, HIDDEN_SIZE);
    return 0;
}

int swap_staged(struct swap_place in, char hidden[HIDDEN_SIZE], const char *name)
{
    int err = fs_rename(in.dir, hidden, in.dir, name, FS_EXCHANGE);

    if (err != EINVAL)
        return err;
    err = swap_by_aside(in, hidden, in, name, hidden);
    if (!err) /* entered twice now: by the caller and by us */
        journal_leave(in.dir->fs->journal, in.path);
    return err;
}

int swap_move(struct swap_place from_in, const char *from, struct swap_place to_in, const char *to,
              char out_old[HIDDEN_SIZE], bool *out_in_from)
{
    char old[HIDDEN_SIZE];
    struct aside aside;
    bool in_from = true;

    /* The source leaves its name before the destination gets its new content, and what the exchange
     * brings back is hidden from the start. */
    int err = aside_take(&aside, from_in, from);
    if (err)
        return err;
    memcpy(old, aside.hidden, sizeof(old));
    err = fs_rename(aside.dir, from, to_in.dir, to, FS_EXCHANGE);
    if (!err) {
        fs_dir_close(aside.dir);
    } else {
        int undo_err = aside_undo(&aside);
        if (undo_err) {
            err = undo_err;
        } else if (err == EINVAL) {
            hidden_name(old);
            in_from = false;
            err = swap_by_aside(from_in, from, to_in, to, old);
        }
    }
    if (err)
        return err;
    memcpy(out_old, old, HIDDEN_SIZE);
    *out_in_from = in_from;
    return 0;
}

int swap_recover(struct fs_dir *dir, const char *name)
{
    struct fs_dir *aside;
    struct fs_stat st;
    const char *member;
    uint64_t ino;

    if (!hidden_is_aside(name, &ino))
        return 0;
    int err = fs_dir_enter(dir, name, &aside);
    if (err)
        return err == ENOENT || err == ENOTDIR || err == ELOOP ? 0 : err;
    while ((err = fs_dir_next(aside, &member)) == 0 && member) {
        err = fs_stat_at(aside, member, &st);
        if (!err && st.ino == ino)
            err = fs_rename(aside, member, dir, member, FS_NOREPLACE);
        if (err && err != ENOENT)
            break;
    }
    fs_dir_close(aside);
    return err == EEXIST ? 0 : err;
}
