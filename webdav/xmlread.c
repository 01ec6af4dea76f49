/*
 * libxml2's SAX2 handlers build a DOM, with ours in front of them that count and stop: a bound that is
 * looked at afterwards protects nobody. The DOM is then turned into the caller's tree and freed.
 *
 * What a hostile document could grow is bounded as follows. Elements, comments and processing
 * instructions, depth, namespaces in scope and their length: while parsing. Attributes: before, by counting "=",
 * since libxml2 compares each attribute of an element with all others before it calls anybody. Markup:
 * by one budget for the whole document, as declarations are repeated on every element that is kept.
 *
 * Threads: nothing is shared. Errors are collected by the parser's own context; no global handler.
 */
#include "webdav/xmlread.h"

#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "webdav/buffer.h"
#include "webdav/dav.h"
#include "webdav/xmlmarkup.h"

#define MAX_EQUAL_SIGNS 10000             /* so many attributes at most; some may stand in text */
#define MAX_PREFIX      256               /* bytes of a namespace's prefix */
#define MAX_NS_NAME     4096              /* bytes of a namespace's name, which answers repeat */
#define MAX_MARKUP      (4 * 1024 * 1024) /* outer and inner of all elements */
#define MESSAGE_MAX     200

/* ---- parsing ---- */

struct parse {
    xmlParserCtxt *ctxt;
    xmlSAXHandler next; /* libxml2's own, which build the DOM */
    struct xml_limits *limits;
    unsigned nodes, depth;
    int error; /* the first */
    char message[MESSAGE_MAX];
};

/* Remembers the first error; the message is of libxml2 and may quote the document, so it is made fit to
 * be one line of plain text. */
static void fail(struct parse *p, int error, const char *message)
{
    if (p->error)
        return;
    p->error = error;
    apr_cpystrn(p->message, message, sizeof p->message);
    size_t len = strcspn(p->message, "\n");
    p->message[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (p->message[i] < ' ' || p->message[i] > '~')
            p->message[i] = '?';
}

static void stop(struct parse *p, int error, const char *message)
{
    fail(p, error, message);
    xmlStopParser(p->ctxt);
}

static void stop_at_limit(struct parse *p, const char *limit, const char *message)
{
    if (!p->error)
        p->limits->met = limit;
    stop(p, E2BIG, message);
}

static struct parse *parse_of(void *ctx)
{
    return ((xmlParserCtxt *)ctx)->_private;
}

static bool count_node(struct parse *p)
{
    if (p->nodes == p->limits->elements) {
        stop_at_limit(p, "max-xml-elements", "too many elements");
        return false;
    }
    p->nodes++;
    return true;
}

static bool is_known_charset(const xmlChar *charset)
{
    static const char *const known[] = { "UTF-8",    "UTF8",       "UTF-16",   "UTF-16LE",
                                         "UTF-16BE", "ISO-8859-1", "US-ASCII", "ASCII" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (xmlStrcasecmp(charset, (const xmlChar *)known[i]) == 0)
            return true;
    return false;
}

/* XML 1.0 2.2: UTF-8 and UTF-16 are a must. Beyond those of old clients, others could hide
 * from our look at the bytes what they say. libxml2 notes the declaration in one of two places. */
static void on_start_document(void *ctx)
{
    struct parse *p = parse_of(ctx);
    const xmlChar *declared = p->ctxt->encoding ? p->ctxt->encoding : p->ctxt->input->encoding;
    if (declared && !is_known_charset(declared))
        stop(p, EINVAL, "the charset is not supported; use UTF-8");
    else
        p->next.startDocument(ctx);
}

/* RFC 4918 20.6: no entities, internal or external, and so no declarations at all. */
static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
    (void)name;
    (void)public_id;
    (void)system_id;
    stop(parse_of(ctx), EPERM, "a document type declaration is not allowed");
}

/* Pairs of prefix and name, either of which may be NULL. */
static bool check_namespaces(struct parse *p, int count, const xmlChar **namespaces)
{
    for (int i = 0; i < count; i++) {
        if (strlen(xmlmarkup_text(namespaces[2 * i])) > MAX_PREFIX) {
            stop(p, E2BIG, "the prefix of a namespace is too long");
            return false;
        }
        if (strlen(xmlmarkup_text(namespaces[2 * i + 1])) > MAX_NS_NAME) {
            stop(p, E2BIG, "the name of a namespace is too long");
            return false;
        }
    }
    if (p->ctxt->nsNr / 2 > XMLMARKUP_NAMESPACES_MAX) {
        stop(p, E2BIG, "too many namespaces");
        return false;
    }
    return true;
}

static void on_start_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *ns,
                             int namespace_count, const xmlChar **namespaces, int attribute_count,
                             int defaulted_count, const xmlChar **attributes)
{
    struct parse *p = parse_of(ctx);
    if (!count_node(p))
        return;
    if (p->depth == p->limits->depth) {
        stop_at_limit(p, "max-xml-depth", "elements are nested too deeply");
        return;
    }
    if (!check_namespaces(p, namespace_count, namespaces))
        return;
    p->depth++;
    p->next.startElementNs(ctx, name, prefix, ns, namespace_count, namespaces, attribute_count,
                           defaulted_count, attributes);
}

