/*
 * A table of the directories in use, in front of the store.
 *
 * The store is asked once per directory and process; `in` counts the names of ours that may be in a
 * directory now. A directory that is left stays recorded: the next upload to it then costs nothing,
 * and recovery finds it empty. Of those only so many are kept, in the order in which they were left: one
 * more costs the oldest its place, so that no enter or leave asks more than one statement of the store.
 *
 * When a tree is moved its directories in use are recorded under the new path as well and stay so (`in`
 * is never taken back there), since whoever is in them knows only the old path. Idle ones grow old under
 * the old path. Too much is recorded now and then, too little never.
 */
#include "fs/journal.h"

#include <apr_pools.h>
#include <apr_strings.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fs/hidden.h"
#include "fs/path.h"
#include "fs/swap.h"
#include "fs/tree.h"

#define BUCKETS_FIRST 64 /* a power of two */

struct place {
    struct place *next;          /* in its bucket */
    struct place *older, *newer; /* among the idle ones, which are those with in == 0 */
    unsigned in;
    char path[];
};

struct journal {
    pthread_mutex_t mutex;
    struct journal_store store; /* functions NULL: none */
    struct place **buckets;
    size_t bucket_count, place_count;
    size_t in_count;               /* the sum of all `in` */
    struct place *oldest, *newest; /* idle */
    size_t idle_count;
    char *postponed[JOURNAL_POSTPONED_MAX];
    size_t postponed_count;
};

static size_t hash(const char *path)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */

    for (; *path; path++)
        h = (h ^ (unsigned char)*path) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 32);
}

static struct place **bucket_of(const struct journal *journal, const char *path)
{
    return &journal->buckets[hash(path) & (journal->bucket_count - 1)];
}

static struct place *find(const struct journal *journal, const char *path)
{
    struct place *place = *bucket_of(journal, path);

    while (place && strcmp(place->path, path) != 0)
        place = place->next;
    return place;
}

/* Twice as many buckets. No memory for them: the chains get longer, that is all. */
static void grow(struct journal *journal)
{
    struct place **old = journal->buckets;
    size_t old_count = journal->bucket_count;
    struct place **buckets = calloc(old_count * 2, sizeof(*buckets));

    if (!buckets)
        return;
    journal->buckets = buckets;
    journal->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        for (struct place *place = old[i], *next; place; place = next) {
            struct place **bucket = bucket_of(journal, place->path);
            next = place->next;
            place->next = *bucket;
            *bucket = place;
        }
    }
    free(old);
}

static void idle_add(struct journal *journal, struct place *place)
{
    place->older = journal->newest;
    place->newer = NULL;
    *(journal->newest ? &journal->newest->newer : &journal->oldest) = place;
    journal->newest = place;
    journal->idle_count++;
}

static void idle_remove(struct journal *journal, struct place *place)
{
    *(place->older ? &place->older->newer : &journal->oldest) = place->newer;
    *(place->newer ? &place->newer->older : &journal->newest) = place->older;
    journal->idle_count--;
}

static void enter(struct journal *journal, struct place *place)
{
    if (!place->in++)
        idle_remove(journal, place);
    journal->in_count++;
}

/* An idle one. If the store fails it has too much, which is no harm. */
static void forget(struct journal *journal, struct place *place)
{
    struct place **link = bucket_of(journal, place->path);

    while (*link != place)
        link = &(*link)->next;
    *link = place->next;
    journal->place_count--;
    idle_remove(journal, place);
    if (journal->store.remove)
        journal->store.remove(journal->store.ctx, place->path);
    free(place);
}

/* The place of that path, recorded if it was not; then idle, and to be entered. */
static int record(struct journal *journal, const char *path, struct place **out)
{
    struct place *place = find(journal, path);
    size_t size = strlen(path) + 1;

    if (place) {
        *out = place;
        return 0;
    }
    place = malloc(sizeof(*place) + size);
    if (!place)
        return ENOMEM;
    int err = journal->store.add ? journal->store.add(journal->store.ctx, path) : 0;
    if (err) {
        free(place);
        return err;
    }
    if (journal->place_count++ >= journal->bucket_count)
        grow(journal);
    struct place **bucket = bucket_of(journal, path);
    place->next = *bucket;
    place->in = 0;
    memcpy(place->path, path, size);
    *bucket = place;
    idle_add(journal, place);
    *out = place;
    return 0;
}

