/*
 * The order of the questions matters: a 102 that was taken for the final response can be followed by
 * anything, also by what looks like the right answer.
 */
#include "src/probe_outcome.h"

/* Below this a machine that was busy for a moment would look like a proxy that holds back. */
#define HELD_SPAN_MS 200

static bool is_counted(const struct probe_question *q)
{
    return q->for_ms == 0;
}

static bool is_stream_held(const struct probe_question *q, const struct probe_answer *a)
{
    int64_t span = (int64_t)q->beats * q->every_ms;
    return is_counted(q) && span >= HELD_SPAN_MS && (a->end_ms - a->body_ms) * 2 < span;
}

static bool are_interims_held(const struct probe_question *q, const struct probe_answer *a)
{
    unsigned known = a->interims < PROBE_TIMES_MAX ? a->interims : PROBE_TIMES_MAX;
    if (known < 3)
        return false;
    int64_t span = (int64_t)(known - 1) * q->every_ms;
    return span >= HELD_SPAN_MS && (a->interim_ms[known - 1] - a->interim_ms[0]) * 2 < span;
}

static enum probe_outcome outcome_of_report(const struct probe_question *q, const struct probe_answer *a)
{
    if (q->http_1_0)
        return a->interims ? PROBE_INTERIM_TO_1_0 : PROBE_OK;
    if (a->next == PROBE_NEXT_WRONG)
        return PROBE_NEXT_BROKEN;
    if (q->mode == PROBE_MULTISTATUS)
        return PROBE_NOT_SENT;
    if (a->interims < a->sent)
        return PROBE_SWALLOWED;
    if (q->mode == PROBE_INTERIM && is_counted(q) && a->sent < q->beats)
        return PROBE_NOT_SENT;
    return are_interims_held(q, a) ? PROBE_HELD : PROBE_OK;
}

enum probe_outcome probe_outcome(const struct probe_trial *trial)
{
    const struct probe_question *q = &trial->question;
    const struct probe_answer *a = &trial->answer;

    if (a->has_framed_interim)
        return PROBE_TAKEN_AS_FINAL;
    if (a->end != PROBE_WHOLE || a->status >= 500)
        return PROBE_CUT;
    if (a->is_report)
        return outcome_of_report(q, a);
    if (!a->is_multistatus || (q->mode != PROBE_MULTISTATUS && q->mode != PROBE_AUTO))
        return PROBE_ODD;
    if (a->next == PROBE_NEXT_WRONG)
        return PROBE_NEXT_BROKEN;
    return is_stream_held(q, a) ? PROBE_HELD : PROBE_OK;
}

const char *probe_outcome_name(enum probe_outcome outcome)
{
    static const char *const names[] = {
        [PROBE_OK] = "ok",
        [PROBE_NOT_SENT] = "not-sent",
        [PROBE_SWALLOWED] = "swallowed",
        [PROBE_HELD] = "held-back",
        [PROBE_INTERIM_TO_1_0] = "interim-to-http-1.0",
        [PROBE_NEXT_BROKEN] = "next-request-broken",
        [PROBE_TAKEN_AS_FINAL] = "taken-as-final",
        [PROBE_CUT] = "cut",
        [PROBE_ODD] = "odd",
    };
    return names[outcome];
}

bool probe_outcome_is_answered(enum probe_outcome outcome)
{
    return outcome <= PROBE_INTERIM_TO_1_0;
}
