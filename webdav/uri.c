/*
 * URIs are taken apart by hand: apr_uri_parse accepts more than we may (it keeps escapes, fragments
 * and control bytes as they are), and what is left to do after our checks is one search for a slash.
 *
 * What a client may mean by a path is decided here once: everything is decoded exactly once, and
 * whatever could mean two things to two programs on the way (an encoded slash, a dot segment, a NUL) is
 * refused instead of being interpreted.
 */
#include "webdav/uri.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "fs/path.h"
#include "fs/unicode.h"

/* The longest path can be sent with every byte escaped, between two slashes. */
#define ENCODED_PATH_MAX (3 * FS_PATH_MAX + 2)

/* The ASCII classes by hand: those of <ctype.h> depend on the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* ---- authorities ---- */

struct authority {
    const char *host; /* with its brackets if it is an IPv6 address */
    size_t len;
    unsigned port; /* 0 = the default of its scheme */
};

static bool parse_port(const char *text, unsigned *out)
{
    unsigned port = 0;
    for (; is_digit(*text); text++) {
        port = port * 10 + (unsigned)(*text - '0');
        if (port > 65535)
            return false;
    }
    if (*text != '\0')
        return false;
    /* The scheme may have changed on the way to us, so the defaults of both are the same to us. */
    *out = port == 80 || port == 443 ? 0 : port;
    return true;
}

static bool parse_authority(const char *text, struct authority *out)
{
    size_t len = *text == '[' ? strcspn(text, "]") : strcspn(text, ":");
    if (*text == '[') {
        if (text[len] != ']' || len == 1)
            return false;
        len++;
    }
    if (len == 0 || (text[len] != ':' && text[len] != '\0'))
        return false;

    unsigned port = 0;
    if (text[len] == ':' && !parse_port(text + len + 1, &port))
        return false;
    *out = (struct authority){ .host = text, .len = len, .port = port };
    return true;
}

bool uri_same_host(const char *a, const char *b)
{
    struct authority first, second;
    return parse_authority(a, &first) && parse_authority(b, &second) && first.port == second.port &&
           first.len == second.len && strncasecmp(first.host, second.host, first.len) == 0;
}

/* ---- from the wire ---- */

/* RFC 3986 3.1: scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), then ":" */
static size_t scheme_length(const char *uri)
{
    if (!is_alpha(*uri))
        return 0;
    size_t len = 1;
    while (is_alpha(uri[len]) || is_digit(uri[len]) || (uri[len] && strchr("+-.", uri[len])))
        len++;
    return uri[len] == ':' ? len : 0;
}

const char *uri_merge_slashes(const char *target)
{
    size_t slashes = strspn(target, "/");

    return slashes > 1 ? target + slashes - 1 : target;
}

const char *uri_without_credentials(apr_pool_t *pool, const char *uri)
{
    size_t scheme = scheme_length(uri);
    if (scheme == 0 || strncmp(uri + scheme, "://", 3) != 0)
        return uri;
    const char *begin = uri + scheme + 3;
    const char *at = memrchr(begin, '@', strcspn(begin, "/?"));
    return at ? apr_pstrcat(pool, apr_pstrmemdup(pool, uri, scheme + 3), at + 1, NULL) : uri;
}

/* Checks the authority of an absolute URI, and finds where its path begins. */
static int skip_authority(apr_pool_t *pool, const char *uri, const struct uri_self *self, const char **out)
{
    size_t scheme = scheme_length(uri);
    if (scheme == 0)
        return EINVAL;
    bool is_http = (scheme == 4 && strncasecmp(uri, "http", 4) == 0) ||
                   (scheme == 5 && strncasecmp(uri, "https", 5) == 0);
    if (!is_http)
        return EXDEV;
    if (strncmp(uri + scheme, "://", 3) != 0)
        return EINVAL;

    const char *begin = uri + scheme + 3;
    size_t len = strcspn(begin, "/?");
    const char *host = apr_pstrmemdup(pool, begin, len);
    const char *at = strrchr(host, '@'); /* credentials in a Destination say nothing about where */
    if (at)
        host = at + 1;

    struct authority authority;
    if (!parse_authority(host, &authority))
        return EINVAL;
    if (self->host && !uri_same_host(host, self->host))
        return EXDEV;
    *out = begin + len;
    return 0;
}

static int decode(const char *text, size_t len, char *out, size_t *out_len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '%') {
            out[n++] = text[i];
            continue;
        }
        int high = len - i > 2 ? hex_value(text[i + 1]) : -1;
        int low = len - i > 2 ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return EINVAL;
        char byte = (char)(high << 4 | low);
        if (byte == '\0' || byte == '/') /* neither can be part of a name */
            return EINVAL;
        out[n++] = byte;
        i += 2;
    }
    *out_len = n;
    return 0;
}

/* Bytes from 0x80 on should have been escaped, but some clients send them as they are. */
static bool has_forbidden_byte(const char *uri)
{
    for (; *uri; uri++)
        if ((unsigned char)*uri <= ' ' || *uri == 0x7f || *uri == '#')
            return true;
    return false;
}

