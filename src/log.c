/*
 * Lines are put together on the stack and written at once: no lock, no allocation, and a line that
 * is too long is cut, not split.
 */
#include "src/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define FIELD_MAX      1024 /* of a client's text, before escaping */

static enum log_level threshold = LOG_LEVEL_INFO;

struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
};

void log_open(enum log_level level)
{
    threshold = level;
}

bool log_is_on(enum log_level level)
{
    return level <= threshold;
}

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_v(struct line *line, const char *format, va_list args)
{
    size_t room = sizeof line->text - line->size;
    int n = vsnprintf(line->text + line->size, room, format, args);
    if (n > 0)
        line->size += (size_t)n < room ? (size_t)n : room - 1;
}

static void add(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_v(line, format, args);
    va_end(args);
}

static void add_time(struct line *line)
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    line->size += strftime(line->text + line->size, sizeof line->text - line->size, "%Y-%m-%dT%H:%M:%S", &tm);
    add(line, ".%03dZ ", (int)(now.tv_nsec / 1000000));
}

/* A client's words: quotes, control and non-ASCII bytes escaped; "-" for nothing. */
static void add_escaped(struct line *line, const char *text)
{
    if (!text || !*text) {
        add(line, "-");
        return;
    }
    for (size_t i = 0; i < FIELD_MAX && text[i]; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
            add(line, "\\x%02x", c);
        else
            add(line, "%c", c);
    }
}

static void write_line(struct line *line)
{
    if (line->size >= sizeof line->text - 1)
        line->size = sizeof line->text - 2;
    line->text[line->size++] = '\n';
    /* A log that cannot be written must not stop the server. */
    ssize_t written = write(STDERR_FILENO, line->text, line->size);
    (void)written;
}

void log_message(enum log_level level, const char *format, ...)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    struct line line = { .size = 0 };
    va_list args;

    if (level > threshold)
        return;
    add_time(&line);
    add(&line, "holdfast: %s: ", names[level]);
    va_start(args, format);
    add_v(&line, format, args);
    va_end(args);
    write_line(&line);
}

void log_access(const struct access_line *a)
{
    struct line line = { .size = 0 };

    if (threshold < LOG_LEVEL_INFO)
        return;
    add_time(&line);
    add_escaped(&line, a->client);
    add(&line, " ");
    add_escaped(&line, a->user);
    add(&line, " \"");
    add_escaped(&line, a->method);
    add(&line, " ");
    add_escaped(&line, a->target);
    add(&line, "\" %d %" PRIu64 " %" PRId64 "ms", a->status, a->bytes, a->millis);
    if (a->how) {
        add(&line, " how=%s interims=%u rule=\"", a->how, a->interims);
        add_escaped(&line, a->rule);
        add(&line, "\"");
    }
    add(&line, "%s \"", a->broken ? " broken" : "");
    add_escaped(&line, a->agent);
    add(&line, "\"");
    write_line(&line);
}
