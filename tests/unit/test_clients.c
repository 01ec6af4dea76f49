/*
 * Who gets what: one row per client that was measured, with the User-Agent it sends, and every other rule.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/clients.h"

static apr_pool_t *pool;

static void expect(const char *name, const struct treatment *got, enum beat kind, unsigned cap,
                   const char *rule)
{
    if (got->kind != kind || got->cap != cap || strcmp(got->rule, rule) != 0)
        fail_msg("%s: kind %d, cap %u, rule %s; not kind %d, cap %u, rule %s", name, got->kind, got->cap,
                 got->rule, kind, cap, rule);
}

static const struct {
    const char *name;
    const char *agent;
    enum beat kind;
    unsigned cap;
    const char *rule;
} measured[] = {
    { "cadaver", "cadaver/0.24 neon/0.32.5", BEAT_INTERIM, 120, "neon/<0.33" },
    { "davfs2", "davfs2/1.6.1 neon/0.32.5", BEAT_INTERIM, 120, "neon/<0.33" },
    { "litmus", "litmus/0.13 neon/0.32.5", BEAT_INTERIM, 120, "neon/<0.33" },
    { "davfs2, neon 0.29", "davfs2/1.4.7 neon/0.29.6", BEAT_INTERIM, 120, "neon/<0.33" },
    { "davfs2, neon 0.37", "davfs2/1.7.3 neon/0.37.1", BEAT_MULTISTATUS, 0, "neon/>=0.33" },
    { "gvfs", "gvfs/1.50.3", BEAT_INTERIM, 0, "gvfs/*" },
    { "git", "git/2.39.5", BEAT_INTERIM, 0, "git/*" },
    { "rclone of Debian", "rclone/", BEAT_NONE, 0, "rclone/*" },
    { "rclone", "rclone/v1.68.2", BEAT_NONE, 0, "rclone/*" },
    { "Go", "Go-http-client/1.1", BEAT_NONE, 0, "Go-http-client/*" },
    { "curl", "curl/7.88.1", BEAT_INTERIM, 0, "curl/*" },
    { "PHP curl, PHP streams, http.client, node, reqwest", NULL, BEAT_NONE, 0, "-" },
    { "no name in User-Agent", "", BEAT_NONE, 0, "-" },
    { "PHP streams with a name", "PHP/8.2.29", BEAT_NONE, 0, "PHP/*" },
    { "PHP streams with a short name", "PHP", BEAT_NONE, 0, "PHP" },
    { "requests 2.28", "python-requests/2.28.1", BEAT_NONE, 0, "python-requests/*" },
    { "requests 2.34", "python-requests/2.34.2", BEAT_NONE, 0, "python-requests/*" },
    { "urllib3", "python-urllib3/2.0.7", BEAT_NONE, 0, "python-urllib3/*" },
    { "urllib.request", "Python-urllib/3.11", BEAT_NONE, 0, "Python-urllib/*" },
    { "httpx", "python-httpx/0.23.3", BEAT_INTERIM, 0, "python-httpx/*" },
    { "aiohttp", "Python/3.11 aiohttp/3.8.4", BEAT_INTERIM, 0, "Python/* aiohttp/*" },
    { "plain Python", "Python/3.11", BEAT_NONE, 0, "Python/*" },
    { "node fetch", "node", BEAT_INTERIM, 0, "node" },
    { "npm undici", "undici", BEAT_INTERIM, 0, "undici" },
    { "npm webdav", "node-fetch", BEAT_INTERIM, 0, "node-fetch*" },
    { "older node-fetch", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", BEAT_INTERIM, 0,
      "node-fetch*" },
    { "axios", "axios/1.21.1", BEAT_INTERIM, 0, "axios/*" },
    { "Java HttpClient", "Java-http-client/17.0.21", BEAT_NONE, 0, "Java-http-client/*" },
    { "Java HttpURLConnection", "Java/17.0.21", BEAT_NONE, 0, "Java/*" },
    { "Java HttpURLConnection, named", "backup 2.1 Java/17.0.21", BEAT_NONE, 0, "* Java/*" },
    { "Apache HttpClient", "Apache-HttpClient/4.5.13 (Java/17.0.21)", BEAT_INTERIM, 0, "default" },
    { "Jetty", "Jetty/12.0.15", BEAT_NONE, 0, "Jetty/*" },
    { "OkHttp 3", "okhttp/3.14.9", BEAT_NONE, 0, "okhttp/<5" },
    { "OkHttp 4", "okhttp/4.12.0", BEAT_NONE, 0, "okhttp/<5" },
    { "OkHttp 5", "okhttp/5.1.0", BEAT_INTERIM, 0, "default" },
    { "LWP", "libwww-perl/6.68", BEAT_NONE, 0, "*libwww-perl/*" },
    { "LWP, named", "lwp-request/6.68 libwww-perl/6.68", BEAT_NONE, 0, "*libwww-perl/*" },
    { "HTTP::DAV", "DAV.pm/v0.49", BEAT_MULTISTATUS, 0, "DAV.pm/*" },
    { "Qt 5", "Mozilla/5.0", BEAT_NONE, 0, "Mozilla/5.0" },
    { "Nextcloud's client",
      "Mozilla/5.0 (Linux) mirall/3.7.3git (Nextcloud, debian-6.1 ClientArchitecture: x86_64)", BEAT_NONE, 0,
      "*mirall/*" },
    { "a browser", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", BEAT_INTERIM, 0,
      "default" },
    { "wget", "Wget/1.21.3", BEAT_INTERIM, 0, "Wget/*" },
    { "wget2", "wget2/1.99.1", BEAT_NONE, 0, "wget2/*" },
    { "Finder", "WebDAVFS/3.0.0 (03008000) Darwin/22.6.0 (x86_64)", BEAT_INTERIM, 0, "WebDAVFS/*" },
    { "PowerShell", "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045; en-US) PowerShell/7.4.2",
      BEAT_INTERIM, 0, "PowerShell/>=7" },
    { "Windows", "Microsoft-WebDAV-MiniRedir/10.0.19045", BEAT_INTERIM, 0, "default" },
    { "Cyberduck", "Cyberduck/9.0.1.41935 (Mac OS X/14.5) (aarch64)", BEAT_INTERIM, 0, "default" },
    { "HTTP::Tiny", "HTTP-Tiny/0.082", BEAT_INTERIM, 0, "default" },
};
enum { MEASURED = sizeof measured / sizeof *measured };

static void every_measured_client_gets_what_it_bears(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MEASURED; i++) {
        const struct client client = { .agent = measured[i].agent, .http_1_1 = true };
        struct treatment t = clients_decide(NULL, HEARTBEAT_AUTO, &client);
        expect(measured[i].name, &t, measured[i].kind, measured[i].cap, measured[i].rule);
    }
}

static void nobody_gets_interims_over_http_1_0(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MEASURED * 4; i++) {
        const struct client client = { .agent = measured[i / 4].agent,
                                       .has_proxy_marks = i & 1,
                                       .prefers_processing = i & 2 };
        bool would_be_interim = measured[i / 4].kind == BEAT_INTERIM;
        struct treatment t = clients_decide(NULL, HEARTBEAT_AUTO, &client);
        if (client.agent && strstr(client.agent, "neon/")) { /* it reads a 207 to its end */
            expect(measured[i / 4].name, &t, BEAT_MULTISTATUS, 0, "neon over http/1.0");
            continue;
        }
        expect(measured[i / 4].name, &t, would_be_interim ? BEAT_NONE : measured[i / 4].kind, 0,
               would_be_interim ? "http/1.0" : measured[i / 4].rule);
    }
}

