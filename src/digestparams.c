/*
 * Each value is copied once; nothing is looked for twice, so what a quoted string holds is never taken for a name.
 */
#include "src/digestparams.h"

#include <apr_strings.h>
#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "src/digestauth.h"

static const struct {
    const char *name;
    size_t offset;
} known[] = {
    { "username", offsetof(struct digestparams, username) },
    { "username*", offsetof(struct digestparams, username_ext) },
    { "realm", offsetof(struct digestparams, realm) },
    { "nonce", offsetof(struct digestparams, nonce) },
    { "uri", offsetof(struct digestparams, uri) },
    { "response", offsetof(struct digestparams, response) },
    { "algorithm", offsetof(struct digestparams, algorithm) },
    { "cnonce", offsetof(struct digestparams, cnonce) },
    { "qop", offsetof(struct digestparams, qop) },
    { "nc", offsetof(struct digestparams, nc) },
    { "userhash", offsetof(struct digestparams, userhash) },
};

static bool is_token(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static const char *read_token(const char **at, apr_pool_t *pool)
{
    const char *begin = *at;
    while (is_token(**at))
        ++*at;
    return *at > begin ? apr_pstrmemdup(pool, begin, (apr_size_t)(*at - begin)) : NULL;
}

/* Behind its first quote. */
static const char *read_quoted(const char **at, apr_pool_t *pool)
{
    char *value = apr_palloc(pool, strlen(*at) + 1), *end = value;

    for (; **at != '"'; ++*at) {
        if (**at == '\\' && (*at)[1])
            ++*at;
        if (!**at)
            return NULL;
        *end++ = **at;
    }
    ++*at;
    *end = '\0';
    return value;
}

static const char *read_value(const char **at, apr_pool_t *pool)
{
    if (**at != '"')
        return read_token(at, pool);
    ++*at;
    return read_quoted(at, pool);
}

/* False: it has come before. */
static bool keep(struct digestparams *params, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcasecmp(known[i].name, name) != 0)
            continue;
        const char **place = (const char **)(void *)((char *)params + known[i].offset);
        if (*place)
            return false;
        *place = value;
    }
    return true;
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* "UTF-8''j%C3%BCrgen" (RFC 8187 3.2); NULL if it is none. */
static const char *decode_ext(const char *text, apr_pool_t *pool)
{
    char *value = apr_palloc(pool, strlen(text) + 1), *end = value;

    if (strncasecmp(text, "UTF-8'", 6) != 0 || !(text = strchr(text + 6, '\'')))
        return NULL;
    for (text++; *text; text++) {
        if (*text == '%') {
            int high = hex_value(text[1]), low = high < 0 ? -1 : hex_value(text[2]);
            if (low < 0 || high + low == 0)
                return NULL;
            *end++ = (char)(high << 4 | low);
            text += 2;
        } else {
            *end++ = *text;
        }
    }
    *end = '\0';
    return value;
}

static bool settle_username(struct digestparams *params, apr_pool_t *pool)
{
    if (!params->username_ext)
        return true;
    if (params->username)
        return false;
    params->username = decode_ext(params->username_ext, pool);
    return params->username != NULL;
}

bool digestparams_parse(const char *header, apr_pool_t *pool, struct digestparams *out)
{
    static const char scheme[] = "Digest";
    struct digestparams params = { .username = NULL };
    const char *at = header + sizeof scheme - 1;

    if (strncasecmp(header, scheme, sizeof scheme - 1) != 0 || *at != ' ' ||
        strnlen(header, DIGESTAUTH_HEADER_MAX + 1) > DIGESTAUTH_HEADER_MAX)
        return false;
    at = skip_blanks(at);
    for (unsigned i = 0; *at; i++) {
        const char *name = i < DIGESTPARAMS_MAX ? read_token(&at, pool) : NULL;
        at = skip_blanks(at);
        if (!name || *at != '=')
            return false;
        at = skip_blanks(at + 1);
        const char *value = read_value(&at, pool);
        at = skip_blanks(at);
        if (!value || (*at && *at != ',') || !keep(&params, name, value))
            return false;
        at += strspn(at, ", \t");
    }
    if (!settle_username(&params, pool))
        return false;
    *out = params;
    return true;
}
