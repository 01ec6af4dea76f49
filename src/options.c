/*
 * Each option is one row: its name, what it takes, its help, and the function that reads its value.
 * getopt_long does the walking.
 */
#include "src/options.h"

#include <apr_strings.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_MS (24 * 3600 * INT64_C(1000))

/* The options so far, and where what they need is kept. */
struct reading {
    struct options o;
    apr_pool_t *pool;
    bool lists_clients;
};

/* Reads a value; false if it makes no sense. `value` NULL for options that take none. */
typedef bool read_fn(struct reading *reading, const char *value);

struct option_row {
    const char *name;
    const char *takes; /* NULL: a switch */
    read_fn *read;
    const char *help;
    const char *range; /* what is a good value, where its name does not say so; NULL: it does */
};

bool options_parse_seconds(const char *text, int64_t min_ms, int64_t max_ms, int64_t *out_ms)
{
    char *end;
    if (!isdigit((unsigned char)*text) && *text != '.')
        return false;
    double seconds = strtod(text, &end);
    if (end == text || *end || !isfinite(seconds))
        return false;
    double ms = seconds * 1000;
    if (ms < (double)min_ms || ms > (double)max_ms)
        return false;
    *out_ms = (int64_t)(ms + 0.5);
    return true;
}

bool options_parse_size(const char *text, uint64_t *out)
{
    static const char units[] = "KMGT";
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    uint64_t size = strtoull(text, &end, 10);
    if (errno)
        return false;
    if (*end) {
        const char *unit = strchr(units, toupper((unsigned char)*end));
        unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
        if (!unit || (end[1] && strcmp(end + 1, "iB") != 0) || size > UINT64_MAX >> shift)
            return false;
        size <<= shift;
    }
    *out = size;
    return true;
}

static bool read_listen(struct reading *r, const char *value)
{
    const char *colon = strrchr(value, ':');
    char *end;
    if (r->o.listen_count == OPTIONS_MAX_LISTENERS || !colon || !isdigit((unsigned char)colon[1]))
        return false;
    if (strtoul(colon + 1, &end, 10) > UINT16_MAX || *end)
        return false;
    r->o.listen[r->o.listen_count++] = value;
    return true;
}

static bool read_heartbeat(struct reading *r, const char *value)
{
    return options_parse_seconds(value, 10, 3600 * 1000, &r->o.heartbeat_ms);
}

static bool read_mode(struct reading *r, const char *value)
{
    static const char *const names[] = { "auto", "interim", "multistatus", "off" };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(value, names[i]) == 0) {
            r->o.heartbeat_mode = (enum heartbeat_mode)i;
            return true;
        }
    }
    return false;
}

static bool read_client(struct reading *r, const char *value)
{
    struct client_rules *rules = &r->o.clients;
    if (rules->count == CLIENTS_MAX_RULES)
        return false;
    return clients_parse_rule(r->pool, value, &rules->rule[rules->count]) && ++rules->count;
}

static bool read_list_clients(struct reading *r, const char *value)
{
    (void)value;
    r->lists_clients = true;
    return true;
}

static bool read_on_disconnect(struct reading *r, const char *value)
{
    r->o.cancel_on_disconnect = strcmp(value, "cancel") == 0;
    return r->o.cancel_on_disconnect || strcmp(value, "finish") == 0;
}

static bool read_job_retention(struct reading *r, const char *value)
{
    return options_parse_seconds(value, 0, 7 * DAY_MS, &r->o.job_retention_ms);
}

static bool read_job_timeout(struct reading *r, const char *value)
{
    return options_parse_seconds(value, 0, 30 * DAY_MS, &r->o.job_timeout_ms);
}

static bool read_diagnostics(struct reading *r, const char *value)
{
    (void)value;
    r->o.diagnostics = true;
    return true;
}

static bool read_workers(struct reading *r, const char *value)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end || n < 1 || n > OPTIONS_MAX_WORKERS)
        return false;
    r->o.workers = (unsigned)n;
    return true;
}

static bool read_state(struct reading *r, const char *value)
{
    r->o.state_dir = value;
    return *value != '\0';
}

static bool read_durability(struct reading *r, const char *value)
{
    r->o.durable = strcmp(value, "full") == 0;
    return r->o.durable || strcmp(value, "relaxed") == 0;
}

static bool read_max_upload(struct reading *r, const char *value)
{
    return options_parse_size(value, &r->o.max_upload);
}

static bool read_min_free(struct reading *r, const char *value)
{
    return options_parse_size(value, &r->o.min_free);
}

