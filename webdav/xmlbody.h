/*
 * The XML body of a request, read or refused.
 *
 * What PROPFIND, PROPPATCH and LOCK have in common before they look at what was asked. The
 * Content-Type is not looked at: clients send none or odd ones (FIELD C4).
 */
#ifndef HOLDFAST_XMLBODY_H
#define HOLDFAST_XMLBODY_H

#include "webdav/request.h"
#include "webdav/xmlread.h"

/* Parses r->body, whose root element must be DAV: `root`. False after having replied: 400 for what is
 * not well-formed or another document, 403 with no-external-entities for a document type
 * declaration, 413 for too many or too deep elements. */
bool xmlbody_parse(struct dav_request *r, const char *root, xml_keep_fn *keep, struct xml_element **out);

#endif
