/*
 * The load that wrk cannot make: requests that depend on the answer before, and requests at a fixed pace.
 *
 *   bench-load get PORT PATH CONNECTIONS SECONDS RATE    GET at RATE requests a second
 *   bench-load lock PORT PREFIX CONNECTIONS SECONDS      LOCK and UNLOCK of PREFIX0, PREFIX1, ... in turn, no pause
 *
 * One line comes out: done, wrong, seconds, and the 50th, 99th and 100th hundredth of the time of each in
 * microseconds. A "done" is one GET, or one LOCK with its UNLOCK. With a pace the time runs from the moment when a
 * request was due, sent or not: a server that stands still for a second cannot hide the requests it kept from
 * being sent. Wrong are answers of another status, and lost connections (which are opened anew).
 *
 * One thread, one poll over all connections, one request at a time on each. It asks for real-time priority, so that
 * the numbers tell how late the server is and not how late this program is; without the right to it goes on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define MAX_ANSWER      (64 * 1024)
#define MAX_TOKEN       256
#define GRACE_NS        30000000000LL /* for the answers that are late at the end */

#define LOCK_BODY                                                                                            \
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/>"     \
    "</D:lockscope><D:locktype><D:write/></D:locktype><D:owner>bench</D:owner></D:lockinfo>"

struct connection {
    int fd;
    bool busy, unlocking;  /* a request is out */
    int64_t due;           /* when the request that is out, or the next one, was to be sent */
    char token[MAX_TOKEN]; /* of the lock that is held; else empty */
    char answer[MAX_ANSWER];
    size_t length;
};

static struct {
    bool lock;
    int port, connections;
    const char *path;
    int64_t begin, end, interval; /* ns; interval between two requests of one connection, 0: no pause */
    uint64_t done, wrong;
    uint32_t *times; /* us */
    size_t room;
} load;

static struct connection all[MAX_CONNECTIONS];

static void die(const char *what)
{
    fprintf(stderr, "bench-load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void open_connection(struct connection *c)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)load.port) };
    int one = 1;

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)))
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->length = 0;
    c->busy = false;
    c->token[0] = '\0';
}

static void count(int64_t nanoseconds)
{
    if (load.done == load.room) {
        load.room = load.room ? 2 * load.room : 65536;
        load.times = realloc(load.times, load.room * sizeof(*load.times));
        if (!load.times)
            die("memory");
    }
    load.times[load.done++] = (uint32_t)(nanoseconds / 1000);
}

static void lost(struct connection *c)
{
    load.wrong++;
    close(c->fd);
    open_connection(c);
}

static void send_request(struct connection *c)
{
    char text[2048];
    int n, i = (int)(c - all);

    c->unlocking = c->token[0] != '\0';
    if (!load.lock)
        n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", load.path);
    else if (c->unlocking)
        n = snprintf(text, sizeof(text), "UNLOCK %s%d HTTP/1.1\r\nHost: 127.0.0.1\r\nLock-Token: %s\r\n\r\n",
                     load.path, i, c->token);
    else
        n = snprintf(text, sizeof(text),
                     "LOCK %s%d HTTP/1.1\r\nHost: 127.0.0.1\r\nTimeout: Second-600\r\nDepth: 0\r\n"
                     "Content-Type: application/xml\r\nContent-Length: %zu\r\n\r\n%s",
                     load.path, i, strlen(LOCK_BODY), LOCK_BODY);
    c->busy = true;
    c->length = 0;
    if (n >= (int)sizeof(text) || send(c->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
        lost(c);
}

/* The value of a field in the head that ends at `end`, or NULL; the head is a string. */
static const char *field(const char *head, const char *name)
{
    size_t n = strlen(name);

    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, name, n) && line[2 + n] == ':')
            return line + 3 + n + strspn(line + 3 + n, " ");
    return NULL;
}

/* 0: there is more to come; else the status. Fills in the token of a new lock. */
static int answer_status(struct connection *c)
{
    char *end = memmem(c->answer, c->length, "\r\n\r\n", 4);
    const char *value;
    size_t head, body;
    int status = 0;

    if (!end)
        return 0;
    head = (size_t)(end + 4 - c->answer);
    body = c->length - head;
    end[2] = '\0';
    if ((value = field(c->answer, "Content-Length")))
        status = body >= strtoull(value, NULL, 10);
    else if (field(c->answer, "Transfer-Encoding"))
        status = body >= 5 && !memcmp(c->answer + c->length - 5, "0\r\n\r\n", 5);
    else
        status = 1;
    if (status) {
        status = atoi(c->answer + strlen("HTTP/1.1 "));
        value = field(c->answer, "Lock-Token");
        if (status / 100 == 2 && value && strcspn(value, "\r") < MAX_TOKEN)
            snprintf(c->token, MAX_TOKEN, "%.*s", (int)strcspn(value, "\r"), value);
    }
    end[2] = '\r';
    return status;
}

