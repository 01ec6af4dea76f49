/*
 * Request targets, Destination and If-tag URIs to canonical paths, and paths back to hrefs.
 *
 * A served folder may lie below a prefix of the server's URLs ("/projects"): paths are relative to the folder, URIs
 * have the prefix in front. It is decoded text of canonical names, with a slash before each; "" is the root.
 *
 * Pure functions; results in the pool.
 */
#ifndef HOLDFAST_URI_H
#define HOLDFAST_URI_H

#include <apr_pools.h>
#include <stdbool.h>

/* Who we are for this request, to tell our own absolute URIs from others. */
struct uri_self {
    const char *host;   /* Host header, or X-Forwarded-Host where that is trusted; NULL = any */
    const char *prefix; /* NULL = "" */
};

#define URI_PREFIX_MAX 255 /* bytes */

/* "/a%20b?q", "http://host/a", "//host/a" is refused. Accepts an absolute path or an absolute http(s)
 * URI (scheme is not compared: TLS may end before us); percent-decodes once; the query is cut off; a
 * fragment is EINVAL. "%2F" and "%00" inside a name are EINVAL, bad escapes too, and ".." and "." in
 * any spelling (path_canonical). EXDEV: another host, or not below our prefix, whose names may come in either normal
 * form. ENAMETOOLONG: path_canonical's bound. */
int uri_to_path(apr_pool_t *pool, const char *uri, const struct uri_self *self, const char **out_path,
                bool *out_slash);

/* What of a canonical path is below the prefix, a pointer into it; NULL: it is elsewhere. */
const char *uri_below(apr_pool_t *pool, const char *path, const char *prefix);

/* The target without the slashes that it has too many in front, as scripts write it that join "/" and a
 * path. A network-path reference (RFC 3986 4.2) is no form of a target (RFC 9112 3.2). */
const char *uri_merge_slashes(const char *target);

/* Without the credentials that an absolute URI may carry; else `uri` itself. For what is written down. */
const char *uri_without_credentials(apr_pool_t *pool, const char *uri);

/* The prefix that an operator writes as "/projects" or "/projects/"; "/" is "". EINVAL: it does not begin with a
 * slash, or has a name that is none, or ours. ENAMETOOLONG. */
int uri_parse_prefix(apr_pool_t *pool, const char *text, const char **out_prefix);

/* What comes in front of a path, percent-encoded: the `base` of the functions below. */
const char *uri_base(apr_pool_t *pool, const char *prefix);

/* A canonical path as an absolute path for DAV:href: every byte but letters, digits, "-._~/" is
 * percent-encoded (neon compares hrefs as text), with a slash at the end for collections. */
const char *uri_from_path(apr_pool_t *pool, const char *base, const char *path, bool is_collection);

/* The same at `out`, which takes uri_size bytes, without a NUL; returns the end. */
char *uri_put(char *out, const char *base, const char *path, bool is_collection);
size_t uri_size(const char *base, const char *path);

/* The same encoding of `len` bytes, appended at `out` (3 * len bytes are enough); returns the end. */
char *uri_encode(char *out, const char *bytes, size_t len);

/* Are two Host values the same authority (case, default ports)? */
bool uri_same_host(const char *a, const char *b);

#endif
