/*
 * One stack of levels, one per directory that the walk is in, and one path buffer that grows and
 * shrinks with them: nothing is allocated per entry. The step that comes next follows from the top
 * of the stack alone, so the walk can rest anywhere. The two topmost directories are open whenever there
 * is an event (entry->dir and what is below it), of the others only some: see park and come_back.
 */
#include "fs/walk.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/nest.h"
#include "fs/path.h"

#define LEVELS_FIRST 16
#define PATH_FIRST   512

/* A directory that the walk is in. */
struct level {
    struct nest nest;
    bool is_over; /* its members are not to be visited (any more) */
    int lost;     /* why it could not be opened again */
    struct fs_stat st;
    size_t path_len; /* of the directory's own path */
    bool via_link;
    bool below_link; /* reached through a link, here or further up */
};

struct walk {
    struct fs *fs;
    unsigned flags;
    const struct walk_filter *filter; /* NULL: none */
    int max_depth;
    enum { AT_ROOT, AT_MEMBER, INSIDE } state; /* AT_...: what is to be visited has its path there */

    struct fs_dir *root_dir; /* has the root of the walk as an entry */
    bool owns_root_dir;
    struct fs_stat root_st;
    bool root_via_link;
    size_t root_name; /* where the root's own name begins in `path` */
    size_t root_len;

    struct level *levels;
    size_t base; /* so many levels, the lower ones, are another walk's, without a directory */
    size_t level_count, level_size;
    char *path;
    size_t path_len, path_size;
};

static int path_reserve(struct walk *walk, size_t len)
{
    size_t size = walk->path_size ? walk->path_size : PATH_FIRST;

    while (size <= len)
        size *= 2;
    if (size == walk->path_size)
        return 0;
    char *path = realloc(walk->path, size);
    if (!path)
        return ENOMEM;
    walk->path = path;
    walk->path_size = size;
    return 0;
}

static void path_cut(struct walk *walk, size_t len)
{
    walk->path_len = len;
    walk->path[len] = '\0';
}

static int path_append(struct walk *walk, const char *name)
{
    size_t len = strlen(name), slash = walk->path_len > 0;

    int err = path_reserve(walk, walk->path_len + slash + len);
    if (err)
        return err;
    if (slash)
        walk->path[walk->path_len] = '/';
    memcpy(walk->path + walk->path_len + slash, name, len + 1);
    walk->path_len += slash + len;
    return 0;
}

static int level_push(struct walk *walk, const struct level *level)
{
    if (walk->level_count == walk->level_size) {
        size_t size = walk->level_size ? walk->level_size * 2 : LEVELS_FIRST;
        struct level *levels = realloc(walk->levels, size * sizeof(*levels));
        if (!levels)
            return ENOMEM;
        walk->levels = levels;
        walk->level_size = size;
    }
    walk->levels[walk->level_count++] = *level;
    return 0;
}

static struct level *top(const struct walk *walk)
{
    return walk->level_count ? &walk->levels[walk->level_count - 1] : NULL;
}

/* An entry that lies in the topmost level, or is the root. */
static void fill_entry(const struct walk *walk, struct walk_entry *out)
{
    const struct level *level = top(walk);
    size_t rel = walk->root_len + (walk->root_len && walk->path_len > walk->root_len);
    size_t name = level ? level->path_len + (level->path_len > 0) : walk->root_name;

    *out = (struct walk_entry){
        .path = walk->path,
        .relpath = walk->path + rel,
        .name = walk->path + name,
        .dir = level ? level->nest.dir : walk->root_dir,
        .depth = (int)walk->level_count,
    };
}

static enum walk_event failed(struct walk_entry *out, int error)
{
    out->error = error;
    return WALK_FAILED;
}

/* What the entry is; links as they are, or as what they lead to. `type` is what is known of it. */
static int look_at(struct walk *walk, bool follow, enum fs_type type, struct walk_entry *out)
{
    if (walk->flags & WALK_TYPES && type != FS_UNKNOWN && type != FS_DIR && (type != FS_LINK || !follow)) {
        out->st = (struct fs_stat){ .type = type };
        return 0;
    }
    int err = fs_stat_at(out->dir, out->name, &out->st);

    if (err || out->st.type != FS_LINK || !follow)
        return err;
    out->via_link = true;
    return fs_stat(walk->fs, out->path, &out->st);
}

/* What is not there as far as clients are concerned: gone meanwhile, or a link that dangles or
 * leads out of the root. */
static bool is_absent(int error, bool via_link)
{
    return error == ENOENT || error == ENOTDIR || (via_link && (error == EXDEV || error == ENAMETOOLONG));
}

/* Is it a directory that the walk is in? Only links lead to one, here or further up. */
static bool is_circle(const struct walk *walk, const struct fs_stat *st)
{
    for (size_t i = 0; i < walk->level_count; i++)
        if (walk->levels[i].st.ino == st->ino && walk->levels[i].st.dev == st->dev)
            return true;
    return false;
}