static void nine_interims_where_a_proxy_shows(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MEASURED; i++) {
        const struct client client = { .agent = measured[i].agent,
                                       .http_1_1 = true,
                                       .has_proxy_marks = true };
        bool is_interim = measured[i].kind == BEAT_INTERIM;
        const char *rule = measured[i].rule;
        struct treatment t = clients_decide(NULL, HEARTBEAT_AUTO, &client);
        expect(measured[i].name, &t, measured[i].kind, is_interim ? 9 : 0,
               is_interim ? apr_pstrcat(pool, rule, " (proxy)", NULL) : rule);
    }
}

static void prefer_processing_gets_interims_without_the_agents_cap(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MEASURED; i++) {
        struct client client = { .agent = measured[i].agent, .http_1_1 = true, .prefers_processing = true };
        struct treatment t = clients_decide(NULL, HEARTBEAT_AUTO, &client);
        expect(measured[i].name, &t, BEAT_INTERIM, 0, "prefer");
        client.has_proxy_marks = true;
        t = clients_decide(NULL, HEARTBEAT_AUTO, &client);
        expect(measured[i].name, &t, BEAT_INTERIM, 9, "prefer (proxy)");
    }
}

static struct client_rules *rules_of(const char *first, ...)
{
    struct client_rules *rules = apr_pcalloc(pool, sizeof *rules);
    va_list args;
    va_start(args, first);
    for (const char *text = first; text; text = va_arg(args, const char *))
        assert_true(clients_parse_rule(pool, text, &rules->rule[rules->count++]));
    va_end(args);
    return rules;
}

