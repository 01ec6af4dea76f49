/*
 * A line of a log while it is put together: on the stack, without an allocation, cut where it is too long.
 *
 * Threads: each line is one thread's.
 */
#ifndef HOLDFAST_LOGLINE_H
#define HOLDFAST_LOGLINE_H

#include <stdarg.h>
#include <stddef.h>

#define LOGLINE_MAX_BYTES (16 * 1024)
#define LOGLINE_FIELD_MAX 1024 /* bytes of a client's text, before escaping */

struct logline {
    size_t size;
    char text[LOGLINE_MAX_BYTES]; /* not terminated */
};

void logline_init(struct logline *line);

void logline_add(struct logline *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Our own message: it may have a name in it, so control characters become \xNN, those of Unicode included. */
void logline_add_message(struct logline *line, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* A client's words: quotes, control and non-ASCII bytes are escaped, and the bytes of `more`. */
void logline_add_bytes(struct logline *line, const char *bytes, size_t size, const char *more);

/* The same, cut at LOGLINE_FIELD_MAX; "-" for nothing. */
void logline_add_escaped(struct logline *line, const char *text, const char *more);

/* Now: "2026-11-21T11:12:16.123Z" (RFC 3339), or as Apache has it, "21/Nov/2026:11:12:16 +0000". */
void logline_add_time(struct logline *line);
void logline_add_common_time(struct logline *line);

#endif
