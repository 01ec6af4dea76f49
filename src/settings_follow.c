/*
 * What may become of settings while the server runs. They are compared as texts: "1M" and "1024K" count as a change.
 */
#include <apr_strings.h>
#include <string.h>

#include "src/settings.h"

struct following {
    settings_tell *tell;
    void *ctx;
    unsigned live;
};

/* The default counts like a text that was given. */
static bool is_same(const struct option_row *row, const struct setting *a, const struct setting *b)
{
    const char *const initial[1] = { option_initial(row) };
    unsigned default_count = *initial ? 1 : 0;
    unsigned a_count = a->count ? a->count : default_count, b_count = b->count ? b->count : default_count;
    const char *const *a_text = a->count ? a->text : initial, *const *b_text = b->count ? b->text : initial;

    if (a_count != b_count)
        return false;
    for (unsigned i = 0; i < a_count; i++)
        if (strcmp(a_text[i], b_text[i]) != 0)
            return false;
    return true;
}

/* `next` becomes what follows `now`. */
static void follow_section(struct following *f, struct settings_section *next,
                           const struct settings_section *now)
{
    for (unsigned i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        bool is_live = row->flags & OPTION_LIVE;
        if (is_same(row, &next->of[i], &now->of[i]))
            continue;
        f->tell(f->ctx, row->name, now->name, is_live);
        f->live += is_live;
        if (!is_live)
            next->of[i] = now->of[i];
    }
}

static const struct settings_section *find_share(const struct settings *s, const char *name)
{
    for (unsigned k = 0; k < s->share_count; k++)
        if (strcmp(s->share[k].name, name) == 0)
            return &s->share[k];
    return NULL;
}

void settings_follow(struct settings *fresh, const struct settings *now, settings_tell *tell, void *ctx,
                     unsigned *out_count)
{
    struct following f = { .tell = tell, .ctx = ctx };
    struct settings_section next[OPTIONS_MAX_SHARES];

    follow_section(&f, &fresh->all, &now->all);
    for (unsigned k = 0; k < fresh->share_count; k++)
        if (!find_share(now, fresh->share[k].name))
            tell(ctx, NULL, fresh->share[k].name, false);
    for (unsigned k = 0; k < now->share_count; k++) {
        const struct settings_section *same = find_share(fresh, now->share[k].name);
        next[k] = same ? *same : now->share[k];
        if (same)
            follow_section(&f, &next[k], &now->share[k]);
        else
            tell(ctx, NULL, now->share[k].name, false);
    }
    fresh->share_count = now->share_count;
    memcpy(fresh->share, next, now->share_count * sizeof *next);
    *out_count = f.live;
}
