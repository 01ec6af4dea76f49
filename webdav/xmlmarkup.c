/*
 * Not by xmlNodeDump, which declares no namespaces from above the node.
 */
#include "webdav/xmlmarkup.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "webdav/multistatus.h"

static void put_name(struct buffer *out, const xmlNs *ns, const xmlChar *name)
{
    if (ns && ns->prefix) {
        buffer_puts(out, xmlmarkup_text(ns->prefix));
        buffer_puts(out, ":");
    }
    buffer_puts(out, xmlmarkup_text(name));
}

static void put_declaration(struct buffer *out, const xmlNs *ns)
{
    buffer_puts(out, ns->prefix ? " xmlns:" : " xmlns");
    buffer_puts(out, xmlmarkup_text(ns->prefix));
    buffer_puts(out, "=\"");
    xml_escape_attribute(out, xmlmarkup_text(ns->href), strlen(xmlmarkup_text(ns->href)));
    buffer_puts(out, "\"");
}

static void put_attribute(struct buffer *out, const xmlAttr *attr)
{
    xmlChar *value = xmlNodeGetContent((const xmlNode *)attr);
    buffer_puts(out, " ");
    put_name(out, attr->ns, attr->name);
    buffer_puts(out, "=\"");
    xml_escape_attribute(out, xmlmarkup_text(value), strlen(xmlmarkup_text(value)));
    buffer_puts(out, "\"");
    xmlFree(value);
}

/* The declarations above a node that is kept, the nearest first. */
struct scope {
    struct declaration {
        const xmlNs *ns;
        const char *prefix; /* "" for the default namespace */
        size_t len;
        bool is_used;
    } declared[XMLMARKUP_NAMESPACES_MAX];
    size_t count;
};

static void collect_scope(const xmlNode *node, struct scope *scope)
{
    scope->count = 0;
    for (const xmlNode *above = node->parent; above && above->type == XML_ELEMENT_NODE; above = above->parent)
        for (const xmlNs *ns = above->nsDef; ns; ns = ns->next) {
            assert(scope->count < XMLMARKUP_NAMESPACES_MAX); /* counted while parsing */
            const char *prefix = xmlmarkup_text(ns->prefix);
            scope->declared[scope->count++] =
                (struct declaration){ .ns = ns, .prefix = prefix, .len = strlen(prefix) };
        }
}

/* What stands before a colon in text may be a prefix (xsi:type="xs:string") and need its declaration. */
static void mark_mentioned(struct scope *scope, const xmlChar *content)
{
    const char *text = xmlmarkup_text(content), *end = text + strlen(text);
    for (const char *colon = text; (colon = memchr(colon, ':', (size_t)(end - colon))); colon++) {
        size_t before = (size_t)(colon - text);
        for (size_t i = 0; i < scope->count; i++) {
            struct declaration *d = &scope->declared[i];
            if (!d->is_used && d->len > 0 && d->len <= before && colon[-1] == d->prefix[d->len - 1] &&
                memcmp(colon - d->len, d->prefix, d->len) == 0)
                d->is_used = true;
        }
    }
}

static void mark_used(struct scope *scope, const xmlNs *ns)
{
    for (size_t i = 0; ns && i < scope->count; i++)
        scope->declared[i].is_used |= scope->declared[i].ns == ns;
}

/* Which of them are used anywhere in the tree at `node`. One pass, whatever their number: with one for
 * each, a long text under many prefixes would cost the product. */
static void mark_tree(struct scope *scope, const xmlNode *node)
{
    if (xmlmarkup_is_text(node))
        mark_mentioned(scope, node->content);
    if (node->type != XML_ELEMENT_NODE)
        return;
    mark_used(scope, node->ns);
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next) {
        mark_used(scope, attr->ns);
        for (const xmlNode *part = attr->children; part; part = part->next)
            mark_mentioned(scope, part->content);
    }
    for (const xmlNode *child = node->children; child; child = child->next)
        mark_tree(scope, child);
}

/* Does a nearer declaration of the same prefix stand before this one? */
static bool is_hidden(const struct scope *scope, size_t index, const xmlNode *node)
{
    const struct declaration *d = &scope->declared[index];
    for (const xmlNs *own = node->nsDef; own; own = own->next)
        if (strcmp(xmlmarkup_text(own->prefix), d->prefix) == 0)
            return true;
    for (size_t i = 0; i < index; i++)
        if (scope->declared[i].len == d->len && memcmp(scope->declared[i].prefix, d->prefix, d->len) == 0)
            return true;
    return false;
}

/* What the tree at `node` uses and only its ancestors declare. Nobody uses xmlns="", and nobody needs it
 * where this goes: there is no default namespace there. */
static void put_inherited_declarations(struct buffer *out, const xmlNode *node)
{
    struct scope scope;
    collect_scope(node, &scope);
    if (scope.count > 0)
        mark_tree(&scope, node);
    for (size_t i = 0; i < scope.count; i++)
        if (scope.declared[i].is_used && !is_hidden(&scope, i, node))
            put_declaration(out, scope.declared[i].ns);
}

static void put_nodes(struct buffer *out, const xmlNode *first, const char *lang, bool is_top);

static void put_element(struct buffer *out, const xmlNode *node, const char *lang, bool is_top)
{
    buffer_puts(out, "<");
    put_name(out, node->ns, node->name);
    for (const xmlNs *ns = node->nsDef; ns; ns = ns->next)
        put_declaration(out, ns);
    if (is_top) {
        put_inherited_declarations(out, node);
        if (lang && !xmlmarkup_lang(node)) {
            buffer_puts(out, " xml:lang=\"");
            xml_escape_attribute(out, lang, strlen(lang));
            buffer_puts(out, "\"");
        }
    }
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next)
        put_attribute(out, attr);

    if (node->children) {
        buffer_puts(out, ">");
        put_nodes(out, node->children, NULL, false);
        buffer_puts(out, "</");
        put_name(out, node->ns, node->name);
        buffer_puts(out, ">");
    } else {
        buffer_puts(out, "/>");
    }
}

/* A node and its later siblings. `is_top`: nothing is around them, they stand on their own. */
static void put_nodes(struct buffer *out, const xmlNode *first, const char *lang, bool is_top)
{
    for (const xmlNode *node = first; node; node = node->next) {
        const char *content = xmlmarkup_text(node->content);
        switch ((int)node->type) {
        case XML_ELEMENT_NODE:
            put_element(out, node, lang, is_top);
            break;
        case XML_TEXT_NODE:
        case XML_CDATA_SECTION_NODE:
            xml_escape(out, content, strlen(content));
            break;
        case XML_COMMENT_NODE:
            buffer_puts(out, "<!--");
            buffer_puts(out, content);
            buffer_puts(out, "-->");
            break;
        case XML_PI_NODE:
            buffer_puts(out, "<?");
            buffer_puts(out, xmlmarkup_text(node->name));
            buffer_puts(out, *content ? " " : "");
            buffer_puts(out, content);
            buffer_puts(out, "?>");
            break;
        default:
            assert(!"a DOM without a DTD has no other nodes");
        }
    }
}

void xmlmarkup_put(struct buffer *out, const xmlNode *node, const char *lang)
{
    put_element(out, node, lang, true);
}

void xmlmarkup_put_content(struct buffer *out, const xmlNode *node, const char *lang)
{
    put_nodes(out, node->children, lang, true);
}
