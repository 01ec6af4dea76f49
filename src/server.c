/*
 * One daemon per thread that serves connections, with an epoll set each; who connects is given to them
 * (listener.h), so that a busy port is one clear line, port 0 can be told, and both have the same to do.
 */
#include "src/server.h"

#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fs/niceness.h"
#include "src/connection.h"
#include "src/doorman.h"
#include "src/limitlog.h"
#include "src/linger.h"
#include "src/metrics.h"
#include "src/transaction.h"

#define BEGIN_MS        500  /* for connections that were just accepted */
#define STOP_MS         5000 /* for operations to notice that they are to stop */
#define SYNCING_WORKERS 16   /* that may wait for the disk at once */

/* ---- libmicrohttpd's callbacks ---- */

static void *request_line(void *cls, const char *target, struct MHD_Connection *connection)
{
    return transaction_new(cls, connection, target);
}

static enum MHD_Result proceed(void *cls, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data, size_t *size,
                               void **con_cls)
{
    (void)cls, (void)connection, (void)url;
    return transaction_proceed(*con_cls, method, version, data, size);
}

static void completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                      enum MHD_RequestTerminationCode how)
{
    (void)cls, (void)connection;
    if (*con_cls)
        transaction_free(*con_cls, how);
    *con_cls = NULL;
}

/* Its threads are libmicrohttpd's: this is the first that we see of one. */
static void be_prompt_once(void)
{
    static _Thread_local bool is_prompt;

    if (!is_prompt)
        niceness_be_prompt();
    is_prompt = true;
}

static void connection_changed(void *cls, struct MHD_Connection *connection, void **socket_context,
                               enum MHD_ConnectionNotificationCode what)
{
    struct server *server = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        be_prompt_once();
        atomic_fetch_add(&server->begun, 1);
        metrics_count(METRIC_CONNECTIONS_OPENED);
        *socket_context =
            connection_open(connection, server->timer, server->front->tls, &server->options->limits);
    } else {
        metrics_count(METRIC_CONNECTIONS_CLOSED);
        connection_close(connection, *socket_context);
        *socket_context = NULL;
        if (info)
            linger_take(server->linger, info->connect_fd);
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        admission_leave(server->admission, info->client_addr);
    }
}

/* Escapes are webdav's to decode, once, from the raw target. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls, (void)connection;
    return strlen(text);
}

static void log_daemon(void *cls, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void log_daemon(void *cls, const char *format, va_list args)
{
    char text[512];
    (void)cls;
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    log_debug("libmicrohttpd: %s", text);
    const char *limit = limits_of_daemon(text);
    if (limit)
        limitlog_met(limit, NULL);
}

/* ---- connections ---- */

static struct MHD_Daemon *start_daemon(struct server *server)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC;
    const struct limits *limits = &server->options->limits;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);

    /* How many connections there are is for admission.h to say. libmicrohttpd clears the memory of one for each
     * request: it should not be larger than it must. */
    struct MHD_OptionItem options[16] = {
        { MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_daemon, NULL },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed, NULL },
        { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)request_line, server },
        { MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)(limits->header + LIMITS_ANSWER_ROOM), NULL },
        { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)files.rlim_cur, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)((limits->idle_ms + 999) / 1000), NULL },
        { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
        { MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL },
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_changed, server },
    };
    unsigned n = 10;
    if (server->front->tls) {
        flags |= MHD_USE_TLS;
        options[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
                                                (void *)(intptr_t)tls_no_certificate };
    }
    options[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    return MHD_start_daemon(flags, 0, NULL, NULL, proceed, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

/* In turn: how many each has is known too late when many come or go together. libmicrohttpd closes what it does not
 * take. */
static void take_connection(void *ctx, int fd, const struct sockaddr *address, socklen_t size)
{
    struct server *server = ctx;
    const struct admission_visitor visitor = { .socket = fd,
                                               .address = address,
                                               .is_tls = server->front->tls };

    if (!admission_enter(server->admission, server->options, &visitor))
        return;
    server->turn = (server->turn + 1) % CONNECTION_THREADS;
    if (MHD_add_connection(server->daemons[server->turn], fd, address, size) == MHD_YES)
        atomic_fetch_add(&server->given, 1);
    else
        admission_leave(server->admission, address);
}

static int start_redirect(struct server *server)
{
    int socket = server->front->redirect_socket;

    server->front->redirect_socket = -1;
    return socket < 0 ? 0
                      : redirect_start(socket, front_port(server->front), server->timer, server->linger,
                                       &server->redirect);
}

static int start_serving(apr_pool_t *pool, struct server *server, const char **out_message)
{
    int error = 0;

    for (unsigned i = 0; i < CONNECTION_THREADS && !error; i++) {
        server->daemons[i] = start_daemon(server);
        if (!server->daemons[i]) {
            *out_message = "cannot start the threads that serve connections";
            error = EINVAL;
        }
    }
    if (!error && (error = listeners_start(server->front->listeners, take_connection, server)) != 0)
        *out_message = apr_psprintf(pool, "cannot start threads: %s", strerror(error));
    if (!error && (error = start_redirect(server)) != 0)
        *out_message = apr_psprintf(pool, "cannot start the redirect: %s", strerror(error));
    return error;
}

/* ---- the parts ---- */

/* Each connection is a descriptor, and so is each file that it is being sent. */
static void raise_descriptor_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static void init_waiting(struct server *server)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&server->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&server->mutex, NULL);
}

