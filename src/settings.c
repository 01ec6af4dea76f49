/*
 * A value is read twice: on a scratch struct when it is met, and for good when it is known to count.
 */
#include "src/settings.h"

#include <apr_strings.h>
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "webdav/uri.h"

#define SHARE_NAME_MAX 40

static struct settings_section section_new(apr_pool_t *pool, const char *name, unsigned line)
{
    return (struct settings_section){ .name = name,
                                      .line = line,
                                      .of = apr_pcalloc(pool, option_row_count * sizeof(struct setting)),
                                      .scratch = apr_pcalloc(pool, sizeof(struct share_options)) };
}

struct settings *settings_new(apr_pool_t *pool, const char *file)
{
    struct settings *s = apr_pcalloc(pool, sizeof *s);
    s->pool = pool;
    s->file = file;
    s->all = section_new(pool, NULL, 0);
    s->scratch = apr_pcalloc(pool, sizeof *s->scratch);
    return s;
}

/* It is a folder of the state and, by default, the share's place in URLs. */
static bool is_good_name(const char *name)
{
    if (!*name || *name == '.' || strlen(name) > SHARE_NAME_MAX)
        return false;
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            return false;
    return true;
}

const char *settings_add_share(struct settings *s, const char *name, unsigned line)
{
    if (!is_good_name(name))
        return apr_psprintf(s->pool, "bad name of a share; it takes letters, digits, . _ and -, up to %d",
                            SHARE_NAME_MAX);
    for (unsigned i = 0; i < s->share_count; i++)
        if (strcmp(s->share[i].name, name) == 0)
            return apr_psprintf(s->pool, "share %s was begun in line %u already", name, s->share[i].line);
    if (s->share_count == OPTIONS_MAX_SHARES)
        return apr_psprintf(s->pool, "more than %d shares", OPTIONS_MAX_SHARES);
    s->share[s->share_count++] = section_new(s->pool, apr_pstrdup(s->pool, name), line);
    return NULL;
}

/* ---- reading ---- */

static bool read_value(apr_pool_t *pool, const struct option_row *row, struct options *o,
                       struct share_options *share, const char *value)
{
    char *whole = row->flags & OPTION_SHARE ? (char *)share : (char *)o;
    struct option_reading r = {
        .row = row, .pool = pool, .options = o, .share = share, .field = whole + row->field
    };
    return row->read(&r, value);
}

static const char *absolute(apr_pool_t *pool, const struct option_row *row, const char *value,
                            const char *folder)
{
    if (!(row->flags & OPTION_FILE) || !folder || !*value || *value == '/')
        return value;
    for (unsigned i = 0; row->words && row->words[i]; i++)
        if (strcmp(row->words[i], value) == 0)
            return value;
    return apr_pstrcat(pool, folder, "/", value, NULL);
}

static void append(apr_pool_t *pool, struct setting *setting, const char *text)
{
    const char **grown = apr_palloc(pool, (setting->count + 1) * sizeof *grown);
    if (setting->count)
        memcpy(grown, setting->text, setting->count * sizeof *grown);
    grown[setting->count++] = text;
    setting->text = grown;
}

static const char *bad_value(apr_pool_t *pool, const struct option_row *row, const char *value)
{
    const char *range = option_range(pool, row);
    return apr_pstrcat(pool, "bad value ", value, range ? "; it takes " : NULL, range, NULL);
}

static bool has_control(const char *text)
{
    while (*text && !iscntrl((unsigned char)*text))
        text++;
    return *text;
}

const char *settings_add(struct settings *s, struct settings_section *section, const struct option_row *row,
                         const char *value, const char *folder, unsigned line)
{
    struct setting *setting = &section->of[row - option_rows];

    if (setting->count && !(row->flags & OPTION_REPEATS)) {
        if (s->file)
            return apr_psprintf(s->pool, "it was given in line %u already", setting->line);
        setting->count = 0;
    }
    if (has_control(value)) /* it could not be written in a file */
        return bad_value(s->pool, row, value);
    const char *text = absolute(s->pool, row, apr_pstrdup(s->pool, value), folder);
    if (!read_value(s->pool, row, s->scratch, section->scratch, text))
        return bad_value(s->pool, row, value);
    if (!setting->count)
        setting->line = line;
    append(s->pool, setting, text);
    return NULL;
}

/* ---- what counts ---- */

static void set_text(apr_pool_t *pool, struct settings_section *section, const char *name, const char *text)
{
    struct setting *setting = &section->of[option_row_find(name) - option_rows];
    setting->count = 0;
    append(pool, setting, text);
}

