/*
 * Addresses are kept in the C library's balanced tree, so that no choice of addresses makes it slow; there are never
 * more than there are connections.
 */
#include "src/conncount.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct place {
    struct address network; /* first: what is compared */
    unsigned count;
};

struct conncount {
    pthread_mutex_t mutex; /* guards what follows */
    void *places;          /* tsearch's tree */
    unsigned all;
};

static int compare_networks(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct address));
}

static struct place *find(struct conncount *count, const struct address *network)
{
    void *found = tfind(network, &count->places, compare_networks);
    return found ? *(struct place **)found : NULL;
}

/* One more from there; false: no memory. */
static bool add(struct conncount *count, struct place *place, const struct address *network)
{
    if (!place) {
        place = calloc(1, sizeof *place);
        if (!place)
            return false;
        place->network = *network;
        if (!tsearch(place, &count->places, compare_networks)) {
            free(place);
            return false;
        }
    }
    place->count++;
    count->all++;
    return true;
}

int conncount_open(struct conncount **out)
{
    struct conncount *count = calloc(1, sizeof *count);
    if (!count)
        return ENOMEM;
    pthread_mutex_init(&count->mutex, NULL);
    *out = count;
    return 0;
}

/* What libmicrohttpd took and lost for want of memory was never given back. */
void conncount_close(struct conncount *count)
{
    if (!count)
        return;
    tdestroy(count->places, free);
    pthread_mutex_destroy(&count->mutex);
    free(count);
}

const char *conncount_take(struct conncount *count, const struct address *address, unsigned all,
                           unsigned per_address)
{
    const struct address network = address_network(address, ADDRESS_CLIENT_BITS);
    const char *met = NULL;

    pthread_mutex_lock(&count->mutex);
    struct place *place = find(count, &network);
    if (place && place->count >= per_address && place->count < all)
        met = "max-connections-per-address";
    else if (count->all >= all || !add(count, place, &network))
        met = "max-connections";
    pthread_mutex_unlock(&count->mutex);
    return met;
}

void conncount_give_back(struct conncount *count, const struct address *address)
{
    const struct address network = address_network(address, ADDRESS_CLIENT_BITS);

    pthread_mutex_lock(&count->mutex);
    struct place *place = find(count, &network);
    assert(place && count->all > 0);
    count->all--;
    if (--place->count == 0) {
        tdelete(place, &count->places, compare_networks);
        free(place);
    }
    pthread_mutex_unlock(&count->mutex);
}

unsigned conncount_now(struct conncount *count)
{
    pthread_mutex_lock(&count->mutex);
    unsigned all = count->all;
    pthread_mutex_unlock(&count->mutex);
    return all;
}
