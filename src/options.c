/*
 * The rows. What is common to many readers is in optionvalue.c.
 */
#include "src/optionrow.h"

#include <apr_strings.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "webdav/access.h"
#include "webdav/uri.h"

#define SECOND_MS INT64_C(1000)
#define DAY_MS    (24 * 3600 * SECOND_MS)

static const char *const modes[] = { "auto", "interim", "multistatus", "off", NULL };
static const char *const endings[] = { "finish", "cancel", NULL };
static const char *const durabilities[] = { "relaxed", "full", NULL };
static const char *const certificate_names[] = { "cn", "email", NULL };
static const char *const anonymous_modes[] = { "none", "read", "write", NULL };
static const char *const active_contents[] = { "sandbox", "download", "trust", NULL };
static const char *const confinements[] = { "off", "auto", NULL };
static const char *const levels[] = { "error", "warning", "info", "debug", NULL };
static const char *const forms[] = { "text", "combined", "json", NULL };
static const char *const not_a_file[] = { "off", NULL };

static bool is_address(const char *value)
{
    const char *colon = strrchr(value, ':');
    char *end;
    if (!colon || !isdigit((unsigned char)colon[1]))
        return false;
    return strtoul(colon + 1, &end, 10) <= UINT16_MAX && !*end;
}

static bool read_listen(struct option_reading *r, const char *value)
{
    struct options *o = r->options;
    if (o->listen_count == OPTIONS_MAX_LISTENERS || !is_address(value))
        return false;
    o->listen[o->listen_count++] = value;
    return true;
}

static bool read_address(struct option_reading *r, const char *value)
{
    return is_address(value) && option_read_text(r, value);
}

static bool read_client(struct option_reading *r, const char *value)
{
    struct client_rules *rules = r->field;
    if (rules->count == CLIENTS_MAX_RULES)
        return false;
    return clients_parse_rule(r->pool, value, &rules->rule[rules->count]) && ++rules->count;
}

static bool read_addresses(struct option_reading *r, const char *value)
{
    return address_list_add(r->field, value);
}

static bool read_origin(struct option_reading *r, const char *value)
{
    return cors_add_origin(r->field, value);
}

/* Its row is behind that of --trust-forwarded, which may say no. */
static bool read_trusted_proxy(struct option_reading *r, const char *value)
{
    r->options->trust_forwarded = true;
    return address_list_add(r->field, value);
}

/* The words count from ANONYMOUS_NONE. */
static bool read_anonymous(struct option_reading *r, const char *value)
{
    if (!option_read_word(r, value))
        return false;
    r->options->anonymous++;
    return true;
}

static bool read_prefix(struct option_reading *r, const char *value)
{
    return uri_parse_prefix(r->pool, value, &r->share->prefix) == 0;
}

static bool read_access(struct option_reading *r, const char *value)
{
    apr_array_header_t **list = r->field;
    struct access *access = access_new();
    bool is_good = !access_add(access, "", value);

    access_free(access);
    if (!*list)
        *list = apr_array_make(r->pool, 8, sizeof(const char *));
    if (is_good)
        APR_ARRAY_PUSH(*list, const char *) = value;
    return is_good;
}

static bool read_home_folders(struct option_reading *r, const char *value)
{
    struct access *access = access_new();
    bool is_good = !access_add_home(access, "", value);

    access_free(access);
    *(const char **)r->field = value;
    return is_good;
}

