/*
 * Web applications on other sites that may use this one (--allow-origin): cross-origin resource sharing, as the Fetch
 * standard has it.
 *
 * Such an application asks first (an OPTIONS without a password: the preflight) and reads answers only if they name its
 * origin. It may do all that its user may. Origins that are not listed get no word of it, and their changes are
 * refused (browser.h).
 *
 * Life: the list is a part of the options. Threads: any.
 */
#ifndef HOLDFAST_CORS_H
#define HOLDFAST_CORS_H

#include <microhttpd.h>
#include <stdbool.h>

#include "src/head.h"
#include "webdav/dav.h"

#define CORS_MAX_ORIGINS 32

struct cors_origins {
    const char *origin[CORS_MAX_ORIGINS]; /* "https://app.example", "app://obsidian.md" */
    unsigned count;
};

/* False if it is no origin (RFC 6454 6.2), or the list is full. The text stays the caller's. */
bool cors_add_origin(struct cors_origins *origins, const char *text);

/* That of the request, as it was written; NULL if it is not in the list. */
const char *cors_origin(const struct cors_origins *origins, const struct head *head);

/* The answer to a preflight of a listed origin, in the pool; NULL: it is none. */
struct dav_reply *cors_preflight(const struct cors_origins *origins, const struct head *head,
                                 apr_pool_t *pool);

/* For every response, whoever asks. */
void cors_add_headers(struct MHD_Response *response, const struct cors_origins *origins,
                      const struct head *head);

#endif
