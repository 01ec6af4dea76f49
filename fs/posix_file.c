/*
 * Files being written.
 *
 * An unnamed file (O_TMPFILE) is the ideal staging place: nobody sees it, and it is gone when the
 * process is. Positions are kept here and every write says where it goes, so that data, copied
 * ranges and holes can follow each other without a seek.
 *
 * The first failed write is remembered and the close reports it again. This lets a caller of
 * posix_file_copy tell a destination that fails from a source that cannot be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/posix_internal.h"

static int file_fd(const struct fs_file *file)
{
    return ((const struct posix_file *)file)->fd;
}

/* The mode that a file has which was just made with this one. Who copies a folder asks for the same all the time. */
static uint32_t mode_made(struct posix_dir *dir, int fd, uint32_t asked)
{
    unsigned known = atomic_load_explicit(&dir->modes, memory_order_relaxed);
    struct fs_stat st;

    if (asked & ~(known & 0777)) {
        if (posix_statx(fd, "", &st) != 0)
            return POSIX_MODE_UNKNOWN;
        known = asked | (asked & ~st.mode) << 16;
        atomic_fetch_or_explicit(&dir->modes, known, memory_order_relaxed);
    }
    return asked & ~(known >> 16);
}

int posix_file_create(struct fs_dir *dir, const char *name, uint32_t mode, struct fs_file **out)
{
    int dir_fd = ((struct posix_dir *)dir)->fd;
    int fd = name ? openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
                  : openat(dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);

    if (fd < 0) /* EISDIR: file systems that do not know the flag see an attempt to write to "." */
        return errno == EISDIR && !name ? EOPNOTSUPP : errno;
    struct posix_file *file = calloc(1, sizeof(*file));
    if (!file) {
        close(fd);
        return ENOMEM;
    }
    file->base.fs = dir->fs;
    file->fd = fd;
    file->mode = name ? mode_made((struct posix_dir *)dir, fd, mode) : POSIX_MODE_UNKNOWN;
    *out = &file->base;
    return 0;
}

int posix_file_write(struct fs_file *base, const void *data, size_t len)
{
    struct posix_file *file = (struct posix_file *)base;
    const char *pos = data;

    while (len) {
        ssize_t n = pwrite(file->fd, pos, len, (off_t)file->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int err = errno;
            if (!file->write_error)
                file->write_error = err;
            return err;
        }
        pos += n;
        len -= (size_t)n;
        file->size += (uint64_t)n;
    }
    return 0;
}

int posix_file_stat(struct fs_file *file, struct fs_stat *out)
{
    return posix_statx(file_fd(file), "", out);
}

int posix_file_set_attr(struct fs_file *file, const void *value, size_t len)
{
    int fd = file_fd(file);
    int result = len ? fsetxattr(fd, FS_ATTR_NAME, value, len, 0) : fremovexattr(fd, FS_ATTR_NAME);

    return result != 0 && !(errno == ENODATA && !len) ? errno : 0;
}

int posix_file_set_meta(struct fs_file *base, const struct fs_meta *meta)
{
    struct posix_file *file = (struct posix_file *)base;
    struct fs_meta change = *meta;

    if (file->mode == meta->mode && !(meta->set & FS_SET_OWNER))
        change.set &= ~(unsigned)FS_SET_MODE;
    else if (meta->set & (FS_SET_MODE | FS_SET_OWNER))
        file->mode = POSIX_MODE_UNKNOWN;
    return posix_apply_meta(file->fd, "", &change);
}

int posix_file_link(struct fs_file *file, struct fs_dir *dir, const char *name)
{
    struct posix_fs *fs = (struct posix_fs *)file->fs;
    int dir_fd = ((struct posix_dir *)dir)->fd;
    char proc[POSIX_PROC_SIZE];

    if (!atomic_load_explicit(&fs->link_by_proc, memory_order_relaxed)) {
        if (linkat(file_fd(file), "", dir_fd, name, AT_EMPTY_PATH) == 0)
            return 0;
        if (errno != ENOENT && errno != EPERM)
            return errno;
    }
    /* Before Linux 6.10 the direct way is for the privileged only; others are told ENOENT. */
    snprintf(proc, sizeof(proc), "/proc/self/fd/%d", file_fd(file));
    if (linkat(AT_FDCWD, proc, dir_fd, name, AT_SYMLINK_FOLLOW) != 0)
        return errno;
    atomic_store_explicit(&fs->link_by_proc, true, memory_order_relaxed);
    return 0;
}

int posix_file_sync(struct fs_file *file)
{
    return fsync(file_fd(file)) != 0 ? errno : 0;
}

int posix_file_close(struct fs_file *base)
{
    struct posix_file *file = (struct posix_file *)base;
    int err = file->write_error;

    /* Linux has closed the descriptor even where it says EINTR. */
    if (close(file->fd) != 0 && errno != EINTR && !err)
        err = errno;
    free(file);
    return err;
}
