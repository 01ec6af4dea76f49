/*
 * One line a trial: what was sent, what came and when, what became of it. What a proxy wrote is told to
 * a terminal only after everything that is not printable was taken out.
 */
#include "src/probe_print.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

#define TEXT_WIDTH 100

static double seconds(int64_t ms)
{
    return (double)ms / 1000;
}

/* ---- text ---- */

static void print_question(FILE *to, const struct probe_question *q)
{
    char what[48], every[24];
    const char *beat = q->mode == PROBE_MULTISTATUS ? "blank" : "102";

    snprintf(every, sizeof every, q->every_ms ? ", %g s" : "", seconds(q->every_ms));
    if (q->mode == PROBE_SILENT && q->for_ms)
        snprintf(what, sizeof what, "silence of %g s", seconds(q->for_ms));
    else if (q->mode == PROBE_AUTO)
        snprintf(what, sizeof what, "%g s, as set%s", seconds(q->for_ms), every);
    else if (q->for_ms)
        snprintf(what, sizeof what, "207 of %g s%s", seconds(q->for_ms), every);
    else
        snprintf(what, sizeof what, "%u x %s%s", q->beats, beat, q->beats ? every : "");
    fprintf(to, "%-6s %-24s %s ", q->method, what, q->http_1_0 ? "1.0" : "   ");
}

static void print_interims(FILE *to, const struct probe_answer *a)
{
    unsigned known = a->interims < PROBE_TIMES_MAX ? a->interims : PROBE_TIMES_MAX;
    if (known == 1)
        fprintf(to, " %.2f 102", seconds(a->interim_ms[0]));
    else if (known)
        fprintf(to, " %.2f-%.2f 102 x %u", seconds(a->interim_ms[0]), seconds(a->interim_ms[known - 1]),
                a->interims);
}

static void print_final(FILE *to, const struct probe_answer *a)
{
    if (a->status && a->is_multistatus)
        fprintf(to, " %.2f %d, body %.2f-%.2f", seconds(a->head_ms), a->status, seconds(a->body_ms),
                seconds(a->end_ms));
    else if (a->status)
        fprintf(to, " %.2f %d", seconds(a->head_ms), a->status);
    if (a->end == PROBE_TIMED_OUT)
        fprintf(to, " %.2f no end", seconds(a->end_ms));
    else if (a->end != PROBE_WHOLE)
        fprintf(to, " %.2f closed", seconds(a->end_ms));
    if (a->next == PROBE_NEXT_RECONNECTED)
        fprintf(to, ", connection closed");
    else if (a->next == PROBE_NEXT_WRONG)
        fprintf(to, ", next request: wrong");
}

static void print_trial(FILE *to, const struct probe_trial *t)
{
    static const char *const words[] = {
        [PROBE_OK] = "ok",
        [PROBE_NOT_SENT] = "ok, but the server sent fewer",
        [PROBE_SWALLOWED] = "ok, but fewer arrived",
        [PROBE_HELD] = "HELD BACK",
        [PROBE_INTERIM_TO_1_0] = "102 FOR HTTP/1.0",
        [PROBE_NEXT_BROKEN] = "BREAKS THE NEXT",
        [PROBE_TAKEN_AS_FINAL] = "102 TAKEN AS FINAL",
        [PROBE_CUT] = "CUT",
        [PROBE_ODD] = "ANOTHER ANSWER",
    };
    fprintf(to, "  ");
    print_question(to, &t->question);
    print_interims(to, &t->answer);
    print_final(to, &t->answer);
    fprintf(to, "  %s\n", words[probe_outcome(t)]);
}

