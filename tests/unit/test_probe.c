/*
 * The judge of `holdfast probe`: for each kind of way a list of trials as they were seen to come out, and
 * what must be said of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "src/probe_verdict.h"

enum { EVERY = 100, TRIALS_MAX = 12 };

/* ---- trials as they come out ---- */

#define ASKED(m, md, ...)  .question = { .method = m, .mode = md, .every_ms = EVERY, __VA_ARGS__ }
#define REPORT(n)          .status = 200, .is_report = true, .sent = n, .interims = n, .next = PROBE_NEXT_KEPT
#define TIMES(first, last) .interim_ms = { first, (first + last) / 2, last }

/* Exactly n interims: passed, or cut after some of them with an error. */
#define PASSED(m, n)                                                                                         \
    {                                                                                                        \
        ASKED(m, PROBE_INTERIM, .beats = n), .answer = { REPORT(n), .end_ms = (n + 1) * EVERY }              \
    }
#define CUT(m, n, s, at)                                                                                     \
    {                                                                                                        \
        ASKED(m, PROBE_INTERIM, .beats = n), .answer = {.status = s, .interims = n, .end_ms = at }           \
    }
#define FAST(m, n)                                                                                           \
    {                                                                                                        \
        .question = { m, PROBE_INTERIM, .beats = n, .every_ms = 20 }, .answer = { REPORT(n) }                \
    }
#define FRAMED(m, n)                                                                                         \
    {                                                                                                        \
        ASKED(m, PROBE_INTERIM, .beats = n), .answer = { REPORT(n), .has_framed_interim = true }             \
    }

#define FIRST                                                                                                \
    {                                                                                                        \
        ASKED("GET", PROBE_SILENT), .answer = { REPORT(0) }                                                  \
    }
#define FIRST_MARKED                                                                                         \
    {                                                                                                        \
        ASKED("GET", PROBE_SILENT), .answer = { REPORT(0), .has_marks = true }                               \
    }
#define FIRST_1_0                                                                                            \
    {                                                                                                        \
        ASKED("GET", PROBE_SILENT), .answer = { REPORT(0), .is_asked_in_1_0 = true }                         \
    }
#define AUTO(m, n)                                                                                           \
    {                                                                                                        \
        ASKED(m, PROBE_AUTO, .for_ms = 1800), .answer = { REPORT(n), .rule = "default" }                     \
    }
#define AUTO_CUT(m, n, s)                                                                                    \
    {                                                                                                        \
        ASKED(m, PROBE_AUTO, .for_ms = 1800), .answer = {.status = s, .interims = n }                        \
    }
#define TOTAL(md, t, n)                                                                                      \
    {                                                                                                        \
        .question = { "COPY", md, .for_ms = t }, .answer = { REPORT(n), .end_ms = t }                        \
    }
#define TOTAL_CUT(md, t, n, s, at)                                                                           \
    {                                                                                                        \
        .question = { "COPY", md, .for_ms = t }, .answer = {.status = s, .interims = n, .end_ms = at }       \
    }
#define STREAM(body)                                                                                         \
    {                                                                                                        \
        ASKED("COPY", PROBE_MULTISTATUS, .beats = 8), .answer = {                                            \
            .status = 207,                                                                                   \
            .is_multistatus = true,                                                                          \
            .body_ms = body,                                                                                 \
            .end_ms = 900,                                                                                   \
            .next = PROBE_NEXT_KEPT                                                                          \
        }                                                                                                    \
    }

struct row {
    const char *name;
    struct probe_trial trials[TRIALS_MAX]; /* ends where there is no method */
    const char *findings;                  /* codes, troubles with "!" before */
    int limit;
    const char *says; /* part of the first finding's text or remedy; NULL: any */
};

