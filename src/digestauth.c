/*
 * The nonces in use are kept in small sets. The one that was not used for longest makes room, and the set remembers how
 * young the youngest was that had to: no nonce as old as that is believed to be a new one.
 */
#include "src/digestauth.h"

#include <apr_strings.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/digestparams.h"
#include "src/userfile.h"

#define KEY_SIZE 32
#define ID_SIZE  16
#define MAC_SIZE 16 /* of 32 */
#define WAYS     8
#define HEX_SIZE (2 * DIGESTAUTH_HASH_SIZE + 1)

/* As it goes over the wire, in hexadecimal. */
struct nonce {
    unsigned char time[8]; /* big-endian ms */
    unsigned char id[ID_SIZE];
    unsigned char mac[MAC_SIZE];
};

struct slot {
    unsigned char id[ID_SIZE];
    unsigned char user[DIGESTAUTH_HASH_SIZE]; /* SHA-256 of the name */
    uint32_t newest;                          /* count */
    uint64_t used;                            /* bit n: newest - n */
    int64_t made_ms, touched_ms;              /* 0 = empty */
};

struct set {
    struct slot way[WAYS];
    int64_t gone_ms; /* when the youngest was made that is no longer here */
};

struct digestauth {
    unsigned char key[KEY_SIZE];
    pthread_mutex_t mutex;
    struct set sets[DIGESTAUTH_SLOTS / WAYS];
};

int digestauth_open(struct digestauth **out)
{
    struct digestauth *digest = calloc(1, sizeof *digest);

    if (!digest)
        return ENOMEM;
    if (gnutls_rnd(GNUTLS_RND_KEY, digest->key, sizeof digest->key) != 0) {
        free(digest);
        return EIO;
    }
    pthread_mutex_init(&digest->mutex, NULL);
    *out = digest;
    return 0;
}

void digestauth_close(struct digestauth *digest)
{
    if (!digest)
        return;
    pthread_mutex_destroy(&digest->mutex);
    gnutls_memset(digest->key, 0, sizeof digest->key);
    free(digest);
}

/* ---- nonces ---- */

static void compute_mac(const struct digestauth *digest, const struct nonce *nonce,
                        unsigned char out[MAC_SIZE])
{
    unsigned char whole[32];
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, digest->key, sizeof digest->key, nonce,
                         offsetof(struct nonce, mac), whole) != 0)
        abort();
    memcpy(out, whole, MAC_SIZE);
}

static void to_hex(const void *data, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static bool from_hex(const char *text, void *out, size_t size)
{
    const gnutls_datum_t hex = { (unsigned char *)(size_t)text, (unsigned)(2 * size) };

    return strspn(text, "0123456789abcdefABCDEF") == 2 * size && !text[2 * size] &&
           gnutls_hex_decode(&hex, out, &size) == 0;
}

const char *digestauth_challenge(struct digestauth *digest, bool is_stale, int64_t now_ms, apr_pool_t *pool)
{
    struct nonce nonce;
    char hex[2 * sizeof nonce + 1];

    for (unsigned i = 0; i < sizeof nonce.time; i++)
        nonce.time[i] = (unsigned char)((uint64_t)now_ms >> 8 * (sizeof nonce.time - 1 - i));
    if (gnutls_rnd(GNUTLS_RND_NONCE, nonce.id, sizeof nonce.id) != 0)
        abort();
    compute_mac(digest, &nonce, nonce.mac);
    to_hex(&nonce, sizeof nonce, hex);
    return apr_psprintf(pool,
                        "Digest realm=\"%s\", qop=\"auth\", algorithm=SHA-256, nonce=\"%s\", charset=UTF-8%s",
                        USERFILE_REALM, hex, is_stale ? ", stale=true" : "");
}

/* False if we did not make it, or it is too old. */
static bool read_nonce(const struct digestauth *digest, const char *text, int64_t now_ms, struct nonce *out,
                       int64_t *out_made_ms)
{
    unsigned char mac[MAC_SIZE];
    uint64_t made_ms = 0;

    if (!from_hex(text, out, sizeof *out))
        return false;
    compute_mac(digest, out, mac);
    if (gnutls_memcmp(mac, out->mac, MAC_SIZE) != 0)
        return false;
    for (unsigned i = 0; i < sizeof out->time; i++)
        made_ms = made_ms << 8 | out->time[i];
    *out_made_ms = (int64_t)made_ms;
    return (int64_t)made_ms + DIGESTAUTH_NONCE_MS > now_ms;
}

/* ---- which counts were used; with the mutex held ---- */

static struct set *set_of(struct digestauth *digest, const struct nonce *nonce)
{
    unsigned which = (unsigned)nonce->id[0] << 8 | nonce->id[1];
    return &digest->sets[which % (DIGESTAUTH_SLOTS / WAYS)];
}

static struct slot *find(struct set *set, const struct nonce *nonce)
{
    for (unsigned i = 0; i < WAYS; i++)
        if (set->way[i].touched_ms && memcmp(set->way[i].id, nonce->id, ID_SIZE) == 0)
            return &set->way[i];
    return NULL;
}

static struct slot *make_room(struct set *set)
{
    struct slot *oldest = set->way;

    for (unsigned i = 1; i < WAYS; i++)
        if (set->way[i].touched_ms < oldest->touched_ms)
            oldest = &set->way[i];
    if (oldest->touched_ms && oldest->made_ms > set->gone_ms)
        set->gone_ms = oldest->made_ms;
    *oldest = (struct slot){ .touched_ms = 0 };
    return oldest;
}

/* Marks the count; false if it is marked, or too far back to know. */
static bool use_count(struct slot *slot, uint32_t count)
{
    if (count > slot->newest) {
        uint32_t further = count - slot->newest;
        slot->used = further < DIGESTAUTH_WINDOW ? slot->used << further | 1 : 1;
        slot->newest = count;
        return true;
    }
    uint32_t back = slot->newest - count;
    if (back >= DIGESTAUTH_WINDOW || slot->used >> back & 1)
        return false;
    slot->used |= UINT64_C(1) << back;
    return true;
}

static void hash_name(const char *user, unsigned char out[DIGESTAUTH_HASH_SIZE])
{
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, user, strlen(user), out) != 0)
        abort();
}

