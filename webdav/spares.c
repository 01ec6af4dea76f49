/*
 * The one given last is taken first: it is the one that the caches still hold.
 */
#include "webdav/spares.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct spares {
    pthread_mutex_t mutex;
    struct buffer kept[SPARES_MAX];
    unsigned count;
};

struct spares *spares_open(void)
{
    struct spares *spares = calloc(1, sizeof(*spares));
    if (!spares)
        abort();
    pthread_mutex_init(&spares->mutex, NULL);
    return spares;
}

void spares_close(struct spares *spares)
{
    if (!spares)
        return;
    while (spares->count)
        buffer_release(&spares->kept[--spares->count]);
    pthread_mutex_destroy(&spares->mutex);
    free(spares);
}

void spares_take(struct spares *spares, struct buffer *buffer)
{
    assert(!buffer->data && buffer->max >= SPARES_BYTES);
    pthread_mutex_lock(&spares->mutex);
    if (spares->count) {
        const struct buffer *spare = &spares->kept[--spares->count];
        buffer->data = spare->data;
        buffer->capacity = spare->capacity;
    }
    pthread_mutex_unlock(&spares->mutex);
}

void spares_give(struct spares *spares, struct buffer *buffer)
{
    pthread_mutex_lock(&spares->mutex);
    bool is_fit = buffer->data && buffer->capacity >= SPARES_LEAST && buffer->capacity <= SPARES_BYTES;
    if (is_fit && spares->count < SPARES_MAX) {
        spares->kept[spares->count++] = *buffer;
        buffer_init(buffer, buffer->max);
    }
    pthread_mutex_unlock(&spares->mutex);
    buffer_release(buffer);
}
