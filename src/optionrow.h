/*
 * The table of options: a row says what an option is called, what it takes, how its value is read and where that goes.
 *
 * The command line, --help, the configuration file, `holdfast check` and reloads work from the rows alone: a new option
 * is a member of struct options, or of struct share_options if shares may differ in it, and a row in src/options.c.
 *
 * Life: the table is constant. Readers write what they read into the struct that they are given; strings and lists
 * go to its pool. They are called for the default (`initial`), too, and more than once for the same value.
 * Threads: the main one. Errors: a reader says false for a value that makes no sense; it says nothing itself.
 */
#ifndef HOLDFAST_OPTIONROW_H
#define HOLDFAST_OPTIONROW_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/options.h"

enum option_flags {
    OPTION_SHARE = 1,    /* a member of struct share_options: each share may have its own */
    OPTION_LIVE = 2,     /* a reload puts a change in force; without it, a change takes a restart */
    OPTION_REPEATS = 4,  /* may be given several times */
    OPTION_FILE = 8,     /* names a file or folder (but for `words`); made absolute before it is read */
    OPTION_COMMAND = 16, /* for the command line only */
    OPTION_SECTION = 32, /* for a [share NAME] only */
    OPTION_WRITTEN = 64, /* with OPTION_FILE: it is written, and may have to be made anew */
};

struct option_row;

struct option_reading {
    const struct option_row *row;
    apr_pool_t *pool;
    struct options *options;
    struct share_options *share; /* the same for all rows, used by those with OPTION_SHARE */
    void *field;                 /* row->field of one of the two */
};

typedef bool option_read(struct option_reading *r, const char *value);

struct option_row {
    const char *name;
    const char *takes; /* what --help calls the value; NULL: a switch */
    option_read *read;
    size_t field; /* OPTION_IN(...), or OPTION_IN_SHARE(...) with OPTION_SHARE */
    unsigned flags;
    const char *initial; /* the default as text; NULL: none, or a switch; the field stays zero */
    int64_t min, max;    /* seconds: in ms; sizes: max 0 for no bound */
    const char *const
        *words;        /* NULL at the end: of read_word and read_either, and not a file with OPTION_FILE */
    const char *group; /* what --help calls this row and those behind it, up to the next that has one */
    const char *help;  /* lines of up to 80 characters; the default is told by itself */
    const char *range; /* what a good value is, where neither its name nor its reader says so */
};

#define OPTION_IN(member)       offsetof(struct options, member)
#define OPTION_IN_SHARE(member) offsetof(struct share_options, member)

extern const struct option_row option_rows[];
extern const unsigned option_row_count;

/* NULL: there is none of that name. */
const struct option_row *option_row_find(const char *name);

/* Readers for common kinds of field. */
bool option_read_switch(struct option_reading *r, const char *value);  /* bool */
bool option_read_count(struct option_reading *r, const char *value);   /* unsigned, min to max */
bool option_read_seconds(struct option_reading *r, const char *value); /* int64_t of ms, min to max */
bool option_read_size(struct option_reading *r, const char *value);    /* uint64_t, min to max */
bool option_read_text(struct option_reading *r, const char *value);    /* const char *, not empty */
bool option_read_word(struct option_reading *r, const char *value);    /* enum: the place in `words` */
bool option_read_either(struct option_reading *r, const char *value);  /* bool: the second of two words */

/* The default as text; NULL: none. */
const char *option_initial(const struct option_row *row);

/* What the row takes, for a message: "0.01 to 3600"; NULL where nothing short can be said. */
const char *option_range(apr_pool_t *pool, const struct option_row *row);

/* What is wrong with options that were each read well, in one line; NULL: nothing. Beside the table. */
const char *options_conflict(apr_pool_t *pool, const struct options *o);

#endif