static bool use_nonce(struct digestauth *digest, const struct digest_claim *claim, int64_t now_ms)
{
    unsigned char user[DIGESTAUTH_HASH_SIZE];
    struct nonce nonce;
    int64_t made_ms;
    bool is_good = false;

    if (!read_nonce(digest, claim->nonce, now_ms, &nonce, &made_ms))
        return false;
    hash_name(claim->user, user);
    pthread_mutex_lock(&digest->mutex);
    struct set *set = set_of(digest, &nonce);
    struct slot *slot = find(set, &nonce);
    if (!slot && made_ms > set->gone_ms) {
        slot = make_room(set);
        memcpy(slot->id, nonce.id, ID_SIZE);
        memcpy(slot->user, user, sizeof user);
        slot->made_ms = made_ms;
    }
    if (slot && memcmp(slot->user, user, sizeof user) == 0 && use_count(slot, claim->count)) {
        slot->touched_ms = now_ms;
        is_good = true;
    }
    pthread_mutex_unlock(&digest->mutex);
    return is_good;
}

bool digestauth_knows(struct digestauth *digest, const struct digest_claim *claim, int64_t now_ms)
{
    unsigned char user[DIGESTAUTH_HASH_SIZE];
    struct nonce nonce;
    int64_t made_ms;

    if (!read_nonce(digest, claim->nonce, now_ms, &nonce, &made_ms))
        return false;
    hash_name(claim->user, user);
    pthread_mutex_lock(&digest->mutex);
    const struct slot *slot = find(set_of(digest, &nonce), &nonce);
    bool knows = slot && memcmp(slot->user, user, sizeof user) == 0;
    pthread_mutex_unlock(&digest->mutex);
    return knows;
}

/* ---- claims ---- */

bool digestauth_parse(const char *header, apr_pool_t *pool, struct digest_claim *out)
{
    struct digestparams p;

    if (!digestparams_parse(header, pool, &p) || !p.realm || strcmp(p.realm, USERFILE_REALM) != 0 ||
        !p.algorithm || strcasecmp(p.algorithm, "SHA-256") != 0 || !p.qop || strcmp(p.qop, "auth") != 0 ||
        (p.userhash && strcasecmp(p.userhash, "false") != 0))
        return false;
    if (!p.username || !p.nonce || !p.uri || !p.cnonce || !p.nc || strlen(p.nc) != 8 ||
        strspn(p.nc, "0123456789abcdefABCDEF") != 8 || !p.response)
        return false;
    *out = (struct digest_claim){ .user = p.username,
                                  .nonce = p.nonce,
                                  .uri = p.uri,
                                  .cnonce = p.cnonce,
                                  .nc = p.nc,
                                  .qop = p.qop,
                                  .count = (uint32_t)strtoul(p.nc, NULL, 16) };
    return from_hex(p.response, out->response, sizeof out->response);
}

/* SHA-256 of the words with colons between, as they go into the next one. */
static void hash_words(const char *const *words, size_t count, unsigned char out[DIGESTAUTH_HASH_SIZE])
{
    gnutls_hash_hd_t hash;

    if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
        abort();
    for (size_t i = 0; i < count; i++) {
        if (i)
            gnutls_hash(hash, ":", 1);
        gnutls_hash(hash, words[i], strlen(words[i]));
    }
    gnutls_hash_deinit(hash, out);
}

/* RFC 7616 3.4.1. */
static bool is_response_right(const struct digest_claim *claim, const unsigned char *secret,
                              const char *method)
{
    unsigned char digest[DIGESTAUTH_HASH_SIZE];
    char a1[HEX_SIZE], a2[HEX_SIZE];
    const char *const request[] = { method, claim->uri };
    const char *const all[] = { a1, claim->nonce, claim->nc, claim->cnonce, claim->qop, a2 };

    to_hex(secret, DIGESTAUTH_HASH_SIZE, a1);
    hash_words(request, sizeof request / sizeof *request, digest);
    to_hex(digest, sizeof digest, a2);
    hash_words(all, sizeof all / sizeof *all, digest);
    gnutls_memset(a1, 0, sizeof a1);
    return gnutls_memcmp(digest, claim->response, sizeof digest) == 0;
}

/* "http://host/path" -> "/path": either side may have it whole (RFC 7616 3.4.6). */
static const char *path_of(const char *target)
{
    const char *slashes = *target == '/' ? NULL : strstr(target, "://");
    const char *path = slashes ? strchr(slashes + 3, '/') : target;
    return path ? path : "/";
}

enum digest_answer digestauth_check(struct digestauth *digest, const struct digest_claim *claim,
                                    const unsigned char *secret, const char *method, const char *target,
                                    int64_t now_ms)
{
    static const unsigned char nobody[DIGESTAUTH_HASH_SIZE];

    if (strcmp(path_of(claim->uri), path_of(target)) != 0)
        return DIGEST_ELSEWHERE;
    if (!is_response_right(claim, secret ? secret : nobody, method) || !secret)
        return DIGEST_WRONG;
    return use_nonce(digest, claim, now_ms) ? DIGEST_RIGHT : DIGEST_STALE;
}
