/*
 * What is asked: for each method a ladder of interims, up to the first rung that breaks and then the
 * exact one between; beside them, each in a thread of its own, what needs no steps. All are harmless to
 * each other: the server makes each an operation of its own.
 */
#include "src/probe.h"

#include <curl/curl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/options.h"
#include "src/probe_print.h"
#include "src/probe_trial.h"
#include "src/probe_verdict.h"

enum {
    EXIT_UNREACHED = 1,
    EXIT_USAGE = 2,
    LADDER_MAX = 20, /* trials of one ladder */
    TOTALS_MAX = 4,
    TASKS_MAX = 32,
    TOP = 40,            /* interims tried at most */
    SLOW_MS = 1000,      /* what breaks later may have broken by the clock */
    FAST_FACTOR = 5,     /* so much faster are the interims that tell */
    BLANKS = 8,          /* of the 207 */
    SETTINGS_BEATS = 45, /* that fall due under the server's own settings */
};

struct probe_options {
    const char *url, *user, *agent;
    bool is_insecure, is_json;
    int64_t every_ms, timeout_ms;
    int64_t totals_ms[TOTALS_MAX];
    unsigned total_count;
};

/* What one thread asks: a ladder of a method, or one question. */
struct task {
    const struct probe_target *target;
    bool is_ladder;
    struct probe_question question; /* of a ladder: its method and pace */
    struct probe_trial trials[LADDER_MAX];
    unsigned count;
    pthread_t thread;
};

struct plan {
    struct task *tasks;
    unsigned count;
};

/* ---- asking ---- */

static enum probe_outcome ask_one(struct task *task, const struct probe_question *question)
{
    struct probe_trial *trial = &task->trials[task->count++];
    trial->question = *question;
    probe_trial_run(task->target, trial);
    return probe_outcome(trial);
}

static bool ask_rung(struct task *task, unsigned beats)
{
    struct probe_question question = task->question;
    question.beats = beats;
    return probe_outcome_is_answered(ask_one(task, &question));
}

/* The rungs are where known implementations end: none, 1, 5 (Go), 9 (Apache). */
static void climb_ladder(struct task *task)
{
    static const unsigned rungs[] = { 0, 1, 5, 6, 9, 10, TOP };
    unsigned passed = 0, failed = 0;

    for (unsigned i = 0; i < sizeof rungs / sizeof *rungs && !failed; i++) {
        if (ask_rung(task, rungs[i]))
            passed = rungs[i];
        else if (rungs[i] == 0)
            return;
        else
            failed = rungs[i];
        enum probe_outcome outcome = probe_outcome(&task->trials[task->count - 1]);
        if (outcome == PROBE_NOT_SENT || outcome == PROBE_TAKEN_AS_FINAL)
            return;
    }
    while (failed > passed + 1) {
        unsigned middle = (passed + failed) / 2;
        if (ask_rung(task, middle))
            passed = middle;
        else
            failed = middle;
    }
    if (failed > 1 && task->trials[task->count - 1].answer.end_ms >= SLOW_MS) {
        task->question.every_ms /= FAST_FACTOR;
        ask_rung(task, failed);
    }
}

static void *run_task(void *arg)
{
    struct task *task = arg;
    if (task->is_ladder)
        climb_ladder(task);
    else
        ask_one(task, &task->question);
    return NULL;
}

/* ---- what is asked ---- */

static void plan_one(struct plan *plan, bool is_ladder, struct probe_question question)
{
    struct task *task = &plan->tasks[plan->count++];
    task->is_ladder = is_ladder;
    task->question = question;
}

static void make_plan(struct plan *plan, const struct probe_options *o)
{
    static const char *const methods[] = { "COPY", "DELETE", "PUT", "GET" };
    /* Fast, so that the silence behind a cap of nine stays short of any proxy's patience. */
    int64_t every = o->every_ms, quick = every * 2 / 5;

    for (unsigned i = 0; i < 4; i++)
        plan_one(plan, true, (struct probe_question){ methods[i], PROBE_INTERIM, .every_ms = every });
    plan_one(plan, false,
             (struct probe_question){ "COPY", PROBE_SILENT, .every_ms = every, .for_ms = every * BLANKS });
    plan_one(plan, false,
             (struct probe_question){ "COPY", PROBE_MULTISTATUS, .beats = BLANKS, .every_ms = every });
    plan_one(
        plan, false,
        (struct probe_question){ "COPY", PROBE_INTERIM, .beats = 5, .every_ms = every, .http_1_0 = true });
    for (unsigned i = 0; i < 3; i++)
        plan_one(plan, false,
                 (struct probe_question){ methods[i], PROBE_AUTO, .every_ms = quick,
                                          .for_ms = quick * SETTINGS_BEATS });
    for (unsigned i = 0; i < o->total_count; i++) {
        int64_t total = o->totals_ms[i];
        plan_one(plan, false, (struct probe_question){ "COPY", PROBE_AUTO, .for_ms = total });
        plan_one(plan, false, (struct probe_question){ "PUT", PROBE_AUTO, .for_ms = total });
        plan_one(plan, false, (struct probe_question){ "COPY", PROBE_SILENT, .for_ms = total });
        plan_one(plan, false, (struct probe_question){ "COPY", PROBE_MULTISTATUS, .for_ms = total });
    }
}

