/*
 * Removing: a loop over a walk that unlinks what it meets and removes a directory when it leaves it.
 *
 * A directory can go only when everything in it has gone, so whoever gives away a part of it would have to
 * wait at its end. For bundles of names he does: they are short. A subdirectory that is given away is
 * renamed into the root of what is being removed instead, unless it is there already, and so holds up
 * nobody but the root itself. A crash leaves a tree that is removed the same way.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/hidden.h"
#include "fs/path.h"
#include "fs/tree_internal.h"

#define AGAIN_MAX 100 /* how often a directory is read again that others still fill */

struct removal {
    struct tree_op op; /* first: a bundle's op is the removal's */
    const char *path;  /* of the root */
    size_t path_len;
};

/* One thread's hold on a removal. */
struct remover {
    struct removal *removal;
    struct walk *walk;
    struct fs_dir *root;     /* of the removal; a part keeps it for itself */
    bool is_first_walk;      /* the one that begins at the root */
    struct crew_party names; /* bundles of the directory that the walk is in */
    struct bundle *bundle;   /* being filled with names of it */
    bool is_inside;          /* the walk has just entered a directory */
    bool is_given;           /* that directory is not ours any more */
    unsigned again;
};

/* A directory given away: an entry of the root. */
struct part {
    struct crew_task task;
    struct removal *removal;
    struct fs_dir *root; /* kept */
    char path[];
};

/* What is being removed is ours to remove: a directory that we may not change is changed so that
 * we may. (A hidden tree keeps the modes that it had when clients saw it.) */
static bool grant(const struct walk_entry *entry)
{
    const struct fs_meta meta = { .set = FS_SET_MODE, .mode = entry->st.mode | 0700 };

    return entry->dir && entry->st.type == FS_DIR && (entry->st.mode & 0700) != 0700 &&
           fs_set_meta(entry->dir, entry->name, &meta) == 0;
}

/* From the root of the removal; a part's own root is something else. */
static const char *relpath(const struct removal *removal, const struct walk_entry *entry)
{
    const char *rest = entry->path + removal->path_len;

    return *rest == '/' ? rest + 1 : rest;
}

/* What came of a member. One that is gone by itself is no failure, nor is a directory that is kept by a member
 * that has been told. */
static void settle(struct removal *removal, const char *dir_path, const char *name, int error)
{
    if (!error || error == ENOENT)
        return;
    if (tree_is_fatal(error))
        tree_op_end(&removal->op, error);
    else if (error != ENOTEMPTY || !atomic_load(&removal->op.failed))
        tree_op_failed(&removal->op, dir_path, name, error);
}

/* ---- bundles ---- */

static void run_bundle(struct crew_task *task)
{
    struct bundle *bundle = (struct bundle *)task;
    struct removal *removal = (struct removal *)bundle->op;

    for (const char *name = NULL; (name = bundle_next(bundle, name)) && !tree_op_error(bundle->op);) {
        int err = fs_unlink(bundle->dir, name);
        if (!err)
            progress_add(bundle->op->report->progress, 1, 0);
        settle(removal, bundle->dir_path, name, err);
    }
    bundle_free(bundle);
}

static int remove_name(struct remover *remover, const struct walk_entry *entry)
{
    const char *dir_path = relpath(remover->removal, entry);

    if (!remover->bundle && entry->depth && crew_is_idle(&remover->names))
        remover->bundle = bundle_new(&remover->removal->op, run_bundle, entry->dir, dir_path,
                                     tree_dir_len(dir_path, entry->name));
    if (remover->bundle) {
        bundle_add(remover->bundle, entry->name);
        if (bundle_is_full(remover->bundle))
            bundle_send(&remover->bundle, &remover->names);
        return 0;
    }
    int err = fs_unlink(entry->dir, entry->name);
    if (!err)
        progress_add(remover->removal->op.report->progress, 1, 0);
    return err;
}

/* ---- parts ---- */

static void remove_part(struct remover *remover);

static void run_part(struct crew_task *task)
{
    struct part *part = (struct part *)task;
    struct remover remover = { .removal = part->removal, .root = part->root };

    int err =
        walk_open_at(part->root, path_name(part->path), part->path, WALK_HIDDEN | WALK_TYPES, &remover.walk);
    if (err)
        settle(part->removal, part->path + part->removal->path_len + 1, "", err);
    else
        remove_part(&remover);
    fs_dir_close(part->root);
    free(part);
}

static struct part *part_new(const struct remover *remover, const char *name)
{
    struct removal *removal = remover->removal;
    size_t slash = removal->path_len > 0, len = strlen(name);
    struct part *part = malloc(sizeof(*part) + removal->path_len + slash + len + 1);

