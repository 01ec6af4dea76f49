/*
 * The configuration file: lines good and bad with the exact message, what counts where several give a value, shares.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/configfile.h"

static apr_pool_t *pool;

/* From memory of its exact size, so that a sanitizer sees a look too far. */
static const char *parse(const char *text, struct settings **out)
{
    size_t size = strlen(text);
    char *exact = malloc(size ? size : 1);
    assert_non_null(exact);
    memcpy(exact, text, size);
    *out = settings_new(pool, "/etc/h.conf");
    const char *message = configfile_parse(*out, exact, size, "/etc");
    free(exact);
    return message;
}

/* The whole way of a file, with "--NAME=VALUE" words of a command line. */
static const char *read_all(const char *text, const char *words, const char *dir, struct options *out)
{
    struct settings *file, *command = settings_new(pool, NULL);
    char *state, *list = apr_pstrdup(pool, words);
    for (char *word = apr_strtok(list, " ", &state); word; word = apr_strtok(NULL, " ", &state)) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        assert_null(settings_add(command, &command->all, option_row_find(word + 2), value, "/cwd", 0));
    }
    const char *message = parse(text, &file);
    return message ? message : settings_read(settings_merge(pool, command, file, dir), out);
}

static void wrong_lines_are_named(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "nonsense", "/etc/h.conf:1: not a KEY = VALUE line" },
        { "\n\n= 1", "/etc/h.conf:3: : there is no such key" },
        { "# c\n; c\nnonsense = 1", "/etc/h.conf:3: nonsense: there is no such key" },
        { "workers = 0", "/etc/h.conf:1: workers: bad value 0; it takes 1 to 256" },
        { "workers = 4 # few", "/etc/h.conf:1: workers: bad value 4 # few; it takes 1 to 256" },
        { "workers = 4 ; few", "/etc/h.conf:1: workers: bad value 4 ; few; it takes 1 to 256" },
        { "workers =", "/etc/h.conf:1: workers: a value is missing" },
        { "\r\nworkers = 1\r\nworkers = 2\r\n", "/etc/h.conf:3: workers: it was given in line 2 already" },
        { "heartbeat = 0", "/etc/h.conf:1: heartbeat: bad value 0; it takes 0.01 to 3600" },
        { "heartbeat-mode = loud",
          "/etc/h.conf:1: heartbeat-mode: bad value loud; it takes auto, interim, multistatus or off" },
        { "read-only = true", "/etc/h.conf:1: read-only: bad value true; it takes yes or no" },
        { "max-upload = much", "/etc/h.conf:1: max-upload: bad value much; it takes a number, with K, M, G "
                               "or T behind it if you like" },
        { "config = x", "/etc/h.conf:1: config: it is for the command line only" },
        { "list-clients = yes", "/etc/h.conf:1: list-clients: it is for the command line only" },
        { "root = /srv", "/etc/h.conf:1: root: it belongs below a [share NAME]" },
        { "[share a]\nworkers = 1",
          "/etc/h.conf:2: workers: it is for all shares: it belongs above the first [share NAME]" },
        { "[share a", "/etc/h.conf:1: not a [share NAME] line" },
        { "[", "/etc/h.conf:1: not a [share NAME] line" },
        { "[share a] x = 1", "/etc/h.conf:1: not a [share NAME] line" },
        { "[global]", "/etc/h.conf:1: unknown section [global]; there is [share NAME] only" },
        { "[share]", "/etc/h.conf:1: unknown section [share]; there is [share NAME] only" },
        { "[share ]", "/etc/h.conf:1: bad name of a share; it takes letters, digits, . _ and -, up to 40" },
        { "[share a/b]",
          "/etc/h.conf:1: bad name of a share; it takes letters, digits, . _ and -, up to 40" },
        { "[share .holdfast]",
          "/etc/h.conf:1: bad name of a share; it takes letters, digits, . _ and -, up to 40" },
        { "[share a]\n\n[share a]", "/etc/h.conf:3: share a was begun in line 1 already" },
        { "[share a]\nroot = x\nprefix = a",
          "/etc/h.conf:3: prefix: bad value a; it takes / or a path like "
          "/projects, without . and .. and names that begin with .holdfast" },
        { "[share a]\n[share b]\nroot = /b", "/etc/h.conf:1: share a has no root" },
        { "[share a]\nroot = /a\nprefix = /x\n[share b]\nroot = /b\nprefix = /x//",
          "/etc/h.conf:4: the prefixes /x/ of share b and /x/ of share a overlap" },
        { "[share a]\nroot = /a\nprefix = /x/y\n[share b]\nroot = /b\nprefix = /x",
          "/etc/h.conf:4: the prefixes /x/ of share b and /x/y/ of share a overlap" },
        { "[share a]\nroot = /a\nprefix = /\n[share b]\nroot = /b",
          "/etc/h.conf:4: the prefixes /b/ of share b and / of share a overlap" },
        { "log-level = \x01info", "/etc/h.conf:1: a control character in the line" },
        { "tls-cert = c.pem\n[share a]\nroot = /a", "--tls-cert and --tls-key go together" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options o;
        const char *message = read_all(rows[i][0], "", NULL, &o);
        if (!message || strcmp(message, rows[i][1]) != 0)
            fail_msg("row %u: %s: %s", i, rows[i][0], message);
    }
}