/* All tasks at once; their trials in the plan's order. False: no threads are to be had. */
static bool run_plan(struct plan *plan, const struct probe_target *target, struct probe_report *report,
                     struct probe_trial *trials)
{
    unsigned started = 0;
    while (started < plan->count) {
        plan->tasks[started].target = target;
        if (pthread_create(&plan->tasks[started].thread, NULL, run_task, &plan->tasks[started]) != 0)
            break;
        started++;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(plan->tasks[i].thread, NULL);
        memcpy(trials + report->count, plan->tasks[i].trials, plan->tasks[i].count * sizeof *trials);
        report->count += plan->tasks[i].count;
    }
    return started == plan->count;
}

/* ---- the whole ---- */

static int tell(const struct probe_options *o, struct probe_report *report)
{
    probe_judge(report->trials, report->count, &report->verdict);
    if (o->is_json)
        probe_print_json(stdout, report);
    else
        probe_print_text(stdout, report);
    if (fflush(stdout) != 0)
        return EXIT_UNREACHED;
    return !report->verdict.is_reached ? EXIT_UNREACHED : report->verdict.is_fit ? 0 : PROBE_EXIT_UNFIT;
}

static int run_probe(const struct probe_options *o, const struct probe_target *target)
{
    struct plan plan = { calloc(TASKS_MAX, sizeof *plan.tasks), 0 };
    struct probe_trial *trials = calloc((size_t)TASKS_MAX * LADDER_MAX + 1, sizeof *trials);
    struct probe_report report = { .url = target->url, .trials = trials };
    int status = EXIT_UNREACHED;

    if (!plan.tasks || !trials)
        abort();
    trials[report.count].question = (struct probe_question){ "GET", PROBE_SILENT, .every_ms = o->every_ms };
    probe_trial_run(target, &trials[report.count++]);
    probe_judge(trials, report.count, &report.verdict);
    if (report.verdict.is_reached) {
        make_plan(&plan, o);
        if (!run_plan(&plan, target, &report, trials)) {
            fprintf(stderr, "holdfast: not enough threads\n");
            goto out;
        }
    }
    status = tell(o, &report);
out:
    free(trials);
    free(plan.tasks);
    return status;
}

static const char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(url, part, &text, CURLU_URLDECODE) == CURLUE_OK ? text : NULL;
}

/* "NAME:PASSWORD"; the name has no colon. Both are the caller's to free. */
static void split_user(const char *both, const char **out_user, const char **out_password)
{
    const char *colon = strchr(both, ':');
    *out_user = colon ? strndup(both, (size_t)(colon - both)) : strdup(both);
    *out_password = colon ? strdup(colon + 1) : NULL;
}

/* Takes name and password out of the URL, and sees to its slash at the end. NULL if it is none. */
static char *split_url(const struct probe_options *o, struct probe_target *target)
{
    CURLU *url = curl_url();
    char *whole = NULL, *rooted = NULL;

    if (url && curl_url_set(url, CURLUPART_URL, o->url, 0) == CURLUE_OK) {
        const char *scheme = url_part(url, CURLUPART_SCHEME);
        bool is_http = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
        curl_free((char *)scheme);
        target->user = url_part(url, CURLUPART_USER);
        target->password = url_part(url, CURLUPART_PASSWORD);
        curl_url_set(url, CURLUPART_USER, NULL, 0);
        curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
        curl_url_set(url, CURLUPART_QUERY, NULL, 0);
        curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
        if (is_http && curl_url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK) {
            size_t len = strlen(whole);
            if (asprintf(&rooted, "%s%s", whole, len && whole[len - 1] == '/' ? "" : "/") < 0)
                abort();
        }
    }
    curl_free(whole);
    curl_url_cleanup(url);
    return rooted;
}

