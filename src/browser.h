/*
 * What browsers must be told and must not be believed, for the sake of who uses one to look at the folder.
 *
 * A browser lends a page the rights of the site it came from, and a request the password that it knows. So
 *   - what somebody has put into the folder must not be a page of this site: active content (HTML, SVG, XML) is sent with
 *     a policy that gives it an origin of its own and no scripts (or is to be downloaded);
 *   - nothing is taken for what it was not said to be (nosniff), and our own pages are not framed;
 *   - a change that a page of another site asks for is refused. WebDAV clients say no Origin and are not concerned.
 *
 * Threads: any. Sources: Fetch (Origin, Sec-Fetch-Site, nosniff, Cross-Origin-Resource-Policy), HTML 7.6 (sandboxing),
 * CSP Level 3, RFC 6266.
 */
#ifndef HOLDFAST_BROWSER_H
#define HOLDFAST_BROWSER_H

#include <microhttpd.h>
#include <stdbool.h>

#include "src/head.h"
#include "webdav/dav.h"

/* What becomes of active content. */
enum active_content { ACTIVE_SANDBOX, ACTIVE_DOWNLOAD, ACTIVE_TRUST };

/* Before anything else of the reply is added to the response. */
void browser_add_headers(struct MHD_Response *response, const struct dav_reply *reply,
                         enum active_content active);

/* Does the request change something, and is it a page of another site that asks for it? `is_tls`: we serve HTTPS
 * ourselves; `trusts_forwarded`: X-Forwarded-Host and -Proto are to be believed. */
bool browser_is_foreign_change(const struct head *head, bool is_tls, bool trusts_forwarded);

#endif
