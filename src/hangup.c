#include "src/hangup.h"

#include <poll.h>

static bool has_any(int socket, short events)
{
    struct pollfd poll_fd = { .fd = socket, .events = events };
    return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & events;
}

bool hangup_has_happened(int socket)
{
    return has_any(socket, POLLRDHUP | POLLHUP | POLLERR);
}

bool hangup_has_broken(int socket)
{
    return has_any(socket, POLLERR);
}