    if (!part)
        return NULL;
    part->task.run = run_part;
    part->removal = removal;
    part->root = remover->root;
    memcpy(part->path, removal->path, removal->path_len);
    if (slash)
        part->path[removal->path_len] = '/';
    memcpy(part->path + removal->path_len + slash, name, len + 1);
    return part;
}

/* The directory that has just been entered. Where it cannot be renamed (another file system, no room for a
 * name) the walk goes on into it. */
static bool give_part(struct remover *remover, const struct walk_entry *entry)
{
    struct removal *removal = remover->removal;
    bool is_in_root = remover->is_first_walk && entry->depth == 1;
    char hidden[HIDDEN_SIZE];

    if (!is_in_root)
        hidden_name(hidden);
    struct part *part = part_new(remover, is_in_root ? entry->name : hidden);
    if (!part)
        return false;
    if (!is_in_root && fs_rename(entry->dir, entry->name, remover->root, hidden, FS_NOREPLACE) != 0) {
        free(part);
        return false;
    }
    fs_dir_keep(part->root);
    crew_give(&removal->op.party, &part->task);
    return true;
}

/* ---- the loop ---- */

static void enter(struct remover *remover, const struct walk_entry *entry, bool is_first)
{
    struct removal *removal = remover->removal;

    grant(entry);
    if (remover->is_first_walk && !entry->depth)
        remover->root = entry->entered;
    remover->is_inside = true;
    if (!entry->depth || is_first || !crew_wants(&removal->op.party) || !give_part(remover, entry))
        return;
    remover->is_given = true;
    walk_skip(remover->walk);
}

/* A directory that is not empty: is it worth reading again? Not for a member that has been told. */
static bool is_refilled(struct remover *remover)
{
    return !atomic_load(&remover->removal->op.failed) && remover->again++ < AGAIN_MAX;
}

static int leave(struct remover *remover, const struct walk_entry *entry)
{
    struct removal *removal = remover->removal;
    bool is_root = remover->is_first_walk && !entry->depth;

    if (remover->is_given) {
        remover->is_given = false;
        return 0;
    }
    if (is_root)
        crew_wait(&removal->op.party);
    int err = tree_op_error(&removal->op);
    if (!err)
        err = entry->dir ? fs_rmdir(entry->dir, entry->name) : ENOENT;
    if (err == ENOTEMPTY && is_refilled(remover)) {
        walk_retry(remover->walk);
        return 0;
    }
    if (err)
        return err;
    progress_add(removal->op.report->progress, 1, 0);
    if (is_root) /* what failed did not when it was met again */
        atomic_store(&removal->op.failed, 0);
    return 0;
}

static int remove_step(struct remover *remover, enum walk_event event, const struct walk_entry *entry)
{
    bool is_first = remover->is_inside;

    remover->is_inside = false;
    if (event != WALK_ENTRY) { /* the walk goes elsewhere */
        bundle_send(&remover->bundle, &remover->names);
        crew_wait(&remover->names);
    }
    switch (event) {
    case WALK_ENTRY:
        return remove_name(remover, entry);
    case WALK_ENTER:
        enter(remover, entry, is_first);
        return 0;
    case WALK_LEAVE:
        return leave(remover, entry);
    case WALK_FAILED:
        if (entry->error != EACCES || !grant(entry))
            return entry->error;
        walk_retry(remover->walk);
        return 0;
    case WALK_END:
        break;
    }
    return 0;
}

/* Closes the walk too. */
static void remove_part(struct remover *remover)
{
    struct removal *removal = remover->removal;
    struct walk_entry entry;
    enum walk_event event;

    crew_begin(&remover->names, removal->op.party.crew);
    while (!tree_op_error(&removal->op) && (event = walk_next(remover->walk, &entry)) != WALK_END)
        settle(removal, relpath(removal, &entry), "", remove_step(remover, event, &entry));
    bundle_send(&remover->bundle, &remover->names);
    crew_wait(&remover->names);
    crew_end(&remover->names);
    walk_close(remover->walk);
}

int tree_remove(struct fs_dir *dir, const char *name, const char *path, const struct tree_report *report)
{
    struct removal removal = { .path = path, .path_len = strlen(path) };
    struct remover remover = { .removal = &removal, .is_first_walk = true };

    int err = walk_open_at(dir, name, path, WALK_HIDDEN | WALK_TYPES, &remover.walk);
    if (err)
        return err;
    tree_op_init(&removal.op, dir->fs, report);
    remove_part(&remover);
    tree_op_release(&removal.op);
    err = tree_op_error(&removal.op);
    return err ? err : atomic_load(&removal.op.failed);
}
