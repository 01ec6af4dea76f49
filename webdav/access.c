/*
 * Rules are sorted when they are looked at by one person: the deepest first, and of one path only the rule that counts.
 * Then the first rule at or above a path is the one that decides, and nobody has to weigh anything.
 */
#include "webdav/access.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <stdlib.h>
#include <string.h>

#include "fs/path.h"
#include "fs/unicode.h"

#define USER_MARK     "{user}"
#define USER_MARK_LEN (sizeof USER_MARK - 1)

enum who { WHO_ALL, WHO_NAMED, WHO_NOBODY, WHO_GROUP, WHO_USER }; /* the later the nearer */

struct rule {
    const char *path; /* canonical, names in NFC */
    bool has_user;    /* USER_MARK is in it */
    enum who kind;
    const char *name; /* of a user or group; else "" */
    enum access_right right;
};

struct access {
    apr_pool_t *pool;
    apr_array_header_t *rules; /* struct rule */
    apr_hash_t *members;       /* "group\nuser" */
    apr_hash_t *groups;
    const char *home; /* to be made; canonical, with USER_MARK; NULL: none */
};

struct seen {
    const char *path;
    size_t depth;
    enum who kind;
    enum access_right right;
};

struct access_view {
    size_t count;
    const char *home;
    struct seen rules[];
};

struct access *access_new(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    struct access *access = apr_pcalloc(pool, sizeof *access);
    access->pool = pool;
    access->rules = apr_array_make(pool, 8, sizeof(struct rule));
    access->members = apr_hash_make(pool);
    access->groups = apr_hash_make(pool);
    return access;
}

void access_free(struct access *access)
{
    if (access)
        apr_pool_destroy(access->pool);
}

/* ---- reading a rule ---- */

static const char *compose(apr_pool_t *pool, const char *name)
{
    const char *nfc = unicode_nfc(pool, name);

    return nfc ? nfc : name;
}

static const char *compose_path(apr_pool_t *pool, const char *path)
{
    const char *composed = "";

    while (*path) {
        size_t len = strcspn(path, "/");
        composed = path_join(pool, composed, compose(pool, apr_pstrmemdup(pool, path, len)));
        path += len + (path[len] == '/');
    }
    return composed;
}

static const char *read_path(struct access *access, const char *below, const char *text, struct rule *out)
{
    const char *path;
    bool slash;

    if (*text != '/')
        return "the path does not begin with a slash";
    if (path_canonical(access->pool, text, strlen(text), &path, &slash) != 0)
        return "that is not a path that a file can have";
    if (path_is_reserved(path))
        return "the path has a name that is the server's own";
    out->path = compose_path(access->pool, path_join(access->pool, below + (*below == '/'), path));
    out->has_user = strstr(path, USER_MARK) != NULL;
    return NULL;
}

static const char *read_who(struct access *access, const char *text, struct rule *out)
{
    static const struct {
        const char *text;
        enum who kind;
    } marks[] = { { "**", WHO_ALL }, { "*", WHO_NAMED }, { "-", WHO_NOBODY } };

    out->name = "";
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (strcmp(text, marks[i].text) == 0) {
            out->kind = marks[i].kind;
            return NULL;
        }
    }
    out->kind = *text == '@' ? WHO_GROUP : WHO_USER;
    out->name = apr_pstrdup(access->pool, text + (*text == '@'));
    return *out->name ? NULL : "@ is not followed by a group";
}

static const char *read_right(const char *text, struct rule *out)
{
    static const struct {
        const char *text;
        enum access_right right;
    } rights[] = { { "none", ACCESS_NONE }, { "read", ACCESS_READ }, { "write", ACCESS_WRITE } };

    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
        if (strcmp(text, rights[i].text) == 0) {
            out->right = rights[i].right;
            return NULL;
        }
    }
    return "a right is none, read or write";
}

/* Cuts the last word off; NULL if there is nothing before it. */
static const char *take_last_word(char *text)
{
    size_t len = strlen(text);

    while (len && strchr(" \t", text[len - 1]))
        text[--len] = '\0';
    while (len && !strchr(" \t", text[len - 1]))
        len--;
    if (!len)
        return NULL;
    text[len - 1] = '\0';
    return text + len;
}

