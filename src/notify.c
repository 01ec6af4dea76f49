/*
 * One socket, connected once: afterwards the process may not be allowed to find its address any more.
 */
#include "src/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "src/log.h"

static struct {
    int socket; /* -1: nobody asks */
    int64_t watchdog_ms;
    struct alarm alarm;
} notify = { .socket = -1 };

static void say(const char *text)
{
    if (notify.socket >= 0)
        send(notify.socket, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* "/run/…", or "@…" in the abstract namespace. */
static int connect_to(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = strlen(name);

    if ((*name != '/' && *name != '@') || len < 2 || len >= sizeof address.sun_path)
        return EINVAL;
    memcpy(address.sun_path, name, len);
    if (*name == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) !=
        0) {
        int error = errno;
        close(fd);
        return error;
    }
    notify.socket = fd;
    return 0;
}

/* Is the watchdog meant for this process, and how long is its span? */
static int64_t watchdog_ms(void)
{
    const char *span = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

    if (!span || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
        return 0;
    long long us = strtoll(span, NULL, 10);
    return us > 0 ? us / 1000 : 0;
}

void notify_open(void)
{
    const char *name = getenv("NOTIFY_SOCKET");

    if (!name || !*name)
        return;
    int error = connect_to(name);
    if (error)
        log_warning("cannot tell the service manager at %s: %s", name, strerror(error));
    notify.watchdog_ms = watchdog_ms();
}

void notify_ready(const char *status)
{
    char text[1024];

    int head = snprintf(text, sizeof text, "READY=1\nSTATUS=%s", status) - (int)strlen(status);
    for (char *c = text + head; *c; c++)
        if (*c == '\n')
            *c = '?'; /* a line is an assignment, and a folder may be called what it likes */
    say(text);
}

/* The manager wants to know when, to tell this reload from an earlier one. */
void notify_reloading(void)
{
    struct timespec now;
    char text[64];

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
             (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    say(text);
}

void notify_stopping(void)
{
    say("STOPPING=1\nSTATUS=Stopping; what runs may end");
}

static int64_t ring(struct alarm *alarm)
{
    say("WATCHDOG=1");
    return alarm->due_ms + notify.watchdog_ms / 2;
}

void notify_watch(struct timer *timer)
{
    if (notify.socket < 0 || notify.watchdog_ms < 2)
        return;
    notify.alarm.ring = ring;
    timer_set(timer, &notify.alarm, timer_now_ms());
}
