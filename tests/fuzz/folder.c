/*
 * Locks are taken away one by one behind webdav's back, names through fs/.
 */
#include "tests/fuzz/folder.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fs/path.h"
#include "fs/tree.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"
#include "webdav/locks.h"
#include "webdav/request.h"

static void fill(struct fs *fs)
{
    support_fs_write(fs, "a", "content of a");
    support_fs_mkdir(fs, "d");
    support_fs_write(fs, "d/f", "content of f");
    support_fs_mkdir(fs, "d/e");
    support_fs_write(fs, "d/\xc3\xa9", "");
    if (fs_mem_symlink(fs, "l", "d/f") != 0)
        abort();
}

static struct exchange *open_one;

/* So that what leaks is what is really left. */
static void close_folder(void)
{
    exchange_close(open_one);
}

struct exchange *folder_open(void)
{
    struct fs *fs;

    setenv("TMPDIR", "/dev/shm", 0); /* the state database */
    if (fs_mem_open(&fs) != 0)
        abort();
    struct exchange *x = exchange_open_on(fs, NULL);
    fill(fs);
    open_one = x;
    atexit(close_folder);
    return x;
}

static void remove_locks(struct dav *dav, const struct lock *locks)
{
    for (; locks; locks = locks->next)
        assert(locks_remove(dav->locks, locks->token, locks->root, locks->user, locks_now()) == 0);
}

/* dav_cleanup removes what was put aside. */
static void assert_nothing_hidden(struct fs_dir *dir)
{
    struct fs_dir *below;
    const char *name;
    enum fs_type type;

    while (fs_dir_next_typed(dir, &name, &type) == 0 && name) {
        assert(!path_name_is_reserved("x", name));
        if (type != FS_DIR)
            continue;
        assert(fs_dir_enter(dir, name, &below) == 0);
        assert_nothing_hidden(below);
        fs_dir_close(below);
    }
}

/* One name of the root, for it to go; NULL: there is none. */
static const char *first_name(struct fs *fs, apr_pool_t *pool)
{
    struct fs_dir *root;
    const char *name;

    if (fs_dir_open(fs, "", &root) != 0 || fs_dir_next(root, &name) != 0)
        abort();
    name = name ? apr_pstrdup(pool, name) : NULL;
    fs_dir_close(root);
    return name;
}

void folder_reset(struct exchange *x)
{
    struct progress progress = { 0 };
    const struct tree_report nobody = { .progress = &progress };
    const char *name;
    apr_pool_t *pool;
    struct fs_dir *root;

    assert(fs_mem_handles(x->fs) == 0);
    apr_pool_create(&pool, NULL);
    remove_locks(x->dav, locks_covering(x->dav->locks, pool, "", locks_now()));
    remove_locks(x->dav, locks_below(x->dav->locks, pool, "", locks_now()));
    assert(locks_is_empty(x->dav->locks));
    if (fs_dir_open(x->fs, "", &root) != 0)
        abort();
    assert_nothing_hidden(root);
    while ((name = first_name(x->fs, pool)) != NULL)
        if (tree_remove(root, name, name, &nobody) != 0)
            abort();
    fs_dir_close(root);
    fill(x->fs);
    apr_pool_destroy(pool);
}
