/*
 * The rows come from measurements of each client against a server that sends interims. The first row that
 * matches counts. Rows that say what the default says as well are there to be read, and to stand before a
 * wider pattern.
 */
#include "src/clients.h"

#include <apr_strings.h>
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct table_row {
    const char *pattern;
    struct treatment treatment;
    const char *rule_behind_proxy;
    const char *why;
};

#define ROW(pattern, kind, cap, why)                                                                         \
    {                                                                                                        \
        pattern, { kind, cap, 0, pattern }, pattern " (proxy)", why                                          \
    }
#define INTERIM(pattern, why)     ROW(pattern, BEAT_INTERIM, 0, why)
#define MULTISTATUS(pattern, why) ROW(pattern, BEAT_MULTISTATUS, 0, why)
#define SILENT(pattern, why)      ROW(pattern, BEAT_NONE, 0, why)

static const struct table_row table[] = {
    ROW("neon/<0.33", BEAT_INTERIM, 120,
        "davfs2, cadaver: a 102 resets their timeout; neon fails at the 128th"),
    MULTISTATUS("neon/>=0.33", "davfs2, cadaver: interims count against the timeout, a 207 does not"),
    SILENT("-", "Python's http.client, PHP's streams: the first or second 102 is the answer"),
    SILENT("rclone/*", "Go: a 102 extends no timeout, the sixth fails and the request is repeated"),
    SILENT("Go-http-client/*", "a 102 extends no timeout, the sixth fails"),
    SILENT("Java-http-client/*", "a 102 extends no timeout, the ninth fails"),
    SILENT("Java/*", "HttpURLConnection hangs after the first 102"),
    SILENT("* Java/*", "HttpURLConnection with a name of the program's own"),
    SILENT("Jetty/*", "its blocking client hangs after an unexpected 102"),
    SILENT("okhttp/<5", "a 102 (before 4: the first, in 4: the second) is taken for the answer"),
    SILENT("python-requests/*", "the first 102 is taken for the answer, and for success"),
    SILENT("python-urllib3/*", "the first 102 is taken for the answer"),
    SILENT("Python-urllib/*", "the first 102 is taken for the answer"),
    INTERIM("Python/* aiohttp/*", "a 102 resets its read timeout"),
    SILENT("Python/*", "Python's own http.client: the first 102 is taken for the answer"),
    INTERIM("python-httpx/*", "a 102 resets its read timeout"),
    SILENT("PHP", "PHP's streams: the second 102 is taken for the answer"),
    SILENT("PHP/*", "PHP's streams: the second 102 is taken for the answer"),
    SILENT("*libwww-perl/*", "the first 102 is taken for the answer"),
    MULTISTATUS("DAV.pm/*", "HTTP::DAV: the first 102 is taken for the answer; it reads a 207 to its end"),
    SILENT("wget2/*", "the first 102 is taken for the answer"),
    SILENT("Mozilla/5.0", "Qt 5 (the whole name): the first 102 is taken for the answer, and for success"),
    SILENT("*mirall/*", "ownCloud's and Nextcloud's desktop clients stand on Qt"),
    INTERIM("Wget/*", "a 102 resets its read timeout"),
    INTERIM("node", "fetch: a 102 resets its timeout"),
    INTERIM("undici", "a 102 resets its timeout"),
    INTERIM("node-fetch*", "npm webdav: bears any number of 102s"),
    INTERIM("axios/*", "bears any number of 102s"),
    INTERIM("curl/*", "bears any number of 102s"),
    INTERIM("git/*", "bears any number of 102s"),
    INTERIM("gvfs/*", "bears any number of 102s; a 207 would count as success at once"),
    INTERIM("WebDAVFS/*", "macOS Finder: the system takes 102s away before it sees them"),
    INTERIM("PowerShell/>=7", ".NET drops 102s"),
};
enum { TABLE_ROWS = sizeof table / sizeof *table };

static const struct treatment by_default = { .kind = BEAT_INTERIM, .rule = "default" };
static const struct treatment over_1_0 = { .kind = BEAT_NONE, .rule = "http/1.0" };
static const struct treatment neon_over_1_0 = { .kind = BEAT_MULTISTATUS, .rule = "neon over http/1.0" };
static const struct treatment by_prefer = { .kind = BEAT_INTERIM, .rule = "prefer" };

/* ---- patterns ---- */

/* RFC 9110 5.6.2: what a product's name consists of. */
static bool is_token_char(char c)
{
    return c && (isalnum((unsigned char)c) || strchr("!#$%&'*+-.^_`|~", c));
}

