/*
 * MOVE to another file system: a copy that is published before the source goes to the trash, so that at every
 * moment one of the two is whole. A member that cannot be copied stops that: nothing is moved then.
 *
 * Between the two the process may die. So what is about to be done is noted in the state database before the
 * copy is published, by the things that are meant: the source, and the copy. At the next start the copy is at
 * the destination, then the source is removed, if it is still that thing and nothing in it has changed; or it
 * is not, then it was never published and goes with the other hidden names.
 */
#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <time.h>

#include "fs/path.h"
#include "fs/walk.h"
#include "webdav/copymove.h"
#include "webdav/locks.h"
#include "webdav/propstore.h"
#include "webdav/resource.h"
#include "webdav/state.h"

struct crossing {
    struct dav_request *r;
    int64_t since_ns; /* the copy began */
    struct thing source;
    bool is_noted;
};

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

/* ---- has the source changed? ---- */

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

/* Was anything in the tree made or written to since then? (If stopped, who knows.) What comes by us is a new
 * file each time, so its birth tells, whatever modification time it was given. Members that went show by the
 * time of their collection. */
static bool has_changed(struct fs *fs, const char *path, int64_t since_ns, const struct progress *progress)
{
    int64_t until_ns = clock_ns(CLOCK_REALTIME); /* later times were set, not stamped */
    struct walk *walk;
    struct walk_entry entry;
    bool changed = false;

    if (walk_open(fs, path, 0, WALK_DEEP, &walk) != 0)
        return true;
    while (!changed && !progress_is_stopped(progress)) {
        enum walk_event event = walk_next(walk, &entry);
        if (event == WALK_END)
            break;
        changed = event == WALK_FAILED || entry.st.btime_ns >= since_ns ||
                  (entry.st.mtime_ns >= since_ns && entry.st.mtime_ns <= until_ns);
    }
    walk_close(walk);
    return changed;
}

/* ---- the move ---- */

static int note(void *ctx, const struct fs_stat *st)
{
    struct crossing *crossing = ctx;
    const struct state_move move = { .dest = crossing->r->dest,
                                     .source = crossing->r->path,
                                     .source_thing = crossing->source,
                                     .made = thing_of(st),
                                     .since_ns = crossing->since_ns };

    int err = accepted_note_made(crossing->r, st);
    if (!err)
        err = state_move_put(crossing->r->dav->state, &move);
    crossing->is_noted |= !err;
    return err;
}

/* Under the guard. False after having replied. */
static bool publish(struct crossing *crossing, struct copied *copied)
{
    struct dav_request *r = crossing->r;
    struct fs_stat st;
    int err = EEXIST;

    staging_set_note(copied->staging, note, crossing);
    for (int i = 0; err == EEXIST && i < COPYMOVE_ATTEMPTS; i++) {
        if (!move_check_source(r, &st) || !copymove_check_dest(r))
            return false;
        crossing->source = thing_of(&st);
        /* The one place where the guard is held for a walk: what came into the source after it was copied
         * would go to the trash with it. */
        bool changed = has_changed(r->dav->fs, r->path, crossing->since_ns, &r->progress);
        if (reply_if_stopped(r))
            return false;
        if (changed) {
            reply_error(r, 409, "The source was changed while it was moved.");
            return false;
        }
        err = copy_commit(r, copied);
    }
    if (err)
        reply_errno(r, err, ROLE_DEST);
    return !err;
}

/* Under the guard. Once it is published nobody can stop it any more: half a move is what it must not be. */
static void replace(struct crossing *crossing, struct copied *copied)
{
    struct dav_request *r = crossing->r;
    bool is_published = publish(crossing, copied);
    int err = is_published ? tree_trash(r->dav->fs, r->path, &r->trash) : 0;
    if (is_published && !err)
        (void)propstore_drop(r->dav->propstore, r->path);

    /* If that cannot be written the next start finds the source gone, or both there and removes it then. */
    if (crossing->is_noted)
        (void)state_move_remove(r->dav->state, r->dest);
    if (err)
        reply_errno(r, err, ROLE_SUBJECT); /* both are there: nothing is lost */
    else if (is_published)
        move_reply_done(r);
}

void move_across(struct dav_request *r)
{
    struct crossing crossing = { .r = r, .since_ns = next_moment_ns() };
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
        replace(&crossing, &copied);
        guard_release(r->dav->guards, &guard);
    }
    copy_release(r, &copied);
}

/* ---- after a crash ---- */

static void collect(void *ctx, const struct state_move *move)
{
    apr_array_header_t *moves = ctx;
    struct state_move copy = *move;

    copy.dest = apr_pstrdup(moves->pool, move->dest);
    copy.source = apr_pstrdup(moves->pool, move->source);
    APR_ARRAY_PUSH(moves, struct state_move) = copy;
}

/* Recovery finds what is in the trash, as all else of that kind. */
static int remove_source(struct dav *dav, const char *path)
{
    struct progress progress = { .stop = true };
    struct trash *trash;

    int err = tree_trash(dav->fs, path, &trash);
    trash_purge(trash, &progress);
    return err;
}

static int recover_move(struct dav *dav, const struct state_move *move)
{
    const struct progress progress = { 0 };
    struct thing source, dest;

    int err = thing_at(dav->fs, move->dest, &dest);
    if (!err)
        err = thing_at(dav->fs, move->source, &source);
    if (err || !thing_is(dest, move->made))
        return err;
    if (thing_is(source, move->source_thing)) {
        if (has_changed(dav->fs, move->source, move->since_ns, &progress))
            return EBUSY;
        err = remove_source(dav, move->source);
    }
    if (err)
        return err;
    (void)locks_drop_tree(dav->locks, move->dest, false);
    (void)locks_drop_tree(dav->locks, move->source, true);
    return 0;
}

int move_across_recover(struct dav *dav)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, dav->pool);
    apr_array_header_t *moves = apr_array_make(pool, 1, sizeof(struct state_move));
    int first = state_move_list(dav->state, collect, moves);
    for (int i = 0; i < moves->nelts; i++) {
        const struct state_move *move = &APR_ARRAY_IDX(moves, i, struct state_move);
        int err = recover_move(dav, move);
        if (!first)
            first = err;
        err = state_move_remove(dav->state, move->dest);
        if (!first)
            first = err;
    }
    apr_pool_destroy(pool);
    return first;
}
