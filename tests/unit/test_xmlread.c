/*
 * Request bodies: what is refused, what is bounded, and what of it is kept how.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>
#include <errno.h>
#include <pthread.h>

#include "tests/support/pool.h"
#include "webdav/buffer.h"
#include "webdav/xmlread.h"

#define MAX_ELEMENTS 10000
#define MAX_DEPTH    100

static int keep_all(const struct xml_element *element)
{
    (void)element;
    return 1;
}

/* The test documents mark what is to be kept by its name. */
static int keep_named(const struct xml_element *element)
{
    return strcmp(element->name, "keep") == 0;
}

/* From memory of the exact size, so that the sanitizer sees a look too far. */
static int parse_bytes(apr_pool_t *in, const char *data, size_t size, xml_keep_fn *keep,
                       struct xml_element **out, const char **out_message)
{
    char *exact = malloc(size ? size : 1);
    memcpy(exact, data, size);
    struct xml_limits limits = { .elements = MAX_ELEMENTS, .depth = MAX_DEPTH };
    int error = xml_parse(in, exact, size, &limits, keep, out, out_message);
    free(exact);
    return error;
}

static struct xml_element *parse(const char *text, xml_keep_fn *keep)
{
    struct xml_element *root = NULL;
    const char *message = "";
    int error = parse_bytes(pool, text, strlen(text), keep, &root, &message);
    if (error)
        fail_msg("%s: %d, %s", text, error, message);
    return root;
}

static const struct xml_element *find_kept(const struct xml_element *element)
{
    if (element->outer)
        return element;
    for (const struct xml_element *child = element->first; child; child = child->next) {
        const struct xml_element *found = find_kept(child);
        if (found)
            return found;
    }
    return NULL;
}

/* ---- the tree ---- */

static void a_propfind_becomes_a_tree(void **state)
{
    (void)state;
    const struct xml_element *root =
        parse("<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n"
              "<D:propfind xmlns:D=\"DAV:\" xmlns:Z=\"urn:z\">\n"
              "  <!-- wanted --><D:prop><D:getetag/><Z:color/><none/></D:prop><D:include> x </D:include>\n"
              "</D:propfind>\n",
              NULL);
    assert_true(xml_is_dav(root, "propfind"));
    assert_null(root->parent);
    assert_null(root->next);
    assert_string_equal(root->text, "\n  \n");

    const struct xml_element *prop = xml_dav_child(root, "prop");
    assert_ptr_equal(prop, root->first);
    assert_ptr_equal(prop->parent, root);
    assert_ptr_equal(prop->ns, root->ns); /* one copy, however long it is and however many it has */
    assert_string_equal(prop->text, "");
    assert_true(xml_is_dav(prop->first, "getetag"));
    assert_false(xml_is_dav(prop->first, "getetags"));
    assert_string_equal(prop->first->next->ns, "urn:z");
    assert_string_equal(prop->first->next->name, "color");
    assert_string_equal(prop->first->next->next->ns, "");
    assert_null(prop->first->next->next->next);
    assert_string_equal(xml_dav_child(root, "include")->text, " x ");
    assert_null(xml_dav_child(root, "allprop"));
    assert_null(xml_dav_child(prop, "color"));
    assert_null(prop->outer);
    assert_null(prop->inner);
}

