/*
 * Options as texts: what was given, by whom, and what of it counts.
 *
 * Life: settings_new for the command line, another for the configuration file; settings_add for each option met, which
 * tries the reader at once, so that an error is told where it stands; settings_merge makes a third of both;
 * settings_read turns that into struct options. As texts they can be printed and compared, whatever their type.
 * Threads: the main one. Ownership: everything is in the pool of settings_new; settings_merge's refers to the texts
 * of both that it was made of. Errors: a message in the pool, without the place; NULL: none.
 */
#ifndef HOLDFAST_SETTINGS_H
#define HOLDFAST_SETTINGS_H

#include <apr_pools.h>
#include <stdio.h>

#include "src/optionrow.h"

/* What was given for one option, in its order. */
struct setting {
    const char **text;
    unsigned count;
    unsigned line; /* of the file; of the first */
};

struct settings_section {
    const char *name; /* of the share; NULL: what is for all */
    unsigned line;
    struct setting *of;            /* one for each row of the table */
    struct share_options *scratch; /* what its values are tried on */
};

struct settings {
    apr_pool_t *pool;
    const char *file;               /* NULL: the command line */
    const struct settings *command; /* what it was merged of; and: */
    const char *dir;
    struct settings_section all;
    struct settings_section share[OPTIONS_MAX_SHARES];
    unsigned share_count;
    struct options *scratch;
};

struct settings *settings_new(apr_pool_t *pool, const char *file);

/* Begins a share. */
const char *settings_add_share(struct settings *s, const char *name, unsigned line);

/* The value goes to `section`, which is s->all or one of s->share. Relative file names are below `folder` (NULL: as they
 * are). On the command line the last value of an option that does not repeat counts, in a file there may be one. */
const char *settings_add(struct settings *s, struct settings_section *section, const struct option_row *row,
                         const char *value, const char *folder, unsigned line);

/* The command line's before the share's own, these before those that the file has for all. `file` may be NULL; `dir` is
 * DIR of the command line or NULL: the one share where the file has none. */
struct settings *settings_merge(apr_pool_t *pool, const struct settings *command, const struct settings *file,
                                const char *dir);

/* Was something else given, of which only `live` can be put in force? Called for each. `share` NULL: for all. */
typedef void settings_tell(void *ctx, const char *option, const char *share, bool live);

/* Makes of freshly merged settings those that may follow the ones in force: what takes a restart stays as it is there,
 * shares that are new or gone included. *out_count: of what is live and changed. */
void settings_follow(struct settings *fresh, const struct settings *now, settings_tell *tell, void *ctx,
                     unsigned *out_count);

/* As a configuration file, all keys, those that were not given as comments. Read again it gives the same settings, but
 * for a DIR of the command line. */
void settings_print(const struct settings *s, FILE *to);

/* Defaults where nothing was given. Then looks whether it all goes together. */
const char *settings_read(const struct settings *s, struct options *out);

#endif
