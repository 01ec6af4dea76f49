/*
 * Three tables of the same form. A key may stand in any of WAYS slots beside each other, so that filling a table with
 * rubbish does not push out those that have failed often.
 *
 * A success does not forget the failures of the address: else somebody with one account could guess at all others from
 * there. Whoever has logged in is a place of his own afterwards.
 */
#include "src/loginlimit.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 32
#define ID_SIZE  16
#define WAYS     8

struct slot {
    unsigned char id[ID_SIZE];
    unsigned failures;
    unsigned refused; /* since the last failure */
    int64_t used_ms;  /* 0 = empty */
    int64_t until_ms; /* nobody may try */
};

enum table { ADDRESSES, NAMES, PLACES, TABLES };

struct loginlimit {
    unsigned char key[KEY_SIZE];
    pthread_mutex_t mutex; /* guards the tables */
    struct slot slots[TABLES][LOGINLIMIT_SLOTS];
};

/* What a login is counted under. */
struct ids {
    unsigned char of[TABLES][32]; /* SHA-256, of which ID_SIZE bytes are kept */
};

int loginlimit_open(struct loginlimit **out)
{
    struct loginlimit *limit = calloc(1, sizeof *limit);

    if (!limit)
        return ENOMEM;
    if (gnutls_rnd(GNUTLS_RND_KEY, limit->key, sizeof limit->key) != 0) {
        free(limit);
        return EIO;
    }
    pthread_mutex_init(&limit->mutex, NULL);
    *out = limit;
    return 0;
}

void loginlimit_close(struct loginlimit *limit)
{
    if (!limit)
        return;
    pthread_mutex_destroy(&limit->mutex);
    free(limit);
}

static void compute_ids(const struct loginlimit *limit, const struct address *from, const char *name,
                        struct ids *out)
{
    struct address network = address_network(from, ADDRESS_CLIENT_BITS);
    gnutls_hmac_hd_t hmac;

    if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, limit->key, sizeof limit->key) != 0)
        abort();
    gnutls_hmac(hmac, &network, sizeof network);
    gnutls_hmac_output(hmac, out->of[ADDRESSES]);
    gnutls_hmac(hmac, name, strlen(name));
    gnutls_hmac_output(hmac, out->of[NAMES]);
    gnutls_hmac(hmac, &network, sizeof network);
    gnutls_hmac(hmac, name, strlen(name));
    gnutls_hmac_deinit(hmac, out->of[PLACES]);
}

/* ---- tables; with the mutex held ---- */

static bool is_old(const struct slot *slot, int64_t now_ms)
{
    return slot->used_ms + LOGINLIMIT_WINDOW_MS <= now_ms && slot->until_ms + LOGINLIMIT_WINDOW_MS <= now_ms;
}

static struct slot *first_way(struct loginlimit *limit, enum table table, const struct ids *ids)
{
    unsigned set =
        ((unsigned)ids->of[table][ID_SIZE] << 8 | ids->of[table][ID_SIZE + 1]) % (LOGINLIMIT_SLOTS / WAYS);
    return &limit->slots[table][set * WAYS];
}

/* NULL: it is not there. Failures that are too old are forgotten; places stay. */
static struct slot *find(struct loginlimit *limit, enum table table, const struct ids *ids, int64_t now_ms)
{
    struct slot *way = first_way(limit, table, ids);

    for (unsigned i = 0; i < WAYS; i++) {
        if (!way[i].used_ms || memcmp(way[i].id, ids->of[table], ID_SIZE) != 0)
            continue;
        if (is_old(&way[i], now_ms))
            way[i].failures = 0;
        return &way[i];
    }
    return NULL;
}

static bool goes_before(const struct slot *a, const struct slot *b, enum table table)
{
    return table != PLACES && a->failures != b->failures ? a->failures < b->failures
                                                         : a->used_ms < b->used_ms;
}

static struct slot *find_or_make(struct loginlimit *limit, enum table table, const struct ids *ids,
                                 int64_t now_ms)
{
    struct slot *slot = find(limit, table, ids, now_ms), *way = first_way(limit, table, ids);

    if (slot)
        return slot;
    slot = way;
    for (unsigned i = 0; i < WAYS; i++) {
        if (is_old(&way[i], now_ms) && table != PLACES)
            way[i] = (struct slot){ .used_ms = 0 };
        if (goes_before(&way[i], slot, table))
            slot = &way[i];
    }
    *slot = (struct slot){ .used_ms = now_ms };
    memcpy(slot->id, ids->of[table], ID_SIZE);
    return slot;
}

static int64_t waiting(const struct slot *slot, int64_t now_ms)
{
    return slot && slot->until_ms > now_ms ? slot->until_ms - now_ms : 0;
}

static int64_t count(struct slot *slot, int64_t now_ms)
{
    int64_t wait_ms = LOGINLIMIT_FIRST_MS;

    slot->used_ms = now_ms;
    slot->refused = 0;
    if (++slot->failures < LOGINLIMIT_FAILURES)
        return 0;
    for (unsigned i = LOGINLIMIT_FAILURES; i < slot->failures && wait_ms < LOGINLIMIT_LONGEST_MS; i++)
        wait_ms *= 2;
    if (wait_ms > LOGINLIMIT_LONGEST_MS)
        wait_ms = LOGINLIMIT_LONGEST_MS;
    slot->until_ms = now_ms + wait_ms;
    return wait_ms;
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- what is asked ---- */

int64_t loginlimit_wait(struct loginlimit *limit, const struct address *from, const char *name,
                        int64_t now_ms, bool *out_is_stubborn)
{
    struct ids ids;
    int64_t wait_ms;

    compute_ids(limit, from, name, &ids);
    pthread_mutex_lock(&limit->mutex);
    struct slot *place = find(limit, PLACES, &ids, now_ms);
    if (place)
        wait_ms = waiting(place, now_ms);
    else
        wait_ms = longer(waiting(find(limit, ADDRESSES, &ids, now_ms), now_ms),
                         waiting(find(limit, NAMES, &ids, now_ms), now_ms));
    *out_is_stubborn = place && wait_ms && ++place->refused == LOGINLIMIT_STUBBORN;
    pthread_mutex_unlock(&limit->mutex);
    return wait_ms;
}

int64_t loginlimit_failed(struct loginlimit *limit, const struct address *from, const char *name,
                          int64_t now_ms)
{
    struct ids ids;
    int64_t wait_ms;

    compute_ids(limit, from, name, &ids);
    pthread_mutex_lock(&limit->mutex);
    struct slot *place = find(limit, PLACES, &ids, now_ms);
    if (place)
        wait_ms = count(place, now_ms);
    else
        wait_ms = longer(count(find_or_make(limit, ADDRESSES, &ids, now_ms), now_ms),
                         count(find_or_make(limit, NAMES, &ids, now_ms), now_ms));
    pthread_mutex_unlock(&limit->mutex);
    return wait_ms;
}

void loginlimit_succeeded(struct loginlimit *limit, const struct address *from, const char *name,
                          int64_t now_ms)
{
    struct ids ids;

    compute_ids(limit, from, name, &ids);
    pthread_mutex_lock(&limit->mutex);
    struct slot *named = find(limit, PLACES, &ids, now_ms) ? NULL : find(limit, NAMES, &ids, now_ms);
    struct slot *place = find_or_make(limit, PLACES, &ids, now_ms);
    place->failures = 0;
    place->until_ms = 0;
    place->used_ms = now_ms;
    if (named)
        *named = (struct slot){ .used_ms = 0 };
    pthread_mutex_unlock(&limit->mutex);
}
