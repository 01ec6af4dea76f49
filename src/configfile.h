/*
 * The configuration file: "key = value" lines, "# comments", and a "[share NAME]" before what is for that share alone.
 *
 * Read by inih, a line at a time; what keys and sections mean is the table's (optionrow.h). Each bad line is an error
 * that names the file and the line. Threads: the main one. Ownership: texts are in the settings' pool.
 * Bounds: CONFIGFILE_MAX for the file, CONFIGFILE_LINE_MAX for a line; control characters are refused.
 */
#ifndef HOLDFAST_CONFIGFILE_H
#define HOLDFAST_CONFIGFILE_H

#include <stddef.h>

#include "src/settings.h"

#define CONFIGFILE_MAX      (1024 * 1024)
#define CONFIGFILE_LINE_MAX 8192

/* Relative names in it are below the folder of `file`. NULL, or a message with the place. */
const char *configfile_read(struct settings *s, const char *file);

/* The same with a text that is in memory already; `folder` may be NULL. */
const char *configfile_parse(struct settings *s, const char *text, size_t size, const char *folder);

#endif
