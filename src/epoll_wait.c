/*
 * epoll_wait as libmicrohttpd calls it, with room for one event less than it says.
 *
 * When as many events come as it has room for (128), libmicrohttpd 0.9.75 asks for more with the timeout that it
 * began with, which may be for ever, before it looks at those it has: of five hundred requests that came together
 * some were then not read until something else happened on their thread. So it never gets as many.
 *
 * A program's own function comes before the C library's, also for the libraries that it uses. Of the program's
 * main part, so that the linker cannot leave it out.
 */
#include <stddef.h>
#include <sys/epoll.h>

int epoll_wait(int epoll, struct epoll_event *events, int room, int timeout_ms)
{
    return epoll_pwait(epoll, events, room > 1 ? room - 1 : room, timeout_ms, NULL);
}
