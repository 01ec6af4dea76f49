/*
 * Bytes are read one by one, past stdio: no buffer of it keeps the password.
 */
#include "src/prompt.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int deadly[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define DEADLY (sizeof deadly / sizeof *deadly)

static struct termios with_echo; /* of the terminal, as it was */

static void restore_and_die(int which)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &with_echo);
    signal(which, SIG_DFL);
    raise(which);
}

struct quiet {
    bool is_terminal;
    struct sigaction was[DEADLY], stop_was;
};

static void be_quiet(struct quiet *quiet)
{
    const struct sigaction die = { .sa_handler = restore_and_die }, ignore = { .sa_handler = SIG_IGN };

    quiet->is_terminal = tcgetattr(STDIN_FILENO, &with_echo) == 0;
    if (!quiet->is_terminal)
        return;
    for (size_t i = 0; i < DEADLY; i++)
        sigaction(deadly[i], &die, &quiet->was[i]);
    sigaction(SIGTSTP, &ignore, &quiet->stop_was);
    struct termios silent = with_echo;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
}

static void be_loud(const struct quiet *quiet)
{
    if (!quiet->is_terminal)
        return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &with_echo);
    for (size_t i = 0; i < DEADLY; i++)
        sigaction(deadly[i], &quiet->was[i], NULL);
    sigaction(SIGTSTP, &quiet->stop_was, NULL);
}

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text)); /* if nobody sees it, nobody is asked */
    (void)written;
}

static enum prompt_result read_line(char out[PROMPT_MAX])
{
    size_t len = 0;
    bool is_odd = false;
    char c;

    for (;;) {
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || c == '\n')
            break;
        is_odd |= c == '\0';
        if (len < PROMPT_MAX)
            out[len] = c;
        len++;
    }
    if (len >= PROMPT_MAX)
        return PROMPT_TOO_LONG;
    if (len && out[len - 1] == '\r')
        len--;
    out[len] = '\0';
    return is_odd ? PROMPT_ODD : len ? PROMPT_OK : PROMPT_NOTHING;
}

static enum prompt_result ask(const char *question, char out[PROMPT_MAX])
{
    struct quiet quiet;

    be_quiet(&quiet);
    if (quiet.is_terminal)
        say(question);
    enum prompt_result result = read_line(out);
    be_loud(&quiet);
    if (quiet.is_terminal)
        say("\n");
    return result;
}

enum prompt_result prompt_password(const char *question, const char *again, char out[PROMPT_MAX])
{
    char second[PROMPT_MAX];

    enum prompt_result result = ask(question, out);
    if (result == PROMPT_OK && again && isatty(STDIN_FILENO)) {
        if (ask(again, second) != PROMPT_OK || strcmp(out, second) != 0)
            result = PROMPT_DIFFERS;
        explicit_bzero(second, sizeof second);
    }
    return result;
}
