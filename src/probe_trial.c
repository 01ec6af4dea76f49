/*
 * libcurl shows the head of every response, interim ones included, line by line to one callback; that
 * is all the rawness needed. HTTP/2 is never negotiated: interims there are another matter, and WebDAV
 * clients speak 1.1.
 */
#include "src/probe_trial.h"

#include <ctype.h>
#include <curl/curl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define PUT_SIZE   1024
#define NEXT_MS    20 /* the second question's length */
#define TARGET_MAX (PROBE_URL_MAX + 512)

/* One request under way: the answer, and what the callbacks need besides. */
struct exchange {
    struct probe_answer *answer;
    int64_t began_ms;
    bool in_interim; /* the head that arrives is an interim one */
    size_t put_left;
    size_t size;
    char body[PROBE_BODY_MAX];
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t probe_question_ms(const struct probe_question *q)
{
    return q->for_ms ? q->for_ms : (int64_t)(q->beats + 1) * q->every_ms;
}

/* Copies a header's value if the line is that header. */
static bool is_header(const char *line, size_t size, const char *name, char *out, size_t out_size)
{
    size_t len = strlen(name);
    if (size <= len || line[len] != ':' || strncasecmp(line, name, len) != 0)
        return false;
    if (out) {
        for (line += len + 1, size -= len + 1; size && isspace((unsigned char)*line); size--)
            line++;
        while (size && isspace((unsigned char)line[size - 1]))
            size--;
        snprintf(out, out_size, "%.*s", (int)size, line);
    }
    return true;
}

/* 100 and 101 belong to the transfer itself. A body's framing on an interim response, or the server's
 * own Date, means that somebody took it for a final one and completed its head. */
static bool take_status_line(struct exchange *x, const char *line, size_t size)
{
    struct probe_answer *a = x->answer;
    const char *blank = memchr(line, ' ', size);
    int status = blank ? (int)strtol(blank + 1, NULL, 10) : 0;

    x->in_interim = status > 101 && status < 200;
    if (status >= 200) {
        a->status = status;
        a->head_ms = now_ms() - x->began_ms;
    } else if (x->in_interim) {
        if (a->interims == PROBE_INTERIMS_MAX)
            return false;
        if (a->interims < PROBE_TIMES_MAX)
            a->interim_ms[a->interims] = now_ms() - x->began_ms;
        a->interims++;
    }
    return true;
}

static size_t on_header(char *line, size_t unit, size_t count, void *arg)
{
    static const char *const final_only[] = { "Content-Length", "Transfer-Encoding", "Content-Type", "Date" };
    struct exchange *x = arg;
    size_t size = unit * count;

    if (size > 5 && memcmp(line, "HTTP/", 5) == 0)
        return take_status_line(x, line, size) ? size : 0;
    if (x->in_interim) {
        for (unsigned i = 0; i < sizeof final_only / sizeof *final_only; i++) {
            if (is_header(line, size, final_only[i], NULL, 0))
                x->answer->has_framed_interim = true;
        }
    } else if (!is_header(line, size, "Server", x->answer->server, sizeof x->answer->server)) {
        is_header(line, size, "Via", x->answer->via, sizeof x->answer->via);
    }
    return size;
}

static size_t on_body(char *data, size_t unit, size_t count, void *arg)
{
    struct exchange *x = arg;
    size_t size = unit * count;

    if (x->size == 0)
        x->answer->body_ms = now_ms() - x->began_ms;
    if (size > sizeof x->body - x->size)
        return 0;
    memcpy(x->body + x->size, data, size);
    x->size += size;
    return size;
}

static size_t on_put(char *buffer, size_t unit, size_t count, void *arg)
{
    struct exchange *x = arg;
    size_t size = unit * count < x->put_left ? unit * count : x->put_left;
    memset(buffer, 'h', size);
    x->put_left -= size;
    return size;
}

/* The number makes every question one of its own: the server lets equal ones share one operation. */
static void write_target(const struct probe_target *target, const struct probe_question *q, char *out,
                         size_t size)
{
    static const char *const modes[] = { "auto", "interim", "multistatus", "silent" };
    static atomic_uint number;
    char every[32] = "", length[32];

    if (q->every_ms)
        snprintf(every, sizeof every, "&every=%.3f", (double)q->every_ms / 1000);
    if (q->for_ms || q->beats == 0)
        snprintf(length, sizeof length, "&for=%.3f",
                 (double)(q->for_ms ? q->for_ms : q->every_ms / 2) / 1000);
    else
        snprintf(length, sizeof length, "&interims=%u", q->beats);
    snprintf(out, size, "%s.holdfast/slow?mode=%s%s%s&probe=%ld-%u", target->url, modes[q->mode], length,
             every, (long)getpid(), atomic_fetch_add(&number, 1));
}

/* Destination is what a COPY has; some ways rewrite it, some refuse a COPY without. */
static struct curl_slist *make_headers(const struct probe_target *target, const struct probe_question *q)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    if (strcmp(q->method, "COPY") == 0) {
        char line[TARGET_MAX];
        snprintf(line, sizeof line, "Destination: %s.holdfast/nowhere", target->url);
        list = curl_slist_append(list, line);
    }
    return list;
}