static void the_mode_overrides_every_rule(void **state)
{
    (void)state;
    const struct client_rules *loud = rules_of("*=multistatus", NULL), *quiet = rules_of("*=silent", NULL);
    for (unsigned i = 0; i < MEASURED * 8; i++) {
        const struct client client = { .agent = measured[i / 8].agent,
                                       .http_1_1 = i & 1,
                                       .has_proxy_marks = i & 2,
                                       .prefers_processing = i & 4 };
        const char *name = measured[i / 8].name;
        struct treatment t = clients_decide(loud, HEARTBEAT_OFF, &client);
        expect(name, &t, BEAT_NONE, 0, "mode");
        assert_int_equal(t.pace_ms, 0);
        t = clients_decide(quiet, HEARTBEAT_MULTISTATUS, &client);
        expect(name, &t, BEAT_MULTISTATUS, 0, "mode");
        t = clients_decide(quiet, HEARTBEAT_INTERIM, &client);
        expect(name, &t, client.http_1_1 ? BEAT_INTERIM : BEAT_NONE, 0,
               client.http_1_1 ? "mode" : "http/1.0");
    }
}

static void the_operators_rules_come_before_all_but_the_mode(void **state)
{
    (void)state;
    const struct client_rules *rules =
        rules_of("rclone/*=interim:4", "neon/<0.30=silent", "neon/>=0.33=interim", "NEON/>=0.30=interim:50",
                 "-=multistatus", "*Finder?[0-9]*=interim", "*a=b*=silent", "curl/*=interim:20",
                 "curl/*=silent", "gvfs/1.50.3=multistatus", NULL);
    static const struct {
        const char *agent;
        bool http_1_1, has_proxy_marks, prefers_processing;
        enum beat kind;
        unsigned cap;
        const char *rule;
    } rows[] = {
        { "rclone/", true, false, false, BEAT_INTERIM, 4, "--client rclone/*" },
        { "RClone/v1", true, true, true, BEAT_INTERIM, 4, "--client rclone/*" },
        { "rclone/", false, true, true, BEAT_NONE, 0, "http/1.0" },
        { "davfs2/1 neon/0.29.6", true, false, true, BEAT_NONE, 0, "--client neon/<0.30" },
        { "davfs2/1 neon/0.30", true, false, false, BEAT_INTERIM, 50, "--client NEON/>=0.30" },
        { "davfs2/1 neon/0.37.1", true, true, false, BEAT_INTERIM, 0, "--client neon/>=0.33" },
        { "davfs2/1 neon/0.37.1", false, true, false, BEAT_NONE, 0, "http/1.0" },
        { NULL, true, true, true, BEAT_MULTISTATUS, 0, "--client -" },
        { "", false, false, false, BEAT_MULTISTATUS, 0, "--client -" },
        { "MyFinder 7.1", true, true, false, BEAT_INTERIM, 0, "--client *Finder?[0-9]*" },
        { "MyFinder x", true, true, false, BEAT_INTERIM, 9, "default (proxy)" },
        { "some a=b thing", true, false, false, BEAT_NONE, 0, "--client *a=b*" },
        { "curl/8", true, true, false, BEAT_INTERIM, 20, "--client curl/*" },
        { "gvfs/1.50.3", false, true, false, BEAT_MULTISTATUS, 0, "--client gvfs/1.50.3" },
        { "gvfs/1.50.30", true, false, false, BEAT_INTERIM, 0, "gvfs/*" },
        { "-", true, false, false, BEAT_INTERIM, 0, "default" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct client client = { rows[i].agent, rows[i].http_1_1, rows[i].has_proxy_marks,
                                       rows[i].prefers_processing };
        struct treatment t = clients_decide(rules, HEARTBEAT_AUTO, &client);
        expect(apr_psprintf(pool, "row %u", i), &t, rows[i].kind, rows[i].cap, rows[i].rule);
    }
}

static void a_star_alone_stands_for_everybody(void **state)
{
    (void)state;
    const struct client_rules *rules = rules_of("*=multistatus", NULL);
    for (unsigned i = 0; i < MEASURED; i++) {
        const struct client client = { .agent = measured[i].agent, .http_1_1 = true };
        struct treatment t = clients_decide(rules, HEARTBEAT_AUTO, &client);
        expect(measured[i].name, &t, BEAT_MULTISTATUS, 0, "--client *");
    }
}

static void versions_are_compared_number_by_number(void **state)
{
    (void)state;
    static const char old[] = "neon/<0.33", new[] = "neon/>=0.33", other[] = "default";
    static const struct {
        const char *agent, *rule;
    } rows[] = {
        { "neon/0.9", old },
        { "neon/0.32", old },
        { "neon/0.32.99", old },
        { "neon/0", old },
        { "neon/0.", old },
        { "neon/0.3.3", old },
        { "neon/0.32-dev", old },
        { "neon/00.0032", old },
        { "neon/0.33", new },
        { "neon/0.33.0", new },
        { "neon/0.33rc1", new },
        { "neon/0.33.", new },
        { "neon/0.033", new },
        { "neon/0.330", new },
        { "neon/1", new },
        { "neon/99999999999999999999999999.1", new },
        { "neon/0.99999999999999999999999999", new },
        { "neon/18446744073709551616", new }, /* 0, were the numbers allowed to wrap */
        { "neon/0.18446744073709551616", new },
        { "neon/", new },
        { "neon/dev", new },
        { "neon/.32", new },
        { "neon/ 0.32", new },
        { "neon/-1", new },
        { "NeOn/0.32", old },
        { "(neon/0.32)", old },
        { "x;neon/0.32", old },
        { "x/neon/0.32", old },
        { "neon/0.32 neon/0.40", old },
        { "neon neon/0.40", new },
        { "xneon/0.32", other },
        { "x-neon/0.32", other },
        { "neon-x/0.32", other },
        { "neon", other },
        { "neon 0.32", other },
        { "neo", other },
        { "xneon/0.32 neon/0.32", old },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct client client = { .agent = rows[i].agent, .http_1_1 = true };
        struct treatment t = clients_decide(NULL, HEARTBEAT_AUTO, &client);
        assert_string_equal(t.rule, rows[i].rule);
    }
}

static void neon_never_waits_longer_than_25_seconds(void **state)
{
    (void)state;
    static const enum heartbeat_mode modes[] = { HEARTBEAT_AUTO, HEARTBEAT_INTERIM, HEARTBEAT_MULTISTATUS };
    static const struct {
        const char *agent;
        int64_t pace_ms;
    } rows[] = {
        { "cadaver/0.24 neon/0.32.5", 25000 },
        { "davfs2/1.7.3 neon/0.37.1", 25000 },
        { "neon/", 25000 },
        { "curl/7.88.1", 0 },
        { "xneon/0.32", 0 },
        { NULL, 0 },
    };
    const struct client_rules *rules = rules_of("*=interim", NULL), *silent = rules_of("*=silent", NULL);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client client = { .agent = rows[i].agent, .http_1_1 = true };
        for (unsigned m = 0; m < sizeof modes / sizeof *modes; m++) {
            assert_int_equal(clients_decide(NULL, modes[m], &client).pace_ms, rows[i].pace_ms);
            assert_int_equal(clients_decide(rules, modes[m], &client).pace_ms, rows[i].pace_ms);
        }
        assert_int_equal(clients_decide(silent, HEARTBEAT_AUTO, &client).pace_ms, 0);
        assert_int_equal(clients_decide(rules, HEARTBEAT_OFF, &client).pace_ms, 0);
        client.prefers_processing = true;
        assert_int_equal(clients_decide(NULL, HEARTBEAT_AUTO, &client).pace_ms, rows[i].pace_ms);
    }
}

