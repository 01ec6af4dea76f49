/*
 * What the operator reads: messages and the access log, both on standard error, a line each.
 *
 * Each line is one write(2), so lines of several threads never mix. Bytes that could fool a
 * terminal or a line-based reader are written as \xNN. Nothing below src/ logs; nothing logs a
 * password or an Authorization header. Threads: any, after log_open.
 */
#ifndef HOLDFAST_LOG_H
#define HOLDFAST_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Access lines are written from LOG_LEVEL_INFO on. */
void log_open(enum log_level level);

/* Would it be written? For what is dear to put together. */
bool log_is_on(enum log_level level);

void log_message(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* One finished request. Strings may be NULL or hostile. */
struct access_line {
    const char *client; /* numeric address */
    const char *user;
    const char *method;
    const char *target; /* as on the request line */
    const char *agent;
    int status;        /* 0: the client left before there was one */
    uint64_t bytes;    /* of the answer's body */
    int64_t millis;    /* from the head of the request to the end of the answer */
    unsigned interims; /* 102s sent */
    const char *how;   /* it came to its answer, of those that had to wait; NULL: it did not wait */
    const char *rule;  /* what decided how the client was kept waiting */
    bool broken;       /* the client did not take the whole answer */
};

void log_access(const struct access_line *line);

#endif