static void prefixes_that_stay_within_the_reserved_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = { "/.holdfast", "/.holdfast/x", "/a/.holdfast-x", "/a/../b", "/./a" };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options o;
        assert_non_null(
            read_all(apr_pstrcat(pool, "[share a]\nroot = /a\nprefix = ", rows[i], NULL), "", NULL, &o));
    }
}

static void all_kinds_of_values_are_read(void **state)
{
    (void)state;
    struct options o;
    const char *text = "\xef\xbb\xbf# first\r\n"
                       "   listen = [::1]:0\r\n"
                       "listen=h:1\n"
                       "\theartbeat\t=\t0.5  \n"
                       "heartbeat-mode = off\n"
                       "client = neon/<0.30=interim:9\n"
                       "client = *;#=silent\n"
                       "on-disconnect = cancel\n"
                       "durability = relaxed\n"
                       "users = users.txt\n"
                       "tls-cert = /c.pem\n"
                       "tls-key = ../k.pem\n"
                       "max-upload = 10M\n"
                       "trust-forwarded = yes\n"
                       "diagnostics = no\n"
                       "log-level = debug";
    assert_null(read_all(text, "", "dir", &o));
    assert_int_equal(o.listen_count, 2);
    assert_string_equal(o.listen[0], "[::1]:0");
    assert_string_equal(o.listen[1], "h:1");
    assert_int_equal(o.heartbeat_ms, 500);
    assert_int_equal(o.heartbeat_mode, HEARTBEAT_OFF);
    assert_int_equal(o.clients.count, 2);
    assert_string_equal(o.clients.rule[1].pattern, "*;#");
    assert_true(o.cancel_on_disconnect && o.trust_forwarded);
    assert_false(o.diagnostics);
    assert_string_equal(o.users_file, "/etc/users.txt");
    assert_string_equal(o.tls.cert, "/c.pem");
    assert_string_equal(o.tls.key, "/etc/../k.pem");
    assert_int_equal(o.log.level, LOG_LEVEL_DEBUG);
    assert_int_equal(o.share_count, 1);
    assert_string_equal(o.shares[0].root, "dir");
    assert_false(o.shares[0].durable);
    assert_int_equal(o.shares[0].max_upload, 10 << 20);
}

static void the_command_line_counts_before_the_file(void **state)
{
    (void)state;
    struct options o;
    const char *text =
        "listen = 127.0.0.1:1\nlisten = 127.0.0.1:2\nworkers = 9\nread-only = yes\nstate = f\n";
    assert_null(read_all(text, "--listen=[::1]:3 --workers=2 --read-only=no --state=s", "dir", &o));
    assert_int_equal(o.listen_count, 1);
    assert_string_equal(o.listen[0], "[::1]:3");
    assert_int_equal(o.workers, 2);
    assert_false(o.shares[0].read_only);
    assert_string_equal(o.shares[0].state_dir, "/cwd/s");
    assert_null(read_all(text, "--workers=2", "dir", &o));
    assert_int_equal(o.listen_count, 2);
    assert_true(o.shares[0].read_only);
    assert_string_equal(o.shares[0].state_dir, "/etc/f");
}

