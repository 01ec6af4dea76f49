/*
 * What is written must be what any XML parser reads: everything here is read back with libxml2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "webdav/multistatus.h"

static int set_up(void **state)
{
    struct buffer *out = malloc(sizeof *out);
    buffer_init(out, 1000000);
    *state = out;
    return 0;
}

static int tear_down(void **state)
{
    struct buffer *out = *state;
    buffer_release(out);
    free(out);
    xmlCleanupParser();
    return 0;
}

/* Well-formed also as to its namespaces, or the test fails; these may be called what they like. */
static xmlDoc *parse(const struct buffer *out)
{
    assert_false(out->overflow);
    xmlParserCtxt *ctxt = xmlNewParserCtxt();
    /* Without NOENT libxml2 does not decode references in namespaces. */
    int options = XML_PARSE_NOERROR | XML_PARSE_NOENT;
    xmlDoc *doc = xmlCtxtReadMemory(ctxt, out->data, (int)out->size, NULL, "UTF-8", options);
    if (!doc || (!ctxt->nsWellFormed && ctxt->lastError.code != XML_WAR_NS_URI))
        fail_msg("not well-formed: %.*s", (int)out->size, out->data);
    xmlFreeParserCtxt(ctxt);
    return doc;
}

static void assert_text(const struct buffer *out, const char *text)
{
    if (out->size != strlen(text) || memcmp(out->data, text, out->size) != 0)
        fail_msg("%.*s instead of %s", (int)out->size, out->data, text);
}

/* The string value of an XPath expression; D is DAV:, x is urn:x. */
static void assert_value(xmlDoc *doc, const char *expression, const char *want)
{
    xmlXPathContext *ctx = xmlXPathNewContext(doc);
    xmlXPathRegisterNs(ctx, (const xmlChar *)"D", (const xmlChar *)"DAV:");
    xmlXPathRegisterNs(ctx, (const xmlChar *)"x", (const xmlChar *)"urn:x");
    xmlXPathObject *object = xmlXPathEvalExpression((const xmlChar *)expression, ctx);
    assert_non_null(object);
    xmlChar *value = xmlXPathCastToString(object);
    if (strcmp((const char *)value, want) != 0)
        fail_msg("%s is \"%s\"", expression, (const char *)value);
    xmlFree(value);
    xmlXPathFreeObject(object);
    xmlXPathFreeContext(ctx);
}

#define FFFD "\xEF\xBF\xBD"

static void whatever_xml_cannot_carry_is_replaced(void **state)
{
    struct buffer *out = *state;
    static const struct {
        const char *name, *text, *escaped;
    } rows[] = {
        { "plain", "abc XYZ 123 '~", "abc XYZ 123 '~" },
        { "markup", "a<b>&\"c", "a&lt;b&gt;&amp;&quot;c" },
        { "end of CDATA", "]]>", "]]&gt;" },
        { "white space stays", "a\tb\nc", "a\tb\nc" },
        { "carriage return", "a\rb", "a&#13;b" },
        { "control bytes", "\x01\x08\x0b\x1f", FFFD FFFD FFFD FFFD },
        { "DEL is fine", "\x7f", "\x7f" },
        { "two bytes", "\xC2\x80\xC3\xBC\xDF\xBF", "\xC2\x80\xC3\xBC\xDF\xBF" },
        { "three bytes", "\xE0\xA0\x80\xE2\x82\xAC\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBD",
          "\xE0\xA0\x80\xE2\x82\xAC\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBD" },
        { "four bytes", "\xF0\x90\x80\x80\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF",
          "\xF0\x90\x80\x80\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF" },
        { "markup between", "\xC3\xBC&\xC3\xBC", "\xC3\xBC&amp;\xC3\xBC" },
        { "lone continuation", "a\x80z", "a" FFFD "z" },
        { "cut two bytes", "a\xC3", "a" FFFD },
        { "cut three bytes", "\xE2\x82", FFFD FFFD },
        { "cut four bytes", "\xF0\x9F\x98", FFFD FFFD FFFD },
        { "broken off by ASCII", "\xC3(", FFFD "(" },
        { "broken off by markup", "\xE2\x82<", FFFD FFFD "&lt;" },
        { "broken off by a lead byte", "\xE2\x82\xC3\xBC", FFFD FFFD "\xC3\xBC" },
        { "overlong slash", "\xC0\xAF", FFFD FFFD },
        { "overlong, two bytes", "\xC1\xBF", FFFD FFFD },
        { "overlong, three bytes", "\xE0\x9F\xBF", FFFD FFFD FFFD },
        { "overlong, four bytes", "\xF0\x8F\xBF\xBF", FFFD FFFD FFFD FFFD },
        { "surrogate", "\xED\xA0\x80", FFFD FFFD FFFD },
        { "beyond U+10FFFF", "\xF4\x90\x80\x80", FFFD FFFD FFFD FFFD },
        { "five bytes", "\xF8\x88\x80\x80\x80", FFFD FFFD FFFD FFFD FFFD },
        { "U+FFFE and U+FFFF", "\xEF\xBF\xBE\xEF\xBF\xBF", FFFD FFFD FFFD FFFD FFFD FFFD },
        { "FE and FF", "\xFE\xFF", FFFD FFFD },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].text);
        char *exact = malloc(len); /* no NUL behind it, for the sanitizer */
        memcpy(exact, rows[i].text, len);
        buffer_clear(out);
        xml_escape(out, exact, len);
        free(exact);
        if (out->size != strlen(rows[i].escaped) || memcmp(out->data, rows[i].escaped, out->size) != 0)
            fail_msg("%s: %.*s", rows[i].name, (int)out->size, out->data);
    }
    buffer_clear(out);
    xml_escape(out, "a\0b", 3);
    assert_text(out, "a" FFFD "b");
}