static bool read_grace(struct reading *r, const char *value)
{
    return options_parse_seconds(value, 0, 3600 * 1000, &r->o.grace_ms);
}

static bool read_users(struct reading *r, const char *value)
{
    r->o.users_file = value;
    return true;
}

static bool read_tls_cert(struct reading *r, const char *value)
{
    r->o.tls_cert = value;
    return true;
}

static bool read_tls_key(struct reading *r, const char *value)
{
    r->o.tls_key = value;
    return true;
}

static bool read_read_only(struct reading *r, const char *value)
{
    (void)value;
    r->o.read_only = true;
    return true;
}

static bool read_finite_depth(struct reading *r, const char *value)
{
    (void)value;
    r->o.finite_depth = true;
    return true;
}

static bool read_trust_forwarded(struct reading *r, const char *value)
{
    (void)value;
    r->o.trust_forwarded = true;
    return true;
}

static bool read_log_level(struct reading *r, const char *value)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(value, names[i]) == 0) {
            r->o.log_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static const struct option_row rows[] = {
    { "listen", "HOST:PORT", read_listen,
      "where to listen; repeatable; [::1]:8080 for IPv6; port 0 picks a free one\n"
      "(default 127.0.0.1:8080)",
      NULL },
    { "heartbeat", "SECONDS", read_heartbeat,
      "give a sign of life this often while an operation lasts; fractions allowed\n(default 15)",
      "0.01 to 3600" },
    { "heartbeat-mode", "MODE", read_mode,
      "auto (what each client bears, see --list-clients), interim (102 Processing to\n"
      "every HTTP/1.1 client), multistatus (an early 207 to everybody) or off\n(default auto)",
      "auto, interim, multistatus or off" },
    { "client", "PATTERN=WHAT", read_client,
      "what clients of this User-Agent get in mode auto: interim, interim:N (at most N\n"
      "102s per request), multistatus or silent; repeatable, the first that matches\n"
      "counts. PATTERN: a glob, PRODUCT/<VERSION, PRODUCT/>=VERSION, or - for none",
      "PATTERN=interim, =interim:N, =multistatus or =silent, at most 64 times" },
    { "list-clients", NULL, read_list_clients, "print who gets what, and why", NULL },
    { "on-disconnect", "finish|cancel", read_on_disconnect,
      "when a client hangs up, its operation goes on or is stopped (default finish)", NULL },
    { "job-retention", "SECONDS", read_job_retention,
      "how long the result of a long operation is kept (default 600)", "0 to 604800" },
    { "job-timeout", "SECONDS", read_job_timeout, "stop an operation that lasts longer; 0: never (default 0)",
      "0 to 2592000" },
    { "diagnostics", NULL, read_diagnostics,
      "serve /.holdfast/slow, a long operation that does nothing, for holdfast probe", NULL },
    { "workers", "N", read_workers,
      "threads for each kind of work (reads, small changes, uploads, trees),\n1 to 256 (default 4)",
      "1 to 256" },
    { "state", "DIR", read_state,
      "where locks and the journal are kept, outside the served folder\n"
      "(default $STATE_DIRECTORY, else a folder below $XDG_STATE_HOME/holdfast)",
      NULL },
    { "durability", "full|relaxed", read_durability,
      "full: success means on disk; relaxed: survives the death of the process,\n"
      "not of the machine (default full)",
      NULL },
    { "read-only", NULL, read_read_only, "refuse every change", NULL },
    { "users", "FILE", read_users, "ask for a name and password of this file (see holdfast passwd)", NULL },
    { "tls-cert", "FILE", read_tls_cert, "serve HTTPS with this certificate (PEM, chain included)", NULL },
    { "tls-key", "FILE", read_tls_key, "its private key (PEM)", NULL },
    { "max-upload", "SIZE", read_max_upload, "largest upload, e.g. 500M or 10G (default no limit)",
      "a number, with K, M, G or T behind it if you like" },
    { "min-free", "SIZE", read_min_free,
      "uploads and copies that would leave less than this free are refused; 0: none\n(default 64M)",
      "a number, with K, M, G or T behind it if you like" },
    { "finite-depth", NULL, read_finite_depth, "refuse PROPFIND with Depth: infinity", NULL },
    { "trust-forwarded", NULL, read_trust_forwarded,
      "believe X-Forwarded-Host and X-Forwarded-Proto (only behind a proxy that sets them)", NULL },
    { "grace", "SECONDS", read_grace,
      "how long running operations may go on after SIGTERM before they are stopped\n(default 20)",
      "0 to 3600" },
    { "log-level", "LEVEL", read_log_level,
      "error, warning, info (with the access log) or debug (default info)", "error, warning, info or debug" },
};
enum { ROW_COUNT = sizeof rows / sizeof *rows, HELP = ROW_COUNT };

#define HELP_COLUMN 28

static void print_help(void)
{
    printf("usage: holdfast serve [OPTIONS] DIR\n\nServes the folder DIR over WebDAV.\n\n");
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        int width = printf("  --%s %s", rows[i].name, rows[i].takes ? rows[i].takes : "");
        printf("%*s", width < HELP_COLUMN ? HELP_COLUMN - width : 1, "");
        for (const char *c = rows[i].help; *c; c++) {
            putchar(*c);
            if (*c == '\n')
                printf("%*s", HELP_COLUMN, "");
        }
        putchar('\n');
    }
    printf("  --help%*sprint this\n", HELP_COLUMN - 8, "");
}

