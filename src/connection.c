/*
 * libmicrohttpd tells of a new connection before its handshake, and of a closed one after its session's end: just
 * when credentials can be given and taken back.
 */
#include "src/connection.h"

#include <microhttpd.h>
#include <stdlib.h>

#include "src/head.h"
#include "src/limitlog.h"

struct connection *connection_open(struct MHD_Connection *connection, struct timer *timer, struct tls *tls,
                                   const struct limits *limits)
{
    const union MHD_ConnectionInfo *info;
    struct connection *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    c->watch = info ? watch_open(timer, info->connect_fd, tls != NULL, limits) : NULL;
    info = tls ? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION) : NULL;
    c->tls = info ? tls_meet(tls, info->tls_session) : NULL;
    return c;
}

static void tell(struct MHD_Connection *connection, const char *limit)
{
    struct address peer;
    char text[INET6_ADDRSTRLEN];

    limitlog_met(limit, head_peer(connection, &peer) ? address_text(&peer, text) : NULL);
}

void connection_close(struct MHD_Connection *connection, struct connection *c)
{
    if (!c)
        return;
    if (watch_limit(c->watch))
        tell(connection, watch_limit(c->watch));
    watch_close(c->watch);
    tls_part(c->tls);
    free(c);
}

struct connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

const char *connection_user(struct MHD_Connection *connection)
{
    struct connection *c = connection_of(connection);
    return c ? tls_peer_user(c->tls) : "";
}
