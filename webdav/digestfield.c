/*
 * The dictionary is read strictly, by the algorithm of RFC 8941 4.2.2; what a malformed field meant to say
 * about the content nobody knows, so it is refused and not passed over.
 */
#include "webdav/digestfield.h"

#include <apr_base64.h>
#include <apr_escape.h>
#include <apr_strings.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define BLANKS   " \t"
#define BASE64   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define KEY_TAIL "abcdefghijklmnopqrstuvwxyz0123456789_-.*" /* of a key in a dictionary */

/* ownCloud's names, and those of the registry that RFC 9530 7.2 sets up. */
static const struct {
    const char *oc, *key;
} names[CHECKSUM_COUNT] = {
    [CHECKSUM_SHA512] = { "SHA512", "sha-512" }, [CHECKSUM_SHA256] = { "SHA256", "sha-256" },
    [CHECKSUM_SHA1] = { "SHA1", "sha" },         [CHECKSUM_MD5] = { "MD5", "md5" },
    [CHECKSUM_ADLER32] = { "ADLER32", "adler" },
};

static bool has(const struct checksum_values *values, int kind)
{
    return (values->has & 1u << kind) != 0;
}

/* ---- OC-Checksum ---- */

static int hex_digit(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ownCloud's client writes Adler-32 as a number, without the zeros in front. */
static bool read_hex(const char *text, size_t len, enum checksum_kind kind, unsigned char *out)
{
    size_t digits = 2 * checksum_size(kind);

    if (len > digits || !len || (len < digits && kind != CHECKSUM_ADLER32))
        return false;
    memset(out, 0, digits / 2);
    for (size_t i = 0, at = digits - len; i < len; i++, at++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return false;
        out[at / 2] = (unsigned char)(out[at / 2] << 4 | digit);
    }
    return true;
}

static enum checksum_kind find_oc(const char *name, size_t len)
{
    int kind = 0;

    while (kind < CHECKSUM_COUNT &&
           !(strlen(names[kind].oc) == len && strncasecmp(names[kind].oc, name, len) == 0))
        kind++;
    return (enum checksum_kind)kind;
}

int digestfield_parse_oc(const char *text, struct checksum_values *out)
{
    static const char separators[] = BLANKS ",";
    int err = 0;

    for (text += strspn(text, separators); *text && !err; text += strspn(text, separators)) {
        struct checksum_values one;
        size_t len = strcspn(text, separators), name_len = strcspn(text, BLANKS ",:");
        enum checksum_kind kind = find_oc(text, name_len);
        if (!name_len || name_len == len)
            return EINVAL;
        if (kind < CHECKSUM_COUNT) {
            one.has = 1u << kind;
            if (!read_hex(text + name_len + 1, len - name_len - 1, kind, one.value[kind]))
                return EINVAL;
            err = checksum_merge(out, &one) ? 0 : EBADMSG;
        }
        text += len;
    }
    return err;
}

/* ---- base64 ---- */

/* Nothing but base64 of a value of this size; the padding may be missing (RFC 8941 4.2.7). */
static bool read_base64(const char *text, size_t len, size_t size, unsigned char *out)
{
    size_t digits = (4 * size + 2) / 3, padding = (4 - digits % 4) % 4;

    if ((len != digits && len != digits + padding) || strspn(text, BASE64) != digits ||
        strspn(text + digits, "=") != len - digits)
        return false;
    apr_base64_decode_binary(out, text); /* stops behind the digits */
    return true;
}

static int parse_content_md5(const char *text, struct checksum_values *out)
{
    struct checksum_values one = { .has = 1u << CHECKSUM_MD5 };

    if (!read_base64(text, strlen(text), checksum_size(CHECKSUM_MD5), one.value[CHECKSUM_MD5]))
        return EINVAL;
    return checksum_merge(out, &one) ? 0 : EBADMSG;
}

/* ---- dictionaries ---- */

/* Bytes of the key at the beginning; 0 if there is none. */
static size_t key_len(const char *text)
{
    return islower((unsigned char)*text) || *text == '*' ? strspn(text, KEY_TAIL) : 0;
}

/* Behind the item that a parameter may have as value; NULL if it is not closed. */
static const char *skip_item(const char *text)
{
    if (*text == ':') {
        text = strchr(text + 1, ':');
        return text ? text + 1 : NULL;
    }
    if (*text != '"')
        return text + strcspn(text, BLANKS ",;");
    for (text++; *text && *text != '"'; text++)
        if (*text == '\\' && text[1])
            text++;
    return *text ? text + 1 : NULL;
}

/* RFC 8941 4.2.3.2; none is known for digests. NULL: malformed. */
static const char *skip_parameters(const char *text)
{
    while (text && *text == ';') {
        text += 1 + strspn(text + 1, " ");
        size_t len = key_len(text);
        if (!len)
            return NULL;
        text += len;
        if (*text == '=')
            text = skip_item(text + 1);
    }
    return text;
}

static enum checksum_kind find_key(const char *name, size_t len)
{
    int kind = 0;

    while (kind < CHECKSUM_COUNT &&
           !(strlen(names[kind].key) == len && strncmp(names[kind].key, name, len) == 0))
        kind++;
    return (enum checksum_kind)kind;
}

/* key=:base64: and its parameters. Of two values for a key the last counts. NULL: malformed. */
static const char *parse_member(const char *text, struct checksum_values *out)
{
    size_t len = key_len(text);
    enum checksum_kind kind = find_key(text, len);

    if (!len || text[len] != '=' || text[len + 1] != ':')
        return NULL;
    text += len + 2;
    len = strspn(text, BASE64 "=");
    if (text[len] != ':')
        return NULL;
    if (kind < CHECKSUM_COUNT) {
        if (!read_base64(text, len, checksum_size(kind), out->value[kind]))
            return NULL;
        out->has |= 1u << kind;
    }
    return skip_parameters(text + len + 1);
}

static int parse_dictionary(const char *text, struct checksum_values *out)
{
    struct checksum_values own = { .has = 0 };

    text += strspn(text, BLANKS);
    while (*text) {
        text = parse_member(text, &own);
        if (!text)
            return EINVAL;
        text += strspn(text, BLANKS);
        if (!*text)
            break;
        if (*text != ',')
            return EINVAL;
        text += 1 + strspn(text + 1, BLANKS);
        if (!*text)
            return EINVAL;
    }
    return checksum_merge(out, &own) ? 0 : EBADMSG;
}

/* ---- a header ---- */

int digestfield_read(const apr_table_t *headers, struct checksum_values *out, const char **out_name)
{
    static const struct {
        const char *name;
        int (*parse)(const char *text, struct checksum_values *out);
    } fields[] = {
        { "Repr-Digest", parse_dictionary },
        { "Content-Digest", parse_dictionary },
        { "OC-Checksum", digestfield_parse_oc },
        { "Content-MD5", parse_content_md5 },
    };

    out->has = 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *text = apr_table_get(headers, fields[i].name);
        int err = text ? fields[i].parse(text, out) : 0;
        if (err) {
            *out_name = fields[i].name;
            return err;
        }
    }
    return 0;
}

