/*
 * A tree of files, seen through one table of operations.
 *
 * Two backends implement it: posix.c (a folder on disk, confined to its root descriptor) and the
 * tests' memory backend, which can fail on the n-th call. Everything above is written against the
 * inline front doors below; nobody else calls through fs->ops.
 *
 * Paths. A path is canonical: bytes relative to the root, names joined by single slashes, no
 * leading or trailing slash, no "." or ".." and no empty name; "" is the root. path.h makes them.
 * A name is one component. Path operations follow links as long as these stay inside the root
 * (a link that leads out is EXDEV, a dangling one ENOENT, a circle ELOOP); operations on an open
 * directory and a name never follow: they mean the entry itself. So reading sees through links,
 * DELETE and MOVE act on the link, and COPY copies what the link leads to. A link that dangles or
 * leads out does not exist as far as clients are concerned.
 *
 * Life. A backend is opened by its own function (posix_open), lives as long as the process and is
 * closed by fs_close. Directories and files are handles: each one opened is closed exactly once.
 *
 * Threads. A struct fs may be used by any number of threads at once; a handle by one at a time, but for
 * one thing: the names in an open directory may be worked on by several threads, as long as only one of
 * them reads it (dir_next, tell, seek). Each of them keeps it open for itself (fs_dir_keep).
 *
 * Errors. 0 or a positive errno. Callers should expect ENOENT, ENOTDIR, EEXIST, EACCES, ENOSPC,
 * EDQUOT and EXDEV to mean what they say; out-parameters are untouched on failure.
 *
 * Times are nanoseconds since 1970, sizes are bytes.
 */
#ifndef HOLDFAST_FS_H
#define HOLDFAST_FS_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/progress.h"

#define FS_NAME_MAX 255  /* longest name, in bytes, without the terminating NUL */
#define FS_PATH_MAX 4095 /* longest canonical path that a request may name */

/* The extended attribute that holds a resource's dead properties, and its largest size. */
#define FS_ATTR_NAME "user.holdfast.props"
#define FS_ATTR_MAX  65536

struct fs;
struct fs_dir;
struct fs_file;
struct crew;
struct journal;

enum fs_type { FS_FILE, FS_DIR, FS_LINK, FS_OTHER, FS_UNKNOWN /* fs_dir_next_typed only */ };

struct fs_stat {
    enum fs_type type;
    uint32_t mode; /* permission bits only */
    uint32_t uid, gid;
    uint64_t dev, ino;
    uint64_t size;
    int64_t mtime_ns;
    int64_t ctime_ns; /* last change of anything: content, mode, attributes, names */
    int64_t btime_ns; /* birth; where the file system keeps none, the earlier of mtime and ctime */
};

/* What to change; members whose bit is not in `set` are ignored. */
enum { FS_SET_MODE = 1, FS_SET_MTIME = 2, FS_SET_OWNER = 4, FS_SET_ATIME = 8 };
struct fs_meta {
    unsigned set;
    uint32_t mode;
    uint32_t uid, gid;
    int64_t mtime_ns;
    int64_t atime_ns;
};

enum fs_rename {
    FS_REPLACE,   /* over whatever file is there (a directory only over an empty one) */
    FS_NOREPLACE, /* EEXIST if the name is taken */
    FS_EXCHANGE,  /* both names must exist; they swap. EINVAL where the file system cannot */
};

struct fs_ops {
    /* By path, links followed inside the root. */
    int (*stat)(struct fs *fs, const char *path, struct fs_stat *out);
    int (*open)(struct fs *fs, const char *path, int *out_fd, struct fs_stat *out);
    int (*dir_open)(struct fs *fs, const char *path, struct fs_dir **out);
    int (*real_path)(struct fs *fs, const char *path, char *out, size_t size);
    int (*leads_to)(struct fs *fs, const char *path, char *out, size_t size);
    int (*path_of)(struct fs *fs, int fd, struct fs_dir *dir, char *out, size_t size); /* may be NULL */
    int (*get_attr_fd)(struct fs *fs, int fd, void *out, size_t size, size_t *out_len);