static int probe(const struct probe_options *o)
{
    struct probe_target target = { .agent = o->agent,
                                   .is_insecure = o->is_insecure,
                                   .patience_ms = o->timeout_ms };
    char *url = split_url(o, &target);
    int status = EXIT_USAGE;

    if (o->user) {
        free((char *)target.user);
        free((char *)target.password);
        split_user(o->user, &target.user, &target.password);
    }
    if (!url || strlen(url) > PROBE_URL_MAX)
        fprintf(stderr, "holdfast: %s is no http or https URL\n", o->url);
    else {
        target.url = url;
        status = run_probe(o, &target);
    }
    free((char *)target.user);
    free((char *)target.password);
    free(url);
    return status;
}

static int usage(FILE *to)
{
    fprintf(
        to,
        "usage: holdfast probe [OPTIONS] URL\n\n"
        "Tells what stands between here and a Holdfast does to its signs of life, and which setting\n"
        "suits. URL is the served root as clients reach it; the server must run with --diagnostics.\n"
        "It takes some ten seconds and changes nothing.\n\n"
        "  --user NAME:PASSWORD      who asks (also NAME:PASSWORD@ in the URL)\n"
        "  --agent TEXT              the User-Agent to send\n"
        "  --insecure                take any TLS certificate\n"
        "  --long                    operations of 35 and 65 seconds too\n"
        "  --total SECONDS           operations of this length too; up to four times\n"
        "  --every SECONDS           pace of the signs of life, 0.02 to 60 (default 0.1)\n"
        "  --timeout SECONDS         how long an answer may be late (default 10)\n"
        "  --json                    the same as data\n"
        "  --help                    print this\n\n"
        "Exit status: 0 fit, 3 unfit, 1 no way to tell (not reached, no --diagnostics), 2 wrong usage.\n");
    return to == stdout ? 0 : EXIT_USAGE;
}

static bool add_total(struct probe_options *o, int64_t ms)
{
    if (o->total_count == TOTALS_MAX)
        return false;
    o->totals_ms[o->total_count++] = ms;
    return true;
}

/* False if the value makes no sense. */
static bool read_option(struct probe_options *o, int which, const char *value)
{
    int64_t ms;
    switch (which) {
    case 'u':
        o->user = value;
        return *value && *value != ':';
    case 'a':
        o->agent = value;
        return *value && !strpbrk(value, "\r\n");
    case 'i':
        return o->is_insecure = true;
    case 'j':
        return o->is_json = true;
    case 'l':
        return add_total(o, 35000) && add_total(o, 65000);
    case 'T':
        return options_parse_seconds(value, 100, 3600 * 1000, &ms) && add_total(o, ms);
    case 'e':
        return options_parse_seconds(value, 20, 60 * 1000, &o->every_ms);
    default:
        return options_parse_seconds(value, 100, 3600 * 1000, &o->timeout_ms);
    }
}

int probe_main(int argc, char **argv)
{
    static const struct option table[] = {
        { "user", required_argument, NULL, 'u' },  { "agent", required_argument, NULL, 'a' },
        { "insecure", no_argument, NULL, 'i' },    { "json", no_argument, NULL, 'j' },
        { "long", no_argument, NULL, 'l' },        { "total", required_argument, NULL, 'T' },
        { "every", required_argument, NULL, 'e' }, { "timeout", required_argument, NULL, 't' },
        { "help", no_argument, NULL, 'h' },        { NULL, 0, NULL, 0 },
    };
    struct probe_options o = { .agent = "holdfast-probe/" HOLDFAST_VERSION,
                               .every_ms = 100,
                               .timeout_ms = 10000 };

    opterr = 0;
    optind = 1;
    for (int which; (which = getopt_long(argc, argv, ":", table, NULL)) != -1;) {
        if (which == 'h')
            return usage(stdout);
        if (which == ':' || which == '?' || !read_option(&o, which, optarg)) {
            fprintf(stderr, "holdfast: wrong option or value: %s (see holdfast probe --help)\n",
                    argv[optind - 1]);
            return EXIT_USAGE;
        }
    }
    if (optind != argc - 1)
        return usage(stderr);
    o.url = argv[optind];
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fprintf(stderr, "holdfast: libcurl does not start\n");
        return EXIT_UNREACHED;
    }
    int status = probe(&o);
    curl_global_cleanup();
    return status;
}