static const struct row rows[] = {
    { "everything passes",
      { FIRST, PASSED("COPY", 40), PASSED("PUT", 40), AUTO("COPY", 44), STREAM(100) },
      "",
      -1,
      NULL },
    { "no connection",
      { { ASKED("GET", PROBE_SILENT), .answer = { .end = PROBE_NOT_CONNECTED, .error = "refused" } } },
      "!unreachable",
      -1,
      NULL },
    { "a connection and no answer",
      { { ASKED("GET", PROBE_SILENT), .answer = { .end = PROBE_TIMED_OUT } } },
      "!no-answer",
      -1,
      NULL },
    { "no diagnostics",
      { { ASKED("GET", PROBE_SILENT), .answer = { .status = 404 } } },
      "!no-diagnostics",
      -1,
      "--diagnostics" },
    { "no user", { { ASKED("GET", PROBE_SILENT), .answer = { .status = 401 } } }, "!refused", -1, "--user" },
    { "another server",
      { { ASKED("GET", PROBE_SILENT), .answer = { .status = 200 } } },
      "!not-holdfast",
      -1,
      NULL },
    { "a gateway without server",
      { { ASKED("GET", PROBE_SILENT), .answer = { .status = 502 } } },
      "!not-holdfast",
      -1,
      NULL },
    { "Apache that names itself",
      { FIRST_MARKED, PASSED("COPY", 0), PASSED("COPY", 9), CUT("COPY", 10, 502, 1000), AUTO("COPY", 9) },
      "interim-limit",
      9,
      "nothing to set" },
    { "Apache that does not",
      { FIRST, PASSED("COPY", 9), CUT("COPY", 10, 502, 1000), AUTO_CUT("COPY", 10, 502) },
      "!interim-limit",
      9,
      "like Apache" },
    { "Caddy",
      { FIRST_MARKED, PASSED("COPY", 5), CUT("COPY", 6, 502, 600), AUTO_CUT("COPY", 5, 502) },
      "!interim-limit",
      5,
      "like Caddy" },
    { "a limit nobody is known for",
      { FIRST, PASSED("COPY", 17), CUT("COPY", 18, 502, 900), AUTO_CUT("COPY", 18, 502) },
      "!interim-limit",
      17,
      "interim:17" },
    { "no interim at all",
      { FIRST, PASSED("COPY", 0), CUT("COPY", 1, 502, 100), AUTO_CUT("COPY", 1, 502) },
      "!interim-limit",
      0,
      "'*neon/*=multistatus'" },
    { "Varnish as it comes",
      { FIRST_MARKED, PASSED("COPY", 40), PASSED("PUT", 0), CUT("PUT", 1, 503, 100),
        CUT("DELETE", 1, 503, 100), AUTO("COPY", 9), AUTO_CUT("PUT", 1, 503) },
      "!methods-differ",
      -1,
      "pipe" },
    { "Squid",
      { FIRST_MARKED, PASSED("COPY", 10), CUT("COPY", 40, 504, 2000), CUT("COPY", 19, 504, 2000),
        FAST("COPY", 19), AUTO("COPY", 9) },
      "!time-limit",
      -1,
      "read_timeout" },
    { "nginx 1.1, interims sent",
      { FIRST,
        PASSED("COPY", 0),
        FRAMED("COPY", 1),
        { ASKED("COPY", PROBE_AUTO, .for_ms = 1800), .answer = { REPORT(40), .has_framed_interim = true } } },
      "!taken-as-final",
      0,
      "'*=silent'" },
    { "nginx 1.1, the server silent",
      { FIRST, PASSED("COPY", 0), FRAMED("COPY", 1), AUTO("COPY", 0), TOTAL(PROBE_AUTO, 65000, 0) },
      "taken-as-final",
      0,
      "keep" },
    { "nginx 1.1, nothing but a 102 came",
      { FIRST,
        PASSED("COPY", 0),
        { ASKED("COPY", PROBE_INTERIM, .beats = 1),
          .answer = { .end = PROBE_CLOSED, .interims = 1, .has_framed_interim = true } },
        AUTO_CUT("COPY", 1, 0) },
      "!taken-as-final",
      0,
      NULL },
    { "nginx 1.0, nothing known of long operations",
      { FIRST_1_0,
        { ASKED("COPY", PROBE_INTERIM, .beats = 1), .answer = { REPORT(0), .is_asked_in_1_0 = true } } },
      "!http-1.0-upstream",
      -1,
      "--long" },
    { "nginx 1.0 that gives up",
      { FIRST_1_0, TOTAL_CUT(PROBE_AUTO, 35000, 0, 504, 30000) },
      "!http-1.0-upstream !silence-cut",
      -1,
      NULL },
    { "nginx 1.0 that asks again",
      { FIRST_1_0, TOTAL(PROBE_AUTO, 65000, 0) },
      "http-1.0-upstream",
      -1,
      "nothing" },
    { "nginx 1.0, one of two lengths cut",
      { FIRST_1_0, TOTAL(PROBE_AUTO, 35000, 0), TOTAL_CUT(PROBE_AUTO, 65000, 0, 504, 60000) },
      "!http-1.0-upstream !silence-cut",
      -1,
      NULL },
    { "silence is cut, interims prevent it",
      { FIRST, AUTO("COPY", 44), TOTAL(PROBE_AUTO, 65000, 4), TOTAL_CUT(PROBE_SILENT, 65000, 0, 504, 60000) },
      "silence-cut",
      -1,
      "--heartbeat" },
    { "nine interims and then silence",
      { FIRST_MARKED, AUTO("COPY", 9), TOTAL_CUT(PROBE_AUTO, 300000, 9, 504, 195000) },
      "!marks-cut",
      -1,
      "forwardfor" },
    { "interims that do not help",
      { FIRST, AUTO("COPY", 44), TOTAL_CUT(PROBE_AUTO, 65000, 3, 504, 60000) },
      "!long-cut",
      -1,
      NULL },
    { "a buffered 207", { FIRST, AUTO("COPY", 44), STREAM(890) }, "!multistatus-held", -1, "buffering" },
    { "a broken 207",
      { FIRST,
        AUTO("COPY", 44),
        { ASKED("COPY", PROBE_MULTISTATUS, .beats = 8), .answer = { .status = 207, .end = PROBE_CLOSED } } },
      "!multistatus-broken",
      -1,
      NULL },
    { "interims held back",
      { FIRST, { ASKED("COPY", PROBE_INTERIM, .beats = 3), .answer = { REPORT(3), TIMES(400, 400) } } },
      "!interims-held",
      -1,
      NULL },
    { "interims hidden from the client",
      { FIRST_MARKED,
        { ASKED("COPY", PROBE_INTERIM, .beats = 5),
          .answer = { .status = 200, .is_report = true, .sent = 5, .next = PROBE_NEXT_KEPT } },
        AUTO("COPY", 9) },
      "interims-swallowed",
      -1,
      NULL },
    { "the next request goes wrong",
      { FIRST,
        { ASKED("COPY", PROBE_INTERIM, .beats = 1), .answer = { .status = 200,
                                                                .is_report = true,
                                                                .sent = 1,
                                                                .interims = 1,
                                                                .next = PROBE_NEXT_WRONG } },
        { ASKED("COPY", PROBE_AUTO, .for_ms = 1800), .answer = { .status = 200,
                                                                 .is_report = true,
                                                                 .sent = 9,
                                                                 .interims = 9,
                                                                 .next = PROBE_NEXT_WRONG } } },
      "!interim-limit !next-request-broken",
      0,
      "'*=silent'" },
    { "a client of HTTP/1.0 is sent interims",
      { FIRST,
        AUTO("COPY", 44),
        { ASKED("COPY", PROBE_INTERIM, .beats = 5, .http_1_0 = true), .answer = { REPORT(5) } } },
      "interim-to-http-1.0",
      -1,
      NULL },
    { "a server that keeps silent, and is cut",
      { FIRST, AUTO("COPY", 0), TOTAL_CUT(PROBE_AUTO, 65000, 0, 504, 60000) },
      "!silence-cut",
      -1,
      NULL },
    { "a server that keeps silent", { FIRST, AUTO("COPY", 0) }, "silent", -1, NULL },
    { "what nothing else explains",
      { FIRST, PASSED("COPY", 40), AUTO_CUT("COPY", 9, 504) },
      "!settings-fail",
      -1,
      NULL },
};