static bool has_durable_share(const struct options *o)
{
    for (unsigned i = 0; i < o->share_count; i++)
        if (o->shares[i].durable)
            return true;
    return false;
}

/* Passwords are hashed by few: there are cores for little more, and a queue of guesses must be short. Who makes a
 * change durable rests until the disk has it, and what rests at the same time shares one commit of the file
 * system's journal: the more of them the better. */
static int open_engine(struct server *server)
{
    unsigned workers = server->options->workers;
    bool waits = has_durable_share(server->options) && workers < SYNCING_WORKERS;
    const struct job_lane_size sizes[JOB_LANES] = {
        [JOB_SHORT] = { workers, OPTIONS_QUEUE_MAX },
        [JOB_CHANGE] = { waits ? SYNCING_WORKERS : workers, OPTIONS_QUEUE_MAX },
        [JOB_UPLOAD] = { workers, OPTIONS_QUEUE_MAX },
        [JOB_LONG] = { workers, OPTIONS_QUEUE_MAX, .niceness = NICENESS_TREES },
        [JOB_VERIFY] = { (workers + 1) / 2, OPTIONS_VERIFY_MAX },
        [JOB_NOTE] = { 1, OPTIONS_QUEUE_MAX },
    };
    int error = job_engine_open(sizes, &server->engine);
    if (!error)
        job_engine_set_running_max(server->engine, server->options->limits.running_jobs);
    return error;
}

static struct registry_limits registry_limits(const struct options *o)
{
    return (struct registry_limits){ .retention_ms = o->job_retention_ms,
                                     .timeout_ms = o->job_timeout_ms,
                                     .cancel_on_disconnect = o->cancel_on_disconnect,
                                     .queued_jobs = o->limits.queued_jobs };
}

static int open_registry(struct server *server)
{
    const struct registry_limits limits = registry_limits(server->options);
    return registry_open(server->engine, &limits, &server->registry);
}

void server_set_options(struct server *server, const struct options *options)
{
    const struct registry_limits limits = registry_limits(options);
    server->options = options;
    registry_set_limits(server->registry, &limits);
    job_engine_set_running_max(server->engine, options->limits.running_jobs);
}

static int restore(struct server *server)
{
    bool takes_anonymous = openness_anonymous(server->options) == ANONYMOUS_WRITE;
    int error = 0;

    for (unsigned i = 0; i < server->shares->count && !error; i++)
        error =
            registry_restore(server->registry, server->shares->list[i].dav, server->auth, takes_anonymous);
    return error;
}

/* ---- stopping ---- */

void server_transaction_began(struct server *server)
{
    atomic_fetch_add(&server->transactions, 1);
}

void server_transaction_ended(struct server *server)
{
    unsigned before = atomic_fetch_sub(&server->transactions, 1);
    assert(before > 0);
    if (before > 1 || !atomic_load(&server->draining))
        return;
    pthread_mutex_lock(&server->mutex);
    pthread_cond_signal(&server->changed);
    pthread_mutex_unlock(&server->mutex);
}