/* ---- writing ---- */

const char *digestfield_format_one(apr_pool_t *pool, const struct checksum_values *values,
                                   enum checksum_kind kind)
{
    const char *hex = apr_pescape_hex(pool, values->value[kind], checksum_size(kind), 0);

    return apr_pstrcat(pool, names[kind].oc, ":", hex, NULL);
}

const char *digestfield_format_oc(apr_pool_t *pool, const struct checksum_values *values)
{
    const char *text = "";

    for (int kind = 0; kind < CHECKSUM_COUNT; kind++)
        if (has(values, kind))
            text = apr_pstrcat(pool, text, *text ? " " : "",
                               digestfield_format_one(pool, values, (enum checksum_kind)kind), NULL);
    return text;
}

const char *digestfield_format_repr(apr_pool_t *pool, const struct checksum_values *values)
{
    char base64[2 * CHECKSUM_SIZE_MAX];
    const char *text = "";

    for (int kind = 0; kind < CHECKSUM_COUNT; kind++) {
        if (!has(values, kind))
            continue;
        apr_base64_encode_binary(base64, values->value[kind], (int)checksum_size((enum checksum_kind)kind));
        text = apr_pstrcat(pool, text, *text ? ", " : "", names[kind].key, "=:", base64, ":", NULL);
    }
    return text;
}