const struct option_row option_rows[] = {
    { "config", "FILE", option_read_text, OPTION_IN(config_file), OPTION_COMMAND | OPTION_FILE,
      .group = "What is served, and where",
      .help = "read these options from a file, too (see docs/configuration.md); what the command\n"
              "line says counts" },
    { "root", "DIR", option_read_text, OPTION_IN_SHARE(root), OPTION_SHARE | OPTION_SECTION | OPTION_FILE,
      .help = "the folder of the share" },
    { "prefix", "/PATH", read_prefix, OPTION_IN_SHARE(prefix), OPTION_SHARE | OPTION_SECTION,
      .help = "where the share is in the URL space (default /NAME)",
      .range = "/ or a path like /projects, without . and .. and names that begin with .holdfast" },
    { "listen", "HOST:PORT", read_listen, OPTION_IN(listen), OPTION_REPEATS, .initial = "127.0.0.1:8080",
      .help = "where to listen; repeatable; [::1]:8080 for IPv6; port 0 picks a free one",
      .range = "HOST:PORT, at most 16 times" },
    { "state", "DIR", option_read_text, OPTION_IN_SHARE(state_dir), OPTION_SHARE | OPTION_FILE,
      .help = "where locks and the journal are kept, outside the served folder; the shares of a\n"
              "configuration file have a folder each in it\n"
              "(default $STATE_DIRECTORY, else a folder below $XDG_STATE_HOME/holdfast)" },
    { "durability", "full|relaxed", option_read_either, OPTION_IN_SHARE(durable), OPTION_SHARE,
      .initial = "full", .words = durabilities,
      .help = "full: success means on disk; relaxed: survives the death of the process,\n"
              "not of the machine" },
    { "read-only", NULL, option_read_switch, OPTION_IN_SHARE(read_only), OPTION_SHARE | OPTION_LIVE,
      .help = "refuse every change" },
    { "tls-cert", "FILE", option_read_text, OPTION_IN(tls.cert), OPTION_FILE, .group = "TLS",
      .help = "serve HTTPS with this certificate (PEM, chain included)" },
    { "tls-key", "FILE", option_read_text, OPTION_IN(tls.key), OPTION_FILE, .help = "its private key (PEM)" },
    { "tls-client-ca", "FILE", option_read_text, OPTION_IN(tls.client_ca), OPTION_FILE | OPTION_LIVE,
      .help = "ask clients for a certificate by one of these authorities (PEM); it is a login" },
    { "tls-client-user", "cn|email", option_read_word, OPTION_IN(tls.user), OPTION_LIVE, .initial = "cn",
      .words = certificate_names,
      .help = "what of such a certificate is the user's name: the common name of its subject,\n"
              "or the first of its alternative names that is an address" },
    { "tls-priorities", "STRING", option_read_text, OPTION_IN(tls.priorities), OPTION_LIVE,
      .help = "versions and ciphers, in the syntax of GnuTLS (default TLS 1.3, and 1.2 with\n"
              "forward secrecy and authenticated encryption)" },
    { "redirect-listen", "HOST:PORT", read_address, OPTION_IN(redirect_listen), 0,
      .help = "plain HTTP here is sent on to https (308)" },
    { "hsts", "SECONDS", option_read_seconds, OPTION_IN(hsts_ms), OPTION_LIVE, .initial = "0",
      .max = 2 * 366 * DAY_MS,
      .help = "tell browsers to use https alone for so long (Strict-Transport-Security); 0: not" },
    { "users", "FILE", option_read_text, OPTION_IN(users_file), OPTION_FILE, .group = "Users and rights",
      .help = "ask for a name and password of this file (see holdfast passwd)" },
    { "anonymous", "none|read|write", read_anonymous, OPTION_IN(anonymous), OPTION_LIVE,
      .words = anonymous_modes,
      .help = "what may be done without a name (default none where there are names; else write,\n"
              "but on loopback addresses only)" },
    { "allow-plain-auth", NULL, option_read_switch, OPTION_IN(allow_plain_auth), 0,
      .help = "take passwords over HTTP from other machines: whoever listens there learns them" },
    { "access", "PATH WHO RIGHT", read_access, OPTION_IN_SHARE(access),
      OPTION_SHARE | OPTION_REPEATS | OPTION_LIVE,
      .help = "who may do what below PATH (see docs/users.md): WHO is a user, @GROUP, * (with a\n"
              "name), - (without one) or ** (everybody), RIGHT none, read or write; repeatable,\n"
              "the nearest rule counts; without any, whoever gets in may write",
      .range = "PATH WHO RIGHT, like \"/projects @staff write\"" },
    { "groups", "FILE", option_read_text, OPTION_IN(groups_file), OPTION_FILE | OPTION_LIVE,
      .help = "the groups of --access: lines \"GROUP: USER USER\"" },
    { "home-folders", "PATH", read_home_folders, OPTION_IN_SHARE(home_folders), OPTION_SHARE | OPTION_LIVE,
      .help = "PATH/NAME belongs to the user of that name alone, and is made when first touched",
      .range = "a path within the share, like /home" },
    { "active-content", "MODE", option_read_word, OPTION_IN(active_content), OPTION_LIVE,
      .initial = "sandbox", .words = active_contents, .group = "Browsers",
      .help = "what browsers are told of HTML, SVG and XML in the folder: sandbox (shown, without\n"
              "scripts), download, or trust (a page of the folder may do all that its reader may)" },
    { "allow-origin", "ORIGIN", read_origin, OPTION_IN(origins), OPTION_REPEATS | OPTION_LIVE,
      .help = "a web application of this origin may use the server for its user; repeatable",
      .range = "https://HOST or https://HOST:PORT, nothing behind it, at most 32 times" },
    { "trust-forwarded", NULL, option_read_switch, OPTION_IN(trust_forwarded), OPTION_LIVE,
      .group = "Proxies",
      .help = "believe X-Forwarded-Host and X-Forwarded-Proto (only behind a proxy that sets them)" },
    { "trusted-proxy", "ADDRESS[/BITS]", read_trusted_proxy, OPTION_IN(trusted_proxies),
      OPTION_REPEATS | OPTION_LIVE,
      .help = "believe X-Forwarded-For, -Host and -Proto, but of this proxy alone; repeatable",
      .range = "an address or a block of them (10.0.0.0/8), at most 64 times" },
    { "heartbeat", "SECONDS", option_read_seconds, OPTION_IN(heartbeat_ms), OPTION_LIVE, .initial = "15",
      .min = 10, .max = 3600 * SECOND_MS, .group = "Long operations",
      .help = "give a sign of life this often while an operation lasts; fractions allowed" },
    { "heartbeat-mode", "MODE", option_read_word, OPTION_IN(heartbeat_mode), OPTION_LIVE, .initial = "auto",
      .words = modes,
      .help = "auto (what each client bears, see --list-clients), interim (102 Processing to\n"
              "every HTTP/1.1 client), multistatus (an early 207 to everybody) or off" },
    { "client", "PATTERN=WHAT", read_client, OPTION_IN(clients), OPTION_REPEATS | OPTION_LIVE,
      .help = "what clients of this User-Agent get in mode auto: interim, interim:N (at most N\n"
              "102s per request), multistatus or silent; repeatable, the first that matches\n"
              "counts. PATTERN: a glob, PRODUCT/<VERSION, PRODUCT/>=VERSION, or - for none",
      .range = "PATTERN=interim, =interim:N, =multistatus or =silent, at most 64 times" },
    { "list-clients", NULL, option_read_switch, OPTION_IN(lists_clients), OPTION_COMMAND,
      .help = "print who gets what, and why" },
    { "on-disconnect", "finish|cancel", option_read_either, OPTION_IN(cancel_on_disconnect), OPTION_LIVE,
      .initial = "finish", .words = endings,
      .help = "when a client hangs up, its operation goes on or is stopped" },
    { "job-retention", "SECONDS", option_read_seconds, OPTION_IN(job_retention_ms), OPTION_LIVE,
      .initial = "600", .max = 7 * DAY_MS, .help = "how long the result of a long operation is kept" },
    { "job-timeout", "SECONDS", option_read_seconds, OPTION_IN(job_timeout_ms), OPTION_LIVE, .initial = "0",
      .max = 30 * DAY_MS, .help = "stop an operation that lasts longer; 0: never" },
    { "diagnostics", NULL, option_read_switch, OPTION_IN(diagnostics), OPTION_LIVE,
      .help = "serve /.holdfast/slow, a long operation that does nothing, for holdfast probe" },
    { "max-upload", "SIZE", option_read_size, OPTION_IN_SHARE(max_upload), OPTION_SHARE | OPTION_LIVE,
      .initial = "0", .group = "Limits", .help = "largest upload, e.g. 500M or 10G; 0: no limit" },
    { "min-free", "SIZE", option_read_size, OPTION_IN_SHARE(min_free), OPTION_SHARE | OPTION_LIVE,
      .initial = "64M",
      .help = "uploads and copies that would leave less than this free are refused; 0: none" },
    { "max-connections", "N", option_read_count, OPTION_IN(limits.connections), OPTION_LIVE, .initial = "0",
      .max = 1000000, .help = "connections at once; 0: half of the descriptors that the process may have" },
    { "max-connections-per-address", "N", option_read_count, OPTION_IN(limits.connections_per_address),
      OPTION_LIVE, .initial = "0", .max = 1000000,
      .help = "of one address (IPv6: of 64 bits), trusted proxies excepted; 0: 256, at most a\n"
              "quarter of all, and this machine excepted" },
    { "max-header", "SIZE", option_read_size, OPTION_IN(limits.header), 0, .initial = "15000", .min = 1024,
      .max = 1024 * 1024, .help = "largest head of a request, each header counting 64 bytes more" },
    { "max-url", "SIZE", option_read_size, OPTION_IN(limits.url), OPTION_LIVE, .initial = "12800", .min = 16,
      .max = 1024 * 1024, .help = "longest URL of a request" },
    { "head-timeout", "SECONDS", option_read_seconds, OPTION_IN(limits.head_ms), OPTION_LIVE, .initial = "20",
      .min = 100, .max = DAY_MS, .help = "how long the head of a request may take, with the TLS handshake" },
    { "body-rate", "SIZE", option_read_size, OPTION_IN(limits.body_rate), OPTION_LIVE, .initial = "100",
      .max = 1024 * 1024,
      .help = "bytes per second at which a body must come on the average, once it has taken as\n"
              "long as a head may; 0: any" },
    { "idle-timeout", "SECONDS", option_read_seconds, OPTION_IN(limits.idle_ms), 0, .initial = "300",
      .min = 100, .max = DAY_MS,
      .help = "how long a connection may stay without a request, or without progress" },
    { "max-xml", "SIZE", option_read_size, OPTION_IN(limits.xml), OPTION_LIVE, .initial = "1M", .min = 1024,
      .max = 64 * 1024 * 1024, .help = "largest XML body of a request" },
    { "max-xml-elements", "N", option_read_count, OPTION_IN(limits.dav.xml_elements), OPTION_LIVE,
      .initial = "10000", .min = 10, .max = 1000000, .help = "elements in an XML body" },
    { "max-xml-depth", "N", option_read_count, OPTION_IN(limits.dav.xml_depth), OPTION_LIVE, .initial = "100",
      .min = 6, .max = DAV_XML_DEPTH_MAX, .help = "how deep they may be nested" },
    { "max-property", "SIZE", option_read_size, OPTION_IN(limits.dav.property), OPTION_LIVE, .initial = "1M",
      .min = 64, .max = DAV_PROPERTY_MAX, .help = "largest property that a client may set" },
    { "max-properties", "N", option_read_count, OPTION_IN(limits.dav.properties), OPTION_LIVE,
      .initial = "1000", .min = 1, .max = 100000, .help = "how many of them one file or folder may have" },
    { "max-running-jobs-per-user", "N", option_read_count, OPTION_IN(limits.running_jobs), OPTION_LIVE,
      .initial = "0", .max = OPTIONS_MAX_WORKERS,
      .help = "operations of one user at work at once, of each kind; 0: as many as there are\nworkers, less "
              "one" },
    { "max-queued-jobs-per-user", "N", option_read_count, OPTION_IN(limits.queued_jobs), OPTION_LIVE,
      .initial = "0", .max = OPTIONS_QUEUE_MAX,
      .help = "operations of one user, or of one address without users, that wait for a worker;\n"
              "0: half of the queue" },
    { "max-locks-per-user", "N", option_read_count, OPTION_IN(limits.dav.user_locks), OPTION_LIVE,
      .initial = "10000", .min = 1, .max = DAV_LOCKS_MAX, .help = "locks that one user may hold at once" },
    { "max-locks-per-resource", "N", option_read_count, OPTION_IN(limits.dav.resource_locks), OPTION_LIVE,
      .initial = "100", .min = 1, .max = 1000, .help = "shared locks on one URL" },
    { "finite-depth", NULL, option_read_switch, OPTION_IN_SHARE(finite_depth), OPTION_SHARE | OPTION_LIVE,
      .help = "refuse PROPFIND with Depth: infinity" },
    { "log-level", "LEVEL", option_read_word, OPTION_IN(log.level), OPTION_LIVE, .initial = "info",
      .words = levels, .group = "Logs and metrics",
      .help = "error, warning, info (with the access log) or debug" },
    { "log-format", "FORM", option_read_word, OPTION_IN(log.format), OPTION_LIVE, .initial = "text",
      .words = forms, .help = "text, combined (access lines as Apache and nginx write them) or json" },
    { "log-file", "FILE", option_read_text, OPTION_IN(log.file), OPTION_LIVE | OPTION_FILE | OPTION_WRITTEN,
      .help = "where messages and access lines go; opened anew on SIGHUP\n(default standard error)" },
    { "access-log", "FILE|off", option_read_text, OPTION_IN(log.access_file),
      OPTION_LIVE | OPTION_FILE | OPTION_WRITTEN, .words = not_a_file,
      .help = "where access lines go instead, whatever the level; opened anew on SIGHUP" },
    { "metrics-from", "ADDRESS[/BITS]", read_addresses, OPTION_IN(metrics_from), OPTION_REPEATS | OPTION_LIVE,
      .help = "who may read /.holdfast/metrics without a password; repeatable\n(default this machine)",
      .range = "an address or a block of them (10.0.0.0/8), at most 64 times" },
    { "user", "NAME[:GROUP]", option_read_text, OPTION_IN(user), 0, .group = "The process",
      .help = "become this user once the addresses are bound and the private key is read" },
    { "confine", "auto|off", option_read_either, OPTION_IN(confines), 0, .initial = "auto",
      .words = confinements,
      .help = "auto: as far as the kernel can, this process reaches nothing but the served\n"
              "folders, the state, and the folders of the files that are named here" },
    { "workers", "N", option_read_count, OPTION_IN(workers), 0, .initial = "4", .min = 1,
      .max = OPTIONS_MAX_WORKERS,
      .help = "threads for each kind of work (reads, small changes, uploads, trees),\n1 to 256" },
    { "grace", "SECONDS", option_read_seconds, OPTION_IN(grace_ms), OPTION_LIVE, .initial = "20",
      .max = 3600 * SECOND_MS,
      .help = "how long running operations may go on after SIGTERM before they are stopped" },
};
const unsigned option_row_count = sizeof option_rows / sizeof *option_rows;

const struct option_row *option_row_find(const char *name)
{
    for (unsigned i = 0; i < option_row_count; i++)
        if (strcmp(option_rows[i].name, name) == 0)
            return &option_rows[i];
    return NULL;
}

const char *options_conflict(apr_pool_t *pool, const struct options *o)
{
    (void)pool;
    if (!o->tls.cert != !o->tls.key)
        return "--tls-cert and --tls-key go together";
    if (!o->tls.cert && (o->tls.client_ca || o->tls.priorities))
        return "--tls-client-ca and --tls-priorities need --tls-cert";
    if (!o->tls.cert && (o->redirect_listen || o->hsts_ms))
        return "--redirect-listen and --hsts need --tls-cert";
    return openness_conflict(o);
}
