/*
 * MOVE (RFC 4918 9.9): one rename under the guard, whatever the size.
 *
 * Across file systems it is a copy that is published before the source goes to the trash, so that
 * at every moment one of the two is whole. A member that cannot be copied stops that: nothing is
 * moved then.
 *
 * A link is moved as a link. Locks do not move (7.6).
 */
#include <errno.h>
#include <time.h>

#include "fs/path.h"
#include "fs/walk.h"
#include "webdav/copymove.h"
#include "webdav/locks.h"
#include "webdav/method.h"
#include "webdav/precond.h"
#include "webdav/resource.h"

/* The source as it is now; false after having replied. Under the guard. */
static bool check_source(struct dav_request *r, struct fs_stat *out)
{
    int err = fs_stat(r->dav->fs, r->path, out);

    if (!err)
        return resource_check(r, out, CHANGE_CONTENT | CHANGE_BINDING | CHANGE_TREE);
    reply_errno(r, err, ROLE_SUBJECT);
    return false;
}

static int set_mtime(struct dav_request *r, int64_t mtime_ns)
{
    const struct fs_meta meta = { .set = FS_SET_MTIME, .mtime_ns = mtime_ns };
    struct fs_dir *dir;
    const char *name;

    int err = path_open_parent(r->dav->fs, r->dest, &dir, &name);
    if (err)
        return err;
    err = fs_set_meta(dir, name, &meta);
    fs_dir_close(dir);
    return err;
}

static void reply_moved(struct dav_request *r)
{
    (void)locks_drop_tree(r->dav->locks, r->path, true);
    copymove_reply_done(r);
}

/* ---- within a file system ---- */

/* Under the guard. Returns true if the file systems differ: then nothing is done yet. */
static bool rename_guarded(struct dav_request *r)
{
    struct copymove *cm = r->state;
    struct fs_stat st;
    int err = EEXIST;

    for (int i = 0; err == EEXIST && i < COPYMOVE_ATTEMPTS; i++) {
        if (!check_source(r, &st) || !copymove_check_dest(r) || reply_if_stopped(r))
            return false;
        err = tree_move(r->dav->fs, r->path, r->dest, cm->dest_exists, &r->trash);
    }
    if (err == EXDEV)
        return true;
    if (err) {
        /* It was there a moment ago, so what is missing is the destination's parent. */
        reply_errno(r, err, ROLE_DEST);
        return false;
    }
    if (cm->has_mtime)
        cm->has_mtime = set_mtime(r, cm->mtime_ns) == 0;
    progress_add(&r->progress, 1, 0);
    reply_moved(r);
    return false;
}

/* ---- across file systems ---- */

static bool is_link(struct dav_request *r)
{
    struct fs_dir *dir;
    struct fs_stat st;
    const char *name;

    if (path_open_parent(r->dav->fs, r->path, &dir, &name) != 0)
        return false;
    bool result = fs_stat_at(dir, name, &st) == 0 && st.type == FS_LINK;
    fs_dir_close(dir);
    return result;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A moment with which nothing that was done before is stamped, and everything that is done from now on
 * is at the earliest. File systems stamp with the coarse clock, which stands for some milliseconds, or
 * with the precise one when somebody has looked meanwhile; so wait until the coarse one has passed now. */
static int64_t next_moment_ns(void)
{
    const struct timespec tick = { .tv_nsec = 1000000 };
    int64_t now_ns = clock_ns(CLOCK_REALTIME), coarse_ns;

    while ((coarse_ns = clock_ns(CLOCK_REALTIME_COARSE)) <= now_ns && coarse_ns > now_ns - 1000000000)
        nanosleep(&tick, NULL);
    return coarse_ns;
}

/* Was anything of the source made or written to after the copy began? (If stopped, who knows.) What comes by us is a new file
 * each time, so its birth tells, whatever modification time it was given. Members that went show by
 * the time of their collection. */
static bool has_changed(struct dav_request *r, int64_t since_ns)
{
    int64_t until_ns = clock_ns(CLOCK_REALTIME); /* later times were set, not stamped */
    struct walk *walk;
    struct walk_entry entry;
    bool changed = false;

    if (walk_open(r->dav->fs, r->path, 0, WALK_DEEP, &walk) != 0)
        return true;
    while (!changed && !progress_is_stopped(&r->progress)) {
        enum walk_event event = walk_next(walk, &entry);
        if (event == WALK_END)
            break;
        changed = event == WALK_FAILED || entry.st.btime_ns >= since_ns ||
                  (entry.st.mtime_ns >= since_ns && entry.st.mtime_ns <= until_ns);
    }
    walk_close(walk);
    return changed;
}

/* Under the guard. This is the one place where it is held for a walk: what came into the source after
 * it was copied would go to the trash with it. */
static void replace_guarded(struct dav_request *r, struct copied *copied, int64_t since_ns)
{
    struct fs_stat st;
    int err = EEXIST;

    for (int i = 0; err == EEXIST && i < COPYMOVE_ATTEMPTS; i++) {
        if (!check_source(r, &st) || !copymove_check_dest(r))
            return;
        bool changed = has_changed(r, since_ns);
        if (reply_if_stopped(r))
            return;
        if (changed) {
            reply_error(r, 409, "The source was changed while it was moved.");
            return;
        }
        err = copy_commit(r, copied);
    }
    if (err) {
        reply_errno(r, err, ROLE_DEST);
        return;
    }
    /* Nobody can stop it any more: half a move is what it must not be. */
    err = tree_trash(r->dav->fs, r->path, &r->trash);
    if (err)
        reply_errno(r, err, ROLE_SUBJECT); /* both are there: nothing is lost */
    else
        reply_moved(r);
}

static void move_across(struct dav_request *r)
{
    int64_t since_ns = next_moment_ns();
    struct copied copied;
    struct guard guard;

    if (is_link(r)) { /* we can copy what it leads to, not the link */
        reply_error(r, 403, "A link cannot be moved to another file system.");
        return;
    }
    int err = copy_stage(r, &copied);
    if (err) {
        reply_errno(r, err, copied.role);
    } else if (copied.failure_count) {
        copy_reply_failures(r, &copied);
    } else {
        guard_take(r->dav->guards, &guard, r->path, r->dest);
        replace_guarded(r, &copied, since_ns);
        guard_release(r->dav->guards, &guard);
    }
    r->leftover = r->leftover ? r->leftover : copied.staging; /* unless it was published */
}

void move_run(struct dav_request *r)
{
    struct guard guard;

    guard_take(r->dav->guards, &guard, r->path, r->dest);
    bool crosses = rename_guarded(r);
    guard_release(r->dav->guards, &guard);
    if (crosses)
        move_across(r);
}
