/*
 * holdfast passwd [--digest | --delete | --check] FILE USER: the lines of a users file (userfile.h, userlines.h).
 */
#ifndef HOLDFAST_PASSWD_H
#define HOLDFAST_PASSWD_H

/* The whole subcommand; returns the exit status: 0; 1 for a failure, a wrong password or a user that there is not; 2
 * for wrong usage. */
int passwd_main(int argc, char **argv);

#endif
