/*
 * Has a client left? Asked of the socket while its request is being answered; before that, watch.h looks.
 *
 * Threads: any, as long as the socket is open.
 */
#ifndef HOLDFAST_HANGUP_H
#define HOLDFAST_HANGUP_H

#include <stdbool.h>

/* Has the client closed its side of this socket, or is the connection broken? Also where something is still unread. */
bool hangup_has_happened(int socket);

/* Did the client refuse what was sent to it? One that has read everything before it closed did not. */
bool hangup_has_broken(int socket);

#endif