    /* In an open directory; `name` "" is the directory itself where stat_at, get_attr, set_attr
     * and set_meta take it. Links are not followed. */
    int (*stat_at)(struct fs_dir *dir, const char *name, struct fs_stat *out);
    int (*open_at)(struct fs_dir *dir, const char *name, bool is_file, int *out_fd, struct fs_stat *out);
    int (*dir_enter)(struct fs_dir *dir, const char *name, struct fs_dir **out);
    int (*dir_up)(struct fs_dir *dir, struct fs_dir **out);
    int (*dir_next)(struct fs_dir *dir, const char **out_name, enum fs_type *out_type);
    int64_t (*dir_tell)(struct fs_dir *dir);
    int (*dir_seek)(struct fs_dir *dir, int64_t pos);
    int (*dir_sync)(struct fs_dir *dir);
    int (*tree_sync)(struct fs_dir *dir);
    void (*dir_close)(struct fs_dir *dir);
    int (*get_attr)(struct fs_dir *dir, const char *name, void *out, size_t size, size_t *out_len);
    int (*set_attr)(struct fs_dir *dir, const char *name, const void *value, size_t len);
    int (*set_meta)(struct fs_dir *dir, const char *name, const struct fs_meta *meta);
    int (*mkdir)(struct fs_dir *dir, const char *name, uint32_t mode);
    int (*unlink)(struct fs_dir *dir, const char *name);
    int (*rmdir)(struct fs_dir *dir, const char *name);
    int (*rename)(struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir, const char *to,
                  enum fs_rename how);

    /* A file being written. */
    int (*file_create)(struct fs_dir *dir, const char *name, uint32_t mode, struct fs_file **out);
    int (*file_write)(struct fs_file *file, const void *data, size_t len);
    int (*file_copy)(struct fs_file *file, int fd, uint64_t size, struct progress *progress);
    int (*file_stat)(struct fs_file *file, struct fs_stat *out);
    int (*file_set_attr)(struct fs_file *file, const void *value, size_t len);
    int (*file_set_meta)(struct fs_file *file, const struct fs_meta *meta);
    int (*file_link)(struct fs_file *file, struct fs_dir *dir, const char *name);
    int (*file_sync)(struct fs_file *file);
    int (*file_close)(struct fs_file *file);

    int (*check)(struct fs *fs); /* may be NULL: nothing can be wrong with it */
    int (*space)(struct fs *fs, const char *path, uint64_t *out_available, uint64_t *out_used);
    void (*close)(struct fs *fs);
};

/* The part that every backend's own structure begins with. */
struct fs {
    const struct fs_ops *ops;
    struct journal *journal; /* where staging names are noted before they exist; not owned */
    struct crew *crew;       /* who helps with large trees (crew.h); not owned; NULL: nobody */
    bool durable;            /* --durability full: sync before success is reported */
};
struct fs_dir {
    struct fs *fs;
    atomic_uint keepers; /* who must still close it, but for one */
};
struct fs_file {
    struct fs *fs;
};

/* What the path names, links followed. */
static inline int fs_stat(struct fs *fs, const char *path, struct fs_stat *out)
{
    return fs->ops->stat(fs, path, out);
}

/* A descriptor for reading a regular file, close-on-exec, owned by the caller. EISDIR for a
 * directory, EACCES for anything that is neither (devices, sockets, fifos are never opened). */
static inline int fs_open(struct fs *fs, const char *path, int *out_fd, struct fs_stat *out)
{
    return fs->ops->open(fs, path, out_fd, out);
}

static inline int fs_dir_open(struct fs *fs, const char *path, struct fs_dir **out)
{
    return fs->ops->dir_open(fs, path, out);
}

/* The path with every link in it resolved; the thing named must exist. ENAMETOOLONG if `size`
 * does not hold it (FS_PATH_MAX + 1 always does for what a request can reach). */
static inline int fs_real_path(struct fs *fs, const char *path, char *out, size_t size)
{
    return fs->ops->real_path(fs, path, out, size);
}

/* The same where there need not be anything: links are resolved as far as there are things, what follows is
 * appended. So it tells where something would be made, and what a link that dangles means. */
static inline int fs_leads_to(struct fs *fs, const char *path, char *out, size_t size)
{
    return fs->ops->leads_to(fs, path, out, size);
}

