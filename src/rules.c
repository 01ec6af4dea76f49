/*
 * A rule that is malformed has been refused where the option was read; here remains what several have to do with each
 * other, and with the groups.
 */
#include "src/rules.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <string.h>

#include "webdav/access.h"

#define LINE_MAX_SIZE 65536

/* ---- groups ---- */

static const char *add_line(struct access *access, char *line)
{
    const char *wrong = NULL;
    char *colon = strchr(line, ':'), *state;

    line[strcspn(line, "\r\n")] = '\0';
    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return NULL;
    if (!colon || colon == line)
        return "not a GROUP: USER... line";
    *colon = '\0';
    char *group = apr_strtok(line, " \t", &state);
    if (!group || apr_strtok(NULL, " \t", &state))
        return "the name of a group has no blanks";
    for (char *user = apr_strtok(colon + 1, " \t", &state); user && !wrong;
         user = apr_strtok(NULL, " \t", &state))
        wrong = access_add_member(access, group, user);
    return wrong;
}

static int cannot_read(apr_pool_t *pool, const char *file, apr_status_t status, const char **out_message)
{
    *out_message = apr_psprintf(pool, "cannot read the groups of %s: %s", file, strerror(status));
    return status;
}

/* To its end: who is missing in a group may be somebody whom a rule keeps out. */
static int read_groups(apr_pool_t *pool, const char *file, struct access *access, const char **out_message)
{
    apr_file_t *f;
    char *line = apr_palloc(pool, LINE_MAX_SIZE);
    const char *wrong = NULL;

    apr_status_t status = apr_file_open(&f, file, APR_FOPEN_READ | APR_FOPEN_BUFFERED, 0, pool);
    if (status != APR_SUCCESS)
        return cannot_read(pool, file, status, out_message);
    for (int number = 1; !wrong && (status = apr_file_gets(line, LINE_MAX_SIZE, f)) == APR_SUCCESS;
         number++) {
        if (strlen(line) == LINE_MAX_SIZE - 1)
            wrong = "the line is too long";
        else
            wrong = add_line(access, line);
        if (wrong)
            *out_message = apr_psprintf(pool, "%s:%d: %s", file, number, wrong);
    }
    apr_file_close(f);
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status))
        return cannot_read(pool, file, status, out_message);
    return wrong ? EINVAL : 0;
}

/* ---- rules ---- */

static bool has_rules(const struct share_options *share)
{
    return share->access || share->home_folders;
}

static int add_share(apr_pool_t *pool, const struct share_options *share, const char *below,
                     struct access *access, const char **out_message)
{
    const char *wrong = NULL;

    for (int i = 0; share->access && !wrong && i < share->access->nelts; i++) {
        const char *rule = APR_ARRAY_IDX(share->access, i, const char *);
        wrong = access_add(access, below, rule);
        if (wrong)
            *out_message = apr_psprintf(pool, "--access \"%s\": %s", rule, wrong);
    }
    if (!wrong && share->home_folders) {
        wrong = access_add_home(access, below, share->home_folders);
        if (wrong)
            *out_message = apr_psprintf(pool, "--home-folders %s: %s", share->home_folders, wrong);
    }
    return wrong ? EINVAL : 0;
}

static int add_groups(apr_pool_t *pool, const struct options *o, struct access *access,
                      const char **out_message)
{
    int error = o->groups_file ? read_groups(pool, o->groups_file, access, out_message) : 0;
    const char *unknown = error ? NULL : access_unknown_group(access);

    if (unknown)
        *out_message = apr_psprintf(pool, "--access: there is no group %s%s%s", unknown,
                                    o->groups_file ? " in " : "; --groups is missing",
                                    o->groups_file ? o->groups_file : "");
    return unknown ? EINVAL : error;
}

static int make(apr_pool_t *pool, const struct options *o, const struct share_options *share,
                struct access **out, const char **out_message)
{
    if (!has_rules(share))
        return 0;
    *out = access_new();
    int error = add_share(pool, share, "", *out, out_message);
    return error ? error : add_groups(pool, o, *out, out_message);
}

/* Whoever got in may read a share without rules. */
static int make_above(apr_pool_t *pool, const struct options *o, struct access **out,
                      const char **out_message)
{
    int error = 0;

    if (!rules_exist(o))
        return 0;
    *out = access_new();
    for (unsigned i = 0; i < o->share_count && !error; i++) {
        const struct share_options *share = &o->shares[i];
        error = add_share(pool, share, share->prefix, *out, out_message);
        if (!has_rules(share))
            (void)access_add(*out, share->prefix, "/ ** read");
    }
    return error ? error : add_groups(pool, o, *out, out_message);
}

/* ---- of all shares ---- */

struct all_rules {
    struct access *shares[OPTIONS_MAX_SHARES];
    struct access *above;
};

static int make_all(apr_pool_t *pool, const struct options *o, struct all_rules *out,
                    const char **out_message)
{
    int error = 0;

    *out = (struct all_rules){ .above = NULL };
    for (unsigned i = 0; i < o->share_count && !error; i++)
        error = make(pool, o, &o->shares[i], &out->shares[i], out_message);
    return error ? error : make_above(pool, o, &out->above, out_message);
}

static void free_all(struct all_rules *rules)
{
    for (unsigned i = 0; i < OPTIONS_MAX_SHARES; i++)
        access_free(rules->shares[i]);
    access_free(rules->above);
}

int rules_apply(apr_pool_t *pool, const struct options *o, const struct shares *shares,
                const char **out_message)
{
    struct all_rules rules;

    int error = make_all(pool, o, &rules, out_message);
    if (error) {
        free_all(&rules);
        return error;
    }
    for (unsigned i = 0; i < shares->count; i++)
        dav_set_access(shares->list[i].dav, rules.shares[i]);
    if (shares->lobby.dav)
        dav_set_access(shares->lobby.dav, rules.above);
    else
        access_free(rules.above);
    return 0;
}

int rules_check(apr_pool_t *pool, const struct options *o, const char **out_message)
{
    struct all_rules rules;

    int error = make_all(pool, o, &rules, out_message);
    free_all(&rules);
    return error;
}

bool rules_exist(const struct options *o)
{
    bool exist = false;

    for (unsigned i = 0; i < o->share_count; i++)
        exist |= has_rules(&o->shares[i]);
    return exist;
}
