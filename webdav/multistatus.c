/*
 * XML by hand. A writer library was measured to cost more per element than everything else in a listing
 * (it checks names, keeps a stack and formats attributes that never vary here); what it would guard
 * against is guarded by xml_escape, the only way in which anything variable gets into the output but
 * for markup that xmlread.c has made.
 */
#include "webdav/multistatus.h"

#include <stdbool.h>

#define XML_NAMESPACE "http://www.w3.org/XML/1998/namespace"
#define REPLACEMENT   "\xEF\xBF\xBD" /* U+FFFD */

/* ---- escaping ---- */

/* Bytes of the well-formed UTF-8 character that begins at `p`, if XML can carry it (XML 1.0 2.2); else 0.
 * The table of the Unicode standard (3-7): no overlong forms, no surrogates, nothing over U+10FFFF. */
static size_t character_length(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t len;
    if (*p < 0x80)
        return *p >= ' ' || *p == '\t' || *p == '\n' || *p == '\r';
    if (*p >= 0xC2 && *p <= 0xDF) {
        len = 2;
    } else if (*p >= 0xE0 && *p <= 0xEF) {
        len = 3;
        low = *p == 0xE0 ? 0xA0 : 0x80;
        high = *p == 0xED ? 0x9F : 0xBF;
    } else if (*p >= 0xF0 && *p <= 0xF4) {
        len = 4;
        low = *p == 0xF0 ? 0x90 : 0x80;
        high = *p == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    if (left < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
    bool is_noncharacter = *p == 0xEF && p[1] == 0xBF && p[2] >= 0xBE; /* U+FFFE, U+FFFF */
    return is_noncharacter ? 0 : len;
}

/* What has to stand for a character that cannot stand for itself; NULL if it can. The end of a line is
 * kept in text, but would become a blank in an attribute (XML 1.0 3.3.3), and CR anywhere (2.11). */
static const char *reference(char c, bool in_attribute)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\r':
        return "&#13;";
    case '\n':
        return in_attribute ? "&#10;" : NULL;
    case '\t':
        return in_attribute ? "&#9;" : NULL;
    default:
        return NULL;
    }
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x80 && c != '&' && c != '<' && c != '>' && c != '"';
}

/* What has to be written instead of the character at the beginning, whose bytes are counted; NULL if it is itself. */
static const char *replacement(const char *text, size_t len, bool in_attribute, size_t *out_len)
{
    size_t character = character_length((const unsigned char *)text, len);
    *out_len = character ? character : 1;
    return character ? reference(*text, in_attribute) : REPLACEMENT;
}

static size_t plain_length(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && is_plain((unsigned char)text[n]))
        n++;
    return n;
}

static void escape(struct buffer *out, const char *text, size_t len, bool in_attribute)
{
    const char *begin = text,
               *end = text + len; /* from `begin` on nothing is copied yet, nor needs a change */
    while ((text += plain_length(text, (size_t)(end - text))) < end) {
        size_t n;
        const char *instead = replacement(text, (size_t)(end - text), in_attribute, &n);
        if (instead) {
            buffer_append(out, begin, (size_t)(text - begin));
            buffer_puts(out, instead);
            begin = text + n;
        }
        text += n;
    }
    buffer_append(out, begin, (size_t)(end - begin));
}

char *xml_put(char *out, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        size_t n = plain_length(text, (size_t)(end - text));
        memcpy(out, text, n);
        out += n;
        text += n;
        if (text == end)
            break;
        const char *instead = replacement(text, (size_t)(end - text), false, &n);
        memcpy(out, instead ? instead : text, instead ? strlen(instead) : n);
        out += instead ? strlen(instead) : n;
        text += n;
    }
    return out;
}

void xml_escape(struct buffer *out, const char *text, size_t len)
{
    escape(out, text, len, false);
}

void xml_escape_attribute(struct buffer *out, const char *text, size_t len)
{
    escape(out, text, len, true);
}

/* ---- 207 Multi-Status (RFC 4918 13, 14) ---- */

static void put_href(struct buffer *out, const char *href, size_t len)
{
    buffer_puts(out, "<D:href>");
    xml_escape(out, href, len);
    buffer_puts(out, "</D:href>");
}

static void put_status(struct buffer *out, int status)
{
    buffer_puts(out, "<D:status>");
    buffer_puts(out, status_line(status));
    buffer_puts(out, "</D:status>");
}

