/*
 * Each question about the way has one function, which looks through the trials for its evidence and
 * adds at most one finding. Their order is the order of the verdict: what explains most comes first.
 */
#include "src/probe_verdict.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What the server grants where it sees marks of a proxy. */
#define MARKED_CAP 9

/* For those that bear a 207 before the end of the work, and for nobody else. */
#define NO_INTERIMS "--client '*neon/*=multistatus' --client '*=silent'"

struct judge {
    const struct probe_trial *trials;
    unsigned count;
    struct probe_verdict *out;
    bool is_auto_bad; /* the server's present settings lead to a wrong end */
};

/* How far the interims of one method come. */
struct ladder {
    int passed;                        /* most that passed; -1: not even none */
    const struct probe_trial *failure; /* with the fewest that failed; NULL: none did */
};

/* ---- evidence ---- */

static bool is_interim_trial(const struct probe_question *q)
{
    return q->mode == PROBE_INTERIM && q->for_ms == 0 && !q->http_1_0;
}

/* Operations whose length is told and whose beats are the server's own choice. */
static bool is_total(const struct probe_question *q)
{
    return q->for_ms && !q->every_ms;
}

static const struct probe_trial *find_outcome(const struct judge *j, enum probe_outcome outcome)
{
    for (unsigned i = 0; i < j->count; i++) {
        if (probe_outcome(&j->trials[i]) == outcome)
            return &j->trials[i];
    }
    return NULL;
}

static struct ladder climb(const struct judge *j, const char *method)
{
    struct ladder l = { .passed = -1 };
    for (unsigned i = 0; i < j->count; i++) {
        const struct probe_trial *t = &j->trials[i];
        if (!is_interim_trial(&t->question) || strcmp(t->question.method, method) != 0)
            continue;
        if (!probe_outcome_is_answered(probe_outcome(t))) {
            if (!l.failure || t->question.beats < l.failure->question.beats)
                l.failure = t;
        } else if ((int)t->question.beats > l.passed) {
            l.passed = (int)t->question.beats;
        }
    }
    return l;
}

/* More beats in less time passed: the clock decides, not the count. */
static bool is_limit_of_time(const struct ladder *l)
{
    return l->failure && l->passed >= (int)l->failure->question.beats;
}

/* "502", "the connection closed" ... */
static const char *how_it_ended(const struct probe_answer *a, char *buffer, size_t size)
{
    if (a->end == PROBE_TIMED_OUT)
        return "no answer came";
    if (a->end != PROBE_WHOLE)
        return "the connection was closed";
    snprintf(buffer, size, "%d", a->status);
    return buffer;
}

/* ---- findings ---- */

__attribute__((format(printf, 4, 5))) static struct probe_finding *
add(struct judge *j, const char *code, bool is_trouble, const char *format, ...)
{
    assert(j->out->count < PROBE_FINDINGS_MAX);
    struct probe_finding *f = &j->out->findings[j->out->count++];
    va_list args;
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    f->code = code;
    f->is_trouble = is_trouble;
    f->remedy[0] = '\0';
    return f;
}

__attribute__((format(printf, 2, 3))) static void advise(struct probe_finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->remedy, sizeof f->remedy, format, args);
    va_end(args);
}

static void judge_reach(struct judge *j)
{
    const struct probe_answer *a = &j->trials[0].answer;
    if (a->end == PROBE_NOT_CONNECTED)
        add(j, "unreachable", true, "no connection: %s", a->error);
    else if (a->end != PROBE_WHOLE)
        add(j, "no-answer", true, "connected, but no answer came: %s", a->error);
    else if (a->status == 401 || a->status == 403 || a->status == 407)
        advise(add(j, "refused", true, "%d: this user may not ask", a->status),
               "give --user NAME:PASSWORD, or NAME:PASSWORD@ in the URL");
    else if (a->status == 404)
        advise(add(j, "no-diagnostics", true,
                   "404: the server runs without --diagnostics, or the URL is not the served root"),
               "start the server with `holdfast serve --diagnostics`, and name the root as clients do");
    else if (!a->is_report)
        advise(add(j, "not-holdfast", true, "%d%s%s: this answer is not from a Holdfast with --diagnostics",
                   a->status, *a->server ? " from " : "", a->server),
               "look whether what stands between forwards to Holdfast at all");
    j->out->is_reached = j->out->count == 0;
}

