/*
 * holdfast passwd FILE USER: adds or changes one line of an htpasswd file.
 */
#ifndef HOLDFAST_PASSWD_H
#define HOLDFAST_PASSWD_H

/* The whole subcommand; returns the exit status. The password is read from the terminal without echo,
 * or a line of standard input; the file is replaced atomically. */
int passwd_main(int argc, char **argv);

#endif
