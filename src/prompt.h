/*
 * A password, typed at a terminal or piped in.
 *
 * While it is typed the terminal does not echo. Whatever ends the program then (Ctrl-C, a hangup, kill) puts the echo
 * back first; Ctrl-Z does nothing meanwhile. Threads: one, at a time when nobody else is asked.
 */
#ifndef HOLDFAST_PROMPT_H
#define HOLDFAST_PROMPT_H

#include <stddef.h>

#define PROMPT_MAX 256 /* bytes of a password, with its end */

enum prompt_result { PROMPT_OK, PROMPT_NOTHING, PROMPT_TOO_LONG, PROMPT_ODD, PROMPT_DIFFERS };

/* A line of standard input without its end; from a terminal the question is asked, and asked once more with `again`
 * (NULL: not). PROMPT_NOTHING: it is empty; PROMPT_ODD: it has a byte that no password can have over HTTP (NUL). */
enum prompt_result prompt_password(const char *question, const char *again, char out[PROMPT_MAX]);

#endif
