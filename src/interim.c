/*
 * A few bytes into a socket whose peer has read everything before: they fit, or nobody reads at all.
 * So what was taken in part only is given up, and the connection with it.
 */
#include "src/interim.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>

static const char processing[] = "HTTP/1.1 102 Processing\r\n\r\n";

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

int interim_send_processing(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info && info->tls_session)
        return send_tls(info->tls_session, processing, sizeof processing - 1);
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return send_plain(info->connect_fd, processing, sizeof processing - 1);
}