static void text_is_joined_and_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *name, *document, *text;
    } rows[] = {
        { "empty", "<a/>", "" },
        { "plain", "<a>x</a>", "x" },
        { "white space", "<a> \n\t</a>", " \n\t" },
        { "line ends", "<a>x\r\ny\rz</a>", "x\ny\nz" },
        { "carriage return as reference", "<a>x&#13;y</a>", "x\ry" },
        { "predefined entities", "<a>&lt;&gt;&amp;&quot;&apos;</a>", "<>&\"'" },
        { "character references", "<a>&#65;&#x42;&#xFC;&#x1F600;</a>", "AB\xC3\xBC\xF0\x9F\x98\x80" },
        { "CDATA", "<a>x<![CDATA[<b>&amp;]]>y</a>", "x<b>&amp;y" },
        { "around elements", "<a>x<b>no</b>y<c/>z</a>", "xyz" },
        { "around comments", "<a>x<!-- no -->y<?no no?>z</a>", "xyz" },
        { "UTF-8", "<a>\xC3\xBC</a>", "\xC3\xBC" },
        { "byte order mark", "\xEF\xBB\xBF<a>x</a>", "x" },
        { "Latin-1", "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xFC</a>", "\xC3\xBC" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = parse(rows[i].document, NULL)->text;
        if (strcmp(text, rows[i].text) != 0)
            fail_msg("%s: %s", rows[i].name, text);
    }
}

static void languages_are_in_scope_below(void **state)
{
    (void)state;
    const struct xml_element *root = parse("<a><b xml:lang='de'><c/><d xml:lang='en'><e/></d><f xml:lang=''>"
                                           "<g/></f></b></a>",
                                           NULL);
    const struct xml_element *b = root->first, *c = b->first, *d = c->next, *f = d->next;
    assert_null(root->lang);
    assert_string_equal(b->lang, "de");
    assert_string_equal(c->lang, "de");
    assert_string_equal(d->lang, "en");
    assert_string_equal(d->first->lang, "en");
    assert_null(f->lang);
    assert_null(f->first->lang);
}

static size_t to_utf16(const char *ascii, bool big_endian, char *out)
{
    char *end = out;
    *end++ = big_endian ? '\xFE' : '\xFF';
    *end++ = big_endian ? '\xFF' : '\xFE';
    for (; *ascii; ascii++) {
        *end++ = big_endian ? '\0' : *ascii;
        *end++ = big_endian ? *ascii : '\0';
    }
    return (size_t)(end - out);
}

static void utf16_is_read_in_both_orders(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "<?xml version=\"1.0\" encoding=\"utf-16\"?><D:a xmlns:D=\"DAV:\"><D:b c=\"1\">x&#xFC;</D:b></D:a>",
        "<D:a xmlns:D=\"DAV:\"><D:b c=\"1\">x&#xFC;</D:b></D:a>",
    };
    for (unsigned i = 0; i < 4; i++) {
        char data[300];
        size_t size = to_utf16(documents[i / 2], i % 2, data);
        struct xml_element *root = NULL;
        const char *message = "";
        assert_int_equal(parse_bytes(pool, data, size, keep_all, &root, &message), 0);
        assert_true(xml_is_dav(root, "a"));
        assert_string_equal(xml_dav_child(root, "b")->text, "x\xC3\xBC");
        assert_string_equal(root->outer, "<D:a xmlns:D=\"DAV:\"><D:b c=\"1\">x\xC3\xBC</D:b></D:a>");
    }
}

/* ---- markup ---- */

