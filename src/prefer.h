/*
 * How the client would like to be answered: Prefer (RFC 7240), ownCloud's OC-LazyOps, and Accept (RFC 9110
 * 12.5.1) as far as it chooses between JSON and a page.
 *
 * Preferences are wishes, never a reason to refuse: what is unknown or makes no sense is as if it were
 * not there, and the rest counts. Pure: nothing is kept or allocated, time is linear in the headers'
 * length; any thread that may read the headers.
 */
#ifndef HOLDFAST_PREFER_H
#define HOLDFAST_PREFER_H

#include <apr_tables.h>
#include <stdbool.h>
#include <stdint.h>

#define PREFER_WAIT_MAX_MS (INT64_C(24) * 60 * 60 * 1000)

struct prefer {
    bool respond_async;  /* RFC 7240 4.1: 202 rather than a long wait */
    bool processing;     /* our own: interim responses, whatever the client policy says */
    bool return_minimal; /* RFC 7240 4.2 */
    bool has_wait;
    int64_t wait_ms; /* RFC 7240 4.3, whole seconds; a longer wait than PREFER_WAIT_MAX_MS is this */
};

/* All Prefer fields are one list. Of a preference that is repeated the first that makes sense counts
 * (RFC 7240 2); its parameters do not. */
void prefer_parse(const apr_table_t *headers, struct prefer *out);

/* OC-LazyOps: true, or 1. */
bool prefer_is_lazy(const apr_table_t *headers);

/* Is text/html named (by itself or as text slash *, with a q over 0) and at least as welcome as
 * application/json? What is content with anything gets JSON: `accept` NULL, empty or any/any. */
bool accept_wants_html(const char *accept);

#endif
