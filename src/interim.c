/*
 * A few bytes into a socket whose peer has read everything before: they fit, or nobody reads at all.
 * So what was taken in part only is given up, and the connection with it.
 */
#include "src/interim.h"

#include <assert.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>

#define STATUS_LINE "HTTP/1.1 102 Processing\r\n"

static int send_plain(int fd, const char *text, size_t size)
{
    ssize_t sent = send(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == (ssize_t)size)
        return 0;
    return sent < 0 && (errno == EAGAIN || errno == EINTR) ? EAGAIN : EPIPE;
}

/* GnuTLS keeps a record that could not be sent and wants it finished before anything else; a client
 * that does not take even this is given up. */
static int send_tls(gnutls_session_t session, const char *text, size_t size)
{
    return gnutls_record_send(session, text, size) == (ssize_t)size ? 0 : EPIPE;
}

int interim_send_processing(struct MHD_Connection *connection, const char *headers, size_t size)
{
    char text[sizeof STATUS_LINE + INTERIM_HEADERS_MAX + 2];

    assert(size <= INTERIM_HEADERS_MAX);
    memcpy(text, STATUS_LINE, sizeof STATUS_LINE - 1);
    memcpy(text + sizeof STATUS_LINE - 1, headers, size);
    size += sizeof STATUS_LINE - 1;
    memcpy(text + size, "\r\n", 2);
    size += 2;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info && info->tls_session)
        return send_tls(info->tls_session, text, size);
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return send_plain(info->connect_fd, text, size);
}
