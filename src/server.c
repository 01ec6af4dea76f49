/*
 * One daemon per address, each with a small pool of epoll threads. Sockets are bound here rather than
 * by libmicrohttpd, so that a busy port is one clear line and port 0 can be told.
 */
#include "src/server.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/niceness.h"
#include "src/hangup.h"
#include "src/linger.h"
#include "src/transaction.h"

#define CONNECTION_MEMORY  (16 * 1024) /* request head and buffers of one; libmicrohttpd clears it each time */
#define CONNECTION_THREADS 2           /* per listener */
#define IDLE_SECONDS       300         /* davfs2 and Finder keep connections for minutes */
#define TLS_FILE_MAX       (1024 * 1024)
#define STOP_MS            5000 /* for operations to notice that they are to stop */
#define SYNCING_WORKERS    16   /* that may wait for the disk at once */

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
        *socket_context = info ? hangup_open(server->timer, info->connect_fd) : NULL;
    } else {
        hangup_close(*socket_context);
        *socket_context = NULL;
        if (info)
            linger_take(server->linger, info->connect_fd);
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
}

/* ---- listening ---- */

/* "[::1]:80", "localhost:0", ":8080" */
static bool split_address(apr_pool_t *pool, const char *text, const char **out_host, const char **out_port)
{
    const char *colon = strrchr(text, ':');
    const char *host = apr_pstrmemdup(pool, text, (apr_size_t)(colon - text));
    size_t len = strlen(host);
    if (*host == '[') {
        if (host[len - 1] != ']')
            return false;
        host = apr_pstrmemdup(pool, host + 1, len - 2);
    } else if (strchr(host, ':')) {
        return false;
    }
    *out_host = *host ? host : NULL;
    *out_port = colon + 1;
    return colon[1] != '\0';
}

static int bind_socket(const struct addrinfo *address, int *out_fd)
{
    int on = 1, error = 0;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        error = errno;
        close(fd);
        return error;
    }
    *out_fd = fd;
    return 0;
}

static int listen_at(apr_pool_t *pool, const char *text, int *out_fd, const char **out_message)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *addresses;
    const char *host, *port;

    if (!split_address(pool, text, &host, &port)) {
        *out_message = apr_psprintf(pool, "--listen %s: not HOST:PORT", text);
        return EINVAL;
    }
    int failed = getaddrinfo(host, port, &hints, &addresses);
    if (failed) {
        *out_message = apr_psprintf(pool, "--listen %s: %s", text, gai_strerror(failed));
        return EINVAL;
    }
    int error = bind_socket(addresses, out_fd);
    freeaddrinfo(addresses);
    if (error)
        *out_message = apr_psprintf(pool, "cannot listen at %s: %s", text, strerror(error));
    return error;
}

static const char *url_of(apr_pool_t *pool, int fd, bool tls)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];

    getsockname(fd, (struct sockaddr *)&address, &size);
    getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    return apr_psprintf(pool, address.ss_family == AF_INET6 ? "%s://[%s]:%s/" : "%s://%s:%s/",
                        tls ? "https" : "http", host, port);
}

