/*
 * The program: which subcommand, what is opened in which order, and the signals.
 */
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/crew.h"
#include "fs/posix.h"
#include "src/auth.h"
#include "src/log.h"
#include "src/options.h"
#include "src/passwd.h"
#include "src/server.h"
#include "webdav/dav.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int complain(int status, const char *message)
{
    fprintf(stderr, "holdfast: %s\n", message);
    return status;
}

/* Pools end the process when there is no memory: every size that a client controls is bounded before. */
static int out_of_memory(int status)
{
    (void)status;
    fprintf(stderr, "holdfast: out of memory\n");
    abort();
}

/* Everything between the folder and the listening sockets, opened and closed in order. */
struct program {
    struct crew *crew;
    struct fs *fs;
    struct dav *dav;
    struct auth *auth;
    struct server *server;
};

static const char *open_root_message(apr_pool_t *pool, const char *dir, int error)
{
    if (error == EBUSY)
        return apr_psprintf(pool, "%s is already being served by another process", dir);
    return apr_psprintf(pool, "cannot serve %s: %s", dir, strerror(error));
}

/* Clients must not reach the state: it would list itself, and could be overwritten. */
static bool is_inside(const char *dir, const char *root)
{
    size_t len = strlen(root);
    return strncmp(dir, root, len) == 0 && (dir[len] == '/' || dir[len] == '\0' || root[len - 1] == '/');
}

static int open_dav(apr_pool_t *pool, const struct options *o, const char *root, struct program *p,
                    const char **out_message)
{
    const struct share_options *share = &o->shares[0];
    const struct dav_config config = {
        .state_dir = share->state_dir ? share->state_dir : options_default_state(pool, share->name, root),
        .read_only = share->read_only,
        .finite_depth = share->finite_depth,
        .trust_forwarded = o->trust_forwarded,
        .sync_state = share->durable,
        .max_upload = share->max_upload,
        .min_free = share->min_free,
        .max_xml = OPTIONS_XML_MAX,
    };
    if (is_inside(config.state_dir, root)) {
        *out_message = apr_psprintf(pool, "the state folder %s lies inside the served folder: give --state",
                                    config.state_dir);
        return EINVAL;
    }
    return dav_open(pool, p->fs, &config, &p->dav, out_message);
}

static int open_program(apr_pool_t *pool, const struct options *o, struct program *p,
                        const char **out_message)
{
    const struct share_options *share = &o->shares[0];
    int error = posix_open(share->root, share->durable, &p->fs);
    if (error) {
        *out_message = open_root_message(pool, share->root, error);
        return error;
    }
    error = crew_open(crew_size(o->workers), &p->crew);
    if (error) {
        *out_message = strerror(error);
        return error;
    }
    p->fs->crew = p->crew;
    char *root = realpath(share->root, NULL);
    if (!root) {
        *out_message = open_root_message(pool, share->root, errno);
        return errno;
    }
    error = open_dav(pool, o, apr_pstrdup(pool, root), p, out_message);
    free(root);
    if (!error && o->users_file)
        error = auth_open(pool, o->users_file, &p->auth, out_message);
    if (!error)
        error = server_open(pool, o, p->dav, p->auth, &p->server, out_message);
    return error;
}

static void close_program(struct program *p)
{
    auth_close(p->auth);
    dav_close(p->dav);
    crew_close(p->crew);
    fs_close(p->fs);
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

static void reload_users(struct program *p, apr_pool_t *pool)
{
    const char *message = NULL;

    if (auth_reload(p->auth, pool, &message) == 0)
        log_info("the users were read again");
    else
        log_error("%s; going on with the users as they were", message);
}

static void reload_certificate(struct program *p, apr_pool_t *pool)
{
    const char *message = NULL;

    if (tls_reload(p->server->tls, &p->server->options->tls, pool, &message) == 0)
        log_info("the certificate was read again");
    else
        log_error("%s; going on with the certificate as it was", message);
}

/* SIGHUP: files may have changed, and the logs have been moved away. What cannot be read leaves things as they are. */
static void reload(struct program *p)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    log_reopen(&p->server->options->log);
    if (p->auth)
        reload_users(p, pool);
    if (p->server->tls)
        reload_certificate(p, pool);
    if (!p->auth && !p->server->tls)
        log_info("there is nothing to read again");
    apr_pool_destroy(pool);
}

static int serve(int argc, char **argv)
{
    struct options options;
    struct program program = { 0 };
    const char *message = NULL;
    apr_pool_t *pool;
    sigset_t signals;
    int caught;

    apr_pool_create_ex(&pool, NULL, out_of_memory, NULL);
    enum options_result result = options_parse(pool, argc, argv, &options, &message);
    if (result != OPTIONS_RUN)
        return result == OPTIONS_HELP ? EXIT_OK : complain(EXIT_USAGE, message);
    if (options.share_count > 1 || *options.shares[0].prefix)
        return complain(EXIT_USAGE, "one share only is served, and its prefix must be /");
    if (open_log(pool, &options, &message) != 0)
        return complain(EXIT_FAILED, message);
    block_signals(&signals);
    if (open_program(pool, &options, &program, &message) != 0) {
        close_program(&program);
        return complain(EXIT_FAILED, message);
    }
    for (unsigned i = 0; i < program.server->url_count; i++)
        printf("holdfast: serving %s at %s\n", options.shares[0].root, program.server->urls[i]);
    fflush(stdout);

    while (sigwait(&signals, &caught) == 0 && caught == SIGHUP)
        reload(&program);
    log_info("stopping");
    if (!server_stop(program.server))
        _exit(EXIT_FAILED); /* threads still use what we would close */
    close_program(&program);
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
                "       holdfast passwd FILE USER        add or change a user\n"
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
