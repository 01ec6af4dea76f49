/*
 * Every operation is: count it and see whether it is to fail (mem_begin), do it under the lock, give
 * the lock back (mem_end). Files being written are in fs_mem_file.c, nodes in fs_mem_tree.c.
 */
#include "tests/support/fs_mem.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs/path.h"
#include "tests/support/fs_mem_internal.h"

int mem_begin(struct fs *base, enum fs_mem_op op)
{
    static _Thread_local unsigned last_serial;
    struct mem_fs *fs = mem(base);

    pthread_mutex_lock(&fs->mutex);
    fs->threads += last_serial != fs->serial;
    last_serial = fs->serial;
    fs->calls[FS_MEM_ANY]++;
    fs->calls[op]++;
    bool fails = fs->fail_nth && (fs->fail_op == FS_MEM_ANY || fs->fail_op == op) &&
                 fs->calls[fs->fail_op] == fs->fail_nth;
    if (fails) {
        fs->has_failed = true;
        fs->is_down = fs->is_crash;
    }
    int err = fails ? fs->fail_error : fs->is_down ? EIO : 0;
    if (err)
        pthread_mutex_unlock(&fs->mutex);
    return err;
}

int mem_end(struct fs *base, int err)
{
    struct mem_fs *fs = mem(base);

    if (fs->most_handles && fs->handles > *fs->most_handles)
        *fs->most_handles = fs->handles;
    pthread_mutex_unlock(&fs->mutex);
    return err;
}

/* ---- by path ---- */

static int resolve(struct fs *fs, const char *path, struct node **out)
{
    char real[FS_PATH_MAX + 1];

    return node_resolve(mem(fs)->root, path, out, real);
}

static int mem_stat(struct fs *fs, const char *path, struct fs_stat *out)
{
    struct node *node;

    int err = mem_begin(fs, FS_MEM_STAT);
    if (err)
        return err;
    err = resolve(fs, path, &node);
    if (!err)
        *out = node->st;
    return mem_end(fs, err);
}

static int open_node(const struct node *node, int *out_fd, struct fs_stat *out)
{
    static const int refusal[] = { [FS_DIR] = EISDIR, [FS_LINK] = ELOOP, [FS_OTHER] = EACCES };
    char name[32];

    if (node->st.type != FS_FILE)
        return refusal[node->st.type];
    snprintf(name, sizeof(name), "fs_mem-%llu", (unsigned long long)node->st.ino);
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        return errno;
    if (pwrite(fd, node->data, node->st.size, 0) != (ssize_t)node->st.size) {
        close(fd);
        return EIO;
    }
    *out_fd = fd;
    *out = node->st;
    return 0;
}

static int mem_open(struct fs *fs, const char *path, int *out_fd, struct fs_stat *out)
{
    struct node *node;

    int err = mem_begin(fs, FS_MEM_OPEN);
    if (err)
        return err;
    err = resolve(fs, path, &node);
    return mem_end(fs, err ? err : open_node(node, out_fd, out));
}

static int open_dir(struct fs *fs, struct node *node, struct fs_dir **out)
{
    if (node->st.type != FS_DIR)
        return ENOTDIR;
    struct mem_dir *dir = calloc(1, sizeof(*dir));
    if (!dir)
        return ENOMEM;
    dir->base.fs = fs;
    dir->node = node;
    node->handles++;
    mem(fs)->handles++;
    *out = &dir->base;
    return 0;
}

static int mem_dir_open(struct fs *fs, const char *path, struct fs_dir **out)
{
    struct node *node;

    int err = mem_begin(fs, FS_MEM_DIR_OPEN);
    if (err)
        return err;
    err = resolve(fs, path, &node);
    return mem_end(fs, err ? err : open_dir(fs, node, out));
}

static int mem_real_path(struct fs *fs, const char *path, char *out, size_t size)
{
    char real[FS_PATH_MAX + 1];
    struct node *node;

    int err = mem_begin(fs, FS_MEM_REAL_PATH);
    if (err)
        return err;
    err = node_resolve(mem(fs)->root, path, &node, real);
    if (!err && strlen(real) >= size)
        err = ENAMETOOLONG;
    if (!err)
        memcpy(out, real, strlen(real) + 1);
    return mem_end(fs, err);
}