/* Where a row says nothing about when interims came, they came as they were sent. */
static struct probe_trial with_times(const struct probe_trial *trial)
{
    struct probe_trial t = *trial;
    if (t.answer.interim_ms[0] == 0) {
        for (unsigned i = 0; i < t.answer.interims && i < PROBE_TIMES_MAX; i++)
            t.answer.interim_ms[i] = (i + 1) * t.question.every_ms;
    }
    return t;
}

static void list_findings(const struct probe_verdict *v, char *out, size_t size)
{
    *out = '\0';
    for (unsigned i = 0; i < v->count; i++) {
        size_t len = strlen(out);
        snprintf(out + len, size - len, "%s%s%s", i ? " " : "", v->findings[i].is_trouble ? "!" : "",
                 v->findings[i].code);
    }
}

static void each_way_is_named_rightly(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct probe_verdict v;
        char found[256];
        struct probe_trial list[TRIALS_MAX];
        unsigned count = 0;
        for (; count < TRIALS_MAX && row->trials[count].question.method; count++)
            list[count] = with_times(&row->trials[count]);
        probe_judge(list, count, &v);
        list_findings(&v, found, sizeof found);
        if (strcmp(found, row->findings) != 0)
            fail_msg("%s: found \"%s\", want \"%s\"", row->name, found, row->findings);
        if (v.limit != row->limit)
            fail_msg("%s: limit %d, want %d", row->name, v.limit, row->limit);
        if (row->says && !strstr(v.findings[0].text, row->says) && !strstr(v.findings[0].remedy, row->says))
            fail_msg("%s: neither \"%s\" nor \"%s\" says \"%s\"", row->name, v.findings[0].text,
                     v.findings[0].remedy, row->says);
        if (v.is_fit != (v.is_reached && !strchr(found, '!')))
            fail_msg("%s: fit and findings disagree", row->name);
    }
}

