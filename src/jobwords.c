/*
 * Not by printf's ' flag or a library: their grouping follows the locale, which a server does not have.
 */
#include "src/jobwords.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define KIBI 1024

const struct job_verb *job_words_verb(const char *method)
{
    static const struct job_verb verbs[] = {
        { "COPY", "copy", "copying", "copied" },
        { "MOVE", "move", "moving", "moved" },
        { "DELETE", "delete", "deleting", "deleted" },
        { "PUT", "save", "saving", "saved" },
        { "PROPFIND", "list", "listing", "listed" },
        { "PROPPATCH", "change the properties of", "changing the properties of",
          "changed the properties of" },
    };

    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].method, method) == 0)
            return &verbs[i];
    return NULL;
}

void job_words_count(struct buffer *out, uint64_t count)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, count);

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buffer_append(out, ",", 1);
        buffer_append(out, &digits[i], 1);
    }
}

void job_words_bytes(struct buffer *out, uint64_t bytes)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    double value = (double)bytes;
    int unit = -1;

    /* 1023.95 would be printed as 1024.0 of the smaller unit. */
    for (; value >= KIBI - (unit < 0 ? 0 : 0.05) && unit < 5; unit++)
        value /= KIBI;
    if (unit < 0) {
        job_words_count(out, bytes);
        buffer_puts(out, " B");
    } else {
        buffer_printf(out, "%.1f %s", value, units[unit]);
    }
}

void job_words_duration(struct buffer *out, int64_t duration_ms)
{
    int64_t seconds = duration_ms / 1000, minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

    if (seconds < 1)
        buffer_puts(out, "under 1 s");
    else if (minutes < 1)
        buffer_printf(out, "%" PRId64 " s", seconds);
    else if (hours < 1)
        buffer_printf(out, "%" PRId64 " min %" PRId64 " s", minutes, seconds % 60);
    else if (days < 1)
        buffer_printf(out, "%" PRId64 " h %" PRId64 " min", hours, minutes % 60);
    else
        buffer_printf(out, "%" PRId64 " d %" PRId64 " h", days, hours % 24);
}