int journal_open(const struct journal_store *store, struct journal **out)
{
    struct journal *journal = calloc(1, sizeof(*journal));

    if (!journal || !(journal->buckets = calloc(BUCKETS_FIRST, sizeof(*journal->buckets)))) {
        free(journal);
        return ENOMEM;
    }
    journal->bucket_count = BUCKETS_FIRST;
    if (store)
        journal->store = *store;
    pthread_mutex_init(&journal->mutex, NULL);
    *out = journal;
    return 0;
}

int journal_enter(struct journal *journal, const char *dir_path)
{
    struct place *place;

    if (!journal)
        return 0;
    pthread_mutex_lock(&journal->mutex);
    int err = record(journal, dir_path, &place);
    if (!err)
        enter(journal, place);
    pthread_mutex_unlock(&journal->mutex);
    return err;
}

void journal_leave(struct journal *journal, const char *dir_path)
{
    if (!journal)
        return;
    pthread_mutex_lock(&journal->mutex);
    struct place *place = find(journal, dir_path);
    if (place && place->in) {
        journal->in_count--;
        if (!--place->in)
            idle_add(journal, place);
        if (journal->idle_count > JOURNAL_IDLE_MAX)
            forget(journal, journal->oldest);
    }
    pthread_mutex_unlock(&journal->mutex);
}

/* A list of paths, for what must not happen while the table or the store is being walked. */
struct path_list {
    struct path_list *next;
    const char *path;
};

static void list_push(struct path_list **list, const char *path, apr_pool_t *pool)
{
    struct path_list *item = apr_palloc(pool, sizeof(*item));

    *item = (struct path_list){ .next = *list, .path = path };
    *list = item;
}

static void record_moved(struct journal *journal, const char *from, const char *to, apr_pool_t *pool)
{
    struct path_list *moved = NULL;
    struct place *place;

    for (size_t i = 0; i < journal->bucket_count; i++)
        for (place = journal->buckets[i]; place; place = place->next)
            if (place->in && path_is_within(place->path, from))
                list_push(&moved, path_rebase(pool, place->path, from, to), pool);
    for (; moved; moved = moved->next)
        if (record(journal, moved->path, &place) == 0)
            enter(journal, place);
}

void journal_moved(struct journal *journal, const char *from, const char *to)
{
    apr_pool_t *pool;

    if (!journal)
        return;
    pthread_mutex_lock(&journal->mutex);
    if (journal->in_count && apr_pool_create(&pool, NULL) == APR_SUCCESS) {
        record_moved(journal, from, to, pool);
        apr_pool_destroy(pool);
    }
    pthread_mutex_unlock(&journal->mutex);
}

static bool forget_one(struct journal *journal, const char *path)
{
    struct place *place;

    pthread_mutex_lock(&journal->mutex);
    place = journal->oldest;
    while (place && !path_is_within(place->path, path))
        place = place->newer;
    if (place)
        forget(journal, place);
    pthread_mutex_unlock(&journal->mutex);
    return place;
}

/* One at a time: each may be a sync of the store, and others want to enter. */
void journal_forget(struct journal *journal, const char *path)
{
    while (journal && forget_one(journal, path))
        ;
}

void journal_postpone(struct journal *journal, const char *path)
{
    if (!journal)
        return;
    pthread_mutex_lock(&journal->mutex);
    if (journal->postponed_count < JOURNAL_POSTPONED_MAX) {
        char *copy = strdup(path);
        if (copy)
            journal->postponed[journal->postponed_count++] = copy;
    }
    pthread_mutex_unlock(&journal->mutex);
}