static int enter_dir(struct walk *walk, const struct walk_entry *entry, struct fs_dir **out)
{
    if (walk->max_depth >= 0 && entry->depth >= walk->max_depth) {
        *out = NULL;
        return 0;
    }
    if (entry->via_link)
        return fs_dir_open(walk->fs, entry->path, out);
    if (!*entry->name) /* the root of everything is no entry of another directory */
        return fs_dir_open(walk->fs, "", out);
    int err = fs_dir_enter(entry->dir, entry->name, out);
    return err == ELOOP ? ENOENT : err; /* it was a directory a moment ago */
}

/* Of the directories that the walk is in only the last few stay open, and the first: whoever removes a tree
 * needs it. */
static void park(struct walk *walk)
{
    size_t open = walk->level_count - walk->base;

    if (open > NEST_OPEN_MAX + 1)
        nest_park(&walk->levels[walk->level_count - 1 - NEST_OPEN_MAX].nest);
}

/* The directory that holds the topmost one will be needed: it is opened again if it was parked. */
static void come_back(struct walk *walk)
{
    struct level *below, *level = top(walk);

    if (walk->level_count - walk->base < 2)
        return;
    assert(level);
    below = level - 1;
    char *end = walk->path + below->path_len, kept = *end;
    *end = '\0';
    int err = nest_return(&below->nest, walk->fs, level->nest.dir, walk->path);
    *end = kept;
    if (err) {
        below->lost = err;
        below->nest = (struct nest){ 0 };
    }
}

static bool is_held(const struct walk *walk, const struct walk_entry *entry)
{
    bool is_by_path = entry->via_link || walk->level_count == 0;

    return !walk->filter || !entry->entered || !is_by_path ||
           walk->filter->holds(walk->filter, entry->entered, -1);
}

static enum walk_event visit_dir(struct walk *walk, struct walk_entry *out)
{
    const struct level *parent = top(walk);
    struct level level = {
        .st = out->st,
        .path_len = walk->path_len,
        .via_link = out->via_link,
        .below_link = out->via_link || (parent && parent->below_link),
    };

    if (level.below_link && is_circle(walk, &out->st))
        return failed(out, ELOOP);
    int err = enter_dir(walk, out, &out->entered);
    if (!err && !is_held(walk, out)) {
        fs_dir_close(out->entered);
        out->entered = NULL;
        err = ENOENT;
    }
    if (err)
        return failed(out, err);
    nest_open(&level.nest, out->entered);
    level.is_over = !out->entered;
    err = level_push(walk, &level);
    if (err) {
        nest_release(&level.nest);
        return failed(out, err);
    }
    park(walk);
    return WALK_ENTER;
}

/* An entry that has been looked at. */
static enum walk_event visit(struct walk *walk, struct walk_entry *out)
{
    return out->st.type == FS_DIR ? visit_dir(walk, out) : WALK_ENTRY;
}

static enum walk_event visit_root(struct walk *walk, struct walk_entry *out)
{
    fill_entry(walk, out);
    out->st = walk->root_st;
    out->via_link = walk->root_via_link;
    return visit(walk, out);
}

static bool is_shown(const struct walk *walk, enum fs_type type, bool is_linked)
{
    return !walk->filter || walk->filter->shows(walk->filter, walk->path, type, is_linked);
}

/* The member whose path is in the buffer. WALK_END: there is nothing to be seen. */
static enum walk_event visit_member(struct walk *walk, enum fs_type type, struct walk_entry *out)
{
    const struct level *level = top(walk);
    assert(level);
    fill_entry(walk, out);
    if (!is_shown(walk, FS_UNKNOWN, false))
        return WALK_END;
    int err = look_at(walk, walk->flags & WALK_FOLLOW, type, out);
    if (!is_shown(walk, err ? FS_OTHER : out->st.type, out->via_link || level->below_link))
        return WALK_END;
    enum walk_event event = err ? failed(out, err) : visit(walk, out);
    return event == WALK_FAILED && is_absent(out->error, out->via_link) ? WALK_END : event;
}

static enum walk_event leave(struct walk *walk, struct walk_entry *out)
{
    come_back(walk);
    const struct level *topmost = top(walk);
    assert(topmost);
    struct level level = *topmost;
    nest_release(&level.nest);
    walk->level_count--;
    path_cut(walk, level.path_len);
    fill_entry(walk, out);
    out->st = level.st;
    out->via_link = level.via_link;
    return WALK_LEAVE;
}

/* The directory could not be read to its end: that is told, and then it is left. */
static enum walk_event break_off(struct walk *walk, struct walk_entry *out, int error)
{
    struct level *level = top(walk);

    assert(level);
    come_back(walk);
    walk->level_count--;
    fill_entry(walk, out);
    walk->level_count++;
    out->st = level->st;
    out->via_link = level->via_link;
    walk_skip(walk);
    return failed(out, error);
}

/* Brings the next member's path into the buffer. False: there is none, and *out_event says why. */
static bool next_member(struct walk *walk, struct level *level, struct walk_entry *out,
                        enum fs_type *out_type, enum walk_event *out_event)
{
    const char *name = NULL;
    int err = level->lost;

