/*
 * The If header (RFC 4918 10.4): from string to lists, and their evaluation.
 *
 * Knows strings only. Who has which etag and which locks is asked through a callback, so that it
 * can be tested without a server and fuzzed. Bounded: IFHEADER_MAX_CONDITIONS in all.
 */
#ifndef HOLDFAST_IFHEADER_H
#define HOLDFAST_IFHEADER_H

#include <apr_pools.h>
#include <stdbool.h>

#define IFHEADER_MAX_CONDITIONS 1000

enum if_kind { IF_TOKEN, IF_ETAG };

struct if_condition {
    bool is_not;
    enum if_kind kind;
    const char *value; /* the token without <>; the entity tag with its quotes and W/, without [] */
    struct if_condition *next;
};

/* One parenthesised list: all of its conditions must hold. */
struct if_list {
    const char *resource; /* the tag's URI as written, without <>; NULL = the request's own */
    struct if_condition *conditions;
    struct if_list *next;
};

struct ifheader {
    struct if_list *lists;
};

/* EINVAL if it is not by the grammar (tagged and untagged lists may not be mixed), E2BIG if over the
 * bound. */
int ifheader_parse(apr_pool_t *pool, const char *text, struct ifheader **out);

/* Does one condition (without its Not) hold for that resource? `resource` NULL = the request's own.
 * A resource that is not ours, or a malformed URI, matches nothing. */
typedef bool ifheader_match_fn(void *ctx, const char *resource, enum if_kind kind, const char *value);

/* True if any list holds. */
bool ifheader_evaluate(const struct ifheader *header, ifheader_match_fn *match, void *ctx);

/* Was this token named anywhere in the header (also under Not: RFC 4918 10.4.1 submits it)? */
bool ifheader_has_token(const struct ifheader *header, const char *token);

#endif
