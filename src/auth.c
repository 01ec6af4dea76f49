/*
 * The memory of verified credentials is a small direct-mapped table: no list to bound, no order to
 * keep; two credentials that share a slot merely pay bcrypt more often.
 *
 * How long a refusal takes must not tell which names there are. Hashes differ in what they cost, so a name that does not
 * exist is verified against the hash of somebody who does, always the same one: as many of them are cheap or dear as of
 * those who exist, and whatever is found out, the answer is no.
 */
#include "src/auth.h"

#include <apr_encode.h>
#include <apr_md5.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/userfile.h"

#define KEY_SIZE 32
#define MAC_SIZE 32 /* SHA-256 */
#define WHO_SIZE 8  /* of 32: two with the same are forgotten together, no more */

struct remembered {
    unsigned char mac[MAC_SIZE];
    unsigned char who[WHO_SIZE]; /* HMAC of the name */
    int64_t until_ms;            /* 0 = empty */
};

struct auth {
    const char *file;
    bool allows_basic;
    unsigned char key[KEY_SIZE];
    pthread_mutex_t mutex;  /* guards the rest */
    apr_pool_t *users_pool; /* replaced as a whole, with users */
    struct userfile users;
    struct remembered good[AUTH_REMEMBER_MAX];
    struct remembered bad[AUTH_REMEMBER_MAX]; /* of their own: guesses must not push out the good */
};

/* What is verified against where no user has a hash. It is the bcrypt hash (cost 10) of random bytes that nobody
 * kept. */
static const char nobody_hash[] = "$2y$10$9wMRa90pUPw18vixCAWpcuy1VX5GmCjlSIERJsZJQQSpEfjffgvwW";

struct credentials {
    const char *user, *password;
};

/* A password must not cross a network that anybody listens to, unless the operator has said so. */
static int check_users(const struct auth *auth, const struct userfile *users, apr_pool_t *pool,
                       const char **out_message)
{
    if (auth->allows_basic || !users->has_hashes)
        return 0;
    *out_message =
        apr_psprintf(pool,
                     "passwords of %s would cross the network in clear: serve HTTPS (--tls-cert), listen "
                     "on loopback only, or give --allow-plain-auth",
                     auth->file);
    return EPERM;
}

int auth_reload(struct auth *auth, apr_pool_t *pool, const char **out_message)
{
    apr_pool_t *fresh, *old;
    apr_pool_create(&fresh, NULL);
    struct userfile users;
    const char *message;
    int error = userfile_read(fresh, auth->file, &users, &message);
    if (!error)
        error = check_users(auth, &users, fresh, &message);
    if (error) {
        *out_message = apr_pstrdup(pool, message);
        apr_pool_destroy(fresh);
        return error;
    }
    pthread_mutex_lock(&auth->mutex);
    old = auth->users_pool;
    auth->users_pool = fresh;
    auth->users = users;
    pthread_mutex_unlock(&auth->mutex);
    if (old)
        apr_pool_destroy(old);
    return 0;
}

int auth_open(apr_pool_t *pool, const char *file, bool allows_basic, struct auth **out,
              const char **out_message)
{
    struct auth *auth = apr_pcalloc(pool, sizeof *auth);
    auth->file = apr_pstrdup(pool, file);
    auth->allows_basic = allows_basic;
    pthread_mutex_init(&auth->mutex, NULL);
    int error = auth_reload(auth, pool, out_message);
    if (!error && gnutls_rnd(GNUTLS_RND_KEY, auth->key, sizeof auth->key) != 0) {
        *out_message = "no random numbers to be had";
        error = EIO;
    }
    if (error)
        auth_close(auth);
    else
        *out = auth;
    return error;
}

void auth_close(struct auth *auth)
{
    if (!auth)
        return;
    if (auth->users_pool)
        apr_pool_destroy(auth->users_pool);
    pthread_mutex_destroy(&auth->mutex);
    gnutls_memset(auth->key, 0, sizeof auth->key);
}

bool auth_has(struct auth *auth, const char *user)
{
    pthread_mutex_lock(&auth->mutex);
    bool has = userfile_find(&auth->users, user) != NULL;
    pthread_mutex_unlock(&auth->mutex);
    return has;
}

static void mac_name(const struct auth *auth, const char *name, unsigned char out[MAC_SIZE])
{
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, auth->key, sizeof auth->key, name, strlen(name), out) != 0)
        abort();
}

