/*
 * The directories are a list, each with the place of its parent: there are as many as an operator has written
 * down, so looking through all of them is quick enough.
 */
#include "fs/lobby.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs/path.h"

#define NANOSECONDS 1000000000

struct place {
    char *path; /* "" is the root, the first one */
    size_t parent;
};

struct lobby {
    struct fs base;
    int64_t made_ns;
    struct place *places;
    size_t count;
};

struct lobby_dir {
    struct fs_dir base;
    size_t place;
    size_t next; /* the first one that was not looked at yet */
};

static const struct place *place_of(const struct fs_dir *dir)
{
    return &((const struct lobby *)dir->fs)->places[((const struct lobby_dir *)dir)->place];
}

static bool has_path(const struct place *place, const char *path, size_t len)
{
    return strncmp(place->path, path, len) == 0 && place->path[len] == '\0';
}

static int find(const struct lobby *lobby, const char *path, size_t len, size_t *out)
{
    for (size_t i = 0; i < lobby->count; i++) {
        if (!has_path(&lobby->places[i], path, len))
            continue;
        *out = i;
        return 0;
    }
    return ENOENT;
}

/* "" is the directory itself. */
static int find_in(const struct fs_dir *dir, const char *name, size_t *out)
{
    const struct lobby *lobby = (const struct lobby *)dir->fs;
    size_t own = ((const struct lobby_dir *)dir)->place;

    *out = own;
    if (!*name)
        return 0;
    for (size_t i = 1; i < lobby->count; i++) {
        if (lobby->places[i].parent != own || strcmp(path_name(lobby->places[i].path), name) != 0)
            continue;
        *out = i;
        return 0;
    }
    return ENOENT;
}

static void describe(const struct lobby *lobby, size_t place, struct fs_stat *out)
{
    *out = (struct fs_stat){ .type = FS_DIR,
                             .mode = 0555,
                             .ino = place + 1,
                             .mtime_ns = lobby->made_ns,
                             .ctime_ns = lobby->made_ns,
                             .btime_ns = lobby->made_ns };
}

static int open_place(struct fs *fs, size_t place, struct fs_dir **out)
{
    struct lobby_dir *dir = calloc(1, sizeof *dir);

    if (!dir)
        return ENOMEM;
    dir->base.fs = fs;
    dir->place = place;
    dir->next = 1;
    *out = &dir->base;
    return 0;
}

/* ---- by path ---- */

static int lobby_stat(struct fs *fs, const char *path, struct fs_stat *out)
{
    size_t place;
    int err = find((struct lobby *)fs, path, strlen(path), &place);

    if (!err)
        describe((struct lobby *)fs, place, out);
    return err;
}

static int lobby_open_file(struct fs *fs, const char *path, int *out_fd, struct fs_stat *out)
{
    size_t place;
    (void)out_fd, (void)out;

    int err = find((struct lobby *)fs, path, strlen(path), &place);
    return err ? err : EISDIR;
}

static int lobby_dir_open(struct fs *fs, const char *path, struct fs_dir **out)
{
    size_t place;
    int err = find((struct lobby *)fs, path, strlen(path), &place);

    return err ? err : open_place(fs, place, out);
}

static int lobby_real_path(struct fs *fs, const char *path, char *out, size_t size)
{
    size_t place, len = strlen(path);
    int err = find((struct lobby *)fs, path, len, &place);

    if (err)
        return err;
    if (len >= size)
        return ENAMETOOLONG;
    memcpy(out, path, len + 1);
    return 0;
}

/* There are no links. */
static int lobby_leads_to(struct fs *fs, const char *path, char *out, size_t size)
{
    size_t len = strlen(path);
    (void)fs;

    if (len >= size)
        return ENAMETOOLONG;
    memcpy(out, path, len + 1);
    return 0;
}

static int lobby_space(struct fs *fs, const char *path, uint64_t *out_available, uint64_t *out_used)
{
    (void)fs, (void)path, (void)out_available, (void)out_used;
    return ENOTSUP;
}

/* ---- in an open directory ---- */

static int lobby_stat_at(struct fs_dir *dir, const char *name, struct fs_stat *out)
{
    size_t place;
    int err = find_in(dir, name, &place);

    if (!err)
        describe((struct lobby *)dir->fs, place, out);
    return err;
}

static int lobby_open_at(struct fs_dir *dir, const char *name, bool is_file, int *out_fd, struct fs_stat *out)
{
    size_t place;
    (void)is_file, (void)out_fd, (void)out;

    int err = find_in(dir, name, &place);
    return err ? err : EISDIR;
}

static int lobby_dir_enter(struct fs_dir *dir, const char *name, struct fs_dir **out)
{
    size_t place;
    int err = find_in(dir, name, &place);

    return err ? err : open_place(dir->fs, place, out);
}

static int lobby_dir_up(struct fs_dir *dir, struct fs_dir **out)
{
    return open_place(dir->fs, place_of(dir)->parent, out);
}

