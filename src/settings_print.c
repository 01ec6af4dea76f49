/*
 * Settings as a configuration file.
 */
#include "src/settings.h"

/* What was not given stands there as it is without. */
static void print_row(FILE *to, const struct option_row *row, const struct setting *setting)
{
    const char *initial = option_initial(row);

    for (unsigned n = 0; n < setting->count; n++)
        fprintf(to, "%s = %s\n", row->name, setting->text[n]);
    if (!setting->count)
        fprintf(to, "# %s =%s%s\n", row->name, initial ? " " : "", initial ? initial : "");
}

static void print_section(FILE *to, const struct settings_section *section, unsigned with, unsigned without)
{
    for (unsigned i = 0; i < option_row_count; i++)
        if ((option_rows[i].flags & with) == with && !(option_rows[i].flags & without))
            print_row(to, &option_rows[i], &section->of[i]);
}

void settings_print(const struct settings *s, FILE *to)
{
    print_section(to, &s->all, 0, OPTION_SHARE | OPTION_COMMAND);
    for (unsigned k = 0; k < s->share_count; k++) {
        const struct settings_section *share = &s->share[k];
        bool is_dir = !*share->name; /* it has no section: what is for it is what is for all */
        if (!is_dir)
            fprintf(to, "\n[share %s]\n", share->name);
        print_section(to, share, OPTION_SHARE, is_dir ? OPTION_SECTION : 0);
    }
}