static bool is_contradicted(const struct access *access, const struct rule *rule)
{
    const struct rule *rules = (const struct rule *)(const void *)access->rules->elts;

    for (int i = 0; i < access->rules->nelts; i++)
        if (rules[i].kind == rule->kind && rules[i].right != rule->right &&
            strcmp(rules[i].path, rule->path) == 0 && strcmp(rules[i].name, rule->name) == 0)
            return true;
    return false;
}

static const char *push(struct access *access, const struct rule *rule)
{
    if (access->rules->nelts == ACCESS_RULES_MAX)
        return "there are too many rules";
    if (is_contradicted(access, rule))
        return "another rule says otherwise of the same path and person";
    APR_ARRAY_PUSH(access->rules, struct rule) = *rule;
    return NULL;
}

const char *access_add(struct access *access, const char *below, const char *text)
{
    char *rest = apr_pstrdup(access->pool, text + strspn(text, " \t"));
    const char *right = take_last_word(rest), *who = right ? take_last_word(rest) : NULL;
    struct rule rule;

    if (!who)
        return "a rule is PATH WHO RIGHT";
    rest[strcspn(rest, "\t")] = '\0';
    for (size_t len = strlen(rest); len && rest[len - 1] == ' ';)
        rest[--len] = '\0';
    const char *wrong = read_path(access, below, rest, &rule);
    if (!wrong)
        wrong = read_who(access, who, &rule);
    if (!wrong)
        wrong = read_right(right, &rule);
    return wrong ? wrong : push(access, &rule);
}

const char *access_add_home(struct access *access, const char *below, const char *path)
{
    struct rule all = { .kind = WHO_ALL, .name = "", .right = ACCESS_NONE }, own = all;

    const char *wrong = read_path(access, below, path, &all);
    if (!wrong && path[strspn(path, "/")] == '\0')
        wrong = "the share itself is no folder of home folders";
    if (!wrong && all.has_user)
        wrong = "what is below it is the user's without saying so";
    if (wrong)
        return wrong;
    own.path = path_join(access->pool, all.path, USER_MARK);
    own.has_user = true;
    own.kind = WHO_NAMED;
    own.right = ACCESS_WRITE;
    if (!*below)
        access->home = own.path;
    wrong = push(access, &all);
    return wrong ? wrong : push(access, &own);
}

/* ---- groups ---- */

const char *access_add_member(struct access *access, const char *group, const char *user)
{
    if (apr_hash_count(access->members) == ACCESS_MEMBERS_MAX)
        return "the groups have too many members";
    const char *member = apr_pstrcat(access->pool, group, "\n", user, NULL);
    apr_hash_set(access->members, member, APR_HASH_KEY_STRING, "");
    apr_hash_set(access->groups, apr_pstrdup(access->pool, group), APR_HASH_KEY_STRING, "");
    return NULL;
}

const char *access_unknown_group(const struct access *access)
{
    const struct rule *rules = (const struct rule *)(const void *)access->rules->elts;

    for (int i = 0; i < access->rules->nelts; i++)
        if (rules[i].kind == WHO_GROUP && !apr_hash_get(access->groups, rules[i].name, APR_HASH_KEY_STRING))
            return rules[i].name;
    return NULL;
}

/* ---- a person's view ---- */

static bool concerns(const struct access *access, const struct rule *rule, apr_pool_t *pool, const char *user)
{
    switch (rule->kind) {
    case WHO_ALL:
        return true;
    case WHO_NAMED:
        return *user != '\0';
    case WHO_NOBODY:
        return *user == '\0';
    case WHO_USER:
        return strcmp(rule->name, user) == 0;
    case WHO_GROUP:
        break;
    }
    const char *member = apr_pstrcat(pool, rule->name, "\n", user, NULL);
    return *user && apr_hash_get(access->members, member, APR_HASH_KEY_STRING);
}

/* A user's name as it may stand in a path; NULL if it cannot. */
static const char *name_in_path(apr_pool_t *pool, const char *user)
{
    const char *path;
    bool slash;

    if (!*user || strchr(user, '/') || path_canonical(pool, user, strlen(user), &path, &slash) != 0 ||
        path_is_reserved(path))
        return NULL;
    return compose(pool, path);
}

