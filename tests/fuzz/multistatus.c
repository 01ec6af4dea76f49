/*
 * What is written as XML is well-formed and says what was meant, whatever names and texts there are.
 *
 * Lines: an element (its name and namespace are written), the path of an href, which status and condition in decimal;
 * the rest is text.
 */
#include <assert.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <stdio.h>
#include <string.h>

#include "fs/path.h"
#include "tests/fuzz/fuzz.h"
#include "webdav/multistatus.h"
#include "webdav/uri.h"
#include "webdav/xmlread.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define LIMITS                                                                                               \
    {                                                                                                        \
        .elements = 10000, .depth = 100                                                                      \
    }

/* Without XML_PARSE_NOENT libxml2 compares "&#38;" with the grammar of URIs where a namespace has an ampersand. */
static xmlDoc *read_back(const struct buffer *out)
{
    assert(!out->overflow);
    xmlResetLastError();
    xmlDoc *doc = xmlReadMemory(out->data, (int)out->size, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR | XML_PARSE_HUGE);
    assert(doc && !xmlGetLastError());
    return doc;
}

/* Can XML carry it as it is (XML 1.0 2.2)? */
static bool is_sound(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' && !strchr("\t\n\r", text[i]))
            return false;
    return fuzz_is_utf8(text, len) && !strstr(text, "\xEF\xBF\xBE") && !strstr(text, "\xEF\xBF\xBF");
}

/* It comes back as it was, and is nothing but text; what XML cannot carry is replaced. */
static void check_text(const char *text, bool is_attribute)
{
    struct buffer out;
    size_t len = strlen(text);

    buffer_init(&out, 64 + XML_ESCAPED_MAX * len);
    buffer_puts(&out, is_attribute ? "<a b=\"" : "<a>");
    (is_attribute ? xml_escape_attribute : xml_escape)(&out, text, len);
    buffer_puts(&out, is_attribute ? "\"/>" : "</a>");
    xmlDoc *doc = read_back(&out);
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlChar *back = is_attribute ? xmlGetProp(root, (const xmlChar *)"b") : xmlNodeGetContent(root);
    assert(xmlChildElementCount(root) == 0);
    assert(back && (is_sound(text, len) ? strcmp((const char *)back, text) == 0
                                        : strstr((const char *)back, REPLACEMENT) != NULL));
    xmlFree(back);
    xmlFreeDoc(doc);
    buffer_release(&out);
}

/* Both writers of character data write the same, and no more than they said. */
static void check_put(apr_pool_t *pool, const char *text)
{
    struct buffer out;
    size_t len = strlen(text);
    char *put = apr_palloc(pool, XML_ESCAPED_MAX * len + 1);
    size_t put_len = (size_t)(xml_put(put, text, len) - put);

    buffer_init(&out, XML_ESCAPED_MAX * len + 1);
    xml_escape(&out, text, len);
    assert(!out.overflow && out.size == put_len && (!put_len || memcmp(out.data, put, put_len) == 0));
    buffer_release(&out);
}

static void write_document(struct buffer *out, const struct xml_element *named, const char *href, int status,
                           enum dav_condition condition, const char *text)
{
    const char *hrefs[] = { href, NULL };

    multistatus_begin(out);
    multistatus_status(out, href, status, condition);
    multistatus_response_begin(out, href, strlen(href));
    multistatus_response_status(out, status);
    multistatus_response_description(out, text, strlen(text));
    multistatus_response_end(out);
    multistatus_response_begin(out, href, strlen(href));
    multistatus_propstat_begin(out);
    if (named)
        multistatus_empty(out, named->ns, named->name);
    multistatus_propstat_end(out, status, condition);
    multistatus_response_end(out);
    multistatus_end(out);
    xmlFreeDoc(read_back(out));
    if (condition != CONDITION_NONE) {
        buffer_clear(out);
        multistatus_error(out, condition, hrefs);
        xmlFreeDoc(read_back(out));
    }
}

/* An element that xmlread let in is written as the same element. */
static void check_element(apr_pool_t *pool, const struct xml_element *named)
{
    struct xml_limits limits = LIMITS;
    struct buffer out;
    struct xml_element *again;
    const char *message;

    buffer_init(&out, 65536);
    multistatus_prop_begin(&out);
    multistatus_empty(&out, named->ns, named->name);
    multistatus_prop_end(&out);
    assert(xml_parse(pool, out.data, out.size, &limits, NULL, &again, &message) == 0);
    assert(again->first && !again->first->next);
    assert(strcmp(again->first->ns, named->ns) == 0 && strcmp(again->first->name, named->name) == 0);
    buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[8] = { 200, 204, 403, 404, 409, 423, 424, 507 };
    struct fuzz_input in;
    struct xml_element *named = NULL;
    const char *message, *path;
    struct buffer out;
    bool slash = false;
    unsigned status = 0, condition = 0;
    struct xml_limits limits = LIMITS;

    apr_pool_t *pool = fuzz_begin(data, size, &in);
    const char *element = fuzz_line(&in), *name = fuzz_line(&in);
    sscanf(fuzz_line(&in), "%2u %2u", &status, &condition);
    const char *text = fuzz_rest(&in);
    if (xml_parse(pool, element, strlen(element), &limits, NULL, &named, &message) != 0)
        named = NULL;
    else
        check_element(pool, named);
    if (path_canonical(pool, name, strlen(name), &path, &slash) != 0)
        path = "";
    buffer_init(&out, 1 << 20);
    write_document(&out, named, uri_from_path(pool, "", path, slash), statuses[status % 8],
                   condition % (CONDITION_SUFFICIENT_DISK_SPACE + 1), text);
    buffer_release(&out);
    check_text(text, false);
    check_text(text, true);
    check_put(pool, text);
    return 0;
}
