/*
 * Copying: a loop over a walk, with a stack of destination directories beside the walk's own.
 *
 * A directory is made writable for us and gets its real mode when everybody has left it: the walk, and
 * whoever has a bundle of its files. A place on the stack without a directory stands for one that could
 * not be made, and whose members are skipped. Of the destination's directories, too, only the last few
 * are open (nest.h).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/nest.h"
#include "fs/tree_internal.h"

#define STACK_FIRST 16
#define FILE_MODE   0777u /* what a copy keeps: no set-user-id for a file that is now ours */
#define DIR_MODE    07777u
#define LARGE_SIZE  (1u << 20) /* a file of that size is worth a helper of its own */

struct copy {
    struct tree_op op; /* first: a bundle's op is the copy's */
    struct fs *fs;
    struct fs_dir *to; /* not ours to close */
    const char *name;
};

/* A directory of the destination. */
struct place {
    atomic_uint users;
    struct nest nest;
    uint32_t mode;
};

/* One thread's hold on a copy. */
struct copier {
    struct copy *copy;
    struct walk *walk;
    struct place **places;
    size_t place_count, place_size;
    struct bundle *bundle; /* being filled with files of the directory that the walk is in */
    bool is_inside;        /* the walk has just entered a directory */
    bool dest_broken;
    char *attr; /* FS_ATTR_MAX bytes */
};

/* A file to be copied: an entry of a directory, or, found through a link, what a path leads to. */
struct source {
    struct fs_dir *dir;
    const char *name;
    const char *path;     /* NULL: not through a link */
    struct place *place;  /* where it goes, with what follows: NULL if it must not be given away */
    const char *dir_path; /* relative to the root of the operation */
    size_t dir_path_len;
    bool is_own_path; /* dir_path is that of the file */
};

/* A part of the tree given away. */
struct part {
    struct crew_task task;
    struct copier copier;
};

/* EIO, where it comes from the destination, will not end with this member either. */
static int at_dest(struct copier *copier, int error)
{
    if (error == EIO)
        copier->dest_broken = true;
    return error;
}

/* What came of a member: 0, or told, or the end of everything. */
static void settle(struct copier *copier, const char *dir_path, const char *name, int error)
{
    struct tree_op *op = &copier->copy->op;

    if (error && (copier->dest_broken || tree_is_fatal(error)))
        tree_op_end(op, error);
    else if (error)
        tree_op_failed(op, dir_path, name, error);
}

static void run_bundle(struct crew_task *task);

/* Somebody else will copy these: names of `source`'s directory, which go to `to`. */
static struct bundle *bundle_begin(struct copier *copier, const struct source *source, struct fs_dir *to)
{
    struct bundle *bundle =
        bundle_new(&copier->copy->op, run_bundle, source->dir, source->dir_path, source->dir_path_len);

    if (!bundle)
        return NULL;
    fs_dir_keep(to);
    bundle->to = to;
    bundle->place = source->place;
    atomic_fetch_add_explicit(&source->place->users, 1, memory_order_relaxed);
    return bundle;
}

/* A large file that another could copy at the same time. */
static bool give_file(struct copier *copier, const struct source *source, struct fs_dir *to)
{
    if (!crew_is_idle(&copier->copy->op.party))
        return false;
    struct bundle *bundle = bundle_begin(copier, source, to);
    if (!bundle)
        return false;
    bundle_add(bundle, source->name);
    crew_give(&copier->copy->op.party, &bundle->task);
    return true;
}

/* ---- content ---- */

/* Having none, or no place for any, is no failure. */
static int attr_found(int error, size_t *len)
{
    if (error != ENODATA && error != ENOTSUP)
        return error;
    *len = 0;
    return 0;
}

/* What came of setting the dead properties of dir_path/name. */
static int attr_result(struct copier *copier, int error, const char *dir_path, size_t dir_path_len,
                       const char *name, size_t len)
{
    if (error)
        error = tree_op_keep_attr(&copier->copy->op, dir_path, dir_path_len, name, copier->attr, len, error);
    return at_dest(copier, error);
}

