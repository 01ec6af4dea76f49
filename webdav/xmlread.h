/*
 * XML request bodies to a small tree; the only reader of XML.
 *
 * libxml2 parses; a document type declaration of any kind is refused (so there are no entities and
 * nothing is ever fetched), and size, number of elements, attributes, depth and the length of
 * namespaces are bounded while parsing. The tree lives in the pool given; the values of dead properties are kept as markup that
 * stands on its own (all namespaces declared, xml:lang in scope written out).
 */
#ifndef HOLDFAST_XMLREAD_H
#define HOLDFAST_XMLREAD_H

#include <apr_pools.h>
#include <stddef.h>

/* How large a document may be in each direction; `met` is the name of the one that it went over, if it did. */
struct xml_limits {
    unsigned elements; /* comments and processing instructions count too */
    unsigned depth;    /* at most DAV_XML_DEPTH_MAX */
    const char *met;
};

struct xml_element {
    const char *ns;   /* "" = none */
    const char *name; /* local name */
    const char *text; /* character data directly inside, concatenated; "" if none */
    const char *lang; /* xml:lang in scope; NULL if none */
    struct xml_element *parent, *first, *next;
    const char *outer; /* the element itself as stand-alone markup; set where keep_markup said so */
    const char *inner; /* its content likewise, without its own tags */
};

/* Asked for each element, parents first, when the whole tree is there: should outer and inner be kept?
 * (They cost memory; methods keep those of property elements and of DAV:owner.) Not asked about what
 * is inside a kept element, whose outer and inner stay NULL. May be NULL. */
typedef int xml_keep_fn(const struct xml_element *element);

/* EINVAL: not well-formed, also as to namespaces (undeclared prefixes, names that are no URIs), or a
 * charset other than UTF-8, UTF-16, ISO-8859-1 and ASCII; EPERM: a document type declaration
 * (no-external-entities); E2BIG: over a bound. *out_message is a line for the client on failure. The
 * root's ns and name are the caller's to check. */
int xml_parse(apr_pool_t *pool, const char *data, size_t size, struct xml_limits *limits, xml_keep_fn *keep,
              struct xml_element **out, const char **out_message);

/* ns is "DAV:" and the name is this? */
int xml_is_dav(const struct xml_element *element, const char *name);

/* The first child with that DAV: name; NULL if none. */
struct xml_element *xml_dav_child(const struct xml_element *element, const char *name);

#endif