static void set_method(CURL *curl, const struct probe_question *q, struct exchange *x)
{
    if (strcmp(q->method, "PUT") == 0) {
        x->put_left = PUT_SIZE;
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)PUT_SIZE);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_put);
        curl_easy_setopt(curl, CURLOPT_READDATA, x);
    } else if (strcmp(q->method, "GET") != 0) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
    }
}

static void set_target(CURL *curl, const struct probe_target *target, const struct probe_question *q)
{
    char url[TARGET_MAX];

    write_target(target, q, url, sizeof url);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, target->agent);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
                     q->http_1_0 ? (long)CURL_HTTP_VERSION_1_0 : (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(probe_question_ms(q) + target->patience_ms));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)target->patience_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (target->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, target->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, target->password ? target->password : "");
    }
    if (target->is_insecure) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static enum probe_end end_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return PROBE_WHOLE;
    case CURLE_OPERATION_TIMEDOUT:
        return PROBE_TIMED_OUT;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return PROBE_CLOSED;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WRITE_ERROR:
    case CURLE_BAD_CONTENT_ENCODING:
        return PROBE_GARBLED;
    default:
        return PROBE_NOT_CONNECTED;
    }
}

/* A time-out before there was any connection is another thing than one after the request. */
static enum probe_end end_of_request(CURL *curl, CURLcode code)
{
    curl_off_t connected = 0;
    enum probe_end end = end_of(code);
    curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connected);
    return end == PROBE_TIMED_OUT && connected == 0 ? PROBE_NOT_CONNECTED : end;
}

static void read_report(struct exchange *x)
{
    struct probe_answer *a = x->answer;
    json_t *report = json_loadb(x->body, x->size, 0, NULL);
    const json_t *sent = json_object_get(report, "interims");
    const char *http = json_string_value(json_object_get(report, "http"));
    const char *rule = json_string_value(json_object_get(report, "rule"));

    a->is_report = a->status == 200 && json_is_integer(sent) && http;
    if (a->is_report) {
        a->sent = (unsigned)json_integer_value(sent);
        a->is_asked_in_1_0 = strcmp(http, "1.0") == 0;
        a->has_marks = json_is_true(json_object_get(report, "proxy_marks"));
        snprintf(a->rule, sizeof a->rule, "%s", rule ? rule : "");
    }
    json_decref(report);
}

static bool ends_with_multistatus(const struct exchange *x)
{
    static const char tail[] = "multistatus>";
    size_t size = x->size, len = sizeof tail - 1;
    while (size && isspace((unsigned char)x->body[size - 1]))
        size--;
    return size >= len && memcmp(x->body + size - len, tail, len) == 0;
}

/* curl_easy_reset keeps the handle's connection. */
static void ask(CURL *curl, const struct probe_target *target, const struct probe_question *q,
                struct probe_answer *out)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        abort();
    memset(out, 0, sizeof *out);
    x->answer = out;
    curl_easy_reset(curl);
    struct curl_slist *headers = make_headers(target, q);
    set_target(curl, target, q);
    set_method(curl, q, x);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, out->error);

    x->began_ms = now_ms();
    CURLcode code = curl_easy_perform(curl);
    out->end_ms = now_ms() - x->began_ms;
    out->end = end_of_request(curl, code);
    if (code != CURLE_OK && !*out->error)
        snprintf(out->error, sizeof out->error, "%s", curl_easy_strerror(code));
    read_report(x);
    out->is_multistatus = out->status == 207 && ends_with_multistatus(x);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(headers);
    free(x);
}

/* Asked without interims; a left-over of the first answer has some, or is no report at all. */
static enum probe_next ask_next(CURL *curl, const struct probe_target *target)
{
    const struct probe_question question = { .method = "GET", .mode = PROBE_SILENT, .for_ms = NEXT_MS };
    struct probe_answer answer;
    long connects = 0;

    ask(curl, target, &question, &answer);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
    if (answer.end != PROBE_WHOLE || !answer.is_report || answer.sent || answer.interims)
        return PROBE_NEXT_WRONG;
    return connects ? PROBE_NEXT_RECONNECTED : PROBE_NEXT_KEPT;
}

void probe_trial_run(const struct probe_target *target, struct probe_trial *trial)
{
    CURL *curl = curl_easy_init();
    if (!curl)
        abort();
    ask(curl, target, &trial->question, &trial->answer);
    if (trial->answer.end == PROBE_WHOLE && !trial->question.http_1_0)
        trial->answer.next = ask_next(curl, target);
    curl_easy_cleanup(curl);
}