static void attributes_keep_their_white_space(void **state)
{
    struct buffer *out = *state;
    buffer_puts(out, "<a b=\"");
    xml_escape_attribute(out, "x\t\n\r\"<&>'", 9);
    buffer_puts(out, "\"/>");
    assert_text(out, "<a b=\"x&#9;&#10;&#13;&quot;&lt;&amp;&gt;'\"/>");
    xmlDoc *doc = parse(out);
    assert_value(doc, "/a/@b", "x\t\n\r\"<&>'");
    xmlFreeDoc(doc);
}

static void every_pair_of_bytes_is_well_formed(void **state)
{
    struct buffer *out = *state;
    for (unsigned first = 0; first < 256; first++) {
        buffer_clear(out);
        buffer_puts(out, "<a>");
        for (unsigned second = 0; second < 256; second++) {
            const char pair[] = { (char)first, (char)second };
            buffer_puts(out, "<b c=\"");
            xml_escape_attribute(out, pair, 2);
            buffer_puts(out, "\">");
            xml_escape(out, pair, 2);
            buffer_puts(out, "</b>");
        }
        buffer_puts(out, "</a>");
        xmlFreeDoc(parse(out));
    }
}

static void a_listing_reads_as_it_was_meant(void **state)
{
    struct buffer *out = *state;
    multistatus_begin(out);
    multistatus_response_begin(out, "/a%20b/", 7);
    multistatus_propstat_begin(out);
    buffer_puts(out, "<D:displayname>");
    xml_escape(out, "<&\xFF>", 4);
    buffer_puts(out, "</D:displayname>");
    multistatus_propstat_end(out, 200, CONDITION_NONE);
    multistatus_propstat_begin(out);
    multistatus_empty(out, "urn:x", "color");
    multistatus_propstat_end(out, 403, CONDITION_CANNOT_MODIFY_PROTECTED_PROPERTY);
    multistatus_response_end(out);
    multistatus_status(out, "/c", 423, CONDITION_LOCK_TOKEN_SUBMITTED);
    multistatus_status(out, "/d<&", 404, CONDITION_NONE);
    multistatus_end(out);

    xmlDoc *doc = parse(out);
    assert_value(doc, "count(/D:multistatus/D:response)", "3");
    assert_value(doc, "count(/D:multistatus/*)", "3");
    assert_value(doc, "//D:response[1]/D:href", "/a%20b/");
    assert_value(doc, "count(//D:response[1]/D:propstat)", "2");
    assert_value(doc, "//D:response[1]/D:propstat[1]/D:prop/D:displayname", "<&" FFFD ">");
    assert_value(doc, "//D:response[1]/D:propstat[1]/D:status", "HTTP/1.1 200 OK");
    assert_value(doc, "count(//D:response[1]/D:propstat[1]/D:error)", "0");
    assert_value(doc, "count(//D:response[1]/D:propstat[2]/D:prop/x:color)", "1");
    assert_value(doc, "//D:response[1]/D:propstat[2]/D:status", "HTTP/1.1 403 Forbidden");
    assert_value(doc, "count(//D:propstat[2]/D:error/D:cannot-modify-protected-property)", "1");
    assert_value(doc, "//D:response[2]/D:href", "/c");
    assert_value(doc, "//D:response[2]/D:status", "HTTP/1.1 423 Locked");
    assert_value(doc, "count(//D:response[2]/D:error/D:lock-token-submitted)", "1");
    assert_value(doc, "//D:response[3]/D:href", "/d<&");
    assert_value(doc, "count(//D:response[3]/D:error)", "0");
    /* RFC 4918 14.24 and 14.22: the status comes before the error */
    assert_value(doc, "name(//D:response[2]/*[2])", "D:status");
    assert_value(doc, "name(//D:propstat[2]/*[2])", "D:status");
    xmlFreeDoc(doc);
}