/* Breaks lines between words; a word that is longer than a line stays whole. */
static void print_wrapped(FILE *to, const char *lead, const char *text)
{
    size_t indent = strlen(lead), column = indent;
    fputs(lead, to);
    while (*text) {
        size_t len = strcspn(text, " ");
        if (column > indent && column + 1 + len > TEXT_WIDTH) {
            fprintf(to, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', to);
            column++;
        }
        for (size_t i = 0; i < len; i++)
            fputc(isprint((unsigned char)text[i]) ? text[i] : '?', to);
        column += len;
        text += len + strspn(text + len, " ");
    }
    fputc('\n', to);
}

static void print_server_side(FILE *to, const struct probe_answer *a)
{
    char line[256];
    snprintf(line, sizeof line, "asked in HTTP/%s, %s%s%s", a->is_asked_in_1_0 ? "1.0" : "1.1",
             a->has_marks ? "with marks of a proxy" : "no marks of a proxy", *a->via ? ", Via: " : "",
             a->via);
    print_wrapped(to, "the server's side: ", line);
}

void probe_print_text(FILE *to, const struct probe_report *report)
{
    const struct probe_verdict *v = &report->verdict;
    fprintf(to, "probe of %s\n", report->url);
    if (v->is_reached) {
        print_server_side(to, &report->trials[0].answer);
        fprintf(to, "\nwhat was asked for               HTTP  what came, seconds after the request\n");
        for (unsigned i = 0; i < report->count; i++)
            print_trial(to, &report->trials[i]);
    }
    fprintf(to, "\n%s", !v->is_reached ? "cannot tell:\n" : v->is_fit ? "fit" : "unfit:\n");
    if (v->is_fit && v->limit == PROBE_NO_LIMIT)
        fprintf(to, ": whatever the server sends as a sign of life, nothing breaks\n");
    else if (v->is_fit)
        fprintf(to, " with the server's present settings\n");
    for (unsigned i = 0; i < v->count; i++) {
        const struct probe_finding *f = &v->findings[i];
        print_wrapped(to, f->is_trouble ? "  ! " : "  - ", f->text);
        if (*f->remedy)
            print_wrapped(to, "    -> ", f->remedy);
    }
}

/* ---- JSON ---- */

static json_t *times_json(const struct probe_answer *a)
{
    json_t *times = json_array();
    for (unsigned i = 0; i < a->interims && i < PROBE_TIMES_MAX; i++)
        json_array_append_new(times, json_real(seconds(a->interim_ms[i])));
    return times;
}

static json_t *question_json(const struct probe_question *q)
{
    static const char *const modes[] = { "auto", "interim", "multistatus", "silent" };
    json_t *o = json_pack("{s:s, s:s, s:s}", "method", q->method, "mode", modes[q->mode], "http",
                          q->http_1_0 ? "1.0" : "1.1");
    json_object_set_new(o, "beats", q->for_ms ? json_null() : json_integer(q->beats));
    json_object_set_new(o, "every", q->every_ms ? json_real(seconds(q->every_ms)) : json_null());
    json_object_set_new(o, "for", q->for_ms ? json_real(seconds(q->for_ms)) : json_null());
    return o;
}

/* json_stringn_nocheck would let invalid UTF-8 pass: headers may hold anything. */
static json_t *text_json(const char *text)
{
    json_t *s = json_string(text);
    return s ? s : json_null();
}

static json_t *answer_json(const struct probe_answer *a)
{
    static const char *const ends[] = { "whole", "closed", "timed-out", "not-connected", "garbled" };
    static const char *const nexts[] = { NULL, "kept", "reconnected", "wrong" };
    json_t *o = json_pack("{s:i, s:o, s:i, s:f, s:s, s:s?}", "interims", (int)a->interims, "interims_at",
                          times_json(a), "status", a->status, "end_at", seconds(a->end_ms), "end",
                          ends[a->end], "next_request", nexts[a->next]);
    json_object_set_new(o, "head_at", a->status ? json_real(seconds(a->head_ms)) : json_null());
    json_object_set_new(o, "server", text_json(a->server));
    json_object_set_new(o, "via", text_json(a->via));
    json_object_set_new(o, "error", *a->error ? text_json(a->error) : json_null());
    if (a->is_report) {
        json_object_set_new(o, "server_sent", json_integer(a->sent));
        json_object_set_new(o, "server_asked_in", json_string(a->is_asked_in_1_0 ? "1.0" : "1.1"));
        json_object_set_new(o, "proxy_marks", json_boolean(a->has_marks));
        json_object_set_new(o, "rule", text_json(a->rule));
    }
    return o;
}

static json_t *trials_json(const struct probe_report *report)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < report->count; i++) {
        const struct probe_trial *t = &report->trials[i];
        json_array_append_new(list, json_pack("{s:o, s:o, s:s}", "asked", question_json(&t->question), "came",
                                              answer_json(&t->answer), "outcome",
                                              probe_outcome_name(probe_outcome(t))));
    }
    return list;
}

void probe_print_json(FILE *to, const struct probe_report *report)
{
    const struct probe_verdict *v = &report->verdict;
    json_t *findings = json_array();
    for (unsigned i = 0; i < v->count; i++) {
        const struct probe_finding *f = &v->findings[i];
        json_t *o = json_pack("{s:s, s:b}", "code", f->code, "trouble", f->is_trouble);
        json_object_set_new(o, "text", text_json(f->text));
        json_object_set_new(o, "remedy", *f->remedy ? text_json(f->remedy) : json_null());
        json_array_append_new(findings, o);
    }
    json_t *limit = v->limit == PROBE_NO_LIMIT ? json_null() : json_integer(v->limit);
    json_t *o =
        json_pack("{s:s, s:b, s:b, s:o, s:o, s:o}", "url", report->url, "reached", v->is_reached, "fit",
                  v->is_fit, "interim_limit", limit, "findings", findings, "trials", trials_json(report));
    json_dumpf(o, to, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    fputc('\n', to);
    json_decref(o);
}