static void put_condition(struct buffer *out, enum dav_condition condition)
{
    if (condition == CONDITION_NONE)
        return;
    buffer_puts(out, "<D:error><D:");
    buffer_puts(out, condition_name(condition));
    buffer_puts(out, "/></D:error>");
}

void multistatus_begin(struct buffer *out)
{
    buffer_puts(out, MULTISTATUS_DECLARATION);
    multistatus_begin_inside(out);
}

void multistatus_begin_inside(struct buffer *out)
{
    buffer_puts(out, "<D:multistatus xmlns:D=\"DAV:\">\n");
}

void multistatus_end(struct buffer *out)
{
    buffer_puts(out, "</D:multistatus>\n");
}

void multistatus_response_begin(struct buffer *out, const char *href, size_t len)
{
    buffer_puts(out, MULTISTATUS_RESPONSE_BEGIN);
    xml_escape(out, href, len);
    buffer_puts(out, MULTISTATUS_HREF_END);
}

void multistatus_response_end(struct buffer *out)
{
    buffer_puts(out, "</D:response>\n");
}

void multistatus_response_status(struct buffer *out, int status)
{
    put_status(out, status);
}

void multistatus_response_description(struct buffer *out, const char *text, size_t len)
{
    buffer_puts(out, "<D:responsedescription>");
    xml_escape(out, text, len);
    buffer_puts(out, "</D:responsedescription>");
}

void multistatus_status(struct buffer *out, const char *href, int status, enum dav_condition condition)
{
    multistatus_response_begin(out, href, strlen(href));
    put_status(out, status);
    put_condition(out, condition);
    multistatus_response_end(out);
}

void multistatus_propstat_begin(struct buffer *out)
{
    buffer_puts(out, "<D:propstat><D:prop>");
}

void multistatus_propstat_end(struct buffer *out, int status, enum dav_condition condition)
{
    buffer_puts(out, "</D:prop>");
    put_status(out, status);
    put_condition(out, condition);
    buffer_puts(out, "</D:propstat>");
}

void multistatus_empty(struct buffer *out, const char *ns, const char *name)
{
    const char *prefix = "";
    bool declare = false;
    if (strcmp(ns, "DAV:") == 0) {
        prefix = "D:";
    } else if (strcmp(ns, XML_NAMESPACE) == 0) {
        prefix = "xml:"; /* bound to it for ever; no other prefix may be */
    } else if (*ns) {
        prefix = "x:";
        declare = true;
    }

    buffer_puts(out, "<");
    buffer_puts(out, prefix);
    buffer_puts(out, name);
    if (declare) {
        buffer_puts(out, " xmlns:x=\"");
        xml_escape_attribute(out, ns, strlen(ns));
        buffer_puts(out, "\"");
    }
    buffer_puts(out, "/>");
}

/* ---- documents of their own ---- */

void multistatus_error(struct buffer *out, enum dav_condition condition, const char *const *hrefs)
{
    const char *name = condition_name(condition);
    buffer_puts(out, MULTISTATUS_DECLARATION "<D:error xmlns:D=\"DAV:\"><D:");
    buffer_puts(out, name);
    if (hrefs && *hrefs) {
        buffer_puts(out, ">");
        for (; *hrefs; hrefs++)
            put_href(out, *hrefs, strlen(*hrefs));
        buffer_puts(out, "</D:");
        buffer_puts(out, name);
        buffer_puts(out, "></D:error>\n");
    } else {
        buffer_puts(out, "/></D:error>\n");
    }
}

void multistatus_need_privilege(struct buffer *out, const char *href, const char *privilege)
{
    buffer_puts(out, MULTISTATUS_DECLARATION "<D:error xmlns:D=\"DAV:\"><D:need-privileges><D:resource>");
    put_href(out, href, strlen(href));
    buffer_puts(out, "<D:privilege><D:");
    buffer_puts(out, privilege);
    buffer_puts(out, "/></D:privilege></D:resource></D:need-privileges></D:error>\n");
}

void multistatus_prop_begin(struct buffer *out)
{
    buffer_puts(out, MULTISTATUS_DECLARATION "<D:prop xmlns:D=\"DAV:\">");
}

void multistatus_prop_end(struct buffer *out)
{
    buffer_puts(out, "</D:prop>\n");
}
