/*
 * From a path to a descriptor, without ever leaving the root.
 *
 * openat2(RESOLVE_BENEATH) does it in one call and refuses, with EXDEV, every link that leads out
 * and every absolute one. An absolute link may still mean a place inside (people make them with
 * "ln -s /srv/files/a b"), so only after EXDEV the path is walked name by name, links are put
 * in place of their names, and absolute texts that begin with the root's own path are cut to what
 * lies below it. The result, free of links, goes through openat2 again: what the walk found is
 * a suggestion, the kernel decides. Somebody who swaps names meanwhile gets an error, never a way out.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fs/posix_internal.h"

#define LINKS_MAX  40  /* as the kernel's own limit */
#define EAGAIN_MAX 256 /* openat2 says EAGAIN when a rename somewhere disturbed a ".." */

/* A path on its way to being free of links. */
struct trail {
    char done[PATH_MAX]; /* canonical, no links in it */
    size_t done_len;
    char rest[2 * PATH_MAX]; /* still to go */
    size_t rest_pos;         /* filled from the end, so that a link's text goes in front */
    unsigned links;
};

static int open_beneath(int root_fd, const char *path, uint64_t flags, uint64_t resolve, int *out_fd)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve,
    };

    for (int tries = 0;; tries++) {
        long fd = syscall(SYS_openat2, root_fd, *path ? path : ".", &how, sizeof(how));
        if (fd >= 0) {
            *out_fd = (int)fd;
            return 0;
        }
        if (errno != EINTR && (errno != EAGAIN || tries == EAGAIN_MAX))
            return errno;
        sched_yield();
    }
}

/* Puts `text` in front of what is still to go. */
static int trail_prepend(struct trail *trail, const char *text, size_t len)
{
    bool slash = trail->rest_pos < sizeof(trail->rest) - 1;

    if (len + slash > trail->rest_pos)
        return ENAMETOOLONG;
    if (slash)
        trail->rest[--trail->rest_pos] = '/';
    trail->rest_pos -= len;
    memcpy(trail->rest + trail->rest_pos, text, len);
    return 0;
}

static int trail_init(struct trail *trail, const char *path)
{
    trail->done[0] = '\0';
    trail->done_len = 0;
    trail->rest_pos = sizeof(trail->rest) - 1;
    trail->rest[trail->rest_pos] = '\0';
    trail->links = 0;
    return trail_prepend(trail, path, strlen(path));
}

/* Takes the next name off the rest; its length, 0 at the end. */
static size_t trail_take(struct trail *trail, const char **out_name)
{
    trail->rest_pos += strspn(trail->rest + trail->rest_pos, "/");
    *out_name = trail->rest + trail->rest_pos;
    size_t len = strcspn(*out_name, "/");
    trail->rest_pos += len;
    return len;
}

static void trail_up(struct trail *trail)
{
    const char *slash = memrchr(trail->done, '/', trail->done_len);
    trail->done_len = slash ? (size_t)(slash - trail->done) : 0;
    trail->done[trail->done_len] = '\0';
}

static int trail_down(struct trail *trail, const char *name, size_t len)
{
    if (trail->done_len + 1 + len >= sizeof(trail->done))
        return ENAMETOOLONG;
    if (trail->done_len)
        trail->done[trail->done_len++] = '/';
    memcpy(trail->done + trail->done_len, name, len);
    trail->done_len += len;
    trail->done[trail->done_len] = '\0';
    return 0;
}

/* What remains of an absolute path below `root`; NULL if it is not below. Compares name by name,
 * so that doubled slashes do not matter. */
static const char *strip_root(const char *text, const char *root)
{
    for (;;) {
        text += strspn(text, "/");
        root += strspn(root, "/");
        size_t len = strcspn(root, "/");
        if (!len)
            return text;
        if (strcspn(text, "/") != len || memcmp(text, root, len) != 0)
            return NULL;
        text += len;
        root += len;
    }
}

/* The last name of `done` is a link: its text takes its place. */
static int trail_follow(struct trail *trail, const struct posix_fs *fs, int link_fd)
{
    char text[PATH_MAX];
    ssize_t len = readlinkat(link_fd, "", text, sizeof(text) - 1);

    if (len < 0)
        return errno;
    text[len] = '\0';
    if (++trail->links > LINKS_MAX)
        return ELOOP;
    if (text[0] != '/') {
        trail_up(trail);
        return trail_prepend(trail, text, (size_t)len);
    }
    const char *inside = strip_root(text, fs->root_path);
    if (!inside)
        return EXDEV;
    trail->done_len = 0;
    trail->done[0] = '\0';
    return trail_prepend(trail, inside, strlen(inside));
}

