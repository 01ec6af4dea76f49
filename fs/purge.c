/*
 * The list holds paths, not handles: nothing is kept open for what may take hours. A path that leads
 * nowhere any more (a folder above was moved) is dropped: recovery knows the other one.
 */
#include "fs/purge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/hidden.h"
#include "fs/journal.h"
#include "fs/path.h"
#include "fs/tree.h"

/* `path` is that of dir/name; dir_len how much of it is the directory's. */
static void purge(struct fs_dir *dir, const char *name, char *path, size_t dir_len, struct progress *progress)
{
    const struct tree_report report = { .progress = progress };
    struct journal *journal = dir->fs->journal;

    int err = tree_remove(dir, name, path, &report);
    if (err == ENOTEMPTY) {
        journal_postpone(journal, path);
    } else if (!err || err == ENOENT) {
        path[dir_len] = '\0';
        journal_leave(journal, path);
    }
}

void purge_name(struct fs_dir *dir, const char *dir_path, const char *name, struct progress *progress)
{
    size_t dir_len = strlen(dir_path), len = dir_len;
    char *path = malloc(len + 1 + HIDDEN_SIZE);

    if (!path)
        return;
    memcpy(path, dir_path, len);
    if (len)
        path[len++] = '/';
    memcpy(path + len, name, strlen(name) + 1);
    purge(dir, path + len, path, dir_len, progress);
    free(path);
}

void purge_postponed(struct fs *fs, struct progress *progress)
{
    char *paths[JOURNAL_POSTPONED_MAX];
    struct fs_dir *dir;
    const char *name;

    if (progress_is_stopped(progress))
        return;
    size_t count = journal_take_postponed(fs->journal, paths);
    for (size_t i = 0; i < count; i++) {
        if (path_open_parent(fs, paths[i], &dir, &name) == 0) {
            purge(dir, name, paths[i], name > paths[i] ? (size_t)(name - paths[i]) - 1 : 0, progress);
            fs_dir_close(dir);
        }
        free(paths[i]);
    }
}
