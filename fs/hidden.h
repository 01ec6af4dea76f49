/*
 * Names of ours in the served folder: ".holdfast-" and something that no other has.
 *
 * Unique among processes and across restarts (process, time, a counter), so that making one needs
 * no look at the directory. What begins so is reserved (path.h): clients neither see nor make it. But
 * only what has the whole form was made here: recovery removes that and nothing else, so a file
 * that somebody has called ".holdfast-notes" stays, until the folder that it is in goes with all its members.
 */
#ifndef HOLDFAST_HIDDEN_H
#define HOLDFAST_HIDDEN_H

#include <stdbool.h>
#include <stdint.h>

#define HIDDEN_SIZE 96 /* holds every name made here */

void hidden_name(char out[HIDDEN_SIZE]);

/* A name for a directory in which swap.c puts something aside; it carries the inode number of
 * what must be put back. hidden_is_aside tells that number. */
void hidden_aside_name(uint64_t ino, char out[HIDDEN_SIZE]);
bool hidden_is_aside(const char *name, uint64_t *out_ino);

/* Has the name the form of those made here? */
bool hidden_is_ours(const char *name);

#endif
