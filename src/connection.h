/*
 * What is kept of a connection, from its accept to its close; a transaction comes and goes with each request.
 *
 * Life: connection_open when libmicrohttpd has taken it, connection_close when it and its TLS session are gone. It
 * is libmicrohttpd's socket context, and connection_of finds it from there. Threads: its connection's. Errors: where
 * there is no memory, there is none (NULL), nobody watches it, and no TLS handshake succeeds.
 */
#ifndef HOLDFAST_CONNECTION_H
#define HOLDFAST_CONNECTION_H

#include "src/timer.h"
#include "src/tls.h"
#include "src/watch.h"

struct MHD_Connection;

struct connection {
    struct watch *watch;
    struct tls_peer *tls; /* NULL: plain HTTP */
};

/* `tls` may be NULL; the limits last as long. */
struct connection *connection_open(struct MHD_Connection *connection, struct timer *timer, struct tls *tls,
                                   const struct limits *limits);

void connection_close(struct MHD_Connection *connection, struct connection *c);

struct connection *connection_of(struct MHD_Connection *connection);

/* Whom the certificate that the client gave in the handshake names; "": nobody. */
const char *connection_user(struct MHD_Connection *connection);

#endif
