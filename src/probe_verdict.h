/*
 * What the trials of `holdfast probe` mean: a pure function of what was asked and what came back.
 *
 * A finding is one thing that was learnt: its code (stable, for programs), plain words, and the setting
 * to choose. A trouble makes the way unfit: under the server's present settings some operation would not
 * end with its answer, or nothing shows that it would. A remark does not: what the way cannot do is
 * none where the server does not do it. Findings are plain data in the verdict; nothing is allocated.
 *
 * Sources: RFC 9110 15.2 (interim responses), RFC 2518 10.1 (102), and what proxies were seen to do
 * (docs/proxies.md).
 */
#ifndef HOLDFAST_PROBE_VERDICT_H
#define HOLDFAST_PROBE_VERDICT_H

#include <stdbool.h>

#include "src/probe_outcome.h"

enum { PROBE_FINDINGS_MAX = 16, PROBE_NO_LIMIT = -1 };

struct probe_finding {
    const char *code; /* constant text, like "interim-limit" */
    bool is_trouble;
    char text[400], remedy[400]; /* remedy may be empty */
};

struct probe_verdict {
    bool is_reached; /* false: the one finding says why, and nothing is known of the way */
    bool is_fit;
    int limit; /* interims that pass, as COPY shows; PROBE_NO_LIMIT: as many as were tried */
    unsigned count;
    struct probe_finding findings[PROBE_FINDINGS_MAX];
};

/* The first trial must be the one that asks for nothing but an answer. */
void probe_judge(const struct probe_trial *trials, unsigned count, struct probe_verdict *out);

#endif