void auth_forget(struct auth *auth, const char *user)
{
    unsigned char who[MAC_SIZE];

    mac_name(auth, user, who);
    pthread_mutex_lock(&auth->mutex);
    for (size_t i = 0; i < AUTH_REMEMBER_MAX; i++)
        if (memcmp(auth->good[i].who, who, WHO_SIZE) == 0)
            auth->good[i] = (struct remembered){ .until_ms = 0 };
    pthread_mutex_unlock(&auth->mutex);
}

bool auth_takes_basic(struct auth *auth)
{
    pthread_mutex_lock(&auth->mutex);
    bool takes = auth->users.has_hashes || !auth->users.has_digests;
    pthread_mutex_unlock(&auth->mutex);
    return takes;
}

bool auth_takes_digest(struct auth *auth)
{
    pthread_mutex_lock(&auth->mutex);
    bool takes = auth->users.has_digests;
    pthread_mutex_unlock(&auth->mutex);
    return takes;
}

bool auth_digest_of(struct auth *auth, const char *user, unsigned char out[AUTH_DIGEST_SIZE])
{
    pthread_mutex_lock(&auth->mutex);
    const struct user *found = userfile_find(&auth->users, user);
    bool has = found && found->digest;
    if (has)
        memcpy(out, found->digest, AUTH_DIGEST_SIZE);
    pthread_mutex_unlock(&auth->mutex);
    return has;
}

/* "Basic dXNlcjpwYXNz" -> user, password. */
static bool parse_basic(const char *header, apr_pool_t *pool, struct credentials *out)
{
    static const char scheme[] = "Basic";
    if (!header || strncasecmp(header, scheme, sizeof scheme - 1) != 0 || header[sizeof scheme - 1] != ' ')
        return false;
    header += sizeof scheme;
    header += strspn(header, " ");
    if (strlen(header) > AUTH_HEADER_MAX)
        return false;

    apr_size_t size;
    char *text = apr_palloc(pool, strlen(header) + 1);
    if (apr_decode_base64(text, header, APR_ENCODE_STRING, APR_ENCODE_NONE, &size) != APR_SUCCESS)
        return false;
    text[size] = '\0';
    char *colon = strchr(text, ':');
    if (!colon || colon == text || strlen(text) != size)
        return false;
    *colon = '\0';
    *out = (struct credentials){ .user = text, .password = colon + 1 };
    return true;
}

/* What the file has of a name, as it is now. */
struct secrets {
    const char *hash;                       /* "": none */
    unsigned char digest[AUTH_DIGEST_SIZE]; /* 0: none */
    bool has_hash, has_digest;
};

static void find_secrets(struct auth *auth, const char *name, apr_pool_t *pool, struct secrets *out)
{
    *out = (struct secrets){ .hash = "" };
    pthread_mutex_lock(&auth->mutex);
    const struct user *user = userfile_find(&auth->users, name);
    out->has_hash = user && user->hash;
    out->has_digest = user && user->digest;
    if (out->has_hash)
        out->hash = apr_pstrdup(pool, user->hash);
    if (out->has_digest)
        memcpy(out->digest, user->digest, sizeof out->digest);
    pthread_mutex_unlock(&auth->mutex);
}

/* Under which credentials are remembered. Who gets another password, or none, is not remembered by what was right
 * before; of everybody else the file may be read again as often as one likes. */
static void compute_mac(const struct auth *auth, const struct credentials *c, const struct secrets *secrets,
                        const struct address *from, unsigned char out[MAC_SIZE])
{
    struct address network = address_network(from, ADDRESS_CLIENT_BITS);
    gnutls_hmac_hd_t hmac;

    if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, auth->key, sizeof auth->key) != 0)
        abort();
    gnutls_hmac(hmac, &network, sizeof network);
    gnutls_hmac(hmac, secrets->digest, sizeof secrets->digest);
    gnutls_hmac(hmac, secrets->hash,
                strlen(secrets->hash) + 1); /* each with its end, so that none runs into the next */
    gnutls_hmac(hmac, c->user, strlen(c->user) + 1);
    gnutls_hmac(hmac, c->password, strlen(c->password));
    gnutls_hmac_deinit(hmac, out);
}

/* What a header says, what it is to be held against, and under what that is remembered. False: it makes no sense. */
static bool identify(struct auth *auth, const char *header, const struct address *from, apr_pool_t *pool,
                     struct credentials *out_said, struct secrets *out_secrets,
                     unsigned char out_mac[MAC_SIZE])
{
    if (!parse_basic(header, pool, out_said))
        return false;
    find_secrets(auth, out_said->user, pool, out_secrets);
    compute_mac(auth, out_said, out_secrets, from, out_mac);
    return true;
}