static const struct setting *first_given(const struct setting *a, const struct setting *b,
                                         const struct setting *c)
{
    if (a->count)
        return a;
    return b->count ? b : c;
}

static void merge_share(apr_pool_t *pool, struct settings_section *out, const struct settings *command,
                        const struct settings *file, const struct setting *own)
{
    const unsigned state = (unsigned)(option_row_find("state") - option_rows);

    for (unsigned i = 0; i < option_row_count; i++)
        if (option_rows[i].flags & OPTION_SHARE)
            out->of[i] = *first_given(&command->all.of[i], &own[i], &file->all.of[i]);
    bool is_own = own[state].count && !command->all.of[state].count;
    if (*out->name && out->of[state].count && !is_own) /* each has its own folder in that of all */
        set_text(pool, out, "state", apr_pstrcat(pool, out->of[state].text[0], "/", out->name, NULL));
}

struct settings *settings_merge(apr_pool_t *pool, const struct settings *command, const struct settings *file,
                                const char *dir)
{
    struct settings *s = settings_new(pool, file ? file->file : NULL);

    s->command = command;
    s->dir = dir;
    if (!file)
        file = s; /* empty */
    for (unsigned i = 0; i < option_row_count; i++)
        if (!(option_rows[i].flags & OPTION_SHARE))
            s->all.of[i] = *first_given(&command->all.of[i], &file->all.of[i], &file->all.of[i]);
    for (unsigned k = 0; k < file->share_count; k++) {
        const struct settings_section *from = &file->share[k];
        s->share[k] = section_new(pool, from->name, from->line);
        merge_share(pool, &s->share[k], command, file, from->of);
    }
    s->share_count = file->share_count;
    if (dir && !s->share_count) {
        s->share[s->share_count++] = section_new(pool, "", 0);
        merge_share(pool, &s->share[0], command, file, s->share[0].of);
        set_text(pool, &s->share[0], "root", dir);
    }
    return s;
}

/* ---- into struct options ---- */

/* Everything was tried before. */
static void read_setting(const struct settings *s, const struct settings_section *section, unsigned i,
                         struct options *o, struct share_options *share)
{
    const struct option_row *row = &option_rows[i];
    const struct setting *setting = &section->of[i];
    bool is_good = true;

    for (unsigned n = 0; n < setting->count; n++)
        is_good = is_good && read_value(s->pool, row, o, share, setting->text[n]);
    if (!setting->count && row->initial)
        is_good = read_value(s->pool, row, o, share, row->initial);
    assert(is_good);
}

static const char *place(const struct settings *s, unsigned line, const char *message)
{
    return line ? apr_psprintf(s->pool, "%s:%u: %s", s->file, line, message) : message;
}

/* In either normal form: a URL that means both would be in one of them only. */
static bool is_below(apr_pool_t *pool, const char *prefix, const char *other)
{
    return uri_below(pool, prefix + (*prefix == '/'), other) != NULL;
}

/* A share within another would hide what the other has there. */
static const char *shares_conflict(const struct settings *s, const struct options *o)
{
    for (unsigned k = 0; k < o->share_count; k++) {
        const struct share_options *one = &o->shares[k];
        if (!one->root)
            return place(s, s->share[k].line, apr_psprintf(s->pool, "share %s has no root", one->name));
        for (unsigned i = 0; i < k; i++) {
            const struct share_options *other = &o->shares[i];
            if (is_below(s->pool, one->prefix, other->prefix) ||
                is_below(s->pool, other->prefix, one->prefix))
                return place(s, s->share[k].line,
                             apr_psprintf(s->pool, "the prefixes %s/ of share %s and %s/ of share %s overlap",
                                          one->prefix, one->name, other->prefix, other->name));
        }
    }
    return NULL;
}

const char *settings_read(const struct settings *s, struct options *out)
{
    memset(out, 0, sizeof *out);
    out->settings = s;
    out->share_count = s->share_count;
    for (unsigned i = 0; i < option_row_count; i++)
        if (!(option_rows[i].flags & OPTION_SHARE))
            read_setting(s, &s->all, i, out, NULL);
    for (unsigned k = 0; k < s->share_count; k++) {
        struct share_options *share = &out->shares[k];
        share->name = s->share[k].name;
        share->prefix = *share->name ? apr_pstrcat(s->pool, "/", share->name, NULL) : "";
        for (unsigned i = 0; i < option_row_count; i++)
            if (option_rows[i].flags & OPTION_SHARE)
                read_setting(s, &s->share[k], i, out, share);
    }
    const char *message = shares_conflict(s, out);
    return message ? message : options_conflict(s->pool, out);
}