static void kept_markup_stands_on_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *name, *document, *outer, *inner;
    } rows[] = {
        { "nothing to declare", "<a><keep>x</keep></a>", "<keep>x</keep>", "x" },
        { "empty", "<a><keep></keep></a>", "<keep/>", "" },
        { "its own prefix", "<a xmlns:p='P'><p:keep/></a>", "<p:keep xmlns:p=\"P\"/>", "" },
        { "declared on itself", "<a><p:keep xmlns:p='P'/></a>", "<p:keep xmlns:p=\"P\"/>", "" },
        { "without a prefix", "<a xmlns='P'><keep><b/></keep></a>", "<keep xmlns=\"P\"><b/></keep>",
          "<b xmlns=\"P\"/>" },
        { "back to no namespace", "<a xmlns='P'><keep xmlns=''><b/></keep></a>",
          "<keep xmlns=\"\"><b/></keep>", "<b/>" },
        { "no namespace inside one", "<a xmlns='P'><keep><b xmlns=''><c/></b></keep></a>",
          "<keep xmlns=\"P\"><b xmlns=\"\"><c/></b></keep>", "<b xmlns=\"\"><c/></b>" },
        { "prefix used inside", "<a xmlns:p='P'><keep><p:b/></keep></a>", "<keep xmlns:p=\"P\"><p:b/></keep>",
          "<p:b xmlns:p=\"P\"/>" },
        { "prefix of an attribute", "<a xmlns:p='P'><keep><b p:c='1'/></keep></a>",
          "<keep xmlns:p=\"P\"><b p:c=\"1\"/></keep>", "<b xmlns:p=\"P\" p:c=\"1\"/>" },
        { "prefix not used", "<a xmlns:p='P' xmlns:q='Q'><q:keep/></a>", "<q:keep xmlns:q=\"Q\"/>", "" },
        { "nearer declaration wins", "<a xmlns:p='far'><b xmlns:p='near'><p:keep/></b></a>",
          "<p:keep xmlns:p=\"near\"/>", "" },
        { "overridden inside", "<a xmlns:p='P'><p:keep><p:b xmlns:p='Q'/></p:keep></a>",
          "<p:keep xmlns:p=\"P\"><p:b xmlns:p=\"Q\"/></p:keep>", "<p:b xmlns:p=\"Q\"/>" },
        { "overridden on itself", "<a xmlns:p='P'><p:keep xmlns:p='Q'/></a>", "<p:keep xmlns:p=\"Q\"/>", "" },
        { "two prefixes of one name", "<a xmlns:p='P' xmlns:q='P'><p:keep><q:b/></p:keep></a>",
          "<p:keep xmlns:p=\"P\" xmlns:q=\"P\"><q:b/></p:keep>", "<q:b xmlns:q=\"P\"/>" },
        { "nearer declaration wins in text", "<a xmlns:p='far'><b xmlns:p='near'><keep>p:x</keep></b></a>",
          "<keep xmlns:p=\"near\">p:x</keep>", "p:x" },
        { "overridden on itself in text", "<a xmlns:p='far'><keep xmlns:p='near'>p:x</keep></a>",
          "<keep xmlns:p=\"near\">p:x</keep>", "p:x" },
        { "prefix in an attribute's value", "<a xmlns:s='S'><keep type='s:string'/></a>",
          "<keep xmlns:s=\"S\" type=\"s:string\"/>", "" },
        { "prefix in text", "<a xmlns:s='S'><keep>s:string</keep></a>", "<keep xmlns:s=\"S\">s:string</keep>",
          "s:string" },
        { "prefix in text of another length", "<a xmlns:s='S' xmlns:as='A'><keep>(as:x</keep></a>",
          "<keep xmlns:s=\"S\" xmlns:as=\"A\">(as:x</keep>", "(as:x" },
        { "colon without a prefix", "<a xmlns:s='S'><keep>:s :</keep></a>", "<keep>:s :</keep>", ":s :" },
        { "like a prefix in text", "<a xmlns:s='S'><keep>s</keep></a>", "<keep>s</keep>", "s" },
        { "namespace to be escaped", "<a xmlns:p='urn:a&amp;b'><p:keep/></a>",
          "<p:keep xmlns:p=\"urn:a&amp;b\"/>", "" },
        { "language above", "<a xml:lang='de'><keep>x</keep></a>", "<keep xml:lang=\"de\">x</keep>", "x" },
        { "language on itself", "<a xml:lang='de'><keep xml:lang='en'><b/></keep></a>",
          "<keep xml:lang=\"en\"><b/></keep>", "<b xml:lang=\"en\"/>" },
        { "language taken back", "<a xml:lang='de'><keep xml:lang=''><b/></keep></a>",
          "<keep xml:lang=\"\"><b/></keep>", "<b/>" },
        { "language of each part", "<a xml:lang='de'><keep><b/>x<c xml:lang='en'/></keep></a>",
          "<keep xml:lang=\"de\"><b/>x<c xml:lang=\"en\"/></keep>",
          "<b xml:lang=\"de\"/>x<c xml:lang=\"en\"/>" },
        { "mixed content and white space", "<a><keep> x <b> y </b>\n\tz </keep></a>",
          "<keep> x <b> y </b>\n\tz </keep>", " x <b> y </b>\n\tz " },
        { "comments and instructions", "<a><keep>x<!-- c --><?p  d e ?><?q?>y</keep></a>",
          "<keep>x<!-- c --><?p d e ?><?q?>y</keep>", "x<!-- c --><?p d e ?><?q?>y" },
        { "CDATA as text", "<a><keep><![CDATA[<&]]>]]&gt;</keep></a>", "<keep>&lt;&amp;]]&gt;</keep>",
          "&lt;&amp;]]&gt;" },
        { "references", "<a><keep b='&lt;&amp;&quot;&#9;&#10;&#13;'>&#13;&#xFC;</keep></a>",
          "<keep b=\"&lt;&amp;&quot;&#9;&#10;&#13;\">&#13;\xC3\xBC</keep>", "&#13;\xC3\xBC" },
        { "order of attributes", "<a><keep z='1' y='2' x='3'/></a>", "<keep z=\"1\" y=\"2\" x=\"3\"/>", "" },
        { "the root", "<keep xmlns='DAV:'><b/></keep>", "<keep xmlns=\"DAV:\"><b/></keep>",
          "<b xmlns=\"DAV:\"/>" },
        { "a Finder's owner",
          "<D:a xmlns:D='DAV:'><keep xmlns='DAV:'>\n<D:href>http://x/</D:href>\n</keep></D:a>",
          "<keep xmlns=\"DAV:\" xmlns:D=\"DAV:\">\n<D:href>http://x/</D:href>\n</keep>",
          "\n<D:href xmlns:D=\"DAV:\">http://x/</D:href>\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct xml_element *kept = find_kept(parse(rows[i].document, keep_named));
        if (!kept || strcmp(kept->outer, rows[i].outer) != 0 || strcmp(kept->inner, rows[i].inner) != 0)
            fail_msg("%s: %s, %s", rows[i].name, kept ? kept->outer : "", kept ? kept->inner : "");

        /* What was kept reads as itself, wherever it is put. */
        const char *again = apr_pstrcat(pool, "<D:x xmlns:D='DAV:'>", kept->outer, "</D:x>", NULL);
        const struct xml_element *copy = find_kept(parse(again, keep_named));
        if (strcmp(copy->ns, kept->ns) != 0 || strcmp(copy->outer, kept->outer) != 0)
            fail_msg("%s, again: %s", rows[i].name, copy->outer);
        parse(apr_pstrcat(pool, "<D:x xmlns:D='DAV:'>", kept->inner, "</D:x>", NULL), NULL);
    }
}