static int trail_step(struct trail *trail, const struct posix_fs *fs, const char *name, size_t len)
{
    struct fs_stat st;
    int fd = -1;

    if (len == 1 && name[0] == '.')
        return 0;
    if (len == 2 && name[0] == '.' && name[1] == '.') {
        if (!trail->done_len)
            return EXDEV;
        trail_up(trail);
        return 0;
    }
    int err = trail_down(trail, name, len);
    if (!err)
        err = open_beneath(fs->root_fd, trail->done, O_PATH | O_NOFOLLOW, 0, &fd);
    if (err)
        return err;
    err = posix_statx(fd, "", &st);
    if (!err && st.type == FS_LINK)
        err = trail_follow(trail, fs, fd);
    else if (!err && st.type != FS_DIR && trail->rest[trail->rest_pos])
        err = ENOTDIR;
    close(fd);
    return err;
}

static int trail_walk(struct trail *trail, const struct posix_fs *fs, const char *path)
{
    const char *name;
    size_t len;
    int err = trail_init(trail, path);

    while (!err && (len = trail_take(trail, &name)) > 0)
        err = trail_step(trail, fs, name, len);
    return err;
}

int posix_resolve(struct posix_fs *fs, const char *path, uint64_t flags, int *out_fd)
{
    struct trail trail;

    int err = open_beneath(fs->root_fd, path, flags, 0, out_fd);
    if (err != EXDEV)
        return err;
    err = trail_walk(&trail, fs, path);
    if (err)
        return err;
    return open_beneath(fs->root_fd, trail.done, flags, 0, out_fd);
}

/* What is left to go where there is nothing: it can hold no link. */
static int trail_finish(struct trail *trail)
{
    const char *name;
    size_t len;
    int err = 0;

    while (!err && (len = trail_take(trail, &name)) > 0) {
        bool is_up = len == 2 && name[0] == '.' && name[1] == '.';
        if (is_up && !trail->done_len)
            err = EXDEV;
        else if (is_up)
            trail_up(trail);
        else if (len != 1 || name[0] != '.')
            err = trail_down(trail, name, len);
    }
    return err;
}

static bool is_nothing(int err)
{
    return err == ENOENT || err == ENOTDIR;
}

static int tell_path(const char *path, char *out, size_t size)
{
    size_t len = strlen(path);

    if (len >= size)
        return ENAMETOOLONG;
    memcpy(out, path, len + 1);
    return 0;
}

/* Hardly any path has a link in it, and the kernel can say so in one call; also of one that leads nowhere, as it
 * would have met the link before. `may_end`: it may lead nowhere. */
static int find_path(struct posix_fs *fs, const char *path, bool may_end, char *out, size_t size)
{
    struct trail trail;
    const char *real = path;
    int fd = -1;

    int err = open_beneath(fs->root_fd, path, O_PATH, RESOLVE_NO_SYMLINKS, &fd);
    if (!err)
        close(fd);
    if (err == ELOOP) {
        err = trail_walk(&trail, fs, path);
        real = trail.done;
        if (may_end && is_nothing(err))
            err = trail_finish(&trail);
    } else if (may_end && is_nothing(err)) {
        err = 0;
    }
    if (err)
        return err;
    return tell_path(real, out, size);
}

int posix_real_path(struct fs *fs, const char *path, char *out, size_t size)
{
    return find_path((struct posix_fs *)fs, path, false, out, size);
}

int posix_leads_to(struct fs *fs, const char *path, char *out, size_t size)
{
    return find_path((struct posix_fs *)fs, path, true, out, size);
}

/* What the kernel calls it. Of what was removed meanwhile it adds that to the name. */
static int kernel_path(int fd, char text[PATH_MAX])
{
    static const char removed[] = " (deleted)";
    const size_t extra = sizeof removed - 1;
    char proc[POSIX_PROC_SIZE];
    struct stat st;

    snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(proc, text, PATH_MAX - 1);
    if (len < 0 || fstat(fd, &st) != 0)
        return ENOTSUP;
    if (st.st_nlink == 0 && (size_t)len > extra && memcmp(text + (size_t)len - extra, removed, extra) == 0)
        len -= (ssize_t)extra;
    text[len] = '\0';
    return 0;
}

int posix_path_of(struct fs *base, int fd, struct fs_dir *dir, char *out, size_t size)
{
    const struct posix_fs *fs = (const struct posix_fs *)base;
    char root[PATH_MAX], text[PATH_MAX];

    int err = kernel_path(fs->root_fd, root);
    if (!err)
        err = kernel_path(dir ? ((struct posix_dir *)dir)->fd : fd, text);
    if (err)
        return err;
    const char *inside = strip_root(text, root);
    if (!inside)
        return EXDEV;
    return tell_path(inside, out, size);
}
