#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/tree_internal.h"

void tree_op_init(struct tree_op *op, struct fs *fs, const struct tree_report *report)
{
    *op = (struct tree_op){ .report = report };
    pthread_mutex_init(&op->mutex, NULL);
    crew_begin(&op->party, fs->crew);
}

void tree_op_release(struct tree_op *op)
{
    crew_wait(&op->party);
    crew_end(&op->party);
    pthread_mutex_destroy(&op->mutex);
}

int tree_op_error(const struct tree_op *op)
{
    if (progress_is_stopped(op->report->progress))
        return ECANCELED;
    return atomic_load_explicit(&op->error, memory_order_relaxed);
}

bool tree_is_fatal(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case ECANCELED:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return true;
    default:
        return false;
    }
}

void tree_op_end(struct tree_op *op, int error)
{
    int none = 0;

    atomic_compare_exchange_strong(&op->error, &none, error);
}

/* The path of a member is put together only here: it is rarely needed. */
static char *member_path(const char *dir_path, size_t dir_len, const char *name)
{
    size_t len = strlen(name), slash = dir_len && len;
    char *path = malloc(dir_len + slash + len + 1);

    if (!path)
        return NULL;
    memcpy(path, dir_path, dir_len);
    if (slash)
        path[dir_len] = '/';
    memcpy(path + dir_len + slash, name, len + 1);
    return path;
}

static void tell(struct tree_op *op, const char *dir_path, const char *name, int error)
{
    char *path = member_path(dir_path, strlen(dir_path), name);

    if (!path) {
        tree_op_end(op, ENOMEM);
        return;
    }
    pthread_mutex_lock(&op->mutex);
    op->report->failed(op->report->ctx, path, error);
    pthread_mutex_unlock(&op->mutex);
    free(path);
}

void tree_op_failed(struct tree_op *op, const char *dir_path, const char *name, int error)
{
    int none = 0;

    atomic_compare_exchange_strong(&op->failed, &none, error);
    if (op->report->failed)
        tell(op, dir_path, name, error);
}

int tree_op_keep_attr(struct tree_op *op, const char *dir_path, size_t dir_path_len, const char *name,
                      const void *attr, size_t len, int error)
{
    const struct tree_report *report = op->report;

    if (error != ENOTSUP && error != E2BIG && !(error == ENOSPC && report->keep_attr))
        return error;
    if (!report->keep_attr)
        return 0;
    char *path = member_path(dir_path, dir_path_len, name);
    if (!path)
        return ENOMEM;
    pthread_mutex_lock(&op->mutex);
    int err = report->keep_attr(report->ctx, path, attr, len);
    pthread_mutex_unlock(&op->mutex);
    free(path);
    return err;
}

struct bundle *bundle_new(struct tree_op *op, void (*run)(struct crew_task *task), struct fs_dir *dir,
                          const char *dir_path, size_t dir_path_len)
{
    struct bundle *bundle = malloc(sizeof(*bundle) + dir_path_len + 1);

    if (!bundle)
        return NULL;
    bundle->task = (struct crew_task){ .run = run };
    bundle->op = op;
    bundle->dir = dir;
    bundle->to = NULL;
    bundle->place = NULL;
    bundle->count = 0;
    bundle->len = 0;
    memcpy(bundle->dir_path, dir_path, dir_path_len);
    bundle->dir_path[dir_path_len] = '\0';
    fs_dir_keep(dir);
    return bundle;
}

void bundle_add(struct bundle *bundle, const char *name)
{
    size_t size = strlen(name) + 1;

    memcpy(bundle->names + bundle->len, name, size);
    bundle->len += size;
    bundle->count++;
}

bool bundle_is_full(const struct bundle *bundle)
{
    return bundle->count == BUNDLE_NAMES || bundle->len + FS_NAME_MAX + 1 > BUNDLE_BYTES;
}

const char *bundle_next(const struct bundle *bundle, const char *name)
{
    const char *next = name ? name + strlen(name) + 1 : bundle->names;

    return next < bundle->names + bundle->len ? next : NULL;
}

void bundle_send(struct bundle **bundle, struct crew_party *party)
{
    struct bundle *sent = *bundle;

    *bundle = NULL;
    if (sent && crew_is_idle(party))
        crew_give(party, &sent->task);
    else if (sent)
        sent->task.run(&sent->task);
}

size_t tree_dir_len(const char *path, const char *name)
{
    size_t len = strlen(path), name_len = strlen(name);

    return len > name_len ? len - name_len - 1 : 0;
}

void bundle_free(struct bundle *bundle)
{
    if (!bundle)
        return;
    fs_dir_close(bundle->dir);
    fs_dir_close(bundle->to);
    free(bundle);
}