static bool has_long_proof(const struct judge *j)
{
    bool is_proven = false;
    for (unsigned i = 0; i < j->count; i++) {
        const struct probe_question *q = &j->trials[i].question;
        if (!is_total(q) || q->mode != PROBE_AUTO)
            continue;
        if (!probe_outcome_is_answered(probe_outcome(&j->trials[i])))
            return false;
        is_proven = true;
    }
    return is_proven;
}

static void judge_version(struct judge *j)
{
    for (unsigned i = 0; i < j->count; i++) {
        const struct probe_trial *t = &j->trials[i];
        if (t->question.http_1_0 || !t->answer.is_asked_in_1_0)
            continue;
        bool is_proven = has_long_proof(j);
        advise(add(j, "http-1.0-upstream", !is_proven,
                   "what stands between asks the server in HTTP/1.0 (nginx does by default), where interim "
                   "responses do not exist: %s",
                   is_proven ? "long operations end rightly all the same"
                             : "operations are silent, and cut by its read timeout"),
               is_proven ? "nothing to set"
                         : "let it ask again when its time is over (several `server` lines in nginx's "
                           "`upstream`; docs/proxies.md); if it does so already, prove it with --long");
        return;
    }
}

static void judge_taken_as_final(struct judge *j)
{
    const struct probe_trial *t = find_outcome(j, PROBE_TAKEN_AS_FINAL);
    if (!t)
        return;
    j->out->limit = 0;
    advise(
        add(j, "taken-as-final", j->is_auto_bad,
            "the first 102 is taken for the final response, and the rest for its body: what nginx does with "
            "`proxy_http_version 1.1`%s",
            j->is_auto_bad ? "" : "; this server sends the probe none"),
        j->is_auto_bad ? "set " NO_INTERIMS " (and see docs/proxies.md, nginx)" : "keep it so");
}

static const char *who_has_limit(int passed)
{
    return passed == 9 ? ": a proxy like Apache" : passed == 5 ? ": a proxy like Caddy or Traefik" : "";
}

static void judge_limit(struct judge *j)
{
    const struct ladder l = climb(j, "COPY");
    char buffer[16];

    if (!l.failure || probe_outcome(l.failure) == PROBE_TAKEN_AS_FINAL || is_limit_of_time(&l))
        return;
    const struct probe_answer *a = &l.failure->answer;
    j->out->limit = l.passed < 0 ? 0 : l.passed;
    struct probe_finding *f =
        add(j, "interim-limit", j->is_auto_bad, "this way passes %d interims and fails at %u (%s)%s",
            j->out->limit, l.failure->question.beats,
            probe_outcome(l.failure) == PROBE_NEXT_BROKEN ? "the next request there goes wrong"
                                                          : how_it_ended(a, buffer, sizeof buffer),
            who_has_limit(l.passed));
    if (!j->is_auto_bad)
        advise(f, "nothing to set: the server keeps within that, as it is");
    else if (l.passed < 1)
        advise(f, "set " NO_INTERIMS);
    else
        advise(f, "set --client 'neon/<0.33=interim:%d' --client '*=silent'", l.passed);
}

/* Squid counts from the request on, whatever comes meanwhile. */
static void judge_time(struct judge *j)
{
    const struct ladder l = climb(j, "COPY");
    char buffer[16];

    if (!is_limit_of_time(&l))
        return;
    advise(add(j, "time-limit", true,
               "after %.1f s this way gives up (%s), however many interims come: a proxy like Squid",
               (double)l.failure->answer.end_ms / 1000,
               how_it_ended(&l.failure->answer, buffer, sizeof buffer)),
           "raise its read timeout (Squid: read_timeout) beyond the longest operation");
}