static void shares_have_their_own_or_what_is_for_all(void **state)
{
    (void)state;
    struct options o;
    const char *text = "read-only = yes\nmax-upload = 1M\nstate = /var/s\n"
                       "[share one]\nroot = files\n"
                       "[share two]\nroot = /two\nprefix = /x/two/\nread-only = no\nstate = /mine\n"
                       "[share  three]\nroot = /three\nmax-upload = 3M\n";
    assert_null(read_all(text, "", NULL, &o));
    assert_int_equal(o.share_count, 3);
    const struct share_options *one = &o.shares[0], *two = &o.shares[1], *three = &o.shares[2];
    assert_string_equal(one->name, "one");
    assert_string_equal(one->root, "/etc/files");
    assert_string_equal(one->prefix, "/one");
    assert_string_equal(one->state_dir, "/var/s/one");
    assert_true(one->read_only && one->max_upload == 1 << 20);
    assert_string_equal(two->prefix, "/x/two");
    assert_string_equal(two->state_dir, "/mine");
    assert_false(two->read_only);
    assert_string_equal(three->prefix, "/three");
    assert_string_equal(three->state_dir, "/var/s/three");
    assert_true(three->read_only && three->max_upload == 3 << 20);
    assert_int_equal(three->min_free, 64 << 20);
    assert_null(read_all(text, "--read-only=yes --state=/c", NULL, &o));
    assert_true(o.shares[1].read_only);
    assert_string_equal(o.shares[1].state_dir, "/c/two");
}

static void lines_and_shares_are_bounded(void **state)
{
    (void)state;
    struct settings *s;
    char *line = apr_palloc(pool, CONFIGFILE_LINE_MAX + 10);
    memset(line, 'x', CONFIGFILE_LINE_MAX + 10);
    memcpy(line, "users=", 6);
    line[CONFIGFILE_LINE_MAX - 2] = '\0';
    assert_null(parse(line, &s));
    line[CONFIGFILE_LINE_MAX - 2] = 'x';
    line[CONFIGFILE_LINE_MAX - 1] = '\0';
    assert_string_equal(parse(line, &s), "/etc/h.conf:1: a line is longer than 8190 bytes");

    const char *text = "";
    for (int i = 0; i < OPTIONS_MAX_SHARES; i++)
        text = apr_psprintf(pool, "%s[share s%d]\nroot = /r%d\n", text, i, i);
    assert_null(parse(text, &s));
    assert_int_equal(s->share_count, OPTIONS_MAX_SHARES);
    assert_string_equal(parse(apr_pstrcat(pool, text, "[share more]\n", NULL), &s),
                        "/etc/h.conf:65: more than 32 shares");
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    static const char text[] = "workers = 1\0\n";
    struct settings *s = settings_new(pool, "f");
    assert_string_equal(configfile_parse(s, text, sizeof text - 1, NULL),
                        "f:1: a control character in the line");
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    assert_string_equal(configfile_read(settings_new(pool, "/none/h"), "/none/h"),
                        "cannot read /none/h: No such file or directory");
    assert_string_equal(configfile_read(settings_new(pool, "none.conf"), "none.conf"),
                        "cannot read none.conf: No such file or directory");
    assert_string_equal(configfile_read(settings_new(pool, "/dev/zero"), "/dev/zero"),
                        "cannot read /dev/zero: File too large");
}

/* ---- reading again ---- */

struct heard {
    char text[1000];
};

static void hear(void *ctx, const char *option, const char *share, bool is_live)
{
    struct heard *heard = ctx;
    size_t len = strlen(heard->text);
    snprintf(heard->text + len, sizeof heard->text - len, "%s%s%s %s\n", option ? option : "*",
             share ? " " : "", share ? share : "", is_live ? "now" : "restart");
}

/* What is heard, and what is in force then, when the first text is followed by the second. */
static unsigned follow(const char *first, const char *second, struct heard *heard, struct options *out)
{
    struct settings *a, *b, *none = settings_new(pool, NULL);
    struct options before;
    unsigned count;
    assert_null(parse(first, &a));
    assert_null(parse(second, &b));
    const struct settings *now = settings_merge(pool, none, a, NULL);
    struct settings *next = settings_merge(pool, none, b, NULL);
    assert_null(settings_read(now, &before));
    heard->text[0] = '\0';
    settings_follow(next, now, hear, heard, &count);
    assert_null(settings_read(next, out));
    return count;
}

