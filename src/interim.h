/*
 * Sending an interim response (RFC 9110 15.2) on a connection that waits for its answer.
 *
 * libmicrohttpd can send a 102 itself, but then goes through the request's states a second time: a
 * pipelined request that it holds in its buffer is lost, and a chunked upload after Expect hangs. Here
 * the bytes go straight to the socket or the TLS session, which is safe as long as the connection
 * rests (pause_use) and no answer was queued: libmicrohttpd neither touches it then nor has anything of its
 * own to send.
 */
#ifndef HOLDFAST_INTERIM_H
#define HOLDFAST_INTERIM_H

#include <microhttpd.h>
#include <stddef.h>

#define INTERIM_HEADERS_MAX 512

/* 102 Processing (RFC 2518 10.1) with these header lines, each ended by CR LF. 0; EAGAIN if the client takes nothing at the moment: this one
 * is left out; EPIPE if the client is gone or the connection beyond use. */
int interim_send_processing(struct MHD_Connection *connection, const char *headers, size_t size);

#endif