static void empty_elements_are_in_their_namespace(void **state)
{
    struct buffer *out = *state;
    static const struct {
        const char *name, *ns;
    } rows[] = {
        { "DAV", "DAV:" },
        { "none", "" },
        { "another", "urn:x" },
        { "one that looks like ours", "DAV" },
        { "hostile", "a\"><b c='&\n" },
        { "xml's own", "http://www.w3.org/XML/1998/namespace" },
        { "beyond ASCII", "urn:\xC3\xBC" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buffer_clear(out);
        multistatus_prop_begin(out);
        multistatus_empty(out, rows[i].ns, "name");
        multistatus_prop_end(out);
        xmlDoc *doc = parse(out);
        xmlNode *element = xmlDocGetRootElement(doc)->children;
        const char *ns = element->ns ? (const char *)element->ns->href : "";
        if (strcmp((const char *)element->name, "name") != 0 || strcmp(ns, rows[i].ns) != 0 || element->next)
            fail_msg("%s: {%s}%s", rows[i].name, ns, (const char *)element->name);
        xmlFreeDoc(doc);
    }
}

static void errors_name_their_condition(void **state)
{
    struct buffer *out = *state;
    multistatus_error(out, CONDITION_PROPFIND_FINITE_DEPTH, NULL);
    xmlDoc *doc = parse(out);
    assert_value(doc, "count(/D:error/*)", "1");
    assert_value(doc, "count(/D:error/D:propfind-finite-depth)", "1");
    xmlFreeDoc(doc);

    buffer_clear(out);
    multistatus_error(out, CONDITION_NO_CONFLICTING_LOCK, (const char *const[]){ NULL });
    doc = parse(out);
    assert_value(doc, "count(/D:error/D:no-conflicting-lock)", "1");
    assert_value(doc, "count(/D:error/D:no-conflicting-lock/*)", "0");
    xmlFreeDoc(doc);

    buffer_clear(out);
    multistatus_error(out, CONDITION_LOCK_TOKEN_SUBMITTED, (const char *const[]){ "/a/", "/b", NULL });
    doc = parse(out);
    assert_value(doc, "count(/D:error/D:lock-token-submitted/D:href)", "2");
    assert_value(doc, "/D:error/D:lock-token-submitted/D:href[1]", "/a/");
    assert_value(doc, "/D:error/D:lock-token-submitted/D:href[2]", "/b");
    xmlFreeDoc(doc);
}

static void documents_say_what_they_are(void **state)
{
    struct buffer *out = *state;
    static const char head[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:";
    multistatus_begin(out);
    assert_memory_equal(out->data, head, sizeof head - 1);
    buffer_clear(out);
    multistatus_error(out, CONDITION_NO_EXTERNAL_ENTITIES, NULL);
    assert_memory_equal(out->data, head, sizeof head - 1);
    buffer_clear(out);
    multistatus_prop_begin(out);
    assert_memory_equal(out->data, head, sizeof head - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_xml_cannot_carry_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(attributes_keep_their_white_space, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_pair_of_bytes_is_well_formed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_listing_reads_as_it_was_meant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_elements_are_in_their_namespace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_name_their_condition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(documents_say_what_they_are, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
