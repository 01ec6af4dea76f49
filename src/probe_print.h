/*
 * The report of `holdfast probe`: a time line and a verdict, for people or as JSON.
 */
#ifndef HOLDFAST_PROBE_PRINT_H
#define HOLDFAST_PROBE_PRINT_H

#include <stdio.h>

#include "src/probe_verdict.h"

/* Everything that is to be told; owned by the caller. */
struct probe_report {
    const char *url; /* without user and password */
    const struct probe_trial *trials;
    unsigned count;
    struct probe_verdict verdict;
};

void probe_print_text(FILE *to, const struct probe_report *report);

/* One JSON object and a newline; moments in seconds since the request was begun. */
void probe_print_json(FILE *to, const struct probe_report *report);

#endif
