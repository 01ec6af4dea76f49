/*
 * The only writer of XML: 207 Multi-Status, DAV:error and DAV:prop bodies, appended to a buffer.
 *
 * All DAV elements carry the prefix "D" (Windows needs a prefix), declared on the root element.
 * Functions append text that is escaped, or markup that is given as such; whoever calls them keeps
 * the order. Bytes that XML cannot carry (control characters, invalid UTF-8) become U+FFFD. Nothing
 * is allocated per element, and what repeats for every member (names, closing tags) is written in
 * one piece: a listing of 10,000 entries is mostly memcpy.
 */
#ifndef HOLDFAST_MULTISTATUS_H
#define HOLDFAST_MULTISTATUS_H

#include <stddef.h>

#include "webdav/buffer.h"
#include "webdav/status.h"

#define MULTISTATUS_TYPE "application/xml; charset=utf-8"

/* How every document of ours begins: these bytes. */
#define MULTISTATUS_DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

/* Bytes of all names, as multistatus_empty writes them, that a client may make one response repeat. */
#define MULTISTATUS_NAMES_MAX (1024 * 1024)

/* Character data. xml_put: at `out`, which has room for XML_ESCAPED_MAX times as many bytes; returns the end. */
#define XML_ESCAPED_MAX 6
char *xml_put(char *out, const char *text, size_t len);
void xml_escape(struct buffer *out, const char *text, size_t len);

/* An attribute's value, to be put between double quotes: here tabs and line ends are escaped too. */
void xml_escape_attribute(struct buffer *out, const char *text, size_t len);

/* <?xml ...?><D:multistatus xmlns:D="DAV:"> and its end. */
void multistatus_begin(struct buffer *out);
void multistatus_begin_inside(struct buffer *out); /* the declaration is out already */
void multistatus_end(struct buffer *out);

/* The beginning of a response, before and behind its href, which is already percent-encoded. */
#define MULTISTATUS_RESPONSE_BEGIN "<D:response><D:href>"
#define MULTISTATUS_HREF_END       "</D:href>"
void multistatus_response_begin(struct buffer *out, const char *href, size_t len);
void multistatus_response_end(struct buffer *out);

/* Inside of a response, in this order. */
void multistatus_response_status(struct buffer *out, int status);
void multistatus_response_description(struct buffer *out, const char *text, size_t len);

/* A whole response that is only a status, with an optional condition inside DAV:error. */
void multistatus_status(struct buffer *out, const char *href, int status, enum dav_condition condition);

/* <D:propstat><D:prop>, then properties, then the end with the status. */
void multistatus_propstat_begin(struct buffer *out);
void multistatus_propstat_end(struct buffer *out, int status, enum dav_condition condition);

/* An empty element in any namespace, declared on it if it is not DAV:; `name` is an XML name. */
void multistatus_empty(struct buffer *out, const char *ns, const char *name);

/* A whole DAV:error document; hrefs (percent-encoded) may be NULL, ends with NULL. */
void multistatus_error(struct buffer *out, enum dav_condition condition, const char *const *hrefs);

/* A whole DAV:error of RFC 3744 7.1.1; the href is percent-encoded. */
void multistatus_need_privilege(struct buffer *out, const char *href, const char *privilege);

/* <?xml ...?><D:prop xmlns:D="DAV:"> ... </D:prop>, the body of a LOCK answer. */
void multistatus_prop_begin(struct buffer *out);
void multistatus_prop_end(struct buffer *out);

#endif
