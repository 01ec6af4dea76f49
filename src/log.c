/*
 * A stream has one descriptor for as long as the process lives; another file is put under it with dup3, so that
 * who writes at that moment needs no lock: the line is in the old file or in the new one.
 */
#include "src/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/logjson.h"
#include "src/logline.h"
#include "src/metrics.h"

struct stream {
    atomic_int fd;
    atomic_bool is_journal;
};

enum access_place { WITH_MESSAGES, IN_ITS_FILE, NOWHERE };

static struct stream messages = { .fd = STDERR_FILENO }, accesses = { .fd = -1 };
static atomic_int threshold = LOG_LEVEL_INFO, form = LOG_TEXT, access_place = WITH_MESSAGES;

static const char *const level_names[] = { "error", "warning", "info", "debug" };

/* ---- opening ---- */

static int open_file(const char *file, int *out_fd)
{
    int fd = file ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0640)
                  : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (fd < 0)
        return errno;
    *out_fd = fd;
    return 0;
}

/* systemd.exec(5): the device and inode of what it gave us as standard error. */
static bool is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(fd, &st) == 0 &&
           st.st_dev == device && st.st_ino == inode;
}

/* Takes the descriptor. */
static void point_to(struct stream *stream, int fd)
{
    int own = atomic_load(&stream->fd);

    atomic_store(&stream->is_journal, is_journal(fd));
    if (own <= STDERR_FILENO) {
        atomic_store(&stream->fd, fd);
        return;
    }
    dup3(fd, own, O_CLOEXEC);
    close(fd);
}

static enum access_place place_of_access(const struct log_settings *settings)
{
    if (!settings->access_file)
        return WITH_MESSAGES;
    return strcmp(settings->access_file, LOG_NO_ACCESS) == 0 ? NOWHERE : IN_ITS_FILE;
}

int log_open(const struct log_settings *settings, const char **out_file)
{
    const enum access_place place = place_of_access(settings);
    int message_fd = -1, access_fd = -1;

    *out_file = settings->file;
    int error = open_file(settings->file, &message_fd);
    if (!error && place == IN_ITS_FILE) {
        *out_file = settings->access_file;
        error = open_file(settings->access_file, &access_fd);
    }
    if (error) {
        if (message_fd >= 0)
            close(message_fd);
        return error;
    }
    point_to(&messages, message_fd);
    if (place == IN_ITS_FILE)
        point_to(&accesses, access_fd);
    atomic_store(&access_place, (int)place);
    atomic_store(&threshold, (int)settings->level);
    atomic_store(&form, (int)settings->format);
    return 0;
}

/* ---- asking ---- */

bool log_is_on(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&threshold, memory_order_relaxed);
}

enum log_format log_format(void)
{
    return (enum log_format)atomic_load_explicit(&form, memory_order_relaxed);
}

bool log_takes_access(void)
{
    int place = atomic_load_explicit(&access_place, memory_order_relaxed);
    return place == IN_ITS_FILE || (place == WITH_MESSAGES && log_is_on(LOG_LEVEL_INFO));
}

static struct stream *access_stream(void)
{
    return atomic_load(&access_place) == IN_ITS_FILE ? &accesses : &messages;
}

bool log_access_is_journal(void)
{
    return atomic_load(&access_stream()->is_journal);
}

/* ---- writing ---- */

static void write_line(struct stream *stream, enum log_level level, const char *text, size_t size)
{
    static const char *const priorities[] = { "<3>", "<4>", "<6>", "<7>" }; /* sd-daemon(3) */
    const struct iovec parts[] = {
        { .iov_base = (void *)(uintptr_t)priorities[level],
          .iov_len = atomic_load(&stream->is_journal) ? sizeof "<3>" - 1 : 0 },
        { .iov_base = (void *)(uintptr_t)text, .iov_len = size },
        { .iov_base = (void *)(uintptr_t) "\n", .iov_len = 1 },
    };
    /* A log that cannot be written must not stop the server. */
    ssize_t written = writev(atomic_load(&stream->fd), parts, sizeof parts / sizeof *parts);
    (void)written;
}

void log_write_access(const char *text, size_t size)
{
    write_line(access_stream(), LOG_LEVEL_INFO, text, size);
}

static void write_json(enum log_level level, const char *text, size_t size)
{
    json_t *object = logjson_new();

    logjson_add_field(object, "level", level_names[level]);
    logjson_add_text(object, "message", text, size);
    char *json = logjson_end(object, &size);
    write_line(&messages, level, json, size);
    free(json);
}

void log_message(enum log_level level, const char *format, ...)
{
    struct logline line;
    va_list args;

    if (level <= LOG_LEVEL_WARNING)
        metrics_count(level == LOG_LEVEL_ERROR ? METRIC_ERRORS_LOGGED : METRIC_WARNINGS_LOGGED);
    if (!log_is_on(level))
        return;
    logline_init(&line);
    if (log_format() != LOG_JSON) {
        if (!atomic_load(&messages.is_journal)) {
            logline_add_time(&line);
            logline_add(&line, " ");
        }
        logline_add(&line, "holdfast: %s: ", level_names[level]);
    }
    va_start(args, format);
    logline_add_message(&line, format, args);
    va_end(args);
    if (log_format() == LOG_JSON)
        write_json(level, line.text, line.size);
    else
        write_line(&messages, level, line.text, line.size);
}

void log_reopen(const struct log_settings *settings)
{
    const char *file;
    int error = log_open(settings, &file);

    if (error)
        log_error("cannot write to the log %s: %s; going on with the logs as they were", file,
                  strerror(error));
}
