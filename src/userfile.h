/*
 * The file of users: NAME:HASH lines as htpasswd writes them, and NAME:REALM:DIGEST lines of Digest (RFC 7616), 64
 * hex digits of the SHA-256 of "NAME:REALM:PASSWORD". Empty lines and # comments are skipped; what stands behind a
 * hash and one more colon is a comment too.
 *
 * Life: userfile_read fills tables in a pool; they never change. Threads: any may read. Errors: errno, and one line for
 * the operator that names the file and the line.
 */
#ifndef HOLDFAST_USERFILE_H
#define HOLDFAST_USERFILE_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

#define USERFILE_REALM       "Holdfast"
#define USERFILE_DIGEST_SIZE 32   /* SHA-256 */
#define USERFILE_LINE_MAX    1024 /* with its end */
#define USERFILE_NAME_MAX    256

/* Of a line with both forms of one name each counts. */
struct user {
    const char *name;
    const char *hash;            /* of the password, as apr_password_validate takes it; NULL: none */
    const unsigned char *digest; /* USERFILE_DIGEST_SIZE bytes; NULL: none */
};

struct userfile {
    struct apr_hash_t *by_name;        /* to struct user */
    struct apr_array_header_t *hashed; /* of const char *: every hash there is, in the order of the file */
    bool has_hashes, has_digests;
};

int userfile_read(apr_pool_t *pool, const char *file, struct userfile *out, const char **out_message);

/* NULL: there is none of that name. */
const struct user *userfile_find(const struct userfile *users, const char *name);

/* SHA-256 of "NAME:USERFILE_REALM:PASSWORD". */
void userfile_digest(const char *name, const char *password, unsigned char out[USERFILE_DIGEST_SIZE]);

/* May a user have this name: not empty, not too long, no colon, no control characters, no # in front? */
bool userfile_is_name(const char *name);

#endif
