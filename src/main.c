/*
 * The program: which subcommand, and the signals.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/check.h"
#include "src/log.h"
#include "src/notify.h"
#include "src/passwd.h"
#include "src/program.h"
#include "src/server.h"
#include "src/shares.h"
#include "src/vitals.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int complain(int status, const char *message)
{
    fprintf(stderr, "holdfast: %s\n", message);
    return status;
}

/* All threads inherit the mask, so that signals come to sigwait alone. */
static void block_signals(sigset_t *out)
{
    sigemptyset(out);
    sigaddset(out, SIGTERM);
    sigaddset(out, SIGINT);
    sigaddset(out, SIGHUP);
    pthread_sigmask(SIG_BLOCK, out, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int open_log(apr_pool_t *pool, const struct options *o, const char **out_message)
{
    const char *file;
    int error = log_open(&o->log, &file);

    if (error)
        *out_message = apr_psprintf(pool, "cannot write to the log %s: %s", file, strerror(error));
    return error;
}

/* A line for each share and address. */
static void tell_urls(apr_pool_t *pool, const struct program *p)
{
    for (unsigned i = 0; i < p->shares->count; i++)
        for (unsigned k = 0; k < p->front.url_count; k++)
            printf("holdfast: serving %s at %s\n", p->shares->list[i].options->root,
                   shares_url(pool, p->front.urls[k], &p->shares->list[i]));
    fflush(stdout);
}

static int serve(int argc, char **argv)
{
    struct options options;
    struct program program = { .front.redirect_socket = -1 };
    const char *message = NULL;
    apr_pool_t *pool = program_pool();
    sigset_t signals;
    int caught;

    enum options_result result = options_parse(pool, argc, argv, &options, &message);
    if (result != OPTIONS_RUN)
        return result == OPTIONS_HELP ? EXIT_OK : complain(EXIT_USAGE, message);
    if (open_log(pool, &options, &message) != 0)
        return complain(EXIT_FAILED, message);
    vitals_open();
    block_signals(&signals);
    notify_open();
    if (program_open(pool, &options, &program, &message) != 0) {
        program_close(&program);
        return complain(EXIT_FAILED, message);
    }
    standing_tell(&program.standing, &options);
    tell_urls(pool, &program);
    const char *status = apr_pstrcat(pool, "Serving at ", program.front.urls[0], NULL);
    notify_watch(program.server->timer);
    notify_ready(status);

    while (sigwait(&signals, &caught) == 0 && caught == SIGHUP) {
        notify_reloading();
        program_reload(&program);
        notify_ready(status);
    }
    notify_stopping();
    log_info("stopping");
    if (!server_stop(program.server))
        _exit(EXIT_FAILED); /* threads still use what we would close */
    program_close(&program);
    apr_pool_destroy(pool);
    return EXIT_OK;
}

/* The probe is a program beside this one: it speaks HTTP as a client does, and what that takes is nothing that a
 * server should carry. */
static int run_probe(char **argv)
{
    static const char program[] = "holdfast-probe";
    char path[PATH_MAX];

    ssize_t len = readlink("/proc/self/exe", path, sizeof path - sizeof program);
    char *name = len > 0 ? memrchr(path, '/', (size_t)len) : NULL;
    if (name) {
        memcpy(name + 1, program, sizeof program);
        execv(path, argv);
    }
    fprintf(stderr, "holdfast: %s cannot be run: %s\n", name ? path : program, strerror(errno));
    return EXIT_FAILED;
}

static int usage(FILE *to)
{
    fprintf(to, "usage: holdfast serve [OPTIONS] [DIR]   serve DIR over WebDAV\n"
                "       holdfast check --config FILE     look whether that could be served, and print it\n"
                "       holdfast passwd FILE USER        add, change, remove or check a user\n"
                "       holdfast probe URL               find out what the way to a server does\n"
                "       holdfast --help | --version      every subcommand has --help too\n");
    return to == stdout ? EXIT_OK : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (apr_initialize() != APR_SUCCESS)
        return complain(EXIT_FAILED, "the Apache Portable Runtime does not start");
    if (argc < 2)
        return usage(stderr);
    if (strcmp(argv[1], "serve") == 0)
        return serve(argc - 1, argv + 1);
    if (strcmp(argv[1], "check") == 0)
        return check_main(argc - 1, argv + 1);
    if (strcmp(argv[1], "passwd") == 0)
        return passwd_main(argc - 1, argv + 1);
    if (strcmp(argv[1], "probe") == 0)
        return run_probe(argv + 1);
    if (strcmp(argv[1], "--help") == 0)
        return usage(stdout);
    if (strcmp(argv[1], "--version") == 0) {
        printf("holdfast %s\n", HOLDFAST_VERSION);
        return EXIT_OK;
    }
    fprintf(stderr, "holdfast: unknown subcommand %s\n", argv[1]);
    return usage(stderr);
}