static enum options_result wrong(apr_pool_t *pool, const char **out_message, const char *what,
                                 const char *which)
{
    *out_message = apr_psprintf(pool, "%s%s (see holdfast serve --help)", what, which);
    return OPTIONS_WRONG;
}

/* What was given, and what may be. */
static const char *good_value(apr_pool_t *pool, const struct option_row *row, const char *given)
{
    return row->range ? apr_pstrcat(pool, given, "; it takes ", row->range, NULL) : given;
}

/* --listen may be left out; certificate and key come together. */
static enum options_result complete(apr_pool_t *pool, struct options *o, const char **out_message)
{
    if (!o->tls_cert != !o->tls_key)
        return wrong(pool, out_message, "--tls-cert and --tls-key go together", "");
    if (o->listen_count == 0)
        o->listen[o->listen_count++] = "127.0.0.1:8080";
    return OPTIONS_RUN;
}

enum options_result options_parse(apr_pool_t *pool, int argc, char **argv, struct options *out,
                                  const char **out_message)
{
    struct option table[ROW_COUNT + 2] = { 0 };
    struct reading r = { .pool = pool,
                         .o = { .heartbeat_ms = 15000,
                                .workers = 4,
                                .durable = true,
                                .min_free = OPTIONS_MIN_FREE,
                                .grace_ms = 20000,
                                .job_retention_ms = 600000,
                                .log_level = LOG_LEVEL_INFO } };
    for (int i = 0; i < ROW_COUNT; i++)
        table[i] = (struct option){ rows[i].name, rows[i].takes ? required_argument : no_argument, NULL, i };
    table[HELP] = (struct option){ "help", no_argument, NULL, HELP };

    opterr = 0;
    optind = 1;
    for (int which; (which = getopt_long(argc, argv, ":", table, NULL)) != -1;) {
        if (which == HELP) {
            print_help();
            return OPTIONS_HELP;
        }
        if (which == ':')
            return wrong(pool, out_message, "a value is missing after ", argv[optind - 1]);
        if (which == '?')
            return wrong(pool, out_message, "unknown option ", argv[optind - 1]);
        if (!rows[which].read(&r, optarg))
            return wrong(pool, out_message, apr_psprintf(pool, "--%s: bad value ", rows[which].name),
                         good_value(pool, &rows[which], optarg));
    }
    if (r.lists_clients) {
        clients_print(stdout, &r.o.clients);
        return OPTIONS_HELP;
    }
    if (optind != argc - 1)
        return wrong(pool, out_message, optind == argc ? "which folder? DIR is missing" : "one DIR only", "");
    r.o.dir = argv[optind];
    enum options_result result = complete(pool, &r.o, out_message);
    if (result == OPTIONS_RUN)
        *out = r.o;
    return result;
}

/* "/srv/my files" -> "srv%2Fmy files": one readable, unambiguous name per folder. */
static const char *folder_name(apr_pool_t *pool, const char *root)
{
    char *name = apr_palloc(pool, strlen(root) * 3 + 2), *end = name;
    for (const char *c = root + 1; *c; c++) {
        if (*c == '/' || *c == '%')
            end = apr_cpystrn(end, *c == '/' ? "%2F" : "%25", 4);
        else
            *end++ = *c;
    }
    *end = '\0';
    return *name ? name : "%2F";
}

const char *options_default_state(apr_pool_t *pool, const char *root)
{
    const char *systemd = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    const char *base;

    if (systemd && *systemd)
        return systemd;
    if (xdg && *xdg == '/')
        base = xdg;
    else if (home && *home == '/' && geteuid() != 0)
        base = apr_pstrcat(pool, home, "/.local/state", NULL);
    else
        base = "/var/lib";
    return apr_pstrcat(pool, base, "/holdfast/", folder_name(pool, root), NULL);
}
