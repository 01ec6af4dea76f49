/*
 * Elements of a request body as markup that stands on its own: what they need of namespaces and xml:lang from around
 * them is written out.
 *
 * Life: functions of libxml2's nodes, which must have been parsed by xmlread.c: there is no document type, and depth
 * and namespaces are bounded. Threads: any. Errors: none but the buffer's own overflow. Only these two files and
 * xmlread.c know libxml2.
 */
#ifndef HOLDFAST_XMLMARKUP_H
#define HOLDFAST_XMLMARKUP_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "webdav/buffer.h"

#define XMLMARKUP_NAMESPACES_MAX 100 /* declared around a node */

/* `lang`: the xml:lang in scope; NULL: none. */
void xmlmarkup_put(struct buffer *out, const xmlNode *node, const char *lang);
void xmlmarkup_put_content(struct buffer *out, const xmlNode *node, const char *lang);

static inline const char *xmlmarkup_text(const xmlChar *text)
{
    return text ? (const char *)text : "";
}

static inline bool xmlmarkup_is_text(const xmlNode *node)
{
    return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

/* NULL: the element says none. */
static inline xmlAttr *xmlmarkup_lang(const xmlNode *node)
{
    return xmlHasNsProp(node, (const xmlChar *)"lang", XML_XML_NAMESPACE);
}

#endif