const char *auth_claimed_user(const char *header, apr_pool_t *pool)
{
    struct credentials c;
    return parse_basic(header, pool, &c) ? c.user : NULL;
}

/* These with the mutex held. */
static struct remembered *slot_of(struct remembered table[AUTH_REMEMBER_MAX],
                                  const unsigned char mac[MAC_SIZE])
{
    return &table[((unsigned)mac[0] << 8 | mac[1]) % AUTH_REMEMBER_MAX];
}

static void remember(struct remembered table[AUTH_REMEMBER_MAX], const unsigned char mac[MAC_SIZE],
                     const unsigned char who[WHO_SIZE], int64_t until_ms)
{
    struct remembered *slot = slot_of(table, mac);
    memcpy(slot->mac, mac, MAC_SIZE);
    memcpy(slot->who, who, WHO_SIZE);
    slot->until_ms = until_ms;
}

/* What is asked for again is remembered for longer. */
static bool is_in(struct remembered table[AUTH_REMEMBER_MAX], const unsigned char mac[MAC_SIZE],
                  int64_t now_ms, int64_t more_ms)
{
    struct remembered *slot = slot_of(table, mac);
    if (slot->until_ms <= now_ms || gnutls_memcmp(slot->mac, mac, MAC_SIZE) != 0)
        return false;
    slot->until_ms = now_ms + more_ms;
    return true;
}

enum auth_answer auth_recall(struct auth *auth, const char *header, const struct address *from,
                             int64_t now_ms, apr_pool_t *pool, const char **out_user)
{
    struct credentials c;
    struct secrets secrets;
    unsigned char mac[MAC_SIZE];

    if (!identify(auth, header, from, pool, &c, &secrets, mac))
        return AUTH_REFUSED;
    pthread_mutex_lock(&auth->mutex);
    bool is_good = is_in(auth->good, mac, now_ms, AUTH_REMEMBER_MS);
    bool is_bad = !is_good && is_in(auth->bad, mac, now_ms, AUTH_REFUSE_MS);
    pthread_mutex_unlock(&auth->mutex);
    if (!is_good)
        return is_bad ? AUTH_REFUSED : AUTH_UNKNOWN;
    *out_user = c.user;
    return AUTH_OK;
}

/* What the password of a name that nobody has is verified against. */
static const char *decoy_hash(struct auth *auth, const char *name, apr_pool_t *pool)
{
    unsigned char mac[MAC_SIZE];

    mac_name(auth, name, mac);
    unsigned which = (unsigned)mac[0] << 24 | (unsigned)mac[1] << 16 | (unsigned)mac[2] << 8 | mac[3];
    pthread_mutex_lock(&auth->mutex);
    const apr_array_header_t *hashes = auth->users.hashed;
    const char *hash =
        hashes->nelts ? APR_ARRAY_IDX(hashes, which % (unsigned)hashes->nelts, const char *) : nobody_hash;
    hash = apr_pstrdup(pool, hash);
    pthread_mutex_unlock(&auth->mutex);
    return hash;
}

/* The same work for a name that is not there. */
static bool is_right(const struct credentials *c, const struct secrets *secrets, const char *decoy)
{
    unsigned char digest[AUTH_DIGEST_SIZE];

    userfile_digest(c->user, c->password, digest);
    bool is_digest = secrets->has_digest && gnutls_memcmp(digest, secrets->digest, sizeof digest) == 0;
    bool is_hashed =
        apr_password_validate(c->password, secrets->has_hash ? secrets->hash : decoy) == APR_SUCCESS;
    return (secrets->has_hash && is_hashed) || is_digest;
}

enum auth_answer auth_verify(struct auth *auth, const char *header, const struct address *from,
                             int64_t now_ms, apr_pool_t *pool, const char **out_user)
{
    struct credentials c;
    struct secrets secrets;
    unsigned char mac[MAC_SIZE], who[MAC_SIZE];

    if (!identify(auth, header, from, pool, &c, &secrets, mac))
        return AUTH_REFUSED;
    bool is_good = is_right(&c, &secrets, decoy_hash(auth, c.user, pool));
    mac_name(auth, c.user, who);
    pthread_mutex_lock(&auth->mutex);
    if (is_good)
        remember(auth->good, mac, who, now_ms + AUTH_REMEMBER_MS);
    else
        remember(auth->bad, mac, who, now_ms + AUTH_REFUSE_MS);
    pthread_mutex_unlock(&auth->mutex);
    if (!is_good)
        return AUTH_REFUSED;
    *out_user = c.user;
    return AUTH_OK;
}
