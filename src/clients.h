/*
 * Who gets which sign of life: one table from what is known of a client to its treatment. A pure decision.
 *
 * Life: the operator's rules are parsed once at the start and never change; clients_decide is asked once
 * per request, when its head is read. Threads: any, nothing is written. Ownership: a rule's strings live in
 * the pool that clients_parse_rule was given; a treatment points into the rules or to static text. Units:
 * milliseconds; caps count beats. Errors: a rule that cannot be read is false, everything else succeeds.
 * Source: RFC 9110 15.2 (interims, HTTP/1.0) and 10.1.5 (User-Agent); the rows of the table were measured.
 *
 * A pattern is one of
 *   GLOB                  over the whole User-Agent, case ignored; none sent counts as an empty one
 *   PRODUCT/<VERSION      the product anywhere in the User-Agent, at the beginning of a word, with a version
 *   PRODUCT/>=VERSION     compared number by number; one that does not begin with a number counts as the newest
 *   -                     no User-Agent was sent
 */
#ifndef HOLDFAST_CLIENTS_H
#define HOLDFAST_CLIENTS_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "src/heartbeat.h"

#define CLIENTS_MAX_RULES   64
#define CLIENTS_MAX_PATTERN 256 /* bytes */
#define CLIENTS_MAX_CAP     1000000
#define CLIENTS_PROXY_CAP   9     /* Apache's mod_proxy gives up at the tenth */
#define CLIENTS_NEON_PACE   25000 /* ms; davfs2 gives up after 30 s of silence */

/* What is known of a client when its request's head is read. */
struct client {
    const char *agent; /* User-Agent verbatim, hostile; NULL: none sent */
    bool http_1_1;     /* or later */
    bool has_proxy_marks;
    bool prefers_processing; /* Prefer: processing */
};

struct treatment {
    enum beat kind;
    unsigned cap;     /* beats at most per request, 0: no limit */
    int64_t pace_ms;  /* beats never further apart than this, 0: as --heartbeat says */
    const char *rule; /* which rule decided, for the access log */
};

struct client_rule {
    const char *pattern;
    struct treatment treatment;
};

/* The operator's own, in their order. */
struct client_rules {
    struct client_rule rule[CLIENTS_MAX_RULES];
    unsigned count;
};

/* "PATTERN=interim[:CAP]|multistatus|silent", split at the last '='. False if it makes no sense. */
bool clients_parse_rule(apr_pool_t *pool, const char *text, struct client_rule *out);

/* The mode, unless it is auto; then the operator's rules, Prefer: processing, the built-in table, and interims
 * for whom nothing names. Whatever decides, HTTP/1.0 gets no interims. `rules` may be NULL. */
struct treatment clients_decide(const struct client_rules *rules, enum heartbeat_mode mode,
                                const struct client *client);

/* Did a proxy leave its mark: Via, Forwarded, X-Forwarded-*, X-Real-IP? */
bool clients_has_proxy_marks(const apr_table_t *headers);

/* The table as --list-clients shows it, the operator's rules first. */
void clients_print(FILE *to, const struct client_rules *rules);

#endif