static int mem_leads_to(struct fs *fs, const char *path, char *out, size_t size)
{
    char real[FS_PATH_MAX + 1];
    struct node *node;

    int err = mem_begin(fs, FS_MEM_LEADS_TO);
    if (err)
        return err;
    err = node_resolve(mem(fs)->root, path, &node, real);
    if (err == ENOENT || err == ENOTDIR)
        err = 0;
    if (!err && strlen(real) >= size)
        err = ENAMETOOLONG;
    if (!err)
        memcpy(out, real, strlen(real) + 1);
    return mem_end(fs, err);
}

/* ---- in an open directory ---- */

/* The node of an entry, or of the directory itself for "". */
static int find_at(const struct fs_dir *dir, const char *name, struct node **out)
{
    struct node *node = dir_node(dir);

    assert(!strchr(name, '/'));
    if (*name) {
        struct entry *entry = entry_find(node, name);
        if (!entry)
            return ENOENT;
        node = entry->node;
    }
    *out = node;
    return 0;
}

static int mem_stat_at(struct fs_dir *dir, const char *name, struct fs_stat *out)
{
    struct node *node;

    int err = mem_begin(dir->fs, FS_MEM_STAT_AT);
    if (err)
        return err;
    err = find_at(dir, name, &node);
    if (!err)
        *out = node->st;
    return mem_end(dir->fs, err);
}

static int mem_open_at(struct fs_dir *dir, const char *name, bool is_file, int *out_fd, struct fs_stat *out)
{
    struct node *node;

    (void)is_file;
    int err = mem_begin(dir->fs, FS_MEM_OPEN_AT);
    if (err)
        return err;
    err = find_at(dir, name, &node);
    return mem_end(dir->fs, err ? err : open_node(node, out_fd, out));
}

static int mem_dir_enter(struct fs_dir *dir, const char *name, struct fs_dir **out)
{
    struct node *node;

    int err = mem_begin(dir->fs, FS_MEM_DIR_ENTER);
    if (err)
        return err;
    err = find_at(dir, name, &node);
    return mem_end(dir->fs, err ? err : open_dir(dir->fs, node, out));
}

static int mem_dir_up(struct fs_dir *dir, struct fs_dir **out)
{
    int err = mem_begin(dir->fs, FS_MEM_DIR_UP);
    if (err)
        return err;
    struct node *node = node_parent(mem(dir->fs)->root, dir_node(dir));
    return mem_end(dir->fs, node ? open_dir(dir->fs, node, out) : ENOENT);
}

static int mem_dir_next(struct fs_dir *base, const char **out_name, enum fs_type *out_type)
{
    struct mem_dir *dir = (struct mem_dir *)base;

    int err = mem_begin(base->fs, FS_MEM_DIR_NEXT);
    if (err)
        return err;
    struct entry *entry = dir->node->entries;
    while (entry && entry->serial <= dir->serial)
        entry = entry->next;
    if (entry) {
        dir->serial = entry->serial;
        memcpy(dir->name, entry->name, strlen(entry->name) + 1);
        *out_type = mem(base->fs)->quirks & FS_MEM_NO_TYPES ? FS_UNKNOWN : entry->node->st.type;
    }
    *out_name = entry ? dir->name : NULL;
    return mem_end(base->fs, 0);
}

static int64_t mem_dir_tell(struct fs_dir *base)
{
    return (int64_t)((struct mem_dir *)base)->serial;
}

static int mem_dir_seek(struct fs_dir *base, int64_t pos)
{
    int err = mem_begin(base->fs, FS_MEM_DIR_SEEK);
    if (err)
        return err;
    ((struct mem_dir *)base)->serial = (uint64_t)pos;
    return mem_end(base->fs, 0);
}

static int mem_dir_sync(struct fs_dir *dir)
{
    int err = mem_begin(dir->fs, FS_MEM_DIR_SYNC);
    return err ? err : mem_end(dir->fs, 0);
}

static int mem_tree_sync(struct fs_dir *dir)
{
    int err = mem_begin(dir->fs, FS_MEM_TREE_SYNC);
    return err ? err : mem_end(dir->fs, 0);
}

static void mem_dir_close(struct fs_dir *base)
{
    struct mem_dir *dir = (struct mem_dir *)base;
    struct mem_fs *fs = mem(base->fs);

    pthread_mutex_lock(&fs->mutex);
    fs->handles--;
    dir->node->handles--;
    node_free_if_unused(dir->node);
    pthread_mutex_unlock(&fs->mutex);
    free(dir);
}