/* Takes one number and the dot behind it; 0 where there is none. */
static uint64_t next_number(const char **version)
{
    uint64_t number = 0;
    const char *c = *version;

    for (; isdigit((unsigned char)*c); c++)
        number = number > UINT64_MAX / 10 - 1 ? UINT64_MAX / 10 : number * 10 + (uint64_t)(*c - '0');
    *version = *c == '.' && isdigit((unsigned char)c[1]) ? c + 1 : "";
    return number;
}

static bool is_older(const char *version, const char *than)
{
    while (*version || *than) {
        uint64_t a = next_number(&version), b = next_number(&than);
        if (a != b)
            return a < b;
    }
    return false;
}

/* What stands behind "product/" where that begins a word; NULL: nowhere. */
static const char *find_version(const char *agent, const char *product, size_t len)
{
    for (const char *at = agent; *at; at++) {
        bool begins_word = at == agent || !is_token_char(at[-1]);
        if (begins_word && strncasecmp(at, product, len) == 0 && at[len] == '/')
            return at + len + 1;
    }
    return NULL;
}

/* Of a pattern with '<' or '>=' at `sign`. */
static bool matches_range(const char *pattern, const char *sign, const char *agent)
{
    const char *version = find_version(agent, pattern, (size_t)(sign - pattern) - 1);
    bool wants_older = *sign == '<';

    if (!version)
        return false;
    if (!isdigit((unsigned char)*version))
        return !wants_older;
    return is_older(version, sign + (wants_older ? 1 : 2)) == wants_older;
}

static bool matches(const char *pattern, const char *agent)
{
    const char *sign = strpbrk(pattern, "<>");

    if (strcmp(pattern, "-") == 0)
        return !*agent;
    if (sign)
        return matches_range(pattern, sign, agent);
    /* Most rows are ruled out by this; fnmatch for each would cost a small request a tenth of its time. */
    if (!strchr("*?[\\", *pattern) && tolower((unsigned char)*pattern) != tolower((unsigned char)*agent))
        return false;
    return fnmatch(pattern, agent, FNM_CASEFOLD) == 0;
}

/* ---- rules of the operator ---- */

static bool is_version(const char *text)
{
    for (;; text++) {
        size_t digits = strspn(text, "0123456789");
        text += digits;
        if (!digits || *text != '.')
            return digits && !*text;
    }
}

/* "product/<1.2" or "product/>=1.2", its sign at `sign`; no glob in the product. */
static bool is_range(const char *pattern, const char *sign)
{
    size_t len = (size_t)(sign - pattern);

    if (len < 2 || sign[-1] != '/' || (*sign == '>' && sign[1] != '='))
        return false;
    for (const char *c = pattern; c < sign - 1; c++) {
        if (!is_token_char(*c) || *c == '*')
            return false;
    }
    return is_version(sign + (*sign == '<' ? 1 : 2));
}

static bool is_pattern(const char *pattern)
{
    const char *sign = strpbrk(pattern, "<>");

    for (const char *c = pattern; *c; c++) {
        if (iscntrl((unsigned char)*c) || (unsigned char)*c >= 0x7f) /* no User-Agent has them */
            return false;
    }
    return *pattern && (!sign || is_range(pattern, sign));
}

static bool parse_cap(const char *text, unsigned *out)
{
    if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 7)
        return false;
    unsigned long cap = strtoul(text, NULL, 10);
    if (cap < 1 || cap > CLIENTS_MAX_CAP)
        return false;
    *out = (unsigned)cap;
    return true;
}

static bool parse_treatment(const char *text, struct treatment *out)
{
    static const char capped[] = "interim:";

    *out = (struct treatment){ .kind = BEAT_INTERIM };
    if (strncmp(text, capped, strlen(capped)) == 0)
        return parse_cap(text + strlen(capped), &out->cap);
    if (strcmp(text, "multistatus") == 0)
        out->kind = BEAT_MULTISTATUS;
    else if (strcmp(text, "silent") == 0)
        out->kind = BEAT_NONE;
    else
        return strcmp(text, "interim") == 0;
    return true;
}

bool clients_parse_rule(apr_pool_t *pool, const char *text, struct client_rule *out)
{
    const char *equals = strrchr(text, '=');
    struct client_rule rule;

    if (!equals || equals - text > CLIENTS_MAX_PATTERN || !parse_treatment(equals + 1, &rule.treatment))
        return false;
    rule.pattern = apr_pstrmemdup(pool, text, (size_t)(equals - text));
    if (!is_pattern(rule.pattern))
        return false;
    rule.treatment.rule = apr_pstrcat(pool, "--client ", rule.pattern, NULL);
    *out = rule;
    return true;
}

/* ---- the decision ---- */

static bool decide_by_operator(const struct client_rules *rules, const char *agent, struct treatment *out)
{
    for (unsigned i = 0; rules && i < rules->count; i++) {
        if (matches(rules->rule[i].pattern, agent)) {
            *out = rules->rule[i].treatment;
            return true;
        }
    }
    return false;
}