static void what_takes_a_restart_stays_as_it_is(void **state)
{
    (void)state;
    struct options o;
    struct heard heard;
    const char *share = "[share a]\nroot = /a\n";
    const char *first =
        apr_pstrcat(pool, "workers = 2\nheartbeat = 15\nlisten = [::1]:1\nlisten = [::1]:2\n", share, NULL);
    const char *second = apr_pstrcat(
        pool, "workers = 3\nlog-level = debug\nlisten = [::1]:2\nclient = a=silent\n", share, NULL);
    assert_int_equal(follow(first, second, &heard, &o), 2);
    assert_string_equal(heard.text, "listen restart\nclient now\nlog-level now\nworkers restart\n");
    assert_int_equal(o.workers, 2);
    assert_int_equal(o.listen_count, 2);
    assert_int_equal(o.clients.count, 1);
    assert_int_equal(o.log.level, LOG_LEVEL_DEBUG);
    assert_int_equal(o.heartbeat_ms, 15000);
    assert_int_equal(follow(second, second, &heard, &o), 0);
    assert_string_equal(heard.text, "");
}

static void shares_keep_their_places_and_change_what_is_live(void **state)
{
    (void)state;
    struct options o;
    struct heard heard;
    const char *first = "[share a]\nroot = /a\n[share b]\nroot = /b\n[share c]\nroot = /c\n";
    const char *second = "read-only = yes\n[share b]\nroot = /bb\nmax-upload = 1M\n[share new]\nroot = /n\n"
                         "[share a]\nroot = /a\nread-only = no\nprefix = /x\n";
    assert_int_equal(follow(first, second, &heard, &o), 2);
    assert_string_equal(heard.text, "* new restart\nprefix a restart\nroot b restart\nread-only b now\n"
                                    "max-upload b now\n* c restart\n");
    assert_int_equal(o.share_count, 3);
    assert_string_equal(o.shares[0].name, "a");
    assert_string_equal(o.shares[0].prefix, "/a");
    assert_false(o.shares[0].read_only);
    assert_string_equal(o.shares[1].root, "/b");
    assert_true(o.shares[1].read_only && o.shares[1].max_upload == 1 << 20);
    assert_string_equal(o.shares[2].name, "c");
    assert_false(o.shares[2].read_only);
}

/* ---- printing ---- */

static void what_is_printed_gives_the_same_again(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "", "" },
        { "listen = [::1]:1\nlisten = [::1]:2\nheartbeat = 0.5\nusers = u\nclient = x y/*=silent\nclient = "
          "-=interim:3\n"
          "log-level = error\ndiagnostics = yes\n[share a]\nroot = ../a b\nprefix = /\nread-only = no\n",
          "" },
        { "read-only = yes\nmax-upload = 1G\nstate = st\n[share a]\nroot = /a\nread-only = no\n[share "
          "b]\nroot = b\n"
          "state = /own\nprefix = /x/y\n",
          "--workers=7 --durability=relaxed" },
        { "state = st\nlisten = [::1]:1\n[share a]\nroot = /a\nstate = /own\n",
          "--state=c --listen=[::1]:2 --users=uu" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options first, second;
        struct heard heard = { "" };
        unsigned count;
        char *text;
        size_t size;
        assert_null(read_all(rows[i][0], rows[i][1], NULL, &first));
        FILE *to = open_memstream(&text, &size);
        settings_print(first.settings, to);
        fclose(to);
        const char *message = read_all(text, "", NULL, &second);
        if (message)
            fail_msg("row %u: %s\n%s", i, message, text);
        struct settings *again = apr_pmemdup(pool, second.settings, sizeof *again);
        settings_follow(again, first.settings, hear, &heard, &count);
        assert_string_equal(heard.text, "");
        for (unsigned n = 0; n < option_row_count; n++) /* each key, commented out or not */
            if (!(option_rows[n].flags & (OPTION_COMMAND | OPTION_SHARE)))
                assert_non_null(strstr(text, option_rows[n].name));
        free(text);
    }
}

static void a_value_that_no_file_can_hold_is_refused(void **state)
{
    (void)state;
    struct settings *s = settings_new(pool, NULL);
    assert_string_equal(settings_add(s, &s->all, option_row_find("users"), "a\nb", NULL, 0),
                        "bad value a\nb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(prefixes_that_stay_within_the_reserved_are_refused),
        cmocka_unit_test(all_kinds_of_values_are_read),
        cmocka_unit_test(the_command_line_counts_before_the_file),
        cmocka_unit_test(shares_have_their_own_or_what_is_for_all),
        cmocka_unit_test(lines_and_shares_are_bounded),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(a_file_that_cannot_be_read_is_told),
        cmocka_unit_test(what_takes_a_restart_stays_as_it_is),
        cmocka_unit_test(shares_keep_their_places_and_change_what_is_live),
        cmocka_unit_test(what_is_printed_gives_the_same_again),
        cmocka_unit_test(a_value_that_no_file_can_hold_is_refused),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