static int get_attr(const struct mem_fs *fs, const struct node *node, void *out, size_t size, size_t *out_len)
{
    if (fs->quirks & FS_MEM_NO_ATTRS)
        return ENOTSUP;
    if (!node->attr_len)
        return ENODATA;
    if (node->attr_len > size)
        return ERANGE;
    memcpy(out, node->attr, node->attr_len);
    *out_len = node->attr_len;
    return 0;
}

static int mem_get_attr(struct fs_dir *dir, const char *name, void *out, size_t size, size_t *out_len)
{
    struct node *node;

    int err = mem_begin(dir->fs, FS_MEM_GET_ATTR);
    if (err)
        return err;
    err = find_at(dir, name, &node);
    return mem_end(dir->fs, err ? err : get_attr(mem(dir->fs), node, out, size, out_len));
}

/* Which node a descriptor of open_node is of, its name tells. */
static int mem_get_attr_fd(struct fs *fs, int fd, void *out, size_t size, size_t *out_len)
{
    char link[32], text[64];
    unsigned long long ino;

    int err = mem_begin(fs, FS_MEM_GET_ATTR_FD);
    if (err)
        return err;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, text, sizeof(text) - 1);
    text[len > 0 ? len : 0] = '\0';
    if (sscanf(text, "/memfd:fs_mem-%llu", &ino) != 1)
        return mem_end(fs, EBADF);
    const struct node *node = node_by_ino(mem(fs)->root, ino);
    return mem_end(fs, node ? get_attr(mem(fs), node, out, size, out_len) : ENODATA);
}

static int set_attr(const struct mem_fs *fs, struct node *node, const void *value, size_t len)
{
    return fs->quirks & FS_MEM_NO_ATTRS ? ENOTSUP : node_set_attr(node, value, len);
}

static int mem_set_attr(struct fs_dir *dir, const char *name, const void *value, size_t len)
{
    struct node *node;

    int err = mem_begin(dir->fs, FS_MEM_SET_ATTR);
    if (err)
        return err;
    err = find_at(dir, name, &node);
    return mem_end(dir->fs, err ? err : set_attr(mem(dir->fs), node, value, len));
}

static int mem_set_meta(struct fs_dir *dir, const char *name, const struct fs_meta *meta)
{
    struct node *node;

    int err = mem_begin(dir->fs, FS_MEM_SET_META);
    if (err)
        return err;
    err = find_at(dir, name, &node);
    if (!err)
        node_set_meta(node, meta);
    return mem_end(dir->fs, err);
}

static int mem_mkdir(struct fs_dir *dir, const char *name, uint32_t mode)
{
    int err = mem_begin(dir->fs, FS_MEM_MKDIR);
    if (err)
        return err;
    struct node *node = node_new(FS_DIR, mode & ~MEM_UMASK, dir_node(dir)->st.dev);
    err = node ? entry_add(dir_node(dir), name, node) : ENOMEM;
    if (node)
        node_free_if_unused(node);
    return mem_end(dir->fs, err);
}

static int mem_unlink(struct fs_dir *dir, const char *name)
{
    struct node *node;

    int err = mem_begin(dir->fs, FS_MEM_UNLINK);
    if (err)
        return err;
    err = find_at(dir, name, &node);
    if (!err && node->st.type == FS_DIR)
        err = EISDIR;
    if (!err)
        entry_remove(dir_node(dir), name);
    return mem_end(dir->fs, err);
}

static void let_intrude(struct fs_dir *dir, const char *name)
{
    static _Thread_local bool is_intruding;
    struct mem_fs *fs = mem(dir->fs);

    if (!fs->intruder || is_intruding)
        return;
    is_intruding = true;
    fs->intruder(fs->intruder_ctx, dir, name);
    is_intruding = false;
}

static int mem_rmdir(struct fs_dir *dir, const char *name)
{
    struct node *node;

    let_intrude(dir, name);
    int err = mem_begin(dir->fs, FS_MEM_RMDIR);
    if (err)
        return err;
    err = find_at(dir, name, &node);
    if (!err)
        err = node->st.type != FS_DIR ? ENOTDIR : node->entries ? ENOTEMPTY : 0;
    if (!err)
        entry_remove(dir_node(dir), name);
    return mem_end(dir->fs, err);
}