static void each_trial_has_its_outcome(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct probe_trial trial;
        enum probe_outcome outcome;
    } trials[] = {
        { "all interims", PASSED("COPY", 9), PROBE_OK },
        { "fewer sent",
          { ASKED("COPY", PROBE_INTERIM, .beats = 9), .answer = { REPORT(3) } },
          PROBE_NOT_SENT },
        { "an error", CUT("COPY", 10, 502, 1000), PROBE_CUT },
        { "no answer", { ASKED("COPY", PROBE_SILENT), .answer = { .end = PROBE_TIMED_OUT } }, PROBE_CUT },
        { "cut short, after a right head",
          { ASKED("COPY", PROBE_MULTISTATUS), .answer = { .end = PROBE_CLOSED, .status = 207 } },
          PROBE_CUT },
        { "a page of somebody else",
          { ASKED("COPY", PROBE_SILENT), .answer = { .status = 200 } },
          PROBE_ODD },
        { "a 207 where none was asked for",
          { ASKED("COPY", PROBE_INTERIM), .answer = { .status = 207, .is_multistatus = true } },
          PROBE_ODD },
        { "a 207 by the server's own choice",
          { ASKED("COPY", PROBE_AUTO, .for_ms = 1000), .answer = { .status = 207, .is_multistatus = true } },
          PROBE_OK },
        { "a 207 as it was sent", STREAM(100), PROBE_OK },
        { "a 207 at the end", STREAM(880), PROBE_HELD },
        { "an operation that was too short for a 207",
          { ASKED("COPY", PROBE_MULTISTATUS), .answer = { REPORT(0) } },
          PROBE_NOT_SENT },
        { "three interims in one go, too close to tell",
          { ASKED("COPY", PROBE_INTERIM, .beats = 2), .answer = { REPORT(2), TIMES(300, 300) } },
          PROBE_OK },
        { "HTTP/1.0 without interims",
          { ASKED("COPY", PROBE_INTERIM, .beats = 5, .http_1_0 = true), .answer = { REPORT(0) } },
          PROBE_OK },
        { "taken as final, though all looks well", FRAMED("COPY", 5), PROBE_TAKEN_AS_FINAL },
    };
    for (unsigned i = 0; i < sizeof trials / sizeof *trials; i++) {
        const struct probe_trial trial = with_times(&trials[i].trial);
        enum probe_outcome outcome = probe_outcome(&trial);
        if (outcome != trials[i].outcome)
            fail_msg("%s: %s", trials[i].name, probe_outcome_name(outcome));
    }
}

static void a_question_knows_its_length(void **state)
{
    (void)state;
    assert_int_equal(
        probe_question_ms(&(struct probe_question){ "COPY", PROBE_INTERIM, .beats = 9, .every_ms = 100 }),
        1000);
    assert_int_equal(
        probe_question_ms(&(struct probe_question){ "COPY", PROBE_SILENT, .every_ms = 100, .for_ms = 70 }),
        70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_is_named_rightly),
        cmocka_unit_test(each_trial_has_its_outcome),
        cmocka_unit_test(a_question_knows_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