/* Where something is that was opened, now and without links: `dir`, or if that is NULL the file `fd`. EXDEV: outside. ENOTSUP:
 * nobody can tell. */
static inline int fs_path_of(struct fs *fs, int fd, struct fs_dir *dir, char *out, size_t size)
{
    return fs->ops->path_of ? fs->ops->path_of(fs, fd, dir, out, size) : ENOTSUP;
}

static inline int fs_stat_at(struct fs_dir *dir, const char *name, struct fs_stat *out)
{
    return dir->fs->ops->stat_at(dir, name, out);
}

/* As fs_open, for an entry of an open directory; ELOOP if it is a link. */
static inline int fs_open_at(struct fs_dir *dir, const char *name, int *out_fd, struct fs_stat *out)
{
    return dir->fs->ops->open_at(dir, name, false, out_fd, out);
}

/* The same for an entry of which the directory has just said that it is a file: quicker. Should
 * something else have taken its place, it may be opened (without waiting for anything) and closed. */
static inline int fs_open_file_at(struct fs_dir *dir, const char *name, int *out_fd, struct fs_stat *out)
{
    return dir->fs->ops->open_at(dir, name, true, out_fd, out);
}

/* One level down; ENOTDIR or ELOOP if the entry is a link. */
static inline int fs_dir_enter(struct fs_dir *dir, const char *name, struct fs_dir **out)
{
    return dir->fs->ops->dir_enter(dir, name, out);
}

/* The directory that has this one as an entry: opened, and nothing else. Somebody may have moved this
 * one, out of the root even, so the caller compares what he got with what he knows (nest.h). */
static inline int fs_dir_up(struct fs_dir *dir, struct fs_dir **out)
{
    return dir->fs->ops->dir_up(dir, out);
}

/* The next name, without "." and "..", in no order; NULL at the end. It lives until the next call
 * on this directory. Hidden names are reported too. Entries that are removed or made meanwhile may
 * or may not be seen. */
static inline int fs_dir_next_typed(struct fs_dir *dir, const char **out_name, enum fs_type *out_type)
{
    return dir->fs->ops->dir_next(dir, out_name, out_type);
}

static inline int fs_dir_next(struct fs_dir *dir, const char **out_name)
{
    enum fs_type type;

    return fs_dir_next_typed(dir, out_name, &type);
}

/* Where the next name will be read; good for any handle of the same directory. */
static inline int64_t fs_dir_tell(struct fs_dir *dir)
{
    return dir->fs->ops->dir_tell(dir);
}

static inline int fs_dir_seek(struct fs_dir *dir, int64_t pos)
{
    return dir->fs->ops->dir_seek(dir, pos);
}

static inline int fs_dir_rewind(struct fs_dir *dir)
{
    return fs_dir_seek(dir, 0);
}

/* Makes the directory's entries durable, whatever fs->durable says. */
static inline int fs_dir_sync(struct fs_dir *dir)
{
    return dir->fs->ops->dir_sync(dir);
}

/* Makes everything durable that was written on the file system of this directory. */
static inline int fs_tree_sync(struct fs_dir *dir)
{
    return dir->fs->ops->tree_sync(dir);
}

/* One more must close it. */
static inline void fs_dir_keep(struct fs_dir *dir)
{
    atomic_fetch_add_explicit(&dir->keepers, 1, memory_order_relaxed);
}

static inline void fs_dir_close(struct fs_dir *dir)
{
    if (dir && atomic_fetch_sub_explicit(&dir->keepers, 1, memory_order_acq_rel) == 0)
        dir->fs->ops->dir_close(dir);
}

/* The dead properties as stored; ENODATA if there are none, ENOTSUP where the file system keeps
 * no attributes, ERANGE if `size` is too small. */
static inline int fs_get_attr(struct fs_dir *dir, const char *name, void *out, size_t size, size_t *out_len)
{
    return dir->fs->ops->get_attr(dir, name, out, size, out_len);
}

/* The same for a file that fs_open or fs_open_at has opened: quicker, and what a link led to. */
static inline int fs_get_attr_fd(struct fs *fs, int fd, void *out, size_t size, size_t *out_len)
{
    return fs->ops->get_attr_fd(fs, fd, out, size, out_len);
}