/* May `node` replace `old`? */
static int check_replace(const struct node *node, const struct node *old)
{
    if (node->st.type != FS_DIR)
        return old->st.type == FS_DIR ? EISDIR : 0;
    if (old->st.type != FS_DIR)
        return ENOTDIR;
    return old->entries ? ENOTEMPTY : 0;
}

static int exchange(struct mem_fs *fs, const struct node *from_dir, struct entry *from,
                    const struct node *to_dir, struct entry *to)
{
    struct node *node = from->node;

    if (fs->quirks & FS_MEM_NO_EXCHANGE)
        return EINVAL;
    if (!to)
        return ENOENT;
    if (node_is_within(to_dir, node) || node_is_within(from_dir, to->node))
        return EINVAL;
    from->node = to->node;
    to->node = node;
    return 0;
}

static int rename_node(struct mem_fs *fs, struct node *from_dir, const char *from, struct node *to_dir,
                       const char *to, enum fs_rename how)
{
    struct entry *from_entry = entry_find(from_dir, from), *to_entry = entry_find(to_dir, to);

    if (!from_entry)
        return ENOENT;
    struct node *node = from_entry->node;
    if (from_dir->st.dev != to_dir->st.dev || node->st.dev != to_dir->st.dev)
        return EXDEV;
    if (how == FS_EXCHANGE)
        return exchange(fs, from_dir, from_entry, to_dir, to_entry);
    if (to_entry && how == FS_NOREPLACE)
        return EEXIST;
    if (node->st.type == FS_DIR && node_is_within(to_dir, node))
        return EINVAL;
    if (to_entry && to_entry->node == node)
        return 0;
    if (to_entry) {
        int err = check_replace(node, to_entry->node);
        if (err)
            return err;
        entry_remove(to_dir, to);
    }
    int err = entry_add(to_dir, to, node);
    if (!err)
        entry_remove(from_dir, from);
    return err;
}

static int mem_rename(struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir, const char *to,
                      enum fs_rename how)
{
    int err = mem_begin(from_dir->fs, FS_MEM_RENAME);
    if (err)
        return err;
    return mem_end(from_dir->fs,
                   rename_node(mem(from_dir->fs), dir_node(from_dir), from, dir_node(to_dir), to, how));
}

/* ---- the whole ---- */

static int mem_space(struct fs *fs, const char *path, uint64_t *out_available, uint64_t *out_used)
{
    struct node *node;

    int err = mem_begin(fs, FS_MEM_SPACE);
    if (err)
        return err;
    err = resolve(fs, path, &node);
    if (!err) {
        *out_available = UINT64_C(1) << 40;
        *out_used = 0;
    }
    return mem_end(fs, err);
}

static void mem_close(struct fs *base)
{
    struct mem_fs *fs = mem(base);

    fs->root->links = 0;
    node_free_if_unused(fs->root);
    pthread_mutex_destroy(&fs->mutex);
    free(fs);
}

static const struct fs_ops mem_ops = {
    .stat = mem_stat,
    .open = mem_open,
    .dir_open = mem_dir_open,
    .real_path = mem_real_path,
    .leads_to = mem_leads_to,
    .get_attr_fd = mem_get_attr_fd,
    .stat_at = mem_stat_at,
    .open_at = mem_open_at,
    .dir_enter = mem_dir_enter,
    .dir_up = mem_dir_up,
    .dir_next = mem_dir_next,
    .dir_tell = mem_dir_tell,
    .dir_seek = mem_dir_seek,
    .dir_sync = mem_dir_sync,
    .tree_sync = mem_tree_sync,
    .dir_close = mem_dir_close,
    .get_attr = mem_get_attr,
    .set_attr = mem_set_attr,
    .set_meta = mem_set_meta,
    .mkdir = mem_mkdir,
    .unlink = mem_unlink,
    .rmdir = mem_rmdir,
    .rename = mem_rename,
    .file_create = mem_file_create,
    .file_write = mem_file_write,
    .file_copy = mem_file_copy,
    .file_stat = mem_file_stat,
    .file_set_attr = mem_file_set_attr,
    .file_set_meta = mem_file_set_meta,
    .file_link = mem_file_link,
    .file_sync = mem_file_sync,
    .file_close = mem_file_close,
    .space = mem_space,
    .close = mem_close,
};

