/*
 * epoll_wait and the calls of GnuTLS as libmicrohttpd (0.9.75) makes them, with what it gets wrong about them put right.
 *
 * When as many events come as it has room for (128), it asks for more with the timeout that it began with, which may
 * be for ever, before it looks at those it has: of five hundred requests that came together some were then not read
 * until something else happened on their thread. So it never gets as many.
 *
 * A connection whose TLS handshake waits for the client stays "ready to read" for it, and it does not wait for
 * anything as long as one is ready: a client that sends half of its first message keeps a thread busy for as long as
 * it may, and a thousand that do so keep it busy with nothing else, since each try hashes all that came so far. So a
 * handshake is only tried when there is something to read; and where all that was done since the last look was to find
 * nothing, the next look lasts until something comes, or SPIN_MS.
 *
 * A program's own function comes before that of a library, also for the libraries that it uses. Of the program's
 * main part, so that the linker cannot leave it out.
 */
#include <dlfcn.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>

#define SPIN_MS 100

/* On this thread, since its last look. */
static _Thread_local bool was_in_vain, was_at_work;

static struct {
    int (*handshake)(gnutls_session_t session);
    ssize_t (*recv)(gnutls_session_t session, void *data, size_t size);
    ssize_t (*send)(gnutls_session_t session, const void *data, size_t size);
} library;

/* Before there are threads. A function pointer is no object pointer, but for dlsym. */
static void find_library(void) __attribute__((constructor));
static void find_library(void)
{
    *(void **)&library.handshake = dlsym(RTLD_NEXT, "gnutls_handshake");
    *(void **)&library.recv = dlsym(RTLD_NEXT, "gnutls_record_recv");
    *(void **)&library.send = dlsym(RTLD_NEXT, "gnutls_record_send");
}

int epoll_wait(int epoll, struct epoll_event *events, int room, int timeout_ms)
{
    if (timeout_ms == 0 && was_in_vain && !was_at_work)
        timeout_ms = SPIN_MS;
    int count = epoll_pwait(epoll, events, room > 1 ? room - 1 : room, timeout_ms, NULL);
    was_in_vain = false;
    was_at_work = count != 0;
    return count;
}

/* GnuTLS has taken all that came before it says that it wants to read. */
static bool waits_for_client(gnutls_session_t session)
{
    struct pollfd socket = { .fd = gnutls_transport_get_int(session), .events = POLLIN | POLLRDHUP };
    return gnutls_record_get_direction(session) == 0 && poll(&socket, 1, 0) == 0;
}

int gnutls_handshake(gnutls_session_t session)
{
    if (waits_for_client(session)) {
        was_in_vain = true;
        return GNUTLS_E_AGAIN;
    }
    was_at_work = true;
    return library.handshake(session);
}

ssize_t gnutls_record_recv(gnutls_session_t session, void *data, size_t size)
{
    was_at_work = true;
    return library.recv(session, data, size);
}

ssize_t gnutls_record_send(gnutls_session_t session, const void *data, size_t size)
{
    was_at_work = true;
    return library.send(session, data, size);
}