/* Until no transaction is under way, or the deadline. */
static bool wait_for_transactions(struct server *server, int64_t deadline_ms)
{
    const struct timespec deadline = { .tv_sec = deadline_ms / 1000,
                                       .tv_nsec = deadline_ms % 1000 * 1000000 };
    int error = 0;
    pthread_mutex_lock(&server->mutex);
    while (atomic_load(&server->transactions) > 0 && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&server->changed, &server->mutex, &deadline);
    bool none = atomic_load(&server->transactions) == 0;
    pthread_mutex_unlock(&server->mutex);
    return none;
}

/* Whoever has been accepted gets an answer. One that libmicrohttpd has no memory for never begins. */
static void wait_for_connections(struct server *server)
{
    const struct timespec moment = { .tv_nsec = 1000000 };
    for (int i = 0; i < BEGIN_MS && atomic_load(&server->begun) < atomic_load(&server->given); i++)
        nanosleep(&moment, NULL);
}

static void stop_daemons(struct server *server)
{
    for (unsigned i = 0; i < CONNECTION_THREADS; i++)
        if (server->daemons[i])
            MHD_stop_daemon(server->daemons[i]);
}

static bool stop(struct server *server, int64_t grace_ms)
{
    int64_t grace_ends_ms = timer_now_ms() + grace_ms;

    atomic_store(&server->draining, true);
    listeners_stop(server->front->listeners);
    redirect_stop(server->redirect);
    wait_for_connections(server);
    shares_stop_leftovers(server->shares);
    if (server->registry)
        registry_stop_diagnostics(server->registry);
    if (!wait_for_transactions(server, grace_ends_ms) ||
        (server->engine && !job_engine_drain(server->engine, grace_ends_ms)))
        log_info("the grace time is over; stopping what still runs");

    /* Every operation ends now, so every transaction that waits for one is woken. */
    if (server->engine && !job_engine_stop(server->engine, timer_now_ms() + STOP_MS)) {
        log_error("an operation does not stop; leaving it behind");
        return false;
    }
    /* Answers on their way get a moment; whatever is left waits for its client, not for us. */
    wait_for_transactions(server, timer_now_ms() + 1000);
    linger_stop(server->linger);
    stop_daemons(server);
    admission_close(server->admission);
    linger_free(server->linger);
    timer_close(server->timer);
    registry_close(server->registry);
    job_engine_close(server->engine);
    health_close(server->health);
    doorman_close(server->doorman);
    if (!shares_join_leftovers(server->shares, STOP_MS / 1000)) {
        log_error("the removal of leftovers does not stop; leaving it behind");
        return false;
    }
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->mutex);
    return true;
}

bool server_stop(struct server *server)
{
    return stop(server, server->options->grace_ms);
}

/* ---- opening ---- */

/* What an earlier process had accepted may be running again by now. It is the next start's. */
static void give_up(struct server *server, const char *message)
{
    if (stop(server, 0))
        return;
    log_error("%s", message);
    _exit(EXIT_FAILURE); /* threads still use what the caller would close */
}

int server_open(apr_pool_t *pool, const struct options *options, struct front *front, struct shares *shares,
                struct auth *auth, struct server **out, const char **out_message)
{
    struct server *server = apr_pcalloc(pool, sizeof *server);
    server->options = options;
    server->front = front;
    server->shares = shares;
    server->auth = auth;
    init_waiting(server);
    raise_descriptor_limit();

    int error = open_engine(server);
    if (!error)
        error = open_registry(server);
    if (!error)
        error = doorman_open(options, &server->doorman);
    if (!error)
        error = timer_open(&server->timer);
    if (!error)
        error = health_open(server->engine, shares, &server->health);
    if (!error)
        error = linger_open(&server->linger);
    if (!error)
        error = admission_open(server->linger, &server->admission);
    if (!error)
        timer_set(server->timer, registry_alarm(server->registry), timer_now_ms());
    if (error)
        *out_message = apr_psprintf(pool, "cannot start threads: %s", strerror(error));
    if (!error && (error = restore(server)) != 0)
        *out_message = apr_psprintf(pool, "cannot read the jobs in the state database: %s", strerror(error));
    if (!error)
        error = start_serving(pool, server, out_message);
    if (error) {
        give_up(server, *out_message);
        return error;
    }
    timer_set(server->timer, health_alarm(server->health), timer_now_ms());
    shares_start_leftovers(shares);
    *out = server;
    return 0;
}