static struct treatment behind_proxy(struct treatment treatment, const char *rule)
{
    if (treatment.kind == BEAT_INTERIM && (!treatment.cap || treatment.cap > CLIENTS_PROXY_CAP)) {
        treatment.cap = CLIENTS_PROXY_CAP;
        treatment.rule = rule;
    }
    return treatment;
}

static bool is_neon(const char *agent)
{
    static const char neon[] = "neon";
    return find_version(agent, neon, sizeof neon - 1);
}

/* HTTP/1.0 cannot have what Prefer asks for, but what its agent's row says. */
static struct treatment decide_by_table(const char *agent, const struct client *client)
{
    if (client->prefers_processing && client->http_1_1)
        return client->has_proxy_marks ? behind_proxy(by_prefer, "prefer (proxy)") : by_prefer;
    if (!client->http_1_1 && is_neon(agent))
        return neon_over_1_0;
    for (unsigned i = 0; i < TABLE_ROWS; i++) {
        if (matches(table[i].pattern, agent))
            return client->has_proxy_marks ? behind_proxy(table[i].treatment, table[i].rule_behind_proxy)
                                           : table[i].treatment;
    }
    return client->has_proxy_marks ? behind_proxy(by_default, "default (proxy)") : by_default;
}

struct treatment clients_decide(const struct client_rules *rules, enum heartbeat_mode mode,
                                const struct client *client)
{
    const char *agent = client->agent ? client->agent : "";
    struct treatment treatment = { .kind = BEAT_NONE, .rule = "mode" };

    if (mode == HEARTBEAT_INTERIM)
        treatment.kind = BEAT_INTERIM;
    else if (mode == HEARTBEAT_MULTISTATUS)
        treatment.kind = BEAT_MULTISTATUS;
    else if (mode == HEARTBEAT_AUTO && !decide_by_operator(rules, agent, &treatment))
        treatment = decide_by_table(agent, client);

    if (treatment.kind == BEAT_INTERIM && !client->http_1_1)
        treatment = over_1_0;
    if (treatment.kind != BEAT_NONE && is_neon(agent))
        treatment.pace_ms = CLIENTS_NEON_PACE;
    return treatment;
}

static int is_no_mark(void *cls, const char *name, const char *value)
{
    static const char forwarded[] = "X-Forwarded-";
    (void)cls;
    (void)value;
    return strcasecmp(name, "Via") != 0 && strcasecmp(name, "Forwarded") != 0 &&
           strcasecmp(name, "X-Real-IP") != 0 && strncasecmp(name, forwarded, strlen(forwarded)) != 0;
}

bool clients_has_proxy_marks(const apr_table_t *headers)
{
    return !apr_table_do(is_no_mark, NULL, headers, NULL);
}

/* ---- the list ---- */

static void print_row(FILE *to, const char *pattern, const struct treatment *treatment, const char *why)
{
    static const char *const names[] = {
        [BEAT_NONE] = "silent", [BEAT_INTERIM] = "interim", [BEAT_MULTISTATUS] = "multistatus"
    };
    char text[32];
    if (treatment->cap)
        snprintf(text, sizeof text, "%s:%u", names[treatment->kind], treatment->cap);
    else
        snprintf(text, sizeof text, "%s", names[treatment->kind]);
    fprintf(to, "%-20s  %-12s  %s\n", pattern, text, why);
}

void clients_print(FILE *to, const struct client_rules *rules)
{
    fprintf(to, "%-20s  %-12s  %s\n", "PATTERN", "TREATMENT", "WHY");
    for (unsigned i = 0; rules && i < rules->count; i++)
        print_row(to, rules->rule[i].pattern, &rules->rule[i].treatment, "--client");
    for (unsigned i = 0; i < TABLE_ROWS; i++)
        print_row(to, table[i].pattern, &table[i].treatment, table[i].why);
    fprintf(
        to,
        "\n"
        "The first row that matches the User-Agent counts; - is a request without one.\n"
        "interim: 102 Processing while the operation lasts (:N at most N per request).\n"
        "multistatus: an early 207 whose body is filled at the end. silent: nothing before the answer.\n"
        "\n"
        "Agents that no row names get interims.\n"
        "HTTP/1.0 never gets interims: silence where a row says interim, but multistatus for neon.\n"
        "Where a proxy shows (Via, Forwarded, X-Forwarded-*, X-Real-IP): at most %d interims per request,\n"
        "unless a --client row decided.\n"
        "Prefer: processing gets interims whatever the built-in rows say; --client rows come first.\n"
        "neon gets a beat every %d seconds or as often as --heartbeat says, whichever is sooner.\n"
        "--heartbeat-mode interim, multistatus or off overrides all rows.\n",
        CLIENTS_PROXY_CAP, CLIENTS_NEON_PACE / 1000);
}
