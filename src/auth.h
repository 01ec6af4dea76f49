/*
 * Who is asking: names and passwords of a users file (userfile.h), over Basic (RFC 7617).
 *
 * A password is verified by apr-util (bcrypt and what else it knows), which takes long on purpose:
 * auth_verify belongs on a worker. A credential that was found right is remembered for
 * AUTH_REMEMBER_MS under an HMAC with a key of this process, so that the price is paid once and
 * neither the password nor a plain hash of it stays in memory; as long as it is used it stays remembered, but only for
 * the network it came from: else who may not guess any more (loginlimit.h) could go on guessing at what is remembered. A wrong one
 * is remembered likewise, so that a client that does not give up costs nothing, nor counts as one who guesses.
 *
 * Threads: any; one mutex guards users and memory. Nothing here logs a password.
 */
#ifndef HOLDFAST_AUTH_H
#define HOLDFAST_AUTH_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stdint.h>

#include "src/addresses.h"

#define AUTH_REMEMBER_MS  (5 * 60 * 1000)
#define AUTH_REFUSE_MS    (30 * 60 * 1000) /* how long a wrong one is refused without another look */
#define AUTH_REMEMBER_MAX 1024
#define AUTH_HEADER_MAX   4096 /* longest Authorization value that is looked at */
#define AUTH_DIGEST_SIZE  32

struct auth;

enum auth_answer {
    AUTH_OK,      /* *out_user is set */
    AUTH_REFUSED, /* no, wrong or malformed credentials: 401 */
    AUTH_UNKNOWN, /* auth_verify must tell */
};

/* Reads the file. `allows_basic`: passwords may come over the listeners there are; if not, a file with passwords for
 * Basic is refused, now and when it is read again. On failure *out_message is a line for the operator. */
int auth_open(apr_pool_t *pool, const char *file, bool allows_basic, struct auth **out,
              const char **out_message);
void auth_close(struct auth *auth);

/* Reads the file again. What was verified stays remembered of users whose lines have not changed, so that they notice
 * nothing. On failure everything stays as it was. */
int auth_reload(struct auth *auth, apr_pool_t *pool, const char **out_message);

/* Is there a user of that name, as the file was read last? */
bool auth_has(struct auth *auth, const char *user);

/* What the file has lines for. A user with a digest may come with Basic too, where others make that be offered. */
bool auth_takes_basic(struct auth *auth);
bool auth_takes_digest(struct auth *auth);

/* SHA-256 of "NAME:REALM:PASSWORD" (RFC 7616 3.4.2); false if the user has none. */
bool auth_digest_of(struct auth *auth, const char *user, unsigned char out[AUTH_DIGEST_SIZE]);

/* Whose name a Basic header gives, right or wrong; NULL if it gives none. */
const char *auth_claimed_user(const char *header, apr_pool_t *pool);

/* Forgets what was found right of this user, from wherever: the next time it is verified once more. */
void auth_forget(struct auth *auth, const char *user);

/* Quick: from memory. `header` is the Authorization value or NULL. */
enum auth_answer auth_recall(struct auth *auth, const char *header, const struct address *from,
                             int64_t now_ms, apr_pool_t *pool, const char **out_user);

/* Slow: verifies, and remembers what is right. Never AUTH_UNKNOWN. Takes as long for a name that does
 * not exist. */
enum auth_answer auth_verify(struct auth *auth, const char *header, const struct address *from,
                             int64_t now_ms, apr_pool_t *pool, const char **out_user);

#endif