/* One call = one atomic change. len 0 removes (no error if there was none). ENOSPC or E2BIG if
 * the value does not fit, ENOTSUP where the file system keeps no attributes. */
static inline int fs_set_attr(struct fs_dir *dir, const char *name, const void *value, size_t len)
{
    return dir->fs->ops->set_attr(dir, name, value, len);
}

/* An owner that we may not give is no failure. Mode and times of a link: ENOTSUP or the link's own. */
static inline int fs_set_meta(struct fs_dir *dir, const char *name, const struct fs_meta *meta)
{
    return dir->fs->ops->set_meta(dir, name, meta);
}

static inline int fs_mkdir(struct fs_dir *dir, const char *name, uint32_t mode)
{
    return dir->fs->ops->mkdir(dir, name, mode);
}

static inline int fs_unlink(struct fs_dir *dir, const char *name)
{
    return dir->fs->ops->unlink(dir, name);
}

static inline int fs_rmdir(struct fs_dir *dir, const char *name)
{
    return dir->fs->ops->rmdir(dir, name);
}

static inline int fs_rename(struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir, const char *to,
                            enum fs_rename how)
{
    return from_dir->fs->ops->rename(from_dir, from, to_dir, to, how);
}

/* A new file, open for writing; `mode` less the umask, as for fs_mkdir. With a name: EEXIST if it is
 * taken. With NULL: an unnamed file on the directory's file system that vanishes when closed unless
 * fs_file_link gave it a name; EOPNOTSUPP where the file system cannot do that. */
static inline int fs_file_create(struct fs_dir *dir, const char *name, uint32_t mode, struct fs_file **out)
{
    return dir->fs->ops->file_create(dir, name, mode, out);
}

/* Appends all of it, or fails. */
static inline int fs_file_write(struct fs_file *file, const void *data, size_t len)
{
    return file->fs->ops->file_write(file, data, len);
}

/* Appends the content of `fd` from its beginning by the quickest way there is (reflink, in-kernel
 * copy, read and write); holes stay holes. Counts bytes into `progress` and obeys its stop flag
 * (ECANCELED); `progress` may be NULL. `size` is what the caller's stat saw; a file that grows or
 * shrinks meanwhile is copied to its end as met. The position of `fd` afterwards is anywhere. EIO
 * may come from either side: if it was ours, closing says it again. */
static inline int fs_file_copy(struct fs_file *file, int fd, uint64_t size, struct progress *progress)
{
    return file->fs->ops->file_copy(file, fd, size, progress);
}

static inline int fs_file_stat(struct fs_file *file, struct fs_stat *out)
{
    return file->fs->ops->file_stat(file, out);
}

static inline int fs_file_set_attr(struct fs_file *file, const void *value, size_t len)
{
    return file->fs->ops->file_set_attr(file, value, len);
}

static inline int fs_file_set_meta(struct fs_file *file, const struct fs_meta *meta)
{
    return file->fs->ops->file_set_meta(file, meta);
}

/* Gives an unnamed file its name; EEXIST if taken. */
static inline int fs_file_link(struct fs_file *file, struct fs_dir *dir, const char *name)
{
    return file->fs->ops->file_link(file, dir, name);
}

static inline int fs_file_sync(struct fs_file *file)
{
    return file->fs->ops->file_sync(file);
}

/* Closing a written file can report a late write error, and reports a failed write again; the
 * handle is gone either way. */
static inline int fs_file_close(struct fs_file *file)
{
    return file->fs->ops->file_close(file);
}

/* Bytes that a user may still write and bytes in use on the file system that holds the path. ENOTSUP where it does
 * not tell. */
static inline int fs_space(struct fs *fs, const char *path, uint64_t *out_available, uint64_t *out_used)
{
    return fs->ops->space(fs, path, out_available, out_used);
}

/* Is the root there, and can something be changed in it? ESTALE, EIO and what else the file system says; ENOENT: somebody
 * has removed it; EROFS. May wait for the disk. */
static inline int fs_check(struct fs *fs)
{
    return fs->ops->check ? fs->ops->check(fs) : 0;
}

static inline void fs_close(struct fs *fs)
{
    if (fs)
        fs->ops->close(fs);
}

#endif
