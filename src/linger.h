/*
 * Closing a connection so that the client can read the answer first.
 *
 * A socket that is closed while bytes of the client are unread, or still on their way, is reset by the
 * kernel, and the reset destroys what the client has not read yet: the refusal of an upload, say, which
 * goes out before the body. So the end of our side is sent, what comes is thrown away until the client
 * has closed as well, and only then is the socket closed (RFC 9112 9.6).
 *
 * Life: linger_open at the start; linger_stop closes all sockets at once, and from then on linger_take
 * does nothing; linger_free when nobody can call it any more (libmicrohttpd closes its connections in
 * its own stop, and tells of each). Threads: linger_take from any, the rest from the main thread; the
 * sockets are read by one thread of its own, which sleeps while there are none.
 *
 * Bounds: LINGER_TOTAL_MS for each socket, LINGER_SILENT_MS without a byte, both kept to within half a
 * second; and LINGER_MAX sockets, beyond which the oldest is closed.
 */
#ifndef HOLDFAST_LINGER_H
#define HOLDFAST_LINGER_H

#define LINGER_MAX       128
#define LINGER_TOTAL_MS  30000
#define LINGER_SILENT_MS 2000

struct linger_set;

int linger_open(struct linger_set **out);
void linger_stop(struct linger_set *linger); /* NULL is fine */
void linger_free(struct linger_set *linger); /* likewise */

/* To be called when all of the answer has been given to the socket, just before it is closed. Takes a
 * duplicate; the caller closes its own. A client that has closed already is not waited for. */
void linger_take(struct linger_set *linger, int socket);

#endif
