/*
 * An open directory and the names in it.
 *
 * A single name under a directory's descriptor cannot lead anywhere else as long as links are not
 * followed, so plain *at calls do here and openat2 is not needed. The calls that have no *at form
 * (extended attributes of an entry) go through /proc/self/fd/N/name, which the kernel resolves
 * from the descriptor and not from any path.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/posix_internal.h"

#ifndef SYS_getxattrat
#define SYS_getxattrat 464
#endif

#define ENTRIES_SIZE   32768 /* what one getdents64 may fill: some 1000 names */
#define ATTR_PATH_SIZE (POSIX_PROC_SIZE + FS_NAME_MAX + 1)
#define USUAL_ATTR     1024
#define NSEC           INT64_C(1000000000)

static int dir_fd(const struct fs_dir *dir)
{
    return ((const struct posix_dir *)dir)->fd;
}

/* A name is one component: everything above has made sure of it. */
static void assert_name(const char *name)
{
    assert(!strchr(name, '/') && strcmp(name, "..") != 0 && strcmp(name, ".") != 0);
}

static int64_t to_ns(struct statx_timestamp ts)
{
    return ts.tv_sec * NSEC + ts.tv_nsec;
}

static enum fs_type to_type(uint16_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return FS_FILE;
    case S_IFDIR:
        return FS_DIR;
    case S_IFLNK:
        return FS_LINK;
    default:
        return FS_OTHER;
    }
}

int posix_statx(int fd, const char *name, struct fs_stat *out)
{
    struct statx sx;
    int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);

    if (statx(fd, name, flags, STATX_BASIC_STATS | STATX_BTIME, &sx) != 0)
        return errno;
    int64_t mtime_ns = to_ns(sx.stx_mtime), ctime_ns = to_ns(sx.stx_ctime);
    *out = (struct fs_stat){
        .type = to_type(sx.stx_mode),
        .mode = sx.stx_mode & 07777,
        .uid = sx.stx_uid,
        .gid = sx.stx_gid,
        .dev = (uint64_t)sx.stx_dev_major << 32 | sx.stx_dev_minor,
        .ino = sx.stx_ino,
        .size = sx.stx_size,
        .mtime_ns = mtime_ns,
        .ctime_ns = ctime_ns,
        .btime_ns = mtime_ns < ctime_ns ? mtime_ns : ctime_ns,
    };
    if (sx.stx_mask & STATX_BTIME)
        out->btime_ns = to_ns(sx.stx_btime);
    return 0;
}

int posix_check_file(const struct fs_stat *st)
{
    static const int refusal[] = { [FS_FILE] = 0, [FS_DIR] = EISDIR, [FS_LINK] = ELOOP, [FS_OTHER] = EACCES };

    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.ArraySubscript): a call that failed sets errno */
    return refusal[st->type];
}

int posix_take_file(int fd, int *out_fd, struct fs_stat *out)
{
    struct fs_stat st;

    int err = posix_statx(fd, "", &st);
    if (!err)
        err = posix_check_file(&st);
    if (err) {
        close(fd);
        return err;
    }
    *out_fd = fd;
    *out = st;
    return 0;
}

int posix_dir_wrap(struct fs *fs, int fd, struct fs_dir **out)
{
    struct posix_dir *dir = calloc(1, sizeof(*dir));

    if (!dir) {
        close(fd);
        return ENOMEM;
    }
    dir->base.fs = fs;
    dir->fd = fd;
    *out = &dir->base;
    return 0;
}

int posix_stat_at(struct fs_dir *dir, const char *name, struct fs_stat *out)
{
    assert_name(name);
    return posix_statx(dir_fd(dir), name, out);
}

