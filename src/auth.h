/*
 * Who is asking: names and passwords of an htpasswd file, over Basic (RFC 7617).
 *
 * A password is verified by apr-util (bcrypt and what else it knows), which takes long on purpose:
 * auth_verify belongs on a worker. A credential that was found right is remembered for
 * AUTH_REMEMBER_MS under an HMAC with a key of this process, so that the price is paid once and
 * neither the password nor a plain hash of it stays in memory.
 *
 * Threads: any; one mutex guards users and memory. Nothing here logs a password.
 */
#ifndef HOLDFAST_AUTH_H
#define HOLDFAST_AUTH_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stdint.h>

#define AUTH_REMEMBER_MS  (5 * 60 * 1000)
#define AUTH_REFUSE_MS    (10 * 1000) /* how long a wrong one is refused without another look */
#define AUTH_REMEMBER_MAX 1024
#define AUTH_HEADER_MAX   4096 /* longest Authorization value that is looked at */

struct auth;

enum auth_answer {
    AUTH_OK,      /* *out_user is set */
    AUTH_REFUSED, /* no, wrong or malformed credentials: 401 */
    AUTH_UNKNOWN, /* auth_verify must tell */
};

/* Reads the file: NAME:HASH lines, # comments. On failure *out_message is a line for the operator. */
int auth_open(apr_pool_t *pool, const char *file, struct auth **out, const char **out_message);
void auth_close(struct auth *auth);

/* Reads the file again and forgets what was verified. On failure everything stays as it was. */
int auth_reload(struct auth *auth, apr_pool_t *pool, const char **out_message);

/* Is there a user of that name, as the file was read last? */
bool auth_has(struct auth *auth, const char *user);

/* Quick: from memory. `header` is the Authorization value or NULL. */
enum auth_answer auth_recall(struct auth *auth, const char *header, int64_t now_ms, apr_pool_t *pool,
                             const char **out_user);

/* Slow: verifies, and remembers what is right. Never AUTH_UNKNOWN. Takes as long for a name that does
 * not exist. */
enum auth_answer auth_verify(struct auth *auth, const char *header, int64_t now_ms, apr_pool_t *pool,
                             const char **out_user);

#endif
