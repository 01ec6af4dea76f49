/*
 * What the operator asked for, from the command line and the configuration file (docs/configuration.md).
 *
 * Every option is a row of one table (optionrow.h, src/options.c); reading, --help, the file, `holdfast check` and what
 * a reload may change all follow from it.
 *
 * Life: options_parse fills a struct that lives as long as the pool it was given; nothing changes it afterwards, so
 * any thread may read it. A reload makes another (options_again) and hands that out in its place; the former stays, for
 * whoever is reading it: some 24 KiB for each reload that changed something.
 */
#ifndef HOLDFAST_OPTIONS_H
#define HOLDFAST_OPTIONS_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stdint.h>

#include "src/addresses.h"
#include "src/browser.h"
#include "src/clients.h"
#include "src/cors.h"
#include "src/heartbeat.h"
#include "src/limits.h"
#include "src/log.h"
#include "src/openness.h"
#include "src/tls.h"

#define OPTIONS_MAX_LISTENERS 16
#define OPTIONS_MAX_SHARES    32
#define OPTIONS_MAX_WORKERS   256
#define OPTIONS_QUEUE_MAX     20000 /* operations waiting for a worker; more are answered 503 */
#define OPTIONS_VERIFY_MAX    64    /* logins waiting to be verified; likewise */

struct settings;

/* One folder and how it is served. */
struct share_options {
    const char *name;      /* of its [share NAME]; "" for DIR of the command line */
    const char *root;      /* the folder, as given */
    const char *prefix;    /* "" or "/projects": canonical, without a slash at its end */
    const char *state_dir; /* NULL: layout_state */
    bool durable;
    bool read_only;
    bool finite_depth;
    uint64_t max_upload;
    uint64_t min_free;
    apr_array_header_t *access; /* const char *, the rules as given; NULL: none */
    const char *home_folders;   /* NULL: there are none */
};

struct options {
    struct share_options shares[OPTIONS_MAX_SHARES];
    unsigned share_count;
    const char *config_file; /* absolute; NULL: none */
    const char *listen[OPTIONS_MAX_LISTENERS];
    unsigned listen_count;
    int64_t heartbeat_ms;
    enum heartbeat_mode heartbeat_mode;
    struct client_rules clients;
    bool lists_clients;
    bool cancel_on_disconnect;
    int64_t job_retention_ms;
    int64_t job_timeout_ms; /* 0: none */
    bool diagnostics;
    unsigned workers;
    bool trust_forwarded; /* of trusted_proxies, if there are any; else of anybody */
    struct address_list trusted_proxies;
    struct address_list metrics_from; /* empty: this machine */
    enum active_content active_content;
    struct cors_origins origins;
    int64_t grace_ms;
    struct limits limits;
    const char *users_file;
    enum anonymous_mode anonymous; /* as it was said; what holds: openness.h */
    bool allow_plain_auth;
    const char *groups_file;
    struct tls_terms tls;        /* no certificate: plain HTTP */
    const char *redirect_listen; /* NULL: nowhere */
    int64_t hsts_ms;             /* 0: none */
    const char *user;            /* NAME[:GROUP] to become; NULL: as it is */
    bool confines;
    struct log_settings log;
    const struct settings *settings; /* the texts that it was read from */
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/* Of `holdfast serve` and `holdfast check`; argv[0] is the subcommand. On OPTIONS_WRONG *out_message is the line to
 * print; on OPTIONS_HELP the help or --list-clients was printed, and nothing else is to be done. */
enum options_result options_parse(apr_pool_t *pool, int argc, char **argv, struct options *out,
                                  const char **out_message);

/* Reads the configuration file again: *out is what follows `now`, with all that cannot change while the server runs as
 * it is there. `tell` hears of each option that was given otherwise; *out_count: how many of them are in *out. On a
 * message there is no *out. */
const char *options_again(apr_pool_t *pool, const struct options *now, struct options *out,
                          void (*tell)(void *ctx, const char *option, const char *share, bool is_live),
                          void *ctx, unsigned *out_count);

/* "1.5" seconds -> 1500; "10M", "1G" -> bytes (powers of 1024). False if malformed or out of range. */
bool options_parse_seconds(const char *text, int64_t min_ms, int64_t max_ms, int64_t *out_ms);
bool options_parse_size(const char *text, uint64_t *out);

#endif
