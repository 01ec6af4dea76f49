/*
 * The access log: one line for each request that has ended, in one of three forms (--log-format).
 *
 *   text      time client user "method target" status bytes ms [how= interims= rule=] [broken] "agent"
 *   combined  Apache's Combined Log Format, nothing more: for the tools that read it
 *   json      an object with all of text and the protocol and referer of combined
 *
 * Credentials in a target or referer are left out, and so is the query of a page of ours (/.holdfast/).
 *
 * Threads: any. Where the lines go is log.h's.
 */
#ifndef HOLDFAST_ACCESSLOG_H
#define HOLDFAST_ACCESSLOG_H

#include <stdbool.h>
#include <stdint.h>

/* One finished request. Strings may be NULL or hostile. */
struct access_line {
    const char *client; /* numeric address */
    const char *user;
    const char *method;
    const char *target; /* as on the request line */
    const char *agent;
    const char *referer;
    bool http_1_1;     /* not 1.0 */
    bool is_page;      /* the target is one of ours, not of the folder */
    int status;        /* 0: the client left before there was one */
    uint64_t bytes;    /* of the answer's body */
    int64_t micros;    /* from the head of the request to the end of the answer */
    unsigned interims; /* 102s sent */
    const char *how;   /* it came to its answer, of those that had to wait; NULL: it did not wait */
    const char *rule;  /* what decided how the client was kept waiting */
    bool broken;       /* the client did not take the whole answer */
};

/* Does anybody want it? For what is dear to put together. */
bool accesslog_is_on(void);

void accesslog_write(const struct access_line *line);

#endif
