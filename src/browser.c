/*
 * Types are told by their names: whatever is HTML, XML or made of parts can run scripts or hold what does.
 */
#include "src/browser.h"

#include <apr_tables.h>
#include <string.h>
#include <strings.h>

#include "webdav/uri.h"

/* Of our own pages, but for those that say what they need. */
#define OWN_POLICY "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* ---- what browsers are told ---- */

static bool has_one_of(const char *type, const char *const words[])
{
    for (; *words; words++)
        if (strcasestr(type, *words))
            return true;
    return false;
}

static void add_content_headers(struct MHD_Response *response, const char *type, enum active_content active)
{
    static const char *const active_types[] = {
        "html", "/xml", "+xml", "xsl", "multipart/", "message/", NULL
    };
    static const char *const scripts[] = { "javascript", "ecmascript", NULL };

    /* Another site's page could run it, and see what it does: it reads the file so, with our user's password. */
    if (has_one_of(type, scripts))
        MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    if (active == ACTIVE_TRUST || !has_one_of(type, active_types))
        return;
    if (active == ACTIVE_DOWNLOAD)
        MHD_add_response_header(response, "Content-Disposition", "attachment");
    else
        MHD_add_response_header(response, "Content-Security-Policy", "sandbox");
}

static void add_page_headers(struct MHD_Response *response, const struct dav_reply *reply, const char *type)
{
    if (strncmp(type, "text/", 5) != 0) /* XML and JSON of ours are for programs */
        return;
    if (!apr_table_get(reply->headers, "Content-Security-Policy"))
        MHD_add_response_header(response, "Content-Security-Policy", OWN_POLICY);
    if (!strstr(type, "html"))
        return;
    MHD_add_response_header(response, "X-Frame-Options", "DENY"); /* for who does not know frame-ancestors */
    MHD_add_response_header(response, "Referrer-Policy", "same-origin");
}

void browser_add_headers(struct MHD_Response *response, const struct dav_reply *reply,
                         enum active_content active)
{
    const char *type = apr_table_get(reply->headers, "Content-Type");

    if (reply->kind == DAV_NO_BODY || !type)
        return;
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (reply->is_content)
        add_content_headers(response, type, active);
    else
        add_page_headers(response, reply, type);
}

/* ---- what browsers tell ---- */

static bool names_us(const char *authority, const char *host)
{
    return host && uri_same_host(authority, host);
}

/* Is it the origin of our own pages (RFC 6454 7), as the browser knows us? */
static bool is_own(const char *origin, const struct head *head, bool is_tls, bool trusts_forwarded)
{
    const char *scheme = trusts_forwarded ? apr_table_get(head->headers, "X-Forwarded-Proto") : NULL;
    const char *authority = strstr(origin, "://");
    size_t len = authority ? (size_t)(authority - origin) : 0;

    if (!scheme && is_tls)
        scheme = "https"; /* else TLS may end before us */
    if (!authority || (scheme && (strlen(scheme) != len || strncasecmp(scheme, origin, len) != 0)))
        return false;
    authority += 3;
    return names_us(authority, apr_table_get(head->headers, "Host")) ||
           (trusts_forwarded && names_us(authority, apr_table_get(head->headers, "X-Forwarded-Host")));
}

bool browser_is_foreign_change(const struct head *head, bool is_tls, bool trusts_forwarded)
{
    if (head_only_reads(head))
        return false;
    /* Where the browser tells it, it knows better than we who were perhaps given another name by a proxy. */
    const char *site = apr_table_get(head->headers, "Sec-Fetch-Site");
    if (site)
        return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
    const char *origin = apr_table_get(head->headers, "Origin");
    return origin && !is_own(origin, head, is_tls, trusts_forwarded);
}
