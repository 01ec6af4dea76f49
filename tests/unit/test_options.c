/*
 * The command line: every option, good and bad values, and where the state goes.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/optionrow.h"
#include "src/options.h"

static apr_pool_t *pool;

static enum options_result parse(const char *line, struct options *out, const char **out_message)
{
    char **argv;
    int argc = 0;
    apr_tokenize_to_argv(line, &argv, pool);
    while (argv[argc])
        argc++;
    return options_parse(pool, argc, argv, out, out_message);
}

static void wrong_command_lines_get_one_clear_line(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "serve", "which folder? DIR is missing" },
        { "serve a b", "one DIR only" },
        { "serve --nonsense a", "unknown option --nonsense" },
        { "serve a --workers", "a value is missing after --workers" },
        { "serve --workers 0 a", "--workers: bad value 0" },
        { "serve --workers 257 a", "--workers: bad value 257" },
        { "serve --workers x a", "--workers: bad value x" },
        { "serve --heartbeat 0 a", "--heartbeat: bad value 0; it takes 0.01 to 3600" },
        { "serve --heartbeat -1 a", "--heartbeat: bad value -1" },
        { "serve --heartbeat nan a", "--heartbeat: bad value nan" },
        { "serve --heartbeat 1s a", "--heartbeat: bad value 1s" },
        { "serve --heartbeat-mode loud a", "--heartbeat-mode: bad value loud" },
        { "serve --client neon a", "--client: bad value neon" },
        { "serve --client neon/*=loud a", "--client: bad value neon/*=loud" },
        { "serve --client =silent a", "--client: bad value =silent" },
        { "serve --list-clients --client x=y", "--client: bad value x=y" },
        { "serve --on-disconnect stop a", "--on-disconnect: bad value stop" },
        { "serve --job-retention -1 a", "--job-retention: bad value -1" },
        { "serve --job-retention 604801 a", "--job-retention: bad value 604801" },
        { "serve --job-timeout soon a", "--job-timeout: bad value soon" },
        { "serve --job-timeout 2592001 a", "--job-timeout: bad value 2592001" },
        { "serve --access /a a", "--access: bad value /a; it takes PATH WHO RIGHT, like" },
        { "serve --access 'a * read' a", "--access: bad value a * read" },
        { "serve --access '/a * all' a", "--access: bad value /a * all" },
        { "serve --access '/a/../b * read' a", "--access: bad value /a/../b * read" },
        { "serve --home-folders home a", "--home-folders: bad value home; it takes a path within" },
        { "serve --home-folders / a", "--home-folders: bad value /" },
        { "serve --groups '' a", "--groups: bad value" },
        { "serve --durability most a", "--durability: bad value most" },
        { "serve --min-free -1 a", "--min-free: bad value -1" },
        { "serve --max-header 1023 a", "--max-header: bad value 1023" },
        { "serve --max-url 2M a", "--max-url: bad value 2M" },
        { "serve --max-connections -1 a", "--max-connections: bad value -1" },
        { "serve --max-xml-depth 201 a", "--max-xml-depth: bad value 201; it takes 6 to 200" },
        { "serve --max-property 2M a", "--max-property: bad value 2M" },
        { "serve --max-locks-per-user 0 a", "--max-locks-per-user: bad value 0" },
        { "serve --max-upload 1X a", "--max-upload: bad value 1X" },
        { "serve --max-upload 99999999999999999999 a", "--max-upload: bad value 99999999999999999999" },
        { "serve --listen 8080 a", "--listen: bad value 8080" },
        { "serve --listen h:99999 a", "--listen: bad value h:99999" },
        { "serve --listen h: a", "--listen: bad value h:" },
        { "serve --listen h:1x a", "--listen: bad value h:1x" },
        { "serve --tls-cert x a", "--tls-cert and --tls-key go together" },
        { "serve --tls-client-ca x a", "--tls-client-ca and --tls-priorities need --tls-cert" },
        { "serve --tls-priorities NORMAL a", "--tls-client-ca and --tls-priorities need --tls-cert" },
        { "serve --tls-cert x --tls-key y --tls-priorities= a", "--tls-priorities: bad value" },
        { "serve --hsts 1 a", "--redirect-listen and --hsts need --tls-cert" },
        { "serve --redirect-listen h:1 a", "--redirect-listen and --hsts need --tls-cert" },
        { "serve --redirect-listen h a", "--redirect-listen: bad value h" },
        { "serve --hsts -1 a", "--hsts: bad value -1" },
        { "serve --confine on a", "--confine: bad value on" },
        { "serve --user= a", "--user: bad value" },
        { "serve --tls-client-user name a", "--tls-client-user: bad value name; it takes cn or email" },
        { "serve --log-level loud a", "--log-level: bad value loud" },
        { "serve --trusted-proxy localhost a", "--trusted-proxy: bad value localhost; it takes an address" },
        { "serve --trusted-proxy 10.0.0.1/8 a", "--trusted-proxy: bad value 10.0.0.1/8" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options options;
        const char *message = NULL;
        assert_int_equal(parse(rows[i][0], &options, &message), OPTIONS_WRONG);
        if (strncmp(message, rows[i][1], strlen(rows[i][1])) != 0)
            fail_msg("%s: %s", rows[i][0], message);
    }
}

static void each_row_is_found_by_its_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        const char *message = "";
        struct options options;
        if (row->flags & OPTION_SECTION || !row->takes || !row->initial)
            continue;
        const char *line = apr_psprintf(pool, "serve --%s %s dir", row->name, row->initial);
        if (parse(line, &options, &message) != OPTIONS_RUN)
            fail_msg("%s: %s", line, message);
    }
}

static void defaults_are_as_documented(void **state)
{
    (void)state;
    struct options o;
    const char *message;
    assert_int_equal(parse("serve dir", &o, &message), OPTIONS_RUN);
    assert_int_equal(o.share_count, 1);
    assert_string_equal(o.shares[0].name, "");
    assert_string_equal(o.shares[0].root, "dir");
    assert_string_equal(o.shares[0].prefix, "");
    assert_null(o.shares[0].state_dir);
    assert_int_equal(o.listen_count, 1);
    assert_string_equal(o.listen[0], "127.0.0.1:8080");
    assert_int_equal(o.heartbeat_ms, 15000);
    assert_int_equal(o.heartbeat_mode, HEARTBEAT_AUTO);
    assert_int_equal(o.clients.count, 0);
    assert_false(o.cancel_on_disconnect);
    assert_int_equal(o.job_retention_ms, 600000);
    assert_int_equal(o.job_timeout_ms, 0);
    assert_false(o.diagnostics);
    assert_int_equal(o.workers, 4);
    assert_true(o.shares[0].durable);
    assert_false(o.shares[0].read_only);
    assert_int_equal(o.shares[0].max_upload, 0);
    assert_int_equal(o.shares[0].min_free, 64 * 1024 * 1024);
    assert_int_equal(o.limits.connections, 0);
    assert_int_equal(o.limits.connections_per_address, 0);
    assert_int_equal(o.limits.header, 15000);
    assert_int_equal(o.limits.url, 12800);
    assert_int_equal(o.limits.xml, 1024 * 1024);
    assert_int_equal(o.limits.dav.xml_elements, 10000);
    assert_int_equal(o.limits.dav.xml_depth, 100);
    assert_int_equal(o.limits.dav.property, 1024 * 1024);
    assert_int_equal(o.limits.dav.properties, 1000);
    assert_int_equal(o.limits.dav.user_locks, 10000);
    assert_int_equal(o.limits.dav.resource_locks, 100);
}

static void rules_are_read(void **state)
{
    (void)state;
    struct options o;
    const char *message;
    assert_int_equal(parse("serve --access '/ * read' --access '/my files @staff write' --groups /g "
                           "--home-folders /home dir",
                           &o, &message),
                     OPTIONS_RUN);
    assert_int_equal(o.shares[0].access->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(o.shares[0].access, 1, const char *), "/my files @staff write");
    assert_string_equal(o.shares[0].home_folders, "/home");
    assert_string_equal(o.groups_file, "/g");
}

static void options_are_read(void **state)
{
    (void)state;
    struct options o;
    const char *message;
    assert_int_equal(
        parse("serve --listen [::1]:0 --listen=h:1 --heartbeat 0.1 --heartbeat-mode off --workers 7 "
              "--state s --durability relaxed --read-only --users /u --max-upload 10M --min-free 0 --grace 0 "
              "--finite-depth --trust-forwarded --log-level debug dir",
              &o, &message),
        OPTIONS_RUN);
    assert_int_equal(o.listen_count, 2);
    assert_string_equal(o.listen[1], "h:1");
    assert_int_equal(o.heartbeat_ms, 100);
    assert_int_equal(o.heartbeat_mode, HEARTBEAT_OFF);
    assert_int_equal(o.workers, 7);
    assert_string_equal(o.shares[0].state_dir, "/tmp/s");
    assert_false(o.shares[0].durable);
    assert_true(o.shares[0].read_only && o.shares[0].finite_depth && o.trust_forwarded);
    assert_string_equal(o.users_file, "/u");
    assert_int_equal(o.shares[0].max_upload, 10 * 1024 * 1024);
    assert_int_equal(o.shares[0].min_free, 0);
    assert_int_equal(o.grace_ms, 0);
    assert_int_equal(o.log.level, LOG_LEVEL_DEBUG);
}

static void options_of_the_log_are_read(void **state)
{
    (void)state;
    struct options o;
    const char *message;
    assert_int_equal(parse("serve dir", &o, &message), OPTIONS_RUN);
    assert_int_equal(o.log.format, LOG_TEXT);
    assert_true(!o.log.file && !o.log.access_file);
    assert_int_equal(parse("serve --log-format json --log-file f --access-log a dir", &o, &message),
                     OPTIONS_RUN);
    assert_int_equal(o.log.format, LOG_JSON);
    assert_string_equal(o.log.file, "/tmp/f");
    assert_string_equal(o.log.access_file, "/tmp/a");
    assert_int_equal(parse("serve --log-format combined --access-log off dir", &o, &message), OPTIONS_RUN);
    assert_int_equal(o.log.format, LOG_COMBINED);
    assert_string_equal(o.log.access_file, LOG_NO_ACCESS);
    assert_int_equal(o.metrics_from.count, 0);
    assert_int_equal(parse("serve --metrics-from 10.0.0.0/8 --metrics-from ::1 dir", &o, &message),
                     OPTIONS_RUN);
    assert_int_equal(o.metrics_from.count, 2);
    assert_int_equal(parse("serve --metrics-from anybody dir", &o, &message), OPTIONS_WRONG);
    assert_int_equal(parse("serve --log-format=xml dir", &o, &message), OPTIONS_WRONG);
    assert_int_equal(parse("serve --log-file= dir", &o, &message), OPTIONS_WRONG);
}

static void who_may_enter_without_a_name_must_be_said_where_others_can_connect(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum options_result result;
        enum anonymous_mode mode;
        bool takes_passwords;
    } rows[] = {
        { "serve d", OPTIONS_RUN, ANONYMOUS_WRITE, true },
        { "serve --listen localhost:1 --listen [::1]:1 --listen 127.1.2.3:1 d", OPTIONS_RUN, ANONYMOUS_WRITE,
          true },
        { "serve --listen 0.0.0.0:1 d", OPTIONS_WRONG, 0, false },
        { "serve --listen :1 d", OPTIONS_WRONG, 0, false },
        { "serve --listen [::]:1 d", OPTIONS_WRONG, 0, false },
        { "serve --listen 127.0.0.1:1 --listen host:1 d", OPTIONS_WRONG, 0, false },
        { "serve --listen localhost.example:1 d", OPTIONS_WRONG, 0, false },
        { "serve --listen :1 --anonymous read d", OPTIONS_RUN, ANONYMOUS_READ, false },
        { "serve --listen :1 --anonymous write d", OPTIONS_RUN, ANONYMOUS_WRITE, false },
        { "serve --anonymous none d", OPTIONS_WRONG, 0, false },
        { "serve --users u d", OPTIONS_RUN, ANONYMOUS_NONE, true },
        { "serve --users u --anonymous read d", OPTIONS_RUN, ANONYMOUS_READ, true },
        { "serve --listen :1 --users u d", OPTIONS_RUN, ANONYMOUS_NONE, false },
        { "serve --listen :1 --users u --allow-plain-auth d", OPTIONS_RUN, ANONYMOUS_NONE, true },
        { "serve --listen :1 --users u --tls-cert c --tls-key k d", OPTIONS_RUN, ANONYMOUS_NONE, true },
        { "serve --listen :1 --tls-client-ca a --tls-cert c --tls-key k d", OPTIONS_RUN, ANONYMOUS_NONE,
          true },
        { "serve --anonymous none --tls-client-ca a --tls-cert c --tls-key k d", OPTIONS_RUN, ANONYMOUS_NONE,
          true },
        { "serve --anonymous read --tls-client-ca a --tls-cert c --tls-key k d", OPTIONS_RUN, ANONYMOUS_READ,
          true },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options o;
        const char *message;
        if (parse(rows[i].line, &o, &message) != rows[i].result)
            fail_msg("%s", rows[i].line);
        if (rows[i].result == OPTIONS_RUN && (openness_anonymous(&o) != rows[i].mode ||
                                              openness_allows_passwords(&o) != rows[i].takes_passwords))
            fail_msg("%s: %d", rows[i].line, openness_anonymous(&o));
    }
}

static void options_of_waiting_are_read(void **state)
{
    (void)state;
    struct options o;
    const char *message;
    assert_int_equal(
        parse("serve --heartbeat-mode multistatus --client neon/<0.30=interim:9 --client=*=silent "
              "--on-disconnect cancel --job-retention 0 --job-timeout 90.5 --diagnostics dir",
              &o, &message),
        OPTIONS_RUN);
    assert_int_equal(o.heartbeat_mode, HEARTBEAT_MULTISTATUS);
    assert_int_equal(o.clients.count, 2);
    assert_string_equal(o.clients.rule[0].pattern, "neon/<0.30");
    assert_int_equal(o.clients.rule[0].treatment.cap, 9);
    assert_string_equal(o.clients.rule[1].pattern, "*");
    assert_int_equal(o.clients.rule[1].treatment.kind, BEAT_NONE);
    assert_true(o.cancel_on_disconnect && o.diagnostics);
    assert_int_equal(o.job_retention_ms, 0);
    assert_int_equal(o.job_timeout_ms, 90500);
    assert_int_equal(parse("serve --on-disconnect finish --heartbeat-mode interim dir", &o, &message),
                     OPTIONS_RUN);
    assert_false(o.cancel_on_disconnect);
    assert_int_equal(o.heartbeat_mode, HEARTBEAT_INTERIM);
}

static void the_number_of_clients_is_bounded(void **state)
{
    (void)state;
    struct options o;
    const char *message, *line = "serve";
    for (int i = 0; i < CLIENTS_MAX_RULES; i++)
        line = apr_pstrcat(pool, line, " --client a=silent", NULL);
    assert_int_equal(parse(apr_pstrcat(pool, line, " dir", NULL), &o, &message), OPTIONS_RUN);
    assert_int_equal(o.clients.count, CLIENTS_MAX_RULES);
    assert_int_equal(parse(apr_pstrcat(pool, line, " --client a=silent dir", NULL), &o, &message),
                     OPTIONS_WRONG);
}

static void clients_are_listed_without_a_folder(void **state)
{
    (void)state;
    struct options o;
    const char *message;
    assert_int_equal(parse("serve --list-clients", &o, &message), OPTIONS_HELP);
    assert_int_equal(parse("serve --list-clients --client a=silent", &o, &message), OPTIONS_HELP);
}

static void sizes_have_units_of_1024(void **state)
{
    (void)state;
    uint64_t size;
    assert_true(options_parse_size("0", &size) && size == 0);
    assert_true(options_parse_size("17", &size) && size == 17);
    assert_true(options_parse_size("2k", &size) && size == 2048);
    assert_true(options_parse_size("3GiB", &size) && size == 3ull << 30);
    assert_false(options_parse_size("", &size));
    assert_false(options_parse_size("-1", &size));
    assert_false(options_parse_size("1MB", &size));
    assert_false(options_parse_size("99999999999999T", &size));
}

static void a_named_proxy_is_believed_whatever_else_is_said(void **state)
{
    (void)state;
    struct options o;
    const char *message;

    assert_int_equal(parse("serve --trusted-proxy ::1 --trust-forwarded=no a", &o, &message), OPTIONS_RUN);
    assert_true(o.trust_forwarded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_command_lines_get_one_clear_line),
        cmocka_unit_test(each_row_is_found_by_its_name),
        cmocka_unit_test(defaults_are_as_documented),
        cmocka_unit_test(rules_are_read),
        cmocka_unit_test(options_are_read),
        cmocka_unit_test(options_of_the_log_are_read),
        cmocka_unit_test(who_may_enter_without_a_name_must_be_said_where_others_can_connect),
        cmocka_unit_test(options_of_waiting_are_read),
        cmocka_unit_test(the_number_of_clients_is_bounded),
        cmocka_unit_test(clients_are_listed_without_a_folder),
        cmocka_unit_test(sizes_have_units_of_1024),
        cmocka_unit_test(a_named_proxy_is_believed_whatever_else_is_said),
    };
    apr_initialize();
    if (chdir("/tmp") != 0)
        return 1;
    apr_pool_create(&pool, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
