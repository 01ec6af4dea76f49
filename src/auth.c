/*
 * The memory of verified credentials is a small direct-mapped table: no list to bound, no order to
 * keep; two credentials that share a slot merely pay bcrypt more often.
 */
#include "src/auth.h"

#include <apr_encode.h>
#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_md5.h>
#include <apr_strings.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEY_SIZE 32
#define MAC_SIZE 32 /* SHA-256 */

struct remembered {
    unsigned char mac[MAC_SIZE];
    int64_t until_ms; /* 0 = empty */
};

struct auth {
    const char *file;
    unsigned char key[KEY_SIZE];
    pthread_mutex_t mutex;  /* guards the rest */
    apr_pool_t *users_pool; /* replaced as a whole, with users */
    apr_hash_t *users;      /* name -> hash */
    struct remembered good[AUTH_REMEMBER_MAX];
    struct remembered bad[AUTH_REMEMBER_MAX]; /* of their own: guesses must not push out the good */
};

/* What an unknown name is verified against, so that it takes as long as a known one. It is the
 * bcrypt hash (cost 10) of random bytes that nobody kept. */
static const char nobody_hash[] = "$2y$10$9wMRa90pUPw18vixCAWpcuy1VX5GmCjlSIERJsZJQQSpEfjffgvwW";

struct credentials {
    const char *user, *password;
};

static int read_users(apr_pool_t *pool, const char *file, apr_hash_t *users, const char **out_message)
{
    apr_file_t *f;
    char line[1024];
    apr_status_t status = apr_file_open(&f, file, APR_FOPEN_READ | APR_FOPEN_BUFFERED, 0, pool);
    if (status != APR_SUCCESS) {
        *out_message = apr_psprintf(pool, "cannot read the users of %s: %s", file, strerror(status));
        return status;
    }
    for (int number = 1; apr_file_gets(line, sizeof line, f) == APR_SUCCESS; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        if (!*line || *line == '#')
            continue;
        char *colon = strchr(line, ':');
        if (!colon || colon == line || !colon[1]) {
            *out_message = apr_psprintf(pool, "%s:%d: not a NAME:HASH line", file, number);
            apr_file_close(f);
            return EINVAL;
        }
        *colon = '\0';
        colon[1 + strcspn(colon + 1, ":")] = '\0'; /* further fields are comments */
        apr_hash_set(users, apr_pstrdup(pool, line), APR_HASH_KEY_STRING, apr_pstrdup(pool, colon + 1));
    }
    apr_file_close(f);
    return 0;
}

int auth_reload(struct auth *auth, apr_pool_t *pool, const char **out_message)
{
    apr_pool_t *fresh, *old;
    apr_pool_create(&fresh, NULL);
    apr_hash_t *users = apr_hash_make(fresh);
    const char *message;
    int error = read_users(fresh, auth->file, users, &message);
    if (error) {
        *out_message = apr_pstrdup(pool, message);
        apr_pool_destroy(fresh);
        return error;
    }
    pthread_mutex_lock(&auth->mutex);
    old = auth->users_pool;
    auth->users_pool = fresh;
    auth->users = users;
    memset(auth->good, 0, sizeof auth->good);
    memset(auth->bad, 0, sizeof auth->bad);
    pthread_mutex_unlock(&auth->mutex);
    if (old)
        apr_pool_destroy(old);
    return 0;
}

int auth_open(apr_pool_t *pool, const char *file, struct auth **out, const char **out_message)
{
    struct auth *auth = apr_pcalloc(pool, sizeof *auth);
    auth->file = apr_pstrdup(pool, file);
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
    bool has = apr_hash_get(auth->users, user, APR_HASH_KEY_STRING) != NULL;
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

static void compute_mac(const struct auth *auth, const struct credentials *c, apr_pool_t *pool,
                        unsigned char out[MAC_SIZE])
{
    /* The name cannot hold a colon, so the pair is unambiguous. */
    const char *pair = apr_pstrcat(pool, c->user, ":", c->password, NULL);
    int failed = gnutls_hmac_fast(GNUTLS_MAC_SHA256, auth->key, sizeof auth->key, pair, strlen(pair), out);
    if (failed)
        abort();
}

/* Both with the mutex held. */
static struct remembered *slot_of(struct remembered table[AUTH_REMEMBER_MAX],
                                  const unsigned char mac[MAC_SIZE])
{
    return &table[((unsigned)mac[0] << 8 | mac[1]) % AUTH_REMEMBER_MAX];
}

static bool is_in(struct remembered table[AUTH_REMEMBER_MAX], const unsigned char mac[MAC_SIZE],
                  int64_t now_ms)
{
    const struct remembered *slot = slot_of(table, mac);
    return slot->until_ms > now_ms && gnutls_memcmp(slot->mac, mac, MAC_SIZE) == 0;
}

enum auth_answer auth_recall(struct auth *auth, const char *header, int64_t now_ms, apr_pool_t *pool,
                             const char **out_user)
{
    struct credentials c;
    unsigned char mac[MAC_SIZE];

    if (!parse_basic(header, pool, &c))
        return AUTH_REFUSED;
    compute_mac(auth, &c, pool, mac);
    pthread_mutex_lock(&auth->mutex);
    bool is_good = is_in(auth->good, mac, now_ms);
    bool is_bad = !is_good && is_in(auth->bad, mac, now_ms);
    pthread_mutex_unlock(&auth->mutex);
    if (!is_good)
        return is_bad ? AUTH_REFUSED : AUTH_UNKNOWN;
    *out_user = c.user;
    return AUTH_OK;
}

enum auth_answer auth_verify(struct auth *auth, const char *header, int64_t now_ms, apr_pool_t *pool,
                             const char **out_user)
{
    struct credentials c;
    unsigned char mac[MAC_SIZE];

    if (!parse_basic(header, pool, &c))
        return AUTH_REFUSED;
    pthread_mutex_lock(&auth->mutex);
    const char *hash = apr_pstrdup(pool, apr_hash_get(auth->users, c.user, APR_HASH_KEY_STRING));
    pthread_mutex_unlock(&auth->mutex);
    apr_status_t status = apr_password_validate(c.password, hash ? hash : nobody_hash);
    bool is_good = hash && status == APR_SUCCESS;

    compute_mac(auth, &c, pool, mac);
    pthread_mutex_lock(&auth->mutex);
    struct remembered *slot = slot_of(is_good ? auth->good : auth->bad, mac);
    memcpy(slot->mac, mac, MAC_SIZE);
    slot->until_ms = now_ms + (is_good ? AUTH_REMEMBER_MS : AUTH_REFUSE_MS);
    pthread_mutex_unlock(&auth->mutex);
    if (!is_good)
        return AUTH_REFUSED;
    *out_user = c.user;
    return AUTH_OK;
}