static void on_end_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *ns)
{
    struct parse *p = parse_of(ctx);
    p->depth--;
    p->next.endElementNs(ctx, name, prefix, ns);
}

static void on_comment(void *ctx, const xmlChar *text)
{
    struct parse *p = parse_of(ctx);
    if (count_node(p))
        p->next.comment(ctx, text);
}

static void on_instruction(void *ctx, const xmlChar *target, const xmlChar *data)
{
    struct parse *p = parse_of(ctx);
    if (count_node(p))
        p->next.processingInstruction(ctx, target, data);
}

/* Namespace errors are none to libxml2's notion of well-formed, but to ours (RFC 4918 17). That covers
 * names that are no URIs: kept in a dead property, they would make whole listings unreadable to clients
 * with strict parsers. */
static void on_error(void *ctx, xmlError *error)
{
    struct parse *p = parse_of(ctx);
    bool is_namespace = error->domain == XML_FROM_NAMESPACE && error->level != XML_ERR_WARNING;
    if (error->level != XML_ERR_FATAL && !is_namespace)
        return;
    if (error->code == XML_ERR_NO_MEMORY) {
        fail(p, ENOMEM, "out of memory");
        return;
    }
    char message[MESSAGE_MAX];
    apr_snprintf(message, sizeof message, "line %d: %s", error->line,
                 error->message ? error->message : "not well-formed");
    fail(p, EINVAL, message);
}

static void set_handlers(struct parse *p)
{
    xmlSAXHandler *sax = p->ctxt->sax;
    p->next = *sax;
    sax->startDocument = on_start_document;
    sax->internalSubset = on_doctype;
    sax->startElementNs = on_start_element;
    sax->endElementNs = on_end_element;
    sax->comment = on_comment;
    sax->processingInstruction = on_instruction;
    sax->serror = on_error;
}

/* To a DOM, which is the caller's to free; NULL if p->error is set. */
static xmlDoc *parse_document(struct parse *p, const char *data, size_t size)
{
    p->ctxt = xmlNewParserCtxt();
    if (!p->ctxt) {
        fail(p, ENOMEM, "out of memory");
        return NULL;
    }
    p->ctxt->_private = p;
    set_handlers(p);

    /* Not XML_PARSE_HUGE: libxml2's own limits stay. XML_PARSE_NOENT only looks dangerous: where no DTD is
     * let in there are no entities but the predefined, and without it libxml2 leaves a namespace with "&"
     * in it half decoded. CDATA becomes text: only its characters matter. */
    int options = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOCDATA | XML_PARSE_COMPACT;
    xmlDoc *doc = xmlCtxtReadMemory(p->ctxt, data, (int)size, NULL, NULL, options);
    if (!doc)
        fail(p, EINVAL, "not well-formed"); /* unless somebody said so already */
    xmlFreeParserCtxt(p->ctxt);
    p->ctxt = NULL;

    if (p->error && doc) {
        xmlFreeDoc(doc);
        doc = NULL;
    }
    return doc;
}

/* ---- the tree ---- */

struct build {
    apr_pool_t *pool;
    xml_keep_fn *keep;
    struct buffer markup; /* scratch, cleared for each piece */
    size_t budget;        /* what is left of MAX_MARKUP */
};

/* A namespace's name is copied once for a declaration, however many elements are in it. */
static const char *pooled_namespace(struct build *b, xmlNs *ns)
{
    if (!ns)
        return "";
    if (!ns->_private)
        ns->_private = apr_pstrdup(b->pool, xmlmarkup_text(ns->href));
    return ns->_private;
}

/* Copied where it is said, shared by all below. xml:lang="" takes it back. */
static const char *lang_in_scope(struct build *b, const xmlNode *node, const struct xml_element *parent)
{
    xmlAttr *attr = xmlmarkup_lang(node);
    if (!attr)
        return parent ? parent->lang : NULL;
    xmlChar *value = xmlNodeGetContent((xmlNode *)attr);
    const char *lang = value && *value ? apr_pstrdup(b->pool, xmlmarkup_text(value)) : NULL;
    xmlFree(value);
    return lang;
}

