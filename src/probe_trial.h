/*
 * One question of `holdfast probe` and what came back: a request to /.holdfast/slow through whatever
 * stands between, every interim response (RFC 9110 15.2) and its moment included.
 *
 * The caller fills in the question; probe_trial_run asks it on a connection of its own, asks a short
 * second question on the same connection, and fills in the answer, whatever happens: a trial cannot
 * fail, a way that is broken is a result. A trial is plain data and belongs to the caller. Several may
 * run at once in threads of their own; curl_global_init must have been called before.
 *
 * Units: milliseconds since the request was begun. Whatever the other side sends is bounded: so many
 * interims are remembered, so many bytes of a body; what exceeds that ends the trial as broken.
 */
#ifndef HOLDFAST_PROBE_TRIAL_H
#define HOLDFAST_PROBE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROBE_INTERIMS_MAX = 4096, /* received in one answer */
    PROBE_TIMES_MAX = 64,      /* of which the moment is remembered */
    PROBE_BODY_MAX = 64 * 1024,
    PROBE_URL_MAX = 1024,
};

enum probe_mode { PROBE_AUTO, PROBE_INTERIM, PROBE_MULTISTATUS, PROBE_SILENT };

/* Where to ask, the same for all trials. */
struct probe_target {
    const char *url;      /* the served root, ending with a slash, without user and password */
    const char *user;     /* NULL: none */
    const char *password; /* NULL: none */
    const char *agent;    /* the User-Agent */
    bool is_insecure;     /* take any certificate */
    int64_t patience_ms;  /* how much longer than the operation an answer may take */
};

struct probe_question {
    const char *method; /* constant text */
    enum probe_mode mode;
    unsigned beats;   /* exactly so many, if for_ms is 0 */
    int64_t every_ms; /* 0: as the server's --heartbeat says; only with for_ms */
    int64_t for_ms;   /* the operation's length; 0: beats and every_ms tell */
    bool http_1_0;
};

enum probe_end {
    PROBE_WHOLE,         /* an answer came to its end, whichever it is */
    PROBE_CLOSED,        /* the connection ended before the answer did */
    PROBE_TIMED_OUT,     /* no end within the patience */
    PROBE_NOT_CONNECTED, /* no connection, or no TLS */
    PROBE_GARBLED,       /* what came is no HTTP, or too much */
};

/* The second request on the same connection. */
enum probe_next {
    PROBE_NEXT_NOT_ASKED,
    PROBE_NEXT_KEPT,        /* answered rightly there */
    PROBE_NEXT_RECONNECTED, /* the connection was closed: answered rightly on a new one */
    PROBE_NEXT_WRONG,       /* answered with something else, or not at all */
};

struct probe_answer {
    enum probe_end end;
    char error[256]; /* libcurl's words, unless PROBE_WHOLE */

    unsigned interims;
    int64_t interim_ms[PROBE_TIMES_MAX];
    bool has_framed_interim; /* one carried headers that only a final response has */

    int status;                       /* 0: no final head came */
    int64_t head_ms, body_ms, end_ms; /* body: its first byte; 0 where there was none */
    char server[64], via[64];         /* of the final head */

    bool is_report; /* the body is the JSON of /.holdfast/slow; the rest is from it */
    unsigned sent;  /* interims that the server sent */
    bool is_asked_in_1_0;
    bool has_marks; /* the server saw marks of a proxy */
    char rule[64];

    bool is_multistatus; /* the body is a whole multistatus */
    enum probe_next next;
};

struct probe_trial {
    struct probe_question question;
    struct probe_answer answer;
};

/* How long the operation lasts if all goes well. */
int64_t probe_question_ms(const struct probe_question *question);

void probe_trial_run(const struct probe_target *target, struct probe_trial *trial);

#endif