static int copy_content(struct copier *copier, const struct source *source, int fd, const struct fs_stat *st,
                        struct fs_file *file)
{
    const struct fs_meta meta = {
        .set = FS_SET_MODE | FS_SET_MTIME,
        .mode = st->mode & FILE_MODE,
        .mtime_ns = st->mtime_ns,
    };
    struct copy *copy = copier->copy;
    size_t attr_len;

    int err = fs_file_copy(file, fd, st->size, copy->op.report->progress);
    if (!err)
        err = attr_found(fs_get_attr_fd(copy->fs, fd, copier->attr, FS_ATTR_MAX, &attr_len), &attr_len);
    if (!err && attr_len) {
        err = fs_file_set_attr(file, copier->attr, attr_len);
        err = attr_result(copier, err, source->dir_path, source->dir_path_len,
                          source->is_own_path ? "" : source->name, attr_len);
    }
    return err ? err : at_dest(copier, fs_file_set_meta(file, &meta));
}

static int copy_opened(struct copier *copier, const struct source *source, int fd, const struct fs_stat *st,
                       struct fs_dir *to, const char *name)
{
    struct fs_file *file;

    int err = at_dest(copier, fs_file_create(to, name, (st->mode & FILE_MODE) | 0600, &file));
    if (err)
        return err;
    err = copy_content(copier, source, fd, st, file);
    int close_err = at_dest(copier, fs_file_close(file));
    if (!err)
        err = close_err;
    if (err)
        fs_unlink(to, name);
    else
        progress_add(copier->copy->op.report->progress, 1, 0);
    return err;
}

static int open_source(struct copier *copier, const struct source *source, int *out_fd, struct fs_stat *out)
{
    const struct walk_filter *filter = copier->copy->op.report->filter;

    int err = source->path ? fs_open(copier->copy->fs, source->path, out_fd, out)
                           : fs_open_file_at(source->dir, source->name, out_fd, out);
    if (!err && source->is_own_path && filter && !filter->holds(filter, NULL, *out_fd)) {
        close(*out_fd);
        err = EACCES;
    }
    return err;
}

static int copy_file(struct copier *copier, const struct source *source, struct fs_dir *to, const char *name)
{
    struct fs_stat st;
    int fd;

    int err = open_source(copier, source, &fd, &st);
    if (err)
        return err;
    if (source->place && st.size >= LARGE_SIZE && give_file(copier, source, to))
        err = 0;
    else
        err = copy_opened(copier, source, fd, &st, to, name);
    close(fd);
    return err;
}

/* ---- directories ---- */

/* The last one to leave gives it its mode. */
static int place_leave(struct copier *copier, struct place *place)
{
    const struct fs_meta meta = { .set = FS_SET_MODE, .mode = place->mode };

    if (atomic_fetch_sub_explicit(&place->users, 1, memory_order_acq_rel) != 1)
        return 0;
    int err = 0;
    if (place->nest.dir && !tree_op_error(&copier->copy->op))
        err = at_dest(copier, fs_set_meta(place->nest.dir, "", &meta));
    nest_release(&place->nest);
    free(place);
    return err;
}

static struct place *top(const struct copier *copier)
{
    return copier->place_count ? copier->places[copier->place_count - 1] : NULL;
}

static struct fs_dir *dest_dir(const struct copier *copier)
{
    return copier->place_count ? top(copier)->nest.dir : copier->copy->to;
}

static const char *dest_name(const struct copier *copier, const struct walk_entry *entry)
{
    return entry->depth ? entry->name : copier->copy->name;
}

static int push_place(struct copier *copier, struct place **out)
{
    if (copier->place_count == copier->place_size) {
        size_t size = copier->place_size ? copier->place_size * 2 : STACK_FIRST;
        struct place **places = realloc(copier->places, size * sizeof(*places));
        if (!places)
            return ENOMEM;
        copier->places = places;
        copier->place_size = size;
    }
    struct place *place = calloc(1, sizeof(*place));
    if (!place)
        return ENOMEM;
    atomic_init(&place->users, 1);
    copier->places[copier->place_count++] = place;
    if (copier->place_count > NEST_OPEN_MAX)
        nest_park(&copier->places[copier->place_count - 1 - NEST_OPEN_MAX]->nest);
    *out = place;
    return 0;
}

