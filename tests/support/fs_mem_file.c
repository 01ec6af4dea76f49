/*
 * Files being written, of the memory backend. What is written is in the node at once; the name comes
 * when it comes.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/fs_mem_internal.h"

#define CHUNK 4096 /* between two looks at the stop flag */

struct mem_file {
    struct fs_file base;
    struct node *node;
    int write_error;
    bool is_late; /* errors of writing may come as late as with its closing */
};

static struct node *file_node(const struct fs_file *file)
{
    return ((const struct mem_file *)file)->node;
}

int mem_file_create(struct fs_dir *dir, const char *name, uint32_t mode, struct fs_file **out)
{
    int err = mem_begin(dir->fs, FS_MEM_FILE_CREATE);
    if (err)
        return err;
    struct mem_file *file = calloc(1, sizeof(*file));
    struct node *node = node_new(FS_FILE, mode & ~MEM_UMASK, dir_node(dir)->st.dev);
    if (!file || !node)
        abort();
    if (name)
        err = entry_add(dir_node(dir), name, node);
    else if (mem(dir->fs)->quirks & FS_MEM_NO_UNNAMED)
        err = EOPNOTSUPP;
    if (err) {
        node_free_if_unused(node);
        free(file);
        return mem_end(dir->fs, err);
    }
    *file = (struct mem_file){ .base.fs = dir->fs, .node = node, .is_late = name != NULL };
    node->handles++;
    mem(dir->fs)->handles++;
    *out = &file->base;
    return mem_end(dir->fs, 0);
}

static int append(struct node *node, const void *data, size_t len)
{
    char *grown = realloc(node->data, node->st.size + len + 1);

    if (!grown)
        return ENOMEM;
    if (len)
        memcpy(grown + node->st.size, data, len);
    node->data = grown;
    node->st.size += len;
    node_touch(node);
    return 0;
}

static int note_write_error(struct fs_file *file, int err)
{
    struct mem_file *self = (struct mem_file *)file;

    if (err != ECANCELED && !self->write_error)
        self->write_error = err;
    return err;
}

/* Of a file whose writing, sync or closing fails a part is lost. (Not by closing what has been synced, nor on
 * those file systems that know unnamed files: they have their errors earlier.) */
static int lose_part(struct fs_file *file, int err)
{
    struct mem_fs *fs = mem(file->fs);

    pthread_mutex_lock(&fs->mutex);
    file_node(file)->st.size /= 2;
    pthread_mutex_unlock(&fs->mutex);
    return err;
}

int mem_file_write(struct fs_file *file, const void *data, size_t len)
{
    int err = mem_begin(file->fs, FS_MEM_FILE_WRITE);
    if (err)
        return note_write_error(file, lose_part(file, err));
    return mem_end(file->fs, append(file_node(file), data, len));
}

int mem_file_copy(struct fs_file *file, int fd, uint64_t size, struct progress *progress)
{
    char chunk[CHUNK];
    off_t pos = 0;
    ssize_t n;

    (void)size;
    int err = mem_begin(file->fs, FS_MEM_FILE_COPY);
    if (err)
        return note_write_error(file, lose_part(file, err));
    while (!err && (n = pread(fd, chunk, sizeof(chunk), pos)) != 0) {
        if (progress && progress_is_stopped(progress))
            err = ECANCELED;
        else
            err = n < 0 ? errno : append(file_node(file), chunk, (size_t)n);
        pos += n;
        if (!err && progress)
            progress_add(progress, 0, (uint64_t)n);
    }
    return mem_end(file->fs, err);
}

int mem_file_stat(struct fs_file *file, struct fs_stat *out)
{
    int err = mem_begin(file->fs, FS_MEM_FILE_STAT);
    if (err)
        return err;
    *out = file_node(file)->st;
    return mem_end(file->fs, 0);
}

int mem_file_set_attr(struct fs_file *file, const void *value, size_t len)
{
    int err = mem_begin(file->fs, FS_MEM_FILE_SET_ATTR);
    if (err)
        return err;
    return mem_end(file->fs, mem(file->fs)->quirks & FS_MEM_NO_ATTRS
                                 ? ENOTSUP
                                 : node_set_attr(file_node(file), value, len));
}

int mem_file_set_meta(struct fs_file *file, const struct fs_meta *meta)
{
    int err = mem_begin(file->fs, FS_MEM_FILE_SET_META);
    if (err)
        return err;
    node_set_meta(file_node(file), meta);
    return mem_end(file->fs, 0);
}

int mem_file_link(struct fs_file *file, struct fs_dir *dir, const char *name)
{
    int err = mem_begin(file->fs, FS_MEM_FILE_LINK);
    if (err)
        return err;
    return mem_end(file->fs, entry_add(dir_node(dir), name, file_node(file)));
}

int mem_file_sync(struct fs_file *file)
{
    int err = mem_begin(file->fs, FS_MEM_FILE_SYNC);
    if (err)
        return lose_part(file, err);
    ((struct mem_file *)file)->is_late = false;
    return mem_end(file->fs, 0);
}

int mem_file_close(struct fs_file *base)
{
    struct mem_file *file = (struct mem_file *)base;
    struct mem_fs *fs = mem(base->fs);

    int err = mem_begin(base->fs, FS_MEM_FILE_CLOSE);
    if (err) {
        if (file->is_late)
            lose_part(base, err);
        pthread_mutex_lock(&fs->mutex);
    } else {
        err = file->write_error;
    }
    fs->handles--;
    file->node->handles--;
    node_free_if_unused(file->node);
    free(file);
    return mem_end(&fs->base, err);
}
