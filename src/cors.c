/*
 * With credentials no header may be answered by "*": methods and headers are told one by one.
 */
#include "src/cors.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "src/pages.h"

#define ORIGIN_MAX   255
#define WANTED_MAX   1024 /* bytes of header names in a preflight */
#define KEPT_SECONDS "7200"
#define METHODS      "GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, COPY, MOVE, PROPFIND, PROPPATCH, LOCK, UNLOCK"
#define EXPOSED                                                                                              \
    "Allow, Content-Range, DAV, ETag, Last-Modified, Location, Lock-Token, OC-Checksum, "                    \
    "OC-JobStatus-Location, "                                                                                \
    "Preference-Applied, Repr-Digest, Retry-After, WWW-Authenticate"

/* scheme "://" host [ ":" port ], and nothing behind it */
bool cors_add_origin(struct cors_origins *origins, const char *text)
{
    const char *authority = strstr(text, "://");

    if (origins->count == CORS_MAX_ORIGINS || strlen(text) > ORIGIN_MAX || !authority || authority == text ||
        !isalpha((unsigned char)*text) || !authority[3])
        return false;
    for (const char *c = text; c < authority; c++)
        if (!isalnum((unsigned char)*c) && !strchr("+-.", *c))
            return false;
    for (const char *c = authority + 3; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-._:[]", *c))
            return false;
    origins->origin[origins->count++] = text;
    return true;
}

const char *cors_origin(const struct cors_origins *origins, const struct head *head)
{
    const char *origin = origins->count ? apr_table_get(head->headers, "Origin") : NULL;

    for (unsigned i = 0; origin && i < origins->count; i++)
        if (strcasecmp(origin, origins->origin[i]) == 0)
            return origin;
    return NULL;
}

/* Names of headers and commas; what is told back must not be more. */
static bool is_list(const char *text)
{
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_, ", *c))
            return false;
    return strlen(text) <= WANTED_MAX;
}

struct dav_reply *cors_preflight(const struct cors_origins *origins, const struct head *head,
                                 apr_pool_t *pool)
{
    const char *wanted = apr_table_get(head->headers, "Access-Control-Request-Headers");

    if (strcmp(head->method, "OPTIONS") != 0 || !cors_origin(origins, head) ||
        !apr_table_get(head->headers, "Access-Control-Request-Method"))
        return NULL;
    struct dav_reply *reply = page_text(pool, 204, "");
    reply->kind = DAV_NO_BODY;
    apr_table_clear(reply->headers);
    apr_table_setn(reply->headers, "Access-Control-Allow-Methods", METHODS);
    if (wanted && is_list(wanted))
        apr_table_setn(reply->headers, "Access-Control-Allow-Headers", wanted);
    apr_table_setn(reply->headers, "Access-Control-Max-Age", KEPT_SECONDS);
    return reply;
}

void cors_add_headers(struct MHD_Response *response, const struct cors_origins *origins,
                      const struct head *head)
{
    const char *origin = cors_origin(origins, head);

    if (origins->count)
        MHD_add_response_header(response, "Vary",
                                "Origin"); /* caches must not give one's answer to another */
    if (!origin)
        return;
    MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
    MHD_add_response_header(response, "Access-Control-Allow-Credentials", "true");
    MHD_add_response_header(response, "Access-Control-Expose-Headers", EXPOSED);
}