static struct MHD_Daemon *start_daemon(struct server *server, int fd)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);

    /* Half of the descriptors for connections, half for what they serve. */
    struct MHD_OptionItem options[16] = {
        { MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_daemon, NULL },
        { MHD_OPTION_LISTEN_SOCKET, fd, NULL },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed, NULL },
        { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)request_line, server },
        { MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL },
        { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)(files.rlim_cur / 2), NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL },
        { MHD_OPTION_THREAD_POOL_SIZE, CONNECTION_THREADS, NULL },
        { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
        { MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL },
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_changed, server },
    };
    unsigned n = 12;
    if (server->tls_cert) {
        flags |= MHD_USE_TLS;
        options[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls_cert };
        options[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key };
    }
    options[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    return MHD_start_daemon(flags, 0, NULL, NULL, proceed, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static int start_listener(apr_pool_t *pool, struct server *server, const char *text, const char **out_message)
{
    int fd = -1;
    int error = listen_at(pool, text, &fd, out_message);
    if (error)
        return error;
    struct MHD_Daemon *daemon = start_daemon(server, fd);
    if (!daemon) {
        close(fd);
        *out_message =
            apr_psprintf(pool, "cannot serve at %s%s", text,
                         server->tls_cert ? " (is the certificate sound and the key its own?)" : "");
        return EINVAL;
    }
    server->sockets[server->daemon_count] = fd;
    server->urls[server->daemon_count] = url_of(pool, fd, server->tls_cert != NULL);
    server->daemons[server->daemon_count++] = daemon;
    return 0;
}

/* ---- the parts ---- */

static int read_file(apr_pool_t *pool, const char *file, char **out, const char **out_message)
{
    apr_file_t *f;
    apr_finfo_t info;
    apr_status_t status = apr_file_open(&f, file, APR_FOPEN_READ, 0, pool);
    if (status == APR_SUCCESS) {
        status = apr_file_info_get(&info, APR_FINFO_SIZE, f);
        if (status == APR_SUCCESS && info.size > TLS_FILE_MAX)
            status = EFBIG;
        if (status == APR_SUCCESS) {
            *out = apr_pcalloc(pool, (apr_size_t)info.size + 1);
            status = apr_file_read_full(f, *out, (apr_size_t)info.size, NULL);
        }
        apr_file_close(f);
    }
    if (status != APR_SUCCESS)
        *out_message = apr_psprintf(pool, "cannot read %s: %s", file, strerror(status));
    return status;
}

static int read_tls_files(apr_pool_t *pool, struct server *server, const char **out_message)
{
    const struct options *o = server->options;
    if (!o->tls_cert)
        return 0;
    int error = read_file(pool, o->tls_cert, &server->tls_cert, out_message);
    if (!error)
        error = read_file(pool, o->tls_key, &server->tls_key, out_message);
    return error;
}

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

/* Passwords are hashed by few: there are cores for little more, and a queue of guesses must be short. Who makes a
 * change durable rests until the disk has it, and what rests at the same time shares one commit of the file
 * system's journal: the more of them the better. */
static int open_engine(struct server *server)
{
    unsigned workers = server->options->workers;
    bool waits = server->options->durable && workers < SYNCING_WORKERS;
    const struct job_lane_size sizes[JOB_LANES] = {
        [JOB_SHORT] = { workers, OPTIONS_QUEUE_MAX },
        [JOB_CHANGE] = { waits ? SYNCING_WORKERS : workers, OPTIONS_QUEUE_MAX },
        [JOB_UPLOAD] = { workers, OPTIONS_QUEUE_MAX },
        [JOB_LONG] = { workers, OPTIONS_QUEUE_MAX, .niceness = NICENESS_TREES },
        [JOB_VERIFY] = { (workers + 1) / 2, OPTIONS_VERIFY_MAX },
        [JOB_NOTE] = { 1, OPTIONS_QUEUE_MAX },
    };
    return job_engine_open(sizes, &server->engine);
}

static int open_registry(struct server *server)
{
    const struct options *o = server->options;
    const struct registry_limits limits = { .retention_ms = o->job_retention_ms,
                                            .timeout_ms = o->job_timeout_ms,
                                            .cancel_on_disconnect = o->cancel_on_disconnect };
    return registry_open(server->engine, &limits, &server->registry);
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

/* MHD_quiesce_daemon aborts the process now and then: it and a thread that is awake both take the socket out of that
 * thread's epoll set, and the second to come finds nothing. So the threads are told nothing; behind their
 * backs the descriptor becomes one on which nothing ever happens, and the kernel refuses connections. */
static void stop_listening(struct server *server)
{
    int dead = eventfd(0, EFD_CLOEXEC);
    for (unsigned i = 0; i < server->daemon_count && dead >= 0; i++)
        dup3(dead, server->sockets[i], O_CLOEXEC);
    if (dead >= 0)
        close(dead);
}

static void stop_daemons(struct server *server)
{
    for (unsigned i = 0; i < server->daemon_count; i++) {
        MHD_stop_daemon(server->daemons[i]); /* closes its socket */
    }
}

static bool stop(struct server *server, int64_t grace_ms)
{
    int64_t grace_ends_ms = timer_now_ms() + grace_ms;

    atomic_store(&server->draining, true);
    stop_listening(server);
    leftovers_stop(server->leftovers);
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
    linger_free(server->linger);
    timer_close(server->timer);
    registry_close(server->registry);
    job_engine_close(server->engine);
    if (!leftovers_join(server->leftovers, STOP_MS / 1000)) {
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

int server_open(apr_pool_t *pool, const struct options *options, struct dav *dav, struct auth *auth,
                struct server **out, const char **out_message)
{
    struct server *server = apr_pcalloc(pool, sizeof *server);
    server->options = options;
    server->dav = dav;
    server->auth = auth;
    init_waiting(server);
    raise_descriptor_limit();

    int error = read_tls_files(pool, server, out_message);
    if (error)
        return error;
    error = open_engine(server);
    if (!error)
        error = open_registry(server);
    if (!error)
        error = timer_open(&server->timer);
    if (!error)
        error = linger_open(&server->linger);
    if (!error)
        timer_set(server->timer, registry_alarm(server->registry), timer_now_ms());
    if (error)
        *out_message = apr_psprintf(pool, "cannot start threads: %s", strerror(error));
    if (!error && (error = registry_restore(server->registry, dav, auth)) != 0)
        *out_message = apr_psprintf(pool, "cannot read the jobs in the state database: %s", strerror(error));
    for (unsigned i = 0; i < options->listen_count && !error; i++)
        error = start_listener(pool, server, options->listen[i], out_message);
    if (error) {
        give_up(server, *out_message);
        return error;
    }
    server->leftovers = leftovers_start(dav);
    *out = server;
    return 0;
}
