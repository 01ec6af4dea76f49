/*
 * Comments and lines that nobody understands are kept: they are somebody's.
 */
#include "src/userlines.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".XXXXXX"

static bool is_line_of(const char *line, const char *user)
{
    size_t len = strlen(user);
    return strncmp(line, user, len) == 0 && line[len] == ':';
}

/* *out_found: the user had a line. */
static int copy_lines(FILE *to, FILE *from, const char *user, const char *new_line, bool *out_found)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    *out_found = false;
    while (from && (len = getline(&line, &room, from)) > 0) {
        bool is_theirs = is_line_of(line, user);
        if (is_theirs && !*out_found && new_line)
            fprintf(to, "%s\n", new_line);
        *out_found |= is_theirs;
        if (is_theirs)
            continue;
        fwrite(line, 1, (size_t)len, to);
        if (line[len - 1] != '\n')
            fputc('\n', to);
    }
    if (!*out_found && new_line)
        fprintf(to, "%s\n", new_line);
    free(line);
    if (from && ferror(from))
        return EIO;
    return fflush(to) != 0 || ferror(to) ? (errno ? errno : EIO) : 0;
}

/* Owner first: giving it away may take rights from the mode. */
static int take_after(int fd, const struct stat *old)
{
    struct stat now;

    if (!old)
        return fchmod(fd, 0600) == 0 ? 0 : errno;
    if (fstat(fd, &now) != 0)
        return errno;
    if ((now.st_uid != old->st_uid || now.st_gid != old->st_gid) && fchown(fd, old->st_uid, old->st_gid) != 0)
        return errno;
    return fchmod(fd, old->st_mode & 07777) == 0 ? 0 : errno;
}

static int write_new(int fd, FILE *from, const struct stat *old, const char *user, const char *line)
{
    bool has_line;
    FILE *to = fdopen(fd, "w");

    if (!to) {
        int error = errno;
        close(fd);
        return error;
    }
    errno = 0;
    int error = copy_lines(to, from, user, line, &has_line);
    if (!error && !line && !has_line)
        error = ENOENT;
    if (!error)
        error = take_after(fd, old);
    if (!error && fsync(fd) != 0)
        error = errno;
    if (fclose(to) != 0 && !error)
        error = errno;
    return error;
}

/* With the folder locked. */
static int replace(const char *path, int folder, const char *user, const char *line)
{
    char fresh[PATH_MAX];
    struct stat old;
    FILE *from = fopen(path, "re");

    if (!from && (errno != ENOENT || !line))
        return errno;
    int error = from && fstat(fileno(from), &old) != 0 ? errno : 0;
    if (!error && from && !S_ISREG(old.st_mode))
        error = EINVAL;
    if (!error && (size_t)snprintf(fresh, sizeof fresh, "%s" SUFFIX, path) >= sizeof fresh)
        error = ENAMETOOLONG;
    int fd = error ? -1 : mkostemp(fresh, O_CLOEXEC);
    if (!error && fd < 0)
        error = errno;
    if (fd >= 0) {
        error = write_new(fd, from, from ? &old : NULL, user, line);
        if (!error && rename(fresh, path) != 0)
            error = errno;
        if (error)
            unlink(fresh);
    }
    if (from)
        fclose(from);
    return !error && fsync(folder) != 0 ? errno : error;
}

int userlines_set(const char *file, const char *user, const char *line)
{
    char path[PATH_MAX], parent[PATH_MAX];

    if (!realpath(file, path)) {
        if (errno != ENOENT || strlen(file) >= sizeof path)
            return errno;
        memcpy(path, file, strlen(file) + 1);
    }
    memcpy(parent, path, sizeof parent);
    int folder = open(dirname(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return errno;
    int error = flock(folder, LOCK_EX) == 0 ? replace(path, folder, user, line) : errno;
    close(folder);
    return error;
}
