/*
 * getopt_long does the walking, over the rows that the table has for the command line.
 */
#include <apr_strings.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/configfile.h"
#include "src/settings.h"

#define HELP_COLUMN 28
#define HELP_WIDTH  110
#define HELP                                                                                                 \
    256 /* what getopt says for --help; the rows come behind, and characters have a meaning of their own */
#define FIRST_ROW 257

static void print_row(const struct option_row *row)
{
    if (row->group)
        printf("\n%s:\n", row->group);
    int width = printf("  --%s %s", row->name, row->takes ? row->takes : "");
    /* At least two, so that a program can tell where the meaning begins (packaging/man). */
    printf("%*s", width < HELP_COLUMN - 1 ? HELP_COLUMN - width : 2, "");
    const char *last = strrchr(row->help, '\n'); /* of its lines */
    for (const char *c = row->help; *c; c++) {
        putchar(*c);
        if (*c == '\n')
            printf("%*s", HELP_COLUMN, "");
    }
    if (row->initial) {
        size_t column = HELP_COLUMN + strlen(last ? last + 1 : row->help);
        bool fits = column + strlen(" (default )") + strlen(row->initial) <= HELP_WIDTH;
        if (!fits)
            printf("\n%*s", HELP_COLUMN - 1, "");
        printf(" (default %s)", row->initial);
    }
    putchar('\n');
}

static void print_help(const char *subcommand)
{
    if (strcmp(subcommand, "check") == 0)
        printf("usage: holdfast check [OPTIONS] [DIR]\n\nLooks whether `holdfast serve` could run with these "
               "options, and prints them as a configuration file.\n");
    else
        printf("usage: holdfast serve [OPTIONS] [DIR]\n\nServes the folder DIR, or the shares of a "
               "configuration file, over WebDAV.\n");
    for (unsigned i = 0; i < option_row_count; i++)
        if (!(option_rows[i].flags & OPTION_SECTION))
            print_row(&option_rows[i]);
    printf("\n  --help%*sprint this\n", HELP_COLUMN - 8, "");
}

/* ---- reading ---- */

struct command_line {
    apr_pool_t *pool;
    struct settings *settings;
    const char *folder; /* file names are relative to */
    const char *dir;
    const char **out_message;
};

static enum options_result wrong(const struct command_line *line, const char *what, const char *which)
{
    *line->out_message = apr_psprintf(line->pool, "%s%s (see holdfast serve --help)", what, which);
    return OPTIONS_WRONG;
}

static void fill_table(struct option *table)
{
    for (unsigned i = 0; i < option_row_count; i++)
        if (!(option_rows[i].flags & OPTION_SECTION))
            *table++ = (struct option){ option_rows[i].name,
                                        option_rows[i].takes ? required_argument : optional_argument, NULL,
                                        FIRST_ROW + (int)i };
    *table = (struct option){ "help", no_argument, NULL, HELP };
}

static enum options_result read_line(struct command_line *line, int argc, char **argv)
{
    struct option *table = apr_pcalloc(line->pool, (option_row_count + 2) * sizeof *table);
    struct settings *s = line->settings;

    fill_table(table);
    opterr = 0;
    optind = 0; /* from the beginning, whatever was read before */
    for (int which; (which = getopt_long(argc, argv, ":", table, NULL)) != -1;) {
        if (which == HELP) {
            print_help(argv[0]);
            return OPTIONS_HELP;
        }
        if (which == ':')
            return wrong(line, "a value is missing after ", argv[optind - 1]);
        if (which == '?')
            return wrong(line, "unknown option ", argv[optind - 1]);
        const char *value = optarg ? optarg : "yes"; /* a switch */
        const struct option_row *row = &option_rows[which - FIRST_ROW];
        const char *message = settings_add(s, &s->all, row, value, line->folder, 0);
        if (message)
            return wrong(line, apr_psprintf(line->pool, "--%s: ", row->name), message);
    }
    if (optind < argc - 1)
        return wrong(line, "one DIR only", "");
    line->dir = optind < argc ? argv[optind] : NULL;
    return OPTIONS_RUN;
}

static const char *working_folder(apr_pool_t *pool)
{
    char *cwd = getcwd(NULL, 0);
    const char *folder = cwd ? apr_pstrdup(pool, cwd) : NULL;
    free(cwd);
    return folder;
}

/* The file that the command line names, if any. */
static const char *read_config(apr_pool_t *pool, const struct settings *command, const char *dir,
                               const struct settings **out)
{
    const struct setting *config = &command->all.of[option_row_find("config") - option_rows];
    if (!config->count)
        return NULL;
    struct settings *file = settings_new(pool, config->text[0]);
    const char *message = configfile_read(file, config->text[0]);
    if (!message && dir && file->share_count)
        message = apr_psprintf(pool, "either DIR is served or the shares of %s", file->file);
    *out = file;
    return message;
}

enum options_result options_parse(apr_pool_t *pool, int argc, char **argv, struct options *out,
                                  const char **out_message)
{
    struct command_line line = { .pool = pool,
                                 .settings = settings_new(pool, NULL),
                                 .folder = working_folder(pool),
                                 .out_message = out_message };
    const struct settings *file = NULL;

    enum options_result result = read_line(&line, argc, argv);
    if (result != OPTIONS_RUN)
        return result;
    *out_message = read_config(pool, line.settings, line.dir, &file);
    if (*out_message)
        return OPTIONS_WRONG;
    const char *message = settings_read(settings_merge(pool, line.settings, file, line.dir), out);
    if (out->lists_clients) {
        clients_print(stdout, &out->clients);
        return OPTIONS_HELP;
    }
    if (!out->share_count)
        return wrong(&line, "which folder? DIR is missing", "");
    if (message && strncmp(message, "--", 2) == 0)
        return wrong(&line, message, "");
    *out_message = message; /* with the place in the file */
    return message ? OPTIONS_WRONG : OPTIONS_RUN;
}

const char *options_again(apr_pool_t *pool, const struct options *now, struct options *out,
                          settings_tell *tell, void *ctx, unsigned *out_count)
{
    const struct settings *command = now->settings->command, *file = NULL;

    const char *message = read_config(pool, command, now->settings->dir, &file);
    if (message)
        return message;
    struct settings *fresh = settings_merge(pool, command, file, now->settings->dir);
    message = settings_read(fresh, out); /* it must be sound in itself */
    if (message)
        return message;
    settings_follow(fresh, now->settings, tell, ctx, out_count);
    return settings_read(fresh, out);
}