/* A whole answer has come: counts it, and says when the next request is due. */
static void answered(struct connection *c, int status)
{
    int64_t now = now_ns();

    c->busy = false;
    if (status / 100 != 2) {
        load.wrong++;
        c->token[0] = '\0';
    } else if (!load.lock || c->unlocking) {
        count(now - c->due);
        c->token[0] = '\0';
    } else {
        if (!c->token[0])
            load.wrong++;
        return; /* the UNLOCK is next, and its time is the pair's */
    }
    c->due = load.interval ? c->due + load.interval : now;
}

static void receive(struct connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->length, sizeof(c->answer) - 1 - c->length, MSG_DONTWAIT);
    int status;

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        lost(c);
        return;
    }
    c->length += (size_t)n;
    c->answer[c->length] = '\0';
    status = answer_status(c);
    if (status)
        answered(c, status);
    else if (c->length == sizeof(c->answer) - 1)
        lost(c);
}

/* Sends what is due; false when all is answered. *out_wait: until the next one is due. */
static bool send_due(int64_t now, int64_t *out_wait)
{
    bool more = false;

    *out_wait = GRACE_NS;
    for (int i = 0; i < load.connections; i++) {
        struct connection *c = &all[i];

        if (!c->busy && (c->due < load.end || c->token[0])) {
            if (c->due <= now)
                send_request(c);
            else if (c->due - now < *out_wait)
                *out_wait = c->due - now;
            more = true;
        }
        more |= c->busy;
    }
    return more;
}

static void run(void)
{
    struct pollfd polled[MAX_CONNECTIONS];
    int64_t wait;

    while (send_due(now_ns(), &wait)) {
        struct timespec t = { wait / 1000000000, wait % 1000000000 };

        for (int i = 0; i < load.connections; i++)
            polled[i] = (struct pollfd){ .fd = all[i].fd, .events = POLLIN };
        if (ppoll(polled, (nfds_t)load.connections, &t, NULL) < 0 && errno != EINTR)
            die("poll");
        for (int i = 0; i < load.connections; i++)
            if (polled[i].revents)
                receive(&all[i]);
        if (now_ns() > load.end + GRACE_NS) {
            errno = ETIMEDOUT;
            die("answers");
        }
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void report(int64_t spent)
{
    uint32_t none = 0, *times = load.done ? load.times : &none;
    size_t last = load.done ? (size_t)load.done - 1 : 0;

    qsort(times, last + 1, sizeof(*times), by_size);
    printf("%llu %llu %.6f %u %u %u\n", (unsigned long long)load.done, (unsigned long long)load.wrong,
           (double)spent / 1e9, times[last / 2], times[last * 99 / 100], times[last]);
}

int main(int argc, char **argv)
{
    struct sched_param urgent = { .sched_priority = 1 };
    double rate = argc == 7 ? atof(argv[6]) : 0;

    if (argc != (argc > 1 && !strcmp(argv[1], "get") ? 7 : 6)) {
        fprintf(stderr, "usage: bench-load get PORT PATH CONNECTIONS SECONDS RATE\n"
                        "       bench-load lock PORT PREFIX CONNECTIONS SECONDS\n");
        return 2;
    }
    load.lock = !strcmp(argv[1], "lock");
    load.port = atoi(argv[2]);
    load.path = argv[3];
    load.connections = atoi(argv[4]);
    if (load.connections < 1 || load.connections > MAX_CONNECTIONS)
        load.connections = 1;
    if (rate > 0)
        load.interval = (int64_t)(1e9 * load.connections / rate);
    for (int i = 0; i < load.connections; i++)
        open_connection(&all[i]);
    if (load.interval && sched_setscheduler(0, SCHED_FIFO, &urgent))
        fprintf(stderr, "bench-load: without real-time priority\n");
    prctl(PR_SET_TIMERSLACK, 1UL);
    load.begin = now_ns();
    load.end = load.begin + (int64_t)(1e9 * atof(argv[5]));
    for (int i = 0; i < load.connections; i++)
        all[i].due = load.begin + load.interval * i / load.connections;
    run();
    report(now_ns() - load.begin);
    return 0;
}