static char *repeated(const char *text, size_t times)
{
    size_t len = strlen(text);
    char *all = apr_palloc(pool, len * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * len, text, len);
    all[len * times] = '\0';
    return all;
}

static void hostile_agents_do_no_harm(void **state)
{
    (void)state;
    const struct client_rules *rules =
        rules_of("*a*a*a*a*a*a*a*a*b=silent", "*[a=silent", "*\\=silent", NULL);
    const struct {
        const char *agent, *rule;
    } rows[] = {
        { repeated("a", 32768), "default" },
        { repeated("neon/", 8192), "neon/>=0.33" },
        { apr_pstrcat(pool, "neon/", repeated("9", 32768), NULL), "neon/>=0.33" },
        { apr_pstrcat(pool, "neon/", repeated("0.", 16384), NULL), "neon/<0.33" },
        { apr_pstrcat(pool, "neon/0.33", repeated(".0", 16384), NULL), "neon/>=0.33" },
        { apr_pstrcat(pool, repeated(" ", 32768), "neon/0.32", NULL), "neon/<0.33" },
        { "\x01\x1b[2J\x7f\xff\xfe", "default" },
        { "rclone/\xff\xfe\x80", "rclone/*" },
        { "caf\xc3\xa9/1 neon/0.32", "neon/<0.33" },
        { "*", "default" },
        { "[", "default" },
        { "\t", "default" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct client client = { .agent = rows[i].agent, .http_1_1 = true };
        assert_string_equal(clients_decide(rules, HEARTBEAT_AUTO, &client).rule, rows[i].rule);
    }
}

static void expect_refused(const char *text)
{
    struct client_rule rule = { .pattern = "untouched" };
    if (clients_parse_rule(pool, text, &rule) || strcmp(rule.pattern, "untouched") != 0)
        fail_msg("%.60s", text);
}

static void malformed_rules_are_refused(void **state)
{
    (void)state;
    char rules[] = "=,neon,neon=,=silent,neon=loud,neon=Silent,neon=silent ,neon=interim:,neon=interim:0,"
                   "neon=interim:-1,neon=interim:+1,neon=interim: 1,neon=interim:1x,neon=interim:1000001,"
                   "neon=interim:99999999999999999999,neon=multistatus:3,neon=silent:3,neon=interimx,"
                   "neon/>=0.33,neon/<=silent,neon/<=0.33=silent,neon/>33=silent,neon/<=silent,"
                   "neon/>==silent,neon/<x=silent,neon/<1.=silent,neon/<.1=silent,neon/<1..2=silent,"
                   "neon/<1.2x=silent,neon/< 1=silent,neon<1=silent,/<1=silent,<1=silent,<=silent,>=silent,"
                   "ne on/<1=silent,a/b/<1=silent,neon*/<1=silent,a<b=silent,x/<1/<2=silent,a\nb=silent,"
                   "a\x1b=silent,\x7f=silent";
    char *last;
    for (char *rule = apr_strtok(rules, ",", &last); rule; rule = apr_strtok(NULL, ",", &last))
        expect_refused(rule);
    expect_refused("");
    expect_refused(apr_pstrcat(pool, repeated("a", CLIENTS_MAX_PATTERN + 1), "=silent", NULL));
    expect_refused(apr_pstrcat(pool, "a=interim:", repeated("0", 100000), "1", NULL));
}

static void rules_are_read(void **state)
{
    (void)state;
    const struct {
        const char *text, *pattern;
        enum beat kind;
        unsigned cap;
    } rows[] = {
        { "rclone/*=silent", "rclone/*", BEAT_NONE, 0 },
        { "-=interim", "-", BEAT_INTERIM, 0 },
        { "*=interim:1", "*", BEAT_INTERIM, 1 },
        { "a b=interim:1000000", "a b", BEAT_INTERIM, 1000000 },
        { "neon/>=0.33=multistatus", "neon/>=0.33", BEAT_MULTISTATUS, 0 },
        { "neon/<1=interim:9", "neon/<1", BEAT_INTERIM, 9 },
        { "a=silent=interim", "a=silent", BEAT_INTERIM, 0 },
        { "==silent", "=", BEAT_NONE, 0 },
        { apr_pstrcat(pool, repeated("a", CLIENTS_MAX_PATTERN), "=silent", NULL),
          repeated("a", CLIENTS_MAX_PATTERN), BEAT_NONE, 0 },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client_rule rule;
        assert_true(clients_parse_rule(pool, rows[i].text, &rule));
        assert_string_equal(rule.pattern, rows[i].pattern);
        expect(rows[i].text, &rule.treatment, rows[i].kind, rows[i].cap,
               apr_pstrcat(pool, "--client ", rows[i].pattern, NULL));
    }
}

static void marks_of_proxies_are_seen(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_mark;
    } rows[] = {
        { "Via", true },
        { "via", true },
        { "Forwarded", true },
        { "X-Real-IP", true },
        { "x-forwarded-for", true },
        { "X-Forwarded-Host", true },
        { "X-Forwarded-Proto", true },
        { "X-Forwarded-Whatever", true },
        { "X-Forwarded", false },
        { "X-Via", false },
        { "Viaduct", false },
        { "Host", false },
    };
    apr_table_t *headers = apr_table_make(pool, 4);
    assert_false(clients_has_proxy_marks(headers));
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        apr_table_clear(headers);
        apr_table_addn(headers, "Accept", "x");
        apr_table_addn(headers, rows[i].name, "");
        apr_table_addn(headers, "User-Agent", "Via");
        if (clients_has_proxy_marks(headers) != rows[i].is_mark)
            fail_msg("%s", rows[i].name);
    }
}

