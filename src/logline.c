/*
 * Times are UTC, whatever the machine's zone: lines of several machines can be put side by side.
 */
#include "src/logline.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MESSAGE_MAX 4096

void logline_init(struct logline *line)
{
    line->size = 0;
}

void logline_add(struct logline *line, const char *format, ...)
{
    size_t room = sizeof line->text - line->size;
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line->text + line->size, room, format, args);
    va_end(args);
    if (n > 0)
        line->size += (size_t)n < room ? (size_t)n : room - 1;
}

/* ---- texts ---- */

static void add_byte(struct logline *line, char c)
{
    if (line->size < sizeof line->text)
        line->text[line->size++] = c;
}

static void add_hex(struct logline *line, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    const char text[] = { '\\', 'x', digits[c >> 4], digits[c & 15] };

    if (sizeof line->text - line->size < sizeof text)
        return;
    memcpy(line->text + line->size, text, sizeof text);
    line->size += sizeof text;
}

/* C0, DEL, and in UTF-8 the C1 that some terminals obey as well. */
static bool is_control(const unsigned char *at)
{
    return *at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0);
}

void logline_add_message(struct logline *line, const char *format, va_list args)
{
    char text[MESSAGE_MAX];

    if (vsnprintf(text, sizeof text, format, args) < 0)
        return;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (is_control(at))
            add_hex(line, *at);
        else
            add_byte(line, (char)*at);
    }
}

void logline_add_bytes(struct logline *line, const char *bytes, size_t size, const char *more)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || strchr(more, c))
            add_hex(line, c);
        else
            add_byte(line, (char)c);
    }
}

void logline_add_escaped(struct logline *line, const char *text, const char *more)
{
    if (text && *text)
        logline_add_bytes(line, text, strnlen(text, LOGLINE_FIELD_MAX), more);
    else
        add_byte(line, '-');
}

/* ---- times ---- */

static struct timespec add_time(struct logline *line, const char *format)
{
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    line->size += strftime(line->text + line->size, sizeof line->text - line->size, format, &tm);
    return now;
}

void logline_add_time(struct logline *line)
{
    const struct timespec now = add_time(line, "%Y-%m-%dT%H:%M:%S");
    logline_add(line, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

void logline_add_common_time(struct logline *line)
{
    (void)add_time(line, "%d/%b/%Y:%H:%M:%S +0000");
}
