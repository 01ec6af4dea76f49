/*
 * What the operator reads: messages, and where the access log (accesslog.h) goes; a line each.
 *
 * Each line is one write, so lines of several threads never mix. Bytes that could fool a
 * terminal or a line-based reader are escaped. Nothing below src/ logs; nothing logs a
 * password, an Authorization header, or the credentials in a URL.
 *
 * Where standard error is the systemd journal (its $JOURNAL_STREAM says so) a line has the priority in front that
 * sd-daemon(3) wants, and no time of its own.
 *
 * Life: log_open at the start; before it, messages go to standard error as text. log_reopen on SIGHUP: a file that
 * was moved away is left alone then (logrotate).
 * Threads: these two from the main thread, also while others write; all else from any.
 */
#ifndef HOLDFAST_LOG_H
#define HOLDFAST_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_format { LOG_TEXT, LOG_COMBINED /* of access lines; messages are text */, LOG_JSON };

#define LOG_NO_ACCESS "off"

struct log_settings {
    enum log_level level;
    enum log_format format;
    const char *file; /* NULL: standard error */
    /* Of access lines alone; NULL: they go where messages go, if the level is info or more; LOG_NO_ACCESS: nowhere. */
    const char *access_file;
};

/* On an errno nothing has changed, and *out_file is the file that cannot be opened for writing. */
int log_open(const struct log_settings *settings, const char **out_file);

/* The same once more, perhaps with other settings; on failure the log says so and stays as it is. */
void log_reopen(const struct log_settings *settings);

/* Would it be written? For what is dear to put together. */
bool log_is_on(enum log_level level);

void log_message(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* ---- for the access log ---- */

bool log_takes_access(void);
enum log_format log_format(void);
bool log_access_is_journal(void);

/* Without its newline. */
void log_write_access(const char *text, size_t size);

#endif
