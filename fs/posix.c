/*
 * The root, and what goes by path.
 *
 * The root's descriptor is opened once and held: whatever happens to the path by which the folder
 * was named, everything is resolved from here (posix_resolve.c). A lock on that descriptor keeps a
 * second server of ours off the folder; it goes with the process, so a crash leaves nothing to
 * clean up.
 */
#include "fs/posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fs/posix_internal.h"

static int posix_stat(struct fs *fs, const char *path, struct fs_stat *out)
{
    int fd;
    int err = posix_resolve((struct posix_fs *)fs, path, O_PATH, &fd);

    if (err)
        return err;
    err = posix_statx(fd, "", out);
    close(fd);
    return err;
}

static int posix_open_file(struct fs *fs, const char *path, int *out_fd, struct fs_stat *out)
{
    struct fs_stat st;
    int fd;

    int err = posix_stat(fs, path, &st);
    if (!err)
        err = posix_check_file(&st);
    if (!err)
        err = posix_resolve((struct posix_fs *)fs, path, POSIX_READ, &fd);
    return err ? err : posix_take_file(fd, out_fd, out);
}

static int posix_dir_open(struct fs *fs, const char *path, struct fs_dir **out)
{
    int fd;
    int err = posix_resolve((struct posix_fs *)fs, path, O_RDONLY | O_DIRECTORY, &fd);

    return err ? err : posix_dir_wrap(fs, fd, out);
}

static int posix_space(struct fs *fs, const char *path, uint64_t *out_available, uint64_t *out_used)
{
    struct statvfs vfs;
    int fd;
    int err = posix_resolve((struct posix_fs *)fs, path, O_PATH, &fd);

    if (err)
        return err;
    err = fstatvfs(fd, &vfs) != 0 ? errno : 0;
    close(fd);
    if (err)
        return err;
    if (vfs.f_blocks == 0) /* ramfs and some network file systems: they do not tell */
        return ENOTSUP;
    *out_available = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    *out_used = (uint64_t)(vfs.f_blocks - vfs.f_bfree) * vfs.f_frsize;
    return 0;
}

static int posix_check(struct fs *base)
{
    int fd = ((struct posix_fs *)base)->root_fd;
    struct statvfs vfs;
    struct stat st;

    if (fstatvfs(fd, &vfs) != 0 || fstat(fd, &st) != 0)
        return errno;
    if (st.st_nlink == 0)
        return ENOENT;
    return vfs.f_flag & ST_RDONLY ? EROFS : 0;
}

static void posix_close(struct fs *base)
{
    struct posix_fs *fs = (struct posix_fs *)base;

    if (fs->root_fd >= 0)
        close(fs->root_fd);
    free(fs->root_path);
    free(fs);
}

static const struct fs_ops posix_ops = {
    .stat = posix_stat,
    .open = posix_open_file,
    .dir_open = posix_dir_open,
    .real_path = posix_real_path,
    .leads_to = posix_leads_to,
    .path_of = posix_path_of,
    .get_attr_fd = posix_get_attr_fd,
    .stat_at = posix_stat_at,
    .open_at = posix_open_at,
    .dir_enter = posix_dir_enter,
    .dir_up = posix_dir_up,
    .dir_next = posix_dir_next,
    .dir_tell = posix_dir_tell,
    .dir_seek = posix_dir_seek,
    .dir_sync = posix_dir_sync,
    .tree_sync = posix_tree_sync,
    .dir_close = posix_dir_close,
    .get_attr = posix_get_attr,
    .set_attr = posix_set_attr,
    .set_meta = posix_set_meta,
    .mkdir = posix_mkdir,
    .unlink = posix_unlink,
    .rmdir = posix_rmdir,
    .rename = posix_rename,
    .file_create = posix_file_create,
    .file_write = posix_file_write,
    .file_copy = posix_file_copy,
    .file_stat = posix_file_stat,
    .file_set_attr = posix_file_set_attr,
    .file_set_meta = posix_file_set_meta,
    .file_link = posix_file_link,
    .file_sync = posix_file_sync,
    .file_close = posix_file_close,
    .space = posix_space,
    .check = posix_check,
    .close = posix_close,
};

/* Where locks are not supported (some network file systems) the folder is served without. */
static int lock_root(int root_fd)
{
    if (flock(root_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return EBUSY;
    return 0;
}

/* Fails here, once and clearly, rather than at every request. */
static int check_kernel(struct posix_fs *fs)
{
    int fd;

    if (access("/proc/self/fd", X_OK) != 0)
        return ENOSYS;
    int err = posix_resolve(fs, "", O_PATH, &fd);
    if (!err)
        close(fd);
    return err;
}

int posix_open(const char *dir, bool durable, struct fs **out)
{
    struct posix_fs *fs = calloc(1, sizeof(*fs));

    if (!fs)
        return ENOMEM;
    fs->base = (struct fs){ .ops = &posix_ops, .durable = durable };
    fs->root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err = fs->root_fd < 0 ? errno : 0;
    if (!err && !(fs->root_path = realpath(dir, NULL)))
        err = errno;
    if (!err)
        err = check_kernel(fs);
    if (!err)
        err = lock_root(fs->root_fd);
    if (err) {
        posix_close(&fs->base);
        return err;
    }
    *out = &fs->base;
    return 0;
}