int posix_open_at(struct fs_dir *dir, const char *name, bool is_file, int *out_fd, struct fs_stat *out)
{
    struct fs_stat st;

    assert_name(name);
    if (!is_file) {
        int err = posix_stat_at(dir, name, &st);
        if (!err)
            err = posix_check_file(&st);
        if (err)
            return err;
    }
    int fd = openat(dir_fd(dir), name, POSIX_READ | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? errno : posix_take_file(fd, out_fd, out);
}

int posix_dir_enter(struct fs_dir *dir, const char *name, struct fs_dir **out)
{
    assert_name(name);
    int fd = openat(dir_fd(dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno;
    return posix_dir_wrap(dir->fs, fd, out);
}

int posix_dir_up(struct fs_dir *dir, struct fs_dir **out)
{
    int fd = openat(dir_fd(dir), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? errno : posix_dir_wrap(dir->fs, fd, out);
}

static int fill_entries(struct posix_dir *dir)
{
    if (!dir->entries && !(dir->entries = malloc(ENTRIES_SIZE)))
        return ENOMEM;
    ssize_t len = getdents64(dir->fd, dir->entries, ENTRIES_SIZE);
    if (len < 0)
        return errno;
    dir->entries_pos = 0;
    dir->entries_len = (size_t)len;
    return 0;
}

static bool is_dot(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static enum fs_type from_dirent(unsigned char type)
{
    switch (type) {
    case DT_REG:
        return FS_FILE;
    case DT_DIR:
        return FS_DIR;
    case DT_LNK:
        return FS_LINK;
    case DT_UNKNOWN:
        return FS_UNKNOWN;
    default:
        return FS_OTHER;
    }
}

int posix_dir_next(struct fs_dir *base, const char **out_name, enum fs_type *out_type)
{
    struct posix_dir *dir = (struct posix_dir *)base;

    for (;;) {
        if (dir->entries_pos == dir->entries_len) {
            int err = fill_entries(dir);
            if (err)
                return err;
            if (!dir->entries_len) {
                *out_name = NULL;
                return 0;
            }
        }
        const struct dirent64 *entry = (const void *)(dir->entries + dir->entries_pos);
        dir->entries_pos += entry->d_reclen;
        dir->pos = entry->d_off;
        if (!is_dot(entry->d_name)) {
            *out_name = entry->d_name;
            *out_type = from_dirent(entry->d_type);
            return 0;
        }
    }
}

int64_t posix_dir_tell(struct fs_dir *dir)
{
    return ((const struct posix_dir *)dir)->pos;
}

int posix_dir_seek(struct fs_dir *base, int64_t pos)
{
    struct posix_dir *dir = (struct posix_dir *)base;

    dir->entries_pos = dir->entries_len = 0;
    dir->pos = pos;
    return lseek(dir->fd, pos, SEEK_SET) < 0 ? errno : 0;
}

int posix_dir_sync(struct fs_dir *dir)
{
    /* EINVAL: a file system that has nothing to sync in a directory */
    return fsync(dir_fd(dir)) != 0 && errno != EINVAL ? errno : 0;
}

int posix_tree_sync(struct fs_dir *dir)
{
    return syncfs(dir_fd(dir)) != 0 ? errno : 0;
}

void posix_dir_close(struct fs_dir *base)
{
    struct posix_dir *dir = (struct posix_dir *)base;

    close(dir->fd);
    free(dir->entries);
    free(dir);
}

static const char *attr_path(char out[ATTR_PATH_SIZE], const struct fs_dir *dir, const char *name)
{
    assert_name(name);
    snprintf(out, ATTR_PATH_SIZE, "/proc/self/fd/%d/%s", dir_fd(dir), name);
    return out;
}

/* getxattrat(2), since Linux 6.13; the C library does not know it yet. */
static ssize_t getxattr_at(int fd, const char *name, void *out, size_t size)
{
    struct {
        uint64_t value __attribute__((aligned(8)));
        uint32_t size, flags;
    } args = { .value = (uint64_t)(uintptr_t)out, .size = (uint32_t)size };

    return syscall(SYS_getxattrat, fd, name, AT_SYMLINK_NOFOLLOW, FS_ATTR_NAME, &args, sizeof(args));
}

/* The detour through /proc costs as much as the rest of what a listing does for an entry. */
static ssize_t get_entry_attr(struct fs_dir *dir, const char *name, void *out, size_t size)
{
    static atomic_bool is_unknown; /* to the kernel, or to a container's filter of calls: it will not learn */
    char path[ATTR_PATH_SIZE];

    if (!atomic_load_explicit(&is_unknown, memory_order_relaxed)) {
        ssize_t len = getxattr_at(dir_fd(dir), name, out, size);
        if (len >= 0 || (errno != ENOSYS && errno != EPERM))
            return len;
        atomic_store_explicit(&is_unknown, true, memory_order_relaxed);
    }
    return lgetxattr(attr_path(path, dir, name), FS_ATTR_NAME, out, size);
}

/* Of fd itself if there is no directory. */
static ssize_t read_attr(struct fs_dir *dir, const char *name, int fd, void *out, size_t size)
{
    return dir ? get_entry_attr(dir, name, out, size) : fgetxattr(fd, FS_ATTR_NAME, out, size);
}

/* The kernel clears as much memory as there is room for the value: few values need much. */
static int get_attr(struct fs_dir *dir, const char *name, int fd, void *out, size_t size, size_t *out_len)
{
    char none = 0; /* size 0 would ask for the length, where we want ERANGE */
    void *value = size ? out : &none;
    size_t room = size ? size : 1;

    ssize_t len = read_attr(dir, name, fd, value, room < USUAL_ATTR ? room : USUAL_ATTR);
    if (len < 0 && errno == ERANGE && room > USUAL_ATTR)
        len = read_attr(dir, name, fd, value, room);
    if (len < 0)
        return errno;
    if ((size_t)len > size)
        return ERANGE;
    *out_len = (size_t)len;
    return 0;
}

int posix_get_attr(struct fs_dir *dir, const char *name, void *out, size_t size, size_t *out_len)
{
    return get_attr(*name ? dir : NULL, name, dir_fd(dir), out, size, out_len);
}

int posix_get_attr_fd(struct fs *fs, int fd, void *out, size_t size, size_t *out_len)
{
    (void)fs;
    return get_attr(NULL, NULL, fd, out, size, out_len);
}

int posix_set_attr(struct fs_dir *dir, const char *name, const void *value, size_t len)
{
    char path[ATTR_PATH_SIZE];
    int result;

    if (*name) {
        const char *text = attr_path(path, dir, name);
        result = len ? lsetxattr(text, FS_ATTR_NAME, value, len, 0) : lremovexattr(text, FS_ATTR_NAME);
    } else {
        int fd = dir_fd(dir);
        result = len ? fsetxattr(fd, FS_ATTR_NAME, value, len, 0) : fremovexattr(fd, FS_ATTR_NAME);
    }
    return result != 0 && !(errno == ENODATA && !len) ? errno : 0;
}

static struct timespec to_timespec(bool set, int64_t ns)
{
    int64_t sec = ns / NSEC - (ns % NSEC < 0);

    return set ? (struct timespec){ .tv_sec = sec, .tv_nsec = ns - sec * NSEC }
               : (struct timespec){ .tv_nsec = UTIME_OMIT };
}

/* What of it is still to be set. What was just made has most of it, and to look costs a tenth of what a change
 * does, each of which is an entry in the file system's journal. A change of owner takes mode bits away. */
static unsigned still_to_set(int fd, const struct fs_meta *meta)
{
    unsigned set = meta->set;
    struct statx sx;

    if (!(set & (FS_SET_OWNER | FS_SET_MODE)) ||
        statx(fd, "", AT_EMPTY_PATH, STATX_MODE | STATX_UID | STATX_GID, &sx) != 0)
        return set;
    if (sx.stx_uid == meta->uid && sx.stx_gid == meta->gid)
        set &= ~(unsigned)FS_SET_OWNER;
    if ((sx.stx_mode & 07777u) == meta->mode && !(set & FS_SET_OWNER))
        set &= ~(unsigned)FS_SET_MODE;
    return set;
}

int posix_apply_meta(int fd, const char *name, const struct fs_meta *meta)
{
    int empty = *name ? 0 : AT_EMPTY_PATH;
    unsigned set = empty ? still_to_set(fd, meta) : meta->set;

    /* The owner first, for the mode bits. Who may not give files away keeps them, that is no failure. */
    if (set & FS_SET_OWNER && fchownat(fd, name, meta->uid, meta->gid, AT_SYMLINK_NOFOLLOW | empty) != 0 &&
        errno != EPERM)
        return errno;
    if (set & FS_SET_MODE &&
        (empty ? fchmod(fd, meta->mode) : fchmodat(fd, name, meta->mode, AT_SYMLINK_NOFOLLOW)) != 0)
        return errno;
    if (set & (FS_SET_MTIME | FS_SET_ATIME)) {
        const struct timespec times[2] = {
            to_timespec(meta->set & FS_SET_ATIME, meta->atime_ns),
            to_timespec(meta->set & FS_SET_MTIME, meta->mtime_ns),
        };
        if ((empty ? futimens(fd, times) : utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW)) != 0)
            return errno;
    }
    return 0;
}

int posix_set_meta(struct fs_dir *dir, const char *name, const struct fs_meta *meta)
{
    assert_name(name);
    return posix_apply_meta(dir_fd(dir), name, meta);
}

int posix_mkdir(struct fs_dir *dir, const char *name, uint32_t mode)
{
    assert_name(name);
    return mkdirat(dir_fd(dir), name, mode) != 0 ? errno : 0;
}

int posix_unlink(struct fs_dir *dir, const char *name)
{
    assert_name(name);
    return unlinkat(dir_fd(dir), name, 0) != 0 ? errno : 0;
}

int posix_rmdir(struct fs_dir *dir, const char *name)
{
    assert_name(name);
    return unlinkat(dir_fd(dir), name, AT_REMOVEDIR) != 0 ? errno : 0;
}

int posix_rename(struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir, const char *to,
                 enum fs_rename how)
{
    static const unsigned flags[] = { [FS_NOREPLACE] = RENAME_NOREPLACE, [FS_EXCHANGE] = RENAME_EXCHANGE };
    int from_fd = dir_fd(from_dir), to_fd = dir_fd(to_dir);
    struct fs_stat st;

    assert_name(from);
    assert_name(to);
    if (renameat2(from_fd, from, to_fd, to, how == FS_REPLACE ? 0 : flags[how]) == 0)
        return 0;
    if (errno != EINVAL || how != FS_NOREPLACE)
        return errno;
    /* A file system without the flag. Our own writers are kept away by the guard; against others
     * there is no better than to look first. (Or a directory into itself: EINVAL once more.) */
    int err = posix_statx(to_fd, to, &st);
    if (err != ENOENT)
        return err ? err : EEXIST;
    return renameat(from_fd, from, to_fd, to) != 0 ? errno : 0;
}