static void judge_methods(struct judge *j)
{
    static const char *const methods[] = { "PUT", "DELETE", "GET" };
    const struct ladder copy = climb(j, "COPY");
    const struct probe_trial *failure = NULL;
    char names[32] = "", buffer[16];

    for (unsigned i = 0; i < sizeof methods / sizeof *methods; i++) {
        const struct ladder l = climb(j, methods[i]);
        if (!l.failure || l.passed >= copy.passed || is_limit_of_time(&l) ||
            probe_outcome(l.failure) == PROBE_TAKEN_AS_FINAL)
            continue;
        size_t len = strlen(names);
        snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "", methods[i]);
        failure = failure ? failure : l.failure;
    }
    if (!failure)
        return;
    bool is_first = failure->question.beats == 1;
    struct probe_finding *f =
        add(j, "methods-differ", j->is_auto_bad, "COPY bears more than %s, where %u interim%s fail%s (%s)%s",
            names, failure->question.beats, is_first ? "" : "s", is_first ? "s" : "",
            how_it_ended(&failure->answer, buffer, sizeof buffer),
            is_first ? ": what Varnish does with the methods it knows" : "");
    if (!j->is_auto_bad)
        advise(f, "nothing to set: the server keeps within that, as it is");
    else
        advise(f, "let it pipe every method (Varnish: `return (pipe);` in vcl_recv), or set " NO_INTERIMS);
}

static void judge_interims_lost(struct judge *j)
{
    const struct probe_trial *held = find_outcome(j, PROBE_HELD), *lost = find_outcome(j, PROBE_SWALLOWED);

    if (held && held->question.mode != PROBE_MULTISTATUS)
        advise(add(j, "interims-held", true, "interims are held back and arrive with the answer"),
               "switch off buffering of responses in what stands between");
    if (lost)
        advise(add(j, "interims-swallowed", false,
                   "%u of %u interims do not arrive: clients with a timeout of their own see silence",
                   lost->answer.sent - lost->answer.interims, lost->answer.sent),
               "clients that bear it can be given a 207 at once: --client '*neon/*=multistatus'");
}

static void judge_multistatus(struct judge *j)
{
    for (unsigned i = 0; i < j->count; i++) {
        const struct probe_trial *t = &j->trials[i];
        enum probe_outcome outcome = probe_outcome(t);
        char buffer[16];

        if (t->question.mode != PROBE_MULTISTATUS || is_total(&t->question) || t->question.http_1_0)
            continue;
        if (outcome == PROBE_HELD)
            advise(
                add(j, "multistatus-held", true,
                    "a 207 that is sent byte by byte is held back to its end: long listings look dead"),
                "switch off buffering of responses (nginx: heed X-Accel-Buffering, or proxy_buffering off)");
        else if (!probe_outcome_is_answered(outcome))
            add(j, "multistatus-broken", true, "a 207 that is sent byte by byte does not arrive whole (%s)",
                how_it_ended(&t->answer, buffer, sizeof buffer));
    }
}

static void judge_next(struct judge *j)
{
    const struct probe_trial *t = find_outcome(j, PROBE_NEXT_BROKEN);
    if (t)
        advise(
            add(j, "next-request-broken", j->is_auto_bad,
                "after %u interims the answer comes, but the next request on the connection gets none or a "
                "wrong one",
                t->answer.interims),
            j->is_auto_bad ? "set " NO_INTERIMS : "keep the server silent, as it is");
}

static void judge_old_client(struct judge *j)
{
    if (find_outcome(j, PROBE_INTERIM_TO_1_0))
        add(j, "interim-to-http-1.0", false,
            "a client that speaks HTTP/1.0 is sent interims too, which it will take for the answer (what "
            "stands "
            "between asks the server in HTTP/1.1 for it)");
}

/* Told once, for the shortest of the lengths that fails. */
static const struct probe_trial *find_cut_total(const struct judge *j, enum probe_mode mode)
{
    const struct probe_trial *found = NULL;
    for (unsigned i = 0; i < j->count; i++) {
        const struct probe_trial *t = &j->trials[i];
        if (is_total(&t->question) && t->question.mode == mode &&
            !probe_outcome_is_answered(probe_outcome(t)) &&
            (!found || t->question.for_ms < found->question.for_ms))
            found = t;
    }
    return found;
}

static bool has_trouble(const struct judge *j, const char *code)
{
    for (unsigned i = 0; i < j->out->count; i++) {
        if (j->out->findings[i].is_trouble && (!code || strcmp(j->out->findings[i].code, code) == 0))
            return true;
    }
    return false;
}

