/*
 * Who may do what: rules by path and person.
 *
 * A rule is "PATH WHO RIGHT". PATH is absolute within the share; "{user}" in it stands for the name of whoever asks. WHO is
 * a user, @group, * (anybody with a name), - (nobody: who gave no name) or ** (everybody). RIGHT is none, read
 * or write. Of the rules for a person the deepest at or above a path decides; of several there the one for the
 * user, before groups, before * and -, before **; of several groups the highest right. Where there are rules but none for
 * this person here, the right is none. A collection on the way to something that may be read may be passed: it is
 * there, and shows nothing but the way.
 *
 * Names are compared in NFC, so that no other spelling leads past a rule.
 *
 * Life: access_new, access_add and the like, then any number of access_view, access_free. A view is what of the
 * rules concerns one person: a value in its pool, good for as long as that, and independent of the rules it came from.
 * Threads: making is one thread's; once made nothing changes, and any thread may ask.
 * Errors: adding returns NULL or what is wrong, as half a sentence. Every right has an answer.
 */
#ifndef HOLDFAST_ACCESS_H
#define HOLDFAST_ACCESS_H

#include <apr_pools.h>
#include <stdbool.h>

#define ACCESS_RULES_MAX   1000
#define ACCESS_MEMBERS_MAX 100000 /* of all groups together */

enum access_right {
    ACCESS_NONE,
    ACCESS_PASS, /* a collection is shown, with what leads on; anything else is not */
    ACCESS_READ,
    ACCESS_WRITE,
};

struct access;
struct access_view;

struct access *access_new(void);
void access_free(struct access *access); /* NULL is fine */

/* `below`: where the rule's paths begin, as "/projects" or "". */
const char *access_add(struct access *access, const char *below, const char *rule);

/* PATH/{user} is that user's alone, and `path` shows nobody anything else. The folders themselves are made
 * where nothing is `below`. */
const char *access_add_home(struct access *access, const char *below, const char *path);

/* Of the file of groups; before any view is made. */
const char *access_add_member(struct access *access, const char *group, const char *user);

/* A group that a rule names and that has no members; NULL: there is none. */
const char *access_unknown_group(const struct access *access);

/* `user` "" is nobody. NULL, as for `access` NULL: there are no rules, everything may be written. */
const struct access_view *access_view(const struct access *access, apr_pool_t *pool, const char *user);

/* `path` is canonical (fs/path.h). Allocates nothing. */
enum access_right access_right(const struct access_view *view, const char *path);

/* The least right at `path` or anywhere below. */
enum access_right access_least(const struct access_view *view, const char *path);

/* The highest. */
enum access_right access_most(const struct access_view *view, const char *path);

/* The person's own folder; NULL: none. access_touches_home: is the path that, in it, or the folder of all home folders? */
const char *access_home(const struct access_view *view);
bool access_touches_home(const struct access_view *view, const char *path);

/* All at once, for who asks rarely. */
enum access_right access_of(const struct access *access, const char *user, const char *path);

#endif
