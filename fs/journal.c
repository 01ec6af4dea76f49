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

#include "fs/path.h"

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

static struct place *new_place(const char *path)
{
    size_t size = strlen(path) + 1;
    struct place *place = calloc(1, sizeof(*place) + size);

    if (place)
        memcpy(place->path, path, size);
    return place;
}

/* One that is in the store. */
static void add(struct journal *journal, struct place *place)
{
    if (journal->place_count++ >= journal->bucket_count)
        grow(journal);
    struct place **bucket = bucket_of(journal, place->path);
    place->next = *bucket;
    *bucket = place;
    idle_add(journal, place);
}

/* The place of that path, recorded if it was not; then idle, and to be entered. */
static int record(struct journal *journal, const char *path, struct place **out)
{
    struct place *place = find(journal, path);

    if (!place) {
        place = new_place(path);
        if (!place)
            return ENOMEM;
        int err = journal->store.add ? journal->store.add(journal->store.ctx, path) : 0;
        if (err) {
            free(place);
            return err;
        }
        add(journal, place);
    }
    *out = place;
    return 0;
}

static int take_over(void *ctx, const char *dir_path)
{
    struct place *place = new_place(dir_path);

    if (!place)
        return ENOMEM;
    add(ctx, place);
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
    int err = journal->store.list ? journal->store.list(journal->store.ctx, take_over, journal) : 0;
    if (err) {
        journal->store.remove = NULL; /* what is recorded stays so */
        journal_close(journal);
        return err;
    }
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

static void leave(struct journal *journal, const char *dir_path, bool for_good)
{
    if (!journal)
        return;
    pthread_mutex_lock(&journal->mutex);
    struct place *place = find(journal, dir_path);
    if (place && place->in) {
        journal->in_count--;
        if (!--place->in)
            idle_add(journal, place);
        if (for_good && !place->in)
            forget(journal, place);
        else if (journal->idle_count > JOURNAL_IDLE_MAX)
            forget(journal, journal->oldest);
    }
    pthread_mutex_unlock(&journal->mutex);
}

void journal_leave(struct journal *journal, const char *dir_path)
{
    leave(journal, dir_path, false);
}

void journal_leave_for_good(struct journal *journal, const char *dir_path)
{
    leave(journal, dir_path, true);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **journal_paths(struct journal *journal, apr_pool_t *pool)
{
    size_t count = 0;

    pthread_mutex_lock(&journal->mutex);
    const char **paths = apr_palloc(pool, (journal->place_count + 1) * sizeof(*paths));
    for (size_t i = 0; i < journal->bucket_count; i++)
        for (const struct place *place = journal->buckets[i]; place; place = place->next)
            paths[count++] = apr_pstrdup(pool, place->path);
    pthread_mutex_unlock(&journal->mutex);
    paths[count] = NULL;
    qsort(paths, count, sizeof(*paths), compare_paths);
    return paths;
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

static int record_moved(struct journal *journal, const char *from, const char *to, apr_pool_t *pool)
{
    struct path_list *moved = NULL;
    struct place *place;
    int err = 0;

    for (size_t i = 0; i < journal->bucket_count; i++)
        for (place = journal->buckets[i]; place; place = place->next)
            if (place->in && path_is_within(place->path, from))
                list_push(&moved, path_rebase(pool, place->path, from, to), pool);
    for (; moved && !err; moved = moved->next) {
        err = record(journal, moved->path, &place);
        if (!err)
            enter(journal, place);
    }
    return err;
}

int journal_moved(struct journal *journal, const char *from, const char *to)
{
    apr_pool_t *pool;
    int err = 0;

    if (!journal)
        return 0;
    pthread_mutex_lock(&journal->mutex);
    if (journal->in_count) {
        err = apr_pool_create(&pool, NULL);
        if (!err) {
            err = record_moved(journal, from, to, pool);
            apr_pool_destroy(pool);
        }
    }
    pthread_mutex_unlock(&journal->mutex);
    return err;
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