void fs_mem_intrude(struct fs *fs, void (*intruder)(void *ctx, struct fs_dir *dir, const char *name),
                    void *ctx)
{
    mem(fs)->intruder = intruder;
    mem(fs)->intruder_ctx = ctx;
}

int fs_mem_open(struct fs **out)
{
    static atomic_uint serials;
    struct mem_fs *fs = calloc(1, sizeof(*fs));

    if (!fs || !(fs->root = node_new(FS_DIR, 0755, 1)))
        abort();
    fs->base = (struct fs){ .ops = &mem_ops, .durable = true };
    fs->root->links = 1;
    fs->dev_count = 1;
    fs->serial = 1 + atomic_fetch_add(&serials, 1);
    pthread_mutex_init(&fs->mutex, NULL);
    *out = &fs->base;
    return 0;
}

/* ---- what only tests do ---- */

void fs_mem_quirks(struct fs *fs, unsigned quirks)
{
    mem(fs)->quirks = quirks;
}

static int add(struct fs *fs, const char *path, enum fs_type type, const char *text)
{
    struct fs_dir *dir;
    const char *name;

    int err = path_open_parent(fs, path, &dir, &name);
    if (err)
        return err;
    struct node *node = node_new(type, 0777, dir_node(dir)->st.dev);
    if (!node || !(node->data = strdup(text)))
        abort();
    node->st.size = strlen(text);
    err = entry_add(dir_node(dir), name, node);
    node_free_if_unused(node);
    fs_dir_close(dir);
    return err;
}

int fs_mem_symlink(struct fs *fs, const char *path, const char *text)
{
    return add(fs, path, FS_LINK, text);
}

int fs_mem_special(struct fs *fs, const char *path)
{
    return add(fs, path, FS_OTHER, "");
}

int fs_mem_mount(struct fs *fs, const char *path)
{
    struct node *node;

    int err = resolve(fs, path, &node);
    if (err || node->entries)
        return err ? err : EBUSY;
    node->st.dev = ++mem(fs)->dev_count;
    return 0;
}

static void arm(struct fs *base, enum fs_mem_op op, unsigned nth, int error, bool is_crash)
{
    struct mem_fs *fs = mem(base);

    pthread_mutex_lock(&fs->mutex);
    memset(fs->calls, 0, sizeof(fs->calls));
    fs->fail_op = op;
    fs->fail_nth = nth;
    fs->fail_error = error;
    fs->is_crash = is_crash;
    fs->has_failed = fs->is_down = false;
    pthread_mutex_unlock(&fs->mutex);
}

void fs_mem_fail(struct fs *fs, enum fs_mem_op op, unsigned nth, int error)
{
    arm(fs, op, nth, error, false);
}

void fs_mem_crash(struct fs *fs, unsigned nth)
{
    arm(fs, FS_MEM_ANY, nth, EIO, true);
}

bool fs_mem_revive(struct fs *base)
{
    struct mem_fs *fs = mem(base);

    pthread_mutex_lock(&fs->mutex);
    bool had_failed = fs->has_failed;
    fs->fail_nth = 0;
    fs->has_failed = fs->is_down = false;
    pthread_mutex_unlock(&fs->mutex);
    return had_failed;
}

unsigned fs_mem_calls(struct fs *base, enum fs_mem_op op)
{
    struct mem_fs *fs = mem(base);

    pthread_mutex_lock(&fs->mutex);
    unsigned calls = fs->calls[op];
    pthread_mutex_unlock(&fs->mutex);
    return calls;
}

unsigned fs_mem_handles(struct fs *base)
{
    struct mem_fs *fs = mem(base);

    pthread_mutex_lock(&fs->mutex);
    unsigned handles = fs->handles;
    pthread_mutex_unlock(&fs->mutex);
    return handles;
}

void fs_mem_watch_handles(struct fs *base, unsigned *most)
{
    struct mem_fs *fs = mem(base);

    pthread_mutex_lock(&fs->mutex);
    fs->most_handles = most;
    pthread_mutex_unlock(&fs->mutex);
}

unsigned fs_mem_threads(struct fs *base)
{
    struct mem_fs *fs = mem(base);

    pthread_mutex_lock(&fs->mutex);
    unsigned threads = fs->threads;
    pthread_mutex_unlock(&fs->mutex);
    return threads;
}