size_t journal_take_postponed(struct journal *journal, char *out[JOURNAL_POSTPONED_MAX])
{
    if (!journal)
        return 0;
    pthread_mutex_lock(&journal->mutex);
    size_t count = journal->postponed_count;
    memcpy(out, journal->postponed, count * sizeof(*out));
    journal->postponed_count = 0;
    pthread_mutex_unlock(&journal->mutex);
    return count;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    for (size_t i = 0; i < journal->bucket_count; i++) {
        for (struct place *place = journal->buckets[i], *next; place; place = next) {
            next = place->next;
            if (!place->in && journal->store.remove)
                journal->store.remove(journal->store.ctx, place->path);
            free(place);
        }
    }
    while (journal->postponed_count)
        free(journal->postponed[--journal->postponed_count]);
    free(journal->buckets);
    pthread_mutex_destroy(&journal->mutex);
    free(journal);
}

struct listing {
    struct path_list *list;
    size_t count;
    apr_pool_t *pool;
};

static int list_place(void *ctx, const char *dir_path)
{
    struct listing *listing = ctx;

    list_push(&listing->list, apr_pstrdup(listing->pool, dir_path), listing->pool);
    listing->count++;
    return 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Directories before those in them: what was put aside must be back before it is looked into. */
static const char **sort_listing(const struct listing *listing)
{
    const char **paths = apr_palloc(listing->pool, (listing->count + 1) * sizeof(*paths));
    size_t count = 0;

    for (const struct path_list *item = listing->list; item; item = item->next)
        paths[count++] = item->path;
    paths[count] = NULL;
    qsort(paths, count, sizeof(*paths), compare_paths);
    return paths;
}

/* One name of ours: put back what it keeps aside, remove the rest. */
static int recover_name(struct fs_dir *dir, const char *dir_path, const char *name, apr_pool_t *pool)
{
    struct progress progress = { 0 };
    const struct tree_report report = { .progress = &progress };

    int err = swap_recover(dir, name);
    if (!err)
        err = tree_remove(dir, name, path_join(pool, dir_path, name), &report);
    return err == ENOENT ? 0 : err;
}

/* Reads the directory again after each pass that removed something: not every file system goes on
 * where it was after a removal. */
static int recover_dir(struct fs_dir *dir, const char *dir_path, unsigned *purged, apr_pool_t *pool)
{
    const char *name;
    unsigned before;
    int first = 0;

    do {
        int err = fs_dir_rewind(dir);
        before = *purged;
        while (!err && (err = fs_dir_next(dir, &name)) == 0 && name) {
            if (strncmp(name, PATH_RESERVED_PREFIX, sizeof(PATH_RESERVED_PREFIX) - 1) != 0)
                continue;
            int name_err = recover_name(dir, dir_path, apr_pstrdup(pool, name), pool);
            *purged += !name_err;
            if (!first)
                first = name_err;
        }
        if (!first)
            first = err;
    } while (*purged > before && !first);
    return first;
}

static int recover_place(struct journal *journal, struct fs *fs, const char *dir_path, unsigned *purged,
                         apr_pool_t *pool)
{
    struct fs_dir *dir;

    int err = fs_dir_open(fs, dir_path, &dir);
    if (!err) {
        err = recover_dir(dir, dir_path, purged, pool);
        if (!err && fs->durable)
            err = fs_dir_sync(dir);
        fs_dir_close(dir);
    } else if (err == ENOENT || err == ENOTDIR || err == EXDEV || err == ELOOP) {
        err = 0; /* gone, or something else by now */
    }
    if (err || !journal->store.remove)
        return err;
    pthread_mutex_lock(&journal->mutex);
    err = journal->store.remove(journal->store.ctx, dir_path);
    pthread_mutex_unlock(&journal->mutex);
    return err;
}

int journal_recover(struct journal *journal, struct fs *fs, unsigned *out_purged)
{
    struct listing listing = { 0 };
    unsigned purged = 0;
    int first = 0;

    if (apr_pool_create(&listing.pool, NULL) != APR_SUCCESS)
        return ENOMEM;
    pthread_mutex_lock(&journal->mutex);
    if (journal->store.list)
        first = journal->store.list(journal->store.ctx, list_place, &listing);
    pthread_mutex_unlock(&journal->mutex);
    for (const char **path = sort_listing(&listing); *path; path++) {
        int err = recover_place(journal, fs, *path, &purged, listing.pool);
        if (!first)
            first = err;
    }
    apr_pool_destroy(listing.pool);
    *out_purged = purged;
    return first;
}