    path_cut(walk, level->path_len);
    if (err) {
        *out_event = break_off(walk, out, err);
        return false;
    }
    do {
        err = fs_dir_next_typed(level->nest.dir, &name, out_type);
    } while (!err && name && !(walk->flags & WALK_HIDDEN) && path_name_is_reserved(walk->path, name));
    if (!err && name)
        err = path_append(walk, name);
    if (err)
        *out_event = break_off(walk, out, err);
    else if (!name)
        *out_event = leave(walk, out);
    return !err && name;
}

enum walk_event walk_next(struct walk *walk, struct walk_entry *out)
{
    enum walk_event event = WALK_END;
    enum fs_type type;
    struct level *level;

    if (walk->state == AT_ROOT) {
        walk->state = INSIDE;
        return visit_root(walk, out);
    }
    if (walk->state == AT_MEMBER) {
        walk->state = INSIDE;
        event = visit_member(walk, FS_UNKNOWN, out);
    }
    while (event == WALK_END && walk->level_count > walk->base) {
        level = top(walk);
        assert(level);
        if (level->is_over)
            return leave(walk, out);
        if (!next_member(walk, level, out, &type, &event))
            return event;
        event = visit_member(walk, type, out);
    }
    return event;
}

void walk_skip(struct walk *walk)
{
    struct level *level = top(walk);

    assert(level);
    level->is_over = true;
}

void walk_retry(struct walk *walk)
{
    const struct level *level = top(walk);

    if (!level)
        walk->state = AT_ROOT;
    else if (walk->path_len > level->path_len) /* else it was broken off, not refused */
        walk->state = AT_MEMBER;
}

static int walk_new(struct fs *fs, const char *path, struct walk **out)
{
    struct walk *walk = calloc(1, sizeof(*walk));

    if (!walk)
        return ENOMEM;
    walk->fs = fs;
    int err = path_reserve(walk, strlen(path));
    if (err) {
        walk_close(walk);
        return err;
    }
    assert(walk->path);
    walk->path_len = walk->root_len = strlen(path);
    memcpy(walk->path, path, walk->path_len + 1);
    walk->root_name = (size_t)(path_name(path) - path);
    *out = walk;
    return 0;
}

static int look_at_root(struct walk *walk, bool follow)
{
    struct walk_entry root;

    fill_entry(walk, &root);
    int err = look_at(walk, follow, FS_UNKNOWN, &root);
    if (err)
        return err;
    walk->root_st = root.st;
    walk->root_via_link = root.via_link;
    return 0;
}

int walk_open(struct fs *fs, const char *path, unsigned flags, int max_depth, struct walk **out)
{
    struct walk *walk;
    const char *name;

    int err = walk_new(fs, path, &walk);
    if (err)
        return err;
    walk->flags = flags;
    walk->max_depth = max_depth;
    err = path_open_parent(fs, path, &walk->root_dir, &name);
    walk->owns_root_dir = !err;
    if (!err)
        err = look_at_root(walk, true);
    if (err) {
        walk_close(walk);
        return err;
    }
    *out = walk;
    return 0;
}

int walk_open_at(struct fs_dir *dir, const char *name, const char *path, unsigned flags, struct walk **out)
{
    struct walk *walk;

    assert(strcmp(name, path_name(path)) == 0);
    int err = walk_new(dir->fs, path, &walk);
    if (err)
        return err;
    walk->flags = flags;
    walk->max_depth = WALK_DEEP;
    walk->root_dir = dir;
    err = look_at_root(walk, false);
    if (err) {
        walk_close(walk);
        return err;
    }
    *out = walk;
    return 0;
}

void walk_set_filter(struct walk *walk, const struct walk_filter *filter)
{
    walk->filter = filter;
}

int walk_split(struct walk *walk, struct walk **out)
{
    struct walk *split;

    assert(walk->level_count > walk->base && top(walk)->nest.dir);
    int err = walk_new(walk->fs, walk->path, &split);
    if (err)
        return err;
    split->levels = malloc(walk->level_count * sizeof(*split->levels));
    if (!split->levels) {
        walk_close(split);
        return ENOMEM;
    }
    split->flags = walk->flags;
    split->filter = walk->filter;
    split->max_depth = walk->max_depth;
    split->state = INSIDE;
    split->root_name = walk->root_name;
    split->root_len = walk->root_len;
    split->level_count = split->level_size = walk->level_count;
    split->base = --walk->level_count;
    memcpy(split->levels, walk->levels, split->level_count * sizeof(*split->levels));
    for (size_t i = 0; i < split->base; i++)
        split->levels[i].nest = (struct nest){ 0 };
    *out = split;
    return 0;
}

void walk_close(struct walk *walk)
{
    if (!walk)
        return;
    while (walk->level_count)
        nest_release(&walk->levels[--walk->level_count].nest);
    if (walk->owns_root_dir)
        fs_dir_close(walk->root_dir);
    free(walk->levels);
    free(walk->path);
    free(walk);
}
