/*
 * The mutex is not held while a file system is asked; an entry that has ended meanwhile is known by its id.
 */
#include "webdav/spacewatch.h"

#include <apr_strings.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "webdav/resource.h"

#define INTERVAL_NS (200 * 1000000L)

struct spacewatch {
    struct dav *dav;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* an entry where there was none, or is_ended */
    pthread_t thread;
    bool has_thread, is_ended;
    uint64_t last_id;
    struct spacewatch_entry *first; /* the latest: ids go down */
};

/* The entry with the greatest id below this one. */
static struct spacewatch_entry *find_below(const struct spacewatch *watch, uint64_t id)
{
    struct spacewatch_entry *entry = watch->first;

    while (entry && entry->id >= id)
        entry = entry->next;
    return entry;
}

/* With the mutex, which is given up in between. */
static void look(struct spacewatch *watch)
{
    const struct spacewatch_entry *entry = watch->first;
    char path[FS_PATH_MAX + 1];

    while (entry) {
        uint64_t id = entry->id;
        apr_cpystrn(path, entry->request->dest, sizeof path);
        pthread_mutex_unlock(&watch->mutex);
        bool has_room = resource_leaves_space(watch->dav, path, 0);
        pthread_mutex_lock(&watch->mutex);
        entry = find_below(watch, id + 1);
        if (entry && entry->id == id && !has_room)
            dav_request_cancel(entry->request, DAV_STOP_NO_SPACE);
        entry = find_below(watch, id);
    }
}

static void wait_for_interval(struct spacewatch *watch)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += INTERVAL_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&watch->changed, &watch->mutex, &until);
}

static void *run(void *arg)
{
    struct spacewatch *watch = arg;

    pthread_mutex_lock(&watch->mutex);
    while (!watch->is_ended) {
        if (!watch->first) {
            pthread_cond_wait(&watch->changed, &watch->mutex);
            continue;
        }
        wait_for_interval(watch);
        look(watch);
    }
    pthread_mutex_unlock(&watch->mutex);
    return NULL;
}

int spacewatch_open(struct dav *dav, struct spacewatch **out)
{
    struct spacewatch *watch = calloc(1, sizeof *watch);
    pthread_condattr_t attr;

    if (!watch)
        return ENOMEM;
    watch->dav = dav;
    pthread_mutex_init(&watch->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->changed, &attr);
    pthread_condattr_destroy(&attr);
    *out = watch;
    return 0;
}

void spacewatch_close(struct spacewatch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->mutex);
    watch->is_ended = true;
    pthread_cond_signal(&watch->changed);
    pthread_mutex_unlock(&watch->mutex);
    if (watch->has_thread)
        pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
}

void spacewatch_begin(struct spacewatch *watch, struct dav_request *r, struct spacewatch_entry *entry)
{
    pthread_mutex_lock(&watch->mutex);
    *entry = (struct spacewatch_entry){ .request = r, .id = ++watch->last_id, .next = watch->first };
    if (!watch->has_thread)
        watch->has_thread = pthread_create(&watch->thread, NULL, run, watch) == 0;
    else if (!watch->first)
        pthread_cond_signal(&watch->changed);
    watch->first = entry;
    pthread_mutex_unlock(&watch->mutex);
}

void spacewatch_end(struct spacewatch *watch, struct spacewatch_entry *entry)
{
    pthread_mutex_lock(&watch->mutex);
    struct spacewatch_entry **at = &watch->first;
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    pthread_mutex_unlock(&watch->mutex);
}