static int lobby_dir_next(struct fs_dir *base, const char **out_name, enum fs_type *out_type)
{
    const struct lobby *lobby = (const struct lobby *)base->fs;
    struct lobby_dir *dir = (struct lobby_dir *)base;

    while (dir->next < lobby->count && lobby->places[dir->next].parent != dir->place)
        dir->next++;
    *out_type = FS_DIR;
    *out_name = dir->next < lobby->count ? path_name(lobby->places[dir->next++].path) : NULL;
    return 0;
}

static int64_t lobby_dir_tell(struct fs_dir *dir)
{
    return (int64_t)((struct lobby_dir *)dir)->next;
}

static int lobby_dir_seek(struct fs_dir *dir, int64_t pos)
{
    ((struct lobby_dir *)dir)->next = pos > 0 ? (size_t)pos : 1;
    return 0;
}

static int lobby_sync(struct fs_dir *dir)
{
    (void)dir;
    return 0;
}

static void lobby_dir_close(struct fs_dir *dir)
{
    free(dir);
}

static int lobby_get_attr(struct fs_dir *dir, const char *name, void *out, size_t size, size_t *out_len)
{
    size_t place;
    (void)out, (void)size, (void)out_len;

    int err = find_in(dir, name, &place);
    return err ? err : ENODATA;
}

/* ---- what cannot be done ---- */

static int no_set_attr(struct fs_dir *dir, const char *name, const void *value, size_t len)
{
    (void)dir, (void)name, (void)value, (void)len;
    return EROFS;
}

static int no_set_meta(struct fs_dir *dir, const char *name, const struct fs_meta *meta)
{
    (void)dir, (void)name, (void)meta;
    return EROFS;
}

static int no_mkdir(struct fs_dir *dir, const char *name, uint32_t mode)
{
    (void)dir, (void)name, (void)mode;
    return EROFS;
}

static int no_remove(struct fs_dir *dir, const char *name)
{
    (void)dir, (void)name;
    return EROFS;
}

static int no_rename(struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir, const char *to,
                     enum fs_rename how)
{
    (void)from_dir, (void)from, (void)to_dir, (void)to, (void)how;
    return EROFS;
}

static int no_file_create(struct fs_dir *dir, const char *name, uint32_t mode, struct fs_file **out)
{
    (void)dir, (void)name, (void)mode, (void)out;
    return EROFS;
}

/* ---- life ---- */

static void lobby_close(struct fs *fs)
{
    struct lobby *lobby = (struct lobby *)fs;

    for (size_t i = 0; i < lobby->count; i++)
        free(lobby->places[i].path);
    free(lobby->places);
    free(lobby);
}

/* No file is ever open, so what is done with one is not there. */
static const struct fs_ops lobby_ops = {
    .stat = lobby_stat,
    .open = lobby_open_file,
    .dir_open = lobby_dir_open,
    .real_path = lobby_real_path,
    .leads_to = lobby_leads_to,
    .stat_at = lobby_stat_at,
    .open_at = lobby_open_at,
    .dir_enter = lobby_dir_enter,
    .dir_up = lobby_dir_up,
    .dir_next = lobby_dir_next,
    .dir_tell = lobby_dir_tell,
    .dir_seek = lobby_dir_seek,
    .dir_sync = lobby_sync,
    .tree_sync = lobby_sync,
    .dir_close = lobby_dir_close,
    .get_attr = lobby_get_attr,
    .set_attr = no_set_attr,
    .set_meta = no_set_meta,
    .mkdir = no_mkdir,
    .unlink = no_remove,
    .rmdir = no_remove,
    .rename = no_rename,
    .file_create = no_file_create,
    .space = lobby_space,
    .close = lobby_close,
};

static int add_place(struct lobby *lobby, const char *path, size_t len, size_t parent, size_t *out)
{
    if (find(lobby, path, len, out) == 0)
        return 0;
    struct place *places = realloc(lobby->places, (lobby->count + 1) * sizeof *places);
    if (!places)
        return ENOMEM;
    lobby->places = places;
    places[lobby->count] = (struct place){ .path = strndup(path, len), .parent = parent };
    if (!places[lobby->count].path)
        return ENOMEM;
    *out = lobby->count++;
    return 0;
}

/* With all that it lies in, from the root down. */
static int add_path(struct lobby *lobby, const char *path)
{
    size_t len = 0, place = 0;
    int err = add_place(lobby, "", 0, 0, &place);

    while (!err && path[len]) {
        len += strcspn(path + len + (len > 0), "/") + (len > 0);
        err = add_place(lobby, path, len, place, &place);
    }
    return err;
}

int lobby_open(const char *const *paths, size_t count, struct fs **out)
{
    struct lobby *lobby = calloc(1, sizeof *lobby);
    struct timespec now;

    if (!lobby)
        return ENOMEM;
    clock_gettime(CLOCK_REALTIME, &now);
    lobby->base.ops = &lobby_ops;
    lobby->made_ns = now.tv_sec * NANOSECONDS + now.tv_nsec;
    int err = add_path(lobby, "");
    for (size_t i = 0; i < count && !err; i++)
        err = add_path(lobby, paths[i]);
    if (err) {
        lobby_close(&lobby->base);
        return err;
    }
    *out = &lobby->base;
    return 0;
}