static const char *put_user(apr_pool_t *pool, const char *path, const char *name)
{
    const char *result = "", *mark;

    for (; (mark = strstr(path, USER_MARK)); path = mark + USER_MARK_LEN)
        result = apr_pstrcat(pool, result, apr_pstrmemdup(pool, path, (size_t)(mark - path)), name, NULL);
    return apr_pstrcat(pool, result, path, NULL);
}

static size_t depth_of(const char *path)
{
    size_t depth = *path != '\0';

    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

static int compare_seen(const void *left, const void *right)
{
    const struct seen *a = left, *b = right;

    if (a->depth != b->depth)
        return a->depth > b->depth ? -1 : 1;
    int order = strcmp(a->path, b->path);
    if (order == 0)
        order = (int)b->kind - (int)a->kind;
    return order ? order : (int)b->right - (int)a->right;
}

/* Of one path the first one counts. */
static size_t drop_overruled(struct seen *rules, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(rules[kept - 1].path, rules[i].path) != 0)
            rules[kept++] = rules[i];
    return kept;
}

const struct access_view *access_view(const struct access *access, apr_pool_t *pool, const char *user)
{
    if (!access || access->rules->nelts == 0)
        return NULL;
    const struct rule *rules = (const struct rule *)(const void *)access->rules->elts;
    size_t most = (size_t)access->rules->nelts;
    struct access_view *view = apr_pcalloc(pool, sizeof *view + most * sizeof *view->rules);
    const char *name = name_in_path(pool, user);

    for (size_t i = 0; i < most; i++) {
        if (!concerns(access, &rules[i], pool, user) || (rules[i].has_user && !name))
            continue;
        const char *path =
            rules[i].has_user ? put_user(pool, rules[i].path, name) : apr_pstrdup(pool, rules[i].path);
        view->rules[view->count++] = (struct seen){
            .path = path, .depth = depth_of(path), .kind = rules[i].kind, .right = rules[i].right
        };
    }
    qsort(view->rules, view->count, sizeof *view->rules, compare_seen);
    view->count = drop_overruled(view->rules, view->count);
    if (access->home && name)
        view->home = put_user(pool, access->home, name);
    return view;
}

/* ---- asking ---- */

enum relation { APART, WITHIN /* the rule is at or above the path */, BELOW /* the rule is */ };

/* Name by name; the path's may be in any spelling, the rule's are in NFC. */
static enum relation relate(const char *path, const char *rule)
{
    for (;;) {
        if (!*rule)
            return WITHIN;
        if (!*path)
            return BELOW;
        size_t len = strcspn(path, "/"), rule_len = strcspn(rule, "/");
        if (!unicode_is_same(path, len, rule, rule_len))
            return APART;
        path += len + (path[len] == '/');
        rule += rule_len + (rule[rule_len] == '/');
    }
}

enum access_right access_right(const struct access_view *view, const char *path)
{
    bool is_on_way = false;

    if (!view)
        return ACCESS_WRITE;
    for (size_t i = 0; i < view->count; i++) {
        const struct seen *rule = &view->rules[i];
        enum relation relation = relate(path, rule->path);
        if (relation == BELOW && rule->right >= ACCESS_READ)
            is_on_way = true;
        if (relation == WITHIN && rule->right)
            return rule->right;
        if (relation == WITHIN)
            break;
    }
    return is_on_way ? ACCESS_PASS : ACCESS_NONE;
}

enum access_right access_least(const struct access_view *view, const char *path)
{
    enum access_right least = access_right(view, path);

    for (size_t i = 0; view && i < view->count; i++)
        if (view->rules[i].right < least && relate(path, view->rules[i].path) == BELOW)
            least = view->rules[i].right;
    return least;
}

enum access_right access_most(const struct access_view *view, const char *path)
{
    enum access_right most = access_right(view, path);

    for (size_t i = 0; view && i < view->count; i++)
        if (view->rules[i].right > most && relate(path, view->rules[i].path) == BELOW)
            most = view->rules[i].right;
    return most;
}

const char *access_home(const struct access_view *view)
{
    return view ? view->home : NULL;
}

bool access_touches_home(const struct access_view *view, const char *path)
{
    enum relation relation = relate(path, view->home);

    return relation == WITHIN || (relation == BELOW && depth_of(path) + 1 == depth_of(view->home));
}

enum access_right access_of(const struct access *access, const char *user, const char *path)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    enum access_right right = access_right(access_view(access, pool, user), path);
    apr_pool_destroy(pool);
    return right;
}