static int pop_place(struct copier *copier)
{
    struct place *place = copier->places[--copier->place_count], *below = top(copier);
    int back_err = 0;

    if (below) {
        back_err = nest_return(&below->nest, copier->copy->fs, place->nest.dir, NULL);
        if (back_err) /* somebody moved what is nobody's but ours */
            copier->dest_broken = true;
    }
    int err = place_leave(copier, place);
    return back_err ? back_err : err;
}

/* Dead properties of a directory, which is `entered` if it is open. */
static int get_dir_attr(struct copier *copier, const struct walk_entry *entry, size_t *out_len)
{
    struct fs_dir *dir = entry->entered;
    int err = 0;

    if (!dir)
        err = fs_dir_open(copier->copy->fs, entry->path, &dir);
    if (err)
        return err;
    err = fs_get_attr(dir, "", copier->attr, FS_ATTR_MAX, out_len);
    if (!entry->entered)
        fs_dir_close(dir);
    return attr_found(err, out_len);
}

static int make_dir(struct copier *copier, const struct walk_entry *entry, struct fs_dir **out)
{
    struct fs_dir *parent = dest_dir(copier);
    const char *name = dest_name(copier, entry);

    int err = at_dest(copier, fs_mkdir(parent, name, (entry->st.mode & DIR_MODE) | 0700));
    if (err)
        return err;
    err = at_dest(copier, fs_dir_enter(parent, name, out));
    if (err)
        fs_rmdir(parent, name);
    return err;
}

static int copy_enter(struct copier *copier, const struct walk_entry *entry)
{
    struct fs_dir *dir = NULL;
    struct place *place;
    size_t attr_len;

    int err = make_dir(copier, entry, &dir);
    int push_err = push_place(copier, &place);
    if (push_err) {
        fs_dir_close(dir);
        return push_err;
    }
    if (err) {
        walk_skip(copier->walk);
        return err;
    }
    nest_open(&place->nest, dir);
    place->mode = entry->st.mode & DIR_MODE;
    progress_add(copier->copy->op.report->progress, 1, 0);
    err = get_dir_attr(copier, entry, &attr_len);
    if (!err && attr_len) {
        err = fs_set_attr(dir, "", copier->attr, attr_len);
        err = attr_result(copier, err, entry->relpath, strlen(entry->relpath), "", attr_len);
    }
    return err;
}

/* ---- giving parts away ---- */

static void run_bundle(struct crew_task *task)
{
    struct bundle *bundle = (struct bundle *)task;
    struct copier copier = { .copy = (struct copy *)bundle->op, .attr = malloc(FS_ATTR_MAX) };
    struct place *place = bundle->place;
    struct source source = {
        .dir = bundle->dir,
        .place = bundle->count > 1 ? place : NULL,
        .dir_path = bundle->dir_path,
        .dir_path_len = strlen(bundle->dir_path),
    };

    if (!copier.attr)
        tree_op_end(bundle->op, ENOMEM);
    while ((source.name = bundle_next(bundle, source.name)) && !tree_op_error(bundle->op))
        settle(&copier, bundle->dir_path, source.name, copy_file(&copier, &source, bundle->to, source.name));
    settle(&copier, bundle->dir_path, "", place_leave(&copier, place));
    free(copier.attr);
    bundle_free(bundle);
}

/* A regular file in the directory that the walk is in. */
static int copy_member(struct copier *copier, const struct walk_entry *entry)
{
    const struct source source = {
        .dir = entry->dir,
        .name = entry->name,
        .place = top(copier),
        .dir_path = entry->relpath,
        .dir_path_len = tree_dir_len(entry->relpath, entry->name),
    };

    if (!copier->bundle && crew_is_idle(&copier->copy->op.party))
        copier->bundle = bundle_begin(copier, &source, dest_dir(copier));
    if (!copier->bundle)
        return copy_file(copier, &source, dest_dir(copier), entry->name);
    bundle_add(copier->bundle, entry->name);
    if (bundle_is_full(copier->bundle))
        bundle_send(&copier->bundle, &copier->copy->op.party);
    return 0;
}