static const char *direct_text(struct build *b, const xmlNode *node)
{
    size_t size = 0;
    for (const xmlNode *child = node->children; child; child = child->next)
        if (xmlmarkup_is_text(child))
            size += strlen(xmlmarkup_text(child->content));
    if (size == 0)
        return "";

    char *text = apr_palloc(b->pool, size + 1);
    char *end = text;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (!xmlmarkup_is_text(child))
            continue;
        size_t len = strlen(xmlmarkup_text(child->content));
        memcpy(end, xmlmarkup_text(child->content), len);
        end += len;
    }
    *end = '\0';
    return text;
}

/* Recursion is bounded by DAV_XML_DEPTH_MAX, here and below. */
static struct xml_element *build_element(struct build *b, const xmlNode *node, struct xml_element *parent)
{
    struct xml_element *element = apr_pcalloc(b->pool, sizeof *element);
    element->ns = pooled_namespace(b, node->ns);
    element->name = apr_pstrdup(b->pool, xmlmarkup_text(node->name));
    element->text = direct_text(b, node);
    element->lang = lang_in_scope(b, node, parent);
    element->parent = parent;

    struct xml_element **end = &element->first;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        *end = build_element(b, child, element);
        end = &(*end)->next;
    }
    return element;
}

/* ---- what is kept ---- */

/* What was written, as a string in the pool; counted against the budget. */
static int take_markup(struct build *b, const char **out)
{
    if (b->markup.overflow || b->markup.size > b->budget)
        return E2BIG;
    b->budget -= b->markup.size;
    *out = apr_pstrmemdup(b->pool, b->markup.data ? b->markup.data : "", b->markup.size);
    buffer_clear(&b->markup);
    return 0;
}

static int keep_element(struct build *b, const xmlNode *node, struct xml_element *element)
{
    xmlmarkup_put(&b->markup, node, element->lang);
    int error = take_markup(b, &element->outer);
    if (error)
        return error;
    xmlmarkup_put_content(&b->markup, node, element->lang);
    return take_markup(b, &element->inner);
}

/* Parents first. What is inside a kept element is somebody's content, and not asked about. */
static int keep_markup(struct build *b, const xmlNode *node, struct xml_element *element)
{
    if (b->keep(element))
        return keep_element(b, node, element);

    struct xml_element *child = element->first;
    for (const xmlNode *below = node->children; below; below = below->next) {
        if (below->type != XML_ELEMENT_NODE)
            continue;
        int error = keep_markup(b, below, child);
        if (error)
            return error;
        child = child->next;
    }
    return 0;
}

/* ---- the front door ---- */

static int check_size(const char *data, size_t size, const char **out_message)
{
    if (size == 0) {
        *out_message = "the body is empty";
        return EINVAL;
    }
    size_t equal_signs = 0;
    for (const char *at = data; (at = memchr(at, '=', size - (size_t)(at - data))); at++)
        equal_signs++;
    if (size > INT_MAX || equal_signs > MAX_EQUAL_SIGNS) {
        *out_message = size > INT_MAX ? "the body is too large" : "too many attributes";
        return E2BIG;
    }
    return 0;
}

int xml_parse(apr_pool_t *pool, const char *data, size_t size, struct xml_limits *limits, xml_keep_fn *keep,
              struct xml_element **out, const char **out_message)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    assert(limits->depth <= DAV_XML_DEPTH_MAX);
    pthread_once(&once, xmlInitParser);

    int error = check_size(data, size, out_message);
    if (error)
        return error;

    struct parse parse = { .limits = limits };
    xmlDoc *doc = parse_document(&parse, data, size);
    if (!doc) {
        *out_message = apr_pstrdup(pool, parse.message);
        return parse.error;
    }

    struct build build = { .pool = pool, .keep = keep, .budget = MAX_MARKUP };
    buffer_init(&build.markup, MAX_MARKUP);
    const xmlNode *top = xmlDocGetRootElement(doc);
    struct xml_element *root = build_element(&build, top, NULL);
    if (keep)
        error = keep_markup(&build, top, root);
    buffer_release(&build.markup);
    xmlFreeDoc(doc);

    if (error) {
        *out_message = "the content is too large";
        return error;
    }
    *out = root;
    return 0;
}

int xml_is_dav(const struct xml_element *element, const char *name)
{
    return strcmp(element->ns, "DAV:") == 0 && strcmp(element->name, name) == 0;
}

struct xml_element *xml_dav_child(const struct xml_element *element, const char *name)
{
    struct xml_element *child = element->first;
    while (child && !xml_is_dav(child, name))
        child = child->next;
    return child;
}
