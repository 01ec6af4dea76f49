/*
 * Ceasing to be root, once what takes root is done: low ports are bound and private keys are read.
 *
 * Life: privileges_find when the options are known, privileges_give for what was made as root and is to be the
 * user's, privileges_drop once. After that the process is the user, with his groups and no others, for good: it tried
 * to come back, and could not. Threads: the main thread, before there are others. Errors: errno, and one line for
 * the operator. Source: setresuid(2), credentials(7); the order is groups, group, user, for each step takes root.
 */
#ifndef HOLDFAST_PRIVILEGES_H
#define HOLDFAST_PRIVILEGES_H

#include <apr_pools.h>
#include <stdbool.h>
#include <sys/types.h>

struct privileges {
    const char *name; /* as given */
    const char *user; /* its user part */
    uid_t uid;
    gid_t gid;
};

/* `name`: NAME or NAME:GROUP, which may be numbers. */
int privileges_find(const char *name, apr_pool_t *pool, struct privileges *out, const char **out_message);

/* Makes the folder and its parents, and gives those that it made to the user. What is there already stays whose it
 * is; what cannot be made is told by who wants to use it. */
void privileges_give_folder(const struct privileges *privileges, const char *folder, apr_pool_t *pool);

/* Nothing is to be done where the process is that user already, and is not root. */
int privileges_drop(const struct privileges *privileges, apr_pool_t *pool, const char **out_message);

/* No program that is started from here on gets more rights than this process has; and, if there are secrets, nobody
 * but root may look into its memory, nor does it leave a core. */
void privileges_settle(bool has_secrets);

/* May this process, as it is now, read the file again, or write it as a log is written? One line in the log if not. */
void privileges_warn_unreachable(const char *file, bool is_log);

#endif