static int copy_entry(struct copier *copier, const struct walk_entry *entry)
{
    if (entry->st.type != FS_FILE)
        return EACCES;
    if (entry->depth && !entry->via_link)
        return copy_member(copier, entry);
    const struct source source = {
        .dir = entry->dir,
        .name = entry->name,
        .path = entry->via_link ? entry->path : NULL,
        .dir_path = entry->relpath,
        .dir_path_len = strlen(entry->relpath),
        .is_own_path = true,
    };
    return copy_file(copier, &source, dest_dir(copier), dest_name(copier, entry));
}

static void copy_part(struct copier *copier);

static void run_part(struct crew_task *task)
{
    struct part *part = (struct part *)task;

    copy_part(&part->copier);
    free(part);
}

/* The directory that has just been entered, and made, becomes a part of its own. */
static void give_part(struct copier *copier)
{
    struct part *part = calloc(1, sizeof(*part));
    struct place **places = malloc(sizeof(*places));

    if (!part || !places || walk_split(copier->walk, &part->copier.walk) != 0) {
        free(part);
        free(places);
        return;
    }
    places[0] = copier->places[--copier->place_count];
    part->task.run = run_part;
    part->copier.copy = copier->copy;
    part->copier.is_inside = true;
    copier->is_inside = false;
    part->copier.places = places;
    part->copier.place_count = part->copier.place_size = 1;
    crew_give(&copier->copy->op.party, &part->task);
}

static bool is_worth_giving(const struct copier *copier, const struct walk_entry *entry, bool is_first)
{
    return entry->depth && entry->depth <= TREE_SPLIT_DEPTH && !is_first && entry->entered &&
           crew_wants(&copier->copy->op.party);
}

/* ---- the loop ---- */

static int copy_step(struct copier *copier, enum walk_event event, const struct walk_entry *entry)
{
    bool is_first = copier->is_inside;
    int err = 0;

    if (event != WALK_ENTRY)
        bundle_send(&copier->bundle, &copier->copy->op.party);
    copier->is_inside = event == WALK_ENTER;
    switch (event) {
    case WALK_ENTRY:
        return copy_entry(copier, entry);
    case WALK_ENTER:
        err = copy_enter(copier, entry);
        if (!err && is_worth_giving(copier, entry, is_first))
            give_part(copier);
        return err;
    case WALK_LEAVE:
        return pop_place(copier);
    case WALK_FAILED:
        return entry->error;
    case WALK_END:
        break;
    }
    return 0;
}

/* Ends what the copier holds too. */
static void copy_part(struct copier *copier)
{
    struct tree_op *op = &copier->copy->op;
    struct walk_entry entry;
    enum walk_event event;

    copier->attr = malloc(FS_ATTR_MAX);
    if (!copier->attr)
        tree_op_end(op, ENOMEM);
    while (!tree_op_error(op) && (event = walk_next(copier->walk, &entry)) != WALK_END) {
        int err = copy_step(copier, event, &entry);
        if (err && !entry.depth)
            tree_op_end(op, err);
        else
            settle(copier, entry.relpath, "", err);
    }
    bundle_send(&copier->bundle, &op->party);
    while (copier->place_count)
        place_leave(copier, copier->places[--copier->place_count]);
    free(copier->places);
    free(copier->attr);
    walk_close(copier->walk);
}

int tree_copy(struct fs *fs, const char *src, struct fs_dir *to, const char *name, bool deep,
              const struct tree_report *report)
{
    struct copy copy = { .fs = fs, .to = to, .name = name };
    struct copier copier = { .copy = &copy };

    int err = walk_open(fs, src, WALK_FOLLOW | WALK_TYPES, deep ? WALK_DEEP : 0, &copier.walk);
    if (err)
        return err;
    walk_set_filter(copier.walk, report->filter);
    tree_op_init(&copy.op, fs, report);
    copy_part(&copier);
    tree_op_release(&copy.op);
    return tree_op_error(&copy.op);
}
