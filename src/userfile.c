/*
 * The whole file is read and judged before anything of it counts: a user who is left out by a slip of the pen would
 * notice too late.
 */
#include "src/userfile.h"

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    apr_pool_t *pool;
    struct userfile *users;
    const char *file;
    int number; /* of the line */
    const char **message;
};

static int wrong(struct reading *r, const char *what)
{
    *r->message = apr_psprintf(r->pool, "%s:%d: %s", r->file, r->number, what);
    return EINVAL;
}

bool userfile_is_name(const char *name)
{
    size_t len = strlen(name);

    if (!len || len > USERFILE_NAME_MAX || *name == '#')
        return false;
    for (size_t i = 0; i < len; i++)
        if (name[i] == ':' || (unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return true;
}

/* Is `text` (what stands behind the name) a digest line's? Then its realm ends at *out_colon. */
static bool is_digest(const char *text, const char **out_colon)
{
    const char *colon = strchr(text, ':');

    if (!colon || strspn(colon + 1, "0123456789abcdefABCDEF") != 2 * USERFILE_DIGEST_SIZE ||
        colon[1 + 2 * USERFILE_DIGEST_SIZE])
        return false;
    *out_colon = colon;
    return true;
}

void userfile_digest(const char *name, const char *password, unsigned char out[USERFILE_DIGEST_SIZE])
{
    gnutls_hash_hd_t hash;

    if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
        abort();
    gnutls_hash(hash, name, strlen(name));
    gnutls_hash(hash, ":" USERFILE_REALM ":", sizeof ":" USERFILE_REALM ":" - 1);
    gnutls_hash(hash, password, strlen(password));
    gnutls_hash_deinit(hash, out);
}

static struct user *user_named(struct reading *r, const char *name)
{
    struct user *user = apr_hash_get(r->users->by_name, name, APR_HASH_KEY_STRING);

    if (!user) {
        user = apr_pcalloc(r->pool, sizeof *user);
        user->name = apr_pstrdup(r->pool, name);
        apr_hash_set(r->users->by_name, user->name, APR_HASH_KEY_STRING, user);
    }
    return user;
}

static int take_digest(struct reading *r, struct user *user, const char *realm, const char *colon)
{
    unsigned char *digest = apr_palloc(r->pool, USERFILE_DIGEST_SIZE);
    size_t size = USERFILE_DIGEST_SIZE;
    const gnutls_datum_t hex = { (unsigned char *)(colon + 1), 2 * USERFILE_DIGEST_SIZE };

    if (strncmp(realm, USERFILE_REALM, (size_t)(colon - realm)) != 0 ||
        realm[sizeof USERFILE_REALM - 1] != ':')
        return wrong(r, "the realm is not " USERFILE_REALM);
    if (gnutls_hex_decode(&hex, digest, &size) != 0)
        return wrong(r, "not a digest");
    user->digest = digest;
    r->users->has_digests = true;
    return 0;
}

static int take_line(struct reading *r, char *line)
{
    const char *second;
    char *colon = strchr(line, ':');

    if (!colon || colon == line || !colon[1])
        return wrong(r, "not a NAME:HASH line");
    *colon = '\0';
    if (!userfile_is_name(line))
        return wrong(r, "a name is too long, or has a control character");
    struct user *user = user_named(r, line);
    if (is_digest(colon + 1, &second))
        return take_digest(r, user, colon + 1, second);
    user->hash = apr_pstrndup(r->pool, colon + 1, strcspn(colon + 1, ":"));
    APR_ARRAY_PUSH(r->users->hashed, const char *) = user->hash;
    r->users->has_hashes = true;
    return 0;
}

static int cannot_read(struct reading *r, apr_status_t status)
{
    *r->message = apr_psprintf(r->pool, "cannot read the users of %s: %s", r->file, strerror(status));
    return status;
}

static int read_lines(struct reading *r, apr_file_t *f)
{
    char line[USERFILE_LINE_MAX];
    apr_status_t status = APR_SUCCESS;
    int error = 0;

    while (!error && (status = apr_file_gets(line, sizeof line, f)) == APR_SUCCESS) {
        r->number++;
        size_t len = strlen(line);
        if (len == sizeof line - 1 && line[len - 1] != '\n')
            return wrong(r, "the line is too long");
        line[strcspn(line, "\r\n")] = '\0';
        if (*line && *line != '#')
            error = take_line(r, line);
    }
    return status == APR_SUCCESS || APR_STATUS_IS_EOF(status) ? error : cannot_read(r, status);
}

int userfile_read(apr_pool_t *pool, const char *file, struct userfile *out, const char **out_message)
{
    struct userfile users = { .by_name = apr_hash_make(pool),
                              .hashed = apr_array_make(pool, 16, sizeof(char *)) };
    struct reading reading = { .pool = pool, .users = &users, .file = file, .message = out_message };
    apr_file_t *f;

    apr_status_t status = apr_file_open(&f, file, APR_FOPEN_READ | APR_FOPEN_BUFFERED, 0, pool);
    if (status != APR_SUCCESS)
        return cannot_read(&reading, status);
    int error = read_lines(&reading, f);
    apr_file_close(f);
    if (!error)
        *out = users;
    return error;
}

const struct user *userfile_find(const struct userfile *users, const char *name)
{
    return apr_hash_get(users->by_name, name, APR_HASH_KEY_STRING);
}