/* The built-in rows are read by the same rules as the operator's: what is printed can be given to --client. */
static void the_list_shows_the_operators_rows_first(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    clients_print(stream, rules_of("mine/*=interim:7", "other=silent", NULL));
    fclose(stream);

    const char *const in_order[] = {
        "PATTERN ",      "\nmine/* ",    "interim:7",      "--client",    "\nother ",  "silent",
        "\nneon/<0.33 ", "interim:120",  "\nneon/>=0.33 ", "multistatus", "\n- ",      "\nrclone/* ",
        "\n\n",          "no row names", "HTTP/1.0",       "X-Real-IP",   "at most 9", "Prefer: processing",
        "25 seconds"
    };
    const char *at = text;
    for (unsigned i = 0; i < sizeof in_order / sizeof *in_order; i++) {
        const char *found = strstr(at, in_order[i]);
        if (!found)
            fail_msg("no %s behind: %.200s", in_order[i], at);
        at = found + strlen(in_order[i]) - 1;
    }

    char *last;
    *strstr(text, "\n\n") = '\0';
    (void)apr_strtok(text, "\n", &last);
    for (char *line; (line = apr_strtok(NULL, "\n", &last)) != NULL;) {
        struct client_rule rule;
        const char *pattern = apr_pstrndup(pool, line, (size_t)(strstr(line, "  ") - line));
        const char *column = line + strspn(strstr(line, "  "), " ") + strlen(pattern);
        const char *treatment = apr_pstrndup(pool, column, strcspn(column, " "));
        if (!clients_parse_rule(pool, apr_pstrcat(pool, pattern, "=", treatment, NULL), &rule))
            fail_msg("%s", line);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_measured_client_gets_what_it_bears),
        cmocka_unit_test(nobody_gets_interims_over_http_1_0),
        cmocka_unit_test(nine_interims_where_a_proxy_shows),
        cmocka_unit_test(prefer_processing_gets_interims_without_the_agents_cap),
        cmocka_unit_test(the_mode_overrides_every_rule),
        cmocka_unit_test(the_operators_rules_come_before_all_but_the_mode),
        cmocka_unit_test(a_star_alone_stands_for_everybody),
        cmocka_unit_test(versions_are_compared_number_by_number),
        cmocka_unit_test(neon_never_waits_longer_than_25_seconds),
        cmocka_unit_test(hostile_agents_do_no_harm),
        cmocka_unit_test(malformed_rules_are_refused),
        cmocka_unit_test(rules_are_read),
        cmocka_unit_test(marks_of_proxies_are_seen),
        cmocka_unit_test(the_list_shows_the_operators_rows_first),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