/* A long operation did not end. Was it silent, or were its interims too few, or of no use? */
static void tell_cut(struct judge *j, const struct probe_trial *t)
{
    const double length = (double)t->question.for_ms / 1000, after = (double)t->answer.end_ms / 1000;
    char buffer[16];
    const char *how = how_it_ended(&t->answer, buffer, sizeof buffer);

    if (!t->answer.interims)
        advise(add(j, "silence-cut", true, "an operation of %g s ends after %.1f s (%s) in silence", length,
                   after, how),
               "raise the read timeout of what stands between, let it ask again when its time is over "
               "(docs/proxies.md), or choose a --heartbeat below it");
    else if (t->answer.interims == MARKED_CAP && j->trials[0].answer.has_marks)
        advise(add(j, "marks-cut", true,
                   "an operation of %g s ends after %.1f s (%s): it got the nine interims that the server "
                   "grants where "
                   "it sees marks of a proxy, then silence",
                   length, after, how),
               "raise the read timeout of what stands between or --heartbeat, or leave the marks out if any "
               "number "
               "passes (HAProxy: no `option forwardfor`)");
    else
        advise(add(j, "long-cut", true, "an operation of %g s ends after %.1f s (%s), though interims came",
                   length, after, how),
               "raise the read timeout of what stands between, or let it ask again (docs/proxies.md)");
}

static void judge_totals(struct judge *j)
{
    const struct probe_trial *t = find_cut_total(j, PROBE_AUTO), *silent = find_cut_total(j, PROBE_SILENT);
    char buffer[16];

    if (t) {
        if (!has_trouble(j, "taken-as-final") && !has_trouble(j, "interim-limit") &&
            !has_trouble(j, "methods-differ") && !has_trouble(j, "time-limit"))
            tell_cut(j, t);
    } else if (silent) {
        advise(add(j, "silence-cut", false, "a silence of %.1f s is cut (%s); signs of life prevent it",
                   (double)silent->answer.end_ms / 1000,
                   how_it_ended(&silent->answer, buffer, sizeof buffer)),
               "keep --heartbeat well below that");
    }
}

/* What the settings lead to, where nothing above has explained it. */
static void judge_settings(struct judge *j)
{
    const struct probe_trial *first = NULL, *bad = NULL;
    char buffer[16];

    for (unsigned i = 0; i < j->count; i++) {
        const struct probe_trial *t = &j->trials[i];
        if (t->question.mode != PROBE_AUTO)
            continue;
        first = first ? first : t;
        bad = bad || probe_outcome_is_answered(probe_outcome(t)) ? bad : t;
    }
    if (bad && !has_trouble(j, NULL)) {
        add(j, "settings-fail", true, "with the server's present settings a %s does not end rightly (%s)",
            bad->question.method, how_it_ended(&bad->answer, buffer, sizeof buffer));
    } else if (first && !has_trouble(j, NULL) && first->answer.is_report && !first->answer.sent &&
               !j->trials[0].answer.is_asked_in_1_0 && !has_long_proof(j)) {
        add(j, "silent", false,
            "the server keeps silent towards the probe (rule %s): how long a silence this way bears, --long "
            "tells",
            first->answer.rule);
    }
}

static void judge_auto(struct judge *j)
{
    for (unsigned i = 0; i < j->count; i++) {
        const struct probe_question *q = &j->trials[i].question;
        if (q->mode == PROBE_AUTO && !is_total(q) && !probe_outcome_is_answered(probe_outcome(&j->trials[i])))
            j->is_auto_bad = true;
    }
}

void probe_judge(const struct probe_trial *trials, unsigned count, struct probe_verdict *out)
{
    struct judge j = { .trials = trials, .count = count, .out = out };

    assert(count > 0);
    memset(out, 0, sizeof *out);
    out->limit = PROBE_NO_LIMIT;
    judge_reach(&j);
    if (!out->is_reached)
        return;
    judge_auto(&j);
    judge_version(&j);
    judge_taken_as_final(&j);
    judge_limit(&j);
    judge_time(&j);
    judge_methods(&j);
    judge_interims_lost(&j);
    judge_multistatus(&j);
    judge_next(&j);
    judge_old_client(&j);
    judge_totals(&j);
    judge_settings(&j);
    out->is_fit = !has_trouble(&j, NULL);
}
