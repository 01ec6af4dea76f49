/*
 * A recursive-descent parser by the grammar of RFC 4918 10.4.2, one function per rule:
 *
 *     If           = 1*No-tag-list | 1*Tagged-list
 *     Tagged-list  = Resource-Tag 1*List
 *     List         = "(" 1*Condition ")"
 *     Condition    = ["Not"] ( "<" absolute-URI ">" | "[" entity-tag "]" )
 *
 * White space may stand between any two tokens, and "Not" may be written in any case; beyond that
 * nothing is guessed: an If that is misread may let a client destroy what it meant to protect.
 */
#include "webdav/ifheader.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

struct parser {
    apr_pool_t *pool;
    const char *at;
    unsigned conditions;
};

static void skip_space(struct parser *p)
{
    p->at += strspn(p->at, " \t");
}

static bool take(struct parser *p, char c)
{
    if (*p->at != c)
        return false;
    p->at++;
    return true;
}

/* Something that can be a URI: an absolute one or, where `allow_path`, an absolute path. */
static bool looks_like_uri(const char *text, size_t len, bool allow_path)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == '<' || text[i] == 0x7f)
            return false;
    if (allow_path && len > 0 && *text == '/')
        return true;

    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    return scheme > 0 && text[scheme] == ':' && !strchr("0123456789+-.", *text);
}

/* "<" ... ">", the "<" being there. */
static int parse_uri(struct parser *p, bool allow_path, const char **out)
{
    const char *begin = p->at + 1;
    size_t len = strcspn(begin, ">");
    if (begin[len] != '>' || !looks_like_uri(begin, len, allow_path))
        return EINVAL;
    *out = apr_pstrmemdup(p->pool, begin, len);
    p->at = begin + len + 1;
    return 0;
}

/* "[" entity-tag "]", the "[" being there. RFC 9110 8.8.3: no blanks and no quotes in a tag. */
static int parse_etag(struct parser *p, const char **out)
{
    p->at++;
    skip_space(p);
    const char *begin = p->at;
    if (strncmp(p->at, "W/", 2) == 0)
        p->at += 2;
    if (!take(p, '"'))
        return EINVAL;
    while ((unsigned char)*p->at > ' ' && *p->at != '"' && *p->at != 0x7f)
        p->at++;
    if (!take(p, '"'))
        return EINVAL;
    *out = apr_pstrmemdup(p->pool, begin, (size_t)(p->at - begin));
    skip_space(p);
    return take(p, ']') ? 0 : EINVAL;
}

static int parse_condition(struct parser *p, struct if_condition **out)
{
    if (p->conditions == IFHEADER_MAX_CONDITIONS)
        return E2BIG;
    p->conditions++;

    struct if_condition *condition = apr_pcalloc(p->pool, sizeof *condition);
    if (strncasecmp(p->at, "Not", 3) == 0) {
        condition->is_not = true;
        p->at += 3;
        skip_space(p);
    }

    int error = EINVAL;
    if (*p->at == '<') {
        condition->kind = IF_TOKEN;
        error = parse_uri(p, false, &condition->value);
    } else if (*p->at == '[') {
        condition->kind = IF_ETAG;
        error = parse_etag(p, &condition->value);
    }
    if (error)
        return error;
    skip_space(p);
    *out = condition;
    return 0;
}

/* "(" ... ")", the "(" being there. */
static int parse_list(struct parser *p, const char *resource, struct if_list **out)
{
    p->at++;
    skip_space(p);

    struct if_list *list = apr_pcalloc(p->pool, sizeof *list);
    list->resource = resource;
    struct if_condition **end = &list->conditions;
    do {
        int error = parse_condition(p, end);
        if (error)
            return error;
        end = &(*end)->next;
    } while (!take(p, ')'));
    skip_space(p);
    *out = list;
    return 0;
}

/* 1*List, all about one resource; *end moves to where the next list will hang. */
static int parse_lists(struct parser *p, const char *resource, struct if_list ***end)
{
    do {
        if (*p->at != '(')
            return EINVAL;
        int error = parse_list(p, resource, *end);
        if (error)
            return error;
        *end = &(**end)->next;
    } while (*p->at == '(');
    return 0;
}

int ifheader_parse(apr_pool_t *pool, const char *text, struct ifheader **out)
{
    struct parser p = { .pool = pool, .at = text };
    struct ifheader *header = apr_pcalloc(pool, sizeof *header);
    struct if_list **end = &header->lists;

    skip_space(&p);
    bool is_tagged = *p.at == '<';
    do {
        const char *resource = NULL;
        if (is_tagged) {
            int error = *p.at == '<' ? parse_uri(&p, true, &resource) : EINVAL;
            if (error)
                return error;
            skip_space(&p);
        }
        int error = parse_lists(&p, resource, &end);
        if (error)
            return error;
    } while (is_tagged && *p.at != '\0');

    if (*p.at != '\0') /* also a tag after untagged lists: the two may not be mixed */
        return EINVAL;
    *out = header;
    return 0;
}

static bool list_holds(const struct if_list *list, ifheader_match_fn *match, void *ctx)
{
    for (const struct if_condition *c = list->conditions; c; c = c->next)
        if (match(ctx, list->resource, c->kind, c->value) == c->is_not)
            return false;
    return true;
}

bool ifheader_evaluate(const struct ifheader *header, ifheader_match_fn *match, void *ctx)
{
    for (const struct if_list *list = header->lists; list; list = list->next)
        if (list_holds(list, match, ctx))
            return true;
    return false;
}

bool ifheader_has_token(const struct ifheader *header, const char *token)
{
    for (const struct if_list *list = header->lists; list; list = list->next)
        for (const struct if_condition *c = list->conditions; c; c = c->next)
            if (c->kind == IF_TOKEN && strcmp(c->value, token) == 0)
                return true;
    return false;
}