static bool is_same_name(apr_pool_t *pool, const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len == b_len && memcmp(a, b, a_len) == 0)
        return true;
    if (unicode_is_ascii(a, a_len) || unicode_is_ascii(b, b_len))
        return false;
    const char *a_name = apr_pstrmemdup(pool, a, a_len), *a_nfc = unicode_nfc(pool, a_name);
    const char *b_name = apr_pstrmemdup(pool, b, b_len), *b_nfc = unicode_nfc(pool, b_name);
    return strcmp(a_nfc ? a_nfc : a_name, b_nfc ? b_nfc : b_name) == 0;
}

const char *uri_below(apr_pool_t *pool, const char *path, const char *prefix)
{
    while (*prefix) {
        size_t wanted = strcspn(++prefix, "/"), len = strcspn(path, "/");
        if (!is_same_name(pool, path, len, prefix, wanted))
            return NULL;
        prefix += wanted;
        path += len + (path[len] == '/');
    }
    return path;
}

static int take_path(apr_pool_t *pool, const char *bytes, size_t len, const char *prefix,
                     const char **out_path, bool *out_slash)
{
    const char *path;
    bool slash;

    int error = path_canonical(pool, bytes, len, &path, &slash);
    if (!error && prefix && !(path = uri_below(pool, path, prefix)))
        error = EXDEV;
    if (error)
        return error;
    *out_path = path;
    *out_slash = slash;
    return 0;
}

int uri_to_path(apr_pool_t *pool, const char *uri, const struct uri_self *self, const char **out_path,
                bool *out_slash)
{
    if (has_forbidden_byte(uri))
        return EINVAL;

    const char *text = uri;
    if (*uri != '/') {
        int error = skip_authority(pool, uri, self, &text);
        if (error)
            return error;
    } else if (uri[1] == '/') {
        return EINVAL; /* RFC 3986 4.2: a network-path reference, which nobody means */
    }

    size_t len = strcspn(text, "?");
    if (len > ENCODED_PATH_MAX)
        return ENAMETOOLONG;
    if (len == 0) /* RFC 9110 4.2.3: "http://host" is "http://host/" */
        return take_path(pool, "/", 1, self->prefix, out_path, out_slash);

    char *bytes = apr_palloc(pool, len);
    size_t size;
    int error = decode(text, len, bytes, &size);
    if (error)
        return error;
    return take_path(pool, bytes, size, self->prefix, out_path, out_slash);
}

int uri_parse_prefix(apr_pool_t *pool, const char *text, const char **out_prefix)
{
    const char *path;
    bool slash;

    if (*text != '/')
        return EINVAL;
    int error = path_canonical(pool, text, strlen(text), &path, &slash);
    if (error)
        return error;
    if (path_is_reserved(path))
        return EINVAL;
    if (strlen(path) >= URI_PREFIX_MAX)
        return ENAMETOOLONG;
    *out_prefix = *path ? apr_pstrcat(pool, "/", path, NULL) : "";
    return 0;
}

/* ---- to the wire ---- */

static bool is_plain(unsigned char c)
{
    static const bool plain[256] = {
        ['-'] = true, ['.'] = true, ['_'] = true, ['~'] = true, ['/'] = true, ['0'] = true, ['1'] = true,
        ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true,
        ['9'] = true, ['A'] = true, ['B'] = true, ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true,
        ['G'] = true, ['H'] = true, ['I'] = true, ['J'] = true, ['K'] = true, ['L'] = true, ['M'] = true,
        ['N'] = true, ['O'] = true, ['P'] = true, ['Q'] = true, ['R'] = true, ['S'] = true, ['T'] = true,
        ['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true, ['Y'] = true, ['Z'] = true, ['a'] = true,
        ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, ['g'] = true, ['h'] = true,
        ['i'] = true, ['j'] = true, ['k'] = true, ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true,
        ['p'] = true, ['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true,
        ['w'] = true, ['x'] = true, ['y'] = true, ['z'] = true,
    };
    return plain[c];
}

char *uri_encode(char *out, const char *bytes, size_t len)
{
    static const char digits[] = "0123456789ABCDEF"; /* RFC 3986 2.1: upper case */
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (is_plain(c)) {
            *out++ = (char)c;
            continue;
        }
        *out++ = '%';
        *out++ = digits[c >> 4];
        *out++ = digits[c & 15];
    }
    return out;
}

const char *uri_base(apr_pool_t *pool, const char *prefix)
{
    size_t len = strlen(prefix);
    char *base = apr_palloc(pool, 3 * len + 1);
    *uri_encode(base, prefix, len) = '\0';
    return base;
}

/* Both slashes. */
size_t uri_size(const char *base, const char *path)
{
    return strlen(base) + 3 * strlen(path) + 2;
}

char *uri_put(char *out, const char *base, const char *path, bool is_collection)
{
    size_t base_len = strlen(base), len = strlen(path);
    memcpy(out, base, base_len);
    out += base_len;
    if (len > 0 || base_len == 0)
        *out++ = '/';
    out = uri_encode(out, path, len);
    if (is_collection && (len > 0 || base_len > 0))
        *out++ = '/';
    return out;
}

const char *uri_from_path(apr_pool_t *pool, const char *base, const char *path, bool is_collection)
{
    char *uri = apr_palloc(pool, uri_size(base, path) + 1);
    *uri_put(uri, base, path, is_collection) = '\0';
    return uri;
}