static void what_is_inside_the_kept_is_not_asked_about(void **state)
{
    (void)state;
    const struct xml_element *root = parse("<a><b><c/></b></a>", keep_all);
    assert_non_null(root->outer);
    assert_null(root->first->outer);

    root = parse("<a><keep>1</keep><b><keep>2<keep>3</keep></keep></b><keep>4</keep></a>", keep_named);
    assert_null(root->outer);
    const struct xml_element *one = root->first, *b = one->next, *two = b->first, *four = b->next;
    assert_string_equal(one->inner, "1");
    assert_null(b->outer);
    assert_string_equal(two->inner, "2<keep>3</keep>");
    assert_null(two->first->outer);
    assert_string_equal(four->outer, "<keep>4</keep>");
}

/* ---- what is refused ---- */

static void bad_documents_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *document;
        int error;
    } rows[] = {
        { "empty", "", EINVAL },
        { "blank", " \n", EINVAL },
        { "no XML", "propfind", EINVAL },
        { "not closed", "<a><b></b>", EINVAL },
        { "crossed", "<a><b></a></b>", EINVAL },
        { "two roots", "<a/><b/>", EINVAL },
        { "text behind", "<a/>x", EINVAL },
        { "declaration not first", " <?xml version='1.0'?><a/>", EINVAL },
        { "attribute twice", "<a b='1' b='2'/>", EINVAL },
        { "attribute without quotes", "<a b=1/>", EINVAL },
        { "less-than in an attribute", "<a b='<'/>", EINVAL },
        { "bare ampersand", "<a>&</a>", EINVAL },
        { "end of CDATA in text", "<a>]]></a>", EINVAL },
        { "double hyphen in a comment", "<a><!-- a--b --></a>", EINVAL },
        { "control byte", "<a>\x01</a>", EINVAL },
        { "control byte as reference", "<a>&#1;</a>", EINVAL },
        { "reference to U+FFFF", "<a>&#xFFFF;</a>", EINVAL },
        { "reference to a surrogate", "<a>&#xD800;</a>", EINVAL },

        { "undeclared prefix", "<p:a/>", EINVAL },
        { "undeclared prefix of an attribute", "<a p:b='1'/>", EINVAL },
        { "prefix out of scope", "<a><p:b xmlns:p='P'/><p:c/></a>", EINVAL },
        { "prefix for nothing (litmus propfind_invalid2)",
          "<D:propfind xmlns:D='DAV:'><D:prop><bar:foo xmlns:bar=''/></D:prop></D:propfind>", EINVAL },
        { "attribute twice by two prefixes", "<a xmlns:p='P' xmlns:q='P' p:b='1' q:b='2'/>", EINVAL },
        { "two colons", "<a xmlns:p='P'><p:b:c/></a>", EINVAL },
        { "xmlns as a prefix", "<xmlns:a/>", EINVAL },
        { "xml for something else", "<a xmlns:xml='P'/>", EINVAL },
        { "xml by another prefix", "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", EINVAL },
        { "the namespace of xmlns", "<a xmlns='http://www.w3.org/2000/xmlns/'/>", EINVAL },
        { "a namespace that is no URI", "<a xmlns='http://a b/&quot;'/>", EINVAL },

        { "document type", "<!DOCTYPE a><a/>", EPERM },
        { "internal subset", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", EPERM },
        { "external subset", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", EPERM },
        { "external entity", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", EPERM },
        { "parameter entity", "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/'> %x;]><a/>", EPERM },
        { "billion laughs",
          "<!DOCTYPE a [<!ENTITY b 'ha'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d "
          "'&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;'>]><a>&e;</a>",
          EPERM },
        { "default attributes", "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>", EPERM },
        { "undeclared entity", "<a>&nbsp;</a>", EINVAL },

        { "not UTF-8", "<a>\xFF</a>", EINVAL },
        { "not UTF-8 in an attribute", "<a b='\xC3('/>", EINVAL },
        { "not UTF-8 in a name", "<a\xE4/>", EINVAL },
        { "cut UTF-8", "<a>\xC3", EINVAL },
        { "overlong UTF-8", "<a>\xC0\xBC</a>", EINVAL },
        { "UTF-8 called UTF-16", "<?xml version='1.0' encoding='utf-16'?><a/>", EINVAL },
        { "unknown charset", "<?xml version='1.0' encoding='x-none'?><a/>", EINVAL },
        { "charset that we do not take", "<?xml version='1.0' encoding='koi8-r'?><a/>", EINVAL },
        { "charset that hides markup", "<?xml version='1.0' encoding='utf-7'?><a/>", EINVAL },
        { "Latin-1 called ASCII", "<?xml version='1.0' encoding='us-ascii'?><a>\xFC</a>", EINVAL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct xml_element *root = NULL;
        const char *message = NULL;
        const char *document = rows[i].document;
        int error = parse_bytes(pool, document, strlen(document), keep_all, &root, &message);
        if (error != rows[i].error || root || !message || !*message)
            fail_msg("%s: %d, %s", rows[i].name, error, message ? message : "no message");
        if (strpbrk(message, "\r\n\xFF\xC3") || strlen(message) > 200)
            fail_msg("%s: not fit to be shown: %s", rows[i].name, message);
    }
}

/* `count` times `piece` between `head` and `tail`. */
static struct buffer make_document(const char *head, const char *piece, size_t count, const char *tail)
{
    struct buffer document;
    buffer_init(&document, 64 * 1024 * 1024);
    buffer_puts(&document, head);
    for (size_t i = 0; i < count; i++)
        buffer_puts(&document, piece);
    buffer_puts(&document, tail);
    return document;
}

static int parse_document(const struct buffer *document, xml_keep_fn *keep)
{
    apr_pool_t *own;
    apr_pool_create(&own, NULL);
    struct xml_element *root = NULL;
    const char *message = NULL;
    int error = parse_bytes(own, document->data, document->size, keep, &root, &message);
    assert_int_equal(error == 0, root != NULL);
    assert_int_equal(error == 0, message == NULL);
    apr_pool_destroy(own);
    return error;
}

static void numbers_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *name, *head, *piece;
        size_t most; /* that are taken */
        const char *tail;
    } rows[] = {
        { "elements", "<a>", "<b/>", MAX_ELEMENTS - 1, "</a>" },
        { "comments", "<a>", "<!---->", MAX_ELEMENTS - 1, "</a>" },
        { "instructions", "<a>", "<?b?>", MAX_ELEMENTS - 1, "</a>" },
        { "comments before the root", "", "<!---->", MAX_ELEMENTS - 1, "<a/>" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const size_t more[] = { 0, 1, 90000 };
        for (size_t j = 0; j < 3; j++) {
            struct buffer document =
                make_document(rows[i].head, rows[i].piece, rows[i].most + more[j], rows[i].tail);
            int error = parse_document(&document, keep_all);
            buffer_release(&document);
            if (error != (more[j] ? E2BIG : 0))
                fail_msg("%s, %zu more: %d", rows[i].name, more[j], error);
        }
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    static const size_t depths[] = { MAX_DEPTH, MAX_DEPTH + 1, 100000 };
    for (size_t i = 0; i < 3; i++) {
        struct buffer document = make_document("", "<a>", depths[i], "");
        for (size_t j = 0; j < depths[i]; j++)
            buffer_puts(&document, "</a>");
        assert_int_equal(parse_document(&document, keep_all), i == 0 ? 0 : E2BIG);
        buffer_release(&document);
    }
}

/* Attributes cost libxml2 their number squared, so they must be counted before it sees them. */
static void attributes_are_bounded_without_reading_them(void **state)
{
    (void)state;
    struct buffer document;
    buffer_init(&document, 64 * 1024 * 1024);
    buffer_puts(&document, "<a");
    for (unsigned i = 0; i < 1000000; i++)
        buffer_printf(&document, " a%u=''", i);
    buffer_puts(&document, "/>");
    clock_t begin = clock();
    assert_int_equal(parse_document(&document, NULL), E2BIG);
    assert_true(clock() - begin < 5 * CLOCKS_PER_SEC); /* minutes otherwise */
    buffer_release(&document);

    buffer_init(&document, 100000);
    buffer_puts(&document, "<a");
    for (unsigned i = 0; i < 1000; i++)
        buffer_printf(&document, " a%u=''", i);
    buffer_puts(&document, "/>");
    assert_int_equal(parse_document(&document, NULL), 0);
    buffer_release(&document);
}

static void namespaces_in_scope_are_bounded(void **state)
{
    (void)state;
    struct buffer document;
    buffer_init(&document, 100000);
    buffer_puts(&document, "<a");
    for (unsigned i = 0; i < 101; i++)
        buffer_printf(&document, " xmlns:n%u='urn:x'", i);
    buffer_puts(&document, "/>");
    assert_int_equal(parse_document(&document, NULL), E2BIG);
    buffer_release(&document);

    /* many, but one after the other */
    document = make_document("<a>", "<b xmlns='urn:x'/>", 1000, "</a>");
    assert_int_equal(parse_document(&document, NULL), 0);
    buffer_release(&document);
}

/* Names of namespaces are repeated by answers, and prefixes by whoever looks for them. */
static void namespaces_are_bounded_in_length(void **state)
{
    (void)state;
    static const struct {
        size_t prefix, name;
        int error;
    } rows[] = {
        { 256, 4096, 0 }, { 257, 10, E2BIG }, { 10, 4097, E2BIG }, { 0, 4096, 0 }, { 0, 4097, E2BIG }
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer document;
        buffer_init(&document, 10000);
        buffer_puts(&document, rows[i].prefix ? "<a><b xmlns:" : "<a><b xmlns");
        for (size_t n = 0; n < rows[i].prefix; n++)
            buffer_puts(&document, "p");
        buffer_puts(&document, "='u:");
        for (size_t n = 2; n < rows[i].name; n++)
            buffer_puts(&document, "n");
        buffer_puts(&document, "'/></a>");
        int error = parse_document(&document, NULL);
        if (error != rows[i].error)
            fail_msg("%zu, %zu: %d", rows[i].prefix, rows[i].name, error);
        buffer_release(&document);
    }
}

/* The nearest 95 declarations of prefixes that are all but mentioned, and as many texts or one long one: what
 * looks at each letter for each prefix takes so long that the runner gives up on it. */
static void looking_for_prefixes_is_linear(void **state)
{
    (void)state;
    static const struct {
        const char *name, *piece;
        size_t count;
    } rows[] = { { "no colon", "aaaaaaaaaa", 100000 },
                 { "colons", "aaaa:", 200000 },
                 { "elements", "<b/>", 9000 } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer head, document;
        buffer_init(&head, 100000);
        buffer_puts(&head, "<a");
        for (size_t n = 0; n < 95; n++) {
            buffer_puts(&head, " xmlns:");
            for (size_t length = 0; length < 100 + n; length++)
                buffer_puts(&head, "a");
            buffer_printf(&head, "='u:%zu'", n);
        }
        buffer_append(&head, "><keep>\0", 8);
        document = make_document(head.data, rows[i].piece, rows[i].count, "</keep></a>");
        int error = parse_document(&document, keep_named);
        if (error)
            fail_msg("%s: %d", rows[i].name, error);
        buffer_release(&document);
        buffer_release(&head);
    }
}

/* What one declaration says is repeated on all that is kept: 5,000 times 100 KiB here. */
static void markup_is_bounded(void **state)
{
    (void)state;
    struct buffer head = make_document("<p:a xmlns:p='urn:", "x", 4000, "' xml:lang='");
    for (unsigned i = 0; i < 100000; i++)
        buffer_puts(&head, "l");
    buffer_append(&head, "'>\0", 3);
    struct buffer document = make_document(head.data, "<p:keep/>", 5000, "</p:a>");
    assert_int_equal(parse_document(&document, keep_named), E2BIG);
    assert_int_equal(parse_document(&document, NULL), 0); /* the tree itself shares them */
    buffer_release(&document);
    buffer_release(&head);

    document = make_document("<a xmlns:p='urn:x'>", "<p:keep>x</p:keep>", 5000, "</a>");
    assert_int_equal(parse_document(&document, keep_named), 0);
    buffer_release(&document);
}

static void long_texts_are_read(void **state)
{
    (void)state;
    struct buffer document = make_document("<a>", "0123456789&amp;", 100000, "</a>");
    struct xml_element *root = NULL;
    const char *message = NULL;
    assert_int_equal(parse_bytes(pool, document.data, document.size, keep_all, &root, &message), 0);
    assert_int_equal(strlen(root->text), 1100000);
    assert_int_equal(strlen(root->inner), 1500000);
    buffer_release(&document);
}

/* ---- byte by byte ---- */

static const char sample[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><D:a xmlns:D=\"DAV:\" xml:lang='de'><D:set><!-- c --><D:prop>"
    "<x:keep xmlns:x='urn:x&amp;y' x:b='&#10;'>t\xC3\xBC<![CDATA[<]]>&lt;<?p d?><D:c/></x:keep></D:prop>"
    "</D:set></D:a>";

static void cut_documents_are_refused(void **state)
{
    (void)state;
    for (size_t size = 0; size <= sizeof sample - 1; size++) {
        struct xml_element *root = NULL;
        const char *message = NULL;
        int error = parse_bytes(pool, sample, size, keep_named, &root, &message);
        assert_int_equal(error, size == sizeof sample - 1 ? 0 : EINVAL);
        assert_int_equal(error == 0, message == NULL);
        apr_pool_clear(pool);
    }
}

static void spoilt_documents_are_survived(void **state)
{
    (void)state;
    static const char bytes[] = "<>&;'\"=/!?-[]: \0\x01\x7f\x80\xC3\xFF";
    char copy[sizeof sample];
    memcpy(copy, sample, sizeof sample);
    for (size_t at = 0; at < sizeof sample - 1; at++) {
        for (size_t i = 0; i < sizeof bytes - 1; i++) {
            struct xml_element *root = NULL;
            const char *message = NULL;
            copy[at] = bytes[i];
            int error = parse_bytes(pool, copy, sizeof sample - 1, keep_named, &root, &message);
            assert_true(error == 0 || error == EINVAL || error == EPERM);
            assert_int_equal(error == 0, root != NULL);
            const struct xml_element *kept = root ? find_kept(root) : NULL;
            if (kept)
                parse(kept->outer, NULL);
        }
        copy[at] = sample[at];
        apr_pool_clear(pool);
    }
}

static void *parse_many(void *failures)
{
    apr_pool_t *own;
    apr_pool_create(&own, NULL);
    for (unsigned i = 0; i < 200; i++) {
        struct xml_element *root = NULL;
        const char *message = NULL;
        struct xml_limits limits = { .elements = MAX_ELEMENTS, .depth = MAX_DEPTH };
        size_t size = i % 2 ? sizeof sample - 1 : sizeof sample / 2;
        if (xml_parse(own, sample, size, &limits, keep_named, &root, &message) != (i % 2 ? 0 : EINVAL))
            ++*(int *)failures;
        apr_pool_clear(own);
    }
    apr_pool_destroy(own);
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    (void)state;
    pthread_t threads[8];
    int failures[8] = { 0 };
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, parse_many, &failures[i]), 0);
    for (unsigned i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(failures[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_propfind_becomes_a_tree, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(text_is_joined_and_decoded, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(languages_are_in_scope_below, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(utf16_is_read_in_both_orders, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(kept_markup_stands_on_its_own, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(what_is_inside_the_kept_is_not_asked_about, pool_set_up,
                                        pool_tear_down),
        cmocka_unit_test_setup_teardown(bad_documents_are_refused, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_bounded, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(depth_is_bounded, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(attributes_are_bounded_without_reading_them, pool_set_up,
                                        pool_tear_down),
        cmocka_unit_test_setup_teardown(namespaces_in_scope_are_bounded, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(namespaces_are_bounded_in_length, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(looking_for_prefixes_is_linear, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(markup_is_bounded, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(long_texts_are_read, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(cut_documents_are_refused, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(spoilt_documents_are_survived, pool_set_up, pool_tear_down),
        cmocka_unit_test_setup_teardown(threads_do_not_meet, pool_set_up, pool_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
