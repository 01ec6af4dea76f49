/*
 * A line of a log as a JSON object: by jansson, in ASCII, so that no byte of a client's can end the line.
 *
 * Life: logjson_new, with the time in it, the fields, logjson_end. Threads: each object is one thread's.
 */
#ifndef HOLDFAST_LOGJSON_H
#define HOLDFAST_LOGJSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

json_t *logjson_new(void);

/* `size` bytes of any kind; what is no UTF-8 is written as \xNN. */
void logjson_add_text(json_t *object, const char *name, const char *text, size_t size);

/* A client's words, cut at LOGLINE_FIELD_MAX; NULL and "": the field is left out. */
void logjson_add_field(json_t *object, const char *name, const char *text);

void logjson_add_number(json_t *object, const char *name, int64_t number);
void logjson_add_true(json_t *object, const char *name);

/* One line without its newline, to be freed; the object is gone. */
char *logjson_end(json_t *object, size_t *out_size);

#endif
